"""The driver's side: which plugins are installed, read from metadata alone. Nothing is imported."""

from __future__ import annotations

import importlib.metadata
import os
import re
import sys
from collections.abc import Collection, Iterable, Sequence

from attrs import frozen

from bascule import streams
from bascule.errors import UsageError
from bascule.host.requirements import unmet
from bascule.host.settings import CHOSEN
from bascule.host.table import GROUP
from bascule.messages import host as texts
from bascule.types import PluginReport

CORE = "bascule"
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@frozen(kw_only=True)
class Entry:
    """One entry point: a plugin's name and the module that holds its hooks."""

    name: str
    value: str


@frozen(kw_only=True)
class Found:
    """One distribution that offers plugins; it gets one host. ``requires`` are its Requires-Dist lines."""

    name: str
    version: str
    entries: tuple[Entry, ...]
    requires: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Return what the answers of its plugins are attributed to."""
        return f"{self.name} {self.version}"


def search_path(extra: Iterable[str] = ()) -> tuple[str, ...]:
    """Return where plugins are looked for: ``sys.path``, then ``extra``, so that nothing extra can shadow the core.

    The directory in which a command happens to run is left out (``python -m`` puts it first): it may be a checkout of
    the very change that is judged.
    """
    here = str(streams.folder())
    own = [p for i, p in enumerate(sys.path) if p and not (i == 0 and p == here)]
    return tuple(dict.fromkeys(os.path.abspath(p) for p in (*own, *extra)))  # noqa: PTH100 - no resolving of links


def discover(
    path: Sequence[str], only: Collection[str] | None = None, chosen: Collection[str] | None = None
) -> tuple[tuple[Found, ...], tuple[PluginReport, ...]]:
    """List the plugins on ``path``.

    Args:
        path: directories, as :func:`search_path` returns them.
        only: names of plugins to keep; None keeps all. Clashes are found among all of them.
        chosen: names of the plugins that are to be started beside Bascule's own; None for all. The others are reported
            as ``off``: a pack that names one is told why it blocks.

    Raises:
        UsageError: one that was chosen is not installed.

    Returns:
        The distributions whose plugins can be loaded, sorted by name, and a report for each that cannot.
    """
    candidates: list[Found] = []
    refused: list[PluginReport] = []
    seen: set[str] = set()
    for distribution in importlib.metadata.distributions(path=list(path)):
        try:
            found = _read(distribution)
        except Exception as error:
            # What is broken may or may not be a plugin; it is shown only where it says it is one.
            if _claims_to_be_one(distribution):
                refused.append(_unreadable(distribution, error))
            continue
        # The first of a name on the path is the one that an import would find.
        key = "" if found is None else re.sub(r"[-_.]+", "-", found.name).lower()
        if found is not None and key not in seen:
            candidates.append(found)
        seen.add(key)
    kept, clashes = _unclashed(sorted(candidates, key=lambda f: f.name))
    refused += clashes
    if only is not None:
        kept = [_only(found, only) for found in kept]
        refused = [report for report in refused if report.name in only]
    if chosen is not None:
        installed = {entry.name for found in kept for entry in found.entries} | {report.name for report in refused}
        if absent := sorted(set(chosen) - installed):
            unknown = texts.chosen_not_installed(absent[0])
            raise UsageError(unknown.reason, where=CHOSEN, hint=unknown.fix)
        for index, found in enumerate(kept):
            if found.name != CORE:
                off = [entry for entry in found.entries if entry.name not in chosen]
                refused += [_report(entry.name, found, texts.left_out(entry.name, CHOSEN), "off") for entry in off]
                kept[index] = _only(found, chosen)
    usable: list[Found] = []
    for found in kept:
        text = unmet(found.name, found.requires, path) if found.entries else None
        if text is not None:
            refused += [_report(entry.name, found, text) for entry in found.entries]
        elif found.entries:
            usable.append(found)
    return tuple(usable), tuple(refused)


def _read(distribution: importlib.metadata.Distribution) -> Found | None:
    """Return what ``distribution`` offers; None, after one small file was read, when that is no plugin."""
    entries = [e for e in distribution.entry_points if e.group == GROUP]
    if not entries:
        return None
    name, version = distribution.metadata["Name"], distribution.metadata["Version"]
    if not name or not version:
        raise ValueError("no name or version")
    return Found(
        name=name,
        version=version,
        entries=tuple(Entry(name=e.name, value=e.value) for e in sorted(entries)),
        requires=tuple(distribution.requires or ()),
    )


def _claims_to_be_one(distribution: importlib.metadata.Distribution) -> bool:
    try:
        return f"[{GROUP}]" in (distribution.read_text("entry_points.txt") or "")
    except Exception:
        return False


def _unreadable(distribution: importlib.metadata.Distribution, error: Exception) -> PluginReport:
    where = str(getattr(distribution, "_path", "a distribution"))
    text = texts.unreadable_distribution(where, str(error) or type(error).__name__)
    stem = os.path.basename(where).removesuffix(".dist-info")  # noqa: PTH119
    return _report(stem, Found(name=stem, version="", entries=()), text)


def _unclashed(candidates: list[Found]) -> tuple[list[Found], list[PluginReport]]:
    """Drop entry points whose name is odd, or offered more than once; say so for each."""
    offers: dict[str, list[Found]] = {}
    for found in candidates:
        for entry in found.entries:
            offers.setdefault(entry.name, []).append(found)
    kept: list[Found] = []
    refused: list[PluginReport] = []
    for found in candidates:
        good: list[Entry] = []
        for entry in found.entries:
            others = offers[entry.name]
            if len(others) > 1:
                text = texts.name_clash(entry.name, [o.source for o in others])
                refused.append(_report(entry.name, found, text))
            elif NAME.fullmatch(entry.name) is None:
                refused.append(_report(entry.name, found, texts.odd_name(entry.name, "plugin")))
            else:
                good.append(entry)
        kept.append(Found(name=found.name, version=found.version, entries=tuple(good), requires=found.requires))
    return kept, refused


def _only(found: Found, names: Collection[str]) -> Found:
    entries = tuple(e for e in found.entries if e.name in names)
    return Found(name=found.name, version=found.version, entries=entries, requires=found.requires)


def _report(name: str, found: Found, text: texts.Text, status: str = "quarantined") -> PluginReport:
    return PluginReport(
        name=name,
        distribution=found.name,
        version=found.version,
        status=status,
        reason=text.reason,
        fix=text.fix,
    )
