"""Fetching an artifact: nobody's token goes along, nothing grows without end, and the signed address is not shown."""

from __future__ import annotations

import hashlib
import socket
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from bascule.clock import ManualClock
from bascule.errors import OutsideError
from bascule.forge.actions import Actions, Artifact
from bascule.forge.addresses import Api
from bascule.forge.download import Fetched, TooLargeError, fetch
from bascule.forge.ports import RefusedError
from bascule.forge.rest import RepoAddress

CONTENT = bytes(range(256)) * 1000
SIGNED = "/store/7?sig=s1gn4tur3"
ARTIFACT = Artifact(id=7, name="tfplan", size=1, digest=None, expired=False, created_at=None, run_id=1)
HERE = Api.of_root("http://127.0.0.1:1")
ELSEWHERE = Api.of_host("github.com")


def fetched(url: str, tmp_path: Path, clock: ManualClock, **changes: Any) -> Fetched:
    return fetch(url, tmp_path / "a.zip", **{"limit": 10**6, "seconds": 60.0, "clock": clock, "api": HERE, **changes})


def test_bytes_arrive_whole_and_hashed(script: Any, tmp_path: Path, clock: ManualClock) -> None:
    script.say(raw=CONTENT)
    found = fetched(script.url + SIGNED, tmp_path, clock)
    assert found == Fetched(size=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest())
    assert (tmp_path / "a.zip").read_bytes() == CONTENT
    assert (tmp_path / "a.zip").stat().st_mode & 0o777 == 0o600


def test_nobody_is_named(script: Any, tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the token, and neither what a password file says of the host."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password n3trc\n")
    monkeypatch.setenv("NETRC", str(netrc))
    script.say(raw=b"x")
    fetched(script.url + SIGNED, tmp_path, clock)
    (seen,) = script.seen
    assert not {"authorization", "cookie"} & set(seen.headers)
    assert seen.headers["accept-encoding"] == "identity"


def test_through_the_api_the_token_stays_behind(
    script: Any, transport: Any, tmp_path: Path, clock: ManualClock
) -> None:
    script.say(302, headers={"Location": script.url.replace("127.0.0.1", "localhost") + SIGNED}).say(raw=CONTENT)
    actions = Actions(transport, address=RepoAddress("acme/shop"), api=HERE, clock=clock)
    found = actions.download(ARTIFACT, tmp_path / "a.zip", limit=10**6, seconds=60)
    assert found.size == len(CONTENT)
    assert script.lines == ["GET /repos/acme/shop/actions/artifacts/7/zip", "GET /store/7"]
    assert ["authorization" in s.headers for s in script.seen] == [True, False]


def test_a_renamed_repository_is_asked_under_its_new_name(
    script: Any, transport: Any, tmp_path: Path, clock: ManualClock
) -> None:
    script.say(301, headers={"Location": f"{script.url}/repositories/9/actions/artifacts/7/zip"})
    script.say(body={"id": 9, "full_name": "acme/store"})
    script.say(302, headers={"Location": script.url + SIGNED}).say(raw=b"x")
    actions = Actions(transport, address=RepoAddress("acme/shop"), api=HERE, clock=clock)
    actions.download(ARTIFACT, tmp_path / "a.zip", limit=10, seconds=60)
    assert script.lines[1:3] == ["GET /repositories/9", "GET /repos/acme/store/actions/artifacts/7/zip"]


@pytest.mark.parametrize("status", [200, 403, 404, 410])
def test_an_answer_that_points_nowhere_is_a_refusal(
    script: Any, transport: Any, tmp_path: Path, clock: ManualClock, status: int
) -> None:
    script.say(status, body={"message": "no"})
    actions = Actions(transport, address=RepoAddress("acme/shop"), api=HERE, clock=clock)
    with pytest.raises(RefusedError) as told:
        actions.download(ARTIFACT, tmp_path / "a.zip", limit=10, seconds=60)
    assert told.value.response.status == status
    assert not (tmp_path / "a.zip").exists()


@pytest.mark.parametrize(
    "where",
    [
        "http://store.example.com/x?sig=s1gn4tur3",
        "ftp://127.0.0.1/x?sig=s1gn4tur3",
        "file:///etc/passwd",
        "https://me:s1gn4tur3@store.example.com/x",
        "/relative?sig=s1gn4tur3",
        "",
    ],
)
def test_odd_addresses_are_not_fetched(where: str, tmp_path: Path, clock: ManualClock) -> None:
    with pytest.raises(OutsideError, match="not an https address elsewhere") as told:
        fetched(where, tmp_path, clock, api=ELSEWHERE)
    assert "s1gn4tur3" not in str(told.value)


def test_a_github_elsewhere_cannot_point_at_this_machine(script: Any, tmp_path: Path, clock: ManualClock) -> None:
    with pytest.raises(OutsideError, match="not an https address elsewhere"):
        fetched(script.url + SIGNED, tmp_path, clock, api=ELSEWHERE)
    assert script.seen == []


