"""Which commits each merge brought onto the branch: what a commit inside a pull request belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import field, frozen

from bascule.git import CommitInfo, Git, commit_info

_FORMAT = "--format=%H%x00%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B"
_FIELDS = 10


@frozen(kw_only=True)
class Landings:
    """``brought``: the commits of each merge, newest first. ``landed_by``: the merge of each of them. Keys are ids."""

    brought: Mapping[str, tuple[CommitInfo, ...]] = field(factory=dict)
    landed_by: Mapping[str, str] = field(factory=dict)


def chain(git: Git, tip: str, *, limit: int | None = None) -> tuple[str, ...]:
    """Return the first-parent commits of ``tip``, newest first, at most ``limit``."""
    count = () if limit is None else (f"--max-count={limit}",)
    return tuple(git.text("rev-list", "--first-parent", *count, "--end-of-options", tip, "--").split())


def landings(git: Git, shas: tuple[str, ...], older: str | None = None) -> Landings:
    """Return what the merges among ``shas`` brought in.

    A commit belongs to the oldest merge that has it among its ancestors.

    Args:
        git: the repository.
        shas: first-parent commits, newest first, as :func:`chain` returns them.
        older: the first-parent commit below the last of ``shas``; what it has is not looked at. None at the root.
    """
    if not shas:
        return Landings()
    below = () if older is None else (f"^{older}",)
    if not git.run("rev-list", "--merges", "--first-parent", "--max-count=1", shas[0], *below, "--").strip():
        return Landings()
    known = {commit.sha: commit for commit in _commits(git, shas[0], *below)}
    seen = set(shas)
    brought: dict[str, tuple[CommitInfo, ...]] = {}
    landed_by: dict[str, str] = {}
    for sha in reversed(shas):
        inside: list[CommitInfo] = []
        waiting = list(known[sha].parents[1:])
        while waiting:
            at = waiting.pop()
            if at in seen or at not in known:
                continue
            seen.add(at)
            inside.append(known[at])
            landed_by[at] = sha
            waiting.extend(known[at].parents)
        if inside:
            brought[sha] = tuple(inside)
    return Landings(brought=brought, landed_by=landed_by)


def _commits(git: Git, *revisions: str) -> Iterator[CommitInfo]:
    record: list[str] = []
    options = ("--encoding=UTF-8", "--no-show-signature", "--no-notes", "-z", _FORMAT)
    for part in git.stream("log", *options, *revisions, "--"):
        record.append(part)
        if len(record) == _FIELDS:
            yield commit_info([p.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for p in record])
            record = []
