"""The tables of the reference page, from the same declarations as the loader.

``python -m bascule.rulepack.reference docs/reference/rulepack.md`` writes them into the page, between its two markers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import attrs

from bascule.config.duration import Seconds
from bascule.config.settings import Settings
from bascule.config.shape import SHORTHAND, AtLeast, Key, Kind, keys_of
from bascule.rulepack.schema import PackShape

START, END = "<!-- {}: generated -->", "<!-- {}: end -->"
"""What stands before and after the tables of a subject (``keys``, ``settings``) on the page."""

_SUBJECTS: dict[str, type] = {"keys": PackShape, "settings": Settings}


def tables(root: type = PackShape) -> str:
    """Return Markdown: one table for the top level of a file, then one for every mapping in it."""
    return "\n\n".join(_table(path, cls) for path, cls in _sections("", root)) + "\n"


def keys(root: type = PackShape) -> tuple[str, ...]:
    """Return every key of a file as a dotted path, list items as ``[]`` (``rules[].id``)."""
    return tuple(f"{path}.{key.name}".lstrip(".") for path, cls in _sections("", root) for key in _named(cls))


def written_into(page: str) -> str:
    """Return the page with the tables between its markers brought up to date.

    Raises:
        ValueError: when the page does not have all markers.
    """
    for subject, root in _SUBJECTS.items():
        start, end = START.format(subject), END.format(subject)
        before, found_start, rest = page.partition(start)
        _, found_end, after = rest.partition(end)
        if not found_start or not found_end:
            raise ValueError(f"the page needs {start} and {end}")
        page = f"{before}{start}\n\n{tables(root)}\n{end}{after}"
    return page


def _named(cls: type) -> tuple[Key, ...]:
    return tuple(k for k in keys_of(cls) if not k.extra)


def _sections(path: str, cls: type) -> Iterator[tuple[str, type]]:
    yield path, cls
    for key in _named(cls):
        inner, items = _inner(key.type)
        if attrs.has(inner):
            yield from _sections(f"{path}.{key.name}{'[]' if items else ''}".lstrip("."), inner)


def _inner(kind: Any) -> tuple[Any, bool]:
    """Return the type inside of optional and list, and whether there was a list."""
    if get_origin(kind) in {Union, UnionType}:
        return _inner(next(a for a in get_args(kind) if a is not NoneType))
    if get_origin(kind) is tuple:
        return get_args(kind)[0], True
    return kind, False


def _table(path: str, cls: type) -> str:
    doc = " ".join((cls.__doc__ or "").split()).replace("``", "`")
    tighten = any(k.tighten for k in _named(cls))
    head = ["key", "type", "what it means", *(["over a template"] if tighten else [])]
    rows = [head, ["---"] * len(head)]
    for key in _named(cls):
        meaning = [key.doc]
        meaning += ["Required."] if key.required else []
        meaning += (
            [f"Default: `{_yaml(key.default)}`."] if key.default not in (None, ()) and _is_plain(key.default) else []
        )
        meaning += [f"Example: `{key.example}`"] if key.example else []
        rows.append([f"`{key.name}`", _type(key.type), " ".join(meaning), *([key.tighten] if tighten else [])])
    body = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
    return f"### {f'`{path}`' if path else 'The file'}\n\n{doc}\n\n{body}"


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool)


def _yaml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _type(kind: Any) -> str:
    origin, args = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        return _type(next(a for a in args if a is not NoneType))
    if origin is tuple:
        return f"list: {_type(args[0])}"
    if origin is Annotated:
        return next(_note(n, args[0]) for n in args[1:])
    if origin is Literal:
        return ", ".join(f"`{a}`" for a in args)
    if origin is Mapping:
        return "mapping"
    if kind is Seconds:
        return "duration"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ", ".join(f"`{m.value}`" for m in kind)
    if attrs.has(kind):
        short = getattr(kind, SHORTHAND, "")
        return f"mapping, or its `{short}`" if short else "mapping"
    return {str: "text", bool: "`true`, `false`", int: "whole number", float: "number"}[kind]


def _note(note: Any, base: Any) -> str:
    if isinstance(note, Kind):
        return note.title
    if isinstance(note, AtLeast):
        return f"{_type(base)}, at least {note.least}"
    raise TypeError(note)


def main() -> None:
    """Bring the page that is named on the command line up to date."""
    page = Path(sys.argv[1])
    page.write_text(written_into(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
