"""Words shared by protection, packs and plans: what can be waived and what stands in the way."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

from attrs import frozen


class RelaxKind(Enum):
    """The closed set that ``relax.allow`` takes (DESIGN, section 7)."""

    REVIEWS = "reviews"
    CODE_OWNER_REVIEWS = "code_owner_reviews"
    LAST_PUSH_APPROVAL = "last_push_approval"
    CHECKS = "checks"
    STRICT = "strict"
    RESTRICTIONS = "restrictions"
    SIGNATURES = "signatures"
    LINEAR_HISTORY = "linear_history"
    CONVERSATIONS = "conversations"
    LOCK = "lock"
    DEPLOYMENTS = "deployments"
    RULESET_BYPASS = "ruleset_bypass"


@frozen(kw_only=True)
class Blocker:
    """A requirement of the branch that is unmet. ``kind`` None: no relaxation exists (draft, conflict).

    ``waits`` is true where time or a person may still meet it (a running check, a missing review).
    """

    kind: RelaxKind | None
    name: str
    branch: str
    found: str
    expected: str
    fix: str
    waits: bool = False
    running: bool = False
    """It settles by itself (a check that has started): waiting is free, so it is never waived."""


class Admits(Enum):
    """Who can use an opening while it is there; ordered from least to most."""

    NOBODY = "nobody"
    ACTOR = "actor"
    ADMINS = "admins"
    EVERYONE = "everyone"

    @property
    def level(self) -> int:
        """Return 0 (nobody new) to 3 (everyone with write access)."""
        return list(Admits).index(self)


@frozen(kw_only=True)
class Relaxation:
    """One reversible edit of one protection setting.

    ``object`` names what is edited (``classic:main``; later ``ruleset:20314``), ``field`` the canonical path in it
    (``required_pull_request_reviews.required_approving_review_count``), ``op`` is ``set`` (scalar: ``before`` →
    ``after``), ``add`` or ``remove`` (sets: ``elements``). ``kinds`` are the requirements that it waives: all of them
    must be in the pack's ``relax.allow``. ``rung`` is its place on the ladder, 1 the least.
    """

    object: str
    field: str
    op: str
    kinds: tuple[RelaxKind, ...]
    rung: int
    admits: Admits
    before: Any = None
    after: Any = None
    elements: tuple[Any, ...] = ()


@frozen(kw_only=True)
class RelaxProposal:
    """A plugin's answer to the relax hook: this kind may be waived, for this reason."""

    kind: RelaxKind
    reason: str


@frozen(kw_only=True)
class Viewer:
    """Who a token is. ``admin``: has admin permission on the repository *as a user* (Apps are never admins)."""

    login: str
    id: int | None
    type: str
    admin: bool = False
    can_write: bool = False
    app_slug: str | None = None
    expires_at: datetime | None = None
