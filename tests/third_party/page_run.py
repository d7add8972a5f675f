"""Follows docs/how-to/write-a-scenario.md in a shell, as a reader would, and returns what each block printed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.meta.markdown import blocks
from tests.meta.tutorial_run import Shown
from tests.support.environments import ROOT, Environment

PAGE = ROOT / "docs" / "how-to" / "write-a-scenario.md"
FOLDER = "bascule-migrations"
_END = "@@@ end of block"
# The page's own command; only where pip finds things differs: nothing is fetched, nothing is built in isolation.
_PIP = f'pip() {{ "{sys.executable}" -m pip --python "$(command -v python)" "$@" --no-index --no-build-isolation; }}'


def run(folder: Path, environment: Environment) -> list[Shown]:
    """Run every block in ``folder``, beside a clone; RuntimeError with the output when one fails."""
    (folder / "bascule").symlink_to(ROOT)
    script, runs = ["set -e", _PIP], []
    found = blocks(PAGE)
    for number, block in enumerate(found):
        if block.mark == "scenario: file":
            head, text = block.text.split("\n", 1)
            script.append(f"cat > {head.removeprefix('# ')} <<'FILE'\n{text}FILE")
        elif block.mark == "scenario: run":
            after = found[number + 1] if number + 1 < len(found) else None
            runs.append((block, after.text if after is not None and after.language == "text" else None))
            script += [block.text, f"echo '{_END}'"]
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)], cwd=folder, env=environment.environ(folder), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600, check=False,
    )  # fmt: skip
    plain = re.sub(r"(?m)s \(\d+:\d\d:\d\d\)$", "s", done.stdout)  # pytest adds it past a minute
    printed = plain.replace(str(folder), "").split(f"{_END}\n")
    if done.returncode or len(printed) != len(runs) + 1:
        raise RuntimeError(f"the page stopped at block {len(printed)}:\n{done.stdout}")
    return [Shown(block, said, shown) for (block, shown), said in zip(runs, printed, strict=False)]
