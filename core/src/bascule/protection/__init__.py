"""Pure model of branch protection: canonical form, order, ladder, inverse, three-way restore. No I/O, no clock.

The way of a window through here, every step a pure function of frozen records:

1. ``canonical(raw, branch=, rule=)`` → :class:`Protection`; ``digest(p)``, ``to_json(p)`` and ``from_json`` for the
   journal; ``differences(found, expected)`` says what differs where two digests do.
2. ``blockers(p, change, viewer, method=)`` → what the branch still asks for this change.
3. ``choose(p, blockers, merger=, keeper=, allow=, owner_type=, proposals=)`` → :class:`Choice`: relaxations, bypasses,
   refusals, waits.
4. ``looser_by(live, snapshot, relaxations)`` → the compare and the patrol rule; ``rehearse(p, relaxations)`` → what
   would not come back (empty: proven).
5. ``relax(p, relaxations)`` → what the server must show next; ``writes(p, relaxed)`` → how to get there;
   ``inverse(relaxation)`` for the journal.
6. ``plan_restore(base, relaxations, live)`` → :class:`Restoration`: target, writes, notes, people's edits.

Objects are named ``classic:BRANCH``; fields by GitHub's dotted names (:mod:`bascule.protection.fields`).
"""

from bascule.protection.apply import inverse, relax
from bascule.protection.blockers import blockers, queued
from bascule.protection.canonical import RULE_FIELDS, canonical, digest, from_json, to_json
from bascule.protection.ladder import Choice, choose
from bascule.protection.model import Hidden, Protection
from bascule.protection.order import Difference, differences, looser, looser_by, stricter_of
from bascule.protection.rest import Write, applied, put_body, roundtrip, writes
from bascule.protection.restore import Restoration, plan_restore, rehearse

__all__ = [
    "RULE_FIELDS",
    "Choice",
    "Difference",
    "Hidden",
    "Protection",
    "Restoration",
    "Write",
    "applied",
    "blockers",
    "canonical",
    "choose",
    "differences",
    "digest",
    "from_json",
    "inverse",
    "looser",
    "looser_by",
    "plan_restore",
    "put_body",
    "queued",
    "rehearse",
    "relax",
    "roundtrip",
    "stricter_of",
    "to_json",
    "writes",
]
