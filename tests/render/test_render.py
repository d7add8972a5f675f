"""What is decided about a rendering: exit codes, when to speak, what an output can show, the shape of --json."""

from __future__ import annotations

import io

import pytest

from bascule import render, wire
from bascule.errors import ExitCode
from bascule.render import Look, rollback
from bascule.render.facts import facts, located, place
from bascule.testing import (
    make_blocker,
    make_check,
    make_pack,
    make_plan,
    make_result,
    make_window,
)
from bascule.types import (
    Admits,
    MergePlan,
    MergeReport,
    PackRef,
    Relaxation,
    RelaxKind,
    ReleasePlan,
    RunStatus,
    Status,
    TimelineRow,
    Verdict,
    verdict,
)

RELAXED = make_window(
    relaxations=(
        Relaxation(
            object="ruleset:20314", field="bypass_actors", op="add", kinds=(RelaxKind.RULESET_BYPASS,), rung=1,
            admits=Admits.ACTOR, elements=("acme-bascule",),
        ),
    )
)  # fmt: skip


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (RunStatus.MERGED, ExitCode.DONE),
        (RunStatus.MERGEABLE, ExitCode.DONE),
        (RunStatus.NOOP, ExitCode.DONE),
        (RunStatus.BLOCKED, ExitCode.BLOCKED),
        (RunStatus.WAITING, ExitCode.WAITING),
        (RunStatus.FAILED, ExitCode.OUTSIDE),
    ],
)
def test_exit_codes(status: RunStatus, code: ExitCode) -> None:
    assert render.exit_code(make_result(status)) is code
    assert render.exit_code(make_result(status, window=make_window(restored=True, verified=True))) is code
    assert render.exit_code(make_result(status, window=make_window(restored=False))) is ExitCode.NOT_RESTORED
    assert render.exit_code(make_result(status, window=make_window(verified=False))) is ExitCode.NOT_RESTORED
    assert f"exit {int(code)}" in render.text(make_result(status))


@pytest.mark.parametrize(
    ("status", "fields", "never", "problems", "always"),
    [
        ("mergeable", {}, False, False, False),
        ("waiting", {}, False, False, False),
        ("noop", {}, False, False, False),
        ("blocked", {}, False, True, True),
        ("failed", {}, False, True, True),
        ("merged", {}, False, False, True),
        ("merged", {"window": make_window()}, False, False, True),
        ("merged", {"window": RELAXED}, False, True, True),
        ("merged", {"window": make_window(restored=False)}, False, True, True),
        ("mergeable", {"alarms": ("the journal's tip was rewritten",)}, False, True, True),
    ],
)
def test_when_a_comment_is_wanted(status: str, fields: dict, never: bool, problems: bool, always: bool) -> None:  # type: ignore[type-arg]
    result = make_result(status, **fields)
    assert [render.wanted(result, n) for n in ("never", "problems", "always")] == [never, problems, always]


def test_a_watching_pack_gives_no_red_cross() -> None:
    output = render.check_output(make_result("blocked"), advisory=True)
    assert (output.conclusion, output.state) == ("neutral", "success")
    broken = render.check_output(make_result("blocked", window=make_window(restored=False)), advisory=True)
    assert (broken.conclusion, broken.state) == ("failure", "error")


class Tty(io.StringIO):
    def __init__(self, encoding: str, *, tty: bool) -> None:
        super().__init__()
        self._encoding, self._tty = encoding, tty

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._tty


