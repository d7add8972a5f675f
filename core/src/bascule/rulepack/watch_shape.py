"""The shape of `watch` in a rulepack: what is watched after the merge, and what a machine may do about a breach."""

# ruff: noqa: RUF009 - key() declares a field, as attrs.field() does

from __future__ import annotations

from typing import Literal

from attrs import frozen

from bascule.config.duration import Seconds
from bascule.config.shape import key
from bascule.rulepack.kinds import Slo

BOTH = "Lists add up: what the template requires stays required."


@frozen(kw_only=True)
class RollbackShape:
    """What a machine may do when a merge broke an objective; a person may always type `bascule rollback`."""

    __shorthand__ = "mode"

    mode: Literal["off", "propose", "auto"] | None = key(
        doc="`auto` rolls back unasked, `propose` opens the pull request for a person to merge, `off` leaves it to a "
        "person; `off` without it.",
        default=None,
        example="auto",
        tighten="`auto` may not become `propose`, nor `propose` `off`.",
    )
    checks: Literal["wait", "skip"] | None = key(
        doc="Whether the rollback waits for required checks; `wait` without it. `skip` needs `checks` in "
        "`relax.allow`; where later commits touched the same files they are waited for all the same.",
        default=None,
        example="wait",
        tighten="`wait` may not become `skip`.",
    )


@frozen(kw_only=True)
class WatchShape:
    """What to watch after the merge; without this mapping, nothing."""

    after: Literal["merge", "deployment"] | None = key(
        doc="When the watch starts; `merge` without it.", default=None, example="deployment", tighten="The template's."
    )
    environment: str | None = key(
        doc="The environment whose deployment counts.", default=None, example="production", tighten="The template's."
    )
    duration: Seconds | None = key(
        doc="How long; `60m` without it.", name="for", default=None, example="60m", tighten="Longer or equal."
    )
    slos: tuple[Slo, ...] | None = key(
        doc="OpenSLO files of the base branch, or objectives in one line: `NAME: 99.9% of GOOD / TOTAL`, `NAME: at "
        "most 0.1% of BAD / TOTAL`, `NAME: QUERY < 0.5`, `NAME: QUERY (up is worse)`, where capitals are PromQL.",
        default=None,
        example="[slo/checkout.yml]",
        tighten=BOTH,
    )
    rollback: RollbackShape | None = key(
        doc="What happens when the merge caused a breach; a word alone is its `mode`.",
        default=None,
        example="{mode: auto, checks: wait}",
        tighten="As its own keys say.",
    )
