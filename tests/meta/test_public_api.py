"""Nothing that plugins rely on changes by accident (docs/reference/versioning.md)."""

from __future__ import annotations

import difflib
import re
import subprocess
import sys

from tests.meta import public_api
from tests.meta.markdown import ROOT


def test_public_names_and_signatures_are_the_ones_that_were_promised() -> None:
    # A process of its own: whatever another test has imported or resolved changes nothing.
    code = "from tests.meta import public_api; print(public_api.text(), end='')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    known = public_api.FILE.read_text()
    difference = "\n".join(
        difflib.unified_diff(known.splitlines(), done.stdout.splitlines(), "promised", "now", n=0, lineterm="")
    )
    assert done.stdout == known, (
        f"the public interface has changed:\n{difference}\n"
        "If this is meant: see docs/reference/versioning.md for what it means to plugins, say it in CHANGELOG.md under "
        "Unreleased, and run: python -m tests.meta.public_api"
    )


def test_the_page_names_the_modules_that_are_compared() -> None:
    page = (ROOT / "docs/reference/versioning.md").read_text()
    named = set(re.findall(r"`(bascule(?:\.\w+)*)`", page))
    assert set(public_api.MODULES) - {"bascule.testing.plugin"} <= named


def test_a_change_would_be_seen() -> None:
    def before(a: int, *, b: str = "x") -> None: ...
    def after(a: int, *, b: str = "x", c: bool) -> None: ...

    assert list(public_api.described("f", before)) == ["f(a: int, *, b: str = 'x') -> None"]
    assert list(public_api.described("f", after)) != list(public_api.described("f", before))