@pytest.mark.parametrize("status", [301, 302, 400, 403, 404, 500, 503])
def test_any_other_status_is_an_outside_fault(script: Any, tmp_path: Path, clock: ManualClock, status: int) -> None:
    script.say(status, raw=b"<Error>s1gn4tur3</Error>", headers={"Location": script.url + "/other"})
    with pytest.raises(OutsideError, match=f"127.0.0.1 answered {status} for the artifact") as told:
        fetched(script.url + SIGNED, tmp_path, clock)
    assert "s1gn4tur3" not in str(told.value)
    assert len(script.seen) == 1, "no redirect is followed"
    assert not (tmp_path / "a.zip").exists()


def test_a_length_above_the_limit_is_not_read(script: Any, tmp_path: Path, clock: ManualClock) -> None:
    script.say(raw=bytes(1001))
    with pytest.raises(TooLargeError):
        fetched(script.url + SIGNED, tmp_path, clock, limit=1000)
    assert not (tmp_path / "a.zip").exists()


def test_packed_on_the_way_is_not_unpacked(script: Any, tmp_path: Path, clock: ManualClock) -> None:
    """A few bytes that a library would turn into gigabytes are taken as they are; the digest then differs."""
    raw = zlib.compress(bytes(10**6))
    script.say(raw=raw, headers={"Content-Encoding": "deflate"})
    assert fetched(script.url + SIGNED, tmp_path, clock).size == len(raw)


class Slow:
    """A server that answers in pieces that the test chooses."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/x"
        self.pieces: list[bytes] = []
        self._thread = threading.Thread(target=self._serve)

    def start(self, *pieces: bytes) -> str:
        self.pieces = list(pieces)
        self._thread.start()
        return self.url

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        with connection:
            connection.recv(65536)
            for piece in self.pieces:
                try:
                    connection.sendall(piece)
                except OSError:
                    return

    def close(self) -> None:
        self._socket.close()
        if self._thread.is_alive():
            self._thread.join()


@pytest.fixture
def slow() -> Iterator[Slow]:
    made = Slow()
    yield made
    made.close()


HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"


def test_a_body_without_a_length_stops_at_the_limit(slow: Slow, tmp_path: Path, clock: ManualClock) -> None:
    url = slow.start(HEAD + b"\r\n", *[b"x" * 10_000] * 100)
    with pytest.raises(TooLargeError):
        fetched(url, tmp_path, clock, limit=50_000)
    assert not (tmp_path / "a.zip").exists()


def test_less_than_announced_is_no_artifact(slow: Slow, tmp_path: Path, clock: ManualClock) -> None:
    url = slow.start(HEAD + b"Content-Length: 100\r\n\r\n", b"x" * 40)
    with pytest.raises(OutsideError, match="could not be fetched"):
        fetched(url, tmp_path, clock)
    assert not (tmp_path / "a.zip").exists()


def test_time_is_limited_however_the_bytes_trickle(script: Any, tmp_path: Path) -> None:
    class Hurrying(ManualClock):
        def elapsed(self) -> float:
            self.sleep(70)
            return super().elapsed()

    script.say(raw=b"x")
    with pytest.raises(OutsideError, match="did not send the artifact within 60 s"):
        fetched(script.url + SIGNED, tmp_path, Hurrying())
    assert not (tmp_path / "a.zip").exists()


def test_nobody_there_is_an_outside_fault_without_the_address(tmp_path: Path, clock: ManualClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(OutsideError, match="could not be fetched") as told:
        fetched(f"http://127.0.0.1:{port}{SIGNED}", tmp_path, clock)
    assert "s1gn4tur3" not in str(told.value)


def rows(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [
        {
            "id": n, "name": "tfplan", "size_in_bytes": 1, "digest": None, "expired": False,
            "created_at": "2026-03-02T12:00:00Z", "workflow_run": None,
        }
        for n in range(start, start + count)
    ]  # fmt: skip


def test_lists_are_read_to_their_end(script: Any, transport: Any, clock: ManualClock) -> None:
    script.say(body={"total_count": 150, "artifacts": rows(100)}).say(
        body={"total_count": 150, "artifacts": [*rows(49, 100), {**rows(1)[0], "name": "other"}]}
    )
    actions = Actions(transport, address=RepoAddress("acme/shop"), api=HERE, clock=clock)
    found = actions.artifacts(1, "tfplan")
    assert [a.id for a in found] == list(range(149))
    assert [s.query["page"] for s in script.seen] == ["1", "2"]
    assert evolve(found[0], created_at=None) == Artifact(
        id=0, name="tfplan", size=1, digest=None, expired=False, created_at=None, run_id=None
    )


def test_a_list_without_an_end_is_not_believed(script: Any, transport: Any, clock: ManualClock) -> None:
    for _ in range(10):
        script.say(body={"total_count": 5000, "artifacts": rows(100)})
    actions = Actions(transport, address=RepoAddress("acme/shop"), api=HERE, clock=clock)
    with pytest.raises(OutsideError, match="more than 1,000 entries"):
        actions.artifacts(1, "tfplan")
