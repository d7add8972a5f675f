"""Entries: written, signed, read back; and every way in which a commit is not one."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve
from tests.window.kit import KEYS, OUTCOME_KEY, REPOSITORY, STRANGER_KEY, WINDOW_KEY, count

from bascule import wire
from bascule.forge.ports import RawCommit
from bascule.protection.rest import Write
from bascule.window import signed
from bascule.window.entries import (
    Baseline,
    ChangeRef,
    Entry,
    Flaw,
    Flawed,
    Guard,
    Heartbeat,
    Landing,
    Leak,
    Newest,
    Opened,
    Outcome,
    Planned,
    Restored,
    Unrestorable,
    Verified,
)
from bascule.window.keys import SigningKey

AT = datetime(2026, 1, 5, 9, 0, 0, tzinfo=UTC)
PARENT = "a" * 40
UNDO = Write(method="PATCH", path="/required_pull_request_reviews", body={"required_approving_review_count": 2})

BODIES = [
    Opened(
        owner="f" * 64,
        branch="main",
        snapshot={"branch": "main", "umlaut": "ü"},
        snapshot_sha256="0" * 64,
        planned=(Planned(relaxation=count(), inverse=(UNDO,)),),
        deadline=AT,
        changes=(ChangeRef(number=7, head_sha="b" * 40, base_sha="c" * 40),),
        token_life=3600.5,
        past=(Guard(branch="main", snapshot={"a": 1}, leaks=(Leak(relaxation=count(), until=AT),)),),
    ),
    Restored(
        opened=PARENT,
        outcome="merged",
        relaxed=True,
        live_sha256="0" * 64,
        sent=(UNDO,),
        landed=(Landing(number=7, sha="d" * 40),),
        exposure=0.31,
        details={"scenario": "allowlist"},
    ),
    Verified(opened=PARENT, restored="e" * 40, live_sha256="0" * 64, equal=True),
    Unrestorable(opened=PARENT, why="gone"),
    Outcome(status="blocked", summary="files", newest=Newest(sha=PARENT)),
    Heartbeat(sweeper="s", every=300, newest=Newest(sha=None)),
    Baseline(branch="main", snapshot={}, snapshot_sha256="0" * 64, reason="meant", by="octo-dev"),
]


def write(body: Any, key: SigningKey = WINDOW_KEY, **more: Any) -> signed.Written:
    given = {"repository": REPOSITORY, "run": "r-1", "nonce": "n", "parent": PARENT, "at": AT, "key": key, **more}
    return signed.write(body, **given)


def commit(message: str, *, parents: tuple[str, ...] = (PARENT,), tree: str = "t") -> RawCommit:
    return RawCommit(sha="1" * 40, parents=parents, message=message, tree=tree)


def read(commit: RawCommit, blob: bytes = b"") -> Entry | Flawed:
    return signed.read(commit, repository=REPOSITORY, keys=KEYS, blob=lambda _: blob)


@pytest.mark.parametrize("body", BODIES, ids=lambda b: type(b).__name__)
def test_every_kind_survives_writing_and_reading(body: Any) -> None:
    entry = read(commit(write(body).message))
    assert isinstance(entry, Entry), entry
    assert entry.body == body
    assert (entry.run, entry.parent, entry.at, entry.repository, entry.key) == (
        "r-1",
        PARENT,
        AT,
        REPOSITORY,
        WINDOW_KEY.id,
    )
    head, _, text = write(body).message.partition("\n\n")
    assert "\n" not in head
    assert head.startswith(entry.kind.value)
    # RFC 8785: what is signed is what any other implementation would write.
    assert wire.canonical(json.loads(text)).decode() == text


def test_a_long_entry_stands_in_the_tree() -> None:
    body = Outcome(status="blocked", summary="x" * 40_000)
    written = write(body)
    assert written.blob is not None
    assert len(written.message) < 300
    assert read(commit(written.message), written.blob).body == body  # type: ignore[union-attr]
    for wrong in (b"", written.blob[:-1], write(Outcome(status="allowed", summary="y" * 40_000)).blob or b""):
        assert flaw(commit(written.message), wrong) is Flaw.MALFORMED


def flaw(commit: RawCommit, blob: bytes = b"") -> Flaw:
    found = read(commit, blob)
    assert isinstance(found, Flawed), found
    return found.flaw


def changed(message: str, **fields: Any) -> str:
    head, _, text = message.partition("\n\n")
    data = {**json.loads(text), **fields}
    data = {k: v for k, v in data.items() if v is not ...}
    return f"{head}\n\n{wire.canonical(data).decode()}"


GOOD = write(BODIES[0]).message


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("hello", Flaw.MALFORMED),
        ("hello\n\nworld", Flaw.MALFORMED),
        ("hello\n\n[]", Flaw.MALFORMED),
        ("hello\n\n{}", Flaw.UNSIGNED),
        ("hello\n\n" + "[" * 100_000, Flaw.MALFORMED),
        (GOOD.replace('"v":1', '"v":1,"v":1'), Flaw.MALFORMED),
        (GOOD.replace('"v":1', '"v": 1'), Flaw.MALFORMED),
        (changed(GOOD, sig=...), Flaw.UNSIGNED),
        (changed(GOOD, sig=5), Flaw.UNSIGNED),
        (changed(GOOD, sig=base64.b64encode(b"0" * 64).decode()), Flaw.BAD_SIGNATURE),
        (changed(GOOD, run="r-2"), Flaw.BAD_SIGNATURE),
        (changed(GOOD, key="0" * 16), Flaw.UNKNOWN_KEY),
        (changed(GOOD, key=None), Flaw.UNKNOWN_KEY),
        (changed(GOOD, key=OUTCOME_KEY.id), Flaw.BAD_SIGNATURE),
        (write(BODIES[0], STRANGER_KEY).message, Flaw.UNKNOWN_KEY),
        (write(BODIES[0], repository=9999).message, Flaw.FOREIGN),
        (write(BODIES[0], parent="9" * 40).message, Flaw.PARENT),
        (write(BODIES[0], parent=None).message, Flaw.PARENT),
    ],
)
def test_every_way_not_to_be_an_entry(message: str, expected: Flaw) -> None:
    assert flaw(commit(message)) is expected


def test_an_entry_has_one_parent() -> None:
    assert flaw(commit(GOOD, parents=(PARENT, "2" * 40))) is Flaw.PARENT
    assert flaw(commit(GOOD, parents=())) is Flaw.PARENT
    first = write(BODIES[0], parent=None).message
    assert isinstance(read(commit(first, parents=())), Entry)


def signed_by(key: SigningKey, message: str, **fields: Any) -> str:
    """Return an entry with changed fields and a good signature: what only a key's holder can make."""
    head, _, text = message.partition("\n\n")
    data = {**json.loads(text), "key": key.id, **fields}
    data.pop("sig")
    return f"{head}\n\n{wire.canonical({**data, 'sig': key.sign(wire.canonical(data))}).decode()}"


