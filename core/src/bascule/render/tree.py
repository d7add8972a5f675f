"""The verdict as a tree: every check of every pack and plugin, for ``--verbose``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bascule.messages import result as words
from bascule.render import facts as f
from bascule.render.look import STYLES, Look, draw, finish
from bascule.render.spans import plain, terminal
from bascule.types import Check, Status, Verdict

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree


def tree(verdict: Verdict, *, color: bool = False, width: int = 100, ascii: bool = False) -> str:
    """Return the whole of ``verdict`` as text without a trailing newline: one branch a node, one leaf a check."""
    look = Look(color=color, ascii=ascii, width=max(40, width))
    return finish(look, tree_lines(verdict, look))


def tree_lines(verdict: Verdict, look: Look) -> list[str]:
    """Return the lines of :func:`tree`."""
    from rich.tree import Tree

    root: Tree = Tree(_node(verdict, look))
    _grow(root, verdict, look)
    return draw(look, root)


def _grow(branch: Tree, verdict: Verdict, look: Look) -> None:
    for check in verdict.checks:
        branch.add(_leaf(check, look))
    for child in verdict.children:
        _grow(branch.add(_node(child, look)), child, look)


def _node(verdict: Verdict, look: Look) -> Text:
    return _line(verdict.status, f"{plain(verdict.title)}", look, bold=True)


def _leaf(check: Check, look: Look) -> Text:
    """Return a check: its answer, and below it what was expected, what to do, who asked and who answered."""
    text = _line(check.status, f"{plain(f.name(check))}: {terminal(check.found)}", look)
    details = []
    if check.status is not Status.ALLOW:
        details += [f"expected {check.expected}"] if check.expected else []
        details += [f"fix: {check.fix}"] if check.fix else []
        details += [f"eligible at {check.eligible_at}"] if check.eligible_at else []
    origin = [check.where] if check.where else []
    origin += [f"by {check.source}"] if check.source != "core" else []
    details += [", ".join(origin)] if origin else []
    for detail in details:
        text.append(f"\n  {terminal(detail)}", style="dim" if look.color else "")
    return text


def _line(status: Status, body: str, look: Look, *, bold: bool = False) -> Text:
    from rich.text import Text

    sign = words.HEADINGS[status.value]
    text = Text(look.mark(sign), style=STYLES[sign] if look.color else "")
    text.append(f" {body}", style="bold" if bold and look.color else "not bold" if look.color else "")
    return text
