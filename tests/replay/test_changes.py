"""What a commit message says of its pull request."""

import pytest

from bascule.replay.changes import Request, request_of, when


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "Merge pull request #7 from octo-dev/fix/typo\n\nFix a typo\n\nMore words.",
            Request(number=7, title="Fix a typo", body="More words.", head_ref="fix/typo"),
        ),
        (
            "Merge pull request #7 from octo-dev/fix",
            Request(number=7, title="Merge pull request #7 from octo-dev/fix", body="", head_ref="fix"),
        ),
        ("Fix a typo (#7)\n\n* one\n* two", Request(number=7, title="Fix a typo", body="* one\n* two")),
        ("Backport (#6) (#7)", Request(number=7, title="Backport (#6)", body="")),
        (
            "Merge branch 'fix' into 'main'\n\nFix a typo\n\nSee merge request acme/shop!7",
            Request(number=7, title="Fix a typo", body="See merge request acme/shop!7"),
        ),
        ("Merge branch 'main' into next", Request(number=0, title="Merge branch 'main' into next", body="")),
        ("Closes (#7) today", Request(number=0, title="Closes (#7) today", body="")),
        ("", Request(number=0, title="", body="")),
    ],
)
def test_request(message: str, expected: Request) -> None:
    assert request_of(message) == expected


def test_a_time_that_no_calendar_holds() -> None:
    assert when(10**18).year == 1970
    assert when(1_767_600_000).isoformat() == "2026-01-05T08:00:00+00:00"
