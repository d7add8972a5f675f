"""The journal as a table for people: what each entry says in one line, and whether it is to be believed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from attrs import frozen

from bascule import wire
from bascule.messages import journal as say
from bascule.types import Relaxation
from bascule.window.entries import (
    Baseline,
    ChangeRef,
    Entry,
    Flawed,
    Heartbeat,
    Landing,
    Opened,
    Outcome,
    Restored,
    Unrestorable,
    Verified,
)
from bascule.window.keys import Keys
from bascule.window.state import State

COLUMNS = ("UTC", "ENTRY", "RUN", "CHANGE", "WHAT", "KEY", "COMMIT")


@frozen(kw_only=True)
class Row:
    """One line. ``flaw`` is empty for an authentic entry."""

    at: str = ""
    kind: str = ""
    run: str = ""
    change: str = ""
    what: str = ""
    key: str = ""
    sha: str = ""
    flaw: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the cells in the order of :data:`COLUMNS`."""
        return (self.at, self.kind, self.run, self.change, self.what, self.key, self.sha[:10])


def row(item: Entry | Flawed, keys: Keys, stray: str = "") -> Row:
    """Return the line of ``item``; ``stray`` says that it is authentic and yet against the protocol."""
    if isinstance(item, Flawed):
        what = say.not_believed(item.flaw.value, item.detail)
        return Row(kind="✗", what=what, sha=item.sha, flaw=item.flaw.value)
    key = keys.ring.get(item.key)
    return Row(
        at=f"{item.at:%Y-%m-%d %H:%M:%S}",
        kind=f"✗ {item.kind.value}" if stray else item.kind.value,
        run=item.run,
        change=_change(item.body),
        what=say.not_believed(stray, "") if stray else _what(item.body),
        key=f"{key.role.value} {item.key[:6]}" if key is not None else item.key[:6],
        sha=item.sha,
        flaw=stray,
    )


def table(rows: Sequence[Row]) -> str:
    """Return aligned columns with a head; cells are never wrapped, so that a terminal or a pager can decide."""
    lines = [COLUMNS, *(r.cells for r in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(COLUMNS))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines)


def document(item: Entry | Flawed, stray: str = "") -> dict[str, Any]:
    """Return ``item`` as JSON data."""
    if isinstance(item, Flawed):
        return {
            "sha": item.sha,
            "parent": item.parent,
            "authentic": False,
            "flaw": item.flaw.value,
            "detail": item.detail,
        }
    return {
        "sha": item.sha,
        "parent": item.parent,
        "authentic": not stray,
        "flaw": stray or None,
        "kind": item.kind.value,
        "run": item.run,
        "at": item.at.isoformat(),
        "key": item.key,
        "body": wire.dump(item.body),
    }


def strays(before: State, after: State) -> dict[str, str]:
    """Return, by commit, the entries that a fold from ``before`` to ``after`` found to be against the protocol."""
    known = {f.sha for f in before.flaws}
    return {f.sha: f.flaw.value for f in after.flaws if f.sha not in known}


def standing(state: State) -> str:
    """Return the journal's state in one sentence."""
    window, opened = state.window, state.opened
    if window is None or opened is None:
        return say.NO_WINDOW
    at = f"{(state.entry or window).at:%Y-%m-%d %H:%M:%S} UTC"
    if state.is_open:
        return say.state_open(
            window.run, opened.branch, f"{opened.deadline:%H:%M:%S} UTC", expired=state.expired(state.date)
        )
    kind = state.entry.kind.value if state.entry is not None else ""
    return say.state_closed(window.run, opened.branch, kind, at)


def _change(body: object) -> str:
    changes: Iterable[ChangeRef | Landing] = ()
    if isinstance(body, Opened):
        changes = body.changes
    elif isinstance(body, Restored | Outcome):
        changes = body.landed or (body.changes if isinstance(body, Outcome) else ())
    return ", ".join(f"#{c.number}" for c in changes)


def _what(body: object) -> str:
    match body:
        case Opened():
            edits = "; ".join(_edit(r) for r in body.relaxations) or "nothing"
            return f"{body.branch}: {edits} ({body.reason})"
        case Restored():
            landed = ", ".join(x.sha[:10] for x in body.landed)
            parts = [f"{body.outcome} {landed}".strip(), "" if body.relaxed else say.NEVER_RELAXED]
            parts += [f"{body.exposure:.1f} s exposed" if body.exposure is not None else ""]
            parts += [say.alarms(len(body.alarms)) if body.alarms else ""]
            return ", ".join(p for p in parts if p)
        case Verified():
            return say.EQUAL if body.equal else say.NOTHING_OF_OURS
        case Unrestorable():
            return body.why
        case Outcome():
            return f"{body.status}: {body.summary}" if body.summary != body.status else body.status
        case Heartbeat():
            return f"sweeper {body.sweeper}"
        case Baseline():
            return f"{body.branch}: {body.reason} (by {body.by})"
    return ""


def _edit(r: Relaxation) -> str:
    name = r.field.rpartition("required_pull_request_reviews.")[2]
    if r.op == "set":
        return f"{name} {r.before} → {r.after}"
    sign = "+" if r.op == "add" else "-"
    names = ", ".join(str(e.get("name") or e.get("context")) for e in r.elements if isinstance(e, dict))
    return f"{name} {sign} {names}"
