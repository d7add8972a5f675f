"""A result for a terminal: what was decided, why, what would be done or was done, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bascule.messages import result as words
from bascule.messages.wording import code, count, short, shown
from bascule.render import facts as f
from bascule.render.look import STYLES, Look, draw, finish
from bascule.render.spans import plain, terminal
from bascule.render.tree import tree_lines
from bascule.types import Check, Relaxation, Result, RunStatus, Status

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

KEY_RULES = ("files", "authors", "checks")
"""What a person wants to see confirmed even when all is well; other passing gates are counted."""


def text(result: Result, *, verbose: bool = False, color: bool = False, width: int = 100, ascii: bool = False) -> str:
    """Return ``result`` as text without a trailing newline.

    ``verbose`` shows the whole verdict tree instead of the rows that matter. ``width`` in columns (at least 40);
    ``ascii`` writes words for signs. :meth:`Look.of` finds out what a stream can show.
    """
    look = Look(color=color, ascii=ascii, width=max(40, width))
    found = f.facts(result)
    lines = _head(result, look)
    if verbose and result.verdict is not None:
        lines += ["", *tree_lines(result.verdict, look)]
    elif found.checks:
        lines += ["", *_rows(look, _check_rows(found))]
    lines += _evidence(result, look)
    lines += _protection(result, found, look)
    lines += _done(result, look) if result.window or result.merge else _plan(result, look)
    lines += ["", *_tail(result, look)]
    return finish(look, lines)


def _head(result: Result, look: Look) -> list[str]:
    """Return who and what: two lines."""
    change = result.change
    if change is None:
        return [f"run {result.run}"]
    author = change.author.login if change.author else "an unknown account"
    left = f"{change.repo.full_name}#{change.number}  {shown(change.title, limit=200)}"
    lines = _rows_of(look, [("", "", left, f"{author} → {change.base_ref}")], indent=0, raw=True)
    about = [
        f"scenario {f.scenarios(result)}" if result.packs else "",
        f"policy {plain(f.policy(result))}" if result.packs else "",
        f"head {short(change.head_sha)}",
        f"run {result.run}" if result.window else "",
    ]
    return lines + draw(look, _styled(" · ".join(a for a in about if a), "dim", look))


def _check_rows(found: f.Facts) -> Iterable[tuple[str, str, str, str]]:
    """Yield (sign, name, text, where): what stands in the way in full, the key gates, and a count of the rest."""
    passed = found.passed
    named = [c for c in passed if c.rule in KEY_RULES]
    rest = [c for c in passed if c not in named]
    if len(rest) <= 1:
        named, rest = list(passed), []
    for check in found.checks:
        if check.status is not Status.ALLOW:
            yield from _failing(check)
        elif check in named:
            yield "✓", f.name(check), check.found, ""
    if rest:
        yield "✓", f"{len(rest)} more", "--verbose", ""


def _failing(check: Check) -> Iterable[tuple[str, str, str, str]]:
    """Yield the lines of one check that does not allow: what was found, and what to do."""
    needs = f" · expected {check.expected}" if check.expected and check.status is not Status.WAIT else ""
    yield words.HEADINGS[check.status.value], f.name(check), f"{check.found}{needs}", f.place(check.where)
    if check.fix:
        yield "", "", f"fix: {check.fix}", ""


def _evidence(result: Result, look: Look) -> list[str]:
    """Return what the rules were asked about, and where it came from."""
    rows: list[tuple[str, str, str, str]] = []
    for proof in f.proofs(result):
        rows += [("", proof.kind, proof.summary, ""), ("", "", proof.origin, "")]
    return ["", *_title("Evidence", look), *_rows(look, rows)] if rows else []


def _protection(result: Result, found: f.Facts, look: Look) -> list[str]:
    """Return what protection still asks of the branch, waived or not."""
    if not found.blockers and not found.waived:
        return []
    branches = sorted({b.branch for b in result.blockers})
    rows: list[tuple[str, str, str, str]] = []
    for check in found.blockers:
        rows.extend(_failing(check))
    verb = "waived" if result.merge else "the plan waives it"
    rows.extend(("~", b.name.replace("_", " "), f"{b.found} · {verb}", "") for b in found.waived)
    return ["", *_title(f"Protection of {', '.join(branches)} asks", look), *_rows(look, rows)]


def _plan(result: Result, look: Look) -> list[str]:
    """Return what merging would do."""
    plan = result.plan
    if plan is None or result.status is RunStatus.NOOP:
        return []
    rows = [row for r in plan.relaxations for row in _edit_rows(r)]
    if plan.bypasses:
        rows.append(("~", "bypass", words.bypassed([b.name for b in plan.bypasses]), ""))
    rows.append(("", "merge", f"{plan.merge.method} {code(short(plan.head_sha))} into {code(plan.branch)}", ""))
    if plan.relaxations:
        rows.append(("~", "restore", f"all of it, read back; open for at most {f.seconds(plan.max_exposure)}", ""))
    rows.extend(("", name, line, "") for name, line in f.tag_lines(plan))
    lines = ["", *_title(words.PLAN_TITLE[result.status.value], look), *_rows(look, rows)]
    return [*lines, *draw(look, _styled(words.edits(len(plan.relaxations)), "", look))]


def _done(result: Result, look: Look) -> list[str]:
    """Return what was done to protection and to the branch."""
    rows: list[tuple[str, str, str, str]] = []
    window = result.window
    if window is not None:
        rows.extend(row for r in window.relaxations for row in _edit_rows(r))
        if window.exposure_seconds is not None and window.relaxations:
            rows.append(("", "open for", f"{f.seconds(window.exposure_seconds)}, {count(window.calls, 'call')}", ""))
    if result.merge is not None:
        method = result.plan.merge.method if result.plan else ""
        head = f", head {code(short(result.plan.head_sha))}" if result.plan else ""
        rows.append(("✓", "merge", f"{code(short(result.merge.sha))}{f' by {method}' if method else ''}{head}", ""))
    if result.merge is not None and result.merge.tag:
        rows.append(("✓", "tag", f"{code(result.merge.tag)} on {code(short(result.merge.sha))}", ""))
        if result.merge.release:
            rows.append(("✓", "release", code(result.merge.release, limit=200), ""))
    if window is not None:
        identical = window.snapshot_sha256 == window.live_sha256
        digest = code(f"sha256:{window.live_sha256[:12]}")
        if window.restored:
            rows.append(
                ("✓" if identical else "!", "restored", f"{words.restored(identical=identical)} ({digest})", "")
            )
        else:
            rows.append(("✗", "restored", words.not_restored(window.live_sha256, window.snapshot_sha256), ""))
        sign = {None: "…", True: "✓", False: "✗"}[window.verified]
        if window.restored:
            rows.append((sign, "verified", words.verified(window.verified), ""))
    return ["", *_title("Done", look), *_rows(look, rows)]


def _edit_rows(relaxation: Relaxation) -> Iterable[tuple[str, str, str, str]]:
    """Yield the edit, and below it where and who can use the opening."""
    yield "~", "relax", f"{code(relaxation.field)} {f.edit(relaxation)}", ""
    yield "", "", f"{f.setting(relaxation)}, {words.ADMITS[relaxation.admits.value]}", ""


def _tail(result: Result, look: Look) -> list[str]:
    """Return alarms, the status line with the exit code, and the next step."""
    lines: list[str] = []
    for alarm in result.alarms:
        lines += _rows(look, [("!", "ALARM", alarm, "")])
    code_ = f.exit_code(result)
    word = words.NOT_RESTORED if f.not_restored(result) else words.STATUS[result.status.value]
    style = {0: "bold green", 8: "bold yellow"}.get(int(code_), "bold red")
    if f.not_restored(result):  # too much for one line beside a status as long as this
        lines += _rows_of(look, [(word, "", "", f"exit {int(code_)}")], indent=0, style=style)
        lines += _rows_of(look, [("", "", f.headline(result), "")], indent=0)
    else:
        lines += _rows_of(look, [(f"{word} ", "", f.headline(result), f"exit {int(code_)}")], indent=0, style=style)
    next_ = result.next or (words.restore_command(f.left_open_by(result)) if f.not_restored(result) else "")
    return lines + (draw(look, _styled(f"Next: {plain(next_)}", "", look)) if next_ else [])


# -- drawing ---------------------------------------------------------------------------------------------------------


def _title(title: str, look: Look) -> list[str]:
    return draw(look, _styled(title, "bold", look))


def _rows(look: Look, rows: Iterable[tuple[str, str, str, str]]) -> list[str]:
    """Return aligned rows of (sign, name, text, right column), indented by two."""
    return _rows_of(look, list(rows), indent=2)


def _rows_of(
    look: Look, rows: list[tuple[str, str, str, str]], *, indent: int, raw: bool = False, style: str = ""
) -> list[str]:
    from rich.padding import Padding
    from rich.table import Table

    table: Table = Table.grid(padding=(0, 1), expand=True)
    signed = indent > 0 or any(sign for sign, *_ in rows)
    if signed:
        table.add_column(no_wrap=True, min_width=1)
    named = any(name for _, name, _, _ in rows)
    if named:
        table.add_column(no_wrap=True, min_width=14, max_width=28, overflow="ellipsis")
    table.add_column(ratio=1, overflow="fold")
    right = any(where for *_, where in rows)
    if right:
        table.add_column(justify="right", no_wrap=True)
    for sign, name, body, where in rows:
        mark = look.mark(sign) if indent else sign
        cells = [_styled(mark, style or STYLES.get(sign, ""), look)] if signed else []
        if named:
            cells.append(_styled(plain(name), "", look))
        cells.append(_styled(body if raw else terminal(body), "bold" if raw else "", look))
        if right:
            cells.append(_styled(plain(where), "dim", look))
        table.add_row(*cells)
    return draw(look, Padding(table, (0, 0, 0, indent)))


def _styled(body: str, style: str, look: Look) -> Text:
    from rich.text import Text

    return Text(body, style=style if look.color else "")
