"""One thing a person would look at twice, and the sentence in which a rule says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from bascule.kit import Answer, Ask, RehearsalError, allow, block
from bascule.types import Status

MOST = 2000
"""Findings of one rehearsal; more is nothing that anybody means to merge unasked."""


@frozen(kw_only=True)
class Finding:
    """``what`` is its kind, ``found`` the sentence, ``path`` the file; ``facts`` are what a rule may weigh (JSON)."""

    what: str
    path: str
    found: str
    facts: Mapping[str, Any] = field(factory=dict)

    def data(self) -> dict[str, Any]:
        """Return it as evidence."""
        return {"what": self.what, "path": self.path, "found": self.found, **self.facts}


def listed(items: Iterable[str], most: int = 5) -> str:
    """Return the first few of ``items`` and how many more there are."""
    every = list(dict.fromkeys(items))
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return "; ".join(every[:most]) + more


def short(text: str, most: int = 120) -> str:
    """Return ``text`` in one line of at most ``most`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def differing(old: str, new: str, most: int = 90) -> str:
    """Return both texts from a little before where they begin to differ, in one line each."""
    sides = [" ".join(t.split()) for t in (old, new)]
    same = next((n for n, (a, b) in enumerate(zip(*sides, strict=False)) if a != b), min(map(len, sides)))
    start = 0 if max(map(len, sides)) <= most else max(0, same - most // 3)
    before, after = (f"{'…' if start else ''}{short(t[start:], most)}" for t in sides)
    return f"`{before}` → `{after}`"


def as_data(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return ``findings`` as evidence, each once.

    Raises:
        RehearsalError: more than :data:`MOST`.
    """
    made: list[dict[str, Any]] = []
    for finding in findings:
        if (one := finding.data()) not in made[-50:]:
            made.append(one)
        if len(made) > MOST:
            raise RehearsalError(
                f"more than {MOST:,} findings", expected=f"at most {MOST:,}", fix="split the change",
                status=Status.BLOCK,
            )  # fmt: skip
    return made


def allowing(kinds: Mapping[str, str]) -> dict[str, Any]:
    """Return the schema of ``allow``: kinds of findings that pass."""
    return {"type": "array", "uniqueItems": True, "items": {"enum": list(kinds)}}


def judged(ask: Ask, kinds: Mapping[str, str], found: Sequence[Mapping[str, Any]], fine: str) -> Answer:
    """Return a block that names the findings whose kind is not in the parameter ``allow``, or an allow saying ``fine``.

    Args:
        ask: the question.
        kinds: what each kind means.
        found: findings as evidence.
        fine: what is said where nothing is left.
    """
    allowed = set(ask.params.get("allow", ()))
    bad = [f for f in found if f["what"] not in allowed]
    if not bad:
        return allow(fine)
    words = list(dict.fromkeys(f["what"] for f in bad))
    return block(
        listed(f["found"] for f in bad),
        expected=f"none of: {'; '.join(f'{w} ({kinds[w]})' for w in words)}",
        fix=f"take it out of this change or let a person review it; `allow: [{', '.join(words)}]` in the rule lets "
        "such changes pass",
        paths=dict.fromkeys(f["path"] for f in bad),
    )
