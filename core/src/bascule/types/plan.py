"""The plan (decided before anything is done) and the outcome (what was done)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from attrs import field, frozen

from bascule.types.change import Change
from bascule.types.protection import Blocker, Relaxation
from bascule.types.rulepack import Mode, Rulepack
from bascule.types.verdict import Verdict


@frozen(kw_only=True)
class ReleasePlan:
    """A GitHub release of the plan's tag: its title, its text (Markdown), and what it is marked as."""

    title: str
    body: str = ""
    draft: bool = False
    prerelease: bool = False


@frozen(kw_only=True)
class MergePlan:
    """How to merge: ``method`` merge, squash or rebase; empty title and message leave GitHub's default.

    An empty method leaves it to the pack, else to the repository. The ``Bascule-Run:`` trailer is added by the core.
    ``tag`` asks for a tag on the merged commit, annotated with ``tag_message`` unless that is empty; ``release`` for a
    GitHub release of that tag. Both are made by the core, after protection is back and what landed was looked at.
    """

    method: str
    title: str = ""
    message: str = ""
    tag: str | None = None
    tag_message: str = ""
    release: ReleasePlan | None = None


class Way(Enum):
    """How the window is driven."""

    NONE = "none"
    STEPWISE = "stepwise"
    DOCUMENT = "document"


@frozen(kw_only=True)
class Plan:
    """What ``bascule merge`` would do now. ``bypasses`` names requirements that the token overrides without an edit."""

    change_number: int
    head_sha: str
    base_sha: str
    branch: str
    merge: MergePlan
    way: Way
    relaxations: tuple[Relaxation, ...] = ()
    bypasses: tuple[Blocker, ...] = ()
    max_exposure: float = 10.0


class RunStatus(Enum):
    """The one word that sums up a run; also the ``status`` of ``--json``."""

    MERGED = "merged"
    MERGEABLE = "mergeable"
    BLOCKED = "blocked"
    WAITING = "waiting"
    NOOP = "noop"
    FAILED = "failed"


@frozen(kw_only=True)
class WindowReport:
    """What happened to protection. ``exposure_seconds`` from the relaxation's effect to the restore's.

    ``verified`` is None until an equal read at least 35 s after the restore (protocol.md).
    """

    way: Way
    relaxations: tuple[Relaxation, ...]
    exposure_seconds: float | None
    calls: int
    restored: bool
    verified: bool | None
    snapshot_sha256: str
    live_sha256: str


@frozen(kw_only=True)
class PackRef:
    """Which policy judged: the pack's name, file and the base commit it was read from, its scenario and mode."""

    name: str
    scenario: str
    path: str
    commit: str
    mode: Mode

    @classmethod
    def of(cls, pack: Rulepack) -> PackRef:
        """Return the reference of ``pack``."""
        return cls(name=pack.name, scenario=pack.scenario, path=pack.path, commit=pack.commit, mode=pack.mode)


@frozen(kw_only=True)
class MergeReport:
    """The merged commit, and the tag that it carries because the plan asked for it (empty: none, or not yet).

    ``release`` is the address of the release that was made of the tag, empty without one.
    """

    sha: str
    tag: str = ""
    release: str = ""


@frozen(kw_only=True)
class Result:
    """The answer of ``check`` and ``merge``, and what ``--json`` prints."""

    schema_version: int = 1
    run: str
    status: RunStatus
    summary: str
    change: Change | None
    verdict: Verdict | None
    blockers: tuple[Blocker, ...] = ()
    plan: Plan | None = None
    window: WindowReport | None = None
    merge: MergeReport | None = None
    alarms: tuple[str, ...] = ()
    next: str = ""
    details: Mapping[str, Any] = field(factory=dict)
    packs: tuple[PackRef, ...] = ()
    """The packs that judged, in the order of the verdict's children."""
