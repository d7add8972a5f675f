"""What a distribution imports it declares; the shared environment would hide it otherwise."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MEMBERS = ["core", *(f"plugins/{n}" for n in ("terraform", "helm", "observability", "release", "deps"))]
# What only an extra brings may be used only here.
ONLY = {"sim": ("simulator", "demo"), "watch": ("slo",)}


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=;! ]", r)[0].lower().replace("_", "-") for r in requirements}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names)


@pytest.mark.parametrize("member", MEMBERS)
def test_every_import_is_declared(member: str) -> None:
    project = tomllib.loads((ROOT / member / "pyproject.toml").read_text())["project"]
    own = {project["name"]}
    declared = names(project["dependencies"])
    extras = {name: names(rs) for name, rs in project.get("optional-dependencies", {}).items()}
    owners = packages_distributions()
    missing: dict[str, set[str]] = {}
    for path in sorted((ROOT / member / "src").rglob("*.py")):
        here = [extras.get(name, set()) for name, folders in ONLY.items() if set(folders) & set(path.parts)]
        allowed = declared | own | set().union(*here)
        # The contract classes run under pytest, which a plugin's own tests bring.
        allowed |= {"pytest"} if "testing" in path.parts else set()
        for module in imports(path):
            by = {d.lower().replace("_", "-") for d in owners.get(module, [module])}
            if not by & allowed:
                missing.setdefault(module, set()).add(str(path.relative_to(ROOT)))
    assert missing == {}
