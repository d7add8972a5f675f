"""Does it touch what decides about changes? Then it is never merged autonomously, whatever a pack says.

Workflows and local actions run with the repository's secrets; CODEOWNERS and rulepacks are policy. Names are compared
without regard to case, because a checkout on a case-insensitive disk makes them the same file. The folders themselves
count too: a symbolic link or submodule in their place would replace everything in them.
"""

from __future__ import annotations

from bascule.gates._ask import Answer, allow, block
from bascule.messages import gates as say
from bascule.types import GateContext

RULE = "protected_files"

PROTECTED = (
    ".github/workflows/**",
    ".github/actions/**",
    ".github/rulepack/**",
    "rulepack/**",
    ".github/bascule.yml",
    ".github/bascule.yaml",
    "CODEOWNERS",
    ".github/CODEOWNERS",
    "docs/CODEOWNERS",
)
"""What is protected, as a person writes it."""

_FOLDERS = tuple(p.removesuffix("**") for p in PROTECTED if p.endswith("/**"))
_EXACT = frozenset(
    [p.casefold() for p in PROTECTED if not p.endswith("/**")] + [f.rstrip("/") for f in _FOLDERS] + [".github"]
)
_STARTS = (".", "r", "c", "d")  # first letters of all of the above: most paths need no casefold


def is_protected(path: str) -> bool:
    """Return whether ``path`` decides about changes."""
    if path[:1].lower() not in _STARTS:
        return False
    folded = path.casefold()
    return folded in _EXACT or folded.startswith(_FOLDERS)


def judge(ctx: GateContext, claimed: frozenset[str]) -> Answer:  # noqa: ARG001 - the whole change, claimed or not
    """Block when any path of the change, old names of renames included, is protected."""
    hits = tuple(p for p in ctx.change.paths if is_protected(p))
    if hits:
        return (block(RULE, say.protected_files(hits), paths=hits),)
    return (allow(RULE, "none touched"),)
