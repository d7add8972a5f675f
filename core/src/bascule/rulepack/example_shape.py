"""The shape of an example's change: everything optional, and healthy where it is not stated."""

# ruff: noqa: RUF009 - key() declares a field, as attrs.field() does

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from attrs import Factory, frozen

from bascule.config.shape import Kind, key
from bascule.git import is_tag_name
from bascule.messages import rulepack as say
from bascule.rulepack.kinds import Account, CheckName, Count, Label, Team


def _time(text: str) -> say.Said | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return say.not_a_time(text)
    return say.not_a_time(text) if moment.tzinfo is None else None


Moment = Annotated[str, Kind("time with its zone", _time)]


def _tag(text: str) -> say.Said | None:
    return None if is_tag_name(text) else say.not_a_tag(text)


TagName = Annotated[str, Kind("name of a tag", _tag)]
KindName = Literal["regular", "executable", "symlink", "submodule"]


@frozen(kw_only=True)
class ExampleFile:
    """A changed file; its path alone stands for a small edit."""

    __shorthand__ = "path"

    path: str = key(doc="The path after the change.", example="docs/a.md")
    status: Literal["added", "modified", "removed", "renamed", "copied"] | None = key(
        doc="What happened to it; `renamed` when there is a `previous_path`, else `modified`.", default=None
    )
    previous_path: str | None = key(doc="The path before a rename.", default=None, example="docs/b.md")
    additions: Count = key(doc="Lines added.", default=1)
    deletions: Count = key(doc="Lines removed.", default=1)
    kind: KindName = key(doc="What the entry is after the change (before it, for a removed file).", default="regular")
    kind_before: KindName | None = key(doc="What it was before, where that differs.", default=None)
    binary: bool = key(doc="Whether git calls it binary.", default=False)
    before: str | None = key(
        doc="Its content before the change, for rules that look inside; without it there was no such file, if `after` "
        "is stated.",
        default=None,
    )
    after: str | None = key(doc="Its content after the change; without it the file is gone.", default=None)


@frozen(kw_only=True)
class ExampleCheck:
    """A check on the head commit; its name alone stands for a green one."""

    __shorthand__ = "name"

    name: CheckName = key(doc="The check's name.", example="test")
    state: Literal[
        "queued", "in_progress", "pending", "success", "neutral", "skipped", "failure", "cancelled", "timed_out",
        "action_required", "stale", "error",
    ] = key(doc="Its outcome.", default="success")  # fmt: skip
    app: str | None = key(
        doc="Who reports it; by default whom the pack requires for that name, else `github-actions`.", default=None
    )


@frozen(kw_only=True)
class ExampleCommit:
    """A commit; its author alone stands for a commit made and committed by that account."""

    __shorthand__ = "author"

    author: Account = key(doc="Login of the author.", example="octo-dev")
    committer: Account | None = key(doc="Login of the committer; by default the author.", default=None)
    message: str = key(doc="The commit message.", default="Example commit")
    known: bool = key(doc="False: GitHub knows no account for them.", default=True)


@frozen(kw_only=True)
class ExamplePast:
    """A commit of the base branch before the change; its message alone stands for one without tags."""

    __shorthand__ = "message"

    message: str = key(doc="The commit message.", example='"fix: a typo"')
    tags: tuple[TagName, ...] = key(doc="Tags that stand on it.", default=(), example="[v1.2.2]")


@frozen(kw_only=True)
class ExampleReview:
    """A review."""

    author: Account = key(doc="Login of the reviewer.", example="octo-reviewer")
    state: Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"] = key(
        doc="What the review says.", example="CHANGES_REQUESTED"
    )
    can_write: bool = key(doc="Whether the reviewer has write access.", default=True)


@frozen(kw_only=True)
class ExampleEvidence:
    """What a rehearsal would have produced, for rules that judge it."""

    kind: str = key(doc="The kind of evidence, as the plugin calls it.", example="terraform/plan")
    data: Mapping[str, Any] = key(doc="The evidence itself.", example="{}")
    summary: str = key(doc="One line about it.", default="from an example")


@frozen(kw_only=True)
class ExampleChange:
    """The `change` of an example. Everything is optional."""

    files: tuple[ExampleFile, ...] = key(
        doc="Changed files: paths, or mappings for more than a small edit.", default=(), example="[docs/a.md]"
    )
    title: str = key(doc="The pull request's title.", default="An example", example="Update lodash")
    body: str = key(doc="The pull request's description.", default="An example")
    author: Account | None = key(
        doc="Who opened it and made its commits; by default the first account that the pack allows.",
        default=None, example="octo-dev",
    )  # fmt: skip
    teams: tuple[Team, ...] | None = key(
        doc="Teams the author belongs to; by default, where `author` is absent, all that the pack allows.", default=None
    )
    commits: tuple[ExampleCommit, ...] | None = key(doc="Its commits; by default one by the author.", default=None)
    labels: tuple[Label, ...] | None = key(doc="Its labels; by default those the pack requires.", default=None)
    checks: tuple[ExampleCheck, ...] | None = key(
        doc="Checks on its head; by default those the pack requires, green, else a green `test`.", default=None
    )
    reviews: tuple[ExampleReview, ...] = key(doc="Its reviews.", default=())
    unresolved: Count = key(doc="Open review conversations.", default=0)
    branch: str | None = key(
        doc="The base branch; by default the first that the pack matches, else `main`.", default=None, example="main"
    )
    draft: bool = key(doc="Whether it is a draft.", default=False)
    fork: bool = key(doc="Whether it comes from a fork.", default=False)
    mergeable: Literal["MERGEABLE", "CONFLICTING", "UNKNOWN"] = key(
        doc="Whether it merges without conflict.", default="MERGEABLE"
    )
    auto_merge: Literal["merge", "squash", "rebase"] | None = key(
        doc="The method with which GitHub's own auto-merge is armed.", default=None
    )
    at: Moment | None = key(
        doc="When it is judged; by default the first moment of 2026 at which the pack merges.",
        default=None, example='"2026-01-05T09:00:00Z"',
    )  # fmt: skip
    evidence: tuple[ExampleEvidence, ...] = key(
        doc="Evidence for rules that judge a rehearsal, where the example does not rehearse.", default=()
    )
    tree: Mapping[str, str] = key(
        doc="Files that the change leaves as they are, by path, for rehearsals that need them.", default=Factory(dict)
    )
    history: tuple[ExamplePast, ...] = key(
        doc="Commits of the base branch before the change, oldest first, with their tags, for rehearsals that look at "
        "them. All of them hold the files as they are before the change.",
        default=(), example="[{message: \"chore: release 1.2.2\", tags: [v1.2.2]}, \"fix: a typo\"]",
    )  # fmt: skip
    inputs: Mapping[str, Any] = key(
        doc="Evidence files by their name in the pack's `evidence`: texts, or mappings that become JSON.",
        default=Factory(dict),
    )
