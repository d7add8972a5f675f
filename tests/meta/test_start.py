"""`bascule --version` is a literal: what it imports beyond a bare interpreter is counted, not timed."""

import subprocess
import sys


def modules(*args: str) -> set[str]:
    done = subprocess.run([sys.executable, "-X", "importtime", *args], capture_output=True, text=True, check=True)
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


def test_version_imports_next_to_nothing() -> None:
    bare = modules("-c", "pass")
    run = "import sys; sys.argv = ['bascule', '--version']; from bascule.cli import main; main()"
    extra = modules("-c", run) - bare
    assert extra <= {"bascule", "bascule.cli", "__future__", "imported package"}, extra
