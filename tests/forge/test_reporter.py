"""One sticky comment, quietly; a status; a reaction."""

from __future__ import annotations

from typing import Any

import pytest

from bascule.errors import UsageError
from bascule.forge.allowlists import AllowlistTransport
from bascule.forge.github import GitHubTransport
from bascule.forge.identity import Identity
from bascule.forge.ports import RefusedError
from bascule.forge.reading import digest
from bascule.forge.reporter import Report, Reporter
from bascule.forge.rest import RepoAddress
from bascule.forge.snapshot import Sticky
from bascule.messages.forge import STICKY_MARK

BODY = f"{STICKY_MARK}\n### Blocked"
VIEWER = {
    "viewer": {"login": "release-bot[bot]", "databaseId": 4},
    "repository": {"databaseId": 7, "nameWithOwner": "octo/box", "viewerPermission": None},
}


@pytest.fixture
def reporter(transport: GitHubTransport) -> Reporter:
    merger = AllowlistTransport(transport, identity=Identity.MERGER)
    observer = AllowlistTransport(transport, identity=Identity.OBSERVER)
    return Reporter(merger, observer, address=RepoAddress("octo/box", repository_id=7))


def sticky(author: str = "release-bot[bot]", body: str = BODY, number: int = 31) -> Sticky:
    return Sticky(id=number, author=author, sha256=digest(body))


def test_the_first_comment_is_one_call(script: Any, reporter: Reporter) -> None:
    script.say(201, {"id": 31})
    assert reporter.sticky(5, "### Blocked") == 31
    assert script.lines == ["POST /repos/octo/box/issues/5/comments"]
    assert script.seen[0].body == {"body": BODY}


def test_the_same_text_is_not_written_again(script: Any, reporter: Reporter) -> None:
    script.graphql(VIEWER)
    assert reporter.sticky(5, BODY + "\n", known=(sticky(body=BODY.replace("\n", "\r\n")),)) == 31
    assert reporter.sticky(5, BODY, known=(sticky(),)) == 31
    assert len(script.seen) == 1  # only who am I


def test_another_text_edits_the_comment(script: Any, reporter: Reporter) -> None:
    script.graphql(VIEWER).say(200, {"id": 31})
    assert reporter.sticky(5, BODY, known=(sticky(body="old"),)) == 31
    assert script.lines[-1] == "PATCH /repos/octo/box/issues/comments/31"


def test_somebody_elses_comment_with_the_mark_is_never_edited(script: Any, reporter: Reporter) -> None:
    script.graphql(VIEWER).say(201, {"id": 32})
    assert reporter.sticky(5, BODY, known=(sticky("octo-dev"),)) == 32
    assert script.lines[-1] == "POST /repos/octo/box/issues/5/comments"


def test_a_deleted_comment_is_written_anew(script: Any, reporter: Reporter) -> None:
    script.graphql(VIEWER).say(404, {"message": "Not Found"}).say(201, {"id": 33})
    assert reporter.sticky(5, BODY, known=(sticky(body="old"),)) == 33


def test_what_an_earlier_run_wrote(script: Any, reporter: Reporter) -> None:
    script.say(200, {"id": 31, "body": BODY}).say(404, {"message": "Not Found"})
    mine, other = sticky(), sticky("octo-dev", number=30)
    assert reporter.written((other, mine), "Release-Bot[bot]") == BODY
    assert reporter.written((mine,), "release-bot[bot]") is None, "somebody deleted it"
    assert reporter.written((other,), "release-bot[bot]") is None, "anybody can copy the mark"
    assert script.lines == ["GET /repos/octo/box/issues/comments/31"] * 2


def test_without_permission_it_says_so(script: Any, reporter: Reporter) -> None:
    script.say(403, {"message": "Resource not accessible by integration"})
    with pytest.raises(RefusedError, match="not accessible"):
        reporter.sticky(5, BODY)


def test_a_reaction(script: Any, reporter: Reporter) -> None:
    script.say(201, {"id": 1}).say(200, {"id": 1})
    reporter.react(77, "eyes")
    reporter.react(77, "eyes")
    assert script.lines == ["POST /repos/octo/box/issues/comments/77/reactions"] * 2
    with pytest.raises(ValueError, match="wow"):
        reporter.react(77, "wow")


@pytest.mark.parametrize(
    ("conclusion", "state"),
    [("success", "success"), ("neutral", "success"), ("failure", "failure"), ("pending", "pending")],
)
def test_a_status(script: Any, reporter: Reporter, conclusion: str, state: str) -> None:
    script.say(201, {"id": 1})
    reporter.status("a" * 40, Report(title="x" * 200, summary="tree", conclusion=conclusion, url="https://x"))
    body = script.seen[0].body
    assert (body["state"], body["context"], len(body["description"])) == (state, "bascule", 140)
    assert body["target_url"] == "https://x"


def test_a_check_run_goes_through_the_observer(script: Any, reporter: Reporter) -> None:
    script.say(201, {"id": 8}).say(201, {"id": 9})
    assert reporter.check_run("a" * 40, Report(title="T", summary="y" * 70_000, conclusion="neutral")) == 8
    body = script.seen[0].body
    assert (body["status"], body["conclusion"], len(body["output"]["summary"])) == ("completed", "neutral", 65_535)
    reporter.check_run("a" * 40, Report(title="T", summary="", conclusion="pending"))
    assert "conclusion" not in script.seen[1].body


def test_without_a_merger_nothing_is_written(script: Any, transport: GitHubTransport) -> None:
    reporter = Reporter(None, transport, address=RepoAddress("octo/box"))
    with pytest.raises(UsageError, match="no token for the merger"):
        reporter.sticky(5, BODY)
    assert script.seen == []
