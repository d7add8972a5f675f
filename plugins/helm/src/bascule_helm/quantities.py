"""Kubernetes quantities: ``500m``, ``1.5Gi``, ``2e3``."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

_QUANTITY = re.compile(
    r"([+-]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20}))([eE][+-]?\d{1,2}|[KMGTPE]i|[numkMGTPE]|)", re.ASCII
)
_SCALE = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1),
    "k": Decimal("1e3"), "M": Decimal("1e6"), "G": Decimal("1e9"), "T": Decimal("1e12"), "P": Decimal("1e15"),
    "E": Decimal("1e18"), "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40),
    "Pi": Decimal(2**50), "Ei": Decimal(2**60),
}  # fmt: skip

PATTERN = r"^[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})([eE][+-]?\d{1,2}|[KMGTPE]i|[numkMGTPE])?$"
"""For schemas."""


@lru_cache(maxsize=4096)
def quantity(text: str) -> Decimal | None:
    """Return the number that ``text`` means, None where it is no quantity.

    The notation is that of Kubernetes' API conventions: decimal and binary suffixes, or an exponent.
    """
    found = _QUANTITY.fullmatch(text.strip())
    if found is None:
        return None
    suffix = found[2]
    if suffix[:1] in {"e", "E"} and len(suffix) > 1 and suffix != "Ei":
        return Decimal(found[1] + suffix)
    return Decimal(found[1]) * _SCALE[suffix]
