"""Writes the endpoint tables of docs/security.md from the allowlists; the rest of the page is written by hand."""

from __future__ import annotations

from pathlib import Path

from bascule.forge.allowlists import ENDPOINTS, GRAPHQL
from bascule.forge.identity import Identity

PAGE = Path(__file__).parent.parent / "security.md"
BEGIN, END = "<!-- endpoints: generated -->\n", "<!-- endpoints: end -->\n"


def render() -> str:
    """Return the page with its tables made anew."""
    head, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{tables()}\n{END}{tail}"


def tables() -> str:
    """Return one table per identity; two identities with one list share a table."""
    groups: dict[tuple[object, ...], list[Identity]] = {}
    for identity in Identity:
        groups.setdefault((ENDPOINTS[identity], GRAPHQL[identity]), []).append(identity)
    return "\n".join(_table(identities) for identities in groups.values())


def _table(identities: list[Identity]) -> str:
    title = " and ".join(i.value.capitalize() for i in identities)
    rows = "\n".join(f"| {e.method} | `{e.path}` | {e.why} |" for e in ENDPOINTS[identities[0]])
    operations = ", ".join(f"`{name}`" for name in GRAPHQL[identities[0]])
    graphql = f"GraphQL queries: {operations}. No mutation."
    return f"### {title}\n\n| method | path | why |\n|---|---|---|\n{rows}\n\n{graphql}\n"
