"""The tutorial is true: its commands run in this order, and print what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.meta import tutorial_run as tutorial


def test_a_reader_sees_what_the_page_shows(tmp_path: Path) -> None:
    if tool := tutorial.missing_tools():
        pytest.skip(f"no {tool} on this machine")
    found = tutorial.run(tmp_path)
    assert len(found) >= 15
    assert sum(f.shown is not None for f in found) >= 10
    for step in found:
        if step.shown is None:
            assert step.printed == "", f"{step.block.where} prints, and the page does not say so"
        else:
            assert tutorial.matches(step.shown, step.printed), (
                f"{step.block.where} prints something else than the page shows:\n{step.printed}"
            )


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\nb", "a\nb\n", True),
        ("a\n...\nd", "a\nb\nc\nd\n", True),
        ("a\n...", "b\n", False),
        ("merged 19d72ab, run r-a4971e1d721d", "merged 19d72ac, run r-a4971e1d721e", True),
        ("restored 17:00:04 UTC   x", "restored 18:01:05 UTC x", True),
        ("open for 171 ms, 11 calls", "open for 1.2 s, 12 calls", True),
        ("identical", "different", False),
        ("a", "a\nb", False),
    ],
)
def test_only_chance_is_forgiven(shown: str, printed: str, same: bool) -> None:
    assert tutorial.matches(shown, printed) is same
