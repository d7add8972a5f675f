"""Files that state a version, by name: what they state, and everything else in them so that it can be compared.

A reader takes a text and returns a :class:`Reading`. What it cannot read raises :class:`~bascule.kit.UnreadableError`.
"""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase

from bascule_release.formats import others, python, structured
from bascule_release.formats.common import Reading, Stated

__all__ = ["MANIFESTS", "Reading", "Stated", "is_module", "manifest", "reader"]

Reader = Callable[[str], Reading]

MANIFESTS: tuple[tuple[str, Reader], ...] = (
    ("pyproject.toml", python.pyproject),
    ("setup.cfg", python.setup_cfg),
    ("setup.py", python.setup_py),
    ("package.json", structured.package_json),
    ("Cargo.toml", structured.cargo),
    ("Chart.yaml", others.chart),
    ("Chart.yml", others.chart),
    ("pom.xml", others.pom),
    ("gradle.properties", others.gradle),
    ("mix.exs", others.mix),
    ("composer.json", structured.composer),
    ("*.csproj", others.msbuild),
    ("*.fsproj", others.msbuild),
    ("Directory.Build.props", others.msbuild),
    ("*.gemspec", others.gemspec),
    ("VERSION", others.plain),
    ("VERSION.txt", others.plain),
    ("version.txt", others.plain),
)
"""Files that make their folder the folder of a package."""
_BESIDE: tuple[tuple[str, Reader], ...] = (
    ("package-lock.json", structured.package_lock),
    ("npm-shrinkwrap.json", structured.package_lock),
    ("Cargo.lock", structured.cargo_lock),
    ("uv.lock", structured.uv_lock),
    (".bumpversion.cfg", python.bumpversion),
    (".bumpversion.toml", python.bumpversion_toml),
    ("__init__.py", python.module),
    ("_version.py", python.module),
    ("__version__.py", python.module),
    ("__about__.py", python.module),
    ("version.py", python.module),
    ("version.rb", others.ruby),
)


def manifest(path: str) -> bool:
    """Return whether a file of this name makes its folder the folder of a package."""
    name = path.rpartition("/")[2]
    return any(fnmatchcase(name, pattern) for pattern, _ in MANIFESTS)


def is_module(path: str) -> bool:
    """Return whether a file of this name is code that may state a version, and not a manifest or a lockfile."""
    return path.endswith((".py", ".rb")) and not manifest(path) and reader(path) is not None


def reader(path: str) -> Reader | None:
    """Return the reader for ``path``, None where its name says nothing of a version."""
    name = path.rpartition("/")[2]
    return next((read for pattern, read in (*MANIFESTS, *_BESIDE) if fnmatchcase(name, pattern)), None)