@pytest.mark.parametrize(
    ("encoding", "tty", "environ", "color", "ascii_only"),
    [
        ("utf-8", True, {}, True, False),
        ("utf-8", True, {"NO_COLOR": "1"}, False, False),
        ("utf-8", True, {"NO_COLOR": ""}, True, False),
        ("utf-8", True, {"TERM": "dumb"}, False, False),
        ("utf-8", False, {}, False, False),
        ("utf-8", False, {"FORCE_COLOR": "1"}, True, False),
        ("utf-8", True, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ("ascii", True, {}, True, True),
        ("latin-1", False, {}, False, True),
        ("no-such-encoding", False, {}, False, True),
    ],
)
def test_what_an_output_can_show(
    encoding: str, tty: bool, environ: dict[str, str], color: bool, ascii_only: bool
) -> None:
    look = Look.of(Tty(encoding, tty=tty), environ)
    assert (look.color, look.ascii) == (color, ascii_only)
    assert 40 <= look.width <= 120


def test_colour_says_nothing_that_is_not_said_without_it() -> None:
    result = make_result("blocked", window=RELAXED, blockers=(make_blocker(),), plan=make_plan())
    for verbose in (False, True):
        coloured = render.text(result, verbose=verbose, color=True)
        assert "\x1b[" in coloured
        import re

        stripped = "\n".join(line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", coloured).split("\n"))
        assert stripped == render.text(result, verbose=verbose)


def test_the_same_check_from_two_packs_is_one_row() -> None:
    draft = make_check("draft", Status.BLOCK)
    files = make_check("files", Status.BLOCK, where="a.yml:3:1")
    other = make_check("files", Status.BLOCK, where="b.yml:3:1")
    tree = verdict("x", children=(verdict("a", checks=(draft, files)), verdict("b", checks=(draft, other))))
    assert facts(make_result("blocked", verdict=tree)).checks == (draft, files, other)


def test_blockers_that_the_plan_waives_are_not_in_the_way() -> None:
    reviews, strict = make_blocker(), make_blocker(kind="strict", name="strict", waits=False)
    conflict = make_blocker(kind=None, name="conflict", waits=False)
    plan = make_plan(bypasses=(reviews,))
    found = facts(make_result("blocked", blockers=(reviews, strict, conflict), plan=plan, verdict=None))
    assert found.waived == (reviews,)
    assert [c.rule for c in found.open] == ["strict", "conflict"]
    assert (found.failed, found.waiting) == (2, 0)
    alone = facts(make_result("waiting", blockers=(reviews,), verdict=None, plan=None))
    assert (alone.failed, alone.waiting) == (0, 1)


@pytest.mark.parametrize(
    ("where", "parts", "short"),
    [
        (".github/rulepack/deps.yml:11:5", (".github/rulepack/deps.yml", 11, 5), "deps.yml:11"),
        ("deps.yml:11", ("deps.yml", 11, None), "deps.yml:11"),
        ("rulepack/deps.yml", ("rulepack/deps.yml", None, None), "deps.yml"),
        ("a:b.yml:3:4", ("a:b.yml", 3, 4), "a:b.yml:3"),
        ("1:2:3", ("1", 2, 3), "1:2"),
    ],
)
def test_places(where: str, parts: tuple[str, int | None, int | None], short: str) -> None:
    assert located(where) == parts
    assert place(where) == short


def test_json_has_the_promised_shape() -> None:
    result = make_result("merged", window=RELAXED, blockers=(make_blocker(),))
    data = render.document(result)
    assert list(data) == [
        "schema_version", "run", "status", "exit_code", "summary", "change", "packs", "verdict", "blockers", "plan",
        "window", "merge", "alarms", "next", "details",
    ]  # fmt: skip
    assert data["schema_version"] == 1
    assert data["status"] == "merged"
    assert set(data["window"]) == {
        "way", "relaxations", "exposure_seconds", "calls", "restored", "verified", "snapshot_sha256", "live_sha256",
    }  # fmt: skip
    assert data["merge"] == {"sha": "9c3e110b" * 5, "tag": "", "release": ""}
    assert data["change"]["files"] == 1
    assert wire.load(data["verdict"], Verdict) == result.verdict
    assert wire.load(data["packs"], tuple[PackRef, ...]) == (PackRef.of(make_pack()),)
    blocked = render.document(make_result("blocked", change=None, verdict=None))
    assert (blocked["window"], blocked["merge"], blocked["change"], blocked["verdict"]) == (None, None, None, None)


def test_many_annotations_are_counted() -> None:
    checks = [make_check(f"rule-{n}", Status.BLOCK) for n in range(25)] + [make_check("late", Status.WAIT)]
    lines = render.workflow_commands(make_result("blocked", verdict=verdict("x", checks=checks)))
    assert [line.split(" ")[0] for line in lines] == ["::error"] * 10 + ["::notice"]
    assert lines[9].endswith("::16 more: see the log of this step")


def test_a_plan_says_what_is_bypassed_and_edited() -> None:
    plan = make_plan(relaxations=RELAXED.relaxations, bypasses=(make_blocker(),), max_exposure=12.0)
    out = render.text(make_result("mergeable", plan=plan))
    assert "bypass_actors + acme-bascule" in out
    assert "ruleset 20314, lets only this account through" in out
    assert "bypasses reviews by a right that the token has anyway" in out
    assert "open for at most 12 s" in out


def test_a_tag_is_told_before_and_after() -> None:
    plan = make_plan(
        merge=MergePlan(
            method="squash", tag="v1.2.3", tag_message="shop 1.2.3", release=ReleasePlan(title="v1.2.3", draft=True)
        )
    )
    before = render.text(make_result("mergeable", plan=plan))
    assert "tag            v1.2.3 on the merged commit, annotated" in before
    assert "release        draft, of v1.2.3" in before
    merge = MergeReport(sha="9c3e110b" * 5, tag="v1.2.3", release="https://e.example/r/1")
    done = make_result("merged", plan=plan, merge=merge)
    assert "Tagged v1.2.3 at 9c3e110." in render.text(done)
    assert "tag            v1.2.3 on 9c3e110" in render.text(done)
    assert "Tagged `v1.2.3` at `9c3e110`." in render.comment(done)
    assert "https://e.example/r/1" in render.comment(done)


def test_moments_are_added_to_an_earlier_runs_comment_once() -> None:
    body = (
        "<!-- bascule -->\n### Rolled back\n\n| UTC | |\n|---|---|\n| 09:58 | merged `abc` |\n\nWrong call?\n\nrun r-1"
    )
    later = (TimelineRow(at="2026-03-02T10:14:00+00:00", text="recovered ✓ | really"),)
    made = rollback.with_later(body, later)
    assert made.splitlines()[5:8] == ["| 09:58 | merged `abc` |", r"| 10:14 | recovered ✓ \| really |", ""]
    assert made.endswith("\n\nWrong call?\n\nrun r-1")
    assert rollback.with_later(made, later) == made
    # A table over several days says which.
    days = rollback.with_later(body.replace("09:58", "01 Mar 23:58"), later)
    assert "| 02 Mar 10:14 | recovered" in days
    assert rollback.with_later("a person wrote over it", later) == "a person wrote over it"
