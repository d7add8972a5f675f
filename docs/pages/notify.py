"""Writes the JSON Schema and the example of docs/reference/notify.md from the code; the rest is written by hand."""

from __future__ import annotations

import json
from pathlib import Path

from bascule.notify.notice import Event, Notice, document, schema
from bascule.types import TimelineRow

PAGE = Path(__file__).parent.parent / "reference" / "notify.md"
BEGIN, END = "<!-- schema: generated -->\n", "<!-- schema: end -->\n"
EXAMPLE = Notice(
    event=Event.ROLLED_BACK,
    repository="acme/shop",
    text="acme/shop#42 was rolled back as 77aa0b4: checkout errors rose",
    run="r-1f0c9a4be2d7",
    at="2026-03-02T14:10:31+00:00",
    number=42,
    title="Add a page",
    url="https://github.com/acme/shop/pull/57",
    pull=57,
    sha="77aa0b4c1e6f0d9b8a7c6d5e4f3a2b1c0d9e8f7a",
    undoes="r-8f2c61d0a7b3",
    reason="checkout errors rose",
    by="octo-dev",
    timeline=(TimelineRow(at="2026-03-02T14:02:05+00:00", text="merged 9c3e110"),),
)


def render() -> str:
    """Return the page with its example and schema made anew."""
    head, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{_block(document(EXAMPLE))}\n\nIts JSON Schema:\n\n{_block(schema())}\n\n{END}{tail}"


def _block(data: object) -> str:
    return f"```json\n{json.dumps(data, indent=2, ensure_ascii=False)}\n```"
