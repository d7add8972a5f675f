"""What one reading of a pull request gives, before git has looked at it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from bascule.forge.ports import RawCommit
from bascule.types import Actor, Change, Repo, Viewer


@frozen(kw_only=True)
class Armed:
    """Another open pull request that GitHub merges by itself the moment protection allows it."""

    number: int
    base_ref: str
    method: str
    enabled_by: Actor | None


@frozen(kw_only=True)
class Sticky:
    """A comment that begins with Bascule's mark. ``sha256``: hex digest of its body as GitHub returned it (UTF-8)."""

    id: int
    author: str
    sha256: str


@frozen(kw_only=True)
class ListedFile:
    """One path as GitHub lists it: new names only, no modes. ``change``: ADDED, MODIFIED, DELETED, RENAMED, ..."""

    path: str
    change: str
    additions: int
    deletions: int


@frozen(kw_only=True)
class JournalView:
    """The journal as seen in passing: up to 20 newest commits. ``tip`` None may also mean that the server hides such
    refs from GraphQL: only :class:`~bascule.forge.ports.JournalStore` decides that there is no journal."""

    tip: str | None
    commits: tuple[RawCommit, ...]
    date: datetime


@frozen(kw_only=True)
class Standing:
    """Who a token is, and `.github/bascule.yml` of the default branch: its text (None where there is none), or what is
    wrong with it."""

    viewer: Viewer
    settings_text: str | None = None
    settings_problem: str | None = None


@frozen(kw_only=True)
class Guarded:
    """What the Keeper's own token is shown: who it is, the base branch's rule with the settings that REST hides (None
    where there is none), and the journal in passing."""

    viewer: Viewer
    rule: Mapping[str, Any] | None
    journal: JournalView


@frozen(kw_only=True)
class Snapshot:
    """Everything that one query (and its further pages) said.

    ``change_without_git`` has GitHub's own file list and ``files_complete`` False:
    :func:`bascule.forge.fetch.fetch_change` makes the change that gates may judge. ``packs`` maps paths
    (``rulepack/x.yml``, ``.github/rulepack/y.yml``) to text at ``packs_commit``; ``packs_problem`` is None or says
    which could not be taken as text, and then nothing may be merged. ``settings_text`` is `.github/bascule.yml` at the
    same commit, ``home_settings_text`` that of the default branch. ``protection_rule`` is GraphQL's branch
    protection rule with the settings that REST hides, None where there is none or the token may not see it
    (``protection_rule_hidden``). ``rules``: types of what rulesets ask of the base branch
    (:func:`bascule.forge.reading.rules`). ``merge_methods``: those that the repository allows. ``armed`` leaves this
    pull request out.
    """

    change_without_git: Change
    viewer: Viewer
    repo: Repo
    date: datetime
    packs: Mapping[str, str]
    packs_commit: str
    packs_problem: str | None
    settings_text: str | None
    home_settings_text: str | None
    protection_rule: Mapping[str, Any] | None
    protection_rule_hidden: bool
    rules: tuple[str, ...]
    journal: JournalView
    stickies: tuple[Sticky, ...]
    merge_methods: tuple[str, ...]
    armed: tuple[Armed, ...]
    armed_complete: bool
    base_tree: str | None
    changed_files: int
    listed: tuple[ListedFile, ...]
    listed_complete: bool
    fingerprint: str
    remaining: int | None = None
    """Points left of the hourly GraphQL quota, as GitHub said."""
    notes: tuple[str, ...] = field(default=())
    """Fields that the token may not see, as dotted paths of the query."""

    @property
    def sticky(self) -> int | None:
        """Return the id of the viewer's own sticky comment, or None."""
        return self.sticky_of(self.viewer.login)

    def sticky_of(self, login: str) -> int | None:
        """Return the id of the sticky comment that ``login`` wrote (the first, if there are several), or None."""
        return next((s.id for s in self.stickies if s.author.lower() == login.lower()), None)
