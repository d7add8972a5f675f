"""How a pack's ``evidence`` narrows a template's: the place stays, limits may be lower."""

from __future__ import annotations

from typing import Any

from attrs import evolve, frozen

from bascule.messages import rulepack as say
from bascule.rulepack.layer import Found, Stated
from bascule.types import EvidenceSource

_LIMITS = ("max_size", "max_age")


def _lower(a: EvidenceSource, b: EvidenceSource) -> EvidenceSource:
    """Return ``a`` with the lower limits of the two; one that states none takes the other's."""
    limits = {key: [v for v in (getattr(a, key), getattr(b, key)) if v is not None] for key in _LIMITS}
    return evolve(a, **{key: min(found) for key, found in limits.items() if found})


@frozen(kw_only=True)
class ByName:
    """Evidence: sources add up, one name means one source, and the lower limit holds."""

    default: Any = None

    def merged(self, a: Stated, b: Stated) -> Stated | str:
        """Return the sources of both."""
        known = {e.name: e for e in a.value}
        other = {e.name: e for e in b.value}
        clash = next((e for e in b.value if e.name in known and known[e.name].origin != e.origin), None)
        if clash is not None:
            return say.two_sources(clash.name, known[clash.name].where, clash.where)
        both = evolve(a, value=tuple(_lower(e, other[e.name]) if e.name in other else e for e in a.value))
        return both.plus(b, tuple(i for i, e in enumerate(b.value) if e.name not in known))

    def looser(self, base: Stated, own: Stated) -> list[Found]:
        """Return entries of ``base`` that would come from elsewhere, or whose limits would be wider."""
        found: list[Found] = []
        known = {e.name: e for e in base.value}
        for entry in own.value:
            before = known.get(entry.name)
            if before is None:
                continue
            if before.origin != entry.origin:
                found.append((say.another_source(entry.name, before.place, before.where), entry.where))
            found += [
                (say.looser_limit(entry.name, key, before.where), entry.where)
                for key in _LIMITS
                if None not in (limits := (getattr(before, key), getattr(entry, key))) and limits[1] > limits[0]
            ]
        return found

    def dropped(self, base: Stated, own: Stated) -> list[Found]:
        """Return entries that are not repeated."""
        kept = {e.name for e in own.value}
        return [(say.no_longer(f"evidence {e.name}", e.where), own.where) for e in base.value if e.name not in kept]
