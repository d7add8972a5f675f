"""One branch's first-parent history with its differences, read from a single git process."""

from __future__ import annotations

import os
from collections.abc import Iterator

from attrs import frozen

from bascule.git import DIFF, CommitInfo, Git, RawEntry, commit_info, parse_fields
from bascule.types import FileChange

_HEAD = 10
_FORMAT = "--format=%x01%H%x00%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B"
# Settings of the repository that would change what is printed, pinned.
_PINNED = ("--root", "-l1000", "-O" + os.devnull, "--no-show-signature", "--no-notes", "--encoding=UTF-8")
_DIFF_TREES = (*(o for o in DIFF if o not in {"--numstat", "-M"}), "-M100%")


@frozen(kw_only=True)
class Entry:
    """A commit of the branch with its difference from its first parent; a rename is one file and two ``entries``."""

    info: CommitInfo
    files: tuple[FileChange, ...]
    entries: tuple[RawEntry, ...]


def history(git: Git, revision: str, *, limit: int | None = None, contents: bool = True) -> Iterator[Entry]:
    """Yield the first-parent history of ``revision``, newest first, at most ``limit`` commits.

    ``contents=False`` reads trees only, which is all that a partial clone has: lines are then counted as 0, nothing is
    known to be binary, and a rename is seen only where the content is equal. A commit without parents is compared with
    the empty tree, also where a shallow clone cut its parents off.

    Raises:
        OutsideError: git failed, for example because an object is missing.
    """
    count = () if limit is None else (f"--max-count={limit}",)
    head: list[str] = []
    raw: list[str] = []
    owed = 0  # fields that still belong to what is being read
    for field in git.stream(
        "log", "--first-parent", "--diff-merges=first-parent", _FORMAT, *_PINNED, *count,
        *(DIFF if contents else _DIFF_TREES), "--end-of-options", revision, "--",
    ):  # fmt: skip
        if owed:
            (head if len(head) < _HEAD else raw).append(field)
            owed -= 1
        elif field.startswith("\x01"):
            if head:
                yield _entry(head, raw)
            head, raw, owed = [field[1:]], [], _HEAD - 1
        else:
            start = field.lstrip("\n")  # git sets a line end between the message and the difference
            raw.append(start)
            owed = _following(start)
    if head:
        yield _entry(head, raw)


def _following(start: str) -> int:
    """Return how many fields follow ``start``, the first one of an entry of ``--raw --numstat -z``."""
    if start.startswith(":"):
        return 2 if start.rsplit(" ", 1)[1][0] in "RC" else 1
    return 2 if start.count("\t") == 2 and start.endswith("\t") else 0


def _entry(head: list[str], raw: list[str]) -> Entry:
    files, entries = parse_fields(raw)
    text = "\0".join(head)
    if not text.isascii():  # names and messages are for people: replaced where they are not UTF-8; paths are not
        text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return Entry(info=commit_info(text.split("\0")), files=files, entries=entries)
