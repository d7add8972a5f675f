"""Git as the simulator uses it: bare repositories, through libgit2 and the git program."""

from bascule.simulator.git.diff import FileChange, diff_trees
from bascule.simulator.git.objects import CommitInfo, Signature, TreeEntry
from bascule.simulator.git.pool import RepoPool
from bascule.simulator.git.repository import GitRepo, RefRaceLost
from bascule.simulator.git.run import GitError, GitObjectMissing

__all__ = [
    "CommitInfo",
    "FileChange",
    "GitError",
    "GitObjectMissing",
    "GitRepo",
    "RefRaceLost",
    "RepoPool",
    "Signature",
    "TreeEntry",
    "diff_trees",
]
