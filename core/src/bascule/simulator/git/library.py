"""libgit2 without any of the machine's own configuration, as `run.clean_environment` is for the git program."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pygit2
from pygit2.enums import ConfigLevel, ObjectType

TYPES: Mapping[str, Any] = {
    "commit": ObjectType.COMMIT,
    "tree": ObjectType.TREE,
    "blob": ObjectType.BLOB,
    "tag": ObjectType.TAG,
}
MISSING = (KeyError, ValueError, pygit2.GitError)
"""What libgit2 raises for a name that names nothing, or nothing of that kind."""
REFUSED = (*MISSING, OSError)
"""What it raises where it will not do something."""


def _alone() -> None:
    for level in (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL, ConfigLevel.PROGRAMDATA):
        pygit2.settings.search_path[level] = ""
    # As with `git --git-dir`: who names the folder means it, whoever owns it (a mounted volume, a container's root).
    pygit2.settings.owner_validation = False


_alone()


def open_repository(directory: Path) -> pygit2.Repository:
    """Open a bare repository. GitError of libgit2 if there is none."""
    return pygit2.Repository(str(directory))
