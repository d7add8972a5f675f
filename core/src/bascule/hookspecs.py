"""The whole plugin contract on one page: eight hooks, two markers, one number.

A plugin is a module that a distribution names in the entry-point group ``bascule`` and that marks functions with
:data:`hookimpl`. It describes; it never acts: it holds no token, and runs in a process of its own (one per
distribution) that the driver starts with a clean environment and an empty working directory, and ends before protection
is touched. Everything passed either way is a frozen record of :mod:`bascule.types` and crosses a pipe as JSON.

What holds for every hook:

* An implementation takes the named argument or none at all, without a default. Where the answer is an iterable, it may
  be a generator.
* Each implementation is called by itself, in the order of plugin names. Wrappers, ``tryfirst`` and ``trylast`` are
  refused when the plugin is loaded, and so are marked functions that no hook here has the name of.
* The result is materialised and type-checked inside the guard. A raised exception (``SystemExit`` and
  ``KeyboardInterrupt`` included), a wrong type, more than 1,000 items or more than 16 MiB is a *fault*, and so is a
  process that dies. Past the time limit the plugin's whole process group is killed.
* Text that a plugin prints goes nowhere but into the report of a fault; more than 4 MiB in one call is a fault.
* The driver attributes each answer to the distribution and version that gave it, whatever the answer says.
* The same input gives the same answer: no clock (``ctx.now`` is the time), no chance, no memory between calls.

The examples run as they stand in the tests, where ``ctx`` (and ``failure``) are filled in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pluggy

from bascule.types import (
    Check,
    Classification,
    DryRunContext,
    Evidence,
    Failure,
    GateContext,
    MergeContext,
    MergePlan,
    Observation,
    RelaxContext,
    RelaxProposal,
    RestoreContext,
    Scenario,
    WatchContext,
)

HOOK_API: Final = 1
"""Version of this page, and a promise: see ``docs/reference/versioning.md``."""

hookspec = pluggy.HookspecMarker("bascule")
hookimpl = pluggy.HookimplMarker("bascule")


@hookspec
def scenarios() -> Iterable[Scenario]:  # type: ignore[empty-body]
    """Say which classes of change this plugin judges.

    When: once, when the plugin's process has imported it.
    Argument: none.
    Returns: at least one :class:`~bascule.types.Scenario`. ``api`` must equal :data:`HOOK_API`. Names are lower-case
        letters, digits and dashes. Its rules and templates are used as ``name/rule`` and ``name/template``.
    None: as an empty answer, the plugin is quarantined.
    Several answers: collected; a name that two distributions offer is refused for both.
    Fault: the plugin is quarantined, a row in ``bascule plugins list``; the others live on.
    Time limit: 10 s, from the start of the process, imports included.

    Example:
        >>> from bascule import HOOK_API, hookimpl
        >>> from bascule.types import RuleSpec, Scenario
        >>> @hookimpl
        ... def scenarios():
        ...     return [Scenario(name="acme", api=HOOK_API, fits=("migrations/**",), rules=(
        ...         RuleSpec(name="additive", summary="Migrations only add."),
        ...     ))]
        >>> [s.name for s in scenarios()]
        ['acme']
    """


@hookspec
def gate(ctx: GateContext) -> Iterable[Check]:  # type: ignore[empty-body]
    """Judge the change against the rules of the pack that this plugin offers.

    When: for a change that a pack binds whose scenario or one of whose rules is this plugin's (scope ``all``: for
        every change), before ``dry_run`` and again afterwards with its evidence. Waiting for evidence is
        ``Status.WAIT``.
    Argument: ``ctx.change``, ``ctx.pack``, ``ctx.now``, ``ctx.evidence``, ``ctx.history``, ``ctx.switches``.
    Returns: at least one :class:`~bascule.types.Check` per rule of ``ctx.pack.rules`` whose ``use`` is this plugin's,
        also where the rule has nothing to say about the change. ``rule`` starts with ``name/``, ``id`` and ``where``
        are the pack's, and unless it allows, ``fix`` says what to do.
    None: as an empty answer. *No checks is not an allow*: an empty answer blocks, a rule without a check with its
        ``id`` blocks, a plugin without this hook blocks. A scenario whose pack states no rules says so in a check that
        allows. Only scope ``all`` may be silent where no pack names it.
    Several answers: collected; the worst status wins.
    Fault: an error in the verdict tree, which blocks; so is a check in another plugin's name or for its rule.
    Time limit: 2 s.

    Example:
        >>> from bascule import hookimpl
        >>> from bascule.types import Check, Status
        >>> @hookimpl
        ... def gate(ctx):
        ...     for rule in ctx.pack.rules:
        ...         if rule.use != "acme/additive":
        ...             continue
        ...         removed = sorted(f.path for f in ctx.change.files if f.status == "removed")
        ...         yield Check(
        ...             rule=rule.use,
        ...             id=rule.id,
        ...             where=rule.where,
        ...             status=Status.BLOCK if removed else Status.ALLOW,
        ...             found=f"removed: {', '.join(removed)}" if removed else "nothing removed",
        ...             expected="migrations are only added",
        ...             fix="Keep the file and write a new migration." if removed else "",
        ...         )
        >>> [(check.rule, check.status.value) for check in gate(ctx)]
        [('acme/additive', 'allow')]
    """


@hookspec
def dry_run(ctx: DryRunContext) -> Iterable[Evidence | Check]:  # type: ignore[empty-body]
    """Rehearse the change: plan, render, build, run the rules' own tests.

    When: for a change that a pack binds whose scenario or one of whose rules is this plugin's, after the first round of
        gates.
    Argument: ``ctx.change``, ``ctx.pack``, ``ctx.now``, ``ctx.objects``, ``ctx.workdir``, ``ctx.time_limit``,
        ``ctx.output_limit``, ``ctx.tools``, ``ctx.inputs``, ``ctx.run_code``, ``ctx.services``,
        ``ctx.clients``, ``ctx.public_services``. Work in ``ctx.workdir`` only; it is removed afterwards. Ask nobody
        over the network but ``ctx.services``.
    Returns: :class:`~bascule.types.Evidence` whose ``kind`` starts with ``name/`` and whose ``binding`` is this
        change's and this pack's, secrets already redacted; or checks, where the rehearsal itself is the answer.
    None: as an empty answer: nothing to rehearse. A gate that wants evidence still waits or blocks.
    Several answers: collected.
    Fault: an error in the verdict tree, which blocks. Evidence bound to anything else is a fault.
    Time limit: 300 s.

    Example:
        >>> from bascule import hookimpl, wire
        >>> from bascule.types import Binding, Evidence
        >>> @hookimpl
        ... def dry_run(ctx):
        ...     data = {"files": list(ctx.change.paths)}
        ...     bound = Binding(
        ...         head_sha=ctx.change.head_sha, base_sha=ctx.change.base_sha, pack_sha256=ctx.pack.sha256
        ...     )
        ...     yield Evidence(
        ...         kind="acme/files", binding=bound, provenance="local", summary="1 file",
        ...         sha256=wire.sha256(data), data=data,
        ...     )
        >>> [evidence.kind for evidence in dry_run(ctx)]
        ['acme/files']
    """


@hookspec
def relax(ctx: RelaxContext) -> Iterable[RelaxProposal]:  # type: ignore[empty-body]
    """Narrow what may be waived for this change.

    When: for a change that a pack of this scenario binds, once its gates allow and protection still asks for something.
    Argument: ``ctx.change``, ``ctx.pack``, ``ctx.verdict``, ``ctx.blockers``.
    Returns: one :class:`~bascule.types.RelaxProposal` per kind that may be waived. What the pack's ``relax.allow``
        does not name is dropped: this hook can narrow, never widen. The core chooses the least relaxation.
    None: as an empty answer: nothing is relaxed. Where *no* bound plugin has this hook, ``relax.allow`` stands.
    Several answers: of one plugin collected; of several plugins, a kind must be in each one's answer.
    Fault: nothing is relaxed.
    Time limit: 2 s.

    Example:
        >>> from bascule import hookimpl
        >>> from bascule.types import RelaxKind, RelaxProposal
        >>> @hookimpl
        ... def relax(ctx):
        ...     small = len(ctx.change.files) <= 3
        ...     return [RelaxProposal(kind=RelaxKind.REVIEWS, reason="three files at most")] if small else []
        >>> [proposal.kind.value for proposal in relax(ctx)]
        ['reviews']
    """


@hookspec
def merge(ctx: MergeContext) -> MergePlan | None:
    """Say how this change is merged.

    When: for a change that a pack of this scenario binds, once its gates allow.
    Argument: ``ctx.change``, ``ctx.pack``, ``ctx.verdict``, ``ctx.evidence``.
    Returns: a :class:`~bascule.types.MergePlan`. An empty method leaves it to the pack, else to the repository; another
        than the pack's ``merge.method`` blocks. A ``tag`` is made by the core on the merged commit, once, after
        protection is back; one that is there already is never moved.
    None: no opinion; without any answer the pack's method, else the repository's, is used.
    Several answers: blocked, naming both; also where they are equal.
    Fault: no merge.
    Time limit: 2 s.

    Example:
        >>> from bascule import hookimpl
        >>> from bascule.types import MergePlan
        >>> @hookimpl
        ... def merge(ctx):
        ...     return MergePlan(method="squash", title=f"{ctx.change.title} (#{ctx.change.number})")
        >>> merge(ctx).title
        'Add a column (#7)'
    """


@hookspec
def restore(ctx: RestoreContext) -> Iterable[Check]:  # type: ignore[empty-body]
    """Look at the scenario's own side after the merge. Protection is restored by the core, not here.

    When: for a change that a pack of this scenario binds, after the core has restored protection and read it back.
    Argument: ``ctx.change``, ``ctx.pack``, ``ctx.outcome``.
    Returns: checks as for ``gate``; whatever does not allow is an alarm.
    None: as an empty answer: nothing to report.
    Several answers: collected.
    Fault: an alarm.
    Time limit: 30 s.

    Example:
        >>> from bascule import hookimpl
        >>> from bascule.types import Check, Status
        >>> @hookimpl
        ... def restore(ctx):
        ...     merged = ctx.outcome.merge is not None
        ...     yield Check(
        ...         rule="acme/landed",
        ...         status=Status.ALLOW if merged else Status.BLOCK,
        ...         found="merged" if merged else "not merged",
        ...         fix="" if merged else "Look at the run's outcome in the journal.",
        ...     )
        >>> [check.found for check in restore(ctx)]
        ['merged']
    """


@hookspec
def watch(ctx: WatchContext) -> Iterable[Observation]:  # type: ignore[empty-body]
    """Read the numbers by which merged changes are judged; deciding on them is the core's part.

    When: once a tick while watches are open, with all of them at once; for the same series again with later blocks.
    Argument: ``ctx.requests``, ``ctx.series``, ``ctx.now``, ``ctx.services``, ``ctx.clients``, ``ctx.time_limit``.
    Returns: one :class:`~bascule.types.Observation` for each of ``ctx.series`` whose ``source`` this plugin speaks: its
        blocks in order, None where there is no data, which is never health. Ask each series once, however many
        requests name it, and nobody over the network but ``ctx.services``.
    None: as an empty answer: no data.
    Several answers: collected; for one series, the one with data counts.
    Fault: every series is without data for this tick, *undecided*, never healthy; in the end a person decides.
    Time limit: 30 s.

    Example:
        >>> from bascule import hookimpl
        >>> from bascule.types import Observation
        >>> @hookimpl
        ... def watch(ctx):
        ...     for series in ctx.series:
        ...         if series.source == "acme-queue":
        ...             counted = tuple((1000.0, 2.0) for _ in range(series.blocks))
        ...             yield Observation(series=series.id, start=series.start, blocks=counted)
        >>> [(seen.series, seen.blocks) for seen in watch(ctx)]
        [('s-1', ((1000.0, 2.0),))]
    """


@hookspec
def classify(failure: Failure) -> Classification | None:
    """Name the cause of a run that did not do what it decided.

    When: after such a run, for every plugin, bound or not.
    Argument: ``failure.run``, ``failure.stage``, ``failure.scenario``, ``failure.message``, ``failure.status``,
        ``failure.exit_code``, ``failure.log_tail``.
    Returns: a :class:`~bascule.types.Classification` whose ``cause`` is one of :data:`bascule.types.CAUSES`.
    None: not this plugin's kind of failure.
    Several answers: the highest confidence; ties by specificity, then by the plugin's name.
    Fault: ignored and noted.
    Time limit: 2 s.

    Example:
        >>> from bascule import hookimpl
        >>> from bascule.types import Classification
        >>> @hookimpl
        ... def classify(failure):
        ...     if "lock wait timeout" in failure.log_tail:
        ...         return Classification(
        ...             cause="flaky_timeout", confidence=0.9, because="the database waited for a lock", specificity=17
        ...         )
        >>> classify(failure).cause
        'flaky_timeout'
    """
