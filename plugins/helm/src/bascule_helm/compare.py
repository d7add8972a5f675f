"""Two renderings of a chart, object by object: what differs, by path, and the few values that rules judge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bascule.kit import edits, step_text
from bascule_helm import facts
from bascule_helm.manifests import Document, Key, Object, objects, without_common

KEYS = ("name", "mountPath", "key", "host", "path")
"""Fields by which Kubernetes' lists tell their items apart."""
MOST_EDITS = 300
"""Paths that are kept of one object."""
Path = tuple[str | int, ...]
Id = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Changed:
    """One object that differs: what it was (None: new), what it is (None: gone)."""

    before: Object | None
    after: Object | None

    @property
    def shown(self) -> Object:
        """Return the side that there is, the new one first."""
        found = self.after or self.before
        assert found is not None
        return found


def pairs(before: list[Document], after: list[Document]) -> list[Changed]:
    """Return the objects that differ between two renderings, in a fixed order; raises as :func:`objects`."""
    left, right = without_common(before, after)
    old, new = _by_id(left), _by_id(right)
    return [Changed(before=old.get(k), after=new.get(k)) for k in dict.fromkeys((*old, *new))]


def _by_id(every: list[Document]) -> dict[Id, Object]:
    found: dict[Id, Object] = {}
    for item in objects(every):
        again = 0
        while (item.key, again) in found:
            again += 1
        found[(item.key, again)] = item
    return found


def leaves(value: Any, path: Path) -> Iterator[Path]:
    """Yield the path of everything that a value consists of, so that what comes or goes is judged part by part."""
    children: list[tuple[str | int, Any]] = []
    if isinstance(value, Mapping):
        children = [(str(k), v) for k, v in value.items()]
    elif isinstance(value, list):
        names = [i.get("name") if isinstance(i, Mapping) else None for i in value]
        named = all(isinstance(n, str) for n in names) and len(set(names)) == len(names)
        children = [(f"[{names[at]}]" if named else at, item) for at, item in enumerate(value)]
    if not children:
        yield path
    for step, item in children:
        yield from leaves(item, (*path, step))


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield every path that differs with ``changed``, ``added``, ``removed`` or ``reordered``; never a value."""
    for edit in edits(before, after, keys=KEYS):
        if edit.added:
            yield from ((p, "added") for p in leaves(edit.after, edit.path))
        elif edit.removed:
            yield from ((p, "removed") for p in leaves(edit.before, edit.path))
        elif isinstance(edit.before, Mapping | list) or isinstance(edit.after, Mapping | list):
            yield from ((p, "changed") for p in {*leaves(edit.before, edit.path), *leaves(edit.after, edit.path)})
        else:
            yield edit.path, "changed"
    yield from ((p, "reordered") for p in _reordered(before, after, ()))


def _reordered(before: Any, after: Any, path: Path) -> Iterator[Path]:
    """Yield lists of named items whose common items are in another order; edits by name do not show it."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in before.keys() & after.keys():
            yield from _reordered(before[key], after[key], (*path, str(key)))
    elif isinstance(before, list) and isinstance(after, list):
        for field in KEYS:
            old, new = _names(before, field), _names(after, field)
            if old is None or new is None:
                continue
            if [n for n in old if n in new] != [n for n in new if n in old]:
                yield path
            for name in set(old) & set(new):
                yield from _reordered(before[old.index(name)], after[new.index(name)], (*path, f"[{name}]"))
            return
        for at, (one, other) in enumerate(zip(before, after, strict=False)):
            yield from _reordered(one, other, (*path, at))


def _names(items: list[Any], field: str) -> list[str] | None:
    names = [i.get(field) if isinstance(i, Mapping) else None for i in items]
    good = [n for n in names if isinstance(n, str)]
    return good if len(good) == len(names) and len(set(good)) == len(good) else None


Chance = dict[Key, frozenset[Path]]
"""By object, the paths that came out otherwise when the same side was rendered again; ``()``: the object itself."""


