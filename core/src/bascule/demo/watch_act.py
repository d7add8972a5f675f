"""The last act: a change that breaks a service is seen by its metrics, undone by machine, and the service recovers."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from attrs import evolve

from bascule.demo.acts import Act, Outcome, Say
from bascule.demo.prometheus import samples, scraping
from bascule.demo.recording import recorded, replaying
from bascule.demo.service import BAD, CALL, FILE, METRIC, Deployer, Service
from bascule.demo.stage import SHOP, Stage
from bascule.messages import demo as texts

SCRAPES = 8
"""Scrapes of the time before; an hour of them would be better, and nobody would wait for it."""


def act() -> Act:
    """Return the act."""
    return Act(title="a change that breaks the service", expected="rolled back", repo=SHOP, play=broken)


def broken(stage: Stage, say: Say) -> Outcome:
    """A green change makes every third request fail; its watch sees it, and undoes it."""
    program = os.environ.get("BASCULE_TOOL_PROMETHEUS") or shutil.which("prometheus")
    running = stage.root / "running.json"
    with Deployer(caller(stage), FILE, running) as deployer:
        if program is None:
            recording = recorded()
            note = texts.replayed(recording.recorded_at, recording.prometheus)
            say(note)
            with replaying(recording, lambda: deployer.times[1:]) as address:
                outcome = played(stage, say, address, deployer)
            return evolve(outcome, evidence=(note, *outcome.evidence))
        with (
            Service(running) as service,
            scraping(program, stage.root / "prometheus", service.address) as (address, _),
        ):
            say(f"a service runs from {SHOP}, deployed from main; Prometheus scrapes it every second")
            stage.wait_for(lambda: samples(address, f'count_over_time({METRIC}{{code="200"}}[1m])') >= SCRAPES)
            return played(stage, say, address, deployer)


def caller(stage: Stage) -> CALL:
    """Return what whoever deploys sends requests with, on GitHub's clock as it really is.

    An act before this one moved the clock; the service's metrics are of the real time.
    """
    stage.sim.control("clock", {"advance": -float(stage.sim.control("clock")["offset"])})

    def call(method: str, path: str, body: Any = None) -> Any:
        return stage.call(method, f"/repos/{SHOP}{path}", body, who="octo-dev")

    return call


def played(stage: Stage, say: Say, address: str, deployer: Deployer) -> Outcome:
    """Merge the change and watch it on the metrics at ``address``; look at GitHub for what became of it."""
    before = _tree(stage)
    number = stage.pull(SHOP, "A faster checkout", {FILE: BAD}, branch="faster-checkout")
    say(f"bascule merge {number} -R {SHOP} --attended")
    merged = stage.run("merge", str(number), "-R", SHOP, "--attended", "--json")
    if merged.document.get("status") != "merged":
        return Outcome(good=False, got=str(merged.document.get("status")), why=str(merged.document.get("summary")))
    pictures = Path(tempfile.mkdtemp(prefix="bascule-demo-"))  # it outlives the show
    words = ("watch", str(number), "-R", SHOP, "--attended", "--block", "2", "--calm", "10s")
    say(f"bascule {' '.join(words)}")
    since = time.monotonic()
    process = stage.start(*words, "--json", "--pictures", str(pictures), more={"BASCULE_SERVICE_PROMETHEUS": address})
    ran = stage.finish(process)
    found = ran.document
    rollback = found.get("rollback") or {}
    why = ""
    if ran.code != 0 or found.get("answer") != "violation":
        why = f"exit {ran.code}, {found.get('summary') or ran.err[-300:]}"
    elif not found.get("recovered"):
        why = "the service did not recover"
    elif _tree(stage) != before:
        why = "the branch does not have the tree that it had"
    elif deployer.deployed[-1] != rollback["merge"]["sha"]:
        why = "the rollback is not what runs"
    rows = found.get("objectives", [])
    told = [f"{r['objective']}: {r['reason']}" for r in rows] + [f"picture: {p}" for p in found.get("pictures", [])]
    return Outcome(
        good=not why,
        got="rolled back" if rollback.get("status") == "merged" else str(found.get("answer")),
        why=why or f"{found['summary']} {time.monotonic() - since:.0f} s from the watch's start to the recovery",
        exposure=(rollback.get("window") or {}).get("exposure_seconds"),
        evidence=tuple(told),
    )


def _tree(stage: Stage) -> str:
    sha = stage.call("GET", f"/repos/{SHOP}/git/ref/heads/main")["object"]["sha"]
    return str(stage.call("GET", f"/repos/{SHOP}/git/commits/{sha}")["tree"]["sha"])
