"""Anchored globs: which paths a rulepack means.

A glob describes a whole path from the root of the repository; there is no negation, no implicit ``**`` and no
"a directory means everything in it", which is what makes gitignore rules unfit for policy (``docs`` would also
match ``src/docs/evil.py``, and ``infra/**/*.tf`` a file inside a directory called ``a.tf``).

Grammar: ``*`` any characters but ``/``; ``?`` one character but ``/``; ``[abc]``, ``[a-z]``, ``[!abc]`` one character
of (not of) a set, never ``/``; ``**`` alone between slashes any number of directories, at the end any files
below. Everything else stands for itself, dots included; matching is case-sensitive.

All globs of a list become one RE2 program (linear time whatever the path). One RE2 rather than an ``re2.Set``, and so
not pathspec's re2 backend: when its automaton runs out of memory a set answers "no match", which would let a path
slip past ``deny``; an RE2 falls back to its slower engine and still answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import re2

MAX_LENGTH = 512
"""Longest glob, in characters."""
MAX_GLOBS = 2000
"""Most globs in one list."""
_MAX_MEMORY = 64 << 20

_TOP = "\U0010ffff"


class Globs:
    """A list of anchored globs; a path matches when at least one of them matches the whole of it.

    Args:
        patterns: globs; the order matters only to :meth:`which`.

    Raises:
        ValueError: when a glob is not one (:func:`problems` says why), or there are more than ``MAX_GLOBS``.
    """

    __slots__ = ("_all", "_any", "_bodies", "_program", "_singles", "patterns")

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns: tuple[str, ...] = tuple(patterns)
        if len(self.patterns) > MAX_GLOBS:
            raise ValueError(f"{len(self.patterns)} globs in one list; at most {MAX_GLOBS} are allowed")
        bodies = [_translate(p) for p in self.patterns]
        self._bodies = "|".join(f"(?:{b})" for b in bodies)
        self._program = _compile(self._bodies) if bodies else None
        self._all: Any = None
        self._any: Any = None
        self._singles: tuple[Any, ...] | None = None

    def match(self, path: str) -> bool:
        """Return whether any glob matches ``path``. A path that is not UTF-8 (lone surrogates) never matches."""
        if self._program is None:
            return False
        try:
            return self._program.fullmatch(path.encode()) is not None
        except UnicodeEncodeError:
            return False

    def all_match(self, paths: Sequence[str]) -> bool:
        """Return whether every one of ``paths`` matches: ``all(map(self.match, paths))``, in one call to RE2.

        Thousands of paths cost more in calls than in matching, so they are matched as one text, NUL after each.
        """
        joined = _joined(paths)
        if self._program is None or joined is None:
            return all(map(self.match, paths))
        if self._all is None:
            self._all = _compile(f"(?:(?:{_apart(self._bodies)})\\x00)*")
        return self._all.fullmatch(joined) is not None

    def any_match(self, paths: Sequence[str]) -> bool:
        """Return whether any of ``paths`` matches: ``any(map(self.match, paths))``, in one call to RE2."""
        joined = _joined(paths)
        if self._program is None or joined is None:
            return any(map(self.match, paths))
        if self._any is None:
            self._any = _compile(f"\\x00(?:{_apart(self._bodies)})\\x00")
        return self._any.search(b"\0" + joined) is not None

    def which(self, path: str) -> str | None:
        """Return the first glob, in the order given, that matches ``path``; None when none does."""
        if not self.match(path):
            return None
        if self._singles is None:  # only explanations need it, so it is paid for by them
            self._singles = tuple(_compile(_translate(p)) for p in self.patterns)
        raw = path.encode()
        return next(p for p, one in zip(self.patterns, self._singles, strict=True) if one.fullmatch(raw) is not None)

    def __bool__(self) -> bool:
        return bool(self.patterns)

    def __repr__(self) -> str:
        return f"Globs({list(self.patterns)!r})"


@lru_cache(maxsize=512)
def globs(patterns: tuple[str, ...]) -> Globs:
    """Return the compiled list for ``patterns``; the same object for the same tuple."""
    return Globs(patterns)


def is_utf8(path: str) -> bool:
    """Return whether ``path`` was UTF-8 in git; undecodable bytes arrive as lone surrogates."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def problems(pattern: str) -> str | None:
    """Return what is wrong with ``pattern`` and what to write instead, as one sentence; None when nothing is."""
    try:
        _translate(pattern)
    except ValueError as error:
        return str(error)
    return None


def _joined(paths: Sequence[str]) -> bytes | None:
    """Return ``paths`` as one text, NUL after each; None where they cannot be (not UTF-8, or NUL inside a path)."""
    text = "".join(f"{path}\0" for path in paths)
    try:
        return text.encode() if text.count("\0") == len(paths) else None
    except UnicodeEncodeError:
        return None


def _apart(bodies: str) -> str:
    """Return translated globs whose wildcards and negated sets stop at NUL as well, so that no match spans two paths.

    Literals never contain ``[`` unescaped and sets never begin at NUL unless negated, so these two texts are only ours.
    """
    return bodies.replace("[^/]", "[^/\\x00]").replace("[\\x{0}-", "[\\x{1}-")


