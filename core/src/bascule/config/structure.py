"""A document as a record: cattrs without any of its conversions, and every error at its place in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import attrs
from cattrs import ClassValidationError, Converter, ForbiddenExtraKeysError, IterableValidationError
from cattrs.gen import make_dict_structure_fn, override

from bascule.config import duration
from bascule.config.reader import Document, Path
from bascule.config.scalars import Ambiguous
from bascule.config.shape import SHORTHAND, AtLeast, Kind, keys_of
from bascule.errors import Problem
from bascule.messages import config as say

T = TypeVar("T")


class WrongError(ValueError):
    """One value is wrong: what to say, and where below the value that was being structured."""

    def __init__(self, said: say.Said, below: Path = (), *, at_key: bool = False) -> None:
        super().__init__(said[0])
        self.said = said
        self.below = below
        self.at_key = at_key


class SeveralError(ValueError):
    """Several values below one are wrong."""

    def __init__(self, errors: list[WrongError]) -> None:
        super().__init__(f"{len(errors)} values are wrong")
        self.errors = errors


def structure(doc: Document, kind: type[T]) -> tuple[T | None, tuple[Problem, ...]]:
    """Return the document as a ``kind`` (an attrs class made with :func:`~bascule.config.shape.key`), and all problems.

    The record is None as soon as there is a problem, in the YAML or in the shape; a broken YAML file is not
    judged further, because what was read of it is not what was meant.
    """
    if doc.problems:
        return None, doc.problems
    try:
        return converter().structure(doc.data, kind), ()
    except (ClassValidationError, WrongError, SeveralError) as error:
        found = [doc.problem(path, said, key=at_key) for path, said, at_key in _flatten(error, ())]
        return None, in_file_order(found)


def in_file_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return ``problems`` by file, line and column."""

    def place(problem: Problem) -> tuple[str, int, int]:
        file, line, column = [*problem.where.rsplit(":", 2), "", ""][:3]
        return (file, int(line), int(column)) if line.isdigit() and column.isdigit() else (problem.where, 0, 0)

    return tuple(sorted(problems, key=place))


def plain_data(value: Any) -> Any:
    """Return free-form YAML data with only JSON's types.

    Raises:
        SeveralError: when text in it would be read differently by other YAML readers.
    """
    errors: list[WrongError] = []
    out = _plain(value, (), errors)
    if errors:
        raise SeveralError(errors)
    return out


def _plain(value: Any, path: Path, errors: list[WrongError]) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v, (*path, str(k)), errors) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v, (*path, at), errors) for at, v in enumerate(value)]
    if isinstance(value, Ambiguous):
        errors.append(WrongError(say.ambiguous(value, value.taken_for), path))
    return value


def _flatten(error: BaseException, path: Path) -> Iterator[tuple[Path, say.Said, bool]]:
    """Yield place, message and fix of every leaf, in the order of the keys in the shape."""
    if isinstance(error, WrongError):
        yield (*path, *error.below), error.said, error.at_key
    elif isinstance(error, SeveralError):
        for wrong in error.errors:
            yield from _flatten(wrong, path)
    elif isinstance(error, ClassValidationError):
        noted, others = error.group_exceptions()
        keys = {k.attribute: k for k in keys_of(error.cl)}
        for other in others:
            yield from _flatten(other, path)
        for below, note in noted:
            key = keys[note.name]
            if isinstance(below, KeyError):
                yield path, say.missing_key(key.name, key.example), False
            else:
                yield from _flatten(below, path if key.extra else (*path, key.name))
    elif isinstance(error, ForbiddenExtraKeysError):
        known = [k.name for k in keys_of(error.cl)]
        for extra in error.extra_fields:
            yield (*path, extra), say.unknown_key(extra, known), True
    elif isinstance(error, IterableValidationError):
        for item, place in error.group_exceptions()[0]:
            yield from _flatten(item, (*path, int(place.index)))
    else:
        raise error  # not a user's mistake


@cache
def converter() -> Converter:
    """Return the strict converter: no coercion, no unknown keys, all errors at once."""
    made = Converter(forbid_extra_keys=True, detailed_validation=True)
    made.register_structure_hook(bool, _bool)
    made.register_structure_hook(int, _int)
    made.register_structure_hook(float, _float)
    made.register_structure_hook(str, lambda v, _: _text(v))
    made.register_structure_hook(duration.Seconds, lambda v, _: _duration(v))
    made.register_structure_hook_func(lambda t: t is Any, lambda v, _: plain_data(v))
    made.register_structure_hook_factory(lambda t: isinstance(t, type) and issubclass(t, Enum), _enum)
    made.register_structure_hook_factory(_is_literal, _literal)
    made.register_structure_hook_factory(attrs.has, lambda t: _record(t, made))
    made.register_structure_hook_factory(_is_tuple, lambda t: _tuple(t, made))
    made.register_structure_hook_factory(_is_mapping, lambda _: _mapping)
    made.register_structure_hook_factory(_is_optional, lambda t: _optional(t, made))
    made.register_structure_hook_factory(_is_annotated, lambda t: _annotated(t, made))
    return made


def _is_literal(t: Any) -> bool:
    return get_origin(t) is Literal


def _is_tuple(t: Any) -> bool:
    return get_origin(t) is tuple


def _is_mapping(t: Any) -> bool:
    return get_origin(t) in {dict, Mapping}


