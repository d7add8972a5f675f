"""What is said about a line of a backtest that is no case."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from bascule.messages.config import Said, did_you_mean
from bascule.messages.wording import shown


def _value(value: Any) -> str:
    return shown(json.dumps(value, ensure_ascii=False), limit=60)


def not_json(why: str) -> Said:
    """The line is not JSON."""
    return f"not JSON: {shown(why)}", "write one JSON object a line"


def not_object(value: Any) -> Said:
    """The line is JSON, and no object."""
    return f"found {_value(value)}, expected an object", "write one JSON object a line"


def missing(key: str, kind: str, keys: Iterable[str]) -> Said:
    """A key is not there."""
    return f"`{key}` is missing", f"a case of kind {kind} has " + ", ".join(f"`{k}`" for k in sorted(keys))


def wrong(key: str, value: Any, expected: str) -> Said:
    """A value is not what it must be."""
    return f"`{key}` is {_value(value)}", f"write {expected}"


def bad_lines(bad: int, good: int) -> tuple[str, str]:
    """Some lines could not be judged."""
    lines = "1 line is no case" if bad == 1 else f"{bad} lines are no cases"
    return f"{lines} and got no verdict; the other {good} did", "mend what is listed below, then run this again"


__all__ = ["bad_lines", "did_you_mean", "missing", "not_json", "not_object", "wrong"]