@pytest.mark.parametrize("body", BODIES, ids=lambda b: type(b).__name__)
def test_an_outcome_key_signs_outcomes_only(body: Any) -> None:
    message = signed_by(OUTCOME_KEY, write(body).message)
    found = read(commit(message))
    if isinstance(body, Outcome):
        assert isinstance(found, Entry)
    else:
        assert isinstance(found, Flawed)
        assert found.flaw is Flaw.ROLE
        with pytest.raises(ValueError, match="may not sign"):
            write(body, OUTCOME_KEY)


def test_signed_nonsense_is_malformed_and_not_a_crash() -> None:
    assert flaw(commit(signed_by(WINDOW_KEY, GOOD, kind="party"))) is Flaw.MALFORMED
    assert flaw(commit(signed_by(WINDOW_KEY, GOOD, kind=None))) is Flaw.MALFORMED
    assert flaw(commit(signed_by(WINDOW_KEY, GOOD, body={}))) is Flaw.MALFORMED
    assert flaw(commit(signed_by(WINDOW_KEY, GOOD, body=7))) is Flaw.MALFORMED
    assert flaw(commit(signed_by(WINDOW_KEY, GOOD, at="soon"))) is Flaw.MALFORMED


def test_entries_of_a_newer_version_with_more_fields_are_read() -> None:
    data = json.loads(GOOD.partition("\n\n")[2])
    message = signed_by(WINDOW_KEY, GOOD, body={**data["body"], "new_field": 1})
    assert read(commit(message)).body == BODIES[0]  # type: ignore[union-attr]


def test_a_foreign_repository_is_no_alarm_and_anything_else_is() -> None:
    for kind in Flaw:
        assert evolve(Flawed(sha="", parent=None, flaw=kind)).alarming is (kind is not Flaw.FOREIGN)
