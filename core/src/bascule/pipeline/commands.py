"""Comment commands: `/bascule merge|why|hold|rollback|dispute`, `/auto-merge`. Pure: an event in, a command or why not.

Only newly *created* comments count: an edited comment would let somebody put words under another person's
name after the fact (peers, attacks).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

from attrs import frozen

from bascule.errors import UsageError


class Verb(Enum):
    """What a comment can ask for."""

    MERGE = "merge"
    WHY = "why"
    HOLD = "hold"
    ROLLBACK = "rollback"
    DISPUTE = "dispute"
    UNKNOWN = "unknown"
    """A command that was meant and does not exist: its author gets an answer."""


@frozen(kw_only=True)
class Command:
    """One request. The acknowledging reaction goes to ``comment_id``; ``login`` must have write access.

    ``note`` says what is wrong with an UNKNOWN one; for ``rollback`` and ``dispute`` it is what was typed behind them.
    ``sha`` is the commit that ``merge`` names, as far as it was typed; empty when it names none.
    """

    verb: Verb
    repo: str
    number: int
    comment_id: int
    login: str
    note: str = ""
    sha: str = ""


@frozen(kw_only=True)
class Ignored:
    """Why an event is not a command."""

    reason: str


_SHA = re.compile(r"[0-9a-f]{7,64}")
_NAMES = {"/bascule": None, "/auto-merge": Verb.MERGE}


def parse(event: Mapping[str, Any]) -> Command | Ignored:
    """Return the command in a GitHub ``issue_comment`` event payload, or why there is none.

    The command must be the first line that is not blank, outside quotes and code blocks.

    Raises:
        UsageError: the payload is not an ``issue_comment`` event.
    """
    try:
        action, comment, issue = event["action"], event["comment"], event["issue"]
        repo, body = str(event["repository"]["full_name"]), str(comment["body"] or "")
        user, comment_id, number = comment["user"] or {}, int(comment["id"]), int(issue["number"])
        sender, kind, login = event.get("sender") or {}, user.get("type"), str(user.get("login", ""))
        same = bool(login) and user.get("id") is not None and sender.get("id") == user.get("id")
    except (AttributeError, KeyError, TypeError, ValueError) as missing:
        raise UsageError(
            f"not an issue_comment event: {missing} is missing or of the wrong type",
            hint="pass the file that GitHub Actions names in GITHUB_EVENT_PATH",
        ) from missing
    if action != "created":
        return Ignored(reason=f"comment was {action}; only newly created comments are commands")
    if "pull_request" not in issue:
        return Ignored(reason=f"#{number} is an issue, not a pull request")
    if kind != "User":
        return Ignored(reason=f"{login or 'the author'} is not a person")
    if not same:
        return Ignored(reason="the event's sender is not the comment's author")
    line = next((text for text in body.splitlines() if text.strip()), "")
    words = line.split()
    # Four spaces or a tab make it code: somebody shows the command and does not give it.
    quoted = line.expandtabs(4).startswith("    ")
    if not words or words[0] not in _NAMES or quoted:
        return Ignored(reason="no command on the comment's first line")
    verb, note = _NAMES[words[0]], ""
    if verb is None:
        verb, note = _verb(words[1] if len(words) > 1 else "", " ".join(words[:2]))
    named = words[1 if words[0] == "/auto-merge" else 2 :]
    if verb in {Verb.ROLLBACK, Verb.DISPUTE}:
        note = " ".join(named)[:500]
    sha = named[0].lower() if verb is Verb.MERGE and named and _SHA.fullmatch(named[0].lower()) else ""
    return Command(sha=sha, verb=verb, repo=repo, number=number, comment_id=comment_id, login=login, note=note)


def _verb(asked: str, typed: str) -> tuple[Verb, str]:
    known = [v.value for v in Verb if v is not Verb.UNKNOWN]
    if asked in known:
        return Verb(asked), ""
    near = difflib.get_close_matches(asked, known, n=1)
    hint = f"did you mean `/bascule {near[0]}`?" if near else "commands: /bascule merge, why, hold, rollback, dispute"
    return Verb.UNKNOWN, f"`{typed[:60].replace('`', '')}` is not a command; {hint}"
