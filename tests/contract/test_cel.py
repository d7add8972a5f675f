"""Expressions over a change and its evidence: true allows, and nothing else does."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from bascule import expressions
from bascule.errors import ConfigError
from bascule.rulepack.catalog import Catalog
from bascule.rulepack.load import load
from bascule.scenarios.cel.rules import book
from bascule.testing import make_change, make_context, make_files, make_pack
from bascule.types import Binding, Check, Evidence, Status

PLAN = {
    "resource_changes": [{"address": "a", "actions": ["create"]}, {"address": "b", "actions": ["delete", "create"]}]
}


def proof(kind: str, data: dict[str, Any]) -> Evidence:
    bound = Binding(head_sha="", base_sha="", pack_sha256="")
    return Evidence(kind=kind, binding=bound, provenance="local", summary="", sha256="", data=data)


def asked(expression: str, *evidence: Evidence, **params: Any) -> Check:
    rules = [{"id": "x", "use": "cel/expression", "params": {"expression": expression, **params}}]
    change = make_change(files=make_files("docs/a.md", "docs/b.md"), body="why", labels=("bug",))
    ctx = make_context(change=change, pack=make_pack(scenario="cel", rules=rules), evidence=evidence)
    (check,) = book.gate(ctx)
    return check


@pytest.mark.parametrize(
    "expression",
    [
        "change.files.size() == 2",
        'change.files.all(f, f.path.startsWith("docs/"))',
        'change.author.login == "octo-dev" && change.author.id == 583231',
        '"bug" in change.labels || change.draft',
        'pack.mode == "auto"',
        'now < timestamp("2030-01-01T00:00:00Z")',
        '!("plan" in evidence)',
        'change.title.matches("^[A-Z]")',
    ],
)
def test_what_is_true_allows(expression: str) -> None:
    check = asked(expression)
    assert check.status is Status.ALLOW, check.found


def test_what_is_false_blocks_in_the_packs_words() -> None:
    check = asked("change.files.size() < 2", message="at most one file", fix="split it")
    assert (check.status, check.found, check.fix) == (Status.BLOCK, "at most one file", "split it")
    check = asked("change.files.size() < 2")
    assert check.found == "`change.files.size() < 2` is false"
    assert check.fix


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("change.files.size()", "gives a value of type int"),
        ("change.nothing == 1", "cannot be evaluated"),
        ("nobody.knows", "nobody"),
        ('"a" + 1 == "b"', "cannot be evaluated"),
        ("1 / 0 == 1", "cannot be evaluated"),
        ("evidence.plan.resource_changes.size() == 0", "cannot be evaluated"),
        ("", "cannot be evaluated"),
        ("change.files.all(f, ", "line 1, column 21"),
    ],
)
def test_anything_else_is_an_error_and_does_not_allow(expression: str, said: str) -> None:
    check = asked(expression)
    assert check.status is Status.ERROR, check.found
    assert said in check.found
    assert check.fix


def test_evidence_by_kind_and_by_its_short_name() -> None:
    plan = proof("terraform/plan", PLAN)
    no_delete = 'evidence.plan.resource_changes.all(r, !("delete" in r.actions))'
    assert asked(no_delete, plan).status is Status.BLOCK
    assert asked('evidence["terraform/plan"].resource_changes.exists(r, r.address == "a")', plan).status is Status.ALLOW
    other = proof("acme/plan", {"resource_changes": []})
    assert asked(no_delete, plan, other).status is Status.ERROR, "two kinds end in plan: the short name means neither"


def test_it_waits_for_the_evidence_that_it_needs() -> None:
    check = asked("evidence.plan.ok", needs=["terraform/plan"])
    assert (check.status, "`terraform/plan`" in check.found) == (Status.WAIT, True)
    assert (
        asked("evidence.plan.ok", proof("terraform/plan", {"ok": True}), needs=["terraform/plan"]).status
        is Status.ALLOW
    )


def test_a_mistake_is_found_when_the_pack_is_loaded_with_its_column() -> None:
    text = (
        'version: 1\nscenario: cel\nmatch: {files: ["**"]}\nrules:\n'
        '  - {id: x, use: cel/expression, expression: "change.draft &&"}\n'
    )
    with pytest.raises(ConfigError) as told:
        load(text, "rulepack/p.yml", catalog=Catalog.of(book.scenarios()))
    assert "rulepack/p.yml:5:" in str(told.value)
    assert "line 1, column 16" in str(told.value)


def test_expressions_are_bounded() -> None:
    assert expressions.problems("x" * 5000) == "an expression of more than 4,000 characters"
    assert expressions.problems("true") is None


WHOLE = [
    "change",
    "change == change",
    "change.size() > 20",
    "change.size () > 20",
    "change // the record\n.size() > 20",
    "change.title // its text\n== ''",
    "change.map(k, k).size() > 20",
    'change["bo" + "dy"] == "why"',
    'change["\\x62ody"] == "why"',
    '[change].all(c, c.body == "why")',
    'has(change.body) && "body" in change',
    "change.?body.orValue('') == 'why'",
    'change.`body` == "why"',
    "evidence[evidence.map(k, k)[0]].ok",
    '"plan" in evidence && evidence.plan.ok',
]
NARROW = [
    'change.body == "why"',
    'change . body == "why"',
    'change\n  ["body"] == "why"',
    "has(change.nothing)",
    "change.nothing == 1",
    "change.files.all(f, f.path.startsWith(change.files[0].path.substring(0, 5)))",
    'change.author.login == "octo-dev" && change.author.id == 583231',
    'change.labels.exists(change, change == "bug")',
    'evidence.plan.ok && evidence["terraform/plan"].ok',
    "evidence.other.ok",
    'pack.mode == "auto" && pack.name != ""',
    "1 == 1",
    "nobody.knows",
    '"change" == "change"',
    'now < timestamp("2030-01-01T00:00:00Z") && now.getFullYear() == 2026',
]


@pytest.mark.parametrize("expression", [*WHOLE, *NARROW])
def test_an_expression_gives_the_same_though_it_is_handed_only_what_it_reaches(
    expression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = proof("terraform/plan", {"ok": True})
    narrow = asked(expression, plan)
    monkeypatch.setattr(expressions, "members", lambda text, name: None)
    assert narrow == asked(expression, plan)


@pytest.mark.parametrize(
    ("expression", "reached"),
    [
        *((text, None) for text in WHOLE if "evidence" not in text),
        ('change.body == "why"', {"body"}),
        ('change\n . body == change [ "head_sha" ]', {"body", "head_sha"}),
        ("change.files.all(f, f.path == change.title)", {"files", "title"}),
        ("pack.exchange == unchanged.body", set()),
        ("'change.body'", {"body"}),
    ],
)
def test_what_an_expression_reaches_of_a_variable(expression: str, reached: set[str] | None) -> None:
    assert expressions.members(expression, "change") == reached


def test_a_variable_that_is_not_named_is_not_made() -> None:
    def fail() -> object:
        raise AssertionError

    assert expressions.evaluate("a.b == 1", {"a": lambda: {"b": 1, "c": object()}, "d": fail}) is True


def test_the_librarys_command_line_is_not_loaded_and_it_can_still_be_imported() -> None:
    code = (
        "import sys; from bascule import expressions\n"
        "assert expressions.evaluate('1 + 1', {}) == 2\n"
        "assert not {'typer', 'rich', 'prompt_toolkit'} & set(sys.modules)\n"
        "import cel; assert cel.compile is sys.modules['cel.cel'].compile; assert cel.evaluate('2 + 2') == 4\n"
        "expressions._library.cache_clear(); assert expressions._library() is cel\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
