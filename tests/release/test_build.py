"""Builds by the real tools: what comes out of them must be what the files say."""

from __future__ import annotations

import shutil
import venv
from pathlib import Path
from typing import Any

import pytest
from tests.release.kit import NOW, package

from bascule.testing import Bench, Outcome
from bascule.types import Status
from bascule_release import building

BACKEND = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
PROJECT = BACKEND + '[project]\nname = "shop"\nversion = "{v}"\n[tool.hatch.build.targets.wheel]\npackages = ["shop"]\n'
HOOK = '[tool.hatch.build.hooks.custom]\npath = "hook.py"\n'
CRATE = '[package]\nname = "shop"\nversion = "{v}"\nedition = "2021"\ndescription = "d"\nlicense = "MIT"\n'
CHART = "apiVersion: v2\nname: shop\nversion: {v}\n"


def built(tmp_path: Path, before: dict[str, Any], after: dict[str, Any], *, run: bool = True, **rule: Any) -> Outcome:
    tools = {"helm": str(h)} if (h := Path(__file__).parents[2] / ".cache/tools/bin/helm").is_file() else {}
    bench = Bench("release", tmp_path, tools)
    return bench.run(before, after, [{"use": "release/build", **rule}], run_code=run, read_at=NOW)


def project(version: str, more: str = "") -> dict[str, str]:
    return {"pyproject.toml": PROJECT.format(v=version) + more, "shop/__init__.py": "", "README.md": "# Shop\n"}


def test_a_wheel_is_built_and_says_the_version(tmp_path: Path) -> None:
    outcome = built(tmp_path, project("1.2.0"), project("1.3.0"))
    assert outcome.status is Status.ALLOW, str(outcome)
    (made,) = outcome.proof("release/build").data["builds"]
    assert (made["file"], made["built_name"], made["built_version"]) == (
        "shop-1.3.0-py2.py3-none-any.whl",
        "shop",
        "1.3.0",
    )
    assert outcome.proof("release/build").data["isolation"] in outcome.checks[0].found


def test_a_project_that_does_not_build_blocks(tmp_path: Path) -> None:
    after = project("1.3.0")
    after["pyproject.toml"] = after["pyproject.toml"].replace("hatchling.build", "no_such_backend")
    outcome = built(tmp_path, project("1.2.0"), after)
    assert outcome.status is Status.BLOCK
    assert "the build failed: `python -m` ended with" in str(outcome)


def test_a_python_without_pip_is_no_fault_of_the_change(tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    bare = str(tmp_path / "bare" / "bin" / "python")
    bench = Bench("release", tmp_path / "bench", {"python": bare})
    rules = [{"use": "release/build"}]
    outcome = bench.run(project("1.2.0"), project("1.3.0"), rules, run_code=True, read_at=NOW)
    (check,) = outcome.of("release/rehearsal")
    assert check.status is Status.ERROR
    assert check.found == f"{bare} has no pip, which builds wheels"
    assert "BASCULE_TOOL_PYTHON" in check.fix


def test_a_build_that_makes_another_version_blocks(tmp_path: Path) -> None:
    code = (
        "from hatchling.metadata.plugin.interface import MetadataHookInterface\n\n\n"
        "class M(MetadataHookInterface):\n    def update(self, metadata):\n        metadata['version'] = '9.9'\n"
    )
    dynamic = (
        PROJECT.replace('version = "{v}"', 'dynamic = ["version"]')
        + '[tool.hatch.metadata.hooks.custom]\npath = "m.py"\n'
    )
    files = {"pyproject.toml": dynamic, "shop/__init__.py": '__version__ = "1.2.0"\n', "m.py": code}
    outcome = built(tmp_path, files, {"shop/__init__.py": '__version__ = "1.3.0"\n'})
    assert "says that it is version 9.9, the files 1.3.0" in outcome.blocked_by("build").found


def test_a_build_has_a_clean_environment_and_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_SECRET", "s3cr3t")
    code = (
        "import os, socket\nfrom hatchling.builders.hooks.plugin.interface import BuildHookInterface\n\n\n"
        "class B(BuildHookInterface):\n    def initialize(self, version, build_data):\n"
        "        assert 'SHOP_SECRET' not in os.environ, 'environment'\n"
        "        assert os.environ['HOME'].endswith('.home'), 'home'\n"
        "        interfaces = [n for _, n in socket.if_nameindex() if n != 'lo']\n"
        "        open('shop/__init__.py', 'w').write(f'NETWORK = {interfaces!r}')\n"
        "        assert not interfaces, 'network'\n"
    )
    after = {**project("1.3.0", HOOK), "hook.py": code}
    outcome = built(tmp_path, project("1.2.0"), after)
    if building.isolation() == "no network":
        assert outcome.status is Status.ALLOW, str(outcome)
    else:
        assert "network" in str(outcome)


def test_a_build_that_does_not_end_is_ended(tmp_path: Path) -> None:
    code = (
        "import time\nfrom hatchling.builders.hooks.plugin.interface import BuildHookInterface\n\n\n"
        "class B(BuildHookInterface):\n    def initialize(self, version, build_data):\n        time.sleep(3600)\n"
    )
    outcome = built(tmp_path, project("1.2.0"), {**project("1.3.0", HOOK), "hook.py": code}, seconds=5)
    assert outcome.status is Status.BLOCK
    assert "5" in str(outcome)


def test_nothing_is_built_where_code_may_not_run(tmp_path: Path) -> None:
    outcome = built(tmp_path, project("1.2.0"), project("1.3.0"), run=False)
    assert outcome.status is Status.ERROR
    assert "building runs code of the change" in str(outcome)
    assert outcome.evidence == ()


def test_without_a_cut_network_the_pack_may_refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "_can_cut", lambda: False)
    outcome = built(tmp_path, project("1.2.0"), project("1.3.0"), network="off")
    assert "it was built with a network" in outcome.blocked_by("build").found
    (tmp_path / "any").mkdir()
    assert built(tmp_path / "any", project("1.2.0"), project("1.3.0")).status is Status.ALLOW


@pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm")
def test_npm_packs_without_running_scripts(tmp_path: Path) -> None:
    scripts = {"prepack": "exit 1", "prepare": "exit 1"}
    files = {"package.json": package("1.2.0", scripts=scripts), "index.js": "1\n"}
    outcome = built(tmp_path, files, {"package.json": package("1.3.0", scripts=scripts)})
    assert outcome.status is Status.ALLOW, str(outcome)
    assert outcome.proof("release/build").data["builds"][0]["file"] == "shop-1.3.0.tgz"
    (tmp_path / "bad").mkdir()
    bad = built(tmp_path / "bad", files, {"package.json": '{"version": "1.3.0"}'})
    assert bad.status is Status.BLOCK, str(bad)


@pytest.mark.skipif(shutil.which("cargo") is None, reason="needs cargo")
def test_cargo_packages(tmp_path: Path) -> None:
    files = {"Cargo.toml": CRATE.format(v="1.2.0"), "src/lib.rs": "pub fn a() {}\n"}
    outcome = built(tmp_path, files, {"Cargo.toml": CRATE.format(v="1.3.0")})
    assert outcome.status is Status.ALLOW, str(outcome)
    assert outcome.proof("release/build").data["builds"][0]["file"] == "shop-1.3.0.crate"
    (tmp_path / "bad").mkdir()
    bad = built(tmp_path / "bad", files, {"Cargo.toml": CRATE.format(v="1.3.0"), "src/lib.rs": None})
    assert bad.status is Status.BLOCK, str(bad)


def test_helm_packages(tmp_path: Path) -> None:
    files = {"Chart.yaml": CHART.format(v="1.2.0"), "values.yaml": "a: 1\n"}
    outcome = built(tmp_path, files, {"Chart.yaml": CHART.format(v="1.3.0")})
    assert outcome.status is Status.ALLOW, str(outcome)
    assert outcome.proof("release/build").data["builds"][0]["file"] == "shop-1.3.0.tgz"
    (tmp_path / "bad").mkdir()
    bad = built(tmp_path / "bad", files, {"Chart.yaml": CHART.format(v="1.3.0").replace("shop", "Sh op/")})
    assert bad.status is Status.BLOCK, str(bad)


def test_what_nobody_can_build_blocks(tmp_path: Path) -> None:
    outcome = built(tmp_path, {"VERSION": "1.2.0\n"}, {"VERSION": "1.3.0\n"})
    assert outcome.status is Status.BLOCK
    assert "nothing says how" in str(outcome)
