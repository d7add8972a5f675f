"""The shape of a rulepack file: every key, its type, and what a pack that extends a template may do with it.

None means "not stated": only what a template states binds the packs that extend it (:mod:`bascule.rulepack.extend`).
"""

# ruff: noqa: RUF009 - key() declares a field, as attrs.field() does

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from attrs import Factory, frozen

from bascule.config.duration import Seconds
from bascule.config.shape import key
from bascule.rulepack.evidence_shape import EvidenceShape
from bascule.rulepack.example_shape import ExampleChange
from bascule.rulepack.kinds import (
    App,
    CheckName,
    Expression,
    Glob,
    Label,
    Limit,
    Name,
    Person,
    Qualified,
    Reason,
    Zone,
)
from bascule.rulepack.watch_shape import BOTH as _BOTH
from bascule.rulepack.watch_shape import WatchShape
from bascule.types import Mode, RelaxKind


@frozen(kw_only=True)
class MatchShape:
    """Which changes the pack judges."""

    files: tuple[Glob, ...] | None = key(
        doc="Globs of the files that this pack claims and judges. A changed file that no pack claims blocks.",
        default=None,
        example='["infra/**"]',
        tighten="Replaces the template's list, but allows nothing more: a path that the template does not claim cannot "
        "pass.",
    )
    branches: tuple[Glob, ...] | None = key(
        doc="Globs of the base branches it applies to; without it, every branch.",
        default=None,
        example='[main, "release/*"]',
        tighten="Entries of the template's list only.",
    )


@frozen(kw_only=True)
class FilesShape:
    """Which paths may change, among those the pack claims. A rename counts under its old and its new path."""

    only: tuple[Glob, ...] | None = key(
        doc="Every claimed path must match one of these; without it, every claimed path may change.",
        default=None,
        example='["infra/**/*.tf"]',
        tighten="Both hold: a path must match this list and the template's.",
    )
    deny: tuple[Glob, ...] | None = key(
        doc="No claimed path may match one of these.", default=None, example='["infra/prod/iam/**"]', tighten=_BOTH
    )
    special: tuple[Literal["symlinks", "submodules", "modes", "binaries"], ...] | None = key(
        doc="Unusual entries that may change all the same: symbolic links, submodules, the executable bit; and "
        "binaries where `size.lines` limits what cannot be counted in lines.",
        default=None,
        example="[modes]",
        tighten="Entries of the template's list only; a template without it permits none.",
    )


@frozen(kw_only=True)
class AuthorsShape:
    """Who may have written it: the opener and every commit's author and committer."""

    allow: tuple[Person, ...] | None = key(
        doc="Logins, bots (`name[bot]`), either pinned to a numeric id (`login#ID`), or teams (`@org/team`); without "
        "it, any known account.",
        default=None,
        example='["renovate[bot]", "@acme/platform"]',
        tighten="Entries of the template's list only; pinning an id to one of its logins is fine.",
    )
    deny: tuple[Person, ...] | None = key(
        doc="Who may not, even if allowed.", default=None, example="[octo-intern]", tighten=_BOTH
    )


@frozen(kw_only=True)
class LabelsShape:
    """Labels on the pull request; upper and lower case are the same, as on GitHub."""

    require: tuple[Label, ...] | None = key(
        doc="Labels that must all be there.", default=None, example='["change:safe", auto-relax-merge]', tighten=_BOTH
    )
    deny: tuple[Label, ...] | None = key(
        doc="Labels of which none may be there.", default=None, example="[hold]", tighten=_BOTH
    )


@frozen(kw_only=True)
class CheckShape:
    """A check that must be green."""

    name: CheckName = key(doc="The check's name as GitHub shows it.", example="test")
    app: App = key(
        doc="The GitHub App that must report it, by its short name; `status/LOGIN` for a commit status.",
        example="github-actions",
    )


@frozen(kw_only=True)
class ChecksShape:
    """Checks on the head commit."""

    require: tuple[CheckShape, ...] | None = key(
        doc="Checks that must have run and succeeded. Without it, every check that reported must be green, and at "
        "least one.",
        default=None,
        example="[{name: test, app: github-actions}]",
        tighten=_BOTH + " Where it names no checks, the pack's own list is what counts.",
    )


@frozen(kw_only=True)
class TitleShape:
    """The pull request's title, by RE2 expressions that are searched anywhere in it."""

    require: tuple[Expression, ...] | None = key(
        doc="Expressions that must all be found.", default=None, example='["^(feat|fix|chore): "]', tighten=_BOTH
    )
    deny: tuple[Expression, ...] | None = key(
        doc="Expressions of which none may be found.", default=None, example='["(?i)\\\\bwip\\\\b"]', tighten=_BOTH
    )


@frozen(kw_only=True)
class SizeShape:
    """Upper limits of the whole change."""

    files: Limit | None = key(doc="Changed files.", default=None, example="20", tighten="Lower or equal.")
    lines: Limit | None = key(doc="Lines added plus removed.", default=None, example="400", tighten="Lower or equal.")
    commits: Limit | None = key(doc="Commits.", default=None, example="10", tighten="Lower or equal.")


@frozen(kw_only=True)
class ForksShape:
    """Pull requests from forks."""

    allow: bool | None = key(
        doc="Whether a change from a fork may pass; without it, none may.",
        default=None,
        example="false",
        tighten="May not become true, unless the template says true.",
    )


