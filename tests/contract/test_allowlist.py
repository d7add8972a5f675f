"""The allowlist's own rule, and what the scenarios without rules say."""

import importlib

import pytest

from bascule.scenarios.allowlist import rules
from bascule.testing import make_change, make_context, make_files, make_pack
from bascule.types import Check, Status


def ask(change, **params) -> Check:
    rule = {"id": "own", "use": "allowlist/paths", "params": params, "where": "docs.yml:9:3"}
    (check,) = rules.gate(make_context(change, make_pack(rules=[rule])))
    assert (check.rule, check.id, check.where) == ("allowlist/paths", "own", "docs.yml:9:3")
    if check.status is not Status.ALLOW:
        assert check.expected
        assert check.fix
    return check


def touching(*paths, **fields):
    return make_change(files=make_files(*paths), **fields)


@pytest.mark.parametrize(
    ("change", "params", "found"),
    [
        (touching("docs/a.md", "README.md"), {"only": ["docs/**", "*.md"]}, None),
        (touching("docs/a.md"), {"deny": ["src/**"]}, None),
        (touching("docs/a.md", "src/a.py"), {"only": ["docs/**"]}, "`src/a.py`"),
        (touching("src/docs/a.md"), {"only": ["docs/**"]}, "`src/docs/a.md`"),
        (touching("docs/a.md", "docs/conf.py"), {"only": ["docs/**"], "deny": ["docs/*.py"]}, "`docs/conf.py`"),
        (touching("src/a.md -> docs/a.md"), {"only": ["docs/**"]}, "`src/a.md`"),
        (touching("docs/a.sh -> docs/a.md"), {"deny": ["**/*.sh"]}, "`docs/a.sh`"),
        (touching("docs/caf\udce9.md"), {"only": ["docs/**"]}, r"`docs/caf\xe9.md`"),
        (touching("docs/caf\udce9.md"), {"deny": ["src/**"]}, r"`docs/caf\xe9.md`"),
        (touching("docs/a.md", files_complete=False), {"only": ["docs/**"]}, "not complete"),
        (touching("docs/a.md", files_complete=False), {"deny": ["src/**"]}, "not complete"),
        (touching(), {"only": ["**"]}, "no file is changed"),
    ],
)
def test_paths(change, params, found) -> None:
    check = ask(change, **params)
    assert check.status is (Status.ALLOW if found is None else Status.BLOCK)
    if found is not None:
        assert found in check.found


def test_a_block_names_the_paths_for_annotations() -> None:
    assert ask(touching("docs/a.md", "src/b.py", "src/a.py"), only=["docs/**"]).paths == ("src/a.py", "src/b.py")


GATES = {"allowlist": "bascule.scenarios.allowlist.plugin"} | {
    name: f"bascule_{name}.plugin" for name in ("terraform", "helm", "observability", "release", "deps")
}


@pytest.mark.parametrize("name", GATES)
def test_a_pack_without_rules_is_said_to_have_none(name: str) -> None:
    pack = make_pack(scenario=name, rules=[{"id": "x", "use": "elsewhere/rule"}], lines={"": "p.yml:1:1"})
    (check,) = importlib.import_module(GATES[name]).gate(make_context(pack=pack))
    assert (check.rule, check.status) == (f"{name}/rules", Status.ALLOW)
    assert "no rules of this scenario" in check.found


@pytest.mark.parametrize("name", GATES)
def test_a_rule_that_does_not_exist_is_an_error(name: str) -> None:
    pack = make_pack(scenario=name, rules=[{"id": "x", "use": f"{name}/not-there"}])
    (check,) = importlib.import_module(GATES[name]).gate(make_context(pack=pack))
    assert (check.rule, check.id, check.status) == (f"{name}/not-there", "x", Status.ERROR)
    assert f"`{name}/not-there`" in check.found
    assert check.fix
