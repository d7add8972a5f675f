"""Virtual environments of their own, with wheels built here: what a person has who installs Bascule, and nothing else.

Versions are those of requirements.lock, resolved from what the wheels declare. uv does it where it is installed (its
cache lies in .cache/), pip otherwise, which takes longer.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
_UV = Path(sys.executable).with_name("uv")
_BUILD = """
import os, sys
from hatchling.build import build_wheel
out, *folders = sys.argv[1:]
for folder in folders:
    os.chdir(folder)
    print(build_wheel(out))
"""


def wheels(into: Path, folders: Iterable[Path]) -> dict[str, Path]:
    """Build a wheel of each project folder with hatchling and return them by folder name."""
    into.mkdir(parents=True, exist_ok=True)
    where = [folder.resolve() for folder in folders]
    command = [sys.executable, "-c", _BUILD, str(into), *map(str, where)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {folder.name: into / name for folder, name in zip(where, done.stdout.split(), strict=True)}


@frozen(kw_only=True)
class Environment:
    """A virtual environment. ``folder`` holds it and the constraints it is installed with."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> Environment:
        """Make an empty one: no pip, nothing of the environment that the tests run in."""
        venv.create(folder / "venv", with_pip=False, symlinks=True)
        pins = re.findall(r"(?m)^[a-z0-9][a-z0-9._-]*==[^\\\n]+", LOCK.read_text())
        (folder / "constraints.txt").write_text("".join(f"{pin.strip()}\n" for pin in pins))
        return cls(folder=folder)

    @property
    def python(self) -> Path:
        """Return its interpreter."""
        return self.folder / "venv" / "bin" / "python"

    def install(self, *what: str | Path, options: Sequence[str] = ()) -> None:
        """Install wheels or requirements with all that they need."""
        words = [*options, "-c", str(self.folder / "constraints.txt"), *map(str, what)]
        if _UV.exists():
            command = [str(_UV), "pip", "install", "-q", "--python", str(self.python), *words]
        else:
            command = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "-q", *words]
        env = {k: v for k, v in os.environ.items() if k not in {"VIRTUAL_ENV", "PYTHONPATH"}}
        env |= {"UV_CACHE_DIR": str(ROOT / ".cache" / "uv"), "UV_LINK_MODE": "copy"}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"

    def environ(self, home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment of a shell in which it is activated, with nothing of this process's but the tools."""
        path = f"{self.python.parent}{os.pathsep}{os.environ['PATH']}"
        return {"PATH": path, "HOME": str(home), "LC_ALL": "C.UTF-8", **(extra or {})}

    def run(
        self, *command: str, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 120.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of it to its end and return what it did, whatever that was."""
        return subprocess.run(
            [str(self.python.parent / command[0]), *command[1:]], cwd=cwd, env=self.environ(cwd, env),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip
