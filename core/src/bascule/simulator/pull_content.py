"""What a pull request would change: its commits and files, against the point where it left the base branch."""

import hashlib
import re
from functools import lru_cache
from pathlib import Path

from attrs import frozen

from bascule.simulator.git import FileChange, GitRepo
from bascule.simulator.model import PullRequest, Repo
from bascule.simulator.world import World

_HUNK = re.compile(r"^@@ .*$", re.MULTILINE)


@frozen(kw_only=True)
class Content:
    """Commits oldest first, files sorted by path, both in full."""

    merge_base: str | None
    commits: tuple[str, ...]
    files: tuple[FileChange, ...]

    @property
    def additions(self) -> int:
        """Added lines."""
        return sum(f.additions for f in self.files)

    @property
    def deletions(self) -> int:
        """Removed lines."""
        return sum(f.deletions for f in self.files)


def base_tip(world: World, repo: Repo, pull: PullRequest) -> str:
    """The commit that the pull request is compared with: the branch's tip while open, else what was recorded."""
    if pull.state == "closed":
        return pull.base_sha
    return world.git(repo).ref(f"refs/heads/{pull.base_ref}") or pull.base_sha


def content(world: World, repo: Repo, pull: PullRequest) -> Content:
    """Commits and files of a pull request as they are now (or were when it was closed)."""
    return content_between(str(world.git(repo).directory), base_tip(world, repo, pull), pull.head_sha)


# A pure function of two commits, asked for again with every read of a pull request.
@lru_cache(maxsize=256)
def content_between(directory: str, base: str, head: str) -> Content:
    """Commits of `head` that `base` lacks, and the three-dot difference. GitError if either is missing."""
    git = GitRepo(Path(directory))
    try:
        common = git.merge_base(base, head)
        commits = git.between(base, head, "--topo-order")[::-1]
        return Content(merge_base=common, commits=tuple(commits), files=tuple(git.diff(common, head)))
    finally:
        git.close()


def patch_id(directory: str, base: str, head: str) -> str:
    """A name for what the difference does, the same wherever its lines have moved to."""
    digest = hashlib.sha256()
    for file in content_between(directory, base, head).files:
        # Binary files and pure renames have no hunks: there the object says what became of the file.
        what = _HUNK.sub("@@", file.patch) if file.patch is not None else file.new_sha
        parts = (file.status, file.path, file.previous_path, file.old_mode, file.new_mode, what)
        digest.update(repr(parts).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
