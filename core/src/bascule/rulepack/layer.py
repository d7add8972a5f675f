"""What one file states, key by key, each value with its place: the form in which packs are laid over each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from attrs import frozen

from bascule.config.reader import Document, Path
from bascule.config.shape import keys_of
from bascule.rulepack.evidence_shape import EvidenceShape
from bascule.rulepack.kinds import size_of
from bascule.rulepack.schema import CheckShape, PackShape, RuleShape
from bascule.rulepack.watch_shape import RollbackShape
from bascule.types import CheckRequirement, EvidenceSource, Rule


@frozen(kw_only=True)
class Stated:
    """A value somebody wrote down. ``items`` are the places of a list's items, parallel to ``value``."""

    value: Any
    where: str
    items: tuple[str, ...] = ()

    def only(self, keep: tuple[int, ...]) -> Stated:
        """Return the list with the items at the indices ``keep``, with their places."""
        return attrs.evolve(self, value=tuple(self.value[i] for i in keep), items=tuple(self.items[i] for i in keep))

    def plus(self, other: Stated, indices: tuple[int, ...]) -> Stated:
        """Return this list with the items of ``other`` at ``indices`` after it."""
        more = other.only(indices)
        return attrs.evolve(self, value=self.value + more.value, items=self.items + more.items)


Found = tuple[str, str]
"""A sentence about how a pack is looser, and the place in its own file that it is about."""

Layer = Mapping[str, Stated]
"""Dotted key (``files.deny``) to what is stated under it; keys that are not stated are absent."""

SCHEDULE = "schedule"
"""Hours and zone mean something together only, so they are one value: a pair of texts."""

_NOT_POLICY = {"version", "scenario", "extends", "loosen", "examples"}


def layer_of(doc: Document, shape: PackShape) -> dict[str, Stated]:
    """Return what the file states."""
    out: dict[str, Stated] = {}
    for key in keys_of(PackShape):
        value = getattr(shape, key.attribute)
        if key.name in _NOT_POLICY or value is None:
            continue
        if key.name == SCHEDULE:
            if value.merge is not None:
                out[SCHEDULE] = Stated(value=(value.merge, value.timezone or "UTC"), where=doc.at((SCHEDULE, "merge")))
        elif attrs.has(type(value)):
            for below in keys_of(type(value)):
                inner = getattr(value, below.attribute)
                if isinstance(inner, RollbackShape):
                    out |= _rollback(doc, inner)
                elif inner is not None:
                    out[f"{key.name}.{below.name}"] = _stated(doc, (key.name, below.name), inner)
        else:
            out[key.name] = _stated(doc, (key.name,), value)
    return out


def _rollback(doc: Document, shape: RollbackShape) -> dict[str, Stated]:
    """Return what `watch.rollback` states; its mode under its own name, for a word alone is its mode."""
    whole: Path = ("watch", "rollback")
    out = {"": shape.mode, ".checks": shape.checks}
    return {
        f"watch.rollback{tail}": Stated(value=value, where=doc.at(whole, key=True))
        for tail, value in out.items()
        if value is not None
    }


def _stated(doc: Document, path: Path, value: Any) -> Stated:
    if not isinstance(value, tuple):
        return Stated(value=value, where=doc.at(path, key=True))
    items = tuple(doc.at((*path, i)) for i in range(len(value)))
    return Stated(
        value=tuple(_item(v, where) for v, where in zip(value, items, strict=True)),
        where=doc.at(path, key=True),
        items=items,
    )


def _item(value: Any, where: str) -> Any:
    if isinstance(value, CheckShape):
        return CheckRequirement(name=value.name, app=value.app)
    if isinstance(value, EvidenceShape):
        return _source(value, where)
    if isinstance(value, RuleShape):
        return Rule(id=value.id, use=value.use, params=value.params, where=where)
    return value


def _source(shape: EvidenceShape, where: str) -> EvidenceSource:
    return EvidenceSource(
        name=shape.name,
        source=shape.source,
        where=where,
        workflow=shape.workflow or "",
        artifact=shape.artifact or "",
        file=shape.file or "",
        event=shape.event or ("pull_request" if shape.source == "actions" else ""),
        max_size=None if shape.max_size is None else size_of(shape.max_size),
        max_age=shape.max_age,
    )
