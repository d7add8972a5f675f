"""What a rule says, and the one exception that a rehearsal may end with."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from bascule.types import Status


@frozen(kw_only=True)
class Answer:
    """One answer of a rule; the book makes a :class:`~bascule.types.Check` of it. ``eligible_at`` is an ISO time."""

    status: Status
    found: str
    expected: str = ""
    fix: str = ""
    paths: tuple[str, ...] = ()
    eligible_at: str | None = None


def allow(found: str, *, paths: Iterable[str] = ()) -> Answer:
    """Return "this is fine": ``found`` says what was looked at."""
    return Answer(status=Status.ALLOW, found=found, paths=tuple(paths))


def block(found: str, *, expected: str, fix: str, paths: Iterable[str] = ()) -> Answer:
    """Return "this may not pass": what was found, what would be right, what a person does next."""
    return Answer(status=Status.BLOCK, found=found, expected=expected, fix=fix, paths=tuple(paths))


def wait(found: str, *, expected: str, fix: str, eligible_at: str | None = None) -> Answer:
    """Return "not yet": time or somebody else may still bring what is missing."""
    return Answer(status=Status.WAIT, found=found, expected=expected, fix=fix, eligible_at=eligible_at)


def error(found: str, *, expected: str, fix: str, paths: Iterable[str] = ()) -> Answer:
    """Return "this cannot be judged", which blocks like :func:`block` and counts as a fault of policy or machine."""
    return Answer(status=Status.ERROR, found=found, expected=expected, fix=fix, paths=tuple(paths))


class RehearsalError(Exception):
    """A rehearsal that cannot go on; the book turns it into a check.

    Args:
        found: what happened.
        expected: what a rehearsal needs.
        fix: what a person does next.
        status: BLOCK where the change is at fault, ERROR (default) where the machine is, WAIT where time may mend it.
        paths: changed files that it is about.
    """

    def __init__(
        self, found: str, *, expected: str, fix: str, status: Status = Status.ERROR, paths: Iterable[str] = ()
    ) -> None:
        super().__init__(found)
        self.answer = Answer(status=status, found=found, expected=expected, fix=fix, paths=tuple(paths))
