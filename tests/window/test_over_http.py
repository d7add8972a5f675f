"""The same window over real HTTP against the simulator: what the ports promise is what GitHub's API gives."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.window.fake import Killed
from tests.window.kit import KEYS, WINDOW_KEY, admins, count

from bascule.clock import ManualClock
from bascule.forge import Secret, Tokens, connect, resolve
from bascule.forge.github import Spacing
from bascule.forge.identity import Identity
from bascule.forge.retrying import RetryPolicy
from bascule.simulator.process import SimulatorProcess
from bascule.types import MergePlan, Plan, Relaxation, Way
from bascule.window import restore_main
from bascule.window.access import Access
from bascule.window.journal import Journal
from bascule.window.merging import Gated
from bascule.window.order import Order, Passage
from bascule.window.stepwise import StepwiseWindow
from bascule.window.sweeper import Sweeper

TOKEN, OTHER = "tok-admin-hunter2", "tok-dev-hunter2"


@pytest.fixture(scope="module")
def sim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    made = SimulatorProcess(tmp_path_factory.mktemp("sim"), [f"octo-admin:{TOKEN}:admin", f"octo-dev:{OTHER}"]).start()
    try:
        yield made
    finally:
        made.stop()


Make = Callable[[str, Path], "Hub"]


@pytest.fixture
def make(sim: SimulatorProcess) -> Iterator[Make]:
    made: list[Hub] = []

    def new(name: str, folder: Path) -> Hub:
        made.append(Hub(sim, name, folder))
        return made[-1]

    yield new
    for hub in made:
        for process in hub.processes:
            process.connection.close()


class ServerClock(ManualClock):
    """Sleeping and advancing moves the simulator's clock too, so that ``Date`` and deadline agree."""

    def __init__(self, hub: Hub) -> None:
        super().__init__()
        self.hub = hub

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        self.hub.call("POST", "/_sim/clock", {"advance": seconds})


class Hub:
    """One repository with a protected main and a pull request that lacks its reviews."""

    def __init__(self, sim: SimulatorProcess, name: str, folder: Path) -> None:
        self.url, self.folder, self.name = sim.url, folder, f"octo-admin/{name}"
        self.clock = ServerClock(self)
        self.processes: list[Process] = []
        self.call("POST", "/user/repos", {"name": name, "auto_init": True})
        self.base = self.repo("GET", "/git/ref/heads/main")["object"]["sha"]
        self.repo("POST", "/git/refs", {"ref": "refs/heads/topic", "sha": self.base})
        text = base64.b64encode(b"text\n").decode()
        self.repo("PUT", "/contents/docs/a.md", {"message": "docs", "content": text, "branch": "topic"})
        self.number = self.repo("POST", "/pulls", {"title": "Docs", "head": "topic", "base": "main"})["number"]
        self.repo(
            "PUT",
            "/branches/main/protection",
            {
                "required_status_checks": None,
                "enforce_admins": True,
                "required_pull_request_reviews": {
                    "dismiss_stale_reviews": True,
                    "required_approving_review_count": 2,
                },
                "restrictions": None,
                "required_linear_history": True,
            },
        )
        self.before = self.protection()

    def call(self, method: str, path: str, body: Any = None, token: str = TOKEN) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as reply:
            text = reply.read()
        return json.loads(text) if text else None

    def repo(self, method: str, path: str, body: Any = None, token: str = TOKEN) -> Any:
        return self.call(method, f"/repos/{self.name}{path}", body, token)

    def protection(self) -> Any:
        return self.repo("GET", "/branches/main/protection")

    def merged(self) -> bool:
        return bool(self.repo("GET", f"/pulls/{self.number}")["merged"])


class Process:
    """One process: its ports count their calls and die at one of them."""

    def __init__(self, hub: Hub, *, dies_at: int | None = None, after: bool = False) -> None:
        self.hub, self.dies_at, self.after = hub, dies_at, after
        self.calls: list[str] = []
        self.dead = False
        secret = Secret(value=TOKEN, origin="GH_TOKEN")
        environ = {"BASCULE_API_URL": hub.url, "XDG_CACHE_HOME": str(hub.folder)}
        self.connection = connect(
            resolve(None, repo=hub.name, environ=environ, folder=hub.folder, pull=False),
            Tokens(observer=secret, merger=secret, keeper=secret, sweeper=secret),
            clock=hub.clock,
            environ=environ,
            spacing=Spacing(calls=0, writes=0),
            retry=RetryPolicy(jitter=0.0),
            administrator=Identity.SWEEPER,
        )
        hub.processes.append(self)
        self.connection.keeper.viewer()
        self.keeper, self.merger, self.store = (
            _Dying(p, self) for p in (self.connection.keeper, self.connection.merger, self.connection.journal)
        )

    def journal(self) -> Journal:
        number = self.connection.address.id
        assert number is not None
        return Journal(store=self.store, keys=KEYS, repository=number, clock=self.hub.clock)  # type: ignore[arg-type]

    def run(self, *relaxations: Relaxation, run: str = "r-1") -> Passage:
        hub = self.hub
        pull = self.connection.merger.pull(hub.number)
        plan = Plan(
            change_number=hub.number,
            head_sha=pull.head_sha,
            base_sha=pull.base_sha,
            branch="main",
            merge=MergePlan(method="squash"),
            way=Way.STEPWISE,
            relaxations=relaxations,
        )
        gated = Gated(
            number=hub.number,
            head_sha=pull.head_sha,
            base_ref="main",
            base_sha=pull.base_sha,
            labels=pull.labels,
            review_decision=pull.review_decision,
            checks_state=pull.checks_state,
            fingerprint=pull.fingerprint,
        )
        window = StepwiseWindow(
            keeper=self.keeper,  # type: ignore[arg-type]
            merger=self.merger,  # type: ignore[arg-type]
            journal=self.journal(),
            clock=hub.clock,
            secrets=hub.folder / run,
            repository=hub.name,
            count=lambda: len(self.connection.calls),
        )
        return window.run(Order(run=run, plan=plan, gated=gated, actor="octo-admin", attended=True))


