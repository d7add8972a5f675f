"""Python: pyproject.toml, setup.cfg, setup.py, modules, and the files of bumping tools."""

from __future__ import annotations

import configparser
import copy
import re
from typing import Any

from bascule.kit import UnreadableError, table, toml_table
from bascule_release.formats.common import MASK, Reading, Stated, by_pattern, masked, text_of

_MODULE = re.compile(
    r"^(?:__version__|VERSION|version)[ \t]*(?::[ \t]*[\w.\[\]]+[ \t]*)?=[ \t]*"
    r"""(?P<q>["'])(?P<version>[^"'\r\n]{1,100})(?P=q)""",
    re.MULTILINE,
)
_SETUP = re.compile(
    r"(?:^[ \t]*|[(,][ \t]*)(?:version|VERSION|__version__)[ \t]*=[ \t]*"
    r"""(?P<q>["'])(?P<version>[^"'\r\n]{1,100})(?P=q)""",
    re.MULTILINE,
)
_NAME = re.compile(r"""(?:^[ \t]*|[(,][ \t]*)name[ \t]*=[ \t]*["']([\w.-]{1,100})["']""", re.MULTILINE)
_TUPLE = re.compile(
    r"^(?P<name>__version_info__|version_info|VERSION)[ \t]*=[ \t]*"
    r"\((?P<numbers>[ \t]*\d+(?:[ \t]*,[ \t]*\d+){1,4},?[ \t]*)\)",
    re.MULTILINE,
)
_BUILD = re.compile(r"^__build__[ \t]*=[ \t]*(?P<number>0x[0-9A-Fa-f]{1,12}|\d{1,12})[ \t]*$", re.MULTILINE)
_TOOLS = (("commitizen", "version"), ("bumpversion", "current_version"), ("bumpver", "current_version"))


def pyproject(text: str) -> Reading:
    """Read ``[project]``, ``[tool.poetry]`` and the sections of bumping tools; a dynamic version is none."""
    data = toml_table(text)
    rest = copy.deepcopy(data)
    stated: list[Stated] = []
    tool = table(data.get("tool"))
    places: list[tuple[str, list[str], str]] = [
        ("[project]", ["project"], "version"),
        ("[tool.poetry]", ["tool", "poetry"], "version"),
        ("[tool.tbump.version]", ["tool", "tbump", "version"], "current"),
        *((f"[tool.{name}]", ["tool", name], key) for name, key in _TOOLS),
    ]
    name = text_of(table(data.get("project")).get("name")) or text_of(table(tool.get("poetry")).get("name"))
    for what, steps, key in places:
        found, masked_one = _at(data, steps), _at(rest, steps)
        version = text_of(found.get(key))
        if version:
            stated.append(Stated(what=what, version=version, scheme="pep440", name=name))
            masked_one[key] = MASK
    return Reading(stated=tuple(stated), rest=rest)


def _at(data: dict[str, Any], steps: list[str]) -> dict[str, Any]:
    for step in steps:
        inner = data.get(step)
        if not isinstance(inner, dict):
            return {}
        data = inner
    return data


def setup_cfg(text: str) -> Reading:
    """Read ``[metadata]`` and ``[bumpversion]``; ``attr:`` and ``file:`` are no literals."""
    return _ini(text, (("metadata", "version"), ("bumpversion", "current_version")))


def bumpversion(text: str) -> Reading:
    """Read a ``.bumpversion.cfg``."""
    return _ini(text, (("bumpversion", "current_version"),))


def bumpversion_toml(text: str) -> Reading:
    """Read a ``.bumpversion.toml``."""
    return pyproject(text)


def _ini(text: str, places: tuple[tuple[str, str], ...]) -> Reading:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise UnreadableError(" ".join(str(error).split())) from error
    stated, spans = [], []
    name = parser.get("metadata", "name", fallback="")
    for section, key in places:
        version = parser.get(section, key, fallback="").strip()
        if not version or version.startswith(("attr:", "file:")):
            continue
        stated.append(Stated(what=f"[{section}]", version=version, scheme="pep440", name=name))
        found = re.search(rf"(?m)^{key}[ \t]*[=:][ \t]*({re.escape(version)})[ \t]*$", text)
        if found is not None:
            spans.append(found.span(1))
    return Reading(stated=tuple(stated), rest=masked(text, spans))


def setup_py(text: str) -> Reading:
    """Read the literal ``version=`` of a setup.py; nothing of it is run."""
    read = by_pattern(text, _SETUP, "version=", "pep440", most=1)
    name = _NAME.search(text)
    named = tuple(
        Stated(what=s.what, version=s.version, scheme=s.scheme, name=name[1] if name else "") for s in read.stated
    )
    return Reading(stated=named, rest=read.rest)


def module(text: str) -> Reading:
    """Read ``__version__ = "..."`` at the left margin of a module, and the same as a tuple of numbers.

    A ``__build__`` is the version as one number: it moves with it, and is no part of the rest.
    """
    stated = [Stated(what="__version__", version=m["version"], scheme="pep440") for m in _MODULE.finditer(text)]
    spans = [m.span("version") for m in _MODULE.finditer(text)]
    for found in _TUPLE.finditer(text):
        numbers = re.findall(r"\d+", found["numbers"])
        stated.append(Stated(what=found["name"], version=".".join(numbers), scheme="pep440"))
        spans.append(found.span("numbers"))
    spans += [m.span("number") for m in _BUILD.finditer(text)]
    return Reading(stated=tuple(stated), rest=masked(text, spans))
