"""What a change does to versions: which packages are released, which files state what, and what travels along."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from attrs import define, field, frozen

from bascule import regex
from bascule.globs import globs
from bascule.kit import RehearsalError, Tree, Trees, UnreadableError
from bascule.types import Change, Status
from bascule_release.formats import Reading, Stated, is_module, manifest, reader
from bascule_release.formats.common import masked
from bascule_release.versions import same

MOST_FILES = 3_000
"""Files whose names suggest a statement and that are read, below one package."""
_ELSEWHERE = globs((
    "**/test/**", "**/tests/**", "**/testing/**", "**/testdata/**", "**/fixtures/**", "**/examples/**",
    "**/example/**", "**/samples/**", "**/vendor/**", "**/third_party/**", "**/node_modules/**",
))  # fmt: skip
"""Folders whose files state versions of their own; what the change touches or the pack names is read there too."""


@frozen(kw_only=True)
class Statement:
    """One statement on both sides; an empty version means that this side has none."""

    path: str
    what: str
    old: str
    new: str
    scheme: str
    name: str
    own: bool
    stated: bool = False
    """Whether the pack names it."""

    @property
    def moved(self) -> bool:
        """Return whether it states another version than before."""
        return bool(self.new) and self.old != self.new


@define
class Package:
    """What is released: a folder (empty: the root) with its version before and after. ``source``: file that says so."""

    folder: str
    name: str
    scheme: str
    old: str
    new: str
    source: str
    statements: list[Statement] = field(factory=list)

    def data(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "folder": self.folder, "name": self.name, "scheme": self.scheme, "old": self.old, "new": self.new,
            "source": self.source,
            "statements": [{"path": s.path, "what": s.what, "old": s.old, "new": s.new} for s in self.statements],
        }  # fmt: skip

    @property
    def title(self) -> str:
        """Return ``name`` or the folder, empty for a root without a name."""
        return self.name or self.folder


class Reader:
    """Reads the statements of both sides of a change.

    Args:
        trees: both sides.
        change: for the changed paths.
        stated: what the pack names: (path or glob, RE2 expression) pairs.
    """

    def __init__(self, trees: Trees, change: Change, stated: Iterable[tuple[str, str]]) -> None:
        self.trees = trees
        self.change = change
        self.named = tuple(stated)
        self.unread: dict[str, str] = {}
        self._read: dict[tuple[str, str], Reading | None] = {}

    # -- what files say -----------------------------------------------------------------------------------------------

    def reading(self, side: str, path: str) -> Reading | None:
        """Return what ``path`` states before or after; None where it is no such file or cannot be read."""
        if (side, path) not in self._read:
            self._read[side, path] = self._reading(side, path)
        return self._read[side, path]

    def _reading(self, side: str, path: str) -> Reading | None:
        tree: Tree = getattr(self.trees, side)
        patterns = [e for p, e in self.named if globs((p,)).match(path)]
        read = reader(path)
        if not tree.has(path) or (read is None and not patterns):
            return None
        try:
            text = tree.text(path)
            if text is None:
                return None
            made = read(text) if read is not None else Reading(stated=(), rest=text)
        except UnreadableError as error:
            self.unread[path] = str(error)
            return None
        except RehearsalError as error:
            self.unread[path] = error.answer.found
            return None
        except Exception as error:
            # Whatever a reader did not think of is not believed.
            self.unread[path] = f"{type(error).__name__}: {error}"[:200]
            return None
        return _with_patterns(made, text, patterns)

    def statements(self, path: str, was: str | None = None) -> list[Statement]:
        """Return the statements of ``path`` on both sides, paired by place and name; ``was`` is its old path."""
        before, after = self.reading("before", was or path), self.reading("after", path)
        left = list(before.stated) if before is not None else []
        found = []
        # First by place and name; what is left by place alone, since a package may be renamed.
        now = list(after.stated) if after is not None else []
        pairs: dict[int, Stated] = {}
        for named in (True, False):
            for at, s in enumerate(now):
                then = next((o for o in left if o.what == s.what and (o.name == s.name or not named)), None)
                if at not in pairs and then is not None:
                    pairs[at] = then
                    left.remove(then)
        for at, s in enumerate(now):
            found.append(_statement(path, s, pairs[at].version if at in pairs else "", s.version))
        return found + [_statement(path, s, s.version, "") for s in left]

    # -- what is released ---------------------------------------------------------------------------------------------

    def packages(self) -> list[Package]:
        """Return what the change releases, by folder."""
        changed = {f.path: f.previous_path for f in self.change.files}
        moved = [
            s for p, was in sorted(changed.items()) for s in self.statements(p, was)
            if s.own and s.moved and (s.stated or self.outright(p))
        ]  # fmt: skip
        by_folder: dict[str, list[Statement]] = {}
        for s in moved:
            by_folder.setdefault(self._folder(s.path), []).append(s)
        found = []
        for folder, own in sorted(by_folder.items()):
            main = min(own, key=lambda s: (not s.old, s.path.rpartition("/")[0] != folder, not manifest(s.path)))
            name = next((s.name for s in own if s.name and s.name == main.name), "") or next(
                (s.name for s in own if s.name), ""
            )
            found.append(
                Package(folder=folder, name=name, scheme=main.scheme, old=main.old, new=main.new, source=main.path)
            )
        names = {p.name for p in found if p.name}
        for package in found:
            package.statements = self._all(package, [p.folder for p in found], names)
        return found

    def outright(self, path: str) -> bool:
        """Return whether ``path`` may say by itself what is released: a manifest, or the top of a package's code.

        A module deeper down may be a vendored package's, and what lies among tests or examples is not released.
        """
        if _ELSEWHERE.match(path):
            return False
        if not is_module(path):
            return True
        folder = self._folder(path)
        inside = path.removeprefix(f"{folder}/" if folder else "").rpartition("/")[0].split("/")
        return len(inside) == 1 or (len(inside) == 2 and inside[0] in {"src", "lib", "python"})

    def _folder(self, path: str) -> str:
        """Return the nearest folder above ``path`` with a manifest, else the root."""
        folder = path.rpartition("/")[0]
        while folder:
            if folder in self._manifests:
                return folder
            folder = folder.rpartition("/")[0]
        return ""

    @cached_property
    def _manifests(self) -> frozenset[str]:
        return frozenset(p.rpartition("/")[0] for p in self.trees.after.entries if manifest(p))

    def _all(self, package: Package, folders: Sequence[str], names: set[str]) -> list[Statement]:
        """Return every statement of the version of ``package``: those that moved, those that stated the old one, and
        its own manifests and module whatever they stated."""
        top = f"{package.folder}/" if package.folder else ""
        inner = [f"{f}/" for f in folders if f != package.folder and f.startswith(top)]
        changed = {f.path: f.previous_path for f in self.change.files}
        paths = [
            p for p in self.trees.after.entries
            if p.startswith(top) and (reader(p) is not None or any(globs((g,)).match(p) for g, _ in self.named))
            and not any(p.startswith(f) for f in inner)
            and (p in changed or self._named(p) or not _ELSEWHERE.match(p))
        ]  # fmt: skip
        if len(paths) > MOST_FILES:
            paths = [p for p in paths if p in changed or p.count("/") <= top.count("/") + 2]
        wanted = [p for p in paths if self.trees.after.has(p)]
        self.trees.after.read_all(wanted)
        found = []
        for path in wanted:
            quiet = path not in self.unread
            for s in self.statements(path, changed.get(path)):
                if self._counts(s, package, names):
                    found.append(s)
            if quiet and path not in changed and not self._direct(path, package):
                self.unread.pop(path, None)  # a file that nobody touched and nobody names says nothing of this change
        # Lockfiles of packages that live deeper are at the root.
        if package.folder:
            for path, was in changed.items():
                if not path.startswith(top):
                    found += [s for s in self.statements(path, was) if not s.own and s.name and s.name == package.name]
        return sorted(found, key=lambda s: (s.path, s.what))

    def _named(self, path: str) -> bool:
        return any(globs((g,)).match(path) for g, _ in self.named)

    def _direct(self, path: str, package: Package) -> bool:
        return path.rpartition("/")[0] == package.folder and manifest(path)

    def _counts(self, s: Statement, package: Package, names: set[str]) -> bool:
        if s.stated:
            return True
        if not s.own:
            return bool(s.name) and s.name == package.name
        if s.name and s.name != package.name and s.name in names:
            return False
        if s.old and package.old and same(s.old, package.old) and s.scheme in {package.scheme, "loose"}:
            return True
        if s.old and package.old and s.old == package.old:
            return True
        if s.moved:
            return self.outright(s.path)
        if s.scheme != package.scheme:
            return False
        return self._direct(s.path, package) or _is_module(s.path, package)

    # -- what travels along -------------------------------------------------------------------------------------------

    def beside(self, spared: Iterable[str]) -> list[dict[str, str]]:
        """Return the changed files that change more than versions, each with what it is; ``spared`` are changelogs."""
        free = set(spared)
        found = []
        for file in self.change.files:
            if file.path in free and file.status != "removed":
                continue
            before, after = self.reading("before", file.previous_path or file.path), self.reading("after", file.path)
            if file.path in self.unread:
                found.append({"path": file.path, "what": "cannot be read"})
            elif before is None or after is None or file.status in {"added", "removed", "renamed"}:
                found.append({"path": file.path, "what": f"is {file.status}"})
            elif before.rest != after.rest or len(before.stated) != len(after.stated):
                found.append({"path": file.path, "what": "changes more than the version"})
        return found


def _statement(path: str, s: Stated, old: str, new: str) -> Statement:
    return Statement(
        path=path, what=s.what, old=old, new=new, scheme=s.scheme, name=s.name, own=s.own, stated=s.what == _PATTERN
    )


_PATTERN = "pattern of the pack"


def _with_patterns(made: Reading, text: str, patterns: Sequence[str]) -> Reading:
    if not patterns:
        return made
    spans = []
    stated = list(made.stated)
    for expression in patterns:
        try:
            matches = regex.matches(expression, text)
        except ValueError as error:
            raise RehearsalError(
                f"the pattern `{expression}` cannot be used: {error}", expected="an RE2 expression",
                fix="mend the pattern in the rulepack's `files`", status=Status.ERROR,
            ) from error  # fmt: skip
        for match in matches:
            start, end = match.first
            stated.append(Stated(what=_PATTERN, version=text[start:end], scheme="loose"))
            spans.append((start, end))
    rest = made.rest if made.stated else masked(text, _apart(spans))
    return Reading(stated=tuple(stated), rest=rest)


def _apart(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans without those that overlap an earlier one."""
    kept: list[tuple[int, int]] = []
    for start, end in sorted(set(spans)):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def _is_module(path: str, package: Package) -> bool:
    """Return whether ``path`` lies in the module that a Python package is called after."""
    top = f"{package.folder}/" if package.folder else ""
    name = package.name.lower().replace("-", "_").replace(".", "_")
    folder = path.removeprefix(top).rpartition("/")[0].lower()
    return bool(name) and folder in {name, f"src/{name}", f"lib/{name}"}
