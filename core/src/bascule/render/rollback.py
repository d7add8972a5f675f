"""A rollback as Markdown: the sticky comment on the original, the pull request's body, the issue; and its rows of text.

Names, titles and reasons are escaped (:mod:`bascule.render.spans`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from bascule.messages import result as words
from bascule.messages.wording import code, count, listed, short
from bascule.render import facts as f
from bascule.render.spans import inline_html, markdown, pieces
from bascule.types import Result, RollbackReport, RunStatus, Status, TimelineRow

LIMIT = 60_000
"""Characters; GitHub takes 65,536."""
_MOST = 10
_TABLE = "| UTC | |\n|---|---|"


def comment(report: RollbackReport, result: Result, *, run_url: str = "") -> str:
    """Return the body of the original pull request's sticky comment after a rollback, or after one that a person must
    finish."""
    done = result.status is RunStatus.MERGED
    facts = report.facts
    why = facts.headline or report.reason
    if done:
        head = f"↩️ Rolled back: {why}" if why else f"↩️ Rolled back by {_who(report)}"
    else:
        head = "⚠️ Rolling this back takes a person"
    parts = [f"### {markdown(head, cell=False, limit=200)}"]
    parts += [markdown(facts.evidence, cell=False)] if facts.evidence else []
    if done:
        parts.append(timeline(report, result))
        parts.append(_files(report))
        parts.append("Wrong call? `/bascule dispute REASON` records it. Next: fix, and open a **new** pull request.")
    else:
        parts += _open(result)
    parts += [_folded(facts.details)] if facts.details else []
    parts.append(_footer(report, result, run_url))
    return _cut(f"{words.STICKY}\n" + "\n\n".join(p for p in parts if p))


def pull_body(report: RollbackReport, trailer: str) -> str:
    """Return the body of the rollback's pull request: why, what and when, and the trailer that binds it."""
    why = report.facts.headline or report.reason or "no reason was given"
    how = "the tree before the merge" if report.exact else "merged with what came later, without a conflict"
    tree = markdown(code((report.tree or "")[:12]))
    parts = [
        f"Rolls back #{report.of} {markdown(report.title, cell=False)}: {markdown(why, cell=False)}",
        markdown(report.facts.evidence, cell=False) if report.facts.evidence else "",
        f"Asked by {markdown(_who(report), cell=False)}. One commit; its tree {tree} is {how}.",
        timeline(report, None),
        _files(report),
        f"{trailer}: {report.undoes}",
    ]
    return _cut("\n\n".join(p for p in parts if p))


def issue_body(report: RollbackReport, result: Result, mark: str) -> str:
    """Return the body of the issue: the timeline, and where to look."""
    pull = f" by #{report.pull}" if report.pull else ""
    why = report.facts.headline or report.reason
    parts = [
        mark,
        f"#{report.of} was rolled back{pull}{': ' + markdown(why, cell=False) if why else '.'}",
        markdown(report.facts.evidence, cell=False) if report.facts.evidence else "",
        timeline(report, result),
        _files(report),
        _folded(report.facts.details) if report.facts.details else "",
    ]
    return _cut("\n\n".join(p for p in parts if p))


def rows(report: RollbackReport) -> list[str]:
    """Return the rollback in plain lines, for a terminal: commits, files, tree, later commits."""
    lines = [f"undoes   {report.undoes} · {count(report.commits, 'commit')} up to {short(report.landed)}"]
    lines.append(f"files    {count(len(report.files), 'file')}: {_plain(listed(report.files, limit=5))}")
    if report.tree is not None:
        same = "identical to the tree before the merge" if report.exact else "merged with later commits"
        lines.append(f"tree     {report.tree[:12]}, {same}")
    if report.landed_tree is not None:
        lines.append(f"landed   {report.landed_tree[:12]}, {'as expected' if report.verified else 'NOT AS EXPECTED'}")
    if report.conflicts:
        lines.append(f"conflict {_plain(listed(report.conflicts, limit=8))}")
    lines += [
        f"later    {short(c.sha)} {_plain(code(c.title))} · {_plain(listed(c.paths))}" for c in report.overlap[:8]
    ]
    lines.append(f"branch   {report.branch}{f' · #{report.pull}' if report.pull else ''}")
    lines.append(f"checks   {'not waited for' if report.checks == 'skip' else 'waited for'} · machine: {report.mode}")
    return lines


