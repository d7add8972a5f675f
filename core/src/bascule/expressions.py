"""Expressions of the Common Expression Language (github.com/google/cel-spec), which always end and change nothing."""

from __future__ import annotations

import re
from typing import Any

LONGEST = 4000
"""Characters of one expression."""


def problems(text: str) -> str | None:
    """Return what is wrong with ``text`` as an expression, with line and column; None where it can be compiled."""
    if len(text) > LONGEST:
        return f"an expression of more than {LONGEST:,} characters"
    try:
        compiled(text)
    except ValueError as error:
        return str(error)
    return None


def compiled(text: str) -> Any:
    """Return ``text`` ready to run: an object with ``execute(variables)``.

    Raises:
        ValueError: it is no expression; the message says where and what.
    """
    import cel

    try:
        return cel.compile(text)
    except ValueError as error:
        said = re.search(r"ERROR: <input>:(\d+):(\d+): (?:Syntax error: )?(.*)", str(error))
        if said is None:
            raise ValueError(" ".join(str(error).split())) from error
        line, column, what = said.groups()
        raise ValueError(f"line {line}, column {column}: {what.partition(' expecting {')[0]}") from error
