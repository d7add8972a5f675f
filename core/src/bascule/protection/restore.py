"""Three-way restore: undo what we relaxed, keep what people did (DESIGN, section 6).

Base is the snapshot, ours is the snapshot relaxed, theirs is what is live. Only fields that a relaxation names are
touched, with one exception: where somebody turned off the group around such a field, or the whole rule, that is a
loosening of the very field that we had relaxed, so the group (the rule) comes back as the snapshot has it, once, and
is reported. What stood in it meanwhile went with it; the snapshot is all there is to go by, and a person who meant it
turns it off again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import evolve, frozen

from bascule.protection import texts
from bascule.protection.apply import relax
from bascule.protection.elements import elements_of
from bascule.protection.fields import BY_PATH, RULE, raw_value, replaced, show, union, value, without
from bascule.protection.model import Protection
from bascule.protection.order import Difference, differences, stricter_of
from bascule.protection.rest import Write, put_refusal, roundtrip, writes
from bascule.types import Relaxation


@frozen(kw_only=True)
class Restoration:
    """What restores one object.

    ``target`` is what a read must show after ``writes``; they are sent even where a read says that they are not
    needed. ``notes`` are sentences for the report: what people did to the fields that were relaxed and what became of
    it. ``human_edits``: every field that people changed since the snapshot (found: live, expected: snapshot).
    ``unrestorable``: sentences about what could not be put back with these writes; any is an alarm.
    """

    target: Protection
    writes: tuple[Write, ...]
    notes: tuple[str, ...] = ()
    human_edits: tuple[Difference, ...] = ()
    unrestorable: tuple[str, ...] = ()


def plan_restore(base: Protection, relaxations: Sequence[Relaxation], live: Protection) -> Restoration:
    """Return what leads from ``live`` back to ``base`` as far as ``relaxations`` of this object loosened it.

    Scalars: live = ours or base → base, sent in both cases, because a stale read must not talk us out of it; else the
    stricter of live and base. Sets: our elements are taken out or put back, whatever else people did to the list.

    Raises:
        BasculeError: a relaxation does not fit ``base``: entry and snapshot do not belong together.
    """
    mine = tuple(r for r in relaxations if r.object == base.object)
    if not mine:
        return Restoration(target=live, writes=())
    ours = relax(base, mine)
    if not live.protected or (live.hidden is not None and live.hidden.pattern != live.branch):
        return _rule_gone(base, live)
    merge = _Merge(base, ours, live, mine)
    merge.groups()
    merge.fields()
    return merge.result()


def rehearse(p: Protection, relaxations: Sequence[Relaxation]) -> tuple[Difference, ...]:
    """Return how ``p`` would differ from itself after relax and restore, or after its own PUT; empty means proven.

    The pure rehearsal of DESIGN, section 6; also restores from a stale read, which shows ``p`` while it is relaxed.
    """
    relaxed = relax(p, relaxations)
    found = [*roundtrip(p)]
    for live in (relaxed, p):
        plan = plan_restore(p, relaxations, live)
        found += differences(plan.target, p)
    return tuple(found)


def _rule_gone(base: Protection, live: Protection) -> Restoration:
    lost = [*base.extra, *(base.hidden.settings if base.hidden is not None else ())]
    target = evolve(base, extra={}, hidden=live.hidden)
    return Restoration(
        target=target,
        writes=writes(Protection(branch=base.branch, protected=False), target),
        notes=(texts.rule_gone(base.object),),
        human_edits=differences(Protection(branch=base.branch, protected=False), evolve(base, extra={})),
        unrestorable=(texts.lost_with_rule(base.object, lost),) if lost else (),
    )


def _widest_first(made: tuple[Write, ...]) -> tuple[Write, ...]:
    # `writes` goes from one actor's openings to everybody's, which is right for relaxing; closing goes the other way.
    return made if any(write.method == "PUT" for write in made) else made[::-1]


class _Merge:
    """One three-way merge of an object whose rule is still there.

    ``target`` is what shall be; ``assumed`` is live as if every relaxation of ours were still in force, so that the
    writes from it to the target hold our whole inverse; ``undone`` is live less our relaxations, so that its
    differences from base are people's.
    """

    def __init__(self, base: Protection, ours: Protection, live: Protection, mine: Sequence[Relaxation]) -> None:
        self.base, self.ours, self.live, self.mine = base, ours, live, mine
        self.target = self.assumed = self.undone = live
        self.fields_relaxed = tuple(dict.fromkeys(r.field for r in mine))
        self.notes: list[str] = []
        self.unrestorable: list[str] = []

    def groups(self) -> None:
        """Put back, as the snapshot has it, every group around a relaxed field that somebody turned off."""
        around = dict.fromkeys(g for f in self.fields_relaxed for g in BY_PATH[f].groups if g != RULE)
        gone = [group for group in around if raw_value(self.live, group) is None]
        if not gone:
            return
        known = self.live if self.live.hidden is not None else evolve(self.live, hidden=self.base.hidden)
        refusal = put_refusal(known)
        for group in gone:
            if refusal:
                self.unrestorable.append(texts.group_stays_off(self.base.object, group, refusal))
            else:
                self.target = replaced(self.target, group, raw_value(self.base, group))
                self.notes.append(texts.group_gone(self.base.object, group))

    def fields(self) -> None:
        """Merge every relaxed field whose groups are on."""
        for path in self.fields_relaxed:
            if any(raw_value(self.live, group) is None for group in BY_PATH[path].groups):
                continue
            if BY_PATH[path].is_set:
                self._set(path)
            else:
                self._scalar(path)

    def _set(self, path: str) -> None:
        edits = [r for r in self.mine if r.field == path]
        added: tuple[Any, ...] = tuple(e for r in edits if r.op == "add" for e in elements_of(r))
        removed: tuple[Any, ...] = tuple(e for r in edits if r.op == "remove" for e in elements_of(r))
        theirs = value(self.live, path)
        restored = union(without(theirs, added), removed)
        self.target = replaced(self.target, path, restored)
        self.assumed = replaced(self.assumed, path, without(union(theirs, added), removed))
        self.undone = replaced(self.undone, path, restored)

    def _scalar(self, path: str) -> None:
        base, ours, theirs = (value(p, path) for p in (self.base, self.ours, self.live))
        if theirs in (base, ours):
            self.target = replaced(self.target, path, base)
            self.assumed = replaced(self.assumed, path, ours)
            self.undone = replaced(self.undone, path, base)
            return
        stricter = stricter_of(path, theirs, base)
        self.target = replaced(self.target, path, stricter)
        say = texts.tightening_kept if stricter == theirs else texts.loosening_undone
        self.notes.append(say(self.base.object, path, show(theirs), show(base)))

    def result(self) -> Restoration:
        """Return the plan."""
        return Restoration(
            target=self.target,
            writes=_widest_first(writes(self.assumed, self.target)),
            notes=tuple(self.notes),
            human_edits=differences(self.undone, self.base),
            unrestorable=tuple(self.unrestorable),
        )
