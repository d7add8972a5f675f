"""What people see, whole: compared with files that were read by a person.

``UPDATE_GOLDEN=1`` rewrites the files (and fails, so that it cannot pass unnoticed); then read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from bascule import gates, render
from bascule.testing import (
    make_actor,
    make_blocker,
    make_change,
    make_check,
    make_check_result,
    make_commit,
    make_context,
    make_files,
    make_pack,
    make_plan,
    make_result,
    make_window,
)
from bascule.types import (
    Admits,
    PackRef,
    Relaxation,
    RelaxKind,
    Result,
    RunStatus,
    Status,
    verdict,
)

GOLDEN = Path(__file__).parent / "golden"
BOT = make_actor("renovate[bot]", id=29139614)
FILE = ".github/rulepack/deps.yml"
PACK = make_pack(
    name="deps.yml",
    path=FILE,
    scenario="deps",
    match={"files": ["package*.json"]},
    files={"only": ["package*.json"]},
    authors={"allow": ["renovate[bot]"]},
    labels={"require": ["change:safe"]},
    checks={"require": [{"name": "test", "app": "github-actions"}]},
    lines={
        "": f"{FILE}:1:1",
        "files.only": f"{FILE}:7:10",
        "authors": f"{FILE}:8:1",
        "labels": f"{FILE}:9:1",
        "labels.require": f"{FILE}:9:11",
        "checks.require": f"{FILE}:13:3",
        "checks.require[0]": f"{FILE}:14:7",
    },
)
FEWER_REVIEWS = Relaxation(
    object="classic:main",
    field="required_pull_request_reviews.required_approving_review_count",
    op="set",
    kinds=(RelaxKind.REVIEWS,),
    rung=3,
    admits=Admits.EVERYONE,
    before=1,
    after=0,
)
NO_ADMIN_RULE = Relaxation(
    object="classic:main",
    field="enforce_admins",
    op="set",
    kinds=(RelaxKind.REVIEWS, RelaxKind.CHECKS),
    rung=1,
    admits=Admits.ADMINS,
    before=True,
    after=False,
)
AGE = make_check(
    "deps/release-age",
    Status.BLOCK,
    id="release age",
    found="`left-pad 1.3.1` is 9 h old",
    expected="at least 7 d",
    fix="wait; eligible 30 Nov 08:00 UTC",
    where=f"{FILE}:11:5",
    source="bascule-deps 0.1.0",
    eligible_at="2026-11-30T08:00:00+00:00",
)


def change(**fields: Any) -> Any:
    return make_change(
        **{
            "title": "Update lodash to 4.17.22",
            "author": BOT,
            "files": make_files("package.json", "package-lock.json"),
            "commits": (make_commit(BOT),),
            **fields,
        }
    )


def judged(status: str, made: Any, *more: Any, **fields: Any) -> Result:
    checks = gates.run(make_context(made, PACK), claimed=made.paths)
    tree = verdict("acme/shop#42", children=(verdict("deps.yml", checks=(*checks, *more)),))
    return make_result(status, change=made, verdict=tree, packs=(PackRef.of(PACK),), **fields)


RUNNING = (make_check_result(state="in_progress"),)
EVERYTHING_WRONG = change(
    title="Totally safe `update` | <b>@acme/everyone</b> #1 ::error::x ##[group]",
    author=make_actor("evil-dev", id=666),
    files=make_files(
        "package.json", "src/a|b.js", "src/`<img src=x>`.js", "docs/caf\udce9.md", ".github/workflows/ci.yml"
    ),
    head_repo_id=None,
    draft=True,
    labels=(),
    checks=(make_check_result(app="evil-app"),),
    mergeable="CONFLICTING",
    unresolved_threads=1,
)

SCENES: dict[str, Result] = {
    "mergeable": judged("mergeable", change(), plan=make_plan()),
    "blocked": judged(
        "blocked",
        change(checks=RUNNING),
        AGE,
        plan=make_plan(relaxations=(FEWER_REVIEWS,)),
        blockers=(make_blocker(),),
        next="bascule check 42",
    ),
    "blocked-by-protection": judged(
        "blocked",
        change(),
        plan=None,
        blockers=(
            make_blocker(waits=False, found="0 of 2 approving reviews", expected="2 approving reviews"),
            make_blocker(
                kind="strict",
                name="strict",
                found="4 commits behind `main`",
                expected="up to date with `main`",
                fix="update the branch: `gh pr update-branch 42`",
                waits=False,
            ),
        ),
    ),
    "blocked-everything": judged("blocked", EVERYTHING_WRONG),
    "waiting": judged("waiting", change(checks=RUNNING)),
    "merged": judged("merged", change(), summary="", plan=make_plan()),
    "merged-after-relaxing": judged(
        "merged",
        change(),
        plan=make_plan(relaxations=(NO_ADMIN_RULE,)),
        blockers=(make_blocker(),),
        window=make_window(relaxations=(NO_ADMIN_RULE,)),
        summary="Merged as 9c3e110; protection restored and read back, identical.",
    ),
    "not-restored": judged(
        "merged",
        change(),
        plan=make_plan(relaxations=(FEWER_REVIEWS,)),
        window=make_window(relaxations=(FEWER_REVIEWS,), restored=False, live_sha256="c0ff" * 16),
        alarms=("restoring failed: GitHub answered 403 to the Keeper",),
    ),
    "failed": judged(
        "failed",
        change(),
        plan=make_plan(relaxations=(FEWER_REVIEWS,)),
        window=make_window(relaxations=(FEWER_REVIEWS,), verified=True),
        summary="GitHub refused the merge (409: Head branch was modified). Protection was restored.",
        next="bascule check 42",
    ),
    "noop": make_result(RunStatus.NOOP, verdict=None, packs=(), summary="Already merged as 9c3e110: nothing to do."),
}


def same(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text + "\n", encoding="utf-8")
        pytest.fail(f"{name} was rewritten: read the difference, then run without UPDATE_GOLDEN")
    assert text + "\n" == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SCENES)
def test_text(name: str) -> None:
    same(f"{name}.txt", render.text(SCENES[name]))


@pytest.mark.parametrize("name", ["blocked", "merged-after-relaxing"])
def test_verbose_text(name: str) -> None:
    same(f"{name}.verbose.txt", render.text(SCENES[name], verbose=True))


@pytest.mark.parametrize("name", ["blocked", "merged-after-relaxing", "blocked-everything"])
def test_narrow_ascii_text(name: str) -> None:
    same(f"{name}.ascii.txt", render.text(SCENES[name], verbose=name == "blocked", ascii=True, width=72))


@pytest.mark.parametrize("name", SCENES)
def test_comment(name: str) -> None:
    same(f"{name}.md", render.comment(SCENES[name], run_url="https://github.com/acme/shop/actions/runs/1"))


def test_titles_and_conclusions() -> None:
    outputs = {name: render.check_output(result) for name, result in SCENES.items()}
    lines = [f"{name:24}{o.conclusion:9}{o.state:9}{o.title}" for name, o in outputs.items()]
    same("checks.txt", "\n".join(lines))


def test_workflow_commands() -> None:
    lines = [line for name in SCENES for line in (f"{name}:", *render.workflow_commands(SCENES[name]))]
    same("commands.txt", "\n".join(lines))


def test_no_file_is_left_over() -> None:
    wanted = {f"{n}.txt" for n in SCENES} | {f"{n}.md" for n in SCENES}
    wanted |= {"blocked.verbose.txt", "merged-after-relaxing.verbose.txt", "checks.txt", "commands.txt"}
    wanted |= {"blocked.ascii.txt", "merged-after-relaxing.ascii.txt", "blocked-everything.ascii.txt"}
    assert {p.name for p in GOLDEN.iterdir()} == wanted
