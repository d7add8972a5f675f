"""What changed between two trees, with renames, counts and patches, as GitHub lists files."""

import re
from pathlib import Path

from attrs import frozen

from bascule.simulator.git.run import run_git

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_STATUS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}
_SECTION = re.compile(rb"^diff --git ", re.MULTILINE)


@frozen(kw_only=True)
class FileChange:
    """One changed file; modes and object ids are git's, all zero where the side does not exist."""

    status: str
    path: str
    previous_path: str | None
    old_mode: str
    new_mode: str
    old_sha: str
    new_sha: str
    additions: int
    deletions: int
    #: Hunks only, without the header; None for binary files and pure renames.
    patch: str | None


def diff_trees(directory: Path, base: str | None, head: str) -> list[FileChange]:
    """Changes from `base` (None = the empty tree) to `head`, sorted by path as git sorts them."""
    command = ["diff-tree", "-r", "-M", "--no-ext-diff", "--full-index", "--raw", "--numstat", "-p", "-z"]
    _, found = run_git(directory, [*command, base or EMPTY_TREE, head])
    raw, counts, patch = _split(found)
    if not raw:
        return []
    sections = [patch[a:b] for a, b in _spans(patch)]
    changes = []
    for (letter, old_mode, new_mode, old_sha, new_sha, path, previous), (plus, minus) in zip(raw, counts, strict=True):
        # git prints a type change as a removal and an addition.
        taken = [sections.pop(0) for _ in range(2 if letter == "T" else 1) if sections]
        hunks = b"\n".join(_hunks(s) for s in taken).strip(b"\n").decode("utf-8", "replace")
        changes.append(
            FileChange(
                status=_STATUS.get(letter, "changed"),
                path=path,
                previous_path=previous,
                old_mode=old_mode,
                new_mode=new_mode,
                old_sha=old_sha,
                new_sha=new_sha,
                additions=plus,
                deletions=minus,
                patch=hunks or None,
            )
        )
    return changes


_Raw = tuple[str, str, str, str, str, str, str | None]


def _split(data: bytes) -> tuple[list[_Raw], list[tuple[int, int]], bytes]:
    # Fields that end in NUL: the raw lines, the counts, an empty one; after it the patch, to the end.
    parts = data.split(b"\0")

    def field(at: int) -> str:
        return parts[at].decode("utf-8", "surrogateescape")

    raw: list[_Raw] = []
    counts: list[tuple[int, int]] = []
    at = 0
    while at < len(parts) and parts[at]:
        head = field(at)
        if head.startswith(":"):
            old_mode, new_mode, old_sha, new_sha, status = head[1:].split(" ")
            if status[0] in "RC":
                raw.append((status[0], old_mode, new_mode, old_sha, new_sha, field(at + 2), field(at + 1)))
                at += 3
            else:
                raw.append((status[0], old_mode, new_mode, old_sha, new_sha, field(at + 1), None))
                at += 2
        else:
            plus, minus, path = head.split("\t", 2)
            counts.append((int(plus) if plus != "-" else 0, int(minus) if minus != "-" else 0))
            # A rename leaves the path empty and puts both names into the next two fields.
            at += 1 if path else 3
    return raw, counts, b"\0".join(parts[at + 1 :])


def _spans(patch: bytes) -> list[tuple[int, int]]:
    starts = [match.start() for match in _SECTION.finditer(patch)]
    return list(zip(starts, [*starts[1:], len(patch)], strict=True))


def _hunks(section: bytes) -> bytes:
    at = section.find(b"\n@@ ")
    return b"" if at < 0 else section[at + 1 :]
