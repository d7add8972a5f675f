"""Runs the tutorial's commands in one shell, as a reader would, and returns what each block printed."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from attrs import frozen
from tests.meta.markdown import ROOT, Block, blocks

PAGE = ROOT / "docs" / "tutorial.md"
PACK_PATH = "handbook/.github/rulepack/docs.yml"
_END = "@@@ end of block"


@frozen
class Shown:
    """What a block printed, and what the page shows for it (None where it shows nothing)."""

    block: Block
    printed: str
    shown: str | None


def missing_tools() -> str:
    """Return the name of a tool that the page needs and this machine lacks, or an empty string."""
    return next((tool for tool in ("bash", "git", "curl", "python3") if shutil.which(tool) is None), "")


def run(folder: Path) -> list[Shown]:
    """Run every block in ``folder`` and return what was printed; RuntimeError with the output when one fails."""
    port = free_port()
    script, runs = ["trap 'kill $(jobs -p) 2> /dev/null' EXIT"], []
    found = blocks(PAGE)
    for number, block in enumerate(found):
        if block.mark == "tutorial: pack":
            script += [f"mkdir -p {Path(PACK_PATH).parent}", f"cat > {PACK_PATH} <<'PACK'\n{block.text}PACK"]
        elif block.mark == "tutorial: run":
            after = found[number + 1] if number + 1 < len(found) else None
            runs.append((block, after.text if after is not None and after.language == "text" else None))
            script += [block.text.replace("8080", str(port)), f"echo '{_END}'"]
    env = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "XDG_STATE_HOME": str(folder / "state"),
    }
    output = folder / "output"
    with output.open("wb") as sink:
        shell = subprocess.Popen(
            ["bash", "-c", "\n".join(script)], cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=sink,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            shell.wait(timeout=150)
        except subprocess.TimeoutExpired:
            shell.terminate()
            shell.wait()
    text = output.read_text().replace(str(port), "8080").replace(str(folder), "")
    printed = text.split(f"{_END}\n")
    if len(printed) != len(runs) + 1:
        raise RuntimeError(f"the tutorial stopped at block {len(printed)}:\n{text}")
    return [Shown(block, p, shown) for (block, shown), p in zip(runs, printed, strict=False)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


_CHANGING = (
    (r"\br-[0-9a-f]{12}\b", "r-RUN"),
    (r"\bsweeper[- ][0-9a-f]{8}\b", "sweeper-NAME"),
    (r"\b(window|outcome) [0-9a-f]{6}\b", r"\1 KEY"),
    (r"\b[0-9a-f]{40}\b", "SHA"),
    (r"(?<![0-9a-z-])[0-9a-f]{7,12}(?![0-9a-z-])", "SHA"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?", "TIME"),
    (r"\b\d\d:\d\d:\d\d UTC\b", "TIME"),
    (r"\b\d{1,2} [A-Z][a-z]{2} \d{4}\b", "DAY"),
    (r"\b\d+(\.\d+)? ?(ms|s|calls)\b", "N s"),
    (r"[ \t]+", " "),
)


def same_but_for_chance(text: str) -> str:
    """Return ``text`` with everything that differs from run to run made equal: hashes, times, names, padding."""
    for pattern, plain in _CHANGING:
        text = re.sub(pattern, plain, text)
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def matches(shown: str, printed: str) -> bool:
    """Return whether the page's text is what was printed; a line ``...`` stands for any lines."""
    wanted = same_but_for_chance(shown).split("\n")
    pattern = "".join(r"(?:.*\n)*?" if line == "..." else re.escape(line) + r"\n" for line in wanted)
    return re.fullmatch(pattern, same_but_for_chance(printed) + "\n") is not None
