"""Where the journal is: whoever restores must look where runs write."""

from __future__ import annotations

from pathlib import Path

import pytest

from bascule.errors import UsageError
from bascule.forge.snapshot import Standing
from bascule.types import Viewer
from bascule.window.access import journal_home
from bascule.window.memory import Memory

VIEWER = Viewer(login="octo-admin", id=1, type="User", admin=True)
NAMED = "version: 1\njournal: {repository: acme/journal}\n"


def standing(text: str | None, problem: str | None = None) -> Standing:
    return Standing(viewer=VIEWER, settings_text=text, settings_problem=problem)


@pytest.mark.parametrize(
    ("text", "variable", "home"),
    [
        (None, "", ""),
        ("version: 1\n", "", ""),
        (NAMED, "", "acme/journal"),
        (None, "acme/journal", "acme/journal"),
        (NAMED, "Acme/Journal", "Acme/Journal"),
        ("version: [", "acme/journal", "acme/journal"),
    ],
)
def test_settings_or_environment_say_where_it_is(text: str | None, variable: str, home: str) -> None:
    assert journal_home(standing(text), variable) == home


@pytest.mark.parametrize(
    ("given", "variable", "words"),
    [
        (standing(NAMED), "acme/other", "acme/other"),
        (standing("version: ["), "", "nobody can say"),
        (standing(None, "it is a link"), "", "it is a link"),
    ],
)
def test_in_doubt_nothing_is_looked_for_in_the_wrong_place(given: Standing, variable: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as refused:
        journal_home(given, variable)
    assert "--journal-repo" in refused.value.hint


def test_each_journal_is_remembered_by_itself(tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    own = Memory.of(environ, host="github.com", repository=7)
    other = Memory.of(environ, host="github.com", repository=7, journal="acme/Journal")
    own.write("a" * 40)
    assert (own.read(), other.read()) == ("a" * 40, None)
    assert other == Memory.of(environ, host="github.com", repository=7, journal="Acme/journal")