def timeline(report: RollbackReport, result: Result | None) -> str:
    """Return the moments as a table, oldest first; those without a known time come last, in the given order."""
    found = [TimelineRow(at=report.merged_at, text=f"merged {code(short(report.landed))}"), *report.facts.rows]
    if result is not None and result.merge is not None:
        window = result.window
        kept = ", protection was not touched" if window is None else ", protection identical" if _same(result) else ""
        found.append(TimelineRow(at=report.done_at, text=f"reverted by {code(short(result.merge.sha))}{kept}"))
    found.sort(key=lambda r: (not r.at, r.at))
    days = {r.at[:10] for r in found if r.at}
    return "\n".join([_TABLE, *(_row(r, days) for r in found)])


def with_later(body: str, later: Iterable[TimelineRow]) -> str:
    """Return a comment, as :func:`comment` made it, with moments added that came ``later``; what has them is unchanged.

    For the comment of an earlier run, whose window nobody knows any more.
    """
    start = body.find(f"{_TABLE}\n")
    if start < 0:
        return body
    table = body[start:].split("\n\n", 1)[0]
    days = {r.at[:10] for r in later} | ({"another"} if re.search(r"^\| \d\d \w+ ", table, re.MULTILINE) else set())
    new = [row for r in later if (row := _row(r, days)) not in table.splitlines()]
    return _cut("\n".join([body[: start + len(table)], *new]) + body[start + len(table) :])


def _row(row: TimelineRow, days: set[str]) -> str:
    return f"| {_clock(row.at, days)} | {markdown(row.text)} |"


def _clock(at: str, days: set[str]) -> str:
    if not at:
        return "?"
    moment = datetime.fromisoformat(at)
    return f"{moment:%H:%M}" if len(days) == 1 else f"{moment:%d %b %H:%M}"


def _same(result: Result) -> bool:
    window = result.window
    return window is not None and window.restored and window.snapshot_sha256 == window.live_sha256


def _who(report: RollbackReport) -> str:
    return code(report.by) if report.by else "the watch"


def _files(report: RollbackReport) -> str:
    if not report.overlap:
        return ""
    lines = [f"- {markdown(code(short(c.sha)))} {markdown(c.title, cell=False)}: {markdown(listed(c.paths))}"
             for c in report.overlap[:_MOST]]  # fmt: skip
    return "Later commits touched the same files and are kept:\n\n" + "\n".join(lines)


def _open(result: Result) -> Iterable[str]:
    """Yield what stands in the way, as a table."""
    found = [c for c in f.facts(result).open if c.status is not Status.WAIT] or list(f.facts(result).open)
    if not found:
        yield markdown(f.headline(result), cell=False)
        return
    table = [f"| **{markdown(f.name(c))}** | {markdown(c.found)} | {markdown(c.fix)} |" for c in found[:_MOST]]
    yield "\n".join(["| | found | fix |", "|---|---|---|", *table])


def _folded(details: str) -> str:
    return f"<details><summary>{inline_html('Graph, queries, journal')}</summary>\n\n{details}\n\n</details>"


def _footer(report: RollbackReport, result: Result, run_url: str) -> str:
    run = f"[{markdown(result.run, cell=False)}]({run_url})" if run_url else markdown(code(result.run))
    there = f"pull request #{report.pull} · " if report.pull else ""
    return f"{there}undoes {markdown(code(report.undoes[:14]))} · run {run}"


def _plain(text: str) -> str:
    return "".join(part for _, part in pieces(text))


def _cut(body: str) -> str:
    return body if len(body) <= LIMIT else f"{body[: LIMIT - 1]}…"
