"""Which run merged it, by signed entries alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bascule.rollback.origin import trace, undoes_of
from bascule.window.entries import (
    Body,
    ChangeRef,
    Entry,
    Flaw,
    Flawed,
    Heartbeat,
    Landing,
    Opened,
    Outcome,
    Restored,
)

T0 = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LANDED, HEAD = "a" * 40, "b" * 40


def entry(n: int, run: str, body: Body) -> Entry:
    """Return the ``n``-th entry of a journal."""
    at = T0 + timedelta(minutes=n)
    return Entry(sha=f"{n:040x}", repository=1, run=run, nonce="n", parent=None, at=at, key="k", body=body)


def restored(number: int, sha: str, **details: Any) -> Restored:
    return Restored(
        opened="o", outcome="merged", relaxed=True, live_sha256="", landed=(Landing(number=number, sha=sha),),
        details=details,
    )  # fmt: skip


def plain(number: int, sha: str, **details: Any) -> Outcome:
    return Outcome(status="merged", summary="", landed=(Landing(number=number, sha=sha),), details=details)


def opened(number: int) -> Opened:
    return Opened(
        owner="", branch="main", snapshot={}, snapshot_sha256="", planned=(), deadline=T0,
        changes=(ChangeRef(number=number, head_sha=HEAD, base_sha="c" * 40),),
    )  # fmt: skip


def look(*items: Entry | Flawed, number: int = 42, message: str = "", **more: Any) -> Any:
    """Trace over ``items``, which are given oldest first."""
    return trace(reversed(items), number=number, landed=LANDED, message=message, since=T0, **more)


def test_by_a_window_and_without_one() -> None:
    for body in (restored(42, LANDED), plain(42, LANDED)):
        found = look(
            entry(1, "r-other", plain(41, "f" * 40)), entry(2, "r-one", body), entry(3, "r-later", plain(43, HEAD))
        )
        assert found.origin is not None
        assert (found.origin.run, found.origin.number, found.undone) == ("r-one", 42, None)


def test_another_commit_under_the_same_number_is_not_it() -> None:
    assert look(entry(1, "r-one", plain(42, "f" * 40))).origin is None


def test_an_outcome_that_merged_nothing_does_not_count() -> None:
    body = Outcome(status="blocked", summary="", landed=(Landing(number=42, sha=LANDED),))
    assert look(entry(1, "r-one", body)).origin is None


def test_a_forged_entry_is_not_heard() -> None:
    assert look(Flawed(sha="1" * 40, parent=None, flaw=Flaw.BAD_SIGNATURE)).origin is None


def test_undone_since() -> None:
    found = look(
        entry(1, "r-one", restored(42, LANDED)),
        entry(2, "r-two", Outcome(status="blocked", summary="", details={"undoes": "r-one"})),
        entry(3, "r-three", restored(57, "d" * 40, undoes="r-one")),
        entry(4, "-", Heartbeat(sweeper="s", every=1.0)),
    )
    assert found.undone is not None
    assert (found.undone.run, found.undone.number, found.undone.landed) == ("r-three", 57, "d" * 40)


def test_a_rollback_that_only_waited_undid_nothing() -> None:
    found = look(
        entry(1, "r-one", restored(42, LANDED)),
        entry(2, "r-two", Outcome(status="waiting", summary="", details={"undoes": "r-one"})),
    )
    assert found.undone is None


def test_a_rollback_says_what_it_undoes() -> None:
    found = look(entry(1, "r-two", restored(42, LANDED, undoes="r-one")))
    assert found.origin.undoes == "r-one"
    assert found.undone is None


def test_a_dead_run_is_known_by_its_open_and_the_trailer_together() -> None:
    there = entry(1, "r-one", opened(42))
    found = look(there, message="Title\n\nBascule-Run: r-one")
    assert (found.origin.run, found.origin.head_sha) == ("r-one", HEAD)
    assert look(there, message="Title\n\nBascule-Run: r-forged").origin is None
    assert look(there).origin is None
    assert look(there, number=41, message="Bascule-Run: r-one").origin is None


def test_undone_where_no_run_made_the_merge() -> None:
    found = look(entry(1, "r-two", restored(57, "d" * 40, undoes=LANDED)))
    assert found.origin is None
    assert found.undone.number == 57


def test_it_stops_where_nothing_can_be_said_any_more() -> None:
    read = []

    def items() -> Any:
        for n in range(5, -5, -1):
            read.append(n)
            yield entry(n, f"r-{n}", Heartbeat(sweeper="s", every=1.0))

    found = trace(items(), number=42, landed=LANDED, message="", since=T0)
    assert (found.origin, found.whole) == (None, True)
    assert read[-1] == -1
    cut = look(*(entry(n, "-", Heartbeat(sweeper="s", every=1.0)) for n in range(9)), limit=3)
    assert cut.whole is False


def test_the_trailer() -> None:
    assert undoes_of("Roll back\n\nBascule-Undoes: r-one\nBascule-Run: r-two") == "r-one"
    assert undoes_of("Nothing of the kind: Bascule-Undoes: r-one") == ""
