"""One bare repository: refs, objects, history and merges."""

import re
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from bascule.simulator.git.catfile import CatFile
from bascule.simulator.git.diff import FileChange, diff_trees
from bascule.simulator.git.objects import (
    CommitInfo,
    Signature,
    TagInfo,
    TreeEntry,
    decode_commit,
    decode_tag,
    encode_commit,
)
from bascule.simulator.git.run import GitError, GitObjectMissing, run_git

ZERO = "0" * 40
_SHA = re.compile(r"[0-9a-f]{40}")
_OPEN_PROCESSES = 24


class RefRaceLost(GitError):
    """The ref did not have the expected value any more."""


_CONFIG = """\
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[gc]
\tauto = 0
[core]
\tlogAllRefUpdates = false
"""


class GitRepo:
    """A bare repository at `directory`; callers hold the server's lock."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._cat = CatFile(directory)

    def run(self, args: Sequence[str], *, stdin: bytes = b"", ok: Sequence[int] = (0,)) -> tuple[int, bytes]:
        """Any git command; exit code and output."""
        return run_git(self.directory, args, stdin=stdin, ok=ok)

    def _text(self, *args: str, stdin: bytes = b"") -> str:
        return self.run(args, stdin=stdin)[1].decode("utf-8", "replace").strip()

    # -- life ------------------------------------------------------------------------------------

    def create(self, default_branch: str) -> None:
        """Make the repository on disk."""
        self.directory.mkdir(parents=True)
        self._text("init", "-q", "--bare", f"--initial-branch={default_branch}")
        with (self.directory / "config").open("a", encoding="utf-8") as config:
            config.write(_CONFIG)

    def set_head(self, branch: str) -> None:
        """Point HEAD at a branch."""
        self._text("symbolic-ref", "HEAD", f"refs/heads/{branch}")

    def delete(self) -> None:
        """Remove the repository from disk."""
        self.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def close(self) -> None:
        """End the reading process."""
        self._cat.close()

    # -- refs ------------------------------------------------------------------------------------

    def resolve(self, name: str, kind: str | None = None) -> str | None:
        """The object id that a ref, branch, tag or (short) id names; peeled to `kind` (commit, tree) if given."""
        if kind and ":" in name:
            # After `commit:path` a suffix would belong to the path; and nothing there can be peeled.
            found = self._cat.info(name)
            return found[0] if found and found[1] == kind else None
        found = self._cat.info(f"{name}^{{{kind}}}" if kind else name)
        return found[0] if found else None

    def ref(self, full_name: str) -> str | None:
        """The value of `refs/...`, or None."""
        return self.resolve(full_name) if full_name.startswith("refs/") else None

    def refs(self, prefix: str = "refs/") -> dict[str, tuple[str, str]]:
        """Full names that start with `prefix` -> (object id, type), sorted by name."""
        lines = self._text("for-each-ref", "--format=%(refname) %(objectname) %(objecttype)").splitlines()
        rows = (line.split(" ") for line in lines)
        return {name: (sha, kind) for name, sha, kind in rows if name.startswith(prefix)}

    def valid_ref_name(self, full_name: str) -> bool:
        """Whether git allows that name."""
        return self.run(["check-ref-format", full_name], ok=(0, 1))[0] == 0

    def update_ref(self, full_name: str, new: str | None, old: str | None) -> None:
        """Compare and swap: None as `new` deletes, None as `old` means that it must not exist. RefRaceLost."""
        args = (
            ["update-ref", "-d", full_name, old or ZERO] if new is None else ["update-ref", full_name, new, old or ZERO]
        )
        try:
            self.run(args)
        except GitError as error:
            raise RefRaceLost(str(error)) from error

    def update_refs(self, changes: Sequence[tuple[str, str | None, str | None]]) -> None:
        """Several (full name, new, old) in one transaction: all or nothing. None as in `update_ref`. RefRaceLost."""
        lines = [
            f"delete {name} {old or ZERO}" if new is None else f"update {name} {new} {old or ZERO}"
            for name, new, old in changes
        ]
        script = "\n".join(["start", *lines, "prepare", "commit", ""])
        try:
            self.run(["update-ref", "--stdin"], stdin=script.encode())
        except GitError as error:
            raise RefRaceLost(str(error)) from error

    # -- objects ---------------------------------------------------------------------------------

    def info(self, name: str) -> tuple[str, str, int] | None:
        """Object id, type and size, or None."""
        return self._cat.info(name)

    def blob(self, name: str) -> bytes:
        """Content of a blob. GitObjectMissing."""
        found = self._cat.read(name)
        if found is None or found[1] != "blob":
            raise GitObjectMissing(name)
        return found[2]

    def commit(self, name: str) -> CommitInfo:
        """A commit by id (or by anything that resolves to one). GitObjectMissing."""
        sha = name if _SHA.fullmatch(name) else self.resolve(name, "commit")
        found = self._cat.read(sha) if sha else None
        if found is None or found[1] != "commit":
            raise GitObjectMissing(name)
        return decode_commit(found[0], found[2])

    def tag(self, name: str) -> TagInfo:
        """An annotated tag by id. GitObjectMissing."""
        found = self._cat.read(name)
        if found is None or found[1] != "tag":
            raise GitObjectMissing(name)
        return decode_tag(found[0], found[2])

    def raw(self, name: str) -> tuple[str, str, bytes]:
        """Object id, type and bytes of any object. GitObjectMissing."""
        found = self._cat.read(name)
        if found is None:
            raise GitObjectMissing(name)
        return found

    def tree(self, name: str, *, recursive: bool = False) -> list[TreeEntry]:
        """Entries of a tree or of a commit's tree, in git's order, with blob sizes. GitObjectMissing."""
        sha = self.resolve(name, "tree")
        if sha is None:
            raise GitObjectMissing(name)
        args = ["ls-tree", "-z", "-l", *(["-r", "-t"] if recursive else []), sha]
        out = self.run(args)[1].decode("utf-8", "surrogateescape")
        entries = []
        for line in filter(None, out.split("\0")):
            meta, path = line.split("\t", 1)
            mode, kind, oid, size = meta.split()
            entries.append(TreeEntry(mode=mode, type=kind, sha=oid, path=path, size=None if size == "-" else int(size)))
        return entries

    def entry(self, name: str, path: str) -> TreeEntry | None:
        """The entry at `path` in a commit or tree; None if there is none."""
        tree = self.resolve(name, "tree")
        if tree is None:
            return None
        out = self.run(["ls-tree", "-z", "-l", tree, path.rstrip("/")])[1].decode("utf-8", "surrogateescape")
        for line in filter(None, out.split("\0")):
            meta, found = line.split("\t", 1)
            mode, kind, oid, size = meta.split()
            return TreeEntry(mode=mode, type=kind, sha=oid, path=found, size=None if size == "-" else int(size))
        return None

    def write_blob(self, data: bytes) -> str:
        """Store a blob; its id."""
        return self._text("hash-object", "-w", "--stdin", stdin=data)

    def write_object(self, kind: str, data: bytes) -> str:
        """Store any object from its bytes; its id. GitError if git finds it malformed."""
        return self._text("hash-object", "-t", kind, "-w", "--stdin", stdin=data)

    def write_tree(self, base: str | None, changes: Sequence[tuple[str, str, str | None]]) -> str:
        """A tree from `base` (None = empty) and (path, mode, object id or None = remove); its id. GitError."""
        with tempfile.TemporaryDirectory() as folder:
            env = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            if base is not None:
                run_git(self.directory, ["read-tree", base], env=env)
            lines = []
            for path, mode, sha in changes:
                if mode == "040000" and sha is not None:
                    # The index knows no trees: put the subtree's files in its place.
                    lines += [f"0 {ZERO}\t{p}" for p in self._paths_under(base, path)]
                    lines += [
                        f"{e.mode} {e.sha}\t{path}/{e.path}" for e in self.tree(sha, recursive=True) if e.type != "tree"
                    ]
                elif sha is None:
                    lines += [f"0 {ZERO}\t{p}" for p in [path, *self._paths_under(base, path)]]
                else:
                    lines.append(f"{mode} {sha}\t{path}")
            stdin = "\0".join(lines).encode("utf-8", "surrogateescape")
            if lines:
                run_git(
                    self.directory, ["update-index", "--replace", "-z", "--index-info"], stdin=stdin + b"\0", env=env
                )
            return run_git(self.directory, ["write-tree"], env=env)[1].decode().strip()

    def _paths_under(self, base: str | None, path: str) -> list[str]:
        if base is None:
            return []
        return [e.path for e in self.tree(base, recursive=True) if e.type != "tree" and e.path.startswith(path + "/")]

    def write_commit(
        self,
        *,
        tree: str,
        parents: Sequence[str],
        author: Signature,
        committer: Signature,
        message: str,
        signature: str | None = None,
    ) -> str:
        """Store a commit; its id. The message is kept to the byte."""
        data = encode_commit(
            tree=tree,
            parents=tuple(parents),
            author=author,
            committer=committer,
            message=message,
            signature=signature,
        )
        return self.write_object("commit", data)

    # -- history ---------------------------------------------------------------------------------

    def merge_base(self, a: str, b: str) -> str | None:
        """The best common ancestor, or None."""
        code, out = self.run(["merge-base", a, b], ok=(0, 1))
        return out.decode().strip() if code == 0 else None

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `new` contains `old`: a fast-forward."""
        return old == new or self.run(["merge-base", "--is-ancestor", old, new], ok=(0, 1))[0] == 0

    def rev_list(self, *args: str) -> list[str]:
        """Commit ids, newest first, for any `git rev-list` arguments."""
        return self._text("rev-list", *args).split()

    def diff(self, base: str | None, head: str) -> list[FileChange]:
        """Changed files between two trees or commits, with renames and patches."""
        return diff_trees(self.directory, base, head)

    # -- merges ----------------------------------------------------------------------------------

    def merge_trees(self, ours: str, theirs: str) -> str | None:
        """The tree of a clean three-way merge of two commits, or None on conflict."""
        code, out = self.run(["merge-tree", "--write-tree", "--allow-unrelated-histories", ours, theirs], ok=(0, 1))
        return out.decode().split("\n", 1)[0] if code == 0 else None

    def cherry_pick_tree(self, *, onto: str, commit: CommitInfo) -> str | None:
        """The tree of `commit`'s change on top of `onto`, or None on conflict; `commit` has one parent."""
        # git 2.39 takes no merge base from outside: a throw-away commit with onto's tree and the picked commit's
        # parent makes that parent the merge base.
        parent = commit.parents[0]
        stand_in = self.write_commit(
            tree=self.commit(onto).tree,
            parents=(parent,),
            author=commit.author,
            committer=commit.committer,
            message="stand-in for a cherry-pick",
        )
        return self.merge_trees(stand_in, commit.sha)

    def fetch_from(self, other: "GitRepo", sha: str, ref: str | None = None) -> None:
        """Copy a commit with its history from another repository here; with `ref`, set that ref to it."""
        self._text(
            "fetch", "-q", "--no-tags", "--no-write-fetch-head", str(other.directory), f"+{sha}:{ref}" if ref else sha
        )

    def copy_from(self, other: "GitRepo", *, branch: str | None = None) -> None:
        """Copy all branches and tags (or one branch) of another repository: a fork's first state."""
        specs = (
            [f"+refs/heads/{branch}:refs/heads/{branch}"]
            if branch
            else ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
        )
        self._text("fetch", "-q", "--no-tags", "--no-write-fetch-head", str(other.directory), *specs)


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
        while len(self._open) > _OPEN_PROCESSES:
            self._open.popitem(last=False)[1].close()
        return self._open[repo_id]

    def drop(self, repo_id: int) -> None:
        """Delete the repository from disk."""
        self.get(repo_id).delete()
        self._open.pop(repo_id, None)

    def close(self) -> None:
        """End every reading process."""
        for repo in self._open.values():
            repo.close()
        self._open.clear()
