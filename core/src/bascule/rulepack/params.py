"""Parameters of a plugin's rule against the JSON Schema that the plugin gave with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from bascule import expressions, globs, regex
from bascule.config import duration
from bascule.config.reader import Path
from bascule.messages import config as say_config
from bascule.messages import rulepack as say

FORMATS = FormatChecker(formats=())
"""What ``format`` may say in a rule's schema besides types: ``glob``, ``re2``, ``cel``, ``duration``."""


@FORMATS.checks("glob", raises=ValueError)
def _glob(value: object) -> bool:
    if isinstance(value, str) and (reason := globs.problems(value)) is not None:
        raise ValueError(reason)
    return True


@FORMATS.checks("re2", raises=ValueError)
def _re2(value: object) -> bool:
    if isinstance(value, str) and (reason := regex.problems(value)) is not None:
        raise ValueError(reason)
    return True


@FORMATS.checks("cel", raises=ValueError)
def _cel(value: object) -> bool:
    if isinstance(value, str) and (reason := expressions.problems(value)) is not None:
        raise ValueError(reason)
    return True


@FORMATS.checks("duration", raises=ValueError)
def _duration(value: object) -> bool:
    if isinstance(value, str):
        duration.parse(value)
    return True


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    """``pattern`` by RE2: schemas come from plugins, and no plugin may make the driver think for ever."""
    if isinstance(instance, str) and not regex.found(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


_Validator: Any = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


def _unsupported(schema: Any) -> str | None:
    """Return what a rule's schema uses that is not allowed here."""
    if isinstance(schema, Mapping):
        if "patternProperties" in schema:
            return "patternProperties is not supported here; use propertyNames and additionalProperties"
        pattern = schema.get("pattern")
        if isinstance(pattern, str) and (reason := regex.problems(pattern)) is not None:
            return f"pattern: {reason}"
        return next((r for v in schema.values() if (r := _unsupported(v)) is not None), None)
    if isinstance(schema, list | tuple):
        return next((r for v in schema if (r := _unsupported(v)) is not None), None)
    return None


class _UnsupportedError(Exception):
    """A schema uses what is not allowed here."""


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else list(value)


@lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    """Return what checks values against a schema, given as JSON; rules are few and used in every pack.

    Raises:
        SchemaError: it is no schema.
    """
    found = json.loads(schema)
    if (odd := _unsupported(found)) is not None:
        raise _UnsupportedError(odd)
    _Validator.check_schema(found)
    # A registry without a way to retrieve: the default one would follow references over the network.
    registry: Registry[Any] = Registry()
    return _Validator(found, registry=registry, format_checker=FORMATS)


def check(rule: str, schema: Mapping[str, Any], params: Mapping[str, Any]) -> Iterator[tuple[Path, say.Said, bool]]:
    """Yield what is wrong with ``params``: place below them, message and fix, and whether the key itself is meant.

    A schema that is broken, or that refers to another document, is a problem of its own: nothing is fetched.
    """
    try:
        validator = _validator(json.dumps(schema, default=_plain))
        errors = sorted(validator.iter_errors(params), key=lambda e: [str(p) for p in e.absolute_path])
    except (SchemaError, Unresolvable, _UnsupportedError) as error:
        yield (), say.bad_rule_schema(rule, str(error).splitlines()[0]), False
        return
    for wrong in errors:
        yield from _said(rule, wrong)


def _said(rule: str, error: ValidationError) -> Iterator[tuple[Path, say.Said, bool]]:
    path: Path = tuple(error.absolute_path)
    found: Any = error.instance
    limit: Any = error.validator_value
    schema: Any = error.schema
    if error.validator == "additionalProperties" and isinstance(found, Mapping):
        known = [str(k) for k in schema.get("properties", {})]
        for name in sorted(set(found) - set(known)):
            yield (*path, name), say_config.unknown_key(name, known), True
    elif error.validator == "required" and isinstance(found, Mapping):
        # One error per missing key; its name is only in the message otherwise.
        missing = next(k for k in limit if k not in found and f"'{k}'" in error.message)
        yield path, say_config.missing_key(missing, ""), False
    elif error.validator == "enum" and isinstance(found, str):
        yield path, say_config.not_one_of(found, [str(v) for v in limit]), False
    elif error.validator == "type":
        kinds = [limit] if isinstance(limit, str) else list(limit)
        yield path, say_config.wrong_type(found, " or ".join(_TYPES.get(k, k) for k in kinds), _FIX), False
    elif error.validator == "format" and error.cause is not None:
        yield path, say.bad_params(rule, f"{json.dumps(found)}: {error.cause}"), False
    else:
        yield path, say.bad_params(rule, error.message), False


_TYPES = {
    "string": "text",
    "array": "a list",
    "object": "a mapping",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "null": "nothing",
}
_FIX = "write a value of that type"