def _is_annotated(t: Any) -> bool:
    return get_origin(t) is Annotated


def _is_optional(t: Any) -> bool:
    return get_origin(t) in {Union, UnionType} and NoneType in get_args(t) and len(get_args(t)) == 2


def _bool(value: Any, _: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise WrongError(say.wrong_type(value, "true or false", "write true or false, without quotes"))


def _int(value: Any, _: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise WrongError(say.wrong_type(value, "a whole number", "write it in decimal digits, without quotes"))


def _float(value: Any, _: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise WrongError(say.wrong_type(value, "a number", "write it in decimal digits, without quotes"))


def _text(value: Any) -> str:
    if isinstance(value, Ambiguous):
        raise WrongError(say.ambiguous(value, value.taken_for))
    if not isinstance(value, str):
        fix = (
            "write one value"
            if isinstance(value, list | dict)
            else "put it in quotes"
            if value is not None
            else "write a value"
        )
        raise WrongError(say.wrong_type(value, "text", fix))
    if not value.strip():
        raise WrongError(say.wrong_type(value, "text that is not empty", "write a value or remove the key"))
    return str(value)


def _duration(value: Any) -> duration.Seconds:
    if isinstance(value, str):
        try:
            return duration.parse(value)
        except ValueError:
            pass
    raise WrongError(say.wrong_type(value, "a duration", "write number and unit, such as 10s, 60m, 1h30m or 7d"))


def _one_of(value: Any, values: Mapping[str, Any]) -> Any:
    """Return the member. Text that reads two ways elsewhere (``off``) does not here: only a word can be meant."""
    if not isinstance(value, str):
        raise WrongError(say.wrong_type(value, "one of " + ", ".join(values), "write one of these words"))
    if value not in values:
        raise WrongError(say.not_one_of(value, values))
    return values[str(value)]


def _enum(kind: Any) -> Callable[[Any, Any], Any]:
    values = {str(m.value): m for m in kind}
    return lambda value, _: _one_of(value, values)


def _literal(kind: Any) -> Callable[[Any, Any], Any]:
    values = get_args(kind)
    if all(isinstance(v, str) for v in values):
        return lambda value, _: _one_of(value, {v: v for v in values})

    def only(value: Any, _: Any) -> Any:
        # `True == 1`, so the type counts as well.
        if any(type(value) is type(v) and value == v for v in values):
            return value
        expected = " or ".join(f"`{v}`" for v in values)
        raise WrongError(say.wrong_type(value, expected, f"write {expected}"))

    return only


def _record(kind: Any, made: Converter) -> Callable[[Any, Any], Any]:
    keys = keys_of(kind)
    named: dict[str, Any] = {k.attribute: override(rename=k.name) for k in keys if not k.extra}
    inner = make_dict_structure_fn(
        kind, made, _cattrs_forbid_extra_keys=True, _cattrs_detailed_validation=True, **named
    )
    extra = next((k for k in keys if k.extra), None)
    known = {k.name for k in keys if not k.extra}
    shorthand = getattr(kind, SHORTHAND, "")

    def record(value: Any, _: Any) -> Any:
        if shorthand and isinstance(value, str):
            value = {shorthand: value}
        if not isinstance(value, Mapping):
            fix = "write keys below it: " + ", ".join(k.name for k in keys if not k.extra)
            raise WrongError(say.wrong_type(value, "a mapping", fix))
        if extra is not None:
            rest = {k: v for k, v in value.items() if k not in known}
            value = {**{k: v for k, v in value.items() if k in known}, extra.attribute: rest}
        return inner(value, kind)

    return record


def _tuple(kind: Any, made: Converter) -> Callable[[Any, Any], Any]:
    item: Any = list.__class_getitem__(get_args(kind)[0])

    def items(value: Any, _: Any) -> Any:
        if not isinstance(value, list):
            fix = f"write it as a list: [{value}]" if isinstance(value, str) else "write it as a list"
            raise WrongError(say.wrong_type(value, "a list", fix))
        out: tuple[Any, ...] = tuple(made.structure(value, item))
        seen: set[Any] = set()
        errors = []
        for at, one in enumerate(out):
            if isinstance(one, str | Enum):
                if one in seen:
                    errors.append(WrongError(say.listed_twice(str(value[at])), (at,)))
                seen.add(one)
        if errors:
            raise SeveralError(errors)
        return out

    return items


def _mapping(value: Any, _: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise WrongError(say.wrong_type(value, "a mapping", "write keys below it"))
    out: Mapping[str, Any] = plain_data(value)
    return out


def _optional(kind: Any, made: Converter) -> Callable[[Any, Any], Any]:
    """Absent means None; a key that is written must have a value."""
    inner = next(t for t in get_args(kind) if t is not NoneType)

    def present(value: Any, _: Any) -> Any:
        if value is None:
            raise WrongError(say.wrong_type(None, "a value", "write a value or remove the key"))
        return made.structure(value, inner)

    return present


def _annotated(kind: Any, made: Converter) -> Callable[[Any, Any], Any]:
    base, *notes = get_args(kind)

    def checked(value: Any, _: Any) -> Any:
        out = made.structure(value, base)
        for note in notes:
            if isinstance(note, Kind) and (said := note.check(out)) is not None:
                raise WrongError(said)
            if isinstance(note, AtLeast) and out < note.least:
                raise WrongError(say.too_small(out, note.least))
        return out

    return checked
