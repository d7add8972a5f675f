"""What opens and closes the bridge can load no plugin: not in its source, and not by any way of importing it."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys, importlib, pkgutil
import bascule.window
names = [m.name for m in pkgutil.iter_modules(bascule.window.__path__, "bascule.window.")]
assert len(names) > 20, names
for name in {names}:
    importlib.import_module(name)
from bascule import forge
forge.connect, forge.resolve, forge.protect_process
bad = sorted(
    m for m in sys.modules
    if m.split(".")[0] in {{"pluggy", "click", "rich"}}
    or m.startswith(("bascule_", "bascule.host", "bascule.rulepack", "bascule.scenarios", "bascule.gates",
                     "bascule.hookspecs", "bascule.cli", "bascule.pipeline"))
)
print(",".join(bad))
"""


@pytest.mark.parametrize("names", ["names", '["bascule.window.restore_main"]'])
def test_no_plugin_machinery_is_loaded(names: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(names=names)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == ""


def test_the_script_needs_no_plugin_machinery_to_answer() -> None:
    code = (
        "import sys\n"
        "for name in ('pluggy', 'click', 'rich', 'bascule.host', 'bascule.rulepack'): sys.modules[name] = None\n"
        "from bascule.window.restore_main import main\n"
        "sys.exit(main(['--all']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "--force" in done.stderr
