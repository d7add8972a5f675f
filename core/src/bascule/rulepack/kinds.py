"""The restricted texts of a rulepack, each with what is said when one is not of its kind."""

from __future__ import annotations

import re
from typing import Annotated

from bascule import globs, regex
from bascule.config.shape import AtLeast, Kind
from bascule.messages import rulepack as say

_NAME = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_LOGIN = r"[A-Za-z0-9][A-Za-z0-9_-]*"
_SIZE = r"[1-9][0-9]{0,7}(?:KiB|MiB)"
_SEGMENT = r"(?!\.{1,2}(?:/|$))[^/\\\x00-\x1f]+"
_MEMBER = rf"{_SEGMENT}(?:/{_SEGMENT})*"

LARGEST = 64 * 1024 * 1024
"""Bytes of an evidence file, whatever a pack says."""


def _glob(text: str) -> say.Said | None:
    reason = globs.problems(text)
    return None if reason is None else say.not_a_glob(text, reason)


def _expression(text: str) -> say.Said | None:
    reason = regex.problems(text)
    return None if reason is None else say.not_an_expression(reason)


def _matching(pattern: str, said: say.Say) -> Kind:
    compiled = re.compile(pattern)
    return Kind(said.title, lambda text: None if compiled.fullmatch(text) else said.of(text), f"^(?:{pattern})$")


def _label(text: str) -> say.Said | None:
    # GitHub shows labels in one line and cuts none; a comma separates labels in its own search syntax only.
    return say.not_a_label(text) if text != text.strip() or not text.isprintable() or len(text) > 100 else None


def _check(text: str) -> say.Said | None:
    return say.not_a_check(text) if text != text.strip() or not text.isprintable() else None


def _reason(text: str) -> say.Said | None:
    return say.short_reason(text) if len(text.strip()) < 8 else None


def _zone(text: str) -> say.Said | None:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        return say.not_a_zone(text)
    return None


def _event(text: str) -> say.Said | None:
    return None if text in ("pull_request", "push") else say.not_an_event(text)


def _size(text: str) -> say.Said | None:
    number = re.fullmatch(_SIZE, text)
    if number is None:
        return say.not_a_size(text)
    return say.too_big(text) if size_of(text) > LARGEST else None


def size_of(text: str) -> int:
    """Return a size such as ``5MiB`` in bytes."""
    return int(text[:-3]) * (1024 * 1024 if text.endswith("MiB") else 1024)


def _slo(text: str) -> say.Said | None:
    from bascule.slo.short import fault

    return fault(text)


Glob = Annotated[str, Kind("glob", _glob)]
Expression = Annotated[str, Kind("RE2 expression", _expression)]
Name = Annotated[str, _matching(_NAME, say.NAME)]
Qualified = Annotated[str, _matching(f"{_NAME}/{_NAME}", say.QUALIFIED)]
Person = Annotated[str, _matching(rf"@{_LOGIN}/{_LOGIN}|{_LOGIN}(?:\[bot\])?(?:#[0-9]+)?", say.PERSON)]
Account = Annotated[str, _matching(rf"{_LOGIN}(?:\[bot\])?(?:#[0-9]+)?", say.ACCOUNT)]
Team = Annotated[str, _matching(rf"@{_LOGIN}/{_LOGIN}", say.TEAM)]
App = Annotated[str, _matching(rf"status/{_LOGIN}(?:\[bot\])?|{_NAME}", say.APP)]
Label = Annotated[str, Kind("label", _label)]
CheckName = Annotated[str, Kind("check name", _check)]
Reason = Annotated[str, Kind("reason", _reason)]
Zone = Annotated[str, Kind("IANA time zone", _zone)]
WorkflowFile = Annotated[str, _matching(r"\.github/workflows/[A-Za-z0-9._-]+\.ya?ml", say.WORKFLOW)]
ArtifactName = Annotated[str, _matching(r"[^\\/:<>|*?\"\r\n]{1,256}", say.ARTIFACT)]
MemberPath = Annotated[str, _matching(_MEMBER, say.MEMBER)]
RunEvent = Annotated[str, Kind("`pull_request` or `push`", _event, "^(?:pull_request|push)$")]
Size = Annotated[str, Kind("size", _size, f"^{_SIZE}$")]
Slo = Annotated[str, Kind("objective", _slo)]
Count = Annotated[int, AtLeast(0)]
Limit = Annotated[int, AtLeast(1)]
