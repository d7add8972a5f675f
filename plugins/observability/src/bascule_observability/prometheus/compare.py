"""What a change takes from alerts and recordings, as findings by kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import frozen

from bascule_observability.findings import Finding, as_data, differing, short
from bascule_observability.prometheus import rulefile
from bascule_observability.prometheus.matching import match
from bascule_observability.prometheus.promql import metrics
from bascule_observability.prometheus.rulefile import Group, Rule
from bascule_observability.prometheus.weigh import weigh
from bascule_observability.survey import Survey

KINDS: Mapping[str, str] = {
    "unread": "a file that cannot be read",
    "form": "what no rule file has",
    "duplicate-group": "two groups of one name in a file",
    "promql": "an expression that is not PromQL",
    "removed": "an alert goes",
    "renamed": "an alert gets another name, on which silences and routes may stand",
    "moved": "an alert goes to another folder, which another Prometheus may read",
    "severity": "the severity is lowered",
    "for": "`for` is longer",
    "keep-firing": "`keep_firing_for` is shorter",
    "threshold": "the threshold is harder to reach",
    "condition": "a further condition must hold",
    "matchers": "fewer series are looked at",
    "expression": "the expression is another one, and the text does not tell whether it fires less",
    "labels": "labels go or change, on which routes and silences may stand",
    "recording-removed": "a recording goes that is still used",
    "recording": "a recording that alerts stand on is another one",
    "interval": "a group is evaluated less often",
    "group": "another setting of a group",
    "missing-label": "a required label is missing",
    "missing-annotation": "a required annotation is missing",
}
LOGQL = re.compile(r"\|[=~]|\}\s*\||!=\s*\"|\|\s*(json|logfmt|line_format|pattern|unwrap)\b")


def evidence(survey: Survey) -> dict[str, Any]:
    """Return ``files``, ``findings``, and the ``alerts`` that are new or changed.

    Findings of severity carry ``before`` and ``after``; those of lengths carry them in seconds.

    Raises:
        RehearsalError: too many files or findings.
    """
    files = survey.of_kind("rules", everything=True)
    old: list[Group] = []
    new: list[Group] = []
    wrong: list[Finding] = []
    for path, before, after in files:
        unread = after is not None and after.broken
        if before is not None and not before.broken and not unread:  # what it takes away then, nobody can say
            old += rulefile.read(before)[0]
        if after is not None and not after.broken:
            groups, found = rulefile.read(after)
            new += groups
            known = rulefile.read(before)[1] if before is not None else ()
            wrong += [f for f in found if f not in known]
        elif after is not None:
            wrong.append(Finding(what="unread", path=path, found=after.said))
    mine = set(survey.claimed)
    named = {f[0] for f in files}
    wrong += [
        Finding(what="unread", path=d.path, found=d.said) for d in survey.broken("rules") if d.path not in named
    ]  # fmt: skip
    findings, changed = _rules(survey, old, new)
    every = (*wrong, *_groups(old, new), *findings)
    return {
        "files": [f[0] for f in files if f[0] in mine][:3000],
        "findings": as_data(f for f in every if f.path in mine),
        "alerts": [a for a in changed if a["path"] in mine],
    }


@frozen(kw_only=True)
class Touched:
    """``alerts`` that fire otherwise: the new one and the old (None where there was none); ``records`` by name."""

    alerts: tuple[tuple[Rule, Rule | None], ...]
    records: Mapping[str, str]


def touched(survey: Survey) -> Touched:
    """Return the alerts that are new or whose expression or ``for`` is another, and the recordings that are."""
    old: list[Rule] = []
    new: list[Rule] = []
    for _, before, after in survey.of_kind("rules"):
        if after is None or after.broken:
            continue
        old += _of(rulefile.read(before)[0]) if before is not None and not before.broken else []
        new += _of(rulefile.read(after)[0])
    matched = match(old, new)
    pairs: list[tuple[Rule, Rule | None]] = [(b, a) for a, b in (*matched.pairs, *matched.renamed)]
    every = [*pairs, *((n, None) for n in matched.new)]
    other = [(n, o) for n, o in every if o is None or (n.node, n.hold, n.keep) != (o.node, o.hold, o.keep)]
    return Touched(
        alerts=tuple((n, o) for n, o in other if n.alert),
        records={n.name: n.expr for n, _ in other if not n.alert},
    )


def _of(groups: Iterable[Group]) -> list[Rule]:
    return [r for g in groups for r in g.rules]


def _rules(survey: Survey, old: list[Group], new: list[Group]) -> tuple[list[Finding], list[dict[str, Any]]]:
    matched = match(_of(old), _of(new))
    found: list[Finding] = []
    changed: list[dict[str, Any]] = []
    for was, now in (*matched.pairs, *matched.renamed):
        if was == now:
            continue
        if was.name != now.name and was.alert:
            found.append(Finding(what="renamed", path=now.path, found=f"{was.shown} became {now.name}"))
        mine = list(_alert(was, now) if was.alert else ())
        if was.alert and was.folder != now.folder and not _folder_moved(survey, was, now):
            mine.append(Finding(what="moved", path=was.path, found=f"{was.shown} goes to {now.path}"))
        found += mine
        if was.alert and content(was) != content(now):
            changed.append(_described(now, "changed"))
    for rule in matched.new:
        found += _unparsed(rule)
        if rule.alert:
            changed.append(_described(rule, "added"))
    found += [Finding(what="removed", path=r.path, found=f"{r.shown} is gone") for r in matched.gone if r.alert]
    found += _recordings(survey, matched.gone, (*matched.pairs, *matched.renamed))
    return found, changed


def content(rule: Rule) -> tuple[Any, ...]:
    """Return what makes an alert the same alert as before, wherever it stands."""
    return (rule.name, rule.node or rule.expr, rule.hold, rule.keep, rule.labels, rule.annotations)


def _described(rule: Rule, status: str) -> dict[str, Any]:
    return {
        "name": rule.name, "path": rule.path, "group": rule.group, "status": status,
        "labels": sorted(k for k, v in rule.labels.items() if v.strip()),
        "annotations": sorted(k for k, v in rule.annotations.items() if v.strip()),
    }  # fmt: skip


def _folder_moved(survey: Survey, was: Rule, now: Rule) -> bool:
    """Return whether the whole folder got another name: nothing stayed in the old, nothing was in the new."""
    stays = any(p.startswith(f"{was.folder}/") for p in survey.trees.after.entries)
    there = any(p.startswith(f"{now.folder}/") for p in survey.trees.before.entries)
    return not stays and not there


def _unparsed(rule: Rule) -> Iterator[Finding]:
    if rule.node is None:
        hint = "; it looks like LogQL, which is not judged" if LOGQL.search(rule.expr) else ""
        found = f"{rule.shown}: `{short(rule.expr, 80)}` is not PromQL: {rule.problem}{hint}"
        yield Finding(what="promql", path=rule.path, found=found)


def _alert(was: Rule, now: Rule) -> Iterator[Finding]:
    def finding(what: str, words: str, **facts: Any) -> Finding:
        return Finding(what=what, path=now.path, found=f"{now.shown}: {words}", facts=facts)

    severity, other = was.labels.get("severity"), now.labels.get("severity")
    if severity is not None and severity != other:
        words = f"severity {severity} became {other or 'none'}"
        yield finding("severity", words, before=severity, after=other or "")
    labels = [k for k in sorted({*was.labels, *now.labels}) if was.labels.get(k) != now.labels.get(k)]
    lost = [k for k in labels if k in was.labels and k != "severity"]
    if lost:
        yield finding("labels", f"label{'s' if len(lost) > 1 else ''} {', '.join(lost)} changed or gone")
    if now.hold > was.hold:
        words = f"`for` {was.hold:g} s became {now.hold:g} s"
        yield finding("for", words, before=was.hold, after=now.hold)
    if now.keep < was.keep:
        words = f"`keep_firing_for` {was.keep:g} s became {now.keep:g} s"
        yield finding("keep-firing", words, before=was.keep, after=now.keep)
    if was.expr == now.expr:
        return
    if now.node is None:
        yield from _unparsed(now)
    elif was.node is None:
        yield finding("expression", "its old expression was not PromQL, so the new one cannot be compared")
    else:
        for what, words in dict.fromkeys(weigh(was.node, now.node)):
            yield finding(what, f"{words} ({differing(was.expr, now.expr)})")


def _recordings(survey: Survey, gone: Iterable[Rule], pairs: Iterable[tuple[Rule, Rule]]) -> Iterator[Finding]:
    lost = {r.name: r for r in gone if not r.alert}
    other = {}
    for was, now in pairs:
        if was.alert:
            continue
        if was.name != now.name:
            lost[was.name] = was
        elif now.node is None or was.node != now.node or was.labels != now.labels:
            other[now.name] = now
            if was.expr != now.expr:
                yield from _unparsed(now)
    if not lost and not other:
        return
    users: dict[str, list[Rule]] = {}
    recorded: set[str] = set()
    for document in survey.all_of(survey.trees.after, "rules"):
        for rule in _of(rulefile.read(document)[0]):
            if not rule.alert:
                recorded.add(rule.name)
            for name in metrics(rule.expr):
                users.setdefault(name, []).append(rule)
    for name, rule in sorted(lost.items()):
        if name in users and name not in recorded:
            found = f"{rule.shown} is gone, and {users[name][0].shown} uses it"
            yield Finding(what="recording-removed", path=rule.path, found=found)
    for name, rule in sorted(other.items()):
        alerts = _alerts_on(name, users)
        if alerts:
            yield Finding(what="recording", path=rule.path, found=f"{rule.shown} changed, and {alerts[0]} stands on it")


def _alerts_on(name: str, users: Mapping[str, list[Rule]]) -> list[str]:
    waiting, seen, found = [name], {name}, []
    while waiting:
        for rule in users.get(waiting.pop(), ()):
            if rule.alert:
                found.append(rule.shown)
            elif rule.name not in seen:
                seen.add(rule.name)
                waiting.append(rule.name)
    return found


def _groups(old: Iterable[Group], new: Iterable[Group]) -> Iterator[Finding]:
    was = {(g.path, g.name): g for g in old}
    for group in new:
        before = was.get((group.path, group.name))
        if before is None:
            continue
        if before.interval != group.interval and (before.interval is not None or group.interval is not None):
            words = [f"{g.interval:g} s" if g.interval is not None else "the server's own" for g in (before, group)]
            longer = before.interval is None or group.interval is None or group.interval > before.interval
            if longer:
                yield Finding(
                    what="interval", path=group.path, found=f"group {group.name}: interval {words[0]} became {words[1]}"
                )
        other = sorted(k for k in {*before.rest, *group.rest} if before.rest.get(k) != group.rest.get(k))
        if other:
            found = f"group {group.name}: {', '.join(other)} changed"
            yield Finding(what="group", path=group.path, found=found)
