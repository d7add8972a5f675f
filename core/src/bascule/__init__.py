"""Bascule merges pull requests where that is safe and always closes protection behind itself.

Importing this package imports nothing else (PEP 562): ``bascule --version`` and plugin
modules that only need the marker stay cheap. Names resolve on first use.
"""

from __future__ import annotations

# `typing` alone costs a third of a bare interpreter's start; checkers take this name for the real one.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from bascule.hookspecs import HOOK_API, hookimpl

__version__ = "0.1.0"
__all__ = ["HOOK_API", "__version__", "hookimpl"]


def __getattr__(name: str) -> object:
    """Resolve ``hookimpl`` and ``HOOK_API`` lazily from :mod:`bascule.hookspecs`."""
    if name in {"hookimpl", "HOOK_API"}:
        import importlib

        # Not an import statement: to the layers this package depends on nothing.
        return getattr(importlib.import_module("bascule.hookspecs"), name)
    raise AttributeError(f"module 'bascule' has no attribute {name!r}")
