"""What promtool says of rule files and configuration before and after, and of the unit tests that name them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from attrs import frozen

from bascule.globs import globs
from bascule.kit import RehearsalError, Tool, Tree, Trees, tool
from bascule.types import DryRunContext
from bascule_observability.findings import Finding, short
from bascule_observability.prometheus import rulefile
from bascule_observability.prometheus.compare import content
from bascule_observability.prometheus.matching import match
from bascule_observability.redact import redacted
from bascule_observability.survey import Document, Survey

INSTALL = "install Prometheus's promtool, or name it in BASCULE_TOOL_PROMTOOL"
MOST_TESTS = 200
"""Test files that are run for one change."""
_NUMBERS = re.compile(r"\b(line )?\d+(:\d+)?: ")


def promtool(ctx: DryRunContext) -> tuple[Tool, str]:
    """Return promtool and its version."""
    found = tool(ctx, "promtool", install=INSTALL)
    ran = found.about("--version")
    said = re.search(r"version ([^\s,]+)", ran.out + ran.err)
    return found, said[1] if said else ""


def checked(ctx: DryRunContext, survey: Survey, program: Tool) -> Iterator[Finding]:
    """Yield each problem that promtool has after the change and had not before.

    Numbers of lines play no part in the comparison. Of configuration, what promtool quotes is left out: it may be a
    credential.
    """
    for at, (path, *sides) in enumerate(survey.of_kind("rules", "prometheus")):
        before, after = (_problems(program, Path(ctx.workdir) / f"check-{at}-{n}", d) for n, d in enumerate(sides))
        known = {_NUMBERS.sub("", p) for p in before}
        for problem in after:
            if _NUMBERS.sub("", problem) not in known:
                yield Finding(what="check", path=path, found=f"{path}: {short(problem, 300)}")


def _problems(program: Tool, folder: Path, document: Document | None) -> list[str]:
    if document is None:
        return []
    if document.broken:
        return [document.why]
    folder.mkdir(parents=True)
    if document.kind == "prometheus":
        # Files that it names (rules, certificates) are not here, so only what it says itself is looked at.
        (folder / "c.yml").write_text(yaml.safe_dump_all(document.documents))
        ran = program.run("check", "config", "--syntax-only", "c.yml", cwd=folder, ok=(0, 1))
        return [redacted(p, document.documents) for p in _said(ran.out + ran.err)] if ran.code else []
    found = []
    for at, spec in enumerate(rulefile.specs(document)):
        name = f"rules{at}.yml"
        (folder / name).write_text(yaml.safe_dump({"groups": spec.get("groups")}))
        ran = program.run("check", "rules", "--lint=none", name, cwd=folder, ok=(0, 1))
        found += [p.replace(f"{name}: ", "") for p in _said(ran.err)] if ran.code else []
    return found


def _said(text: str) -> list[str]:
    lines = (line.strip().removeprefix("FAILED:").strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith(("Checking ", "SUCCESS")) and line != "c.yml:"]


@frozen(kw_only=True)
class _Test:
    document: Document
    files: tuple[str, ...]
    alerts: frozenset[str]


def tested(ctx: DryRunContext, survey: Survey) -> dict[str, Any]:
    """Return ``ran`` (tests that were run), ``findings`` (those that fail) and ``alerts`` of changed files.

    A test of the repository is run where it changed itself, or names a changed rule file. Each alert has ``status``
    (``same``, ``added``, ``changed``) and ``covered``: a test that names its file asks for it.
    """
    touched = {path for path, _, new in survey.of_kind("rules") if new is not None}
    own = {path for path, _, new in survey.of_kind("tests") if new is not None}
    tests = [t for t in _tests(survey) if t.document.path in own or touched & set(t.files)]
    if len(tests) > MOST_TESTS:
        raise RehearsalError(
            f"{len(tests)} test files name the rule files of this change", expected=f"at most {MOST_TESTS}",
            fix="split the change, or merge by hand",
        )  # fmt: skip
    version, findings = "", []
    if tests:
        program, version = promtool(ctx)
        root = Path(ctx.workdir) / "tests"
        _export(survey.trees, root, tests)
        for test in tests:
            path = PurePosixPath(test.document.path)
            ran = program.run("test", "rules", path.name, cwd=root / path.parent, ok=(0, 1), timeout=120)
            if ran.code:
                said = " ".join(_said(ran.err)) or " ".join(ran.out.split())
                said = said.replace(f"Unit Testing: {path.name}", "").strip()
                findings.append(Finding(what="test", path=str(path), found=f"{path} fails: {short(said, 400)}"))
    return {
        "version": version, "ran": [t.document.path for t in tests], "findings": [f.data() for f in findings],
        "alerts": list(_alerts(survey, tests)),
    }  # fmt: skip


def _tests(survey: Survey) -> Iterator[_Test]:
    tree = survey.trees.after
    for document in survey.all_of(tree, "tests"):
        for one in document.documents:
            cases = (case for test in _dicts(one.get("tests")) for case in _dicts(test.get("alert_rule_test")))
            asked = (case.get("alertname") for case in cases)
            yield _Test(
                document=document, files=_resolved(tree, document.path, one.get("rule_files")),
                alerts=frozenset(a for a in asked if isinstance(a, str)),
            )  # fmt: skip


def _dicts(value: object) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _resolved(tree: Tree, path: str, named: object) -> tuple[str, ...]:
    """Return the paths in the repository that a test's ``rule_files`` mean: relative to the test, globs and all."""
    found: list[str] = []
    for one in named if isinstance(named, list) else ():
        whole = os.path.normpath(PurePosixPath(path).parent / str(one))
        if tree.has(whole):
            found.append(whole)
        elif any(c in whole for c in "*?["):
            try:
                chosen = globs((whole,))
            except ValueError:
                continue
            found += [p for p in tree.entries if chosen.match(p)]
    return tuple(found)


def _export(trees: Trees, root: Path, tests: Iterable[_Test]) -> None:
    paths = {t.document.path for t in tests} | {f for t in tests for f in t.files}
    for path, raw in trees.after.read_all(sorted(paths)).items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(raw)


def _alerts(survey: Survey, tests: Iterable[_Test]) -> Iterator[dict[str, Any]]:
    sides: tuple[list[rulefile.Rule], list[rulefile.Rule]] = ([], [])
    for _, *both in survey.of_kind("rules"):
        for side, document in zip(sides, both, strict=True):
            if document is not None and not document.broken:
                side += [r for g in rulefile.read(document)[0] for r in g.rules if r.alert]
    matched = match(*sides)
    states = [("same" if content(a) == content(b) else "changed", b) for a, b in (*matched.pairs, *matched.renamed)]
    covering = [(set(t.files), t.alerts) for t in tests]
    for status, rule in (*states, *(("added", r) for r in matched.new)):
        covered = any(rule.path in files and rule.name in names for files, names in covering)
        yield {"name": rule.name, "path": rule.path, "status": status, "covered": covered}
