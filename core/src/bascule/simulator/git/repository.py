"""One bare repository: refs, objects, history and merges.

Plain reading and writing of objects and refs is libgit2's, in this process: a git process for each would cost a hundred
times as much. What needs judgement (merges, differences, packs, the protocol) is the git program's.
"""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pygit2
from pygit2.enums import ObjectType

from bascule.simulator.git import trees
from bascule.simulator.git.diff import FileChange, diff_trees
from bascule.simulator.git.library import MISSING, REFUSED, TYPES, open_repository
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
        self._opened: pygit2.Repository | None = None

    @property
    def _repo(self) -> pygit2.Repository:
        if self._opened is None:
            self._opened = open_repository(self.directory)
        return self._opened

    def run(self, args: Sequence[str], *, stdin: bytes = b"", ok: Sequence[int] = (0,)) -> tuple[int, bytes]:
        """Any git command; exit code and output."""
        return run_git(self.directory, args, stdin=stdin, ok=ok)

    def _text(self, *args: str, stdin: bytes = b"") -> str:
        return self.run(args, stdin=stdin)[1].decode("utf-8", "replace").strip()

    # -- life ------------------------------------------------------------------------------------

    def create(self, default_branch: str) -> None:
        """Make the repository on disk."""
        pygit2.init_repository(self.directory, bare=True, initial_head=default_branch).free()
        with (self.directory / "config").open("a", encoding="utf-8") as config:
            config.write(_CONFIG)

    def set_head(self, branch: str) -> None:
        """Point HEAD at a branch."""
        self._repo.set_head(f"refs/heads/{branch}")

    def delete(self) -> None:
        """Remove the repository from disk."""
        self.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def close(self) -> None:
        """Let go of its files; the next use opens them again."""
        if self._opened is not None:
            self._opened.free()
            self._opened = None

    # -- refs ------------------------------------------------------------------------------------

    def _find(self, name: str) -> pygit2.Object | None:
        if not name or name[0] == "-" or "\0" in name or "\n" in name:
            return None
        try:
            if _SHA.fullmatch(name):
                return self._repo[name]
            if name.startswith("refs/") and ":" not in name:
                return self._repo[self._repo.lookup_reference(name).resolve().target]
            return self._repo.revparse_single(name)
        except MISSING:
            return None

    def resolve(self, name: str, kind: str | None = None) -> str | None:
        """The object id that a ref, branch, tag or (short) id names; peeled to `kind` (commit, tree) if given."""
        found = self._find(name)
        if found is None or kind is None or found.type_str == kind:
            return str(found.id) if found is not None else None
        if ":" in name:  # what is at a path is not peeled
            return None
        try:
            return str(found.peel(TYPES[kind]).id)
        except MISSING:
            return None

    def ref(self, full_name: str) -> str | None:
        """The value of `refs/...`, or None."""
        return self.resolve(full_name) if full_name.startswith("refs/") and ":" not in full_name else None

    def refs(self, prefix: str = "refs/") -> dict[str, tuple[str, str]]:
        """Full names that start with `prefix` -> (object id, type), sorted by name."""
        names = sorted(name for name in self._repo.listall_references() if name.startswith(prefix))
        found = ((name, self._find(name)) for name in names)
        return {name: (str(value.id), value.type_str) for name, value in found if value is not None}

    def valid_ref_name(self, full_name: str) -> bool:
        """Whether git allows that name."""
        return "/" in full_name and "\0" not in full_name and pygit2.reference_is_valid_name(full_name)

    def update_ref(self, full_name: str, new: str | None, old: str | None) -> None:
        """Compare and swap: None as `new` deletes, None as `old` means that it must not exist. RefRaceLost.

        Nobody comes between the comparison and the swap: callers hold the server's lock.
        """
        if self.ref(full_name) != old:
            raise RefRaceLost(f"{full_name} is not at {old}")
        if new and full_name.startswith("refs/heads/") and self.resolve(new, "commit") != new:
            raise RefRaceLost(f"{new} is no commit, so {full_name} cannot point to it")
        try:
            if new is not None:
                self._repo.references.create(full_name, new, force=True)
            elif old is not None:
                self._repo.references.delete(full_name)
        except REFUSED as error:
            raise RefRaceLost(str(error)) from error

    def update_refs(self, changes: Sequence[tuple[str, str | None, str | None]]) -> None:
        """Several (full name, new, old) in one transaction: all or nothing. None as in `update_ref`. RefRaceLost."""
        if len(changes) == 1:
            self.update_ref(*changes[0])
            return
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
        found = self._find(name)
        if found is None:
            return None
        kind, size = self._repo.odb.read_header(found.id)
        return str(found.id), kind.name.lower(), size

    def _read(self, name: str, kind: ObjectType | None = None) -> tuple[str, str, bytes]:
        found = self._find(name)
        if found is None or (kind is not None and found.type != kind):
            raise GitObjectMissing(name)
        _, data = self._repo.read(found.id)
        return str(found.id), found.type_str, data

    def blob(self, name: str) -> bytes:
        """Content of a blob. GitObjectMissing."""
        return self._read(name, ObjectType.BLOB)[2]

    def commit(self, name: str) -> CommitInfo:
        """A commit by id (or by anything that resolves to one). GitObjectMissing."""
        sha = name if _SHA.fullmatch(name) else self.resolve(name, "commit")
        found, _, data = self._read(sha or name, ObjectType.COMMIT)
        return decode_commit(found, data)

    def tag(self, name: str) -> TagInfo:
        """An annotated tag by id. GitObjectMissing."""
        found, _, data = self._read(name, ObjectType.TAG)
        return decode_tag(found, data)

    def raw(self, name: str) -> tuple[str, str, bytes]:
        """Object id, type and bytes of any object. GitObjectMissing."""
        return self._read(name)

    def _tree(self, name: str) -> pygit2.Tree | None:
        sha = self.resolve(name, "tree")
        found = self._repo[sha] if sha else None
        return found if isinstance(found, pygit2.Tree) else None

    def tree(self, name: str, *, recursive: bool = False) -> list[TreeEntry]:
        """Entries of a tree or of a commit's tree, in git's order, with blob sizes. GitObjectMissing."""
        found = self._tree(name)
        if found is None:
            raise GitObjectMissing(name)
        return list(trees.entries(self._repo, found, recursive=recursive))

    def entry(self, name: str, path: str) -> TreeEntry | None:
        """The entry at `path` in a commit or tree; None if there is none."""
        found = self._tree(name)
        return None if found is None else trees.entry(self._repo, found, path.rstrip("/"))

    def write_blob(self, data: bytes) -> str:
        """Store a blob; its id."""
        return str(self._repo.write(ObjectType.BLOB, data))

    def write_object(self, kind: str, data: bytes) -> str:
        """Store any object from its bytes; its id. GitError if git finds it malformed."""
        sha = self._repo.write(TYPES[kind], data)
        try:
            return str(self._repo[sha].id)  # reading takes it apart, which writing does not
        except REFUSED as error:
            raise GitError(f"malformed {kind}: {error}") from error

    def write_tree(self, base: str | None, changes: Sequence[tuple[str, str, str | None]]) -> str:
        """A tree from `base` (None = empty) and (path, mode, object id or None = remove); its id. GitError."""
        found = self._tree(base) if base is not None else None
        if base is not None and found is None:
            raise GitObjectMissing(base)
        try:
            return trees.write(self._repo, found, changes)
        except REFUSED as error:
            raise GitError(str(error)) from error

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
        """The best common ancestor, or None. GitError if either is missing."""
        try:
            found = self._repo.merge_base(a, b)
        except REFUSED as error:
            raise GitObjectMissing(f"{a} or {b}: {error}") from error
        return str(found) if found else None

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `new` contains `old`: a fast-forward. GitError if either is missing."""
        try:
            return old == new or bool(self._repo.descendant_of(new, old))
        except REFUSED as error:
            raise GitObjectMissing(f"{old} or {new}: {error}") from error

    def between(self, base: str | None, head: str, *flags: str) -> list[str]:
        """Commits that `head` has and `base` (None = nothing) lacks, newest first. GitError if either is missing.

        `flags` are git rev-list's; without merges in between they change nothing, and no git is asked.
        """
        end = self.merge_base(base, head) if base else None
        found: list[str] = []
        at: str | None = head
        while at is not None and at != end:
            parents = self.commit(at).parents
            if len(parents) > 1:
                return self.rev_list(*flags, head, *([f"^{base}"] if base else []))
            found.append(at)
            at = parents[0] if parents else None
        return [] if "--merges" in flags else found

    def rev_list(self, *args: str) -> list[str]:
        """Commit ids, newest first, for any `git rev-list` arguments."""
        return self._text("rev-list", *args).split()

    def diff(self, base: str | None, head: str) -> list[FileChange]:
        """Changed files between two trees or commits, with renames and patches."""
        return diff_trees(self.directory, base, head)

    # -- merges ----------------------------------------------------------------------------------

    def merge_trees(self, ours: str, theirs: str) -> str | None:
        """The tree of a clean three-way merge of two commits, or None on conflict."""
        base = self.merge_base(ours, theirs)
        if base in (ours, theirs):  # one side changed nothing since
            return self.commit(theirs if base == ours else ours).tree
        code, out = self.run(["merge-tree", "--write-tree", "--allow-unrelated-histories", ours, theirs], ok=(0, 1))
        return out.decode().split("\n", 1)[0] if code == 0 else None

    def cherry_pick_tree(self, *, onto: str, commit: CommitInfo) -> str | None:
        """The tree of `commit`'s change on top of `onto`, or None on conflict; `commit` has one parent."""
        parent = commit.parents[0]
        tree, before = self.commit(onto).tree, self.commit(parent).tree
        if tree == before:
            return commit.tree
        # git 2.39 takes no merge base from outside: a throw-away commit with onto's tree and the picked commit's
        # parent makes that parent the merge base.
        stand_in = self.write_commit(
            tree=tree,
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
