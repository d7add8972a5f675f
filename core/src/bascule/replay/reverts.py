"""Which changes were reverted later: because a later one says so, or because it is the exact inverse."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from attrs import evolve, frozen

from bascule.git import RawEntry

_SHA = r"[0-9a-f]{7,64}"
_SAYS = re.compile(rf"\bthis\s+reverts\s+commits?\s+({_SHA}(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+){_SHA})*)", re.IGNORECASE)
_TITLE = re.compile(r'revert "(.+)"', re.IGNORECASE | re.DOTALL)
_NUMBERED = re.compile(r"(.+?)\s+\(#(\d+)\)", re.DOTALL)
_BRANCH = re.compile(r"revert-(\d+)-.+")
_NUMBER = re.compile(r"^\s*reverts\s+(?:[\w.-]+/[\w.-]+)?#(\d+)\s*\.?\s*$", re.IGNORECASE | re.MULTILINE)


@frozen(kw_only=True)
class Landed:
    """What revert detection needs of a change. ``messages``: its own and those of the commits that it brought in.

    ``inside`` are the ids of those commits; ``number`` is its pull request, 0 for none; ``head_ref`` that one's branch;
    ``time`` in seconds.
    """

    sha: str
    number: int
    title: str
    time: int
    messages: tuple[str, ...]
    entries: tuple[RawEntry, ...]
    inside: tuple[str, ...] = ()
    head_ref: str = ""


@frozen(kw_only=True)
class Revert:
    """``by`` reverted a change. ``how``: ``message`` (its words say so) or ``inverse`` (all of it undone and no more).

    ``seconds`` between the two commits. ``part``: only some of a merge's commits were named. ``undone_by``: the change
    that reverted ``by`` in turn, so that the first one stands again; None when it stays reverted.
    """

    by: str
    how: str
    seconds: int
    part: bool = False
    undone_by: str | None = None


def reverts(changes: Sequence[Landed]) -> Mapping[str, Revert]:
    """Return the earliest revert of each reverted change, by the change's id.

    Args:
        changes: the history, newest first.
    """
    ordered = list(reversed(changes))
    found: dict[int, tuple[int, str, bool]] = {}
    for later, earlier, part in _said(ordered):
        if earlier not in found:
            found[earlier] = (later, "message", part)
    for later, earlier in _inverses(ordered):
        if earlier not in found or later < found[earlier][0]:
            found[earlier] = (later, "inverse", False)
    result: dict[str, Revert] = {}
    # From the newest on, so that whether a revert was itself reverted for good is known before it is asked.
    for index in sorted(found, reverse=True):
        by, how, part = found[index]
        seconds = max(0, ordered[by].time - ordered[index].time)
        revert = Revert(by=ordered[by].sha, how=how, seconds=seconds, part=part)
        again = result.get(ordered[by].sha)
        if again is not None and again.undone_by is None:
            revert = evolve(revert, undone_by=again.by)
        result[ordered[index].sha] = revert
    return result


def mentioned(message: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return (commit ids, short ones too; pull request numbers) that ``message`` says it reverts."""
    if "revert" not in message.lower():
        return (), ()
    ids = [sha.lower() for said in _SAYS.finditer(message) for sha in re.findall(_SHA, said[1], re.IGNORECASE)]
    return tuple(dict.fromkeys(ids)), tuple(dict.fromkeys(int(n) for n in _NUMBER.findall(message)))


