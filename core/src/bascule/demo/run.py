"""Play the acts, show them as they happen, and end with what GitHub itself says of protection."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from attrs import frozen
from rich.console import Console
from rich.table import Table

from bascule import wire
from bascule.demo.acts import WINDOW_ACTS, Act, Outcome
from bascule.demo.scenario_acts import acts
from bascule.demo.stage import ORG_REPO, OWN_REPO, SHOP, Stage
from bascule.demo.watch_act import act
from bascule.errors import ExitCode

ACTS: tuple[Act, ...] = (*WINDOW_ACTS, *acts(), act())


@frozen(kw_only=True)
class Played:
    """An act, what came of it, and whether protection is byte for byte what it was before the act."""

    act: Act
    outcome: Outcome
    identical: bool
    seconds: float

    @property
    def good(self) -> bool:
        """Return whether all is as it must be."""
        return self.outcome.good and self.identical and (self.skipped or self.outcome.got == self.act.expected)

    @property
    def skipped(self) -> bool:
        """Return whether it could not be played here, for want of a tool."""
        return self.outcome.got == "skipped"


def play(*, as_json: bool, only: tuple[int, ...] = ()) -> int:
    """Run the demonstration and return its exit code: 0 as promised, 1 not, 4 protection differs at the end.

    ``only`` are numbers of acts, from 1, where not all are to be played; acts that go back to earlier ones need them.
    """
    chosen = [(number, act) for number, act in enumerate(ACTS, 1) if not only or number in only]
    console = _console(as_json)
    started = time.monotonic()
    played: list[Played] = []
    with Stage() as stage:
        console.print(
            f"[bold]Bascule demo[/]  a GitHub runs at {stage.sim.url}, over real git; nothing leaves this machine"
        )
        console.print("[dim]Setting up three repositories with protected branches and rulepacks ...[/]")
        stage.build()
        before = {repo: stage.protection(repo) for repo in (ORG_REPO, OWN_REPO, SHOP)}
        stage.sweep_in_background(ORG_REPO)
        stage.wait_for(lambda: any("/git/refs" in c["path"] and c["method"] == "POST" for c in stage.requests()))
        console.print(f"[dim]A sweeper watches: bascule-restore --expired --loop 2s -R {ORG_REPO}[/]\n")
        for number, act in chosen:
            played.append(_one(stage, console, number, act))
            if not played[-1].identical:
                console.print("[red]Protection is not what it was. The show stops here.[/]\n")
                break
        after = {repo: stage.protection(repo) for repo in before}
        audit = stage.run("audit", "--verify", "-R", ORG_REPO)
        _ending(console, played, before, after, audit.out or audit.err, time.monotonic() - started, acts=len(chosen))
    same = before == after
    if as_json:
        print(json.dumps(_document(played, same=same, acts=len(chosen)), indent=2))
    if not same:
        return ExitCode.NOT_RESTORED
    return ExitCode.DONE if _all_good(played, len(chosen)) and audit.code == 0 else ExitCode.BLOCKED


def _all_good(played: list[Played], acts: int) -> bool:
    return len(played) == acts and all(p.good for p in played)


def _console(as_json: bool) -> Console:
    """A console that is wide enough for the tables where nobody's terminal says otherwise (pipes, CI)."""
    console = Console(stderr=as_json, highlight=False)
    return console if console.is_terminal else Console(stderr=as_json, highlight=False, width=132)


def _one(stage: Stage, console: Console, number: int, act: Act) -> Played:
    console.print(f"[bold]{number}  {act.title}[/]")
    before = stage.protection(act.repo)
    start = time.monotonic()

    def say(text: str) -> None:
        console.print(f"   [dim]{text}[/]")

    outcome = act.play(stage, say)
    identical = stage.protection(act.repo) == before
    made = Played(act=act, outcome=outcome, identical=identical, seconds=time.monotonic() - start)
    console.print(f"   {_mark(made)} {outcome.got}: {outcome.why}", markup=True)
    for line in outcome.evidence:
        console.print(f"   [dim]evidence: {line}[/]")
    if outcome.steps:
        console.print(f"   [dim]GitHub saw: {' · '.join(outcome.steps)}[/]")
    console.print()
    return made


def _ending(
    console: Console, played: list[Played], before: dict[str, Any], after: dict[str, Any], audit: str, seconds: float,
    *, acts: int,
) -> None:  # fmt: skip
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("", "act", "expected", "got", "open for", "protection", "took"):
        table.add_column(name, justify="right" if name in {"open for", "took"} else "left", no_wrap=name != "act")
    for n, p in enumerate(played, 1):
        exposure = p.outcome.exposure
        table.add_row(
            _mark(p),
            f"{n} {p.act.title}",
            p.act.expected,
            p.outcome.got,
            "–" if exposure is None else f"{exposure * 1000:.0f} ms",
            "identical" if p.identical else "[red]DIFFERS[/]",
            f"{p.seconds:.1f} s",
        )
    console.print(table)
    console.print("\n[bold]Protection of main, as an administrator reads it[/]")
    for repo, shown in before.items():
        same = after[repo] == shown
        word = "[green]identical[/]" if same else "[red]DIFFERENT[/]"
        console.print(f"  {repo:<18} before sha256:{_digest(shown)}  after sha256:{_digest(after[repo])}  {word}")
        for line in [] if same else _difference(shown, after[repo]):
            console.print(f"    [red]{line}[/]")
    console.print(f"\n[bold]Journal[/]  [dim]bascule audit --verify -R {ORG_REPO}[/]")
    console.print(audit.rstrip(), markup=False, soft_wrap=True)
    good = _all_good(played, acts)
    verdict = "[green]As promised[/]" if good and before == after else "[red]NOT as promised[/]"
    skipped = sum(p.skipped for p in played)
    told = f"{sum(p.good for p in played) - skipped} of {acts} acts" + (f", {skipped} skipped" if skipped else "")
    console.print(f"\n{verdict}: {told}, in {seconds:.0f} s.")
    if good:
        console.print("[dim]Next: bascule replay .   what Bascule would have done with your own repository[/]")
    sys.stdout.flush()


def _mark(played: Played) -> str:
    if played.skipped:
        return "[yellow]–[/]"
    return "[green]✓[/]" if played.good else "[red]✗[/]"


def _digest(shown: Any) -> str:
    return wire.sha256(shown)[:12]


def _difference(before: Any, after: Any, at: str = "") -> list[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        keys = sorted({*before, *after})
        return [line for k in keys for line in _difference(before.get(k), after.get(k), f"{at}.{k}".lstrip("."))]
    return [] if before == after else [f"{at}: {before!r} → {after!r}"]


def _document(played: list[Played], *, same: bool, acts: int) -> dict[str, Any]:
    rows = [
        {
            "act": p.act.title,
            "expected": p.act.expected,
            "got": p.outcome.got,
            "why": p.outcome.why,
            "good": p.good,
            "protection_identical": p.identical,
            "exposure_seconds": p.outcome.exposure,
            "evidence": list(p.outcome.evidence),
            "github_saw": list(p.outcome.steps),
        }
        for p in played
    ]
    return {
        "schema_version": 1,
        "good": _all_good(played, acts) and same,
        "protection_identical": same,
        "acts": rows,
    }