def _compile(body: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MAX_MEMORY
    try:
        return re2.compile(f"(?s:{body})".encode(), options)
    except re2.error as error:
        raise ValueError(f"these globs are too much for one list ({error}); split the pack") from None


def _translate(pattern: str) -> str:
    """Return the RE2 body of ``pattern``, unanchored (the caller asks for a full match)."""
    _refuse(pattern)
    segments = pattern.split("/")
    out: list[str] = []
    last = len(segments) - 1
    for index, segment in enumerate(segments):
        if segment == "**":
            out.append("[^/]+(?:/[^/]+)*" if index == last else "(?:[^/]+/)*")
            continue
        out.append(_segment(segment, pattern))
        if index != last:
            out.append("/")
    return "".join(out)


def _refuse(pattern: str) -> None:
    """Raise ValueError for a glob that reads like something this grammar does not have."""
    if not pattern:
        raise ValueError("an empty glob matches nothing; write `**` for every file")
    if len(pattern) > MAX_LENGTH:
        raise ValueError(f"a glob of {len(pattern)} characters; at most {MAX_LENGTH} are allowed")
    if pattern != pattern.strip() or any(ord(c) < 32 or ord(c) == 127 for c in pattern):
        raise ValueError("spaces around a glob or control characters in it match nothing that git would show you")
    if not is_utf8(pattern):
        raise ValueError("a glob must be valid UTF-8")
    if pattern.startswith("!"):
        raise ValueError("globs cannot be negated; list the exception under `deny`, or write `[!]` for the character")
    if pattern.startswith("/"):
        raise ValueError(f"globs start at the root of the repository already; write `{pattern.lstrip('/') or '**'}`")
    if pattern.endswith("/"):
        raise ValueError(f"a glob names files; write `{pattern.rstrip('/')}/**` for everything below a directory")
    if "\\" in pattern:
        raise ValueError("there is no backslash escape; put the character into brackets, such as `[*]`")
    for segment in pattern.split("/"):
        if segment in {"", ".", ".."}:
            name = "an empty part (`//`)" if not segment else f"`{segment}`"
            raise ValueError(f"{name} never occurs in a path that git records; leave it out")
        if "**" in segment and segment != "**":
            raise ValueError("`**` stands alone between slashes, as in `a/**/b`; within a name use `*`")


def _segment(segment: str, pattern: str) -> str:
    out: list[str] = []
    index = 0
    while index < len(segment):
        char = segment[index]
        index += 1
        if char == "*":
            out.append("[^/]*")
        elif char == "?":
            out.append("[^/]")
        elif char == "[":
            body, index = _bracket(segment, index, pattern)
            out.append(body)
        elif char in "{}":
            raise ValueError("braces are not expanded; write one glob for each alternative, or `[{]` for the character")
        else:
            out.append(re2.escape(char))
    return "".join(out)


def _bracket(segment: str, start: int, pattern: str) -> tuple[str, int]:
    """Return the RE2 class of the bracket expression that begins at ``start`` and the index after it."""
    index = start
    negated = segment[index : index + 1] in {"!", "^"}
    index += negated
    close = segment.find("]", index + 1)
    if close < 0:
        raise ValueError(
            f"`[` in `{pattern}` is not closed (a set cannot hold `/`); write `[[]` for the character itself"
        )
    members = segment[index:close]
    ranges: list[tuple[str, str]] = []
    at = 0
    while at < len(members):
        low = high = members[at]
        if at + 2 < len(members) and members[at + 1] == "-":
            high = members[at + 2]
            at += 2
        at += 1
        if low > high:
            raise ValueError(f"the range `{low}-{high}` in `{pattern}` is backwards; write `{high}-{low}`")
        ranges.append((low, high))
    ranges = _complement(ranges) if negated else ranges
    kept = [r for low, high in ranges for r in _without_slash(low, high)]
    if not kept:
        raise ValueError(f"`[{segment[start:close]}]` in `{pattern}` can match no character")
    return "[" + "".join(f"\\x{{{ord(a):x}}}-\\x{{{ord(b):x}}}" for a, b in kept) + "]", close + 1


def _complement(ranges: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return every character but those of ``ranges``, as ranges."""
    out: list[tuple[str, str]] = []
    following = 0
    for low, high in sorted(ranges):
        if ord(low) > following:
            out.append((chr(following), chr(ord(low) - 1)))
        following = max(following, ord(high) + 1)
    if following <= ord(_TOP):
        out.append((chr(following), _TOP))
    return out


def _without_slash(low: str, high: str) -> list[tuple[str, str]]:
    """Return the range without ``/``: no set crosses a directory, not even ``[ -~]`` or ``[!a]``."""
    if not low <= "/" <= high:
        return [(low, high)]
    parts = [(low, "."), ("0", high)]
    return [(a, b) for a, b in parts if a <= b]
