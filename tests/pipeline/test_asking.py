"""Who may set a merge going, by mode."""

from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

from bascule.clock import ManualClock
from bascule.forge.tokens import Tokens
from bascule.pipeline.asking import may_act
from bascule.pipeline.session import Session
from bascule.rulepack.bind import Bound, BoundPack, United
from bascule.testing.builders import make_change, make_pack, make_result
from bascule.types import Mode, Result, Status, Viewer

PERSON = Viewer(login="octo-dev", id=7, type="User", can_write=True)
BOT = Viewer(login="acme[bot]", id=8, type="Bot", can_write=True, app_slug="acme")


def asked(
    mode: Mode,
    *,
    merger: Viewer = BOT,
    by: str | None = None,
    automated: bool = True,
    typed: bool = True,
    labels: tuple[str, ...] = (),
    labeller: str | None = None,
    permission: str = "write",
    sha: str = "",
    fork: bool = False,
) -> Any:
    observer = SimpleNamespace(labelled_by=lambda number, label: labeller, permission=lambda login: permission)
    session: Any = SimpleNamespace(
        asked_by=by, asked_sha=sha, automated=automated, typed=typed, connection=SimpleNamespace(observer=observer)
    )
    decision: Any = SimpleNamespace(
        united=United(mode=mode, relax_allow=(), max_exposure=10.0, method=None, comment="never"),
        bound=Bound(packs=(BoundPack(pack=make_pack(), claimed=("a",)),)),
        merger=merger,
        result=evolve(make_result(), change=make_change(labels=labels, **({"head_repo_id": 99} if fork else {}))),
    )
    return may_act(session, decision)


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.OBSERVE, Mode.PROPOSE])
def test_modes_that_only_watch_end_with_the_result_and_say_how_to_go_on(mode: Mode) -> None:
    got = asked(mode, by="octo-dev")
    assert isinstance(got, Result)
    assert f"mode is {mode.value}" in got.summary
    assert "guarded" in got.next


def test_auto_needs_nobody() -> None:
    assert asked(Mode.AUTO) is None


def test_guarded_waits_until_somebody_asks() -> None:
    got = asked(Mode.GUARDED)
    assert got.status is Status.WAIT
    assert "/bascule merge" in got.fix


@pytest.mark.parametrize(
    "how",
    [
        {"by": "octo-dev"},
        {"merger": PERSON, "automated": False},
        {"labels": ("auto-relax-merge",), "labeller": "octo-dev"},
        {"labels": ("auto-relax-merge",), "labeller": "octo-dev", "permission": "admin"},
    ],
    ids=["command", "typed", "label", "label by an administrator"],
)
def test_guarded_goes_when_somebody_with_write_access_asked(how: dict[str, Any]) -> None:
    assert asked(Mode.GUARDED, **how) is None


@pytest.mark.parametrize(
    "how",
    [
        {"merger": PERSON, "automated": True},
        {"merger": evolve(PERSON, can_write=False), "automated": False},
        {"merger": PERSON, "automated": False, "typed": False},
        {"labels": ("auto-relax-merge",), "labeller": "triager", "permission": "read"},
        {"labels": ("auto-relax-merge",), "labeller": None},
        {"labels": ("other",), "labeller": "octo-dev"},
    ],
    ids=[
        "a runner",
        "may not write",
        "nobody at the keyboard",
        "triage may label too",
        "nobody knows who",
        "another label",
    ],
)
def test_guarded_does_not_take_less(how: dict[str, Any]) -> None:
    assert asked(Mode.GUARDED, **how).status is Status.WAIT


@pytest.mark.parametrize("mode", [Mode.GUARDED, Mode.AUTO])
def test_the_jobs_own_token_merges_nothing(mode: Mode) -> None:
    job = evolve(BOT, login="github-actions[bot]", app_slug="github-actions")
    got = asked(mode, merger=job, by="octo-dev")
    assert got.status is Status.BLOCK
    assert "BASCULE_MERGER_TOKEN" in got.fix


@pytest.mark.parametrize(
    ("environ", "actions", "automated"),
    [({}, False, False), ({"CI": "false"}, False, False), ({"CI": "true"}, False, True), ({}, True, True)],
)
def test_a_runner_says_so(environ: dict[str, str], actions: bool, automated: bool) -> None:
    nothing: Any = None
    session = Session(
        connection=nothing, tokens=Tokens(actions=actions), hosts=nothing, clock=ManualClock(), environ=environ
    )
    assert session.automated is automated


HEAD = make_change().head_sha


@pytest.mark.parametrize(
    ("how", "goes"),
    [
        ({"by": "octo-dev", "sha": HEAD[:7]}, True),
        ({"by": "octo-dev", "sha": HEAD}, True),
        ({"merger": PERSON, "automated": False}, True),
        ({"by": "octo-dev"}, False),
        ({"by": "octo-dev", "sha": "0" * 7}, False),
        ({"labels": ("auto-relax-merge",), "labeller": "octo-dev"}, False),
    ],
    ids=["named", "named whole", "typed", "no commit", "another commit", "label"],
)
def test_what_a_fork_pushes_after_somebody_asked_was_not_asked_for(how: dict[str, Any], goes: bool) -> None:
    got = asked(Mode.GUARDED, fork=True, **how)
    assert (got is None) is goes
    if not goes:
        assert got.status is Status.WAIT
        assert f"/bascule merge {HEAD[:7]}" in got.fix
