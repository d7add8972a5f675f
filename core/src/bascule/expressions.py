"""Expressions of the Common Expression Language (github.com/google/cel-spec), which always end and change nothing."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib.machinery import PathFinder
from typing import Any

LONGEST = 4000
"""Characters of one expression."""

_MEMBER = r"\s*(?:\.\s*([A-Za-z_]\w*)\b(?!\s*\()|\[\s*\"([\w/-]+)\"\s*\])"


def problems(text: str) -> str | None:
    """Return what is wrong with ``text`` as an expression, with line and column; None where it can be compiled."""
    if len(text) > LONGEST:
        return f"an expression of more than {LONGEST:,} characters"
    try:
        compiled(text)
    except ValueError as error:
        return str(error)
    return None


@lru_cache(maxsize=256)
def compiled(text: str) -> Any:
    """Return ``text`` ready to run as often as one likes: an object with ``execute(variables)``.

    Raises:
        ValueError: it is no expression; the message says where and what.
    """
    try:
        return _library().compile(text)
    except ValueError as error:
        said = re.search(r"ERROR: <input>:(\d+):(\d+): (?:Syntax error: )?(.*)", str(error))
        if said is None:
            raise ValueError(" ".join(str(error).split())) from error
        line, column, what = said.groups()
        raise ValueError(f"line {line}, column {column}: {what.partition(' expecting {')[0]}") from error


def evaluate(text: str, variables: Mapping[str, Callable[[], Any]]) -> Any:
    """Return what ``text`` gives.

    Args:
        text: the expression.
        variables: what it can name: by name, a function that makes the value. One that ``text`` does not name is not
            made, and members of a mapping that it cannot reach are not handed over: the library converts a value as a
            whole, which takes most of the time.

    Raises:
        ValueError: it is no expression. It, and other exceptions of the library: it has no value for these variables.
    """
    program = compiled(text)
    needed = {}
    for name, make in variables.items():
        reached = members(text, name)
        if reached is None:
            needed[name] = make()
        elif reached:
            value = make()
            narrow = isinstance(value, Mapping)
            needed[name] = {k: v for k, v in value.items() if k in reached} if narrow else value
    return program.execute(needed)


@lru_cache(maxsize=1024)
def members(text: str, name: str) -> frozenset[str] | None:
    """Return which members of the variable ``name`` the expression ``text`` can reach; None for all of it.

    It goes by the letters alone and errs towards more: every place where the name stands counts, in a text too, and any
    form but ``name.member`` and ``name["member"]`` (a call, a comparison, a comment anywhere) reaches all of it.
    """
    if "//" in text:
        return None
    found = set()
    for place in re.finditer(rf"\b{re.escape(name)}\b(?:{_MEMBER})?", text, re.ASCII):
        if (member := place[1] or place[2]) is None:
            return None
        found.add(member)
    return frozenset(found)


@cache
def _library() -> Any:
    """Return the library without the command line that its package imports as well, which costs twenty times as much.

    Its own module is the extension ``cel.cel``. Where a later version has none, the package is imported as a whole.
    """
    name = "cel.cel"
    package = importlib.util.find_spec("cel") if name not in sys.modules else None
    folders = package.submodule_search_locations if package is not None else None
    if folders is not None and (spec := PathFinder.find_spec(name, folders)) is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[name] = module  # for whoever imports the package later: an extension is loaded once
        return module
    import cel

    return cel
