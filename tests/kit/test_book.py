"""A book of rules answers the hooks as the contract asks for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from bascule.kit import Answer, Ask, Book, RehearsalError, allow, block, given, prove, wait
from bascule.testing import make_change, make_context, make_pack
from bascule.types import Check, DryRunContext, Evidence, EvidenceInput, Status

book = Book("acme", package="bascule_deps", summary="Tests.", fits=("**",))
RAN: list[str] = []


@book.rule("plain", "It is plain.", {"deny": {"type": "array"}})
def plain(ask: Ask) -> Answer:
    return block("bad", expected="good", fix="mend it", paths=["a"]) if ask.params.get("deny") else allow("good")


@book.rule("proven", "It is proven.", needs="acme/seen")
def proven(ask: Ask) -> Iterator[Answer]:
    yield allow(f"{ask.evidence['n']} seen")
    yield wait("later", expected="now", fix="wait")


@book.rule("silent", "It says nothing.")
def silent(ask: Ask) -> Iterator[Answer]:
    yield from ()


@book.rule("broken", "It cannot judge.", needs="acme/never")
def broken(ask: Ask) -> Answer:
    raise RehearsalError("odd", expected="even", fix="add one")


@book.rehearsal("acme/seen")
def see(ctx: DryRunContext) -> Iterator[Evidence | Check]:
    RAN.append("see")
    yield prove(ctx, "acme/seen", {"n": 3}, "3 things", tool="t", version="1", provenance="local")


@book.rehearsal("acme/never")
def never(ctx: DryRunContext) -> Iterator[Evidence | Check]:
    RAN.append("never")
    raise RehearsalError("no tool", expected="a tool", fix="install it")
    yield


def pack(*uses: str, **params: object) -> object:
    rules = [{"id": u.rpartition("/")[2], "use": u, "params": params, "where": "p.yml:3:1"} for u in uses]
    return evolve(make_pack(scenario="acme", rules=rules), sha256="ab" * 32)


def gate(*uses: str, evidence: tuple[Evidence, ...] = (), **params: object) -> list[Check]:
    ctx = make_context(change=make_change(), pack=pack(*uses, **params), evidence=evidence)  # type: ignore[arg-type]
    return list(book.gate(ctx))


def dry_run(tmp_path: Path, *uses: str, **more: object) -> list[Evidence | Check]:
    RAN.clear()
    change = make_change()
    ctx = DryRunContext(
        change=change, pack=pack(*uses), now=change.read_at, objects="", workdir=str(tmp_path), **more  # type: ignore[arg-type]
    )  # fmt: skip
    return list(book.dry_run(ctx))


def test_the_scenario_lists_its_rules_with_schemas() -> None:
    (scenario,) = book.scenarios()
    schemas = {r.name: r.schema for r in scenario.rules}
    assert list(schemas) == ["plain", "proven", "silent", "broken"]
    assert schemas["plain"] == {
        "type": "object",
        "additionalProperties": False,
        "properties": {"deny": {"type": "array"}},
    }
    assert schemas["silent"] == {"type": "object", "additionalProperties": False}


def test_every_check_says_which_entry_asked() -> None:
    (check,) = gate("acme/plain", deny=["x"])
    assert (check.rule, check.id, check.where, check.status) == ("acme/plain", "plain", "p.yml:3:1", Status.BLOCK)
    assert (check.found, check.expected, check.fix, check.paths) == ("bad", "good", "mend it", ("a",))


def test_without_rules_it_says_so_and_an_unknown_rule_is_an_error() -> None:
    (check,) = gate()
    assert (check.rule, check.status) == ("acme/rules", Status.ALLOW)
    (check,) = gate("acme/other")
    assert check.status is Status.ERROR
    assert "`acme/plain`" in check.expected


def test_a_rule_that_needs_evidence_waits_for_it(tmp_path: Path) -> None:
    (check,) = gate("acme/proven")
    assert (check.status, "`acme/seen`" in check.found) == (Status.WAIT, True)
    (evidence,) = dry_run(tmp_path, "acme/proven")
    assert isinstance(evidence, Evidence)
    assert [c.status for c in gate("acme/proven", evidence=(evidence,))] == [Status.ALLOW, Status.WAIT]
    assert (evidence.binding.head_sha, evidence.binding.tool) == (make_change().head_sha, "t")


def test_a_silent_rule_and_a_failing_one_do_not_allow(tmp_path: Path) -> None:
    (check,) = gate("acme/silent")
    assert check.status is Status.ERROR
    (evidence,) = dry_run(tmp_path, "acme/proven")
    assert isinstance(evidence, Evidence)
    (check,) = gate("acme/broken", evidence=(evolve(evidence, kind="acme/never"),))
    assert (check.status, check.found) == (Status.ERROR, "odd")


@pytest.mark.parametrize(("uses", "ran"), [(("acme/plain",), []), (("acme/proven",), ["see"]), ((), [])])
def test_only_what_a_rule_needs_is_rehearsed(tmp_path: Path, uses: tuple[str, ...], ran: list[str]) -> None:
    dry_run(tmp_path, *uses)
    assert ran == RAN


def test_a_rehearsal_that_fails_is_a_check(tmp_path: Path) -> None:
    (check,) = dry_run(tmp_path, "acme/broken")
    assert isinstance(check, Check)
    assert (check.rule, check.status, check.fix) == ("acme/rehearsal", Status.ERROR, "install it")


def test_files_that_the_core_brought(tmp_path: Path) -> None:
    change = make_change()
    file = EvidenceInput(name="plan", path="/x", sha256="", size=0, provenance="file:x")
    ctx = DryRunContext(
        change=change, pack=make_pack(), now=change.read_at, objects="", workdir=str(tmp_path), inputs=(file,)
    )
    assert given(ctx, "plan") is file
    assert given(ctx, "other") is None
