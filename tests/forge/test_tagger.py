"""Tags and releases: read before made, decided by a read after a lost reply, never moved."""

from __future__ import annotations

from typing import Any

import pytest
from forge_answers import LANDED, SHA

from bascule.errors import OutsideError
from bascule.forge.allowlists import AllowlistTransport
from bascule.forge.github import GitHubTransport
from bascule.forge.identity import Identity
from bascule.forge.ports import RefusedError
from bascule.forge.rest import RepoAddress
from bascule.forge.tagger import GitHubTagger
from bascule.types import ReleasePlan

TAG = "a" * 40
MISSING = (404, {"message": "Not Found"})
PLAN = ReleasePlan(title="v1", body="text")


@pytest.fixture
def tagger(transport: GitHubTransport) -> GitHubTagger:
    guarded = AllowlistTransport(transport, identity=Identity.MERGER)
    return GitHubTagger(guarded, address=RepoAddress("octo/box", repository_id=7))


def ref(sha: str, kind: str = "commit") -> tuple[int, dict[str, Any]]:
    return 200, {"ref": "refs/tags/v1", "object": {"sha": sha, "type": kind}}


def test_a_lightweight_tag_is_one_read_and_one_write(script: Any, tagger: GitHubTagger) -> None:
    script.say(*MISSING).say(201, ref(LANDED)[1])
    made = tagger.tag("v1", LANDED)
    assert (made.where, made.new) == (LANDED, True)
    assert script.lines == ["GET /repos/octo/box/git/ref/tags/v1", "POST /repos/octo/box/git/refs"]
    assert script.seen[1].body == {"ref": "refs/tags/v1", "sha": LANDED}


def test_an_annotated_tag_is_an_object_first(script: Any, tagger: GitHubTagger) -> None:
    script.say(*MISSING).say(201, {"sha": TAG}).say(201, ref(TAG, "tag")[1])
    assert tagger.tag("v1", LANDED, "shop 1").new
    assert script.seen[1].body == {"tag": "v1", "message": "shop 1", "object": LANDED, "type": "commit"}
    assert script.seen[2].body == {"ref": "refs/tags/v1", "sha": TAG}


@pytest.mark.parametrize("where", [LANDED, SHA])
def test_a_tag_that_is_there_is_told_and_left(script: Any, tagger: GitHubTagger, where: str) -> None:
    script.say(*ref(TAG, "tag")).say(200, {"object": {"sha": where, "type": "commit"}})
    made = tagger.tag("v1", LANDED, "shop 1")
    assert (made.where, made.new) == (where, False)
    assert len(script.seen) == 2


@pytest.mark.parametrize("status", [422, 500])
@pytest.mark.parametrize("there", [LANDED, SHA])
def test_a_reply_that_is_lost_or_refused_is_read_again(
    script: Any, tagger: GitHubTagger, status: int, there: str
) -> None:
    script.say(*MISSING).say(status, {"message": "Reference already exists"}).say(*ref(there))
    assert tagger.tag("v1", LANDED).where == there
    assert len(script.seen) == 3


def test_a_refusal_is_raised(script: Any, tagger: GitHubTagger) -> None:
    script.say(*MISSING).say(403, {"message": "Resource not accessible by integration"}).say(*MISSING)
    with pytest.raises(RefusedError, match="403"):
        tagger.tag("v1", LANDED)


def test_a_tag_of_a_tree_says_nothing(script: Any, tagger: GitHubTagger) -> None:
    script.say(*ref(TAG, "tree"))
    with pytest.raises(OutsideError, match="stands for a tree"):
        tagger.tag("v1", LANDED)


def test_a_release_is_looked_for_among_drafts_too(script: Any, tagger: GitHubTagger) -> None:
    script.say(*MISSING).say(200, [{"tag_name": "v0", "html_url": "x"}, {"tag_name": "v1", "html_url": "y"}])
    made = tagger.release("v1", PLAN)
    assert (made.where, made.new) == ("y", False)
    assert script.lines[0] == "GET /repos/octo/box/releases/tags/v1"


def test_a_release_is_made_once(script: Any, tagger: GitHubTagger) -> None:
    script.say(*MISSING).say(200, []).say(201, {"id": 5, "html_url": "z"})
    made = tagger.release("v1", ReleasePlan(title="", body="text", draft=True, prerelease=True))
    assert (made.where, made.new) == ("z", True)
    assert script.seen[2].body == {"tag_name": "v1", "name": "v1", "body": "text", "draft": True, "prerelease": True}


def test_a_lost_release_is_read(script: Any, tagger: GitHubTagger) -> None:
    script.say(*MISSING).say(200, []).say(502, {}).say(200, {"html_url": "z"})
    assert tagger.release("v1", PLAN).where == "z"
    assert len(script.seen) == 4


def test_names_with_odd_letters_are_one_path(script: Any, tagger: GitHubTagger) -> None:
    script.say(*MISSING)
    assert tagger.commit_of("@acme/shop@1.0.0+b#1") is None
    assert script.lines == ["GET /repos/octo/box/git/ref/tags/%40acme/shop%401.0.0%2Bb%231"]
