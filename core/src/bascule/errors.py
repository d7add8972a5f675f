"""Expected errors: each says what happened, where, what to do next, and which exit code it means.

Anything that is not a :class:`BasculeError` is a bug and may show a traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from attrs import field, frozen


class ExitCode(IntEnum):
    """What the process tells its caller (docs/reference/exit-codes)."""

    DONE = 0
    BLOCKED = 1
    USAGE = 2
    OUTSIDE = 3
    NOT_RESTORED = 4
    WAITING = 8


@frozen(kw_only=True)
class Problem:
    """One thing wrong with a user's file or argument.

    ``where`` is ``file:line:column`` (or the argument's name), ``fix`` the next step for the reader.
    """

    where: str
    message: str
    fix: str = ""

    def __str__(self) -> str:
        tail = f" - {self.fix}" if self.fix else ""
        return f"{self.where}: {self.message}{tail}"


class BasculeError(Exception):
    """An expected failure: no traceback, a message, a hint and an exit code.

    Args:
        message: what was found, in one sentence.
        hint: what to do next; never empty for errors a person can mend.
        where: file, argument, address or object concerned.
    """

    exit_code: ExitCode = ExitCode.OUTSIDE

    def __init__(self, message: str, *, hint: str = "", where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        head = f"{self.where}: {self.message}" if self.where else self.message
        return f"{head}\n  fix: {self.hint}" if self.hint else head


class UsageError(BasculeError):
    """The command line or the environment is wrong (exit 2)."""

    exit_code = ExitCode.USAGE


class ConfigError(UsageError):
    """One or more files are wrong (exit 2); all problems are reported at once."""

    def __init__(self, message: str, problems: Iterable[Problem], *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems: tuple[Problem, ...] = tuple(problems)

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"  {p}" for p in self.problems)])


class OutsideError(BasculeError):
    """GitHub, git, the network or a tool failed (exit 3)."""

    exit_code = ExitCode.OUTSIDE


class NotRestoredError(BasculeError):
    """Protection could not be put back or not be proven to be back (exit 4, always loud)."""

    exit_code = ExitCode.NOT_RESTORED


class BusyError(BasculeError):
    """Somebody else holds the window, or something must settle first (exit 8)."""

    exit_code = ExitCode.WAITING


@frozen(kw_only=True)
class ErrorReport:
    """A :class:`BasculeError` as data for ``--json``."""

    message: str
    hint: str
    where: str
    exit_code: int
    problems: tuple[Problem, ...] = field(default=())

    @classmethod
    def of(cls, error: BasculeError) -> ErrorReport:
        """Return the record of ``error``."""
        return cls(
            message=error.message,
            hint=error.hint,
            where=error.where,
            exit_code=int(error.exit_code),
            problems=error.problems if isinstance(error, ConfigError) else (),
        )
