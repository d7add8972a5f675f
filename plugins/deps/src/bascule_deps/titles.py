"""What the title of an update says: Dependabot's and Renovate's usual forms, with any prefix before them."""

from __future__ import annotations

import re
from typing import Any

from attrs import frozen

_PREFIX = re.compile(r"^(?:\W*\w[\w ]*(?:\([^)]*\))?!?:\s*|\[[^\]]*\]\s*)+", re.UNICODE)
_SUFFIX = re.compile(
    r"\s*(?:\(#\d+\)|\[security\]|\((?:major|minor|patch)\)|- autoclosed|\([^()]*\bbranch\b[^()]*\))\s*$", re.I
)
_BUMP = re.compile(r"bumps?\s+(?P<name>\S+)\s+from\s+(?P<before>\S+)\s+to\s+(?P<after>\S+?)(?:\s+in\s+.*)?", re.I)
_GROUP = re.compile(
    r"bumps?\s+the\s+(?P<group>\S+)\s+group(?:\s+in\s+\S+|\s+across\s+\d+\s+director\w+)?"
    r"(?:\s+with\s+(?P<count>\d+)\s+updates?.*)?",
    re.I,
)
_NAMED = re.compile(r"bumps?\s+(?P<name>\S+)(?:\s+in\s+.*)?", re.I)
_LIST = re.compile(r"bumps?\s+(?P<names>\S+(?:,\s+\S+)*,?\s+and\s+\S+)(?:\s+in\s+.*)?", re.I)
_UPDATE = re.compile(
    r"(?:updates?|upgrades?|pins?|bumps?)\s+(?:dependency\s+|module\s+|(?:rust\s+)?crate\s+|helm\s+release\s+|terraform\s+|plugin\s+"
    r"|image\s+|actions?\s+|chart\s+|package\s+)?(?P<name>\S+)(?P<kind>(?:\s+(?:action|docker\s+tag|docker\s+digest|digest|orb|monorepo"
    r"|packages|deps|docker|tag|image|pre-commit\s+hook|hook|helm\s+release|to\s+latest|requirement))*)"
    r"\s+(?:from\s+(?P<before>\S+)\s+)?to\s+(?P<after>\S+)",
    re.I,
)
_AUTO = re.compile(r"pre-commit\s+auto-?update", re.I)
_LOCK = re.compile(r"(?:lock\s*file\s+maintenance|update\s+lock\s*files?)", re.I)
_ALL = re.compile(
    r"updates?\s+(?:all\s+)?(?P<what>.*\b(?:non-major|patch|minor|dependencies|packages|deps|actions)\b.*)", re.I
)


@frozen(kw_only=True)
class Claim:
    """What a title claims. ``names`` empty: it names no package. ``count`` of packages, where it states one.

    ``form``: ``one``, ``list``, ``group``, ``monorepo``, ``lockfile``, ``all``.
    """

    form: str
    names: tuple[str, ...] = ()
    before: str = ""
    after: str = ""
    count: int | None = None


def claim(title: str) -> Claim | None:
    """Return what ``title`` claims, None where it has none of the known forms."""
    text = " ".join(title.split())
    while (cut := _SUFFIX.sub("", text)) != text:
        text = cut
    text = re.sub(r"^\W+(?=\w)", "", _PREFIX.sub("", re.sub(r"^[^\w\[]+", "", text)))
    if found := _GROUP.fullmatch(text):
        return Claim(form="group", count=int(found["count"]) if found["count"] else None)
    if found := _BUMP.fullmatch(text):
        before, after = found["before"].strip("`"), found["after"].strip("`")
        return Claim(form="one", names=(found["name"].strip("`"),), before=before, after=after)
    if found := _LIST.fullmatch(text):
        names = re.split(r",?\s+and\s+|,\s+", found["names"])
        return Claim(form="list", names=tuple(n.strip("`,").rstrip(".") for n in names if n))
    if found := _NAMED.fullmatch(text):
        return Claim(form="list", names=(found["name"].strip("`").rstrip("."),))
    if _LOCK.search(text):
        return Claim(form="lockfile")
    if found := _UPDATE.fullmatch(text):
        form = "monorepo" if re.search(r"monorepo|packages|deps", found["kind"], re.I) else "one"
        return Claim(
            form=form, names=(found["name"].strip("`"),), before=found["before"] or "", after=found["after"].strip("`")
        )
    return Claim(form="all") if _ALL.fullmatch(text) or _AUTO.search(text) else None


