"""The files before and after a change, out of the local object store; nothing is checked out unless it is asked for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath

from attrs import frozen

from bascule.errors import OutsideError
from bascule.git import Git
from bascule.globs import globs
from bascule.kit.answers import RehearsalError
from bascule.messages import kit as say
from bascule.types import DryRunContext, FileKind, Status

_KINDS = {"100755": FileKind.EXECUTABLE, "120000": FileKind.SYMLINK, "160000": FileKind.SUBMODULE}
"""By mode; everything else is a regular file."""
LARGEST = 8 * 1024 * 1024
"""Bytes of one file that are read; a larger one is nothing that a rule judges by its content."""


@frozen(kw_only=True)
class Entry:
    """One path of a tree: what it is, its object id and size in bytes (0 for a submodule)."""

    path: str
    kind: FileKind
    oid: str
    size: int


class Tree:
    """The files at one side of a change. Reads are remembered; two sides share unchanged contents.

    Args:
        git: the object store.
        treeish: a commit or tree id.
        side: ``before`` or ``after``, for messages.
        contents: shared by the sides of one change.
    """

    def __init__(self, git: Git, treeish: str, side: str, contents: dict[str, bytes]) -> None:
        self.treeish = treeish
        self.side = side
        self._git = git
        self._contents = contents

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """Return every path (posix, relative to the root) with its entry.

        Raises:
            RehearsalError: the tree is not in this clone.
        """
        if not self.treeish:
            return {}  # the change is the first commit: there was nothing before it
        try:
            out = self._git.run("ls-tree", "-r", "-z", "-l", "--full-tree", self.treeish)
        except OutsideError as error:
            raise _failed(say.no_object(self.side, self.treeish), Status.ERROR) from error
        found = {}
        for record in out.decode("utf-8", "surrogateescape").split("\0"):
            if record:
                head, _, path = record.partition("\t")
                mode, _, oid, size = head.split()
                found[path] = Entry(
                    path=path, kind=_KINDS.get(mode, FileKind.REGULAR), oid=oid, size=int(size) if size.isdigit() else 0
                )
        return found

    def files(self, *patterns: str) -> tuple[str, ...]:
        """Return the paths of regular files that match one of ``patterns`` (all, without any), sorted."""
        chosen = globs(patterns) if patterns else None
        regular = {FileKind.REGULAR, FileKind.EXECUTABLE}
        return tuple(
            sorted(p for p, e in self.entries.items() if e.kind in regular and (chosen is None or chosen.match(p)))
        )

    def has(self, path: str) -> bool:
        """Return whether there is a regular file at ``path``."""
        entry = self.entries.get(path)
        return entry is not None and entry.kind in {FileKind.REGULAR, FileKind.EXECUTABLE}

    def read(self, path: str) -> bytes | None:
        """Return the content of ``path``, None where there is no regular file.

        Raises:
            RehearsalError: it is larger than :data:`LARGEST`, or its content is not in this clone.
        """
        return self.read_all((path,)).get(path)

    def read_all(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return the contents of those of ``paths`` that are regular files, with one call of git.

        Raises:
            RehearsalError: as :meth:`read`.
        """
        wanted = {p: self.entries[p] for p in paths if self.has(p)}
        for path, entry in wanted.items():
            if entry.size > LARGEST:
                raise _failed(say.too_large(path, LARGEST, "byte"), Status.BLOCK, path)
        missing = tuple(dict.fromkeys(e.oid for e in wanted.values() if e.oid not in self._contents))
        if missing:
            self._contents.update(self._fetch(missing))
        return {p: self._contents[e.oid] for p, e in wanted.items()}

    def text(self, path: str) -> str | None:
        """Return the content of ``path`` as UTF-8 text, None where there is no regular file.

        Raises:
            RehearsalError: as :meth:`read`, or it is not UTF-8.
        """
        raw = self.read(path)
        if raw is None:
            return None
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise _failed(say.unreadable(path, "it is not UTF-8"), Status.BLOCK, path) from error

    def export(self, to: Path | str, *patterns: str) -> Path:
        """Write the files that match ``patterns`` (all, without any) below ``to``; return ``to``.

        Symbolic links are written where their target stays inside; submodules are left out.

        Raises:
            RehearsalError: as :meth:`read`, or a link leads out.
        """
        root = Path(to)
        root.mkdir(parents=True, exist_ok=True)
        chosen = globs(patterns) if patterns else None
        for path, raw in self.read_all(self.files(*patterns)).items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(raw)
            if self.entries[path].kind is FileKind.EXECUTABLE:
                target.chmod(0o755)
        links = [e for e in self.entries.values() if e.kind is FileKind.SYMLINK]
        for entry in (e for e in links if chosen is None or chosen.match(e.path)):
            self._link(root, entry)
        return root

    def _link(self, root: Path, entry: Entry) -> None:
        to = os.fsdecode(self._fetch((entry.oid,))[entry.oid])
        inside = PurePosixPath(os.path.normpath(PurePosixPath(entry.path).parent / to))
        if to.startswith("/") or inside.parts[:1] == ("..",):
            raise _failed(say.unsafe_link(entry.path), Status.BLOCK, entry.path)
        place = root / entry.path
        # A folder on the way that is itself a link could lead out after all.
        if place.parent.is_dir() and place.parent.resolve() != (root.resolve() / entry.path).parent:
            raise _failed(say.unsafe_link(entry.path), Status.BLOCK, entry.path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(to)

    def _fetch(self, oids: tuple[str, ...]) -> dict[str, bytes]:
        out = self._git.run("cat-file", "--batch", stdin="".join(f"{oid}\n" for oid in oids).encode())
        found, at = {}, 0
        for oid in oids:
            end = out.index(b"\n", at)
            head = out[at:end].split()
            if len(head) != 3:
                raise _failed(say.no_object(self.side, self.treeish), Status.ERROR)
            size = int(head[2])
            found[oid] = out[end + 1 : end + 1 + size]
            at = end + 2 + size
        return found


@frozen(kw_only=True)
class Trees:
    """Both sides of a change: ``before`` is the base, ``after`` what merging gives (the head, where that is unknown).

    Judging the merged tree, not the head, keeps what others merged meanwhile from looking like a removal.
    """

    before: Tree
    after: Tree

    @classmethod
    def of(cls, ctx: DryRunContext) -> Trees:
        """Return the trees of ``ctx``'s change."""
        git = Git(ctx.objects)
        change = ctx.change
        contents: dict[str, bytes] = {}
        # What does not merge is held against where it branched off: both sides without what others did since.
        old = change.base_sha if change.merge_tree else change.merge_base or change.base_sha
        return cls(
            before=Tree(git, old, "before", contents),
            after=Tree(git, change.merge_tree or change.head_sha, "after", contents),
        )


def _failed(told: say.Say, status: Status, *paths: str) -> RehearsalError:
    return RehearsalError(told.found, expected=told.expected, fix=told.fix, status=status, paths=paths)
