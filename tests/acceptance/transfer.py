"""Do rules of one class of change hold in another? A table of core rules, tried on every installed scenario.

``python -m tests.acceptance`` prints the table and the two figures of the mission: *application* (packaged templates
that hold what they promise in a pack of somebody else's) and *transfer* (rules carried by ``extends`` from a template
of another class that let pass what they must and stop what they must).

What must pass and what must be stopped is written down here by hand, rule by rule; nothing is read from the gates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import yaml
from attrs import evolve, frozen

from bascule import gates, wire
from bascule.errors import ConfigError
from bascule.host.driver import Hosts
from bascule.rulepack import trial
from bascule.rulepack.catalog import Catalog
from bascule.rulepack.load import load
from bascule.types import Check, DryRunContext, Evidence, GateContext, RelaxKind, Rulepack, Scenario, Template

Change = Mapping[str, Any]


@frozen(kw_only=True)
class Carried:
    """A core rule as a template of another class states it; ``good`` and ``bad`` change a healthy change of any class.

    ``because`` is what has to stop the bad one; ``status`` how.
    """

    name: str
    states: str
    good: Change
    bad: Callable[[Change], Change] | Change
    because: str
    status: str = "block"


@cache
def _loaded(text: str) -> Any:
    """Return the data of a template, which nobody changes."""
    return yaml.load(text, Loader=yaml.CSafeLoader)


def _dumped(data: Any) -> str:
    return yaml.dump(data, Dumper=yaml.CSafeDumper, default_flow_style=True)


def _with_file(**more: Any) -> Callable[[Change], Change]:
    """Return what makes the first file of a change another one."""

    def change(base: Change) -> Change:
        first, *rest = base["files"]
        file = dict(first) if isinstance(first, Mapping) else {"path": first}
        made = {k: v.format(path=file["path"]) if isinstance(v, str) else v for k, v in more.items()}
        return {"files": [{k: v for k, v in {**file, **made}.items() if v is not None}, *rest]}

    return change


def _more_files(number: int) -> Callable[[Change], Change]:
    def change(base: Change) -> Change:
        first = base["files"][0]
        path = first["path"] if isinstance(first, Mapping) else first
        folder, _, name = path.rpartition("/")
        more = [f"{folder}/{n}-{name}" if folder else f"{n}-{name}" for n in range(number)]
        return {"files": [*base["files"], *more]}

    return change


def _commits(*authors: str) -> Change:
    return {"commits": [{"author": a} for a in authors]}


EMPTY: Mapping[str, Any] = {"before": None, "after": None}
"""A file whose contents are not stated any more."""
OWN = ["change:safe", "auto-relax-merge"]
"""What the default of ``allowlist`` asks for itself."""
CARRIED: tuple[Carried, ...] = (
    Carried(name="files.deny", states='files: {deny: ["**/forbidden/**"]}', good={},
            bad=_with_file(path="forbidden/{path}"), because="files"),
    Carried(name="files.only", states='files: {only: ["**/*", "*"]}', good={}, bad=_with_file(kind="symlink", **EMPTY),
            because="files"),
    Carried(name="files.special", states="files: {special: []}", good={},
            bad=_with_file(kind="executable", kind_before="regular", **EMPTY), because="files"),
    Carried(name="authors.allow", states='authors: {allow: ["renovate[bot]#29139614"]}',
            good={"author": "renovate[bot]#29139614"}, bad={"author": "renovate[bot]#1"}, because="authors"),
    Carried(name="authors of commits", states='authors: {allow: ["octo-dev"]}', good=_commits("octo-dev"),
            bad=_commits("octo-dev", "octo-intern"), because="authors"),
    Carried(name="authors.deny", states='authors: {deny: ["octo-intern"]}', good={"author": "octo-dev"},
            bad={"author": "octo-intern"}, because="authors"),
    Carried(name="labels.require", states='labels: {require: ["change:safe"]}', good={"labels": OWN},
            bad={"labels": ["bug"]}, because="labels"),
    Carried(name="labels.deny", states='labels: {deny: ["frozen"]}', good={"labels": ["bug", *OWN]},
            bad={"labels": ["Frozen", *OWN]}, because="labels"),
    Carried(name="checks.require", states="checks: {require: [{name: e2e, app: github-actions}]}",
            good={"checks": [{"name": "e2e", "app": "github-actions"}]},
            bad={"checks": [{"name": "e2e", "app": "another-app"}]}, because="checks"),
    Carried(name="checks red", states="checks: {require: [{name: e2e, app: github-actions}]}",
            good={"checks": [{"name": "e2e", "app": "github-actions"}, {"name": "lint"}]},
            bad={"checks": [{"name": "e2e", "app": "github-actions", "state": "timed_out"}]}, because="checks"),
    Carried(name="checks running", states="checks: {require: [{name: e2e, app: github-actions}]}",
            good={"checks": [{"name": "e2e", "app": "github-actions"}]},
            bad={"checks": [{"name": "e2e", "app": "github-actions", "state": "in_progress"}]},
            because="checks", status="wait"),
    Carried(name="title.require", states='title: {require: ["^[A-Z]"]}', good={"title": "Raise it"},
            bad={"title": "raise it"}, because="title"),
    Carried(name="title.deny", states='title: {deny: ["(?i)do not merge"]}', good={"title": "Raise it"},
            bad={"title": "Raise it, DO NOT MERGE"}, because="title"),
    Carried(name="size.files", states="size: {files: 5}", good={}, bad=_more_files(6), because="size"),
    Carried(name="size.lines", states="size: {lines: 60}", good={},
            bad=_with_file(additions=5000, **EMPTY), because="size"),
    Carried(name="size.commits", states="size: {commits: 2}", good=_commits("octo-dev"),
            bad=_commits("octo-dev", "octo-dev", "octo-dev"), because="size"),
    Carried(name="forks.allow", states="forks: {allow: false}", good={"fork": False}, bad={"fork": True},
            because="forks"),
    Carried(name="schedule.merge", states='schedule: {merge: "Mon-Fri 09:00-17:00", timezone: UTC}',
            good={"at": "2026-01-05T10:00:00Z"}, bad={"at": "2026-01-04T10:00:00Z"}, because="schedule",
            status="wait"),
    Carried(name="no rule: draft", states="labels: {deny: [frozen]}", good={}, bad={"draft": True}, because="draft"),
    Carried(name="no rule: conflict", states="labels: {deny: [frozen]}", good={}, bad={"mergeable": "CONFLICTING"},
            because="conflicts"),
    Carried(name="no rule: conversations", states="labels: {deny: [frozen]}", good={}, bad={"unresolved": 1},
            because="conversations"),
    Carried(name="no rule: changes requested", states="labels: {deny: [frozen]}", good={},
            bad={"reviews": [{"author": "octo-reviewer", "state": "CHANGES_REQUESTED"}]}, because="changes_requested"),
    Carried(name="no rule: protected files", states="labels: {deny: [frozen]}", good={},
            bad=_with_file(path=".github/workflows/x.yml", **EMPTY), because="protected_files"),
)  # fmt: skip

SETTINGS: tuple[tuple[str, str, Callable[[Rulepack], bool]], ...] = (
    ("mode", "mode: observe", lambda p: p.mode.value in {"off", "observe"}),
    ("merge.method", "merge: {method: squash}", lambda p: p.merge.method == "squash"),
    ("relax.allow", "relax: {allow: []}", lambda p: p.relax.allow == ()),
    ("relax.max_exposure", "relax: {allow: [reviews], max_exposure: 4s}",
     lambda p: p.relax.max_exposure <= 4 and set(p.relax.allow) <= {RelaxKind.REVIEWS}),
    ("watch.for", "watch: {for: 90m}", lambda p: p.watch is not None and p.watch.duration >= 5400),
    ("watch.slos", "watch: {slos: [slo/a.yml]}", lambda p: p.watch is not None and "slo/a.yml" in p.watch.slos),
    ("watch.rollback", "watch: {rollback: auto}", lambda p: p.watch is not None and p.watch.rollback == "auto"),
)  # fmt: skip
"""What a rule decides beside the gates: read from the pack that results."""


@frozen(kw_only=True)
class Cell:
    """One rule in one class: what was tried, and whether it held. ``why`` is what was seen instead."""

    rule: str
    scenario: str
    held: bool
    why: str = ""


class Bridge:
    """The installed scenarios, and one more, ``elsewhere``, whose templates carry the rules."""

    def __init__(self, hosts: Hosts) -> None:
        self.hosts = hosts
        self.scenarios: Mapping[str, Scenario] = dict(sorted(hosts.scenarios().items()))
        self._done: dict[str, tuple[Evidence | Check, ...]] = {}

    def catalog(self, text: str = "") -> Catalog:
        """Return what packs may name; ``elsewhere/carrier`` is a template that states ``text``."""
        if not text:
            return Catalog.of(self.scenarios.values())
        template = Template(name="carrier", text=f'version: 1\nscenario: elsewhere\nmatch: {{files: ["**"]}}\n{text}\n')
        carrier = Scenario(name="elsewhere", api=1, summary="another class", templates=(template,))
        return Catalog.of([*self.scenarios.values(), carrier])

    def pack(self, scenario: str, text: str) -> Rulepack:
        """Return a repository's pack of ``scenario`` that takes its default and the carried rule."""
        own = f"extends: [{scenario}/default, elsewhere/carrier]"
        files = (_loaded(self._default(scenario)).get("match") or {}).get("files", ["**"])
        given = {"files": files}
        return load(
            f"version: 1\nscenario: {scenario}\n{own}\nmatch: {_dumped(given)}",
            "rulepack/carried.yml",
            catalog=self.catalog(text),
        )

    def _default(self, scenario: str) -> str:
        return next(t.text for t in self.scenarios[scenario].templates if t.name == "default")

    def healthy(self, scenario: str) -> Iterator[Change]:
        """Yield the changes that the default template of ``scenario`` promises to allow."""
        for example in _loaded(self._default(scenario))["examples"]:
            if example["expect"] == "allow":
                yield example["change"]

    def tried(self, pack: Rulepack, change: Change) -> trial.Outcome:
        """Return what becomes of ``change`` under ``pack``: rehearsal, core gates, plugin gates."""
        example = evolve(_EXAMPLE, change=change)
        (outcome,) = trial.run((evolve(pack, examples=(example,)),), self._judge, self._rehearse)
        return outcome

    def _rehearse(self, ctx: DryRunContext) -> tuple[Evidence | Check, ...]:
        """Rehearse once for the same contents under the same rules: a core rule more changes nothing about that."""
        asked = {
            "rules": [(r.id, r.use, wire.dump(r.params)) for r in ctx.pack.rules],
            "given": [(i.name, i.sha256) for i in ctx.inputs],
            "sides": (ctx.change.base_sha, ctx.change.head_sha, ctx.change.merge_tree, ctx.change.merge_base),
            "files": wire.dump(ctx.change.files),
            "told": (ctx.pack.scenario, ctx.now.isoformat(), ctx.change.title, sorted(ctx.pack.evidence)),
        }
        key = wire.sha256(asked)
        if key not in self._done:
            self._done[key] = tuple(self.hosts.rehearse(ctx))
        return tuple(
            evolve(r, binding=evolve(r.binding, pack_sha256=ctx.pack.sha256)) if isinstance(r, Evidence) else r
            for r in self._done[key]
        )

    def _judge(self, ctx: GateContext, claimed: tuple[str, ...]) -> tuple[Check, ...]:
        return (*gates.run(ctx, claimed=claimed), *self.hosts.gate(ctx))


