"""Local git, spoken to as a program: raw differences, merge bases, merges in memory.

Every call runs with a clean configuration, so that a user's aliases, hooks, external diff drivers or
``core.*`` settings cannot change what is read. Nothing here touches a work tree or an index.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from attrs import frozen

from bascule.errors import OutsideError
from bascule.types import FileChange, FileKind

_KINDS = {
    "000000": FileKind.ABSENT,
    "100644": FileKind.REGULAR,
    "100664": FileKind.REGULAR,  # found in old histories; git reads it as 100644
    "100755": FileKind.EXECUTABLE,
    "120000": FileKind.SYMLINK,
    "160000": FileKind.SUBMODULE,
}
_STATUS = {"A": "added", "M": "modified", "D": "removed", "R": "renamed", "C": "copied", "T": "modified"}
DIFF = ("--raw", "--numstat", "-z", "-M", "--no-abbrev", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none")


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment for git without user or system configuration, prompts, hooks or tokens."""
    keep = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"}}
    return {
        **keep,
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        **(extra or {}),
    }


@frozen(kw_only=True)
class CommitInfo:
    """A commit as git stores it. ``message`` is decoded leniently; times are seconds since the epoch."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author_name: str
    author_email: str
    author_time: int
    committer_name: str
    committer_email: str
    committer_time: int
    message: str

    @property
    def subject(self) -> str:
        """Return the first line of the message."""
        return self.message.split("\n", 1)[0]


class RawEntry(NamedTuple):
    """One changed tree entry as git stores it: modes as six octal digits, object ids in full, zeros where absent."""

    path: str
    mode_before: str
    oid_before: str
    mode_after: str
    oid_after: str


class Git:
    """A repository (bare or not) at ``directory``; ``env`` adds variables for every call."""

    def __init__(self, directory: Path | str, *, env: Mapping[str, str] | None = None) -> None:
        self.directory = Path(directory)
        self._env = clean_environment(env)

    def run(self, *args: str, stdin: bytes | None = None, ok: Sequence[int] = (0,)) -> bytes:
        """Return stdout of ``git ARGS``.

        Raises:
            OutsideError: git is missing or exits with a status not in ``ok``; the message is git's own.
        """
        return self.call(*args, stdin=stdin, ok=ok)[1]

    def call(self, *args: str, stdin: bytes | None = None, ok: Sequence[int] = (0,)) -> tuple[int, bytes]:
        """Return (exit status, stdout) of ``git ARGS``; raises as :meth:`run`."""
        try:
            done = subprocess.run(self._command(args), input=stdin, capture_output=True, env=self._env, check=False)
        except FileNotFoundError as missing:
            raise OutsideError("git is not installed", hint="install git 2.38 or newer") from missing
        if done.returncode not in ok:
            raise self._failed(args, done.returncode, done.stderr)
        return done.returncode, done.stdout

    def stream(self, *args: str) -> Iterator[str]:
        """Yield the NUL-terminated fields of ``git ARGS`` while it runs; bytes that are not UTF-8 as surrogate escapes.

        A consumer that stops early ends the process.

        Raises:
            OutsideError: as :meth:`run`, after the last field that git wrote.
        """
        with tempfile.TemporaryFile() as errors:  # not a pipe: nobody would read it while the fields are read
            try:
                process = subprocess.Popen(
                    self._command(args), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=self._env
                )
            except FileNotFoundError as missing:
                raise OutsideError("git is not installed", hint="install git 2.38 or newer") from missing
            with process:
                try:
                    yield from _fields(process)
                except GeneratorExit:
                    process.kill()
                    raise
            if process.returncode != 0:
                errors.seek(0)
                raise self._failed(args, process.returncode, errors.read())

    def _command(self, args: Sequence[str]) -> list[str]:
        # A repository's own configuration may name programs to run (fsmonitor, pagers): switched off by option.
        options = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.devnull)
        return ["git", *options, "-C", str(self.directory), *args]

    def _failed(self, args: Sequence[str], status: int, stderr: bytes) -> OutsideError:
        text = stderr.decode("utf-8", "replace").strip() or f"exit status {status}"
        return OutsideError(f"git {args[0]} failed: {text}", where=str(self.directory), hint="see git's message above")

    def text(self, *args: str) -> str:
        """Return stdout as text, without the final newline."""
        return self.run(*args).decode("utf-8", "surrogateescape").rstrip("\n")

    def resolve(self, revision: str) -> str | None:
        """Return the full object id of ``revision``, or None when there is no such object."""
        status, out = self.call("rev-parse", "--verify", "--quiet", "--end-of-options", revision, ok=(0, 1, 128))
        return out.decode().strip() if status == 0 else None

    def merge_base(self, a: str, b: str) -> str | None:
        """Return one best common ancestor of two commits, or None for unrelated histories."""
        status, out = self.call("merge-base", a, b, ok=(0, 1))
        return out.decode().split("\n", 1)[0] if status == 0 else None

    def merge_tree(self, ours: str, theirs: str) -> str | None:
        """Return the tree that merging ``theirs`` into ``ours`` gives, or None on a conflict (git 2.38 or newer)."""
        status, out = self.call("merge-tree", "--write-tree", "-z", "--no-messages", ours, theirs, ok=(0, 1))
        return out.split(b"\0", 1)[0].decode().strip() if status == 0 else None

    def tree_of(self, commit: str) -> str:
        """Return the tree id of ``commit``."""
        return self.text("rev-parse", "--verify", f"{commit}^{{tree}}")

    def raw_diff(self, before: str, after: str) -> tuple[FileChange, ...]:
        """Return what changed from tree-ish ``before`` to ``after``: renames with both names, modes, line counts."""
        return parse_raw(self.run("diff-tree", "-r", *DIFF, before, after))

    def blob(self, revision: str, path: str) -> bytes | None:
        """Return a file's content at ``revision``, or None when it is not there."""
        status, out = self.call("cat-file", "blob", f"{revision}:{path}", ok=(0, 1, 128))
        return out if status == 0 else None

    def commits(self, *revisions: str, options: Sequence[str] = ()) -> Iterator[CommitInfo]:
        """Yield the commits of ``git log OPTIONS REVISIONS``, newest first."""
        form = "%H%x00%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B%x00%x01"
        out = self.run("log", "--no-show-signature", "--no-notes", f"--format={form}", *options, *revisions, "--")
        for record in out.decode("utf-8", "replace").split("\0\x01"):
            if record.strip("\n"):
                yield commit_info(record.lstrip("\n").split("\0", 9))


