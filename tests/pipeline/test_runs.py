"""Which run and which artifact stand for a change: every reason for not counting, and what is known of the base."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from bascule.forge.actions import Artifact, ForPull, Referenced, WorkflowRun
from bascule.messages.actions import Say
from bascule.pipeline import runs
from bascule.testing import make_change
from bascule.types import EvidenceSource, Status

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CHANGE = make_change()
REPO = CHANGE.repo.id
PATH = ".github/workflows/plan.yml"
SOURCE = EvidenceSource(name="plan", source="actions", workflow=PATH, artifact="tfplan", event="pull_request")
OURS = ForPull(number=CHANGE.number, base_ref=CHANGE.base_ref, base_sha=CHANGE.base_sha)
RUN = WorkflowRun(
    id=7, number=7, attempt=1, path=PATH, event="pull_request", head_sha=CHANGE.head_sha, repository_id=REPO,
    head_repository_id=REPO, status="completed", conclusion="success", created_at=NOON, started_at=NOON,
    url="https://github.com/acme/shop/actions/runs/7", pulls=(OURS,),
)  # fmt: skip
ARTIFACT = Artifact(
    id=3, name="tfplan", size=10, digest="sha256:" + "a" * 64, expired=False, created_at=NOON, run_id=7,
    head_sha=CHANGE.head_sha, repository_id=REPO,
)  # fmt: skip
SHA = "0123456789abcdef0123456789abcdef01234567"


def chosen(*found: WorkflowRun, source: EvidenceSource = SOURCE, now: datetime = NOON + HOUR) -> WorkflowRun | Say:
    return runs.chosen(found, source, CHANGE, now)


def test_the_run_of_this_head_counts() -> None:
    assert chosen(RUN) == RUN


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"path": ".github/workflows/other.yml"}, Status.WAIT, "no run of"),
        ({"path": f"{PATH}@refs/heads/main"}, Status.WAIT, "no run of"),
        ({"head_sha": "f" * 40}, Status.WAIT, "no run of"),
        ({"event": "pull_request_target"}, Status.WAIT, "it ran for `pull_request_target`"),
        ({"event": "workflow_dispatch"}, Status.WAIT, "it ran for `workflow_dispatch`"),
        ({"repository_id": REPO + 1}, Status.WAIT, "no run of"),
        ({"head_repository_id": REPO + 1}, Status.BLOCK, "another repository"),
        ({"head_repository_id": None}, Status.BLOCK, "another repository"),
        ({"status": "in_progress", "conclusion": None}, Status.WAIT, "is in progress"),
        ({"status": "queued", "conclusion": None, "attempt": 2}, Status.WAIT, "is queued, attempt 2"),
        ({"conclusion": None}, Status.WAIT, "is completed"),
        ({"conclusion": "action_required"}, Status.WAIT, "waits for an approval"),
        *(({"conclusion": c}, Status.BLOCK, "ended as") for c in ("failure", "cancelled", "skipped", "neutral", "new")),
        ({"pulls": (OURS, evolve(OURS, number=99))}, Status.BLOCK, "may be that of #99"),
        ({"pulls": (evolve(OURS, base_ref="release"),)}, Status.BLOCK, "may be that of"),
        ({"referenced": (Referenced(name="acme/ci/.github/workflows/x.yml@v1", sha=SHA),)}, Status.BLOCK, "@v1`"),
        (
            {"referenced": (Referenced(name=f"acme/ci/.github/workflows/x.yml@{SHA}", sha="f" * 40),)},
            Status.BLOCK,
            "calls",
        ),
        (
            {"referenced": (Referenced(name=f"{CHANGE.repo.full_name}/.github/workflows/x.yml@old", sha=SHA),)},
            Status.BLOCK,
            "@old`",
        ),
    ],
)
def test_a_run_that_does_not_count(fields: Mapping[str, Any], status: Status, said: str) -> None:
    told = chosen(evolve(RUN, **fields))
    assert isinstance(told, Say), told
    assert told.status is status
    assert said in told.found
    assert told.expected
    assert told.fix


def test_the_one_that_started_last_counts_whatever_its_number() -> None:
    again = evolve(RUN, id=4, number=4, attempt=2, started_at=NOON + HOUR, conclusion="failure")
    told = chosen(RUN, again, now=NOON + 2 * HOUR)
    assert isinstance(told, Say)
    assert "ended as failure at attempt 2" in told.found
    assert chosen(evolve(RUN, id=6, number=6, conclusion="failure"), RUN) == RUN


def test_age_is_counted_from_the_start_of_the_attempt() -> None:
    source = evolve(SOURCE, max_age=3600.0)
    assert chosen(RUN, source=source) == RUN
    told = chosen(RUN, source=source, now=NOON + HOUR + timedelta(seconds=1))
    assert isinstance(told, Say)
    assert told.found.startswith(f"the last run of `{PATH}` began 1.0 h ago")
    late = evolve(RUN, attempt=2, started_at=NOON + HOUR)
    assert chosen(late, source=source, now=NOON + 2 * HOUR) == late


def test_reusable_workflows_that_cannot_change_under_their_name() -> None:
    own = f"{CHANGE.repo.full_name}/.github/workflows/inner.yml@refs/pull/{CHANGE.number}/merge"
    found = evolve(
        RUN,
        referenced=(
            Referenced(name=f"acme/ci/.github/workflows/x.yml@{SHA}", sha=SHA),
            Referenced(name=own, sha="f" * 40),
        ),
    )
    assert chosen(found) == found
    assert runs.own_calls(found, CHANGE) == (".github/workflows/inner.yml",)


def test_pushes_say_nothing_of_a_base() -> None:
    push = evolve(RUN, event="push", pulls=(OURS, evolve(OURS, number=99)))
    assert chosen(push, source=evolve(SOURCE, event="push")) == push
    assert runs.base_of(push, CHANGE, NOON - HOUR) is None


def test_the_base_is_believed_where_the_run_can_have_seen_it() -> None:
    assert runs.base_of(RUN, CHANGE, NOON - HOUR) == CHANGE.base_sha
    assert runs.base_of(evolve(RUN, attempt=2, started_at=NOON + 2 * HOUR), CHANGE, NOON + HOUR) is None
    earlier = evolve(RUN, pulls=(evolve(OURS, base_sha="e" * 40),))
    assert runs.base_of(earlier, CHANGE, NOON + HOUR) == "e" * 40
    assert runs.base_of(evolve(RUN, pulls=()), CHANGE, NOON - HOUR) is None


def test_the_one_artifact_of_the_attempt_is_picked() -> None:
    assert runs.picked([ARTIFACT], RUN, SOURCE, 10) == ARTIFACT
    again = evolve(RUN, attempt=2, started_at=NOON + HOUR)
    newer = evolve(ARTIFACT, id=4, created_at=NOON + 2 * HOUR)
    assert runs.picked([ARTIFACT, newer], again, SOURCE, 10) == newer


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], "has no artifact `tfplan`"),
        ([evolve(ARTIFACT, run_id=8)], "not from the run's latest attempt"),
        ([evolve(ARTIFACT, created_at=NOON - HOUR)], "not from the run's latest attempt"),
        ([evolve(ARTIFACT, created_at=None)], "not from the run's latest attempt"),
        ([ARTIFACT, evolve(ARTIFACT, id=4)], "2 artifacts"),
        ([evolve(ARTIFACT, head_sha="f" * 40)], "another commit or repository"),
        ([evolve(ARTIFACT, repository_id=REPO + 1)], "another commit or repository"),
        ([evolve(ARTIFACT, expired=True)], "has expired"),
        ([evolve(ARTIFACT, digest=None)], "states no digest"),
        ([evolve(ARTIFACT, digest="sha256:")], "states no digest"),
        ([evolve(ARTIFACT, digest="md5:" + "a" * 64)], "states no digest"),
        ([evolve(ARTIFACT, size=11)], "has 11 bytes"),
    ],
)
def test_an_artifact_that_is_not_picked(found: list[Artifact], said: str) -> None:
    told = runs.picked(found, RUN, SOURCE, 10)
    assert isinstance(told, Say), told
    assert told.status is Status.BLOCK
    assert said in told.found
