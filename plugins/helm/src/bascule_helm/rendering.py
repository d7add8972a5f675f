"""Rendering a change: every chart that it touches, on both sides, with every set of values."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bascule.kit import RehearsalError, Trees, step_text, yaml_documents
from bascule.types import DryRunContext
from bascule_helm import compare, schemas, selection
from bascule_helm.findings import Findings
from bascule_helm.manifests import Document, NotAnObjectError, documents
from bascule_helm.planning import plan
from bascule_helm.sets import TRIALS, Settings, ValuesSet, below, sets_of
from bascule_helm.tool import Helm, HelmError
from bascule_helm.workshop import Side, fix_for

MOST_RENDERS = 400
MOST_OBJECTS = 2000
MOST_EDITS = 20_000
_NOW = re.compile(r"\{\{[^}]*\bnow\b")
_DRAWS = re.compile(
    r"\{\{[^}]*\b(rand\w*|uuid\w*|now|ago|gen[A-Z]\w*|bcrypt|htpasswd|shuffle|encrypt\w*|keys|values|getHostByName)\b"
)
"""Functions whose results differ from one rendering to the next; one that is missed here shows up as a difference."""
_LOOKUP = re.compile(r"\{\{[^}]*\blookup\b")


class Rehearsal:
    """One change being rendered.

    Args:
        ctx: the rehearsal's context.
        wants_schema: versions of Kubernetes whose schemas objects are held against.
        wants_lint: whether ``helm lint`` runs as well.
    """

    def __init__(self, ctx: DryRunContext, wants_schema: tuple[str, ...], wants_lint: bool) -> None:
        self.settings = Settings.of(ctx.pack.rules)
        self.helm = Helm.of(ctx)
        self._schemas = wants_schema
        self._lints = wants_lint
        trees = Trees.of(ctx)
        work = Path(ctx.workdir)
        self.before = Side(trees.before, self.helm, work / "before")
        self.after = Side(trees.after, self.helm, work / "after")
        old, new = trees.before.entries, trees.after.entries
        self.changed = tuple(sorted(p for p in {*old, *new} if old.get(p) != new.get(p)))
        self.found = Findings()
        self._claims = ctx.pack.match.files
        self._left = MOST_RENDERS
        self._drawing: dict[tuple[Side, str], bool] = {}
        self._end = time.monotonic() + ctx.time_limit * 0.9

    def run(self) -> Findings:
        """Render, compare, and return what was found.

        Raises:
            RehearsalError: a side cannot be read at all.
        """
        charts = plan(self.before, self.after, self.changed, self.settings, self.found, self._claims)
        self.after.write([new for _, new, _ in charts if new is not None], self.settings)
        self.before.write([old for old, _, _ in charts if old is not None], self.settings)
        for old, new, only in charts:
            self._chart(old, new, only)
        if len(self.found.objects) > MOST_OBJECTS:
            self.found.problem("limit", "the change", f"{len(self.found.objects)} objects differ", "split the change")
            self.found.objects = dict(list(self.found.objects.items())[:MOST_OBJECTS])
        if (count := sum(len(o["edits"]) for o in self.found.objects.values())) > MOST_EDITS:
            self.found.problem("limit", "the change", f"{count} paths differ", "split the change")
            self.found.objects = {k: {**o, "edits": [], "more": 1} for k, o in self.found.objects.items()}
        return self.found

    # -- one chart ----------------------------------------------------------------------------------------------------

    def _chart(self, old: str | None, new: str | None, only: set[str] | None) -> None:
        shown = new if new is not None else old or ""
        sides: dict[str, tuple[Side, str]] = {}
        states = {"before": "absent", "after": "absent"}
        for name, side, root in (("before", self.before, old), ("after", self.after, new)):
            if root is None:
                continue
            if side.charts.chart(root).library:
                states[name] = "library"
                continue
            if reason := side.ready(root):
                states[name] = "failed"
                if name == "after":
                    self.found.problem("chart", root or ".", f"{root or '.'}: {reason}", fix_for(reason))
                continue
            sides[name] = (side, root)
        if "library" in states.values():
            self.found.notes.append(f"{shown or '.'} is a library chart: only charts that use it are rendered")
        if "after" in sides:
            self._told(*sides["after"])
            self._templates(*sides["after"])
            self._values(sides["after"][1], shown or ".")
        sets: dict[str, dict[str, ValuesSet]] = {
            name: {s.label: s for s in sets_of(side.charts, root, self.settings)
                   if only is None or only & set(s.files)}
            for name, (side, root) in sides.items()
        }  # fmt: skip
        self._trials(sets)
        # Its own values alone come last: where others render, they may be meant to be incomplete.
        labels = sorted({label for every in sets.values() for label in every}, reverse=True)
        for label in labels or [""]:
            each = {n: (side, root, sets[n][label]) for n, (side, root) in sides.items() if label in sets[n]}
            self._set(shown, label, each, dict(states))

    def _templates(self, side: Side, root: str) -> None:
        """Note which templates changed, named as helm names them beside what it prints."""
        chart = side.charts.chart(root)
        for path in self.changed:
            if path.startswith(chart.path("templates/")) and path.endswith((".yaml", ".yml")) and side.tree.has(path):
                self.found.templates.append(f"{chart.name}/{path[len(root) :].lstrip('/')}")

    def _values(self, root: str, chart: str) -> None:
        """Note a chart whose own values are others, comments aside."""
        path = self.after.charts.chart(root).path("values.yaml")
        if path not in self.changed or not (self.before.tree.has(path) and self.after.tree.has(path)):
            return
        try:
            old, new = (yaml_documents(side.tree.text(path) or "", path) for side in (self.before, self.after))
        except RehearsalError:
            old, new = [None], []  # helm takes more than we read: what cannot be told the same is another
        if old != new:
            self.found.values.append(chart)

    def _trials(self, sets: dict[str, dict[str, ValuesSet]]) -> None:
        """Make new trial values those of both sides, and leave out those that go: nothing is installed with them."""
        if len(sets) < 2:
            return
        old, new = sets["before"], sets["after"]
        for label in [k for k in {*old, *new} if k.startswith(TRIALS)]:
            if label not in new:
                del old[label]
            elif label not in old:
                old[label] = replace(new[label], files=tuple(str(self.after.folder / f) for f in new[label].files))

    def _told(self, side: Side, root: str) -> None:
        if _mentions(side, root, _LOOKUP):
            self.found.notes.append(f"templates of {root or '.'} use `lookup`, which sees no cluster here")

    def _set(
        self, chart: str, label: str, each: Mapping[str, tuple[Side, str, ValuesSet]], states: dict[str, str]
    ) -> None:
        texts: dict[str, list[Document]] = {}
        others = any(r["after"] == "ok" and r["chart"] == (chart or ".") for r in self.found.renders)
        where = f"{chart or '.'}{f' with {label}' if label else ''}"
        for name, (side, root, values) in each.items():
            try:
                texts[name] = self._render(side, root, values)
                states[name] = "ok"
            except (HelmError, RehearsalError) as failed:
                states[name] = "failed"
                said = failed.answer.found if isinstance(failed, RehearsalError) else str(failed)
                before = each.get("before")
                if name == "after" and label == "" and others and (before is None or states["before"] == "failed"):
                    self.found.notes.append(
                        f"{where} needs values that it does not have itself; it renders with others"
                    )
                elif name == "after":
                    schema = "don't meet the specifications of the schema" in said
                    self.found.problem(
                        "values-schema" if schema else "render", where, f"{where} does not render: {said}",
                        "make the values fit values.schema.json" if schema
                        else f"run `helm template` on {where}, and mend what it says",
                    )  # fmt: skip
        self.found.renders.append({"chart": chart or ".", "values": label, **states})
        if states["before"] == "failed" and states["after"] == "ok":
            self.found.notes.append(f"{where} does not render at the base: everything in it counts as new")
        if states["after"] != "failed":
            try:
                self._compare(chart, label, texts.get("before", []), texts.get("after", []), each)
            except NotAnObjectError as odd:
                self.found.problem("render", where, f"{where}: {odd}", "make the template render Kubernetes objects")
            except RehearsalError as odd:
                said = odd.answer.found
                self.found.problem("render", where, f"{where}: {said}", "make the template render sound YAML")
        if self._lints and "after" in each:
            self._lint(where, each)

    def _render(self, side: Side, root: str, values: ValuesSet, *, anew: bool = False) -> list[Document]:
        self._left -= 1
        seconds = self._end - time.monotonic()
        if self._left < 0 or seconds <= 1:
            raise HelmError("there are too many charts and values files to render in one change")
        state = "" if anew or self._draws(side, root) else side.state(root)
        limit = min(60.0, seconds)
        out = self.helm.render(side.place(root), side.folder, values, side.secrets, limit, state=state)
        return documents(out, values.namespace)

    def _compare(
        self, chart: str, label: str, before: list[Document], after: list[Document],
        each: Mapping[str, tuple[Side, str, ValuesSet]],
    ) -> None:  # fmt: skip
        drawn: dict[str, compare.Chance] = {"before": {}, "after": {}}
        if before == after:
            return
        if "after" in each:
            drawn["after"] = self._chance(after, *each["after"])
        if drawn["after"] and "before" in each and before:
            drawn["before"] = self._chance(before, *each["before"])
        for key, paths in drawn["after"].items():
            name = f"{key[1]}/{key[3]}" if paths != {()} else f"{key[1]} (its name)"
            for path in sorted(paths, key=str) or [()]:
                self.found.chance[f"{chart or '.'}: {name} {step_text(path)}".strip()] = None
        every = compare.pairs(before, after)
        by_name = [k for side in drawn.values() for k, paths in side.items() if () in paths]
        every = compare.renamed(every, by_name)
        follows = selection.following(every, before, after)
        for pair in every:
            after_paths = drawn["after"].get(pair.after.key, frozenset()) if pair.after else frozenset()
            before_paths = drawn["before"].get(pair.before.key, frozenset()) if pair.before else frozenset()
            named = {()} & after_paths & before_paths
            same = (after_paths & before_paths) - {()}
            made = compare.record(
                pair, frozenset(same | ({("metadata", "name")} if named else set())),
                follows.get(pair.shown.key, frozenset()),
            )  # fmt: skip
            if made is None:
                continue
            made["chart"] = chart or "."
            entry = self.found.objects.setdefault(json.dumps(made, sort_keys=True), {**made, "values": []})
            if label not in entry["values"]:
                entry["values"].append(label)
            for version in self._schemas if pair.after is not None else ():
                self._validate(version, pair, chart, label)

    def _draws(self, side: Side, root: str) -> bool:
        """Return whether templates of the chart at ``root`` may come out otherwise next time; archives may."""
        if (side, root) not in self._drawing:
            self._drawing[side, root] = self._may_draw(side, root)
        return self._drawing[side, root]

    def _may_draw(self, side: Side, root: str) -> bool:
        for needed in side.charts.needs(root):
            if side.tree.files(f"{below(side.charts.chart(needed).path('charts'))}/*.tgz"):
                return True
            if _mentions(side, needed, _DRAWS):
                return True
        return False

    def _chance(self, once: list[Document], side: Side, root: str, values: ValuesSet) -> compare.Chance:
        if not self._draws(side, root):
            return {}
        if any(_mentions(side, needed, _NOW) for needed in side.charts.needs(root)):
            time.sleep(1.01)  # what tells the time differs from one second to the next only
        try:
            return compare.chance(once, self._render(side, root, values, anew=True))
        except HelmError:
            return {}

    # -- what else is looked at ---------------------------------------------------------------------------------------

    def _validate(self, version: str, pair: compare.Changed, chart: str, label: str) -> None:
        have = schemas.version_for(version)
        if have is None or pair.after is None:
            return
        wrong = schemas.problems(pair.after.body, have)
        told = schemas.problems(pair.before.body, have) or [] if pair.before else []
        if wrong == []:
            return
        shown = pair.after
        made = {
            "kube": version, "version": have, "chart": chart or ".", "group": shown.group, "kind": shown.kind,
            "name": shown.name, "unknown": wrong is None, "new": [w for w in wrong or () if w not in told],
            "old": [w for w in wrong or () if w in told],
        }  # fmt: skip
        entry = self.found.schema.setdefault(json.dumps(made, sort_keys=True), {**made, "values": []})
        entry["values"].append(label)

    def _lint(self, where: str, each: Mapping[str, tuple[Side, str, ValuesSet]]) -> None:
        said: dict[str, list[str]] = {}
        for name in ("after", "before"):
            if name not in each or (name == "before" and not said["after"]):
                continue  # nothing to be held against what was there before
            side, root, values = each[name]
            try:
                said[name] = self.helm.lint(side.place(root), side.folder, values, side.secrets, 60.0)
            except RehearsalError as failed:
                said[name] = [f"error: {failed.answer.found}"]
        old = {_plain(s, each.get("before")) for s in said.get("before", ())}
        now = said.get("after", ())
        self.found.lint[where] = {
            "where": where,
            "new": [s for s in now if _plain(s, each["after"]) not in old][:50],
            "old": [s for s in now if _plain(s, each["after"]) in old][:50],
        }


def _plain(said: str, at: tuple[Side, str, ValuesSet] | None) -> str:
    return said.replace(at[1], "") if at is not None and at[1] else said


def _mentions(side: Side, root: str, words: re.Pattern[str]) -> bool:
    """Return whether a template, helper or value of the chart at ``root``, or of a part of it, matches ``words``."""
    base = below(root)
    paths = side.tree.files(f"{base}/*.yaml", f"{base}/*.tpl", f"{base}/templates/**")
    return any(words.search(raw.decode("utf-8", "replace")) for raw in side.tree.read_all(paths).values())
