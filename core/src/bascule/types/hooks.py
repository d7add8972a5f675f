"""What hooks are given and what they give back, besides checks and evidence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from bascule.types.change import Change
from bascule.types.evidence import Evidence, EvidenceInput
from bascule.types.plan import Result
from bascule.types.protection import Blocker
from bascule.types.rulepack import Rulepack
from bascule.types.verdict import Verdict


@frozen(kw_only=True)
class RuleSpec:
    """A rule that a scenario offers: ``use: plugin/name`` in a pack. ``schema`` is a JSON Schema of its parameters."""

    name: str
    summary: str
    schema: Mapping[str, Any] = field(factory=lambda: {"type": "object", "additionalProperties": False})


@frozen(kw_only=True)
class Template:
    """A packaged rulepack: ``name`` without the plugin's prefix, ``text`` the YAML."""

    name: str
    text: str


@frozen(kw_only=True)
class ToolSpec:
    """A program that a scenario runs, for ``bascule plugins doctor``.

    ``name`` as on PATH, ``why`` what it is needed for, ``install`` what a person does where it is missing (a sentence
    without its full stop). ``version`` are the arguments that make it print its version; ``at_least`` is the lowest
    that will do (``3.14``), empty for any. ``optional``: the scenario judges without it, only less.
    """

    name: str
    why: str
    install: str
    version: tuple[str, ...] = ("--version",)
    at_least: str = ""
    optional: bool = False


@frozen(kw_only=True)
class Scenario:
    """A class of change that a plugin judges.

    ``api`` is the HOOK_API it was written for. ``fits`` are globs of files that suggest this scenario for a repository
    without packs (``bascule replay``); none: it is never suggested. ``scope`` is ``bound`` (asked for changes its packs
    bind) or ``all``. ``tags``: its rehearsals look at the repository's tags, which are fetched for them.
    """

    name: str
    api: int
    summary: str = ""
    rules: tuple[RuleSpec, ...] = ()
    templates: tuple[Template, ...] = ()
    fits: tuple[str, ...] = ()
    scope: str = "bound"
    tags: bool = False
    tools: tuple[ToolSpec, ...] = ()
    """Programs that its rehearsals run."""


@frozen(kw_only=True)
class PastRun:
    """One earlier run of this scenario in this repository, from the journal."""

    run: str
    at: datetime
    status: str
    cause: str | None = None


@frozen(kw_only=True)
class GateContext:
    """For :func:`~bascule.hookspecs.gate`; all a gate may look at. ``switches`` are named booleans of the run."""

    change: Change
    pack: Rulepack
    now: datetime
    evidence: tuple[Evidence, ...] = ()
    history: tuple[PastRun, ...] = ()
    switches: Mapping[str, bool] = field(factory=dict)


@frozen(kw_only=True)
class DryRunContext:
    """For :func:`~bascule.hookspecs.dry_run`. ``objects`` is a bare git directory that has head and base, with the
    commits before them, and the tags where the plugin's scenario says that it looks at them.

    ``workdir`` is an empty directory that is removed afterwards; ``time_limit`` in seconds, ``output_limit`` in bytes.
    ``tools`` are paths of programs by name that the run was given (``BASCULE_TOOL_HELM``), before PATH is searched.
    """

    change: Change
    pack: Rulepack
    now: datetime
    objects: str
    workdir: str
    time_limit: float = 300.0
    output_limit: int = 16 * 1024 * 1024
    tools: Mapping[str, str] = field(factory=dict)
    inputs: tuple[EvidenceInput, ...] = ()
    """Files that the pack's ``evidence:`` names, as far as they could be had."""
    run_code: bool = False
    """Whether code of the change may be run (a build, a plan), where the pack asks for it: the machine's owner says so
    (``BASCULE_RUN_CODE=1``) and no gate of the core refuses the change; never in a replay."""
    services: Mapping[str, str] = field(factory=dict)
    """Addresses by name that may be asked over the network: those that the machine's owner states
    (``BASCULE_SERVICE_PROMETHEUS`` for ``prometheus``), http(s), without credentials and trailing slash. None in a
    replay, none for a pack's examples."""
    clients: Mapping[str, str] = field(factory=dict)
    """Paths of files that say how services are asked, by name (``BASCULE_HTTP_CONFIG_PROMETHEUS``), in the form of
    Prometheus' own HTTP client configuration. They may hold credentials: nothing of them belongs into evidence."""
    public_services: bool = False
    """Whether a plugin may ask the public addresses it knows for services that are not in ``services``
    (``BASCULE_SERVICES=public``); never in a replay."""


@frozen(kw_only=True)
class RelaxContext:
    """For :func:`~bascule.hookspecs.relax`."""

    change: Change
    pack: Rulepack
    verdict: Verdict
    blockers: tuple[Blocker, ...]


@frozen(kw_only=True)
class MergeContext:
    """For :func:`~bascule.hookspecs.merge`. ``evidence`` is what was rehearsed under this pack."""

    change: Change
    pack: Rulepack
    verdict: Verdict
    evidence: tuple[Evidence, ...] = ()


@frozen(kw_only=True)
class RestoreContext:
    """For :func:`~bascule.hookspecs.restore`; the core has restored already."""

    change: Change
    pack: Rulepack
    outcome: Result


@frozen(kw_only=True)
class Failure:
    """A run that did not do what it decided, for :func:`~bascule.hookspecs.classify`."""

    run: str
    stage: str
    scenario: str
    message: str
    status: int | None = None
    exit_code: int | None = None
    log_tail: str = ""


@frozen(kw_only=True)
class Classification:
    """A cause (one of :data:`CAUSES`) with a confidence from 0 to 1 and the sentence that explains it.

    ``specificity`` breaks a tie of confidence: the number of characters of the failure that the pattern really matched.
    ``source`` is ``distribution version`` and is set by the driver.
    """

    cause: str
    confidence: float
    because: str
    specificity: int = 0
    source: str = ""


CAUSES = (
    "concurrent_change", "rate_limited", "transient_infra", "flaky_timeout", "resource_exhausted", "merge_gate_unmet",
    "merge_conflict", "auth_permission", "config_invalid", "destructive_change", "rollout_unhealthy", "code_failure",
    "dependency_conflict", "version_exists", "telemetry_unavailable", "slo_regression", "unknown",
)  # fmt: skip
"""The closed set of causes (DESIGN, section 9); ``unknown`` is said honestly where none fits."""


@frozen(kw_only=True)
class PluginReport:
    """One row of ``bascule plugins list``: an entry point and what became of it.

    ``status`` is ``ok``, ``quarantined``, or ``off`` where ``BASCULE_PLUGINS`` does not name it; unless it is ``ok``,
    ``reason`` says what was found and ``fix`` what to do. ``api`` is the HOOK_API its scenarios state, None where they
    could not be asked. ``hooks`` are the hooks it implements, ``scenarios`` the names it offers.
    """

    name: str
    distribution: str
    version: str
    status: str
    api: int | None = None
    hooks: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    reason: str = ""
    fix: str = ""

    @property
    def source(self) -> str:
        """Return what its answers are attributed to: ``distribution version``."""
        return f"{self.distribution} {self.version}".strip()
