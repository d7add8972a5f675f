"""Writes the reference pages that come from the code: ``make docs``.

Every module in docs/pages has ``PAGE`` and ``render()``.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

PAGES = Path(__file__).parent / "pages"


def pages() -> Iterator[tuple[Path, str]]:
    """Yield each generated page's path and text."""
    for source in sorted(PAGES.glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"docs_pages_{source.stem}", source)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module.PAGE, module.render()


if __name__ == "__main__":
    for page, text in pages():
        changed = not page.exists() or page.read_text() != text
        page.write_text(text)
        print(f"{'wrote' if changed else 'same '} {page.relative_to(PAGES.parents[1])}")
