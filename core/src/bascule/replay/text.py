"""The report for a terminal."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterable, Sequence

from bascule.messages import replay as say
from bascule.messages.wording import count, shown
from bascule.render import Look, tree
from bascule.render.look import finish
from bascule.render.spans import terminal
from bascule.replay.records import Judged, Outcome, Report, Row, Shown

_LISTED = 10
_REASONS = 6


def text(report: Report, look: Look, *, path: str, last: bool) -> str:
    """Return ``report`` as text without a trailing newline.

    Args:
        report: what was found.
        look: what the output can show.
        path: the repository as the person named it, for the next steps.
        last: whether only the newest changes were asked for.
    """
    texts = [
        _figures(report),
        _reverted(report),
        _comparison(report) if report.other is not None else [],
        [say.unknowable(report.uncounted, branch=bool(report.about.branch), skipped=report.skipped)],
    ]
    blocks = [
        _shaped(_head(report, last=last), look),
        _table(report) if report.policy.packs else [],
        *(_shaped(block, look) for block in texts),
        _next(report, shlex.quote(path)),  # commands are copied, so they are never wrapped
    ]
    lines: list[str] = []
    for block in filter(None, blocks):
        lines += ([""] if lines else []) + block
    return finish(look, lines)


def _shaped(lines: Iterable[str], look: Look) -> list[str]:
    return [part for line in lines for part in _wrapped(terminal(line), look.width)]


def text_of(one: Shown, look: Look) -> str:
    """Return one change with its verdict as text without a trailing newline."""
    change = one.change
    number = f"#{change.number} " if change.number else ""
    head = f"{one.about.name} {number}{change.head_sha[:7]}  {shown(change.title)}"
    lines = [head]
    if one.asked:
        lines.append(f"{one.asked[:7]} landed with it")
    facts = f"{change.read_at:%d %b %Y} · {count(len(change.files), 'file')}"
    lines.append(f"{facts} · content only: {say.OUTCOME[one.outcome.value]}")
    lines.append("")
    if one.verdict is None:
        lines.append("No rulepack binds any of its files, so Bascule would do nothing.")
    else:
        lines.append(tree(one.verdict, color=look.color, width=look.width, ascii=look.ascii))
    if one.reverted is not None:
        found = one.reverted
        lines += ["", f"Reverted after {say.age(found.seconds)} by {found.by[:7]} ({say.SHOWN[found.how]})"]
        if found.undone_by is not None:
            lines[-1] += f"; that was reverted in turn by {found.undone_by[:7]}"
    return finish(look, [terminal_line for line in lines for terminal_line in line.split("\n")])


def _wrapped(line: str, width: int) -> list[str]:
    indent = " " * (len(line) - len(line.lstrip(" ")) + 2)
    return textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]


def _head(report: Report, *, last: bool) -> list[str]:
    days = [f"{c.at:%d %b %Y}" for c in report.changes]
    first, newest = (days[-1], days[0]) if days else ("-", "-")
    about = report.about
    lines = [say.heading(about.name, about.branch, len(report.changes), last, first, newest, report.seconds)]
    policy = report.policy
    names = [p.name for p in policy.packs]
    lines.append(say.judged_by(policy.origin, policy.place, names) if names else say.NOTHING_FITS)
    if report.other is not None:
        lines.append(say.compared_with(report.other.place, [p.name for p in report.other.packs]))
    lines += [say.broken_plugin(name, reason) for name, reason in report.broken]
    return lines


def _table(report: Report) -> list[str]:
    cells = [say.COLUMNS, *(_cells(row) for row in report.rows)]
    unbound = report.count(Outcome.UNBOUND)
    cells.append((say.NO_SCENARIO, f"{unbound:,}", *([say.NONE] * 4)))
    widths = [max(len(row[at]) for row in cells) for at in range(len(say.COLUMNS))]
    return [
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in cells
    ]


def _cells(row: Row) -> tuple[str, ...]:
    # Without anything allowed there is nothing that a revert could speak against.
    reverted = f"{row.reverted:,}" if row.allowed else say.NONE
    tool = f"{row.needs_tool:,}" if row.needs_tool else say.NONE
    allowed = f"{row.allowed:,}" if row.allowed or not row.needs_tool else say.NONE
    return row.scenario, f"{row.changes:,}", allowed, f"{row.blocked:,}", tool, reverted


def _figures(report: Report) -> list[str]:
    if not report.policy.packs:
        return []
    lines = [say.allowed(report.count(Outcome.ALLOWED), len(report.changes))]
    if report.reasons:
        lines.append(say.top("Top reasons", report.reasons, limit=_REASONS, names=False))
    if report.unclaimed:
        lines.append(say.top("Most often unclaimed", report.unclaimed, limit=_REASONS, names=True))
    several = sum(1 for c in report.changes if len(c.opinion.scenarios) > 1)
    if several:
        lines.append(say.several_rows(several))
    policy = report.policy
    if report.count(Outcome.NEEDS_TOOL) and policy.unready:
        lines.append(say.unready(policy.unready))
    bare = sorted(
        {p.scenario for p in policy.packs} - {p.scenario for p in policy.packs if p.rules} - {*policy.unready}
    )
    if bare:
        lines.append(say.without_rules(bare))
    return lines


def _reverted(report: Report) -> list[str]:
    if not report.policy.packs:
        return []
    lines = ["* allowed, later reverted:"] if report.reverted else [say.NOTHING_REVERTED]
    lines += [f"  {line}" for line in _cut(_revert(c) for c in report.reverted)]
    if report.reinstated:
        lines.append(say.reinstated(len(report.reinstated)))
    return lines


def _revert(change: Judged) -> str:
    found = change.reverted
    assert found is not None  # only such changes are listed
    return say.was_reverted(change.sha, change.title, say.age(found.seconds), found.by, found.how, part=found.part)


def _comparison(report: Report) -> list[str]:
    found = report.differences
    other = sum(1 for c in report.changes if c.other is not None and c.other.outcome is Outcome.ALLOWED)
    lines = [
        f"Compared: {say.allowed(other, len(report.changes))[0].lower()}{say.allowed(other, len(report.changes))[1:]}"
    ]
    lines.append(say.differences(len(found), len(report.changes)))
    return lines + [f"  {line}" for line in _cut(_difference(c) for c in found)]


def _difference(change: Judged) -> str:
    assert change.other is not None  # only compared changes are listed
    before, after = change.opinion, change.other
    why = after.reasons or before.reasons
    return say.differs(change.sha, change.title, before.outcome.value, after.outcome.value, [r.found for r in why])


def _cut(lines: Iterable[str]) -> list[str]:
    every = list(lines)
    return [*every[:_LISTED], *([say.more(len(every) - _LISTED)] if len(every) > _LISTED else [])]


def _next(report: Report, path: str) -> list[str]:
    blocked = [c for c in report.changes if c.opinion.outcome is Outcome.BLOCKED]
    picked: Sequence[Judged] = report.reverted or blocked or report.changes
    sha = picked[0].sha if picked and report.policy.packs else ""
    return list(say.next_steps(path, sha, own=report.policy.origin != "defaults"))
