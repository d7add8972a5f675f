"""For each key of a pack: what of two statements is stricter, and what would be looser than a template.

Every entry of :data:`FIELDS` answers three questions:

- ``merged(a, b)``: two templates both hold; what holds then? Or they disagree (a sentence).
- ``looser(base, own)``: in which ways would ``own`` allow more than ``base``?
- ``dropped(base, own)``: what of ``base`` is lost when ``own`` *replaces* it (a pack with ``loosen``)?
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from attrs import frozen

from bascule.messages import rulepack as say
from bascule.rulepack.hours import within
from bascule.rulepack.layer import Found, Stated
from bascule.rulepack.narrow_evidence import ByName
from bascule.types import Mode


class Field(Protocol):
    """How one key narrows. ``default`` is what a template holds to that does not state the key; None: it is open."""

    @property
    def default(self) -> Any:
        """Return the value of a silent template, None when silence binds nobody."""
        ...

    def merged(self, a: Stated, b: Stated) -> Stated | str:
        """Return what holds when both do, or in what they disagree."""
        ...

    def looser(self, base: Stated, own: Stated) -> list[Found]:
        """Return how ``own`` allows more than ``base``."""
        ...

    def dropped(self, base: Stated, own: Stated) -> list[Found]:
        """Return what of ``base`` does not hold any more when ``own`` replaces it, beyond :meth:`looser`."""
        ...


@frozen(kw_only=True)
class Limited:
    """One value with an order; ``level`` grows as more is allowed."""

    level: Callable[[Any], float]
    show: Callable[[Any], str] = str
    default: Any = None

    def merged(self, a: Stated, b: Stated) -> Stated | str:
        """Return the stricter of the two."""
        return b if self.level(b.value) < self.level(a.value) else a

    def looser(self, base: Stated, own: Stated) -> list[Found]:
        """Return whether ``own`` is above ``base``."""
        if self.level(own.value) <= self.level(base.value):
            return []
        return [(say.beyond(self.show(own.value), self.show(base.value), base.where), own.where)]

    def dropped(self, base: Stated, own: Stated) -> list[Found]:  # noqa: ARG002 - one signature
        """Return nothing: a single value is compared by :meth:`looser`."""
        return []


@frozen(kw_only=True)
class Same:
    """One value without an order: another one is not comparable, so it counts as looser."""

    default: Any = None

    def merged(self, a: Stated, b: Stated) -> Stated | str:
        """Return the value both state."""
        return a if a.value == b.value else say.differ(str(a.value), a.where, str(b.value), b.where)

    def looser(self, base: Stated, own: Stated) -> list[Found]:
        """Return whether the values differ."""
        if base.value == own.value:
            return []
        return [(say.other_than(str(own.value), str(base.value), base.where), own.where)]

    def dropped(self, base: Stated, own: Stated) -> list[Found]:  # noqa: ARG002 - one signature
        """Return nothing: a single value is compared by :meth:`looser`."""
        return []


@frozen(kw_only=True)
class Free:
    """A value that decides nothing: the last one holds."""

    default: Any = None

    def merged(self, a: Stated, b: Stated) -> Stated | str:  # noqa: ARG002 - one signature
        """Return the later value."""
        return b

    def looser(self, base: Stated, own: Stated) -> list[Found]:  # noqa: ARG002 - one signature
        """Return nothing."""
        return []

    def dropped(self, base: Stated, own: Stated) -> list[Found]:  # noqa: ARG002 - one signature
        """Return nothing."""
        return []


@frozen(kw_only=True)
class AddsUp:
    """A list of requirements: more of them is stricter."""

    show: Callable[[Any], str] = str
    fold: Callable[[Any], Any] = lambda item: item
    default: Any = None

    def merged(self, a: Stated, b: Stated) -> Stated | str:
        """Return both lists in one."""
        known = {self.fold(v) for v in a.value}
        return a.plus(b, tuple(i for i, v in enumerate(b.value) if self.fold(v) not in known))

    def looser(self, base: Stated, own: Stated) -> list[Found]:  # noqa: ARG002 - one signature
        """Return nothing: the template's requirements stay."""
        return []

    def dropped(self, base: Stated, own: Stated) -> list[Found]:
        """Return the requirements that are not repeated."""
        kept = {self.fold(v) for v in own.value}
        return [
            (say.no_longer(self.show(v), where), own.where)
            for v, where in zip(base.value, base.items, strict=True)
            if self.fold(v) not in kept
        ]


def _equal(base: Any, own: Any) -> bool:
    return bool(base == own)


@frozen(kw_only=True)
class Within:
    """A list of permissions: fewer are stricter. ``covers(base, own)``: does the item ``base`` permit ``own``?"""

    covers: Callable[[Any, Any], bool] = _equal
    show: Callable[[Any], str] = str
    default: Any = None
    empty_is_all: bool = False

    def merged(self, a: Stated, b: Stated) -> Stated | str:
        """Return what both permit."""
        first = self._kept(a, b)
        second = self._kept(b, a)
        extra = tuple(i for i, v in enumerate(second.value) if v not in first.value)
        out = first.plus(second, extra)
        return say.nothing_in_common(a.where, b.where) if self.empty_is_all and not out.value else out

    def _kept(self, a: Stated, b: Stated) -> Stated:
        return a.only(tuple(i for i, v in enumerate(a.value) if any(self.covers(w, v) for w in b.value)))

    def looser(self, base: Stated, own: Stated) -> list[Found]:
        """Return the items that ``base`` does not permit."""
        return [
            (say.also_allows(self.show(v), [self.show(b) for b in base.value], base.where), where)
            for v, where in zip(own.value, own.items, strict=True)
            if not any(self.covers(b, v) for b in base.value)
        ]

    def dropped(self, base: Stated, own: Stated) -> list[Found]:  # noqa: ARG002 - one signature
        """Return nothing: fewer permissions are stricter."""
        return []


