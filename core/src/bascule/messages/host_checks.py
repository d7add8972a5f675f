"""The checks that the driver makes itself where a plugin gave no usable answer: each blocks, none can allow."""

from __future__ import annotations

from collections.abc import Sequence

from bascule.messages.host import distribution_of
from bascule.messages.wording import code, shown
from bascule.types import Check, PluginReport, Rule, Status


def _check(plugin: str, hook: str, status: Status, found: str, expected: str, fix: str, where: str | None) -> Check:
    return Check(
        rule=f"{plugin}/{hook}", status=status, found=found, expected=expected, fix=fix, where=where, source="core"
    )


def missing(name: str, where: str | None = None) -> Check:
    """A rulepack names a plugin that is not installed."""
    return _check(
        name,
        "plugin",
        Status.BLOCK,
        f"the plugin {code(name)} is not installed",
        "the plugin that the rulepack names",
        f"`pip install {distribution_of(name)}`, then see `bascule plugins list`",
        where,
    )


def unusable(report: PluginReport, where: str | None = None) -> Check:
    """A rulepack names a plugin that is installed and cannot be used: it does not load, or nobody chose it."""
    return _check(
        report.name,
        "plugin",
        Status.BLOCK,
        f"the plugin {code(report.name)} of {code(report.source)} is {report.status}: {report.reason}",
        "a plugin that is started" if report.status == "off" else "a plugin that loads",
        mended(report),
        where,
    )


def mended(report: PluginReport) -> str:
    """What to do about a plugin that cannot be used, with a command to install it where it is broken."""
    if report.status == "off":
        return report.fix
    afresh = f"`pip install --force-reinstall {report.distribution}`"
    return f"{report.fix.rstrip('.')}. Or install it afresh: {afresh}"


def fault(plugin: str, hook: str, source: str, problem: str, where: str | None = None) -> Check:
    """A call failed: an error in the tree, which blocks."""
    return _check(
        plugin,
        hook,
        Status.ERROR,
        f"{code(source)} failed: {shown(problem, limit=900)}",
        f"an answer to {code(hook)}",
        "run it again; if it fails again, upgrade the plugin or tell its authors. A person can still merge",
        where,
    )


def forged(plugin: str, hook: str, source: str, rule: str, own: Sequence[str], where: str | None = None) -> Check:
    """An answer under a name that is not the plugin's own."""
    return _check(
        plugin,
        hook,
        Status.ERROR,
        f"{code(source)} answered as {code(rule)}",
        f"a name that starts with {' or '.join(code(o + '/') for o in own)}",
        "uninstall the plugin, or tell its authors; nobody may answer for another plugin",
        where,
    )


def foreign_rule(plugin: str, hook: str, source: str, id: str, where: str | None = None) -> Check:
    """An answer to a rule of the pack that is another plugin's, or none."""
    return _check(
        plugin,
        hook,
        Status.ERROR,
        f"{code(source)} answered for the rule id {code(id)}",
        "the id of a rule of the pack that is this plugin's",
        "upgrade the plugin, or tell its authors",
        where,
    )


def no_answer(rule: Rule, source: str) -> Check:
    """A rule of the pack that its plugin said nothing about."""
    return Check(
        rule=rule.use,
        id=rule.id,
        where=rule.where or None,
        status=Status.BLOCK,
        found=f"{code(source)} gave no answer to this rule",
        expected="a check with this rule's id; no checks is not an allow",
        fix="upgrade the plugin, or take the rule out of the pack",
    )


def foreign_evidence(plugin: str, source: str, kind: str, where: str | None = None) -> Check:
    """Evidence that is bound to another change, base or pack."""
    return _check(
        plugin,
        "dry_run",
        Status.ERROR,
        f"{code(source)} gave evidence {code(kind)} that is bound to something else",
        "evidence bound to this head SHA, base SHA and rulepack",
        "run it again; evidence of an earlier state is no evidence. If it stays, tell the plugin's authors",
        where,
    )


def claimed_origin(plugin: str, source: str, provenance: str, where: str | None = None) -> Check:
    """Evidence that says it is from a file that the core did not bring."""
    return _check(
        plugin,
        "dry_run",
        Status.ERROR,
        f"{code(source)} gave evidence from {code(provenance)}, which the core did not bring",
        "evidence from a file that the core brought for this rehearsal, or made here",
        "tell the plugin's authors",
        where,
    )


def no_gate(plugin: str, source: str, where: str | None = None) -> Check:
    """A pack binds a change to a plugin that has no gate."""
    return _check(
        plugin,
        "gate",
        Status.BLOCK,
        f"{code(source)} has no gate",
        "at least one check; no checks is not an allow",
        "upgrade the plugin, or bind these files to another scenario",
        where,
    )


def no_checks(plugin: str, source: str, where: str | None = None) -> Check:
    """A gate that was asked about a change of its own and said nothing."""
    return _check(
        plugin,
        "gate",
        Status.BLOCK,
        f"{code(source)} answered no checks",
        "at least one check; no checks is not an allow",
        "add a rule to the pack that applies to this change, or tell the plugin's authors",
        where,
    )


def method_conflict(plugin: str, source: str, found: str, expected: str, where: str | None = None) -> Check:
    """A merge method that is none, or not the pack's."""
    return _check(
        plugin,
        "merge",
        Status.BLOCK,
        f"{code(source)} wants the merge method {code(found)}",
        expected,
        "make `merge.method` in the pack and the plugin agree",
        where,
    )


def bad_tag(plugin: str, source: str, found: str, where: str | None = None) -> Check:
    """A tag that git does not take, or a release of no tag (``found`` is empty then)."""
    return _check(
        plugin,
        "merge",
        Status.BLOCK,
        f"{code(source)} wants the tag {code(found)}" if found else f"{code(source)} wants a release of no tag",
        "a name that git takes as a tag",
        "state another form of the tag in the rulepack, or tell the plugin's authors",
        where,
    )


def two_plans(sources: Sequence[str], plugins: Sequence[str], where: str | None = None) -> Check:
    """Two plugins want to say how to merge."""
    return _check(
        "+".join(plugins),
        "merge",
        Status.BLOCK,
        f"{' and '.join(code(s) for s in sources)} both say how to merge",
        "one answer",
        "bind the change to one of these scenarios only",
        where,
    )


NO_FIX = "the plugin names no fix; see its documentation, or tell its authors"
