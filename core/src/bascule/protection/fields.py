"""Every field of classic protection as one table row: how to reach it, and which value is stricter.

A path is the dotted name in GitHub's own words (``required_status_checks.strict``); relaxations, differences and the
journal use it. Everything that compares, edits or restores walks this table, so a field cannot be forgotten in one
place only.
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import Any

from attrs import evolve, frozen

from bascule.protection.model import KINDS, Member, Protection, RequiredCheck

RULE = ""
"""The path of the rule as a whole."""

CHECKS = "required_status_checks"
REVIEWS = "required_pull_request_reviews"
BYPASS = f"{REVIEWS}.bypass_pull_request_allowances"
DISMISSAL = f"{REVIEWS}.dismissal_restrictions"
RESTRICTIONS = "restrictions"
COUNT = f"{REVIEWS}.required_approving_review_count"
CODE_OWNERS = f"{REVIEWS}.require_code_owner_reviews"
LAST_PUSH = f"{REVIEWS}.require_last_push_approval"
STRICT = f"{CHECKS}.strict"
REQUIRED = f"{CHECKS}.checks"
ENFORCE_ADMINS = "enforce_admins"
SIGNATURES = "required_signatures"


class Shape(Enum):
    """What a field holds."""

    GROUP = "group"
    """Something that can be off (None) as a whole; on is stricter."""
    FLAG = "flag"
    COUNT = "count"
    CHECKS = "checks"
    """A set of required checks; more is stricter."""
    ACTORS = "actors"
    """A set of people, teams or apps who are let off; fewer is stricter."""


@frozen(kw_only=True)
class Field:
    """One row. ``strict`` is the stricter value of a flag; ``default`` stands for a value that GitHub did not show."""

    path: str
    shape: Shape
    strict: bool = True
    default: Any = None

    @property
    def is_set(self) -> bool:
        """Return whether elements are added and removed, not replaced."""
        return self.shape in {Shape.CHECKS, Shape.ACTORS}

    @property
    def groups(self) -> tuple[str, ...]:
        """Return the paths of the groups around this field, outermost (the rule) first."""
        return _around(self.path)


@cache
def _around(path: str) -> tuple[str, ...]:
    if path == RULE:
        return ()
    parts = path.split(".")
    outer = (".".join(parts[:n]) for n in range(1, len(parts)))
    return (RULE, *(group for group in outer if group in _GROUPS))


_GROUPS = frozenset({RULE, CHECKS, REVIEWS, DISMISSAL, RESTRICTIONS})


def _group(path: str) -> Field:
    return Field(path=path, shape=Shape.GROUP)


def _flag(path: str, *, strict: bool = True) -> Field:
    return Field(path=path, shape=Shape.FLAG, strict=strict, default=False)


def _actors(path: str) -> tuple[Field, ...]:
    return tuple(Field(path=f"{path}.{kind}", shape=Shape.ACTORS, default=()) for kind in KINDS)


TABLE: tuple[Field, ...] = (
    _group(RULE),
    _flag(ENFORCE_ADMINS),
    _group(CHECKS),
    _flag(STRICT),
    Field(path=REQUIRED, shape=Shape.CHECKS, default=()),
    _group(REVIEWS),
    _flag(f"{REVIEWS}.dismiss_stale_reviews"),
    _flag(CODE_OWNERS),
    # A review group without a count asks for one review.
    Field(path=COUNT, shape=Shape.COUNT, default=1),
    _flag(LAST_PUSH),
    _group(DISMISSAL),
    *_actors(DISMISSAL),
    *_actors(BYPASS),
    _group(RESTRICTIONS),
    *_actors(RESTRICTIONS),
    _flag(SIGNATURES),
    _flag("required_linear_history"),
    _flag("allow_force_pushes", strict=False),
    _flag("allow_deletions", strict=False),
    _flag("block_creations"),
    _flag("required_conversation_resolution"),
    _flag("lock_branch"),
    _flag("allow_fork_syncing", strict=False),
)

BY_PATH = {row.path: row for row in TABLE}


def raw_value(p: Protection, path: str) -> Any:
    """Return what ``p`` holds at ``path``: a record, a tuple or a scalar; None where it or a group around it is off."""
    if not p.protected:
        return None
    here: Any = p
    for name in path.split(".") if path else ():
        if here is None:
            return None
        here = getattr(here, name)
    return here


def value(p: Protection, path: str) -> Any:
    """Return :func:`raw_value`, with the field's default where GitHub did not show it."""
    found = raw_value(p, path)
    return BY_PATH[path].default if found is None else found


def present(p: Protection, path: str) -> bool:
    """Return whether every group around ``path`` is on, so that the field means something."""
    return all(raw_value(p, group) is not None for group in BY_PATH[path].groups)


def replaced(p: Protection, path: str, new: Any) -> Protection:
    """Return ``p`` with ``new`` at ``path`` (not the rule itself). Groups around it must be on."""
    changed: Protection = _replaced(p, path.split("."), new)
    return changed


def _replaced(here: Any, names: list[str], new: Any) -> Any:
    head, *rest = names
    inner = new if not rest else _replaced(getattr(here, head), rest, new)
    return evolve(here, **{head: inner})


def same(one: Any, other: Any) -> bool:
    """Return whether two elements of a set are the same check or the same actor."""
    if isinstance(one, Member) and isinstance(other, Member):
        return one.same(other)
    return bool(one == other)


def without(elements: tuple[Any, ...], gone: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return ``elements`` less ``gone``."""
    return tuple(e for e in elements if not any(same(e, g) for g in gone))


def union(elements: tuple[Any, ...], more: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return ``elements`` and those of ``more`` that are not among them; first come keep their spelling."""
    return (*elements, *without(more, elements))


def show(held: Any) -> Any:
    """Return a field's value as plain JSON for people: names, titles, numbers; groups as ``on`` or ``off``."""
    if held is None:
        return "off"
    if isinstance(held, bool | int | str):
        return held
    if isinstance(held, tuple):
        return [e.name if isinstance(e, Member) else e.title if isinstance(e, RequiredCheck) else e for e in held]
    return "on"
