"""The package index: a real HTTP server on the loopback, with every answer it may give."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.release.kit import moved
from tests.support.loopback import Quiet, listening

from bascule.testing import Outcome
from bascule.types import Status


class Index:
    """An index that has some versions; ``answers`` are other statuses, by version."""

    def __init__(self, *has: str) -> None:
        self.has, self.answers, self.asked = set(has), dict[str, int](), list[str]()
        index = self

        class Handler(Quiet):
            def do_GET(self) -> None:
                index.asked.append(self.path)
                version = self.path.split("/")[3]
                status = index.answers.get(version, 200 if version in index.has else 404)
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://elsewhere.example/")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

        self.handler = Handler
        self.address = ""

    @contextmanager
    def serving(self) -> Iterator[Index]:
        with listening(self.handler) as found:
            self.address = f"{found}/project/{{name}}/{{version}}/json"
            yield self


@pytest.fixture
def index() -> Iterator[Index]:
    with Index("1.2.0").serving() as made:
        yield made


def asked(tmp_path: Path, address: str, *, run: bool = True, **rule: Any) -> Outcome:
    rule = {"use": "release/registry-free", "address": address, "seconds": 2, **rule}
    return moved(tmp_path, rule, "1.2.0", "1.3.0", public=run)


def test_a_free_version_passes(tmp_path: Path, index: Index) -> None:
    outcome = asked(tmp_path, index.address)
    assert outcome.status is Status.ALLOW, str(outcome)
    assert index.asked == ["/project/shop/1.3.0/json", "/project/shop/1.2.0/json"]


def test_a_taken_version_blocks(tmp_path: Path, index: Index) -> None:
    index.has.add("1.3.0")
    assert "has shop 1.3.0 already" in asked(tmp_path, index.address).blocked_by("registry-free").found


@pytest.mark.parametrize("status", [500, 503, 429, 403, 302, 204])
@pytest.mark.parametrize("version", ["1.3.0", "1.2.0"])
def test_an_answer_that_says_nothing_waits(tmp_path: Path, index: Index, status: int, version: str) -> None:
    index.answers[version] = status
    outcome = asked(tmp_path, index.address)
    assert outcome.status is Status.WAIT, str(outcome)
    assert "is not known" in str(outcome)


def test_nobody_there_waits(tmp_path: Path) -> None:
    with Index("1.2.0").serving() as gone:
        pass
    outcome = asked(tmp_path, gone.address)
    assert outcome.status is Status.WAIT, str(outcome)


def test_an_index_that_does_not_know_the_package_is_not_believed(tmp_path: Path, index: Index) -> None:
    index.has.clear()
    assert "does not know shop 1.2.0" in asked(tmp_path, index.address).blocked_by("registry-free").found
    (tmp_path / "first").mkdir()
    assert asked(tmp_path / "first", index.address, first=True).status is Status.ALLOW


@pytest.mark.parametrize(
    "address",
    ["http://index.example/{name}/{version}", "https://u:p@index.example/{version}", "https://index.example/{name}",
     "ftp://127.0.0.1/{version}", "https://{name}.example/{version}", "http://[::1/{version}"],
)  # fmt: skip
def test_addresses_that_are_not_used(tmp_path: Path, address: str) -> None:
    outcome = asked(tmp_path, address)
    assert outcome.status is Status.ERROR, str(outcome)
    assert "the address of the index" in str(outcome)


def test_nothing_is_asked_outside_a_real_run(tmp_path: Path, index: Index) -> None:
    assert asked(tmp_path, index.address, run=False).status is Status.ERROR
    (tmp_path / "replay").mkdir()
    rule = {"use": "release/registry-free", "address": index.address}
    outcome = moved(tmp_path / "replay", rule, "1.2.0", "1.3.0", public=True, known=("git",))
    assert outcome.status is Status.ERROR
    assert index.asked == []
