"""Classic branch protection as frozen records: every field of GitHub's GET, plus what only GraphQL shows.

Distinctions that GitHub makes are kept (github-facts, section 2): a group that is off is None; ``restrictions`` and
``dismissal_restrictions`` are off (None) or a list that may be empty, which is not the same; bypass allowances that
are absent and empty are the same; a flag that the server did not show is None, which counts as its default.
Lists are sets: sorted and without doubles however a record is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import field, frozen

from bascule.types import Viewer

KINDS = ("users", "teams", "apps")
"""The three lists of every actor group, in GitHub's order."""

ANY_APP = -1
"""The app id that GitHub's writes take for "from any source"; GET shows it as null or -1."""


@frozen(kw_only=True)
class Member:
    """A user, team or app in a list. ``name`` is a login or slug; ``id`` is numeric, None only before GitHub told it.

    Names are compared without case. The id decides where both sides have one, so that a rename is not an edit.
    """

    name: str = field(eq=str.casefold)
    id: int | None = None
    node_id: str = field(default="", eq=False)

    def same(self, other: Member) -> bool:
        """Return whether both mean the same actor."""
        if self.id is not None and other.id is not None:
            return self.id == other.id
        return self.name.casefold() == other.name.casefold()


def _members(members: Iterable[Member]) -> tuple[Member, ...]:
    kept: list[Member] = []
    for member in sorted(members, key=lambda m: (m.name.casefold(), m.id if m.id is not None else -1)):
        if not any(member.same(other) for other in kept):
            kept.append(member)
    return tuple(kept)


@frozen(kw_only=True)
class Actors:
    """Users, teams and apps."""

    users: tuple[Member, ...] = field(default=(), converter=_members)
    teams: tuple[Member, ...] = field(default=(), converter=_members)
    apps: tuple[Member, ...] = field(default=(), converter=_members)

    @property
    def empty(self) -> bool:
        """Return whether nobody is listed."""
        return not (self.users or self.teams or self.apps)

    def lists(self, viewer: Viewer) -> bool:
        """Return whether ``viewer`` stands here by name or id; teams cannot be told from a viewer and do not count."""
        kind, me = own_entry(viewer)
        return me is not None and any(me.same(m) for m in (self.apps if kind == "apps" else self.users))


def own_entry(viewer: Viewer) -> tuple[str, Member | None]:
    """Return the list that ``viewer`` belongs in and its member record; None for an App whose slug is not known.

    An App is listed by its slug, and its numeric id in such a list is the App's, not the bot account's: so only the
    slug can be compared.
    """
    if viewer.type == "User":
        return "users", Member(name=viewer.login, id=viewer.id)
    return "apps", None if viewer.app_slug is None else Member(name=viewer.app_slug)


@frozen(kw_only=True)
class RequiredCheck:
    """A check that must be green. ``app_id`` is the App that must report it, or :data:`ANY_APP`."""

    context: str
    app_id: int = ANY_APP

    @property
    def title(self) -> str:
        """Return the name for people: ``build`` or ``build (app 15368)``."""
        return self.context if self.app_id == ANY_APP else f"{self.context} (app {self.app_id})"


def _checks(checks: Iterable[RequiredCheck]) -> tuple[RequiredCheck, ...]:
    return tuple(sorted(set(checks), key=lambda c: (c.context, c.app_id)))


@frozen(kw_only=True)
class StatusChecks:
    """The group ``required_status_checks``. ``strict``: the branch must be up to date with its base."""

    strict: bool = False
    checks: tuple[RequiredCheck, ...] = field(default=(), converter=_checks)


@frozen(kw_only=True)
class Reviews:
    """The group ``required_pull_request_reviews``."""

    dismiss_stale_reviews: bool | None = None
    require_code_owner_reviews: bool | None = None
    required_approving_review_count: int | None = None
    require_last_push_approval: bool | None = None
    dismissal_restrictions: Actors | None = None
    """None: everybody with write access may dismiss a review. Empty lists: only administrators may."""
    bypass_pull_request_allowances: Actors = Actors()


@frozen(kw_only=True)
class Hidden:
    """What GraphQL's ``BranchProtectionRule`` shows and REST does not.

    ``pattern`` is the rule's name; where it is not the branch's, a REST write would make a second rule.
    ``bypass_force_push`` counts the actors who may force-push. ``matching_refs`` is None when it was not asked for.
    """

    rule_id: str
    pattern: str
    bypass_force_push: int = 0
    requires_deployments: bool = False
    deployment_environments: tuple[str, ...] = ()
    matching_refs: int | None = None

    @property
    def settings(self) -> tuple[str, ...]:
        """Return the names of the settings in force that a full PUT might reset."""
        found = {
            "bypassForcePushAllowances": self.bypass_force_push > 0,
            "requiresDeployments": self.requires_deployments,
            "requiredDeploymentEnvironments": bool(self.deployment_environments),
        }
        return tuple(name for name, on in found.items() if on)


@frozen(kw_only=True)
class Protection:
    """Classic protection of one branch. ``protected`` False: GitHub answered "Branch not protected".

    ``extra`` keeps every key that this version does not know, by dotted path, as opaque JSON. ``hidden`` is None
    where GraphQL was not asked; it takes no part in comparing or hashing, because a read by REST alone must be
    comparable with one that had both.
    """

    branch: str
    protected: bool = True
    enforce_admins: bool | None = None
    required_status_checks: StatusChecks | None = None
    required_pull_request_reviews: Reviews | None = None
    restrictions: Actors | None = None
    """None: everybody with write access may push. Empty lists: nobody may."""
    required_signatures: bool | None = None
    required_linear_history: bool | None = None
    allow_force_pushes: bool | None = None
    allow_deletions: bool | None = None
    block_creations: bool | None = None
    required_conversation_resolution: bool | None = None
    lock_branch: bool | None = None
    allow_fork_syncing: bool | None = None
    extra: Mapping[str, Any] = field(factory=dict, hash=False)
    hidden: Hidden | None = field(default=None, eq=False)

    @property
    def object(self) -> str:
        """Return the id that relaxations name: ``classic:BRANCH``."""
        return f"classic:{self.branch}"
