"""Each plugin's tests in an environment of bascule, this plugin, pytest and what they declare: ``make isolated``.

The shared environment hides what a plugin imports and does not declare; here it is missing. Arguments are names of
plugins; without any, all of them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from tests.support import toolchain
from tests.support.environments import ROOT, Environment, wheels


def plugins() -> tuple[str, ...]:
    """Return the names of the plugins that are built here."""
    return tuple(sorted(p.parent.name for p in ROOT.glob("plugins/*/pyproject.toml")))


def run(name: str, folder: Path) -> int:
    """Build, install and test one plugin; return pytest's exit code (0 also where it has no tests of its own)."""
    tests = ROOT / "tests" / name
    if not tests.is_dir():
        print(f"{name}: no tests/{name}", flush=True)
        return 0
    project = ROOT / "plugins" / name
    built = wheels(folder / "dist", [ROOT / "core", project])
    extras = tomllib.loads((project / "pyproject.toml").read_text())["project"].get("optional-dependencies", {})
    plugin = f"{built[name]}[test]" if "test" in extras else str(built[name])
    made = Environment.made(folder)
    made.install(f"{built['core']}[testing]", plugin)
    print(f"{name}: tests/{name} with bascule, bascule-{name} and pytest alone", flush=True)
    env = {**made.environ(folder), "PATH": f"{toolchain.BIN}:{made.environ(folder)['PATH']}"}
    command = [str(made.python), "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)]
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


def main(names: list[str]) -> int:
    """Test the plugins called ``names``, or all; return 1 when one of them fails."""
    failed = []
    for name in names or plugins():
        with tempfile.TemporaryDirectory(prefix=f"bascule-isolated-{name}-") as folder:
            if run(name, Path(folder)):
                failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "each with its own dependencies alone: passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
