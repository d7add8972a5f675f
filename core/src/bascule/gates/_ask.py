"""How a gate answers: small constructors for checks, so that each gate reads as its rule."""

from __future__ import annotations

from bascule.messages.gates import Say
from bascule.types import Check, Status

Answer = tuple[Check, ...]
"""What a gate returns. Empty: the pack asks nothing of this kind, so nothing was judged and nothing is claimed."""


def allow(rule: str, found: str, *, where: str | None = None) -> Check:
    """Return a passing check that says what was seen."""
    return Check(rule=rule, status=Status.ALLOW, found=found, where=where)


def block(rule: str, say: Say, *, where: str | None = None, paths: tuple[str, ...] = ()) -> Check:
    """Return a failing check: somebody has to do something."""
    return _made(rule, Status.BLOCK, say, where, paths)


def wait(rule: str, say: Say, *, where: str | None = None, eligible_at: str | None = None) -> Check:
    """Return a waiting check: time alone may mend it. Never for what a person has to do."""
    return _made(rule, Status.WAIT, say, where, (), eligible_at)


def error(rule: str, say: Say, *, where: str | None = None) -> Check:
    """Return a check that could not be answered."""
    return _made(rule, Status.ERROR, say, where, ())


def _made(
    rule: str, status: Status, say: Say, where: str | None, paths: tuple[str, ...], eligible_at: str | None = None
) -> Check:
    return Check(
        rule=rule, status=status, found=say.found, expected=say.expected, fix=say.fix, where=where, paths=paths,
        eligible_at=eligible_at,
    )  # fmt: skip
