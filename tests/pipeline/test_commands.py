"""Comment commands: what is one, what is not, and why."""

from typing import Any

import pytest

from bascule.errors import UsageError
from bascule.pipeline.commands import Command, Ignored, Verb, parse


def event(body: str, **changes: Any) -> dict[str, Any]:
    user = {"login": "octo-dev", "id": 7, "type": "User"}
    made: dict[str, Any] = {
        "action": "created",
        "issue": {"number": 42, "pull_request": {}},
        "comment": {"id": 99, "body": body, "user": user},
        "repository": {"full_name": "acme/shop"},
        "sender": user,
    }
    return {**made, **changes}


@pytest.mark.parametrize(
    ("body", "verb"),
    [
        ("/bascule merge", Verb.MERGE),
        ("/auto-merge", Verb.MERGE),
        ("\n  /bascule why\nplease", Verb.WHY),
        ("/bascule hold until Monday", Verb.HOLD),
        ("/auto-merge\r\n", Verb.MERGE),
    ],
)
def test_commands(body: str, verb: Verb) -> None:
    assert parse(event(body)) == Command(verb=verb, repo="acme/shop", number=42, comment_id=99, login="octo-dev")


@pytest.mark.parametrize(
    ("body", "changes", "reason"),
    [
        ("/bascule merge", {"action": "edited"}, "edited"),
        ("/bascule merge", {"action": "deleted"}, "deleted"),
        ("/bascule merge", {"issue": {"number": 42}}, "an issue, not a pull request"),
        ("/bascule merge", {"sender": {"login": "other", "id": 8, "type": "User"}}, "sender"),
        ("looks good\n/bascule merge", {}, "first line"),
        ("> /bascule merge", {}, "first line"),
        ("`/bascule merge`", {}, "first line"),
        ("    /bascule merge", {}, "first line"),
        ("\n\t/bascule merge", {}, "first line"),
        ("/bascule merge", {"sender": None}, "sender"),
        ("", {}, "first line"),
        ("/basculemerge", {}, "first line"),
    ],
)
def test_what_is_not_a_command(body: str, changes: dict[str, Any], reason: str) -> None:
    got = parse(event(body, **changes))
    assert isinstance(got, Ignored)
    assert reason in got.reason


@pytest.mark.parametrize(
    ("body", "verb", "note"),
    [
        ("/bascule rollback", Verb.ROLLBACK, ""),
        ("/bascule rollback  errors   rose\nafter deploy", Verb.ROLLBACK, "errors rose"),
        ("/bascule dispute it was the network", Verb.DISPUTE, "it was the network"),
    ],
)
def test_commands_with_words_behind_them(body: str, verb: Verb, note: str) -> None:
    got = parse(event(body))
    assert isinstance(got, Command)
    assert (got.verb, got.note, got.sha) == (verb, note, "")


def test_a_bot_cannot_command() -> None:
    bot = {"login": "helper[bot]", "id": 9, "type": "Bot"}
    got = parse(event("", comment={"id": 1, "body": "/bascule merge", "user": bot}, sender=bot))
    assert isinstance(got, Ignored)
    assert "not a person" in got.reason


def test_a_mistyped_command_gets_an_answer() -> None:
    got = parse(event("/bascule marge"))
    assert isinstance(got, Command)
    assert got.verb is Verb.UNKNOWN
    assert "did you mean `/bascule merge`?" in got.note


@pytest.mark.parametrize("payload", [{}, {"action": "created"}, {"action": "created", "comment": 3, "issue": {}}])
def test_another_payload_is_a_usage_error(payload: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="not an issue_comment event"):
        parse(payload)


@pytest.mark.parametrize(
    "changes",
    [
        {"sender": "octo-dev"},
        {"issue": "pull_request"},
        {"comment": {"id": 1, "body": "/bascule merge", "user": "octo-dev"}},
        {"comment": "/bascule merge"},
    ],
)
def test_a_payload_of_another_shape_is_a_mistake_not_a_crash(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="not an issue_comment event"):
        parse(event("/bascule merge", **changes))


def test_who_has_neither_name_nor_id_asks_for_nothing() -> None:
    for user in ({"type": "User", "login": "octo-dev"}, {"type": "User", "id": 7}):
        comment = {"id": 1, "body": "/bascule merge", "user": user}
        assert isinstance(parse(event("", comment=comment, sender=user)), Ignored)


@pytest.mark.parametrize(
    ("body", "sha"),
    [
        ("/bascule merge 1A2b3c4", "1a2b3c4"),
        ("/auto-merge 1a2b3c4d please", "1a2b3c4d"),
        ("/bascule merge", ""),
        ("/bascule merge 1a2b3c", ""),
        ("/bascule merge now", ""),
        ("/bascule why 1a2b3c4", ""),
    ],
)
def test_a_command_may_name_the_commit_that_it_is_for(body: str, sha: str) -> None:
    got = parse(event(body))
    assert isinstance(got, Command)
    assert got.sha == sha
