"""What is decided, and proven on paper, before anything is relaxed. Pure."""

from __future__ import annotations

from attrs import frozen

from bascule.errors import BasculeError
from bascule.messages import window as say
from bascule.protection.apply import relax
from bascule.protection.model import Protection
from bascule.protection.rest import Write, writes
from bascule.protection.restore import plan_restore, rehearse
from bascule.types import Admits, Relaxation
from bascule.window.entries import Planned


@frozen(kw_only=True)
class Opening:
    """How a branch is opened: the planned relaxations with their inverses, the relaxed state, and the writes there."""

    planned: tuple[Planned, ...]
    relaxed: Protection
    writes: tuple[Write, ...]

    @property
    def inverse(self) -> tuple[Write, ...]:
        """Return the writes that undo every planned relaxation."""
        return tuple(w for p in self.planned for w in p.inverse)


def planned(base: Protection, relaxations: tuple[Relaxation, ...]) -> tuple[Planned, ...]:
    """Return each relaxation with the writes that undo it alone on ``base``."""
    return tuple(Planned(relaxation=r, inverse=plan_restore(base, (r,), relax(base, (r,))).writes) for r in relaxations)


def opening(base: Protection, relaxations: tuple[Relaxation, ...]) -> Opening | str:
    """Return how to open ``base``, or why it must not be opened.

    This is the pure rehearsal of DESIGN, section 6: relax and restore lead back, and the whole rule could be remade.
    """
    hidden = base.hidden
    if hidden is not None and hidden.pattern != base.branch:
        return say.rehearsal_failed(say.wildcard(hidden.pattern, base.branch))
    try:
        found = rehearse(base, relaxations)
        if found:
            return say.rehearsal_failed("; ".join(str(d) for d in found))
        relaxed = relax(base, relaxations)
        return Opening(planned=planned(base, relaxations), relaxed=relaxed, writes=writes(base, relaxed))
    except BasculeError as error:
        return say.rehearsal_failed(error.message)


def opens_to_others(relaxations: tuple[Relaxation, ...]) -> bool:
    """Return whether any relaxation lets more than our own actor through."""
    return any(r.admits.level > Admits.ACTOR.level for r in relaxations)
