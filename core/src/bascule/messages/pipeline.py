"""What the pipeline says between gates and window: bindings, modes, plans, outcomes."""

from __future__ import annotations

from bascule.types import Check, Mode, Status


def unclaimed(paths: tuple[str, ...], shown: int = 5) -> Check:
    """Files that no rulepack claims: fail closed (invariant 8)."""
    names = ", ".join(f"`{p}`" for p in paths[:shown]) + (f" + {len(paths) - shown} more" if len(paths) > shown else "")
    return Check(
        rule="binding",
        status=Status.BLOCK,
        found=f"{names}: claimed by no rulepack",
        expected="every changed file is claimed by a rulepack",
        fix="split the pull request, add a rulepack whose match.files covers them, or merge by hand",
    )


def mode_too_low(mode: Mode) -> Check:
    """The pack allows the change but does not let Bascule merge it."""
    return Check(
        rule="mode",
        status=Status.WAIT,
        found=f"mode: {mode.value}",
        expected="mode: guarded or auto",
        fix="a person can merge as usual; raise `mode` on the base branch to let Bascule do it",
    )


def not_asked(label: str) -> Check:
    """Guarded mode and nobody with write access asked."""
    return Check(
        rule="mode",
        status=Status.WAIT,
        found="mode: guarded, and nobody with write access has asked",
        expected="a person with write access asks",
        fix=f"comment `/bascule merge`, set the label `{label}`, or run `bascule merge` yourself",
    )


def no_keeper() -> Check:
    """Protection could not be read at all."""
    return Check(
        rule="protection",
        status=Status.BLOCK,
        found="branch protection cannot be read with this token",
        expected="a token with Administration: read (to judge) or write (to relax)",
        fix="set BASCULE_KEEPER_TOKEN, or run with a token of a repository administrator",
    )


NO_PACKS = "No rulepack on the base branch: nothing to do."
NO_PACKS_NEXT = "add .github/rulepack/NAME.yml on the base branch; try one first: bascule replay . --rulepack DIR"
ALREADY_MERGED = "Already merged as {sha}: nothing to do."
MERGED = "Merged as {sha}."
MERGED_RESTORED = "Merged as {sha}; protection restored and read back, identical."
CLOSED_FIX = "reopen the pull request, or leave it"
ASKING_LABEL = "auto-relax-merge"
