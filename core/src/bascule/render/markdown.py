"""A result as Markdown: the one sticky comment of a pull request, and the body of a check run.

Names, titles and plugins' words are escaped (:mod:`bascule.render.spans`): nothing pings, links, or becomes HTML. What
does not fit GitHub's limit is left out from the details first, and said.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from bascule.messages import result as words
from bascule.messages.wording import code, count, short
from bascule.render import facts as f
from bascule.render.spans import inline_html, markdown, plain
from bascule.types import Check, PackRef, Relaxation, Result, RunStatus, Status

LIMIT = 65_536
"""Characters of a comment or of a check run's summary that GitHub takes."""
_FRAME = 500
"""Room for table heads, blank lines and the notes about what was left out."""
_MOST = 10
"""Alarms and packs that are named; more are counted."""
TITLE_LIMIT = 140
"""Characters of a commit status's description; check run titles keep to it too."""


@frozen(kw_only=True)
class CheckOutput:
    """What to put on the head commit.

    ``conclusion`` is for a check run (success, neutral, failure), ``state`` for a commit status (success, pending,
    failure, error). ``title`` is at most 140 characters and serves as description of a status; ``summary`` is Markdown.
    """

    conclusion: str
    state: str
    title: str
    summary: str


def wanted(result: Result, notify: str) -> bool:
    """Return whether ``result`` deserves a comment under ``notify.comment`` (never, problems, always).

    Nothing is ever said for a plain allow or for waiting: the check on the commit shows both, and texts that come and
    go are noise. A merge speaks up when protection was relaxed for it.
    """
    if notify == "never":
        return False
    if result.alarms or f.not_restored(result) or result.status in {RunStatus.BLOCKED, RunStatus.FAILED}:
        return True
    if result.status is RunStatus.MERGED:
        return notify == "always" or (result.window is not None and bool(result.window.relaxations))
    return False


def comment(result: Result, *, run_url: str = "", limit: int = LIMIT) -> str:
    """Return the body of the sticky comment, at most ``limit`` characters.

    ``run_url`` is where the run's log is; empty leaves the run's id without a link.
    """
    return body(result, run_url=run_url, limit=limit - len(words.STICKY) - 1, before=f"{words.STICKY}\n")


def check_output(result: Result, *, advisory: bool = False, run_url: str = "") -> CheckOutput:
    """Return what to write on the head commit.

    ``advisory`` (modes observe and propose) makes a blocked change neutral: Bascule only watches there, and a red
    cross would be taken for a broken build. Waiting is never red.
    """
    code_ = int(f.exit_code(result))
    conclusion = {0: "success", 8: "neutral", 1: "neutral" if advisory else "failure"}.get(code_, "failure")
    state = {0: "success", 8: "pending", 1: "success" if advisory else "failure"}.get(code_, "error")
    return CheckOutput(
        conclusion=conclusion, state=state, title=title(result), summary=body(result, run_url=run_url, limit=LIMIT - 1)
    )


def title(result: Result) -> str:
    """Return the result in one plain line of at most 140 characters."""
    found = f.facts(result)
    names = list(dict.fromkeys(f.name(c) for c in found.open))
    if f.not_restored(result):
        text = f"{words.NOT_RESTORED}: {words.restore_command(f.left_open_by(result))}"
    elif result.status is RunStatus.BLOCKED and names:
        text = f"{words.to_fix(found.failed, found.waiting)}: {', '.join(names)}"
    elif result.status is RunStatus.WAITING and names:
        text = f"Waiting for {', '.join(names)}"
    elif result.status is RunStatus.MERGEABLE:
        text = f"Would merge: {words.gates_pass(len(found.passed)).lower()}"
    else:
        text = f.headline(result)
    text = plain(text)
    return text if len(text) <= TITLE_LIMIT else f"{text[: TITLE_LIMIT - 1]}…"


