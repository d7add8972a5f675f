"""Image references, and whether one tag is later than another."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import zip_longest

from attrs import frozen

_REFERENCE = re.compile(
    r"(?P<name>[a-zA-Z0-9][a-zA-Z0-9._-]*(?::\d{1,5}(?=/))?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?"
)
_TAG = re.compile(
    r"(?P<prefix>(?:[a-zA-Z][a-zA-Z]*[-_.])*)[vV]?(?P<numbers>\d{1,18}(?:\.\d{1,18}){0,4})(?P<rest>.*)", re.ASCII
)
_EARLY = re.compile(r"[-.]?(alpha|beta|preview|pre|rc|dev|snapshot|m|a|b|c)[-.]?(\d*)((?:[.]\d+)*)(.*)", re.IGNORECASE)
_RANKS = {
    "dev": 0,
    "snapshot": 0,
    "a": 1,
    "alpha": 1,
    "m": 1,
    "b": 2,
    "beta": 2,
    "pre": 3,
    "preview": 3,
    "c": 4,
    "rc": 4,
}
_HASH = re.compile(r"(?<![0-9a-z])g?(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{7,64}(?![0-9a-z])")

MOVING = frozenset(
    {"", "latest", "stable", "main", "master", "edge", "nightly", "dev", "develop", "head", "canary", "snapshot"}
)
"""Tags that say where they point and not what."""


@frozen(kw_only=True)
class Reference:
    """An image by name (registry and repository, as Docker completes it), tag and digest."""

    name: str
    tag: str
    digest: str


@lru_cache(maxsize=4096)
def reference(text: str) -> Reference | None:
    """Return the parts of ``text``, None where it is no image reference."""
    found = _REFERENCE.fullmatch(text) if len(text) <= 512 else None
    if found is None:
        return None
    name = found["name"]
    first, slash, _ = name.partition("/")
    if not slash:
        if ":" in name:
            return None
        name = f"docker.io/library/{name}"
    elif "." not in first and ":" not in first and first != "localhost":
        name = f"docker.io/{name}"
    return Reference(
        name=name.replace("index.docker.io/", "docker.io/"), tag=found["tag"] or "", digest=found["digest"] or ""
    )


@frozen(kw_only=True)
class _Tag:
    prefix: str
    numbers: tuple[int, ...]
    early: tuple[int, tuple[int, ...]] | None
    variant: str
    inner: tuple[int, ...]


@lru_cache(maxsize=4096)
def _parse(text: str) -> _Tag | None:
    found = _TAG.fullmatch(text)
    if found is None:
        return None
    rest, early = found["rest"], None
    if at := _EARLY.fullmatch(rest):
        follow = at[4]
        if not follow or not follow[0].isalpha():
            early = (_RANKS[at[1].lower()], tuple(int(n) for n in re.findall(r"\d{1,18}", at[2] + at[3])))
            rest = follow
    if rest and rest[0].isalnum() and early is None:
        return None  # 1.2.3abc: nothing says where the version ends
    masked = _HASH.sub("#", rest)
    return _Tag(
        prefix=found["prefix"], numbers=tuple(int(n) for n in found["numbers"].split(".")), early=early,
        variant=re.sub(r"\d+", "0", masked), inner=tuple(int(n) for n in re.findall(r"\d{1,18}", masked)),
    )  # fmt: skip


def step(before: str, after: str) -> str:
    """Return how far ``after`` is from ``before``: same, major, minor, patch, build, backward or unknown.

    Versions (Semantic Versioning, PEP 440's spelling of what comes before a release), dates and counted builds are
    compared; two tags of another prefix, variant (``-alpine``) or kind are ``unknown``, and so is a commit's hash.
    """
    if before == after:
        return "same"
    old, new = _parse(before), _parse(after)
    if old is None or new is None or old.prefix != new.prefix or old.variant != new.variant:
        return "unknown"
    if (old.numbers[0] >= 1000) != (new.numbers[0] >= 1000):
        return "unknown"  # a date on one side only
    pairs = list(zip_longest(old.numbers, new.numbers, fillvalue=0))
    at = next((i for i, (a, b) in enumerate(pairs) if a != b), None)
    if at is not None:
        return "backward" if pairs[at][0] > pairs[at][1] else ("major", "minor", "patch")[min(at, 2)]
    if old.early != new.early:
        if old.early is None or (new.early is not None and new.early < old.early):
            return "backward"
        return "patch"
    if old.inner == new.inner:
        return "unknown"  # only a hash differs, or nothing that has an order
    return "build" if old.inner < new.inner else "backward"