@frozen(kw_only=True)
class Hours:
    """Weekly hours in a zone."""

    default: Any = None

    def merged(self, a: Stated, b: Stated) -> Stated | str:
        """Return the hours that lie within the other ones."""
        if within(b.value, a.value):
            return b
        return a if within(a.value, b.value) else say.differ(a.value[0], a.where, b.value[0], b.where)

    def looser(self, base: Stated, own: Stated) -> list[Found]:
        """Return whether ``own`` opens when ``base`` is closed, or cannot be compared with it."""
        if within(own.value, base.value):
            return []
        return [(say.outside_hours(" ".join(own.value), " ".join(base.value), base.where), own.where)]

    def dropped(self, base: Stated, own: Stated) -> list[Found]:  # noqa: ARG002 - one signature
        """Return nothing: hours are compared by :meth:`looser`."""
        return []


@frozen(kw_only=True)
class ById:
    """Rules: they add up, and one id means one rule."""

    default: Any = None

    def merged(self, a: Stated, b: Stated) -> Stated | str:
        """Return the rules of both."""
        known = {r.id: r for r in a.value}
        clash = next((r for r in b.value if r.id in known and not _same_rule(known[r.id], r)), None)
        if clash is not None:
            return say.two_rules(clash.id, known[clash.id].where, clash.where)
        return a.plus(b, tuple(i for i, r in enumerate(b.value) if r.id not in known))

    def looser(self, base: Stated, own: Stated) -> list[Found]:
        """Return rules of ``base`` that would be another rule."""
        known = {r.id: r for r in base.value}
        return [
            (say.replaced_rule(r.id, known[r.id].where), r.where)
            for r in own.value
            if r.id in known and not _same_rule(known[r.id], r)
        ]

    def dropped(self, base: Stated, own: Stated) -> list[Found]:
        """Return all rules where the pack says that there are none: only so do they go."""
        return [(say.no_longer(f"rule {r.id}", r.where), own.where) for r in base.value] if not own.value else []

    def over(self, base: Stated, own: Stated) -> Stated:
        """Return the rules of both, where ``own`` says what an id means; an empty list means none.

        A pack that loosens something else and adds a rule must not lose the template's by it.
        """
        mine = {r.id for r in own.value}
        theirs = tuple(i for i, r in enumerate(base.value) if r.id not in mine)
        return own.plus(base, theirs) if own.value else own


def _same_rule(a: Any, b: Any) -> bool:
    # `==` alone takes True for 1.
    return a.use == b.use and repr(_sorted(a.params)) == repr(_sorted(b.params))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return sorted((k, _sorted(v)) for k, v in value.items())
    return [_sorted(v) for v in value] if isinstance(value, list) else value


def _covers_person(base: str, own: str) -> bool:
    """``octo-dev`` permits ``octo-dev#583231`` (the same account, pinned), not the other way round."""
    return base.casefold() == own.casefold() or (
        "#" not in base and own.partition("#")[0].casefold() == base.casefold()
    )


def _rollback(value: str) -> float:
    return float(("auto", "propose", "off").index(value))


def _requirement(value: Any) -> str:
    return f"{value.name} ({value.app})"


def _duration(value: float) -> str:
    from bascule.config.duration import show

    return show(value)


def _casefold(value: str) -> str:
    return value.casefold()


def _level(value: Mode) -> float:
    return value.level


def _value(value: Any) -> str:
    return str(value.value)


RULES = ById()

FIELDS: dict[str, Field] = {
    "mode": Limited(level=_level, show=_value),
    "match.branches": Within(empty_is_all=True),
    "files.deny": AddsUp(),
    "files.special": Within(default=()),
    "authors.allow": Within(covers=_covers_person, empty_is_all=True),
    "authors.deny": AddsUp(fold=_casefold),
    "labels.require": AddsUp(fold=_casefold),
    "labels.deny": AddsUp(fold=_casefold),
    "checks.require": AddsUp(show=_requirement),
    "title.require": AddsUp(),
    "title.deny": AddsUp(),
    "size.files": Limited(level=float),
    "size.lines": Limited(level=float),
    "size.commits": Limited(level=float),
    "forks.allow": Limited(level=float, show=lambda v: str(v).lower(), default=False),
    "rules": RULES,
    "evidence": ByName(),
    "schedule": Hours(),
    "relax.allow": Within(show=_value),
    "relax.max_exposure": Limited(level=float, show=_duration),
    "merge.method": Same(),
    "watch.after": Same(),
    "watch.environment": Same(),
    "watch.for": Limited(level=lambda v: -v, show=_duration),
    "watch.slos": AddsUp(),
    "watch.rollback": Limited(level=_rollback),
    "watch.rollback.checks": Limited(level=lambda v: float(v == "skip")),
    "notify.comment": Free(),
}
"""Every key but ``match.files`` and ``files.only``, which :mod:`bascule.rulepack.extend` treats together."""