class _Dying:
    def __init__(self, port: Any, process: Process) -> None:
        self._port, self._process = port, process

    def __getattr__(self, name: str) -> Any:
        inner, process = getattr(self._port, name), self._process
        if name in {"quota", "server_time"}:
            return inner

        def call(*args: Any, **more: Any) -> Any:
            if process.dead:
                raise Killed
            number = len(process.calls)
            process.calls.append(more.get("purpose", name))
            if number == process.dies_at and not process.after:
                process.dead = True
                raise Killed
            answer = inner(*args, **more)
            if number == process.dies_at:
                process.dead = True
                raise Killed
            return answer

        return call


def test_a_clean_run(make: Make, tmp_path: Path) -> None:
    hub = make("clean", tmp_path)
    process = Process(hub)
    done = process.run(count())
    assert (done.reason, done.alarms) == ("merged", ())
    assert hub.protection() == hub.before
    assert hub.merged()
    assert done.window is not None
    # One call more for a first journal: the tip is asked for twice where there is none.
    assert done.window.calls <= 14
    message = hub.repo("GET", f"/git/commits/{done.sha}")["message"]
    assert message.endswith("Bascule-Run: r-1")

    hub.clock.advance(40)
    sweeper = Process(hub)
    swept = Sweeper(keeper=sweeper.keeper, journal=sweeper.journal(), clock=hub.clock).sweep()  # type: ignore[arg-type]
    assert any("is verified" in d for d in swept.did)


def test_killed_at_every_call(make: Make, tmp_path: Path) -> None:
    counted = Process(make("count", tmp_path / "count"))
    assert counted.run(admins(), count()).reason == "merged"
    loose = 0
    for number, name in enumerate(counted.calls):
        hub = make(f"kill-{number}", tmp_path / str(number))
        with pytest.raises(Killed):
            Process(hub, dies_at=number, after=True).run(admins(), count())
        open_ = hub.protection() != hub.before
        loose += open_
        hub.clock.advance(62)
        sweeper = Process(hub)
        swept = Sweeper(keeper=sweeper.keeper, journal=sweeper.journal(), clock=hub.clock).sweep()  # type: ignore[arg-type]
        assert swept.clean, name
        assert hub.protection() == hub.before, (number, name)
        print(f"{number:2} {name:12} {'loose' if open_ else '-':6} {'merged' if hub.merged() else '-'}")
    assert loose >= 4


def test_the_script_restores_over_http(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from contextlib import nullcontext

    hub = make("script", tmp_path)
    with pytest.raises(Killed):
        Process(hub, dies_at=6, after=True).run(count())
    assert hub.protection() != hub.before
    hub.clock.advance(62)
    process = Process(hub)
    number = process.connection.address.id
    assert number is not None
    access = Access(
        keeper=process.connection.keeper,
        store=process.connection.journal,
        keys=KEYS,
        repository=number,
        full_name=hub.name,
        unspaced=process.connection.unspaced,
    )
    code = restore_main.run(
        ["--expired"], environ={"HOME": str(tmp_path)}, clock=hub.clock, open_=lambda *_: nullcontext(access)
    )
    assert code == 0
    assert hub.protection() == hub.before
    assert "is verified" in capsys.readouterr().out


def test_script_and_audit_as_processes_of_their_own(make: Make, tmp_path: Path) -> None:
    hub = make("processes", tmp_path)
    with pytest.raises(Killed):
        Process(hub, dies_at=6, after=True).run(count())
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "BASCULE_API_URL": hub.url,
        "BASCULE_SWEEPER_TOKEN": TOKEN,
        "BASCULE_JOURNAL_KEY": WINDOW_KEY.to_text(),
    }

    def command(*args: str) -> subprocess.CompletedProcess[str]:
        program = Path(sys.executable).with_name(args[0])
        return subprocess.run(
            [program, *args[1:], "-R", hub.name], env=env, capture_output=True, text=True, check=False, timeout=60
        )

    early = command("bascule-restore", "--run", "r-1")
    assert (early.returncode, hub.protection() != hub.before) == (8, True), early.stderr
    seen = command("bascule", "audit", "--verify", "--json")
    assert seen.returncode == 0, seen.stderr
    assert json.loads(seen.stdout)["open"] is True

    forced = command("bascule", "restore", "--all", "--force", "--json")
    assert forced.returncode == 0, forced.stderr
    assert json.loads(forced.stdout)["restored"] is True
    assert hub.protection() == hub.before
    assert TOKEN not in forced.stdout + forced.stderr + seen.stdout + seen.stderr

    accepted = command("bascule", "baseline", "accept", "--branch", "main", "--reason", "meant")
    assert accepted.returncode == 0, accepted.stderr
    kinds = [e["kind"] for e in json.loads(command("bascule", "audit", "--json").stdout)["entries"]]
    assert kinds[0] == "baseline"
    assert {"open", "restored"} <= set(kinds)


def test_a_lost_reply_over_http(make: Make, tmp_path: Path) -> None:
    hub = make("lost", tmp_path)
    for method, path in (("PATCH", "reviews"), ("PUT", "/merge"), ("POST", "/git/refs")):
        hub.call("POST", "/_sim/faults", {"action": "lose", "method": method, "path": path, "status": 502})
    done = Process(hub).run(count())
    hub.call("DELETE", "/_sim/faults")
    assert (done.reason, done.proof) == ("merged", "trailer")
    assert hub.protection() == hub.before