def body(result: Result, *, run_url: str = "", limit: int = LIMIT, before: str = "") -> str:
    """Return the Markdown of ``result``, at most ``limit`` characters after ``before``."""
    found = f.facts(result)
    above = [f"### {_heading(result, found)}", _lead(result, found)]
    below = [_protection(result), *_after(result, found), _evidence(result)]
    last = _footer(result, run_url)
    summary = f"<details><summary>{_details_title(result)}</summary>"

    # What matters most is fitted in first: what is always short, then what stands in the way, then the details.
    room = limit - sum(len(b) + 2 for b in (*above, *below, last, summary)) - _FRAME
    # Rows are made as they are fitted in: of thousands, a comment holds a few hundred.
    shown_open, room = _fitting(map(_open_row, found.open), room)
    shown_details, _ = _fitting(map(_detail_row, found.checks), room)
    if found.open:
        above.append(_table("| | found | expected | fix |", "|---|---|---|---|", shown_open, len(found.open)))
    if found.checks:
        table = _table("| | gate | found | policy |", "|---|---|---|---|", shown_details, len(found.checks))
        below.append(f"{summary}\n\n{table}\n\n</details>")
    return before + "\n\n".join(b for b in (*above, *below, last) if b)


def _heading(result: Result, found: f.Facts) -> str:
    if f.not_restored(result):
        return f"🚨 {words.NOT_RESTORED.capitalize()}"
    rows = words.to_fix(found.failed, found.waiting)
    return {
        RunStatus.MERGED: "✅ Merged by Bascule",
        RunStatus.MERGEABLE: "✅ Bascule can merge this",
        RunStatus.BLOCKED: "⛔ Bascule will not merge this" + (f" · {rows}" if rows else ""),
        RunStatus.WAITING: "⏳ Bascule waits" + (f" for {count(found.waiting, 'thing')}" if found.waiting else ""),
        RunStatus.NOOP: "Bascule has nothing to do",
        RunStatus.FAILED: "❌ Bascule failed",
    }[result.status]


def _lead(result: Result, found: f.Facts) -> str:
    """Return the sentence under the heading."""
    if f.not_restored(result):
        return markdown(f.headline(result), cell=False)
    if result.status is RunStatus.MERGED and result.merge is not None and result.change is not None:
        gates = f"{words.gates_pass(len(found.passed))} at {code(short(result.change.head_sha))}."
        method = result.plan.merge.method if result.plan else ""
        lead = f"{words.landed(result.merge.sha, method)} {f.tagged(result)}".strip()
        released = ""
        if result.merge.release:
            from urllib.parse import quote

            # Quoting leaves no parenthesis that could end the address early.
            address = quote(result.merge.release, safe=":/%@+~")
            released = f"\n\nRelease: [{markdown(result.merge.tag, cell=False)}]({address})"
        return markdown(f"{lead} {gates}", cell=False) + released
    if result.status in {RunStatus.BLOCKED, RunStatus.WAITING} and found.open:
        return markdown(result.summary, cell=False) if result.summary else ""
    return markdown(f.headline(result), cell=False)


def _protection(result: Result) -> str:
    """Return what happened to protection, as a small table; empty where nothing was touched."""
    window = result.window
    if window is None:
        return ""
    rows = [f"| temporarily allowed | {markdown(_edit(r))} |" for r in window.relaxations] or [
        "| temporarily allowed | nothing |"
    ]
    if window.exposure_seconds is not None and window.relaxations:
        rows.append(f"| open for | {f.seconds(window.exposure_seconds)} |")
    digest = code(f"sha256:{window.live_sha256[:12]}")
    identical = window.snapshot_sha256 == window.live_sha256
    if not window.restored:
        rows.append(f"| restored | ✗ **{words.not_restored(window.live_sha256, window.snapshot_sha256)}** |")
    else:
        rows.append(f"| restored | {'✓' if identical else '!'} {words.restored(identical=identical)} ({digest}) |")
        if window.verified is not None:
            rows.append(f"| verified | {'✓' if window.verified else '✗'} {words.verified(window.verified)} |")
    return "\n".join(["| protection | |", "|---|---|", *rows])


