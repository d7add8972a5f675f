"""From two readings of a file to what moved, and to everything else that changed beside it."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from bascule.kit import edits, step_text
from bascule_deps.model import Entry, Manifest, Other, Update
from bascule_deps.versions import Version, bound, level, parse, unstable, zero

_SHOWN = 30
"""Other edits of one file that are told one by one."""
_OWN = {("version",), ("project", "version"), ("package", "version"), ("poetry", "version")}
"""Where a manifest states the version of what it describes."""
_PINNED = {"actions", "pre-commit"}
"""Here a commit is what is installed, and the version beside it is only claimed."""


def compare(file: str, before: Manifest | None, after: Manifest | None) -> tuple[list[Update], list[Other]]:
    """Return the updates in ``file``, and the edits that they do not explain; None: there was, or is, no such file."""
    some = after or before
    assert some is not None
    updates: list[Update] = []
    others: list[Other] = []
    if before is None or after is None:
        word = "new" if before is None else "gone"
        others.append(Other(file=file, kind="file", what=f"the file is {word}"))
    old, new = (_named(m.entries if m is not None else ()) for m in (before, after))
    hosts = {e.origin for e in (before.entries if before is not None else ())}
    for name in sorted({*old, *new}):
        for first, second, copy in _pairs(old.get(name, []), new.get(name, [])):
            update = _update(file, some, first, second, copy=copy)
            if update is not None:
                updates.append(update)
            others += _beside(file, some.ecosystem, first, second, hosts)
    if before is not None and after is not None:
        others += _rest(file, before.rest, after.rest)
        for key, old_hash in before.hashes.items():
            if (new_hash := after.hashes.get(key, old_hash)) != old_hash:
                what = "has another content under the same version"
                others.append(
                    Other(file=file, kind="content", what=what, name=key, before=old_hash[:19], after=new_hash[:19])
                )
    return list(dict.fromkeys(updates)), list(dict.fromkeys(others))


def _named(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        found[entry.name].append(entry)
    return found


def _pairs(old: list[Entry], new: list[Entry]) -> Iterator[tuple[Entry | None, Entry | None, bool]]:
    """Yield what became what: first by place, then by version (it moved in the tree), then by order.

    The third part is true where a version comes beside those that stay, none of which went for it.
    """
    same = {e for e in old if e in set(new)}
    left, right = [e for e in old if e not in same], [e for e in new if e not in same]
    for key in (lambda e: (e.place,), lambda e: (e.version, e.content)):
        by: dict[tuple[str, ...], list[Entry]] = defaultdict(list)
        for entry in left:
            by[key(entry)].append(entry)
        rest = []
        for entry in right:
            if by.get(key(entry)):
                mine = by[key(entry)].pop(0)
                left.remove(mine)
                yield mine, entry, False
            else:
                rest.append(entry)
        right = rest
    left.sort(key=_place)
    right.sort(key=_place)
    for at in range(max(len(left), len(right))):
        first = left[at] if at < len(left) else None
        second = right[at] if at < len(right) else None
        copy = first is None and bool(old)
        if copy and second is not None:
            # Another copy of a package that was there: held against the one that it is nearest to.
            first = max(old, key=lambda e: (e.version == second.version, _place(e) <= _place(second), _place(e)))
        elif second is None and new:
            continue  # one copy fewer of a package that stays
        yield first, second, copy


def _place(entry: Entry) -> tuple[bool, Version, str]:
    """Return where ``entry`` stands among versions of its package; those that are no versions come first."""
    found = parse(entry.version)
    return found is not None, found or Version(()), entry.version


def _update(file: str, manifest: Manifest, old: Entry | None, new: Entry | None, *, copy: bool) -> Update | None:
    some = new or old
    assert some is not None
    if old is None or new is None:
        far = "added" if old is None else "removed"
    else:
        far = _level(manifest.ecosystem, old, new)
        if copy and far == "downgrade":
            # Nothing steps back: the version that stays is the newer one. How far apart they are still counts.
            far = _level(manifest.ecosystem, new, old)
        if far == "none" and (old.version == new.version or manifest.ecosystem in _PINNED):
            return None
    before, after = (_told(e, digest=far == "digest") if e is not None else "" for e in (old, new))
    return Update(
        ecosystem=manifest.ecosystem, name=some.name, before=before, after=after, level=far, file=file,
        lock=manifest.lock, zero=zero(_exact(old) or "") if old is not None else 0,
        unstable=new is not None and unstable(_exact(new) or "") and not (old and unstable(_exact(old) or "")),
        direct=some.direct, dev=some.dev, copy=copy,
        exact=_exact(new) or "" if new is not None else "", was=_exact(old) or "" if old is not None else "",
        pin=new.content if new is not None and manifest.ecosystem in {*_PINNED, "docker"} else "",
        source=some.source, origin=some.origin, packages=some.packages, stated=some.stated,
    )  # fmt: skip


def _told(entry: Entry, *, digest: bool) -> str:
    if digest:
        return entry.content.partition(":")[2][:12] or entry.content[:12]
    return entry.version or entry.content[:12]


def _exact(entry: Entry) -> str | None:
    return bound(entry.version) if entry.range else entry.version


def _level(ecosystem: str, old: Entry, new: Entry) -> str:
    if old.version == new.version:
        moved = ecosystem == "docker" and old.content != new.content and old.content and new.content
        return "digest" if moved else "none"
    first, second = _exact(old), _exact(new)
    if first is None or second is None:
        return "unknown"
    far = level(first, second, ecosystem)
    if far == "none" and old.range:
        return "none" if first == second else far
    return far


def _beside(file: str, ecosystem: str, old: Entry | None, new: Entry | None, hosts: set[str]) -> Iterator[Other]:
    """Yield what an entry changed beside its version."""
    if new is None:
        return

    def other(kind: str, what: str, before: str = "", after: str = "") -> Other:
        return Other(file=file, kind=kind, what=what, name=new.name, before=before, after=after)

    if new.source not in {"registry", "workspace"} and (old is None or old.source != new.source):
        yield other("source", f"comes from a {new.source} address", old.source if old else "", new.source)
    elif old is not None and old.source != new.source:
        yield other("source", "comes from elsewhere", old.source, new.source)
    elsewhere = old.origin != new.origin if old is not None else bool(hosts - {""})
    if new.origin and new.origin not in hosts and elsewhere:
        yield other("registry", "is fetched from another place", old.origin if old else "", new.origin)
    if new.script and not (old is not None and old.script):
        yield other("script", "runs code when it is installed")
    if old is None:
        return
    if old.content and not new.content:
        yield other("integrity", "is no longer pinned to its content", old.content[:19], "")
    elif old.version == new.version and old.content != new.content and old.content and ecosystem != "docker":
        yield other("content", "has another content under the same version", old.content[:19], new.content[:19])
    elif ecosystem in _PINNED and old.content and old.content == new.content and old.version != new.version:
        yield other("claim", "is the same commit under another version", old.version, new.version)
    if old.range and old.version != new.version and _exact(old) is not None and _exact(old) == _exact(new):
        yield other("range", "accepts another range of versions", old.version, new.version)


def _rest(file: str, before: Any, after: Any) -> Iterator[Other]:
    if before == after:
        return
    if _lines(before) and _lines(after):
        found = [
            (line[0], line[2:].strip()) for line in difflib.ndiff(before, after) if line[0] in "+-" and line[2:].strip()
        ]
        made = [(_kind((text,)), f"the line `{text}` is {'new' if s == '+' else 'gone'}", "", "") for s, text in found]
    elif isinstance(before, str) and isinstance(after, str):
        made = [("other", "something else in the file", "", "")]
    else:
        made = []
        for edit in edits(before, after):
            said = step_text(edit.path)
            word = "is new" if edit.added else "is gone" if edit.removed else "changed"
            made.append((_kind(edit.path), f"`{said}` {word}", _short(edit.before), _short(edit.after)))
    for kind, what, old, new in made[:_SHOWN]:
        yield Other(file=file, kind=kind, what=what, before=old, after=new)
    if len(made) > _SHOWN:
        yield Other(file=file, kind="other", what=f"{len(made) - _SHOWN} more edits")


def _lines(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(line, str) for line in value)


def _kind(path: tuple[str | int, ...]) -> str:
    head = str(path[0]) if path else ""
    if path in _OWN:
        return "own-version"
    if head == "scripts" or head.startswith(("RUN ", "ENTRYPOINT", "CMD")):
        return "script"
    if head in {"overrides", "resolutions", "pnpm", "patch", "replace"} or head.startswith(("replace ", "exclude ")):
        return "override"
    if (
        head.startswith(("--index", "--extra-index", "-i ", "--find-links", "--trusted-host"))
        or head == "publishConfig"
    ):
        return "registry"
    return "other"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else "" if value is None else repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
