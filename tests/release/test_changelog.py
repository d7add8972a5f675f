"""Changelogs as people and tools write them."""

from __future__ import annotations

import pytest

from bascule_release.changelog import found_date, sections

KEEP = "# Changelog\n\n## [Unreleased]\n\n### Added\n- x\n\n## [1.2.0] - 2026-01-05\n### Added\n- y\n\n[1.2.0]: https://e.example/x\n"
UNDERLINED = (
    "Version 8.1.3\n-------------\n\nReleased 2022-04-28\n\n-   Use a form. :pr:`1`\n\n\n"
    "Version 8.1.2\n-------------\n\nUnreleased\n\n- a\n"
)
PAREN = "History\n=======\n\n2.31.0 (2023-05-22)\n-------------------\n\n- z\n"
LINKED = (
    "# [2.0.0](https://e.example/compare/v1...v2) (2020-01-02)\n\n### Features\n\n* a\n\n"
    "## [1.0.1](x) (2019-12-01)\n\n### 2.0 compatibility\n\n* b\n"
)
SAID = "Version 2.1\n-----------\n\n(bugfix release, released on June 14th 2014)\n\n- g\n"
NAMED = "What's New in thing 2.15.5?\n===========================\nRelease date: 2023-05-14\n\n* c\n"
FENCED = "## 1.1.0 - 2026-01-05\n\n```\n## 0.9.0 - 2020-01-01\n```\n\n- d\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (KEEP, [("", "", True, ("x",)), ("1.2.0", "2026-01-05", False, ("y",))]),
        (UNDERLINED, [("8.1.3", "2022-04-28", False, ("Use a form. :pr:`1`",)), ("8.1.2", "", True, ("a",))]),
        (PAREN, [("2.31.0", "2023-05-22", False, ("z",))]),
        (LINKED, [("2.0.0", "2020-01-02", False, ("a",)), ("1.0.1", "2019-12-01", False, ("b",))]),
        (SAID, [("2.1", "2014-06-14", False, ("g",))]),
        (NAMED, [("2.15.5", "2023-05-14", False, ("c",))]),
        (FENCED, [("1.1.0", "2026-01-05", False, ("```", "## 0.9.0 - 2020-01-01", "```", "d"))]),
        ("nothing of the kind\n", []),
    ],
    ids=["keep", "underlined", "parentheses", "linked", "said", "named", "fenced", "none"],
)
def test_sections(text: str, found: list[tuple[str, str, bool, tuple[str, ...]]]) -> None:
    assert [(s.version, s.dated, s.coming) for s in sections(text)] == [f[:3] for f in found]
    if text is not FENCED:
        assert [s.entries for s in sections(text)] == [f[3] for f in found]


@pytest.mark.parametrize(
    ("text", "found"),
    [("2026-01-05", "2026-01-05"), ("5 January 2026", "2026-01-05"), ("January 5th, 2026", "2026-01-05"),
     ("Jan 5, 2026", "2026-01-05"), ("05-Jan-2026", "2026-01-05"), ("2026/1/5", "2026-01-05"), ("2026-13-05", ""),
     ("1.2.3", ""), ("5 Foo 2026", "")],
)  # fmt: skip
def test_dates(text: str, found: str) -> None:
    assert found_date(text) == found


def test_a_heading_of_ones_own() -> None:
    text = "## shop/1.2 [2026-01-05]\n\n- a\n\n## notes\n\n- b\n\n## shop/1.1 [2025-01-05]\n\n- c\n"
    found = sections(text, r"shop/(?P<version>[0-9.]+) \[(?P<date>[^\]]+)\]")
    assert [(s.version, s.dated) for s in found] == [("1.2", "2026-01-05"), ("1.1", "2025-01-05")]
    with pytest.raises(ValueError):
        sections(text, r"(?=x)")
