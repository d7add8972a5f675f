"""Notices over real HTTP on the loopback: taken, refused, slow, gone; and the address is never shown."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.support.loopback import Quiet, listening

from bascule.clock import ManualClock
from bascule.errors import OutsideError, UsageError
from bascule.forge.tokens import Secret
from bascule.notify import webhook
from bascule.notify.notice import Event, Notice, document, schema
from bascule.notify.webhook import Webhook
from bascule.types import TimelineRow

PATH = "/services/T000/B000/very-secret-part"
NOTICE = Notice(
    event=Event.ROLLED_BACK, repository="acme/shop", text="acme/shop#42 was rolled back", run="r-1",
    at="2026-03-02T14:10:00+00:00",
    number=42, title="Tïtle", pull=57, sha="d" * 40, undoes="r-0", timeline=(TimelineRow(at="", text="merged"),),
)  # fmt: skip


class Receiver:
    """What came in, and what is answered: statuses in order, the last one for ever."""

    def __init__(self, *statuses: int, headers: dict[str, str] | None = None, hold: float = 0.0) -> None:
        self.statuses, self.headers = list(statuses) or [200], headers or {}
        self.got: list[dict[str, Any]] = []
        self.release = threading.Event()
        self.held = hold > 0

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve on a free port and yield the address."""
        outer = self

        class Handler(Quiet):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append({"path": self.path, "type": self.headers["Content-Type"], "body": json.loads(body),
                                  "auth": self.headers.get("Authorization")})  # fmt: skip
                if outer.held:
                    outer.release.wait(30)
                    return
                status = outer.statuses.pop(0) if len(outer.statuses) > 1 else outer.statuses[0]
                self.send_response(status)
                for name, value in {"Content-Length": "0", **outer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()

        with listening(Handler) as address:
            try:
                yield f"{address}{PATH}"
            finally:
                self.release.set()


def hook(url: str, clock: ManualClock, **more: Any) -> Webhook:
    return Webhook(address=Secret(value=url, origin="BASCULE_NOTIFY_URL"), clock=clock, **more)


def test_delivered_once_and_as_the_schema_says() -> None:
    receiver, clock = Receiver(), ManualClock()
    with receiver.serving() as url:
        hook(url, clock).deliver(NOTICE)
    (got,) = receiver.got
    assert (got["path"], got["type"], got["auth"]) == (PATH, "application/json; charset=utf-8", None)
    assert got["body"] == document(NOTICE)
    Draft202012Validator(schema()).validate(got["body"])
    assert (got["body"]["schema_version"], got["body"]["event"]) == (1, "rolled_back")
    assert isinstance(got["body"]["text"], str)
    assert clock.sleeps == []


def test_the_schema_refuses_what_is_no_notice() -> None:
    wrong = {**document(NOTICE), "event": "party"}
    assert not Draft202012Validator(schema()).is_valid(wrong)
    assert not Draft202012Validator(schema()).is_valid({k: v for k, v in document(NOTICE).items() if k != "text"})


def test_told_again_after_faults_that_pass() -> None:
    receiver, clock = Receiver(503, 429, 204), ManualClock()
    with receiver.serving() as url:
        hook(url, clock).deliver(NOTICE)
    assert len(receiver.got) == 3
    assert len({json.dumps(g["body"]) for g in receiver.got}) == 1, "the same notice has the same id"
    assert clock.sleeps == [0.5, 1.0]


def test_it_waits_as_long_as_it_is_asked_within_the_budget() -> None:
    receiver, clock = Receiver(429, 200, headers={"Retry-After": "7"}), ManualClock()
    with receiver.serving() as url:
        hook(url, clock).deliver(NOTICE)
    assert clock.sleeps == [7.0]
    receiver, clock = Receiver(429, 200, headers={"Retry-After": "600"}), ManualClock()
    with receiver.serving() as url, pytest.raises(OutsideError, match="answered 429"):
        hook(url, clock).deliver(NOTICE)
    assert clock.sleeps == []


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410])
def test_a_refusal_is_not_argued_with(status: int) -> None:
    receiver, clock = Receiver(status, headers={"Location": "http://127.0.0.1:1/elsewhere"}), ManualClock()
    with receiver.serving() as url, pytest.raises(OutsideError, match=f"answered {status}") as caught:
        hook(url, clock).deliver(NOTICE)
    assert len(receiver.got) == 1
    assert "secret" not in str(caught.value)


def test_nobody_there(caplog: pytest.LogCaptureFixture) -> None:
    receiver, clock = Receiver(), ManualClock()
    with receiver.serving() as url:
        pass
    caplog.set_level(logging.DEBUG, logger="bascule")
    with pytest.raises(OutsideError, match="no answer") as caught:
        hook(url, clock).deliver(NOTICE)
    assert clock.sleeps == [0.5, 1.0, 2.0]
    assert "secret" not in str(caught.value) + repr(caught.value) + caplog.text
    assert caught.value.__cause__ is None
    assert caught.value.where == "BASCULE_NOTIFY_URL"


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT", (1.0, 0.05))
    receiver, clock = Receiver(hold=1.0), ManualClock()
    with receiver.serving() as url, pytest.raises(OutsideError, match="no answer"):
        hook(url, clock).deliver(NOTICE)
    assert len(receiver.got) == webhook.TRIES


@pytest.mark.parametrize("address", ["", "not an address", "ftp://example.com/x", "https://", "http://[x"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(UsageError, match="not an address"):
        hook(address, ManualClock()).deliver(NOTICE)


def test_an_open_line_is_refused_unless_it_is_asked_for() -> None:
    sent: list[str] = []

    def post(url: str, body: bytes) -> tuple[int, dict[str, str]]:
        sent.append(url)
        return 200, {}

    with pytest.raises(UsageError, match="not encrypted"):
        hook("http://hooks.example.com/x", ManualClock(), post=post).deliver(NOTICE)
    assert sent == []
    hook("http://hooks.example.com/x", ManualClock(), post=post, allow_http=True).deliver(NOTICE)
    assert sent == ["http://hooks.example.com/x"]


def test_the_same_event_has_the_same_id_and_no_other() -> None:
    from attrs import evolve

    assert evolve(NOTICE, at="later", run="r-9", alarms=("x",)).id == NOTICE.id
    assert evolve(NOTICE, event=Event.NOT_RESTORED).id != NOTICE.id
    assert evolve(NOTICE, undoes="r-8").id != NOTICE.id
