"""The rehearsal: read every manifest and lockfile that the change touches, on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch

from attrs import define, evolve, field

from bascule.kit import RehearsalError, Tree, Trees, UnreadableError, prove
from bascule.types import Check, DryRunContext, Evidence, Status
from bascule_deps.book import ADVISORIES, CHANGES, RELEASES
from bascule_deps.diffing import compare
from bascule_deps.formats import reader
from bascule_deps.model import Manifest, Other, Update
from bascule_deps.outside.wanted import wanted

MOST = 5000
"""Updates and other edits together; more is nothing that anybody means to merge unasked."""
_MANIFESTS = {"npm": "package.json", "python": "pyproject.toml", "cargo": "Cargo.toml", "helm": "Chart.y*ml"}
_ASKED = 200
"""Manifests that are read to learn which packages are asked for directly."""


@define
class _Found:
    updates: list[Update] = field(factory=list)
    others: list[Other] = field(factory=list)
    unread: dict[str, str] = field(factory=dict)
    manifests: list[str] = field(factory=list)
    locks: list[str] = field(factory=list)
    outside: list[str] = field(factory=list)


def rehearse(ctx: DryRunContext) -> Iterator[Evidence | Check]:
    """Yield what the change does to dependencies, and what else it does; then what is known of the new versions."""
    trees = Trees.of(ctx)
    found = _Found()
    for file in ctx.change.files:
        _look(trees, file.path, file.previous_path or file.path, found)
    _tell_direct(trees.after, found)
    if len(found.updates) + len(found.others) > MOST:
        raise RehearsalError(
            f"{len(found.updates):,} updates and {len(found.others):,} other edits",
            expected=f"at most {MOST:,} together",
            fix="split the pull request, or merge by hand",
            status=Status.BLOCK,
        )
    data = {
        "updates": [u.data() for u in found.updates],
        "others": [o.data() for o in found.others],
        "unread": found.unread,
        "manifests": sorted(found.manifests),
        "locks": sorted(found.locks),
        "outside": sorted(found.outside),
    }
    names = dict.fromkeys(u.name for u in found.updates)
    yield prove(ctx, CHANGES, data, f"{len(names)} packages, {len(found.others)} other edits")
    yield from _outside(ctx, found)


def _outside(ctx: DryRunContext, found: _Found) -> Iterator[Evidence | Check]:
    """Yield what is known of the new versions, as far as rules of the pack ask for it."""
    asked = {rule.use for rule in ctx.pack.rules}
    kinds = {kind for rule in ctx.pack.rules for kind in rule.needs}
    exempt = any(r.use == "deps/release-age" and r.params.get("security") == "exempt" for r in ctx.pack.rules)
    if "deps/release-age" in asked or RELEASES in kinds:
        from bascule_deps.outside import releases

        rows = releases.look(ctx, wanted(found.updates))
        known = sum(bool(row["at"]) for row in rows)
        data = {"unread": found.unread, "releases": rows}
        yield prove(ctx, RELEASES, data, f"times of {known} of {len(rows)} versions")
    if "deps/security" in asked or exempt or ADVISORIES in kinds:
        from bascule_deps.outside import advisories

        told = advisories.look(ctx, wanted(found.updates))
        judged = sum(not row["problem"] for row in told["rows"])
        summary = f"{len(told['records'])} advisories of {judged} of {len(told['rows'])} versions"
        yield prove(ctx, ADVISORIES, {"unread": found.unread, **told}, summary)


def _look(trees: Trees, path: str, was: str, found: _Found) -> None:
    read = reader(path)
    if read is None:
        found.outside.append(path)
        return
    try:
        sides = [_read(trees.before, was), _read(trees.after, path)]
    except RehearsalError as error:
        found.unread[path] = error.answer.found
        return
    if sides[0] is None and sides[1] is None:
        found.unread[path] = "it is no regular file"
        return
    if sides[0] == sides[1] and was == path:
        return  # its mode, which the core's gates judge
    before, after = sides
    try:
        old, new = (read(text, path) if text is not None else None for text in (before, after))
    except UnreadableError as error:
        found.unread[path] = str(error)
    except RehearsalError as error:
        found.unread[path] = error.answer.found
    except Exception as error:
        # Whatever a reader did not think of is not believed.
        found.unread[path] = f"{type(error).__name__}: {error}"[:200]
    else:
        updates, others = compare(path, old, new)
        found.updates += updates
        found.others += others
        (found.locks if (new or old or _NONE).lock else found.manifests).append(path)


_NONE = Manifest(ecosystem="", lock=False, entries=())


def _read(tree: Tree, path: str) -> str | None:
    return tree.text(path)


def _tell_direct(tree: Tree, found: _Found) -> None:
    """Where a lockfile does not say it, learn from the manifests beside and below it what is asked for directly."""
    silent = {(u.file.rpartition("/")[0], u.ecosystem) for u in found.updates if u.lock and u.direct is None}
    asked: dict[tuple[str, str], set[str]] = {}
    for folder, ecosystem in silent:
        pattern = _MANIFESTS.get(ecosystem)
        if pattern is None:
            continue
        top = f"{folder}/" if folder else ""
        paths = [p for p in tree.files() if p.startswith(top) and fnmatch(p.rpartition("/")[2], pattern)]
        if not paths or len(paths) > _ASKED:
            continue
        names: set[str] = set()
        try:
            for path in paths:
                read, text = reader(path), tree.text(path)
                if read is not None and text is not None:
                    names |= {e.name for e in read(text, path).entries}
        except Exception:  # noqa: S112 - then it stays unknown, which rules take for direct
            continue
        asked[folder, ecosystem] = names
    for at, update in enumerate(found.updates):
        key = (update.file.rpartition("/")[0], update.ecosystem)
        if update.lock and update.direct is None and key in asked:
            found.updates[at] = evolve(update, direct=update.name in asked[key])