def _fields(process: subprocess.Popen[bytes]) -> Iterator[str]:
    assert process.stdout is not None  # opened as a pipe by the caller
    rest = b""
    while block := os.read(process.stdout.fileno(), 1 << 20):  # what is there now, not a full block
        whole, nul, tail = block.rpartition(b"\0")
        if nul:
            yield from (rest + whole).decode("utf-8", "surrogateescape").split("\0")
            rest = tail
        else:
            rest += block
    if rest:
        yield rest.decode("utf-8", "surrogateescape")


def is_tag_name(name: str) -> bool:
    """Return whether git takes ``name`` as a tag (``git check-ref-format``), in at most 200 printable characters."""
    return (
        0 < len(name) <= 200
        and name.isprintable()
        and not set(name) & set(" ~^:?*[\\")
        and ".." not in name
        and "@{" not in name
        and name != "@"
        and not name.startswith("-")
        and not name.endswith(".")
        and all(part and not part.startswith(".") and not part.endswith(".lock") for part in name.split("/"))
    )


def commit_info(fields: Sequence[str]) -> CommitInfo:
    """Return the commit of the ten fields ``%H %T %P %an %ae %at %cn %ce %ct %B``."""
    sha, tree, parents, an, ae, at, cn, ce, ct, message = fields
    return CommitInfo(
        sha=sha,
        tree=tree,
        parents=tuple(parents.split()),
        author_name=an,
        author_email=ae,
        author_time=int(at or 0),
        committer_name=cn,
        committer_email=ce,
        committer_time=int(ct or 0),
        message=message.rstrip("\n"),
    )


def parse_raw(out: bytes) -> tuple[FileChange, ...]:
    """Parse ``--raw --numstat -z`` output of one difference into file changes, in git's order.

    Paths that are not UTF-8 keep their bytes as surrogate escapes, which the files gate refuses.
    """
    return parse_fields(out.decode("utf-8", "surrogateescape").split("\0"))[0]


def parse_fields(fields: Sequence[str]) -> tuple[tuple[FileChange, ...], tuple[RawEntry, ...]]:
    """Parse the NUL-separated fields of one difference, as :func:`parse_raw`, into files and changed tree entries.

    A rename is one file and two entries: the new path that appears and the old one that goes.
    """
    raw: dict[str, tuple[str, str, str, str | None]] = {}
    counts: dict[str, tuple[int, int, bool]] = {}
    entries: list[RawEntry] = []
    i = 0
    while i < len(fields):
        head = fields[i]
        if not head or ("\t" not in head and not head.startswith(":")):
            i += 1  # a diff-tree header (the commit's id) or the empty end
        elif head.startswith(":"):
            mode_a, mode_b, oid_a, oid_b, letter = head[1:].split(" ")
            if letter[0] in "RC":
                old, new = fields[i + 1], fields[i + 2]
                raw[new] = (mode_a, mode_b, letter[0], old)
                none, zeros = "000000", "0" * len(oid_a)
                entries.append(RawEntry(new, none, zeros, mode_b, oid_b))
                if letter[0] == "R":
                    entries.append(RawEntry(old, mode_a, oid_a, none, zeros))
                i += 3
            else:
                raw[fields[i + 1]] = (mode_a, mode_b, letter[0], None)
                entries.append(RawEntry(fields[i + 1], mode_a, oid_a, mode_b, oid_b))
                i += 2
        else:
            added, deleted, path = head.split("\t", 2)
            if path == "":  # a rename: the two names follow as fields of their own
                path = fields[i + 2]
                i += 2
            counts[path] = (0, 0, True) if added == "-" else (int(added), int(deleted), False)
            i += 1
    files = tuple(_file(path, *entry, counts.get(path, (0, 0, False))) for path, entry in raw.items())
    return files, tuple(entries)


def _file(
    path: str, before: str, after: str, letter: str, previous: str | None, counts: tuple[int, int, bool]
) -> FileChange:
    return FileChange(
        path=path,
        status=_STATUS.get(letter, "modified"),
        previous_path=previous,
        additions=counts[0],
        deletions=counts[1],
        binary=counts[2],
        kind_before=_KINDS.get(before, FileKind.REGULAR),
        kind_after=_KINDS.get(after, FileKind.REGULAR),
    )
