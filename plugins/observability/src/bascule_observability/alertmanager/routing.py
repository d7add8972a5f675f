"""Where alerts go: amtool is asked for the receivers of sample label sets before and after the change."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from attrs import frozen

from bascule.kit import RehearsalError, Tool, tool
from bascule.types import DryRunContext
from bascule_observability.alertmanager import compare
from bascule_observability.findings import Finding, as_data, short
from bascule_observability.prometheus import rulefile
from bascule_observability.redact import redacted
from bascule_observability.survey import Document, Survey

INSTALL = "install Alertmanager's amtool, or name it in BASCULE_TOOL_AMTOOL"
MOST = 500
"""Label sets that are tried; each takes amtool about 20 ms a side."""
_MATCHER = re.compile(r"\s*([a-zA-Z_][\w.:]*)\s*(=~|!~|!=|=)\s*(.*)", re.S)
_WORDS = re.compile(r"[\w ./:@-]*(?:\|[\w ./:@-]*)*")

Labels = tuple[tuple[str, str], ...]
"""A label set, sorted."""


@frozen(kw_only=True)
class Side:
    """One configuration, written down for amtool; ``problem`` is why it takes none of it."""

    file: Path
    config: Mapping[str, Any]
    problem: str


def evidence(ctx: DryRunContext, survey: Survey) -> dict[str, Any]:
    """Return ``files``, ``findings``, and how many label sets were ``tried`` of how many there are (``samples``).

    None are where the routes are the same: only these decide where an alert goes.

    Raises:
        RehearsalError: amtool is needed and missing.
    """
    files = survey.of_kind("alertmanager")
    found = [Finding(what="unread", path=d.path, found=d.said) for d in survey.broken("alertmanager")
             if d.path not in {f[0] for f in files}]  # fmt: skip
    tried = samples = 0
    version = ""
    if files:
        program = tool(ctx, "amtool", install=INSTALL)
        ran = program.about("--version")
        match = re.search(r"version ([^\s,]+)", ran.out + ran.err)
        version = match[1] if match else ""
        alerts = tuple(_alerts(survey))
    for at, (path, old, new) in enumerate(files):
        if new is None:
            found.append(Finding(what="receiver-removed", path=path, found=f"{path} is gone, with all its receivers"))
            continue
        if new.broken:
            found.append(Finding(what="unread", path=path, found=new.said))
            continue
        after = _side(program, Path(ctx.workdir) / f"am-{at}-after", new)
        before = _side(program, Path(ctx.workdir) / f"am-{at}-before", old) if old is not None else None
        if after.problem:
            if before is None or before.problem != after.problem:
                found.append(Finding(what="check", path=path, found=f"{path}: amtool says: {after.problem}"))
            continue
        if before is None:
            continue
        if before.problem:
            words = "the old configuration was refused by amtool, so routes cannot be compared"
            found.append(Finding(what="routing", path=path, found=f"{path}: {words}"))
        found += compare.compare(path, before.config, after.config)
        if not before.problem and before.config.get("route") != after.config.get("route"):
            sets = _sets((before, after), alerts)
            samples += len(sets)
            tried += min(len(sets), MOST)
            found += _lost(program, path, before, after, sets[:MOST])
    return {
        "files": [f[0] for f in files], "findings": as_data(found), "tried": tried, "samples": samples,
        "version": version,
    }  # fmt: skip


def _side(program: Tool, folder: Path, document: Document) -> Side:
    if document.broken or len(document.documents) != 1:
        return Side(file=folder, config={}, problem="it is not one YAML document")
    folder.mkdir(parents=True)
    config = document.documents[0]
    (folder / "config.yml").write_text(yaml.safe_dump(config, allow_unicode=True))
    ran = program.run("check-config", "config.yml", cwd=folder, ok=(0, 1))
    # What amtool quotes is the file's, and may be a credential.
    said = " ".join(line for line in (ran.out + ran.err).splitlines() if "validate" not in line)
    said = said.replace("Checking 'config.yml'", "").replace("FAILED:", "")
    said = short(redacted(said, document.documents), 300)
    return Side(file=folder / "config.yml", config=config, problem=(said or "refused") if ran.code else "")


def _alerts(survey: Survey) -> Iterator[dict[str, str]]:
    """Yield the labels that are known beforehand of every alert of the repository, before and after."""
    for tree in (survey.trees.before, survey.trees.after):
        for document in survey.all_of(tree, "rules"):
            for group in rulefile.read(document)[0]:
                for rule in group.rules:
                    if rule.alert:
                        yield {"alertname": rule.name, **{k: v for k, v in rule.labels.items() if "{{" not in v}}


def _sets(sides: Iterable[Side], alerts: Iterable[Mapping[str, str]]) -> list[Labels]:
    """Return label sets, of the labels that routes look at: those of alerts, and those that each route matches."""
    routes = [r for side in sides for r in compare.routes(side.config)]
    parsed = [[m for t in r.matchers if (m := _MATCHER.fullmatch(t))] for r in routes]
    names = {m[1] for found in parsed for m in found}
    found: dict[Labels, None] = {}
    for alert in alerts:
        found[tuple(sorted((k, v) for k, v in alert.items() if k in names))] = None
    for matchers in parsed:
        labels: list[dict[str, str]] = [{}]
        for one in matchers:
            values = _values(one[2], one[3])
            labels = [{**base, one[1]: v} for base in labels for v in values][:50] if values else labels
        for made in labels:
            found[tuple(sorted(made.items()))] = None
    return list(found)


def _values(op: str, raw: str) -> list[str]:
    """Return values that a matcher takes, as far as its text tells."""
    text = raw.strip()
    if text[:1] == '"':
        try:
            text = str(json.loads(text))
        except ValueError:
            text = text.strip('"')
    if op == "=":
        return [text]
    if op == "=~":
        inner = text.removeprefix("^").removesuffix("$")
        inner = inner[1:-1] if inner.startswith("(") and inner.endswith(")") else inner
        plain = [w.replace(".*", "x").replace(".+", "x") for w in inner.split("|")]
        return [w for w in plain if _WORDS.fullmatch(w)]
    return []


def _lost(program: Tool, path: str, before: Side, after: Side, sets: Iterable[Labels]) -> Iterator[Finding]:
    for labels in sets:
        was, now = (_receivers(program, side, labels) for side in (before, after))
        gone = [r for r in was if r not in now]
        if gone:
            shown = ", ".join(f'{k}="{v}"' for k, v in labels) or "no label that a route looks at"
            words = f"alerts with {short(shown, 160)} reach {', '.join(now)} instead of {', '.join(was)}"
            yield Finding(what="routing", path=path, found=f"{path}: {words}")


def _receivers(program: Tool, side: Side, labels: Labels) -> list[str]:
    arguments = [f"{k}={json.dumps(v, ensure_ascii=False)}" for k, v in labels]
    ran = program.run("config", "routes", "test", f"--config.file={side.file}", *arguments, ok=(0, 1))
    if ran.code:
        raise RehearsalError(
            "amtool could not tell where sample alerts go", expected="an answer of `amtool config routes test`",
            fix="use the amtool of your Alertmanager's version, or merge by hand",
        )  # fmt: skip
    return [r for r in ran.out.strip().split(",") if r]
