"""What plugins may rely on, as text: every public name with its signature; ``python -m tests.meta.public_api``."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import attrs

FILE = Path(__file__).with_name("public_api.txt")
MODULES = (
    "bascule",
    "bascule.hookspecs",
    "bascule.types",
    "bascule.kit",
    "bascule.testing",
    "bascule.testing.contract",
    "bascule.testing.plugin",
)


def names(module: Any) -> list[str]:
    """Return a module's public names: those of ``__all__``, else what is defined there."""
    listed = getattr(module, "__all__", None)
    own = [n for n, v in vars(module).items() if not n.startswith("_") and _home(v) == module.__name__]
    return sorted(own if listed is None else listed)


def _home(value: Any) -> str | None:
    """Return where a function, class or fixture is defined."""
    return getattr(value, "__module__", None) or getattr(getattr(value, "_fixture_function", None), "__module__", None)


def lines() -> Iterator[str]:
    """Yield the list, a line for each module, name and member."""
    for path in MODULES:
        module = importlib.import_module(path)
        yield f"# {path}"
        for name in names(module):
            yield from described(name, getattr(module, name))
        yield ""


def described(name: str, value: Any) -> Iterator[str]:
    """Yield what is public of one name."""
    if isinstance(value, type) and issubclass(value, Enum):
        yield f"{name}: {', '.join(f'{m.name}={m.value!r}' for m in value)}"
    elif isinstance(value, type):
        yield f"{name}{'' if attrs.has(value) else _signature(value)}"
        if attrs.has(value):
            written = inspect.get_annotations(value)
            for field in attrs.fields(value):
                kind = written.get(field.name, field.type)
                if not field.name.startswith("_"):
                    yield f"  {field.name}: {kind}{_default(field.default)}"
        yield from _members(value)
    elif inspect.isfunction(value):
        yield f"{name}{_signature(value)}"
    elif hasattr(value, "_get_wrapped_function"):  # a fixture
        yield f"{name}{_signature(value._get_wrapped_function())}"
    else:
        yield f"{name}: {type(value).__name__}"


def _members(value: type) -> Iterator[str]:
    fields = {f.name for f in attrs.fields(value)} if attrs.has(value) else set()
    for name, member in sorted(vars(value).items()):
        if name.startswith("_") or name in fields:
            continue
        plain = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        if isinstance(plain, property) or hasattr(plain, "attrname"):
            yield f"  {name} (property)"
        elif inspect.isfunction(plain):
            yield f"  {name}{_signature(plain)}"


def _signature(value: Any) -> str:
    try:
        # Annotations are texts where their evaluation is postponed; defaults keep their quotes.
        return re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(inspect.signature(value)))
    except (TypeError, ValueError):
        return ""


def _default(value: Any) -> str:
    if value is attrs.NOTHING:
        return ""
    if hasattr(value, "factory"):
        return " = (made afresh)"
    return f" = {value!r}"


def text() -> str:
    """Return the whole list."""
    return "\n".join(lines()).rstrip() + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
    print(f"wrote {FILE.name}")
