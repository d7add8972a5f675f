"""The contract finds what it is there to find."""

import pytest

from bascule.testing.contract import PluginContract

pytestmark = pytest.mark.cold  # one of the faults is an answer that depends on the seed of hashes

PACK = """
version: 1
scenario: {name}
match: {{files: ["docs/**"]}}
rules: [{{id: only, use: {name}/only}}]
examples:
  - {{name: fine, change: {{files: [docs/a.md]}}, expect: allow}}
  - {{name: not fine, change: {{files: [docs/b.md]}}, expect: block, because: only}}
"""
SOURCE = """
import random
from bascule import HOOK_API, hookimpl
from bascule.types import *

PACK = {pack!r}

@hookimpl
def scenarios():
    schema = {{"type": "object", "additionalProperties": False}}
    return [Scenario(name={name!r}, api=HOOK_API, summary="s", fits=("docs/**",), templates=(
        Template(name="default", text=PACK),), rules=(RuleSpec(name="only", summary="s", schema=schema),))]

@hookimpl
def gate(ctx):
    for rule in ctx.pack.rules:
        bad = [p for p in ctx.change.paths if p == "docs/b.md"]
        yield Check(rule=rule.use, id=rule.id, status=Status.BLOCK if bad else Status.ALLOW,
                    found=f"{{len(bad)}} bad", expected="none", fix="take it out")
"""


@pytest.fixture
def contract(tmp_path, monkeypatch, request):
    """Return a contract for a plugin whose source went through ``change``."""

    def make(change=lambda source: source) -> PluginContract:
        name = f"toy{abs(hash(request.node.nodeid)) % 10**8}"  # a module name that no other test has imported
        source = SOURCE.format(name=name, pack=PACK.format(name=name))
        (tmp_path / f"{name}.py").write_text(change(source))
        info = tmp_path / f"bascule_{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: bascule-{name}\nVersion: 1.0\nRequires-Dist: bascule\n"
        )
        (info / "entry_points.txt").write_text(f"[bascule]\n{name} = {name}\n")
        monkeypatch.syspath_prepend(tmp_path)
        return type("Toy", (PluginContract,), {"plugin": name, "path": (str(tmp_path),)})()

    return make


CHECKS = [name for name in vars(PluginContract) if name.startswith("test_")]


def failing(made: PluginContract) -> set[str]:
    """Run every test of the contract as pytest would, and return the names of those that fail."""
    from bascule.host.driver import Hosts

    found = set()
    with Hosts.discover({made.plugin}, path=made.path) as hosts:
        for name in CHECKS:
            try:
                getattr(made, name)(hosts)
            except AssertionError:
                found.add(name)
    return found


def test_a_sound_plugin_passes(contract) -> None:
    assert len(CHECKS) == 9
    assert failing(contract()) == set()


@pytest.mark.parametrize(
    ("before", "after", "caught"),
    [
        ('f"{len(bad)} bad"', 'f"{random.random()}"', {"test_its_gate_gives_the_same_answer_again"}),
        ('f"{len(bad)} bad"', "str({'a', 'b', 'c', 'd', 'e', 'f'})", {"test_its_gate_gives_the_same_answer_again"}),
        ("for rule in", "ctx.change.teams['x'] = (1,)\n    for rule in", {"test_its_gate_leaves_its_argument_alone"}),
        ('"take it out"', '""', {"test_its_refusals_say_what_was_found_expected_and_to_do"}),
        ('expected="none"', 'expected=""', {"test_its_refusals_say_what_was_found_expected_and_to_do"}),
        ('== "docs/b.md"', '== "docs/z.md"', {"test_its_templates_keep_their_promises"}),
        ('"docs/**",), t', '"/docs/",), t', {"test_it_fits_files_that_can_exist"}),
        ("False}", "True}", {"test_its_rules_have_schemas"}),
        ('summary="s", fits', 'summary="", fits', {"test_it_loads"}),
        ('fits=("docs/**",)', 'fits=(f"{random.random()}/**",)', {"test_it_offers_the_same_again"}),
    ],
)
def test_an_unsound_plugin_is_caught(contract, before: str, after: str, caught: set[str]) -> None:
    assert before in SOURCE.replace("{{", "{").replace("}}", "}")
    assert failing(contract(lambda source: source.replace(before, after))) == caught


def test_a_plugin_that_does_not_load_fails_everywhere(contract) -> None:
    broken = contract(lambda source: source.replace("api=HOOK_API", "api=5"))
    assert "test_it_loads" in failing(broken)
