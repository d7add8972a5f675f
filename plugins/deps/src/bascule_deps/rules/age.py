"""How long a version must have been out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from bascule.kit import Answer, Ask, allow, block, wait
from bascule_deps.book import ADVISORIES, RELEASES, book
from bascule_deps.rules.common import NAMES, fits, listed, unread

DURATION = {"type": "string", "pattern": "^[1-9][0-9]{0,3}[mhd]$", "description": "A number of minutes, hours, days."}
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_LEVELS = ("digest", "build", "prerelease", "patch", "minor", "major", "downgrade", "unknown", "added")


@cache
def span(text: str) -> timedelta:
    """Return a parameter such as ``7d`` as a length of time."""
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})


def lasting(length: timedelta) -> str:
    """Return a length of time in words: ``9 h``, ``7 d``."""
    minutes = max(0, int(length.total_seconds()) // 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"


@book.rule(
    "release-age",
    "Every version that the change brings has been out for a while, and is not yanked.",
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["min"],
        "properties": {
            "min": DURATION,
            "levels": {
                "type": "object", "additionalProperties": False, "properties": dict.fromkeys(_LEVELS, DURATION),
                "description": "Other ages by how far the step goes.",
            },
            "overrides": {
                "type": "array",
                "description": "Other ages by name or ecosystem; the first that fits decides.",
                "items": {
                    "type": "object",
                    "properties": {"names": NAMES, "ecosystems": NAMES, "min": DURATION},
                    "required": ["min"],
                    "additionalProperties": False,
                },
            },
            "security": {
                "enum": ["wait", "exempt"],
                "description": "exempt: a version that ends a known advisory, and has none itself, need not be old.",
            },
            "believe": {
                "type": "array", "items": {"enum": ["lockfile", "commit"]}, "uniqueItems": True,
                "description": "Times that are only stated: by the change's lockfile, or by a commit's author.",
            },
        },
    },
    needs=RELEASES,
)  # fmt: skip
def release_age(ask: Ask) -> Iterator[Answer]:
    """Block what is yanked, wait for what is young, and for what nobody could tell the age of."""
    if (unreadable := unread(ask)) is not None:
        yield unreadable
        return
    wrong, young, unknown, fixes = [], [], [], []
    last: datetime | None = None
    paths: dict[str, None] = {}
    fixing = _fixing(ask) if ask.params.get("security") == "exempt" else {}
    rows = ask.evidence["releases"]
    for row in rows:
        name, least = f"{row['name']} {row['version']}", _least(row, ask.params)
        if row["wrong"]:
            wrong.append(f"{name} {row['wrong']}")
            paths |= dict.fromkeys(row["files"])
        elif ids := fixing.get((row["ecosystem"], row["name"], row["version"])):
            fixes.append(f"{name} fixes {ids[0]}")
        elif not row["at"]:
            unknown.append(f"the age of {name}: it {row['problem']}" if row["problem"] else f"the age of {name}")
        elif row["by"] in {"lockfile", "commit"} and row["by"] not in ask.params.get("believe", ()):
            whose = "the change's own lockfile" if row["by"] == "lockfile" else f"{row['source']}, from its commit,"
            unknown.append(f"the age of {name}: only {whose} states it")
        elif (until := datetime.fromisoformat(row["at"]) + least) > ask.now:
            age = ask.now - datetime.fromisoformat(row["at"])
            young.append(f"{name} is {lasting(age)} old, by {row['source']}")
            last = until if last is None else max(last, until)
    if wrong:
        yield block(
            listed(wrong), expected="versions that their registry still offers",
            fix="take another version, or close the pull request", paths=paths,
        )  # fmt: skip
    if young and last is not None:
        yield wait(
            listed(young),
            expected=f"versions that have been out for {_need(ask.params)}",
            fix=f"wait; eligible {last.astimezone(UTC):%d %b %H:%M} UTC",
            eligible_at=last.astimezone(UTC).isoformat(),
        )
    if unknown:
        yield wait(
            f"nobody could tell {listed(unknown)}",
            expected="for every new version, when it was published",
            fix="name the service (BASCULE_SERVICE_...), or give the file `releases`; else leave it to a person",
        )
    if not wrong and not young and not unknown:
        old = len(rows) - len(fixes)
        parts = [f"{_count(old)} out for at least {_need(ask.params)}"] if old or not fixes else []
        yield allow("; ".join([*parts, *([listed(fixes)] if fixes else [])]) if rows else "no version is new")


def _count(number: int) -> str:
    return f"{number} version{'' if number == 1 else 's'}"


def _least(row: Mapping[str, Any], params: Mapping[str, Any]) -> timedelta:
    for override in params.get("overrides", ()):
        names, ecosystems = override.get("names", ["*"]), override.get("ecosystems", ["*"])
        if fits(row["name"], names) and fits(row["ecosystem"], ecosystems):
            return span(override["min"])
    return span(params.get("levels", {}).get(row["level"], params["min"]))


def _need(params: Mapping[str, Any]) -> str:
    ages = {span(params["min"]), *(span(v) for v in params.get("levels", {}).values())}
    ages |= {span(o["min"]) for o in params.get("overrides", ())}
    least, most = min(ages), max(ages)
    return lasting(least) if least == most else f"{lasting(least)} to {lasting(most)}"


def _fixing(ask: Ask) -> dict[tuple[str, str, str], list[str]]:
    """Return the versions that end an advisory and have none, with the ids of what they end."""
    proof = next((e for e in ask.ctx.evidence if e.kind == ADVISORIES), None)
    found = {}
    for row in proof.data["rows"] if proof is not None else ():
        if row["before"] and not row["ids"] and not row["problem"]:
            found[row["ecosystem"], row["name"], row["version"]] = list(row["before"])
    return found