def chance(once: list[Document], twice: list[Document]) -> Chance:
    """Return what differs between two renderings of the same files: what templates draw, date or generate."""
    found: Chance = {}
    for pair in pairs(once, twice):
        if pair.before is None or pair.after is None:
            found[pair.shown.key] = frozenset({()})
        else:
            found[pair.shown.key] = frozenset(p for p, _ in differences(pair.before.body, pair.after.body))
    return found


def renamed(every: Iterable[Changed], drawn: Iterable[Key]) -> list[Changed]:
    """Return ``every`` with objects whose very names are drawn joined: gone and new from the same template are one."""
    by_chance, kept = set(drawn), []
    gone: dict[tuple[str, str, str], list[Object]] = {}
    for pair in every:
        if pair.after is None and pair.before is not None and pair.before.key in by_chance:
            gone.setdefault(_kin(pair.before), []).append(pair.before)
        else:
            kept.append(pair)
    joined = []
    for pair in kept:
        if pair.before is None and pair.after is not None and pair.after.key in by_chance:
            before = gone.get(_kin(pair.after), [])
            joined.append(Changed(before=before.pop(0) if before else None, after=pair.after))
        else:
            joined.append(pair)
    return [*joined, *(Changed(before=o, after=None) for left in gone.values() for o in left)]


def _kin(item: Object) -> tuple[str, str, str]:
    return (item.group, item.kind, item.source)


def record(pair: Changed, same_draw: frozenset[Path], follows: frozenset[Path] = frozenset()) -> dict[str, Any] | None:
    """Return a pair as evidence, None where only what is drawn differs.

    Args:
        pair: the object on both sides.
        same_draw: paths that are drawn anew with every rendering, on both sides.
        follows: paths of a selector that picks the same objects as before; they are kept as ``follows``.
    """
    shown = pair.shown
    old: Mapping[str, Any] = pair.before.body if pair.before else {}
    new: Mapping[str, Any] = pair.after.body if pair.after else {}
    status = "changed" if pair.before and pair.after else "added" if pair.after else "removed"
    found: list[tuple[Path, str]] = []
    if status == "changed":
        named = pair.before is not None and pair.after is not None and pair.before.name != pair.after.name
        # Both are in the same namespace, or they were no pair: one of them says so, the other means it.
        drawn = same_draw | {("metadata", "namespace")} | ({("metadata", "name")} if named else set())
        found = [
            (p, "follows" if p in follows else s)
            for p, s in differences(old, new) if not any(p[: len(d)] == d for d in drawn)
        ]  # fmt: skip
        if not found:
            return None
    weak = facts.weaknesses(shown.kind, new) - facts.weaknesses(shown.kind, old)
    lost = facts.strengths(shown.kind, old) - facts.strengths(shown.kind, new) if status == "changed" else set()
    return {
        "group": shown.group, "kind": shown.kind, "namespace": shown.namespace, "name": shown.name,
        "source": shown.source, "hook": shown.hook, "status": status,
        "edits": [{"path": step_text(p), "steps": list(p), "state": s} for p, s in found[:MOST_EDITS]],
        "more": max(0, len(found) - MOST_EDITS),
        "images": _both(facts.images(shown.kind, old), facts.images(shown.kind, new)),
        "numbers": _numbers(facts.numbers(shown.kind, old), facts.numbers(shown.kind, new)),
        "weaker": [{"what": w, "path": p} for w, p in sorted(weak | lost)][:100],
    }  # fmt: skip


def _both(old: Mapping[str, str], new: Mapping[str, str]) -> list[dict[str, Any]]:
    shown = facts.shown_image
    return [
        {"path": p, "before": shown(old.get(p)), "after": shown(new.get(p))}
        for p in dict.fromkeys((*old, *new)) if old.get(p) != new.get(p)
    ][:200]  # fmt: skip


def _numbers(old: Mapping[str, tuple[str, str]], new: Mapping[str, tuple[str, str]]) -> list[dict[str, Any]]:
    found = []
    for path in dict.fromkeys((*old, *new)):
        before, after = old.get(path), new.get(path)
        if before != after:
            what = (after or before or ("", ""))[0]
            was, now = (facts.shown_number(side[1] if side else None) for side in (before, after))
            found.append({"path": path, "what": what, "before": was, "after": now})
    return found[:400]
