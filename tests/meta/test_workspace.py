"""The workspace keeps its own promises: members, lock, layers, sizes."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MEMBERS = ["core", *(f"plugins/{n}" for n in ("terraform", "helm", "observability", "release", "deps"))]


def tracked(pattern: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", pattern],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [ROOT / p for p in listed.split("\0") if p and (ROOT / p).exists()]


def test_every_member_is_a_root_dependency() -> None:
    root = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert root["tool"]["uv"]["workspace"]["members"] == MEMBERS
    names = {re.split(r"[\[<>= ]", d)[0] for d in root["project"]["dependencies"]}
    declared = {tomllib.loads((ROOT / m / "pyproject.toml").read_text())["project"]["name"] for m in MEMBERS}
    assert names == declared


def test_the_lock_is_hashed_and_names_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    pins = re.findall(r"^([a-z0-9-]+)==", lock, flags=re.MULTILINE)
    hashed = re.findall(r"^[a-z0-9-]+==[^\n]*\\\n    --hash=sha256:", lock, flags=re.MULTILINE)
    assert len(pins) == len(hashed) > 20


def test_modules_stay_readable() -> None:
    long = {
        str(p.relative_to(ROOT)): n
        for p in tracked("*.py")
        if "src" in p.parts and (n := len(p.read_text().splitlines())) > 340
    }
    assert long == {}, "about 300 lines is the habit; split by reason to change"


def test_import_layers_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("bascule", {"attrs", "attr", "cattrs", "pluggy", "click", "github", "yaml"}),
        ("bascule.cli", {"attrs", "attr", "cattrs", "pluggy", "click", "github", "yaml"}),
        ("bascule.cli.root", {"cattrs", "pluggy", "github", "yaml", "rich"}),
        ("bascule.window.restore_main", {"pluggy", "bascule.host", "bascule.rulepack", "bascule.scenarios"}),
        ("bascule.forge", {"github", "pluggy"}),
        ("bascule.host.driver", {"pluggy", "github", "bascule.scenarios.allowlist.plugin", "bascule_terraform"}),
    ],
)
def test_what_an_import_may_not_pull_in(module: str, forbidden: set[str]) -> None:
    code = f"import sys, {module}; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert forbidden & set(done.stdout.split()) == set()


def test_no_file_names_a_machine_or_a_registry() -> None:
    # Built from pieces so that this file does not contain what it looks for.
    words = ["/" + "work/", "/" + "root/", "pypi" + ".org", "npmjs" + ".org", "python" + "hosted"]
    found = [
        f"{p.relative_to(ROOT)}: {w}"
        for p in tracked("*")
        if p.suffix not in {".png", ".gz"} and p.is_file()
        for w in words
        if w in p.read_text(errors="replace")
    ]
    assert found == []