@frozen(kw_only=True)
class RuleShape:
    """A plugin's rule. All keys but `id` and `use` are the rule's own parameters, checked by its JSON Schema."""

    id: Name = key(doc="The name of this entry, once in a pack.", example="no-destroy")
    use: Qualified = key(doc="The rule, as `plugin/rule`.", example="terraform/plan-actions")
    params: Mapping[str, Any] = key(doc="The rule's parameters.", default=Factory(dict), extra=True)


@frozen(kw_only=True)
class ScheduleShape:
    """When merging is allowed; outside these hours a change waits."""

    merge: str | None = key(
        doc="Weekly hours, parts separated by semicolons; days may be left out, and hours may go past midnight.",
        default=None,
        example='"Mon-Thu 09:00-16:00; Fri 09:00-12:00"',
        tighten="Within the template's hours, in the same time zone.",
    )
    timezone: Zone | None = key(
        doc="The IANA time zone of these hours; `UTC` without it.",
        default=None,
        example="Europe/Berlin",
        tighten="With `merge`.",
    )


@frozen(kw_only=True)
class RelaxShape:
    """What of branch protection may be waived for a change that passes."""

    allow: tuple[RelaxKind, ...] | None = key(
        doc="Requirements that may be waived; without it, none is.",
        default=None,
        example="[reviews]",
        tighten="Entries of the template's list only.",
    )
    max_exposure: Seconds | None = key(
        doc="The longest time that protection may be loosened; `10s` without it.",
        default=None,
        example="10s",
        tighten="Shorter or equal.",
    )


@frozen(kw_only=True)
class MergeShape:
    """How to merge."""

    method: Literal["merge", "squash", "rebase"] | None = key(
        doc="The merge method; without it, the repository's own.",
        default=None,
        example="squash",
        tighten="The template's, or none.",
    )


@frozen(kw_only=True)
class NotifyShape:
    """Who hears of it."""

    comment: Literal["never", "problems", "always"] | None = key(
        doc="When the one sticky comment is written; `problems` without it.",
        default=None,
        example="problems",
        tighten="Anything: it decides nothing.",
    )


@frozen(kw_only=True)
class ExampleShape:
    """A change and what the pack must say of it."""

    name: str = key(doc="What the example shows.", example="a lockfile alone")
    change: ExampleChange = key(doc="The change; what is left out is healthy.", example="{files: [package-lock.json]}")
    expect: Literal["allow", "wait", "block", "error"] = key(doc="The verdict.", example="allow")
    because: str | None = key(
        doc="The gate, rule or rule id that must be among the reasons; not with `allow`.", default=None, example="files"
    )


@frozen(kw_only=True)
class PackShape:
    """A rulepack."""

    version: Literal[1] = key(doc="Version of this format.", example="1")
    scenario: Name = key(doc="The class of change, a name from `bascule plugins list`.", example="allowlist")
    extends: tuple[Qualified, ...] = key(
        doc="Packaged templates, as `plugin/template`. They all hold, and the pack may only be tighter.",
        default=(),
        example="[allowlist/default]",
        tighten="Templates may extend templates of their own.",
    )
    loosen: Reason | None = key(
        doc="The reason why this pack is looser than a template; then what it states replaces what they state.",
        default=None,
        example="the docs team merges its own pages",
        tighten="Not inherited.",
    )
    mode: Mode | None = key(
        doc="How far Bascule goes: `off` judges nothing, `observe` journals, `propose` also says it on the pull "
        "request, `guarded` merges when a person asked, `auto` merges unasked. `observe` without it.",
        default=None,
        example="observe",
        tighten="Lower or equal.",
    )
    match: MatchShape | None = key(doc="Which changes the pack judges.", default=None)
    files: FilesShape | None = key(doc="Which paths may change.", default=None)
    authors: AuthorsShape | None = key(doc="Who may have written it.", default=None)
    labels: LabelsShape | None = key(doc="Labels on the pull request.", default=None)
    checks: ChecksShape | None = key(doc="Checks on the head commit.", default=None)
    title: TitleShape | None = key(doc="The pull request's title.", default=None)
    size: SizeShape | None = key(doc="Upper limits.", default=None)
    forks: ForksShape | None = key(doc="Pull requests from forks.", default=None)
    rules: tuple[RuleShape, ...] | None = key(
        doc="Rules that plugins offer.",
        default=None,
        example="[{id: no-destroy, use: terraform/plan-actions, deny: [delete]}]",
        tighten="Rules add up; one of the same `id` must be the same.",
    )
    evidence: tuple[EvidenceShape, ...] | None = key(
        doc="Files that rehearsals need, and where they come from.",
        default=None,
        example="[{name: plan, from: file}]",
        tighten="Entries add up; one of the same `name` must come from the same place, with the same limits or lower.",
    )
    schedule: ScheduleShape | None = key(doc="When merging is allowed.", default=None)
    relax: RelaxShape | None = key(doc="What of branch protection may be waived.", default=None)
    merge: MergeShape | None = key(doc="How to merge.", default=None)
    watch: WatchShape | None = key(doc="What to watch after the merge.", default=None)
    notify: NotifyShape | None = key(doc="Who hears of it.", default=None)
    examples: tuple[ExampleShape, ...] = key(
        doc="Changes and the verdicts they must get; `bascule rulepack test` runs them.",
        default=(),
        tighten="Not inherited.",
    )
