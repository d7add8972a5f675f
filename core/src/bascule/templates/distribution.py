"""A distribution for a new scenario, out of the files beside this module; a test builds it and runs its tests."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Mapping
from importlib.resources import files
from pathlib import Path

from bascule import __version__
from bascule.errors import OutsideError, UsageError
from bascule.messages import plugins as say
from bascule.messages.host import Text

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 40
# In a rulepack each of these would be read as something else than a name, or mean the core.
_TAKEN = frozenset({"bascule", "core", "false", "no", "null", "off", "on", "true", "yes"})
_FILES: Mapping[str, str] = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    ".gitignore": "gitignore",
    "src/{{package}}/__init__.py": "init.py",
    "src/{{package}}/plugin.py": "plugin.py",
    "src/{{package}}/book.py": "book.py",
    "src/{{package}}/rules.py": "rules.py",
    "src/{{package}}/py.typed": "",
    "src/{{package}}/rulepack/default.yml": "default.yml",
    "tests/test_rules.py": "test_rules.py",
    "tests/test_contract.py": "test_contract.py",
}


def check_name(name: str, taken: Collection[str]) -> None:
    """Refuse what cannot be the name of a scenario.

    Args:
        name: as a person typed it.
        taken: names of installed plugins and scenarios.

    Raises:
        UsageError: another form, a word with a meaning of its own, or a name that is taken.
    """
    if _NAME.fullmatch(name) is None or len(name) > _LONGEST:
        raise _refused(say.odd_name(name, _LONGEST))
    if name in _TAKEN or keyword.iskeyword(name):
        raise _refused(say.reserved_name(name))
    if name in taken:
        raise _refused(say.taken_name(name))


def write(name: str, folder: Path) -> tuple[str, ...]:
    """Write the distribution of the scenario ``name`` into ``folder``, which is made where it is missing.

    Args:
        name: one that :func:`check_name` accepts.
        folder: an empty one, or none yet.

    Returns:
        The files written, relative to ``folder``, in the order in which a person reads them.

    Raises:
        UsageError: ``folder`` is a file, or has something in it; nothing is written.
        OutsideError: it cannot be written.
    """
    values = {"{{name}}": name, "{{package}}": f"bascule_{name.replace('-', '_')}", "{{core}}": core_requirement()}
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise _refused(say.folder_taken(folder), str(folder))
    templates = files("bascule.templates").joinpath("plugin")
    written = []
    try:
        for target, template in _FILES.items():
            text = templates.joinpath(f"{template}.tmpl").read_text(encoding="utf-8") if template else ""
            path = _filled(target, values)
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(_filled(text, values), encoding="utf-8")
            written.append(path)
    except OSError as error:
        told = say.not_written(error.strerror or str(error))
        raise OutsideError(told.reason, hint=told.fix, where=str(folder)) from error
    return tuple(written)


def core_requirement() -> str:
    """Return what a distribution written today declares: this minor version of bascule."""
    major, minor = __version__.split(".")[:2]
    return f"bascule>={major}.{minor},<{major}.{int(minor) + 1}"


def _refused(told: Text, where: str = "") -> UsageError:
    return UsageError(told.reason, hint=told.fix, where=where)


def _filled(text: str, values: Mapping[str, str]) -> str:
    for mark, value in values.items():
        text = text.replace(mark, value)
    return text
