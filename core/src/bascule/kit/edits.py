"""What differs between two documents, by path; and patterns over such paths.

A path is a tuple of steps. In a list whose items all have a ``name`` (or another key), the step is that name, so that a
container that moved is not a container that changed; else it is the index.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from attrs import frozen

Path = tuple[str | int, ...]
_MISSING: Any = object()


@frozen(kw_only=True)
class Edit:
    """One difference. ``before`` or ``after`` is None where ``added`` or ``removed`` says that there is nothing."""

    path: Path
    before: Any = None
    after: Any = None
    added: bool = False
    removed: bool = False

    @property
    def text(self) -> str:
        """Return the path for people: ``spec.containers[app].image``."""
        return step_text(self.path)


def step_text(path: Path) -> str:
    """Return ``path`` in the notation that :class:`Pattern` reads."""
    out = ""
    for step in path:
        if isinstance(step, int):
            out += f"[{step}]"
        elif step.startswith("[") and step.endswith("]"):
            out += step
        elif not step or any(c in step for c in '.[]"*?'):
            out += f'["{step}"]'
        else:
            out += f".{step}" if out else step
    return out


def edits(before: Any, after: Any, *, keys: Sequence[str] = ("name",), path: Path = ()) -> Iterator[Edit]:
    """Yield the smallest differences between two documents of mappings, lists and scalars, in a fixed order.

    Args:
        before: the old document.
        after: the new one.
        keys: fields by which the items of a list may be told apart, the first that fits both lists.
        path: where the documents are.
    """
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}, key=str):
            step = key if isinstance(key, str) else str(key)
            yield from _pair(before.get(key, _MISSING), after.get(key, _MISSING), keys, (*path, step))
    elif isinstance(before, list) and isinstance(after, list):
        named = next((k for k in keys if _named(before, k) and _named(after, k)), None)
        if named is not None:
            old, new = ({str(item[named]): item for item in side} for side in (before, after))
            for name in dict.fromkeys((*old, *new)):
                yield from _pair(old.get(name, _MISSING), new.get(name, _MISSING), keys, (*path, f"[{name}]"))
        else:
            for at in range(max(len(before), len(after))):
                old_item, new_item = (side[at] if at < len(side) else _MISSING for side in (before, after))
                yield from _pair(old_item, new_item, keys, (*path, at))
    elif before != after or type(before) is not type(after):
        yield Edit(path=path, before=before, after=after)


def _pair(before: Any, after: Any, keys: Sequence[str], path: Path) -> Iterator[Edit]:
    if before is _MISSING:
        yield Edit(path=path, after=after, added=True)
    elif after is _MISSING:
        yield Edit(path=path, before=before, removed=True)
    else:
        yield from edits(before, after, keys=keys, path=path)


def _named(items: Sequence[Any], key: str) -> bool:
    names = [i.get(key) if isinstance(i, Mapping) else None for i in items]
    return all(isinstance(n, str) for n in names) and len(set(names)) == len(names)


class Pattern:
    """A pattern over paths: ``spec.replicas``, ``spec.containers[*].image``, ``metadata.annotations["a.b/c"]``.

    ``*`` inside a step is any run of characters of that step, ``**`` as a step is any number of steps. A pattern
    matches a path and everything below it: who may change ``spec.resources`` may change what is in it.

    Raises:
        ValueError: it cannot be read; the message says where.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._steps = tuple(_steps(text))

    def match(self, path: Path) -> bool:
        """Return whether ``path``, or a parent of it, matches."""
        names = [_plain(step) for step in path]
        at = {0}
        for name in names:
            at = self._open(at)
            if len(self._steps) in at:
                return True
            at = {n for i in at for n in self._next(i, name)}
            if not at:
                return False
        return len(self._steps) in self._open(at)

    def _open(self, at: set[int]) -> set[int]:
        """Return ``at`` and what can be reached from it by letting ``**`` stand for nothing."""
        found = set(at)
        for i, step in enumerate(self._steps):
            if i in found and step == ("**", False):
                found.add(i + 1)
        return found

    def _next(self, at: int, name: str) -> tuple[int, ...]:
        if at >= len(self._steps):
            return ()
        step, literal = self._steps[at]
        if (step, literal) == ("**", False):
            return (at,)
        same = name == step if literal else fnmatchcase(name, step)
        return (at + 1,) if same else ()


def _plain(step: str | int) -> str:
    text = str(step)
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text


def _steps(text: str) -> Iterator[tuple[str, bool]]:
    at, size = 0, len(text)
    if not text:
        raise ValueError("an empty path")
    while at < size:
        if text.startswith('["', at):
            end = text.find('"]', at + 2)
            if end < 0:
                raise ValueError(f'column {at + 1}: `["` without `"]`')
            yield text[at + 2 : end], True
            at = end + 2
        elif text[at] == "[":
            end = text.find("]", at)
            if end < 0:
                raise ValueError(f"column {at + 1}: `[` without `]`")
            yield text[at + 1 : end], False
            at = end + 1
        else:
            if text[at] == ".":
                at += 1
            end = min((i for i in (text.find(".", at), text.find("[", at)) if i >= 0), default=size)
            if end == at:
                raise ValueError(f"column {at + 1}: a step without a name")
            yield text[at:end], False
            at = end
