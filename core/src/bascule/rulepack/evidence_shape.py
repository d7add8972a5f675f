"""The shape of a rulepack's ``evidence``: where the files of rehearsals come from."""

# ruff: noqa: RUF009 - key() declares a field, as attrs.field() does

from __future__ import annotations

from typing import Literal

from attrs import frozen

from bascule.config.duration import Seconds
from bascule.config.shape import key
from bascule.rulepack.kinds import ArtifactName, MemberPath, Name, RunEvent, Size, WorkflowFile


@frozen(kw_only=True)
class EvidenceShape:
    """A file that rehearsals need and cannot make from the change alone, such as a plan."""

    name: Name = key(doc="What the plugin calls it.", example="plan")
    source: Literal["file", "actions", "local"] = key(
        doc="`file`: given with the command, `--evidence NAME=FILE`; what it was made from is the giver's word. "
        "`actions`: the artifact of a run of a pinned workflow on exactly this head, as GitHub states it. "
        "`local`: the plugin makes it here, which may run the change's own code.",
        name="from",
        example="actions",
        tighten="The template's.",
    )
    workflow: WorkflowFile | None = key(
        doc="With `from: actions`: the workflow's file, by its whole path. It must be the same at base and head.",
        default=None,
        example=".github/workflows/plan.yml",
        tighten="The template's.",
    )
    artifact: ArtifactName | None = key(
        doc="With `from: actions`: the artifact's name, which the run gives once.",
        default=None,
        example="tfplan",
        tighten="The template's.",
    )
    file: MemberPath | None = key(
        doc="With `from: actions`: the file in the artifact; without it, the artifact must hold one file.",
        default=None,
        example="plan.json",
        tighten="The template's.",
    )
    event: RunEvent | None = key(
        doc="With `from: actions`: the event that starts the run, `pull_request` or `push`; `pull_request` without it. "
        "No other counts: under `pull_request_target` and `workflow_run` GitHub takes the workflow and its head from "
        "the base branch, and whoever starts a `workflow_dispatch` chooses its inputs.",
        default=None,
        example="pull_request",
        tighten="The template's.",
    )
    max_size: Size | None = key(
        doc="The largest file that is read, and the largest artifact; `64MiB` without it, and at most.",
        default=None,
        example="5MiB",
        tighten="Lower or equal.",
    )
    max_age: Seconds | None = key(
        doc="With `from: actions`: how long ago the run may have started; any time without it.",
        default=None,
        example="24h",
        tighten="Shorter or equal.",
    )
