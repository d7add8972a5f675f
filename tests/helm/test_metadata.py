"""Rules on which files change and on what Chart.yaml and Chart.lock say; no helm is needed, but to make a lock."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.helm.kit import HELMS, VALUES, Judge, bumped, chart, metadata

from bascule.types import Status
from bascule_helm import metadata as meta

V = "charts/shop/values.yaml"
C = "charts/shop/Chart.yaml"
LOCAL = """\
dependencies:
  - {name: db, version: ">=1.0.0 <2", repository: "file://../db", condition: db.enabled, tags: [x]}
"""


def test_values_only(judged: Judge) -> None:
    before = {**chart(), "deploy/shop/values-staging.yaml": "a: 1\n", "charts/shop/README.md": "x"}
    env = {"deploy/shop/values-staging.yaml": "a: 2\n", V: VALUES + "a: 1\n", "charts/shop/values-new.yaml": "a: 1\n"}
    assert judged(before, env, "values-only").status is Status.ALLOW
    narrowed = judged(before, env, "values-only", files=["deploy/**"]).blocked_by("r")
    assert "charts/shop/values-new.yaml, charts/shop/values.yaml" in narrowed.found
    assert "deploy/**" in narrowed.expected
    for path, role in (
        ("templates/values-x.yaml", "template"), ("Chart.yaml", "chart"), ("Chart.lock", "lock"),
        ("crds/a.yaml", "crd"),
        ("charts/db/values.yaml", "dependency"), ("values.schema.json", "schema"), ("files/values.yaml", "file"),
        ("README.md", "document"), (".helmignore", "file"), ("templates/NOTES.txt", "template"),
    ):  # fmt: skip
        found = judged(before, {**env, f"charts/shop/{path}": "name: changed\n"}, "values-only").blocked_by("r").found
        assert f"charts/shop/{path} ({role})" in found
    assert judged(before, {"charts/shop/README.md": "y"}, "values-only", documents=True).status is Status.ALLOW


@pytest.mark.parametrize(
    ("before", "after", "params", "words"),
    [
        ("1.2.3", "1.2.4", {}, None),
        ("1.2.3", "1.2.3", {}, "changes and version stays 1.2.3"),
        ("1.2.3", "1.2.3", {"bump": "optional"}, None),
        ("1.2.3", "1.2.3", {"except": ["values.yaml"]}, None),
        ("1.2.3", "1.2.2", {}, "goes back"),
        ("1.2.3-rc.1", "1.2.3", {}, None),
        ("1.2.3", "1.2.3-rc.1", {}, "goes back"),
        ("1.2.3", "1.3.0", {"max": "patch"}, "is a minor step"),
        ("1.2.3", "2.0.0", {"max": "minor"}, "is a major step"),
        ("1.2.3", "2", {}, "is none"),
        ("1.2.3", "01.2.3", {}, "is none"),
        ("next", "1.2.3", {}, "cannot be compared"),
    ],
)
def test_chart_version(judged: Judge, before: str, after: str, params: dict[str, object], words: str | None) -> None:
    old = {**chart(), C: metadata(version=before)}
    outcome = judged(old, {C: metadata(version=after), V: VALUES + "a: 1\n"}, "chart-version", **params)
    if words is None:
        assert outcome.status is Status.ALLOW, outcome
    else:
        assert words in outcome.blocked_by("r").found


def test_values_of_an_environment_need_no_version_unless_the_pack_says_so(judged: Judge) -> None:
    change = {"charts/shop/values-prod.yaml": "a: 1\n"}
    assert judged(chart(), change, "chart-version").status is Status.ALLOW
    assert judged(chart(), change, "chart-version", **{"except": []}).blocked_by("r")


def test_new_moved_and_broken_charts(judged: Judge) -> None:
    assert judged({}, dict(chart()), "chart-version").status is Status.ALLOW
    assert judged(chart(), dict.fromkeys(chart()), "chart-version").status is Status.ALLOW
    moved = {**dict.fromkeys(chart()), **chart("deploy/shop")}
    assert "version stays 1.2.3" in judged(chart(), moved, "chart-version").blocked_by("r").found
    assert judged(chart(), {**moved, **bumped("deploy/shop")}, "chart-version").status is Status.ALLOW
    twice = judged(chart(), {C: metadata() + "name: again\n"}, "chart-version").blocked_by("r")
    assert "the key 'name' twice" in twice.found


def test_app_version_goes_forward(judged: Judge) -> None:
    back = bumped()[C].replace("appVersion: 1.0.0", "appVersion: 0.9.0")
    assert judged(chart(), {C: back}, "chart-version").status is Status.ALLOW
    found = judged(chart(), {C: back}, "chart-version", app_version="forward").blocked_by("r").found
    assert "appVersion 1.0.0 → 0.9.0 goes back" in found


@pytest.mark.parametrize("name", [pytest.param(h, marks=pytest.mark.tool(h)) for h in HELMS])
def test_a_lock_that_helm_makes_is_in_sync(judged: Judge, tmp_path: Path, name: str) -> None:
    files = {**chart(more=LOCAL), **chart("charts/db", "db")}
    for path, text in files.items():
        (tmp_path / "w" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "w" / path).write_text(text)
    program = shutil.which(name)
    assert program is not None
    env = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    subprocess.run(
        [program, "dependency", "update", str(tmp_path / "w/charts/shop")], check=True, env=env, capture_output=True
    )
    lock = (tmp_path / "w/charts/shop/Chart.lock").read_text()
    bump = bumped(more=LOCAL)
    locked = {**files, "charts/shop/Chart.lock": lock}
    assert judged(files, {**bump, "charts/shop/Chart.lock": lock}, "chart-version").status is Status.ALLOW
    wider = bumped(more=LOCAL.replace("<2", "<3"))
    check = judged(locked, wider, "chart-version").blocked_by("r")
    assert "Chart.lock is not what Chart.yaml asks for" in check.found
    assert "helm dependency update" in check.fix
    assert judged(locked, wider, "chart-version", lock="optional").status is Status.ALLOW


def test_what_nothing_locks(judged: Judge) -> None:
    more = 'dependencies:\n  - {name: db, version: %s, repository: "https://charts.example.com"}\n'
    found = judged(chart(), bumped(more=more % "1.x"), "chart-version").blocked_by("r").found
    assert "nothing locks db 1.x" in found
    assert judged(chart(), bumped(more=more % "1.2.3"), "chart-version").status is Status.ALLOW
    # It was loose before: not this change's doing.
    assert judged(chart(more=more % "1.x"), bumped(more=more % "1.x"), "chart-version").status is Status.ALLOW


def test_a_digest_leaves_out_what_is_empty() -> None:
    stated = [{"name": "a", "version": "1", "repository": "https://e.example", "condition": "", "tags": []}]
    assert meta.digest(stated, []) == meta.digest(
        [{"name": "a", "version": "1", "repository": "https://e.example"}], []
    )