def lies(said: Claim, updates: list[dict[str, Any]]) -> list[str]:
    """Return what the diff says against ``said``, in words; empty where the title is true.

    Packages that nobody asks for directly are what an update brings with it, whatever the title.
    """
    asked = [u for u in updates if u["direct"] is not False] or updates
    names = list(dict.fromkeys(u["name"] for u in asked))
    if said.form == "lockfile":
        moved = [u["name"] for u in updates if not u["lock"]]
        return [f"{moved[0]} moves in {_file(updates, moved[0])}, which is no lockfile"] if moved else []
    if not updates:
        return ["no dependency moves at all"]
    if said.form in {"all", "group"}:
        return [] if said.count is None or len(names) <= said.count else [f"{len(names)} packages move: {_some(names)}"]
    if said.form == "monorepo":
        wrong = [u for u in asked if said.after and not _is(u["after"], said.after)]
        return [f"{u['name']} moves to {u['after']}" for u in wrong[:3]]
    found = []
    for name in said.names:
        mine = [u for u in updates if _same(u["name"], name) or _app(u, said)]
        if not mine:
            found.append(f"{name} does not move; {_some(names)} does")
        for u in mine:
            if said.after and not _is(u["after"], said.after) and u["level"] not in {"digest", "removed"}:
                found.append(f"{u['name']} moves to {u['after']} in {u['file']}")
            # A manifest's range may have lain behind what the lockfile beside it said.
            locked = any(m["lock"] and _is(m["before"], said.before) for m in mine)
            if said.before and u["before"] and not _is(u["before"], said.before) and not u["lock"] and not locked:
                found.append(f"{u['name']} comes from {u['before']} in {u['file']}")
    apps = {u["name"] for u in updates if _app(u, said)}
    besides = [n for n in names if n not in apps and not any(_same(n, said_name) for said_name in said.names)]
    manifests = {u["name"] for u in updates if not u["lock"]}
    hidden = [n for n in besides if n in manifests or not manifests]
    if hidden:
        found.append(f"{_some(hidden)} moves, too")
    return list(dict.fromkeys(found))


def _file(updates: list[dict[str, Any]], name: str) -> str:
    return next(str(u["file"]) for u in updates if u["name"] == name and not u["lock"])


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _plain(text: str) -> str:
    return re.sub(r"[_.]+", "-", text.casefold())


def _same(name: str, said: str) -> bool:
    """Return whether ``said`` means ``name``; a title may leave out the address before a last part that is unique."""
    a, b = _plain(name), _plain(said)
    return a == b or a.endswith((f"/{b}", f":{b}")) or b.endswith(f"/{a}") or a.removesuffix("-git") == b


def _app(update: dict[str, Any], said: Claim) -> bool:
    """Return whether a chart's application moves to what the title says: its name there is not the chart's."""
    return str(update["name"]).endswith("#appVersion") and bool(said.after) and _is(update["after"], said.after)


def _is(version: str, said: str) -> bool:
    """Return whether ``said`` (``v4``, ``1.2.3``, a short SHA) means ``version`` (``^4.2.0``, ``4.2``)."""
    a = re.sub(r"^[\^~=<>\sv]+", "", version, flags=re.I)
    b = re.sub(r"^[\^~=<>\sv]+", "", said.rstrip(".,"), flags=re.I)
    return (
        a == b
        or a.startswith((f"{b}.", f"{b}-", f"{b}+"))
        or b.startswith((f"{a}.", f"{a}+"))
        or bool(a and b.startswith(a[:7]) and re.fullmatch(r"[0-9a-f]{7,40}", b))
    )