@frozen(kw_only=True)
class _Names:
    """Resolves commit ids and numbers to positions in the history, oldest first."""

    position: Mapping[str, int]
    parts: frozenset[str]
    ids: tuple[str, ...]
    numbers: Mapping[int, Sequence[int]]
    titles: Mapping[str, Sequence[int]]

    @classmethod
    def of(cls, ordered: Sequence[Landed]) -> _Names:
        position: dict[str, int] = {}
        numbers: dict[int, list[int]] = {}
        titles: dict[str, list[int]] = {}
        parts: set[str] = set()
        for index, change in enumerate(ordered):
            for sha in change.inside:
                position[sha] = index
            if len(change.inside) > 1:
                parts.update(change.inside)
            if change.number:
                numbers.setdefault(change.number, []).append(index)
            titles.setdefault(change.title, []).append(index)
        position.update((change.sha, index) for index, change in enumerate(ordered))
        return cls(
            position=position, parts=frozenset(parts), ids=tuple(sorted(position)), numbers=numbers, titles=titles
        )

    def commit(self, prefix: str) -> str | None:
        """Return the one id that starts with ``prefix``; None for none or several."""
        at = bisect_left(self.ids, prefix)
        found = self.ids[at : at + 2]
        if not found or not found[0].startswith(prefix) or (len(found) == 2 and found[1].startswith(prefix)):
            return None
        return found[0]

    def before(self, number: int, index: int) -> int | None:
        """Return the last change of pull request ``number`` before ``index``."""
        return _last(self.numbers.get(number, ()), index)

    def titled(self, title: str, index: int) -> int | None:
        """Return the change before ``index`` that ``Revert "title"`` means: by its number, else the last so called."""
        numbered = _NUMBERED.fullmatch(title)
        if numbered and (found := self.before(int(numbered[2]), index)) is not None:
            return found
        return _last(self.titles.get(title, ()), index)


def _last(positions: Sequence[int], index: int) -> int | None:
    at = bisect_left(positions, index)
    return positions[at - 1] if at else None


def _said(ordered: Sequence[Landed]) -> Iterable[tuple[int, int, bool]]:
    """Yield (later, earlier, in part) for what messages, titles and branches say, oldest revert first."""
    names = _Names.of(ordered)
    for index, change in enumerate(ordered):
        whole, parts = _by_message(change, index, names)
        if not whole and not parts:
            whole = _by_title(change, index, names)
        for earlier in sorted(whole | set(parts)):
            if earlier < index:  # not its own commits, nor whatever a mistyped id points at
                all_of_it = earlier in whole or parts[earlier] >= set(ordered[earlier].inside)
                yield index, earlier, not all_of_it


def _by_message(change: Landed, index: int, names: _Names) -> tuple[set[int], dict[int, set[str]]]:
    """Return what is reverted as a whole, and the commits that are reverted of merges of several."""
    whole: set[int] = set()
    parts: dict[int, set[str]] = {}
    for message in change.messages:
        ids, numbers = mentioned(message)
        for prefix in ids:
            sha = names.commit(prefix)
            if sha is None:
                continue
            if sha in names.parts:
                parts.setdefault(names.position[sha], set()).add(sha)
            else:
                whole.add(names.position[sha])
        whole.update(i for n in numbers if (i := names.before(n, index)) is not None)
    return whole, parts


def _by_title(change: Landed, index: int, names: _Names) -> set[int]:
    """Return what ``Revert "title"`` or the branch ``revert-N-...`` of GitHub's revert button name.

    A squash may keep nothing else of the message.
    """
    branch = _BRANCH.fullmatch(change.head_ref)
    title = _TITLE.fullmatch(change.title)
    found = names.before(int(branch[1]), index) if branch else None
    if found is None and title:
        found = names.titled(title[1], index)
    return set() if found is None else {found}


def _inverses(ordered: Sequence[Landed]) -> Iterable[tuple[int, int]]:
    """Yield (later, earlier) for the next exact inverse of each change."""
    last: dict[frozenset[RawEntry], list[int]] = {}
    for index, change in enumerate(ordered):
        if not change.entries:
            continue
        undone = frozenset(
            RawEntry(e.path, e.mode_after, e.oid_after, e.mode_before, e.oid_before) for e in change.entries
        )
        for earlier in last.pop(undone, ()):
            yield index, earlier
        last.setdefault(frozenset(change.entries), []).append(index)
