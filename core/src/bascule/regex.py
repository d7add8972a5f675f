"""Regular expressions that a user wrote: RE2 only, so that no text can make a match take longer than linear time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import re2
from attrs import frozen

from bascule.types import TextRule

MAX_LENGTH = 1000
"""Longest expression, in characters."""


@frozen(kw_only=True)
class TextAnswer:
    """What a :class:`~bascule.types.TextRule` says of one text.

    ``missing`` are the required expressions that do not occur, ``found`` the denied ones that do, in the pack's order.
    """

    missing: tuple[str, ...] = ()
    found: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Return whether the text passes."""
        return not self.missing and not self.found


@frozen(kw_only=True)
class Match:
    """One match: its span, that of its first group (its own without one), and what its named groups hold."""

    whole: tuple[int, int]
    first: tuple[int, int]
    named: Mapping[str, str]


def problems(expression: str) -> str | None:
    """Return why ``expression`` is not an RE2 expression and what to do, as one sentence; None when it is one."""
    if not expression:
        return "an empty expression matches every text; remove it"
    if len(expression) > MAX_LENGTH:
        return f"an expression of {len(expression)} characters; at most {MAX_LENGTH} are allowed"
    try:
        _compiled(expression)
    except UnicodeEncodeError:
        return "an expression must be valid UTF-8"
    except re2.error as error:
        return f"not an RE2 expression: {_reason(error)} (RE2 has no look-around and no back-references)"
    return None


def judge(rule: TextRule, text: str) -> TextAnswer:
    """Return which expressions of ``rule`` the text fails. Expressions are searched anywhere in ``text``.

    ``text`` that is not UTF-8 has its undecodable parts replaced by ``?`` first.

    Raises:
        ValueError: when an expression does not compile; a pack that was loaded holds none of those.
    """
    raw = text.encode("utf-8", "replace").decode()
    try:
        return TextAnswer(
            missing=tuple(e for e in rule.require if _compiled(e).search(raw) is None),
            found=tuple(e for e in rule.deny if _compiled(e).search(raw) is not None),
        )
    except re2.error as error:
        raise ValueError(_reason(error)) from None


def found(expression: str, text: str) -> bool:
    """Return whether ``expression`` occurs in ``text``.

    Raises:
        ValueError: when the expression does not compile.
    """
    return judge(TextRule(require=(expression,)), text).ok


def matches(expression: str, text: str, *, most: int = 1000) -> tuple[Match, ...]:
    """Return the first ``most`` matches of ``expression`` in ``text``, from left to right.

    Raises:
        ValueError: when the expression does not compile, or the text is not UTF-8.
    """
    try:
        found = []
        for at, match in enumerate(_compiled(expression).finditer(text)):
            if at == most:
                break
            named = {name: match.group(name) for name in match.re.groupindex if match.group(name) is not None}
            whole = (match.start(), match.end())
            first = match.span(1) if match.re.groups and match.group(1) is not None else whole
            found.append(Match(whole=whole, first=(first[0], first[1]), named=named))
    except re2.error as error:
        raise ValueError(_reason(error)) from None
    except UnicodeEncodeError as error:
        raise ValueError("a text that is not UTF-8") from error
    return tuple(found)


@lru_cache(maxsize=512)
def _compiled(expression: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    return re2.compile(expression, options)


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else error
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
