""".NET: Directory.Packages.props."""

from __future__ import annotations

import re

from bascule_deps.model import Entry, Manifest

_VERSION = re.compile(r"""(<(?:Global)?PackageVersion\s+(?:Include|Update)=")([^"]+)("\s+Version=")([^"]+)(")""")


def packages_props(text: str, path: str) -> Manifest:  # noqa: ARG001
    """Read central package versions; everything else is the rest."""
    entries = [Entry(name=m[2], version=m[4], direct=True) for m in _VERSION.finditer(text)]
    rest = _VERSION.sub(r"\1\3\5", text).split()
    return Manifest(ecosystem="nuget", lock=False, entries=tuple(entries), rest=rest)
