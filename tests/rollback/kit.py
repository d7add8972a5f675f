"""Real repositories with random histories, and merges made the three ways that GitHub makes them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from attrs import define, field

from bascule.git import Git, clean_environment
from bascule.types import Commit


@define
class Box:
    """A bare repository, a branch as a list of commits, and a clock that ticks once a commit."""

    folder: Path
    git: Git = field(init=False)
    ticks: int = 0

    def __attrs_post_init__(self) -> None:
        subprocess.run(
            ["git", "init", "-q", "--bare", str(self.folder)], check=True, capture_output=True, env=clean_environment()
        )
        self.git = Git(self.folder)

    def tree(self, files: dict[str, str]) -> str:
        """Return the id of a tree with exactly ``files``."""
        out = [
            b"blob\nmark :%d\ndata %d\n%s\n" % (n, len(t.encode()), t.encode()) for n, t in enumerate(files.values(), 1)
        ]
        out.append(b"commit refs/scratch/tree\ncommitter a <a@example.com> 0 +0000\ndata 1\nx\ndeleteall\n")
        out += [b"M 100644 :%d %s\n" % (n, path.encode()) for n, path in enumerate(files, 1)]
        self.git.run("fast-import", "--quiet", "--force", stdin=b"".join(out))
        return self.git.tree_of("refs/scratch/tree")

    def commit(self, tree: str, *parents: str, message: str = "change", author: str = "Octo Dev") -> str:
        """Return the id of a new commit."""
        self.ticks += 1
        sign = f"{author} <dev@example.com> {1_700_000_000 + self.ticks} +0000"
        lines = [f"tree {tree}", *(f"parent {p}" for p in parents), f"author {sign}", f"committer {sign}", "", message]
        data = "\n".join(lines).encode()
        return self.git.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=data).decode().strip()

    def files(self, tree: str) -> dict[str, str]:
        """Return path and object id of every file."""
        lines = self.git.text("ls-tree", "-r", tree).splitlines()
        return {line.split("\t")[1]: line.split()[2] for line in lines}

    def merge(self, method: str, base: str, own: list[str]) -> str | None:
        """Return what GitHub would put on ``base`` for the commits ``own``, oldest first; None where it cannot."""
        head = own[-1]
        tree = self.git.merge_tree(base, head)
        if tree is None:
            return None
        if method == "merge":
            return self.commit(tree, base, head, message="Merge pull request #7\n\nTitle")
        if method == "squash":
            return self.commit(tree, base, message="Title (#7)")
        tip = base
        for sha in own:
            found = next(iter(self.git.commits(sha, options=("--max-count=1",))))
            # Replaying a commit is the merge of its change alone: base, parent's tree, commit's tree.
            there = self.commit(self.git.tree_of(found.parents[0]), message="x")
            ours = self.commit(self.git.tree_of(tip), there, message="x")
            replayed = self.git.merge_tree(ours, self.commit(found.tree, there, message="x"))
            if replayed is None:
                return None
            if replayed == self.git.tree_of(tip):
                continue
            tip = self.commit(replayed, tip, message=found.message, author=found.author_name)
        return tip if tip != base else None

    def own(self, commits: list[str]) -> tuple[Commit, ...]:
        """Return ``commits`` as GitHub lists them."""
        found = [next(iter(self.git.commits(sha, options=("--max-count=1",)))) for sha in commits]
        return tuple(
            Commit(
                sha=c.sha, author=None, committer=None, author_name=c.author_name, message=c.message, parents=c.parents
            )
            for c in found
        )
