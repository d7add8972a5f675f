"""The acts of the scenarios: what passes each of them, what does not, and the evidence that real tools gave."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from attrs import evolve

from bascule.demo.acts import Act, Outcome, Say, failed_checks, judged
from bascule.demo.classes import CLASSES, PLAN_WORKFLOW, Class, Proposal
from bascule.demo.stage import SHOP, Ran, Stage

_QUIET = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}


def acts() -> tuple[Act, ...]:
    """Return two acts per scenario: one that is merged, one that is blocked by the rule it breaks."""
    return tuple(
        Act(
            title=f"{one.scenario}: {proposal.title[:1].lower()}{proposal.title[1:]}",
            expected="blocked" if proposal.because else "merged",
            repo=SHOP,
            play=partial(_play, one, proposal),
        )
        for one in CLASSES
        for proposal in (one.passes, one.refused)
    )


def _play(one: Class, proposal: Proposal, stage: Stage, say: Say) -> Outcome:
    lacking = [name for name in one.tools if _tool(name) is None]
    if lacking:
        return Outcome(good=True, got="skipped", why=f"{' and '.join(lacking)} is not on this machine; `make tools`")
    branch = "-".join(proposal.title.lower().split())
    number = stage.pull(SHOP, proposal.title, proposal.files, branch=branch)
    if one.plans:
        say(f"{PLAN_WORKFLOW} runs: terraform plan in {one.plans}/; its JSON is the artifact tfplan")
        stage.artifact(SHOP, number, PLAN_WORKFLOW, "tfplan", {"plan.json": _plan(stage, one, proposal)})
    since = len(stage.requests())
    words = ("merge", str(number), "-R", SHOP, "--attended")
    say(f"bascule {' '.join(words)}")
    ran = stage.run(*words, "--json")
    blocked = bool(proposal.because)
    found = judged(stage, SHOP, number, ran, code=int(blocked), merged=not blocked, since=since)
    rules = {c["id"] for c in failed_checks(ran)}
    if found.good and blocked and proposal.because not in rules:
        found = evolve(found, good=False, why=f"refused by {', '.join(sorted(rules))}, not by {proposal.because}")
    return evolve(found, evidence=_evidence(ran))


def _evidence(ran: Ran) -> tuple[str, ...]:
    """Return what the run says of its evidence, what a real tool gave first: kind, summary, tool, origin."""
    proofs = sorted(ran.document.get("details", {}).get("evidence", ()), key=lambda p: not p["tool"])
    return tuple(" · ".join(p[k] for k in ("kind", "summary", "tool", "provenance") if p[k]) for p in proofs[:2])


def _tool(name: str) -> str | None:
    return os.environ.get(f"BASCULE_TOOL_{name.upper()}") or shutil.which(name)


def _plan(stage: Stage, one: Class, proposal: Proposal) -> bytes:
    """Return the JSON of a real plan, against the state that applying the base gave."""
    folder = stage.root / "applied"
    if not folder.exists():
        folder.mkdir()
        _write(folder, one.base, one.plans)
        _terraform(folder, "init")
        _terraform(folder, "apply", "-auto-approve")
    _write(folder, proposal.files, one.plans)
    _terraform(folder, "plan", "-out=tfplan")
    return _terraform(folder, "show", "-json", "tfplan")


def _write(folder: Path, files: Mapping[str, str], under: str) -> None:
    for path, text in files.items():
        if path.startswith(f"{under}/"):
            (folder / path.removeprefix(f"{under}/")).write_text(text)


def _terraform(folder: Path, *words: str) -> bytes:
    env = {k: v for k, v in os.environ.items() if k in {"PATH", "LANG"}} | _QUIET | {"HOME": str(folder)}
    program = _tool("terraform") or "terraform"
    done = subprocess.run([program, *words], cwd=folder, env=env, capture_output=True, check=False, timeout=120)
    if done.returncode:
        raise RuntimeError(f"terraform {words[0]}: {done.stderr.decode()[-500:]}")
    return done.stdout
