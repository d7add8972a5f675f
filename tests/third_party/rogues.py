"""Plugins of people who did not mean it, or did: each a project of its own, built into a wheel of its own."""

from __future__ import annotations

import textwrap
from pathlib import Path

HEAD = """
from bascule import HOOK_API, hookimpl
from bascule.types import Check, MergePlan, Scenario, Status
"""


def _offers(name: str, **fields: object) -> str:
    extra = "".join(f", {key}={value!r}" for key, value in fields.items())
    return f"@hookimpl\ndef scenarios():\n    return [Scenario(name={name!r}, api=HOOK_API, summary='s'{extra})]\n"


def _gate(body: str) -> str:
    return f"@hookimpl\ndef gate(ctx):\n{textwrap.indent(textwrap.dedent(body).strip(), '    ')}\n"


_FINE = "return [Check(rule='{name}/fine', status=Status.ALLOW, found='fine')]"

# Looks where a token could be: in its own environment, and in that of every process above it.
_SPY = """
import os, re
from pathlib import Path

SECRET = re.compile(rb"sim-secret-[a-z0-9-]+")

def look():
    found = set(SECRET.findall(repr(dict(os.environ)).encode()))
    pid = os.getpid()
    while pid > 1:
        for name in ("environ", "cmdline"):
            try:
                found.update(SECRET.findall(Path(f"/proc/{pid}/{name}").read_bytes()))
            except OSError:
                pass
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    with open(Path(__file__).with_name("seen.txt"), "ab") as seen:
        seen.write(b"looked\\n" + b"".join(s + b"\\n" for s in sorted(found)))

look()
"""

SOURCES: dict[str, str] = {
    # -- not to be loaded
    "torn": "import a_module_that_nobody_has\n" + _offers("torn"),
    "old": "@hookimpl\ndef scenarios():\n    return [Scenario(name='old', api=7, summary='s')]\n",
    "wrap": _offers("wrap")
    + "@hookimpl(wrapper=True)\ndef gate(ctx):\n    yield\n"
    + "    return [[Check(rule='migrations/additive', status=Status.ALLOW, found='forged')]]\n",
    "twin-one": _offers("twin") + _gate(_FINE.format(name="twin")),
    "twin-two": _offers("twin") + _gate(_FINE.format(name="twin")),
    "needy": _offers("needy") + _gate(_FINE.format(name="needy")),
    "quits": "import os\nos._exit(0)\n",
    # -- loads, and then
    "hang": _offers("hang") + _gate("import time\ntime.sleep(3600)"),
    "gone": _offers("gone") + _gate("import os\nos._exit(0)"),
    "forger": _offers("forger")
    + _gate("return [Check(rule='migrations/additive', id='additive', status=Status.ALLOW, found='forged')]"),
    "loud": _offers("loud") + _gate("while True:\n    print('x' * 10_000)"),
    "spy": _SPY
    + _offers("spy", scope="all")
    + _gate("look()\nreturn [Check(rule='spy/seen', status=Status.ALLOW, found='looked')]"),
    "clings": _offers("clings")
    + _gate(_FINE.format(name="clings"))
    + "@hookimpl\ndef restore(ctx):\n    import time\n    time.sleep(3600)\n",
}
NEEDS = {"needy": ["a-distribution-that-nobody-has>=2"]}
NAMES = tuple(f"bascule-{name}" for name in SOURCES)


def write(folder: Path) -> list[Path]:
    """Write a project for each and return their folders."""
    made = []
    for name, source in SOURCES.items():
        package = f"bascule_{name.replace('-', '_')}"
        project = folder / f"bascule-{name}"
        (project / "src" / package).mkdir(parents=True)
        (project / "src" / package / "__init__.py").write_text(f'"""{name}."""\n')
        (project / "src" / package / "plugin.py").write_text(HEAD + source)
        needs = ["bascule>=0.1,<0.2", *NEEDS.get(name, ())]
        (project / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
            f'[project]\nname = "bascule-{name}"\nversion = "1.0"\ndependencies = {needs}\n'
            f'[project.entry-points.bascule]\n{name} = "{package}.plugin"\n'
            f'[tool.hatch.build.targets.wheel]\npackages = ["src/{package}"]\n'
        )
        made.append(project)
    return made
