"""The contract on one page: hookspecs, the table that both sides share, and the reference say the same."""

import doctest
import importlib.util
import inspect
import re
from datetime import timedelta
from pathlib import Path

import attrs
import pluggy
import pytest

from bascule import hookspecs
from bascule.host.settings import Limits
from bascule.host.table import GROUP, HOOKS
from bascule.testing import (
    NOW,
    make_blocker,
    make_change,
    make_context,
    make_files,
    make_pack,
    make_result,
    make_verdict,
)
from bascule.types import (
    DryRunContext,
    Failure,
    MergeContext,
    RelaxContext,
    RestoreContext,
    Series,
    WatchContext,
    WatchRequest,
)

ROOT = Path(__file__).parents[2]
SPECS = {name: f for name, f in vars(hookspecs).items() if hasattr(f, "bascule_spec")}
ORDER = ["When", "Argument", "Returns", "None", "Several answers", "Fault", "Time limit", "Example"]

CHANGE = make_change(number=7, title="Add a column", files=make_files("migrations/2.sql", status="added"))
PACK = make_pack(scenario="acme", rules=[{"id": "additive", "use": "acme/additive"}], relax={"allow": ["reviews"]})
CONTEXTS = {
    "gate": make_context(CHANGE, PACK),
    "dry_run": DryRunContext(change=CHANGE, pack=PACK, now=NOW, objects="/o", workdir="/w"),
    "relax": RelaxContext(change=CHANGE, pack=PACK, verdict=make_verdict(), blockers=(make_blocker(),)),
    "merge": MergeContext(change=CHANGE, pack=PACK, verdict=make_verdict()),
    "restore": RestoreContext(change=CHANGE, pack=PACK, outcome=make_result("merged")),
    "watch": WatchContext(
        requests=(
            WatchRequest(
                run="r-1",
                repository="acme/shop",
                number=7,
                sha="0" * 40,
                started_at=NOW,
                ends_at=NOW + timedelta(hours=1),
                series=("s-1",),
            ),
        ),
        series=(
            Series(
                id="s-1",
                objective="queue",
                kind="ratio",
                queries={},
                step=30.0,
                start=NOW,
                blocks=1,
                source="acme-queue",
            ),
        ),
        now=NOW + timedelta(minutes=5),
    ),
    "classify": Failure(run="r-1", stage="dry_run", scenario="acme", message="", log_tail="lock wait timeout exceeded"),
}


def test_the_eight_hooks_and_no_other() -> None:
    assert list(SPECS) == list(HOOKS)
    assert list(SPECS) == ["scenarios", "gate", "dry_run", "relax", "merge", "restore", "watch", "classify"]
    for spec in SPECS.values():
        assert not spec.bascule_spec["firstresult"]
        assert not spec.bascule_spec["historic"]


@pytest.mark.parametrize("name", HOOKS)
def test_the_shared_table_says_what_the_spec_says(name: str) -> None:
    hook, spec = HOOKS[name], inspect.signature(getattr(hookspecs, name))
    arguments = [(p.name, p.annotation) for p in spec.parameters.values()]
    assert arguments == ([(hook.argument[0], hook.argument[1].__name__)] if hook.argument else [])
    answers = " | ".join(kind.__name__ for kind in hook.answers)
    assert spec.return_annotation == (f"{answers} | None" if hook.single else f"Iterable[{answers}]")


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_documented_whole(name: str) -> None:
    doc = inspect.getdoc(getattr(hookspecs, name))
    assert re.findall(rf"(?m)^({'|'.join(ORDER)}):", doc) == ORDER
    hook = HOOKS[name]
    if hook.argument:
        argument, kind = hook.argument
        said = re.search(r"(?ms)^Argument: (.*?)^Returns:", doc)[1]
        assert re.findall(rf"``{argument}\.(\w+)``", said.partition(". Work")[0]) == [
            f.name for f in attrs.fields(kind)
        ]
    limit = re.search(r"(?m)^Time limit: (\d+) s", doc)[1]
    assert float(limit) == Limits().seconds(name)


@pytest.mark.parametrize("name", HOOKS)
def test_every_example_runs_and_is_a_plugin(name: str) -> None:
    context = {HOOKS[name].argument[0]: CONTEXTS[name]} if HOOKS[name].argument else {}
    names: dict = dict(context)
    example = doctest.DocTestParser().get_doctest(inspect.getdoc(getattr(hookspecs, name)), names, name, None, None)
    assert len(example.examples) >= 3
    said: list[str] = []
    result = doctest.DocTestRunner().run(example, out=said.append, clear_globs=False)
    assert result.failed == 0, "".join(said)
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    plugin = type("Plugin", (), {name: staticmethod(example.globs[name])})
    manager.register(plugin)
    manager.check_pending()
    assert len(getattr(manager.hook, name).get_hookimpls()) == 1


def generator():
    spec = importlib.util.spec_from_file_location("hooks_page", ROOT / "docs/pages/hooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_has_every_signature_and_every_field() -> None:
    page = (ROOT / "docs/reference/hooks.md").read_text()
    for name, spec in SPECS.items():
        text = str(inspect.signature(spec)).replace("'", "")
        assert f"### {name}\n\n```python\ndef {name}{text}\n```" in page
    sections = dict(re.findall(r"(?ms)^### (\w+)\n(.*?)(?=^##)", page))
    module = generator()
    kinds = module.records()
    assert {k.__name__ for h in HOOKS.values() for k in h.answers} <= {k.__name__ for k in kinds}
    assert {"Change", "FileChange", "Rulepack", "Rule", "Verdict", "Blocker", "Result", "RelaxKind"} <= {
        k.__name__ for k in kinds
    }
    for kind in kinds:
        written = inspect.get_annotations(kind)
        for field in attrs.fields(kind) if attrs.has(kind) else ():
            text = written[field.name].replace("|", "\\|")
            assert f"| `{field.name}` | `{text}` |" in sections[kind.__name__]


def test_the_reference_is_what_the_code_gives() -> None:
    assert (ROOT / "docs/reference/hooks.md").read_text() == generator().render(), "run: python docs/pages/hooks.py"
