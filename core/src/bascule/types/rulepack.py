"""The rulepack as a frozen record: policy after loading, extending and checking."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from attrs import field, frozen

from bascule.types.protection import RelaxKind


class Mode(Enum):
    """What Bascule may do with a change that a pack allows; ordered L0 to L4."""

    OFF = "off"
    OBSERVE = "observe"
    PROPOSE = "propose"
    GUARDED = "guarded"
    AUTO = "auto"

    @property
    def level(self) -> int:
        """Return 0 (off) to 4 (auto)."""
        return list(Mode).index(self)


@frozen(kw_only=True)
class Match:
    """Which changes a pack judges. ``branches`` are globs of base branches; empty means every branch."""

    files: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()


@frozen(kw_only=True)
class FilesRule:
    """Path policy. Empty ``only`` means: whatever the pack matches. ``special`` permits unusual entries.

    A path must match :attr:`sets`, every one of them: ``only`` is the pack's own list, ``only_all`` the lists that came
    with the templates it extends.
    """

    only: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    special: tuple[str, ...] = ()
    """Any of ``symlinks``, ``submodules``, ``modes``; empty refuses them."""
    only_all: tuple[tuple[str, ...], ...] = ()

    @property
    def sets(self) -> tuple[tuple[str, ...], ...]:
        """Return every list of globs of which a path must match at least one; none: every path is allowed."""
        return tuple(dict.fromkeys(s for s in (self.only, *self.only_all) if s))


@frozen(kw_only=True)
class AuthorsRule:
    """Who may have written it. Entries: ``login``, ``name[bot]``, ``login#ID`` (pinned id), ``@org/team``."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


@frozen(kw_only=True)
class LabelsRule:
    """Labels that must, and must not, be on the pull request."""

    require: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


@frozen(kw_only=True)
class CheckRequirement:
    """A check that must be green, from the app of that slug (statuses: ``app: status/LOGIN``)."""

    name: str
    app: str


@frozen(kw_only=True)
class ChecksRule:
    """Checks that must be green on the head SHA."""

    require: tuple[CheckRequirement, ...] = ()


@frozen(kw_only=True)
class TextRule:
    """RE2 expressions that a text must all match (``require``) or none (``deny``); searched, not anchored."""

    require: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


@frozen(kw_only=True)
class SizeRule:
    """Upper limits; None means no limit. ``lines`` counts additions plus deletions."""

    files: int | None = None
    lines: int | None = None
    commits: int | None = None


@frozen(kw_only=True)
class ForksRule:
    """Forks are refused unless ``allow`` is true."""

    allow: bool = False


@frozen(kw_only=True)
class Rule:
    """One entry of ``rules:``: a plugin's rule with its parameters."""

    id: str
    use: str
    params: Mapping[str, Any] = field(factory=dict)
    where: str = ""

    @property
    def needs(self) -> tuple[str, ...]:
        """Return the kinds of evidence (``plugin/kind``) that its parameter ``needs`` names, whatever rule it is."""
        stated = self.params.get("needs", ())
        return tuple(k for k in stated if isinstance(k, str)) if isinstance(stated, list | tuple) else ()


@frozen(kw_only=True)
class EvidenceSource:
    """Where the evidence ``name`` comes from: ``file`` (given with the command), ``actions`` (the artifact of a
    workflow's run) or ``local`` (a plugin makes it).

    The fields from ``workflow`` to ``event`` are set for ``actions`` only: the workflow's file, the artifact's name,
    the file in it (empty: its only one) and the event that starts the run. ``max_size`` in bytes, ``max_age`` in
    seconds from the start of the run; None where the pack states no limit of its own.
    """

    name: str
    source: str
    where: str = ""
    workflow: str = ""
    artifact: str = ""
    file: str = ""
    event: str = ""
    max_size: int | None = None
    max_age: float | None = None

    @property
    def origin(self) -> tuple[str, ...]:
        """Return what makes two entries come from the same place: all but name and limits."""
        return (self.source, self.workflow, self.artifact, self.file, self.event)

    @property
    def place(self) -> str:
        """Return the origin in a few words: ``file``, or ``actions: .github/workflows/plan.yml, artifact tfplan``."""
        if self.source != "actions":
            return self.source
        file = f", file {self.file}" if self.file else ""
        return f"actions: {self.workflow} on {self.event}, artifact {self.artifact}{file}"


@frozen(kw_only=True)
class ScheduleRule:
    """When merging is allowed, e.g. ``Mon-Thu 09:00-16:00`` in an IANA zone."""

    merge: str = ""
    timezone: str = "UTC"


@frozen(kw_only=True)
class RelaxRule:
    """What may be waived and for how long the window may be exposed, in seconds."""

    allow: tuple[RelaxKind, ...] = ()
    max_exposure: float = 10.0


@frozen(kw_only=True)
class MergeRule:
    """How to merge: ``merge``, ``squash`` or ``rebase``; None leaves it to the repository's setting."""

    method: str | None = None


@frozen(kw_only=True)
class WatchRule:
    """What to watch after the merge; ``duration`` in seconds (YAML key ``for``).

    ``rollback`` is off, propose or auto (YAML key ``rollback.mode``); ``rollback_checks`` is wait or skip.
    """

    after: str = "merge"
    environment: str = ""
    duration: float = 3600.0
    slos: tuple[str, ...] = ()
    rollback: str = "off"
    rollback_checks: str = "wait"


@frozen(kw_only=True)
class NotifyRule:
    """When the sticky comment is written: never, problems or always."""

    comment: str = "problems"


@frozen(kw_only=True)
class Example:
    """A change and what the pack must say about it; run by ``bascule rulepack test``."""

    name: str
    change: Mapping[str, Any]
    expect: str
    because: str = ""
    """Name of the rule that must be the reason when ``expect`` is not allow."""


@frozen(kw_only=True)
class Rulepack:
    """Policy for one class of change.

    ``name`` is the file's stem or ``plugin/template``; ``path`` the file, ``commit`` the base commit it was read from;
    ``sha256`` covers the effective pack, extensions included. ``lines`` maps a dotted path such as ``files.only[0]``
    to ``file:line:column``.
    """

    name: str
    path: str
    scenario: str
    version: int = 1
    commit: str = ""
    sha256: str = ""
    extends: tuple[str, ...] = ()
    mode: Mode = Mode.OBSERVE
    match: Match = Match()
    files: FilesRule = FilesRule()
    authors: AuthorsRule = AuthorsRule()
    labels: LabelsRule = LabelsRule()
    checks: ChecksRule = ChecksRule()
    title: TextRule = TextRule()
    size: SizeRule = SizeRule()
    forks: ForksRule = ForksRule()
    rules: tuple[Rule, ...] = ()
    evidence: Mapping[str, EvidenceSource] = field(factory=dict)
    """By name."""
    schedule: ScheduleRule = ScheduleRule()
    relax: RelaxRule = RelaxRule()
    merge: MergeRule = MergeRule()
    watch: WatchRule | None = None
    notify: NotifyRule = NotifyRule()
    examples: tuple[Example, ...] = ()
    loosen: str = ""
    loosened: tuple[str, ...] = ()
    """What is looser than the templates, one sentence each; only with a reason in ``loosen``."""
    lines: Mapping[str, str] = field(factory=dict)

    def where(self, key: str) -> str:
        """Return ``file:line:column`` of ``key``, of its nearest present parent, or the file's path."""
        while key:
            if key in self.lines:
                return self.lines[key]
            cut = max(key.rfind("."), key.rfind("["))
            key = key[:cut] if cut > 0 else ""
        return self.lines.get("", self.path)
