"""What replay says."""

from __future__ import annotations

from collections.abc import Sequence

from bascule.messages.wording import code, listed

# -- which repository ------------------------------------------------------------------------------------------------

GIVE_A_REPOSITORY = "give the path of a clone, of a folder in one, or of a bare repository: bascule replay PATH"
NOT_A_REPOSITORY = "there is no git repository here or above"
NO_COMMITS = "this repository has no commit yet, so there is no history to replay"
COMMIT_FIRST = "commit something first, or fetch a branch and name it with --branch"


def not_a_folder(exists: bool) -> str:
    """Say that a path cannot be a repository."""
    return "this is a file; expected a folder" if exists else "there is no such folder"


def head_is_unborn(branch: str) -> str:
    """Say that HEAD names a branch that does not exist, as in a bare clone of a renamed branch."""
    return f"HEAD points to the branch {code(branch)}, which has no commit"


def no_branch(branch: str) -> str:
    """Say that ``--branch`` names nothing."""
    return f"there is no branch, tag or commit {code(branch)}"


def choose_branch(branches: Sequence[str]) -> str:
    """Return what to type instead."""
    if not branches:
        return "this repository has no branches"
    return f"choose one with --branch: {listed(branches, limit=8)}"