def _example() -> Any:
    from bascule.types import Example

    return Example(name="carried", change={}, expect="allow")


_EXAMPLE = _example()


def transfers(bridge: Bridge) -> Iterator[Cell]:
    """Yield a cell for what each rule must let pass and must stop in each class, and for each setting."""
    for scenario in bridge.scenarios:
        for rule in CARRIED:
            pack = bridge.pack(scenario, rule.states)
            healthy = next(bridge.healthy(scenario))
            good = bridge.tried(pack, {**healthy, **rule.good})
            yield _cell(rule.name, scenario, good.verdict.status.value == "allow", good)
            change = rule.bad(healthy) if callable(rule.bad) else rule.bad
            bad = bridge.tried(pack, {**healthy, **rule.good, **change})
            stopped = any(
                rule.because in {c.rule, c.rule.rpartition("/")[2]} and c.status.value == rule.status
                for c in bad.verdict.walk()
            )
            yield _cell(f"{rule.name} (stop)", scenario, stopped, bad)
        for name, states, holds in SETTINGS:
            yield Cell(rule=name, scenario=scenario, held=holds(bridge.pack(scenario, states)))


def _cell(rule: str, scenario: str, held: bool, outcome: trial.Outcome) -> Cell:
    why = "" if held else f"{outcome.verdict.status.value}: {', '.join(outcome.reasons) or 'nothing to object'}"
    return Cell(rule=rule, scenario=scenario, held=held, why=why)


def applications(bridge: Bridge) -> Iterator[Cell]:
    """Yield a cell for every example of every packaged template, applied in a pack of a repository of its own.

    The pack only names the template and the files; what the template promises must hold there, too.
    """
    catalog = bridge.catalog()
    for scenario in bridge.scenarios.values():
        for template in scenario.templates:
            name = f"{scenario.name}/{template.name}"
            stated = _loaded(template.text)
            files = (stated.get("match") or {}).get("files") or ["**"]
            given = _dumped({"files": files})
            text = f"version: 1\nscenario: {scenario.name}\nextends: [{name}]\nmatch: {given}"
            try:
                pack = load(text, "rulepack/applied.yml", catalog=catalog)
            except ConfigError as error:
                yield Cell(rule=name, scenario=scenario.name, held=False, why=str(error))
                continue
            for example in stated["examples"]:
                outcome = bridge.tried(pack, example["change"])
                wanted = example.get("because", "")
                names = {n for c in outcome.verdict.walk() for n in (c.rule, c.rule.rpartition("/")[2], c.id)}
                held = outcome.verdict.status.value == example["expect"] and (not wanted or wanted in names)
                yield _cell(f"{name}: {example['name']}", scenario.name, held, outcome)
