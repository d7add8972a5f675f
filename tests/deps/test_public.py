"""This distribution is the kit's proof: of Bascule it imports the public modules, and nothing else."""

from __future__ import annotations

import ast
from pathlib import Path

import bascule_deps

PUBLIC = {"bascule.kit", "bascule.hookspecs", "bascule.types", "bascule.testing"}
ROOT = Path(bascule_deps.__file__).parent


def taken(code: str) -> set[str]:
    """Return the modules of Bascule that ``code`` imports, in whatever form."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from bascule import git` imports a module, too.
            found |= {f"bascule.{a.name}" for a in node.names} if node.module == "bascule" else {node.module}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            found |= {str(a.value) for a in node.args if isinstance(a, ast.Constant)}
    return {name for name in found if name.partition(".")[0] == "bascule"}


def test_only_public_modules_are_imported() -> None:
    files = sorted(ROOT.rglob("*.py"))
    assert len(files) > 20
    used = {path.relative_to(ROOT): taken(path.read_text()) - PUBLIC for path in files}
    assert {path: names for path, names in used.items() if names} == {}
    assert set().union(*(taken(path.read_text()) for path in files)) >= {"bascule.kit", "bascule.types"}


def test_the_test_sees_every_form() -> None:
    code = "import bascule.git\nfrom bascule import wire\nfrom bascule.forge.rest import x\n"
    code += "import_module('bascule.host')\n"
    assert taken(code) - PUBLIC == {"bascule.git", "bascule.wire", "bascule.forge.rest", "bascule.host"}
    assert (
        taken("from bascule.kit import Ask\nfrom bascule.types import Check\nimport bascule_deps\n") - PUBLIC == set()
    )
