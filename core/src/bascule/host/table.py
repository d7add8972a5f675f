"""What both sides know about each hook, without pluggy: its argument, its answers, its time limit.

A test holds this table against :mod:`bascule.hookspecs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from bascule import types

GROUP: Final = "bascule"
"""The entry-point group; also pluggy's project name."""

LOAD: Final = "load"
"""The first request to every host: check, import, register, ask for scenarios."""


@frozen(kw_only=True)
class Hook:
    """One hook: ``argument`` is the name and record of its argument, ``answers`` what an answer may be.

    ``single``: the hook returns one record or None instead of an iterable.
    """

    name: str
    argument: tuple[str, type[Any]] | None
    answers: tuple[type[Any], ...]
    single: bool = False

    @property
    def tags(self) -> Mapping[str, type[Any]]:
        """Return the answers by the tag that they carry on the wire."""
        return {kind.__name__: kind for kind in self.answers}


HOOKS: Final[Mapping[str, Hook]] = {
    h.name: h
    for h in (
        Hook(name="scenarios", argument=None, answers=(types.Scenario,)),
        Hook(name="gate", argument=("ctx", types.GateContext), answers=(types.Check,)),
        Hook(name="dry_run", argument=("ctx", types.DryRunContext), answers=(types.Evidence, types.Check)),
        Hook(name="relax", argument=("ctx", types.RelaxContext), answers=(types.RelaxProposal,)),
        Hook(name="merge", argument=("ctx", types.MergeContext), answers=(types.MergePlan,), single=True),
        Hook(name="restore", argument=("ctx", types.RestoreContext), answers=(types.Check,)),
        Hook(name="watch", argument=("ctx", types.WatchContext), answers=(types.Observation,)),
        Hook(name="classify", argument=("failure", types.Failure), answers=(types.Classification,), single=True),
    )
}
