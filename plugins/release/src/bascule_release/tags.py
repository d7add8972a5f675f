"""Names of tags: how a repository writes a version as one, and how it is read back."""

from __future__ import annotations

import re
from functools import lru_cache

USUAL = (
    "v{version}", "{version}", "{name}@{version}", "{name}-v{version}", "{name}-{version}", "{name}/v{version}",
    "{name}/{version}", "{name}_v{version}", "release-{version}", "release/{version}", "rel-{version}",
    "release/v{version}",
)  # fmt: skip
"""Forms that are looked for where a pack states none."""
_VERSION = r"(?P<version>\d[0-9A-Za-z.+!_-]*)"


def spelled(form: str, name: str, version: str) -> str:
    """Return the tag that ``version`` of the package ``name`` gets in ``form``."""
    return form.replace("{name}", name).replace("{version}", version)


@lru_cache(maxsize=256)
def _pattern(form: str, name: str) -> re.Pattern[str]:
    parts = re.split(r"(\{name\}|\{version\})", form)
    made = "".join(_VERSION if p == "{version}" else re.escape(name) if p == "{name}" else re.escape(p) for p in parts)
    return re.compile(made)


def version_of(form: str, name: str, tag: str) -> str | None:
    """Return the version that ``tag`` states in ``form``, None where it is not of that form."""
    found = _pattern(form, name).fullmatch(tag)
    return found["version"] if found is not None else None


def fitting(form: str | None, name: str) -> tuple[str, ...]:
    """Return the forms to look for: the stated one, else the usual ones that can be told for ``name``."""
    if form is not None:
        return (form,)
    return tuple(f for f in USUAL if name or "{name}" not in f)