def _evidence(result: Result) -> str:
    """Return what the rules were asked about and where it came from, folded away; empty where there is none."""
    rows = [
        f"| {markdown(code(p.kind))} | {markdown(p.summary, limit=200)} | {markdown(p.origin)} |"
        for p in f.proofs(result)
    ]
    if not rows:
        return ""
    table = _table("| evidence | says | from |", "|---|---|---|", rows[:_MOST], len(rows))
    return f"<details><summary>Evidence</summary>\n\n{table}\n\n</details>"


def _edit(relaxation: Relaxation) -> str:
    who = words.ADMITS[relaxation.admits.value]
    return f"{f.setting(relaxation)}: {code(relaxation.field)} {f.edit(relaxation)}; {who}"


def _after(result: Result, found: f.Facts) -> Iterable[str]:
    """Yield what comes between the tables and the details: alarms, the rest, the next step."""
    yield from (f"🚨 {markdown(alarm, cell=False)}" for alarm in result.alarms[:_MOST])
    if len(result.alarms) > _MOST:
        yield f"🚨 {count(len(result.alarms) - _MOST, 'more alarm')}"
    if result.status in {RunStatus.BLOCKED, RunStatus.WAITING} and not f.not_restored(result):
        others = len(found.passed) < len(found.checks)
        rest = f"{words.gates_pass(len(found.passed), others=others)}. " if found.passed else ""
        unchanged = f"{words.NOTHING_CHANGED} " if f.untouched(result) else ""
        yield f"{rest}{unchanged}{words.person_can_merge()}"
    if result.next:
        command = result.next.startswith("bascule ") and "`" not in result.next
        yield f"Next: {markdown(code(result.next) if command else result.next, cell=False)}"


def _open_row(check: Check) -> str:
    sign = " …" if check.status is Status.WAIT else ""
    sign += f" ({markdown(check.source)})" if check.source.startswith(f.PROTECTION) else ""
    cells = (f"**{markdown(f.name(check))}**{sign}", *(markdown(t) for t in (check.found, check.expected, check.fix)))
    return f"| {' | '.join(cells)} |"


def _detail_row(check: Check) -> str:
    where = markdown(code(f.place(check.where))) if check.where else ""
    return f"| {words.HEADINGS[check.status.value]} | {markdown(f.name(check))} | {markdown(check.found)} | {where} |"


def _details_title(result: Result) -> str:
    head = f" at {code(short(result.change.head_sha))}" if result.change else ""
    policy = f", policy {f.policy(result)}" if result.packs else ""
    return inline_html(f"All gates{head}{policy}")


def _footer(result: Result, run_url: str) -> str:
    """Return the last line: what can be commented, which policy, which run."""
    base = result.change.url.rpartition("/pull/")[0] if result.change else ""
    policies = [_policy(p, base) for p in result.packs[:_MOST]]
    if len(result.packs) > _MOST:
        policies.append(f"{len(result.packs) - _MOST} more")
    run = f"run [{markdown(result.run, cell=False)}]({run_url})" if run_url else f"run {markdown(code(result.run))}"
    ask = "" if result.status is RunStatus.MERGED else "`/bascule why`"
    return " · ".join(p for p in (ask, f"policy {', '.join(policies)}" if policies else "", run) if p)


def _policy(pack: PackRef, base: str) -> str:
    """Return the pack as a link to the file that was read; as its name where there is no address."""
    from urllib.parse import quote

    if not base or not pack.commit:
        return markdown(code(pack.path))
    # Quoting leaves no parenthesis that could end the address early.
    return (
        f"[{markdown(pack.path, cell=False)}]({base}/blob/{pack.commit}/{quote(pack.path, errors='surrogateescape')})"
    )


def _fitting(rows: Iterable[str], room: int) -> tuple[list[str], int]:
    """Return the rows that fit into ``room`` characters, and the room that is left."""
    fitted: list[str] = []
    for row in rows:
        if len(row) + 1 > room:
            break
        fitted.append(row)
        room -= len(row) + 1
    return fitted, room


def _table(head: str, rule: str, rows: list[str], total: int) -> str:
    table = "\n".join([head, rule, *rows])
    return table if len(rows) == total else f"{table}\n\n{words.cut_short(total - len(rows))}"
