"""Frozen records that cross a boundary: between stages, to plugins, to the journal, to ``--json``."""

from bascule.types.change import (
    Actor,
    AutoMerge,
    Change,
    CheckResult,
    Commit,
    FileChange,
    FileKind,
    Repo,
    Review,
)
from bascule.types.evidence import Binding, Evidence, EvidenceInput
from bascule.types.hooks import (
    CAUSES,
    Classification,
    DryRunContext,
    Failure,
    GateContext,
    MergeContext,
    PastRun,
    PluginReport,
    RelaxContext,
    RestoreContext,
    RuleSpec,
    Scenario,
    Template,
    ToolSpec,
)
from bascule.types.plan import (
    MergePlan,
    MergeReport,
    PackRef,
    Plan,
    ReleasePlan,
    Result,
    RunStatus,
    Way,
    WindowReport,
)
from bascule.types.protection import Admits, Blocker, Relaxation, RelaxKind, RelaxProposal, Viewer
from bascule.types.rollback import Overlap, RollbackFacts, RollbackReport, TimelineRow
from bascule.types.rulepack import (
    AuthorsRule,
    CheckRequirement,
    ChecksRule,
    EvidenceSource,
    Example,
    FilesRule,
    ForksRule,
    LabelsRule,
    Match,
    MergeRule,
    Mode,
    NotifyRule,
    RelaxRule,
    Rule,
    Rulepack,
    ScheduleRule,
    SizeRule,
    TextRule,
    WatchRule,
)
from bascule.types.verdict import Check, Status, Verdict, attributed, verdict, worst
from bascule.types.watch import Observation, Series, WatchContext, WatchRequest

__all__ = [
    "CAUSES", "Actor", "Admits", "AuthorsRule", "AutoMerge", "Binding", "Blocker", "Change", "Check",
    "CheckRequirement", "CheckResult", "ChecksRule", "Classification", "Commit", "DryRunContext", "Evidence",
    "EvidenceInput", "EvidenceSource", "Example", "Failure", "FileChange", "FileKind", "FilesRule", "ForksRule",
    "GateContext", "LabelsRule", "Match", "MergeContext", "MergePlan", "MergeReport", "MergeRule", "Mode",
    "NotifyRule", "Observation", "Overlap", "PackRef", "PastRun", "Plan", "PluginReport", "RelaxContext",
    "RelaxKind", "RelaxProposal", "RelaxRule", "Relaxation", "ReleasePlan", "Repo", "RestoreContext", "Result",
    "Review", "RollbackFacts", "RollbackReport", "Rule", "RuleSpec", "Rulepack", "RunStatus", "Scenario",
    "ScheduleRule", "Series", "SizeRule", "Status", "Template", "TextRule", "TimelineRow", "ToolSpec", "Verdict",
    "Viewer", "WatchContext", "WatchRequest", "WatchRule", "Way", "WindowReport", "attributed", "verdict", "worst",
]  # fmt: skip
