"""The repositories that are open."""

from collections import OrderedDict
from pathlib import Path

from bascule.simulator.git.repository import GitRepo

_OPEN = 64


class RepoPool:
    """Open repositories by id; the least used ones are closed again."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open: OrderedDict[int, GitRepo] = OrderedDict()

    def get(self, repo_id: int) -> GitRepo:
        """The repository with that id (which may not exist on disk yet)."""
        if repo_id not in self._open:
            self._open[repo_id] = GitRepo(self._root / "repos" / f"{repo_id}.git")
        self._open.move_to_end(repo_id)
        while len(self._open) > _OPEN:
            self._open.popitem(last=False)[1].close()
        return self._open[repo_id]

    def drop(self, repo_id: int) -> None:
        """Delete the repository from disk."""
        self.get(repo_id).delete()
        self._open.pop(repo_id, None)

    def unlock(self) -> None:
        """Remove the locks that a killed server left: it was the only one to write here, and would wait for itself.

        No ref has a name that ends like a lock's (`git check-ref-format`).
        """
        for directory in (self._root / "repos").glob("*.git"):
            for lock in (*directory.glob("*.lock"), *(directory / "refs").rglob("*.lock")):
                lock.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of every repository."""
        for repo in self._open.values():
            repo.close()
        self._open.clear()
