"""What advisories say of the versions that a change brings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bascule.kit import Answer, Ask, allow, block, wait
from bascule_deps.book import ADVISORIES, book
from bascule_deps.rules.age import DURATION, lasting, span
from bascule_deps.rules.common import NAMES, fits, listed, unread


@book.rule(
    "security",
    "No version that the change brings has a known advisory, and none is known to be malicious.",
    {
        "known": {
            "enum": ["block", "allow"],
            "description": "allow: an advisory is accepted that the version before has, too.",
        },
        "allow": {**NAMES, "description": "Globs of ids that are accepted; never of malicious packages."},
        "uncovered": {
            "enum": ["wait", "allow"],
            "description": "allow: accept ecosystems that no advisories are published for (docker, helm, terraform).",
        },
        "fresh": {**DURATION, "description": "How old the given file of advisories may be, by its own `at`."},
    },
    needs=ADVISORIES,
)
def security(ask: Ask) -> Iterator[Answer]:
    """Block versions with advisories; wait for those that nobody could judge."""
    if (unreadable := unread(ask)) is not None:
        yield unreadable
        return
    rows, records = ask.evidence["rows"], ask.evidence["records"]
    bad: list[str] = []
    unknown: list[str] = []
    fixed: list[str] = []
    paths: dict[str, None] = {}
    for row in rows:
        name = f"{row['name']} {row['version']}"
        hits = [i for i in row["ids"] if _counts(i, row, records[i], ask.params)]
        bad += [f"{name} {_said(i, records[i])}" for i in hits]
        if hits:
            paths |= dict.fromkeys(row["files"])
        ended = [i for i in row["before"] if i not in row["ids"]]
        fixed += [f"{name} fixes {i}" for i in ended]
        if row["problem"] and (row["covered"] or ask.params.get("uncovered", "wait") == "wait"):
            unknown.append(f"{name} {row['problem']}")
    stale = _stale(ask)
    if bad:
        yield block(
            listed(bad), expected="versions without a known advisory",
            fix="take a version that is fixed, or let a person decide", paths=paths,
        )  # fmt: skip
    if stale is not None:
        yield stale
    if unknown:
        yield wait(
            listed(unknown), expected="advisories that could be read for every new version",
            fix="name the service (BASCULE_SERVICE_OSV), or give the file `advisories`; else leave it to a person",
        )  # fmt: skip
    if not bad and not unknown and stale is None:
        more = f"; {listed(fixed)}" if fixed else ""
        yield allow(f"{len(rows)} version{'' if len(rows) == 1 else 's'}, none with a known advisory{more}")


def _counts(name: str, row: Mapping[str, Any], record: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    if record["malicious"]:
        return True
    if any(fits(i, params.get("allow", ())) for i in (name, *record["aliases"])):
        return False
    return not (params.get("known") == "allow" and name in row["before"])


def _said(name: str, record: Mapping[str, Any]) -> str:
    if record["malicious"]:
        return f"is known to be malicious ({name})"
    more = ", ".join(part for part in (record["severity"], record["summary"]) if part)
    return f"has the advisory {name}{f' ({more})' if more else ''}"


def _stale(ask: Ask) -> Answer | None:
    most, at = ask.params.get("fresh"), ask.evidence["at"]
    if most is None or not ask.evidence["file"]:
        return None
    expected = f"a file of advisories that is at most {lasting(span(most))} old"
    if not at:
        return wait("the given file of advisories does not say when it was made", expected=expected, fix="state `at`")
    age = ask.now - datetime.fromisoformat(at)
    if age <= span(most):
        return None
    return wait(f"the given file of advisories is {lasting(age)} old", expected=expected, fix="make it again")
