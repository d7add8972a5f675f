"""The page about exit codes against the codes themselves, and one run of the command line for each of them."""

from __future__ import annotations

import re
from pathlib import Path

from tests.e2e.kit import World, pack

from bascule.errors import ExitCode

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "exit-codes.md"


def test_the_page_names_every_code_and_no_other() -> None:
    rows = re.findall(r"^\| (\d) \| ([a-z ]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {(int(code), name) for code, name in rows} == {
        (int(code), code.name.lower().replace("_", " ")) for code in ExitCode
    }


def test_each_code_is_met_and_exit_zero_silences_two_of_them(world: World) -> None:
    repo = world.repo()
    number = repo.pull(labels=())
    repo.reviews()
    met = {repo.merge(number).code}
    assert met == {1}
    assert repo.merge(number, "--exit-zero").code == 0

    nobody = repo.env(BASCULE_OBSERVER_TOKEN=None, BASCULE_MERGER_TOKEN=None, BASCULE_KEEPER_TOKEN=None)
    met.add(repo.merge(number, "--exit-zero", env=nobody).code)
    assert met == {1, 2}

    world.sim.control("faults", {"action": "fail", "operation": "Snapshot", "status": 403, "body": {"message": "no"}})
    met.add(repo.merge(number, "--exit-zero").code)
    assert met == {1, 2, 3}

    repo.label(number, "change:safe", "auto-relax-merge")
    back = {
        "action": "rate_limit",
        "retry_after": 3600,
        "method": "PATCH",
        "path": "/protection/",
        "nth": 2,
        "times": 0,
    }
    world.sim.control("faults", back)
    met.add(repo.merge(number, "--exit-zero").code)
    assert met == {1, 2, 3, 4}

    waiting = world.repo(rulepack=pack(relax=""))
    number = waiting.pull()
    waiting.reviews()
    met.add(waiting.merge(number).code)
    assert waiting.merge(number, "--exit-zero").code == 0
    assert met | {0} == {int(code) for code in ExitCode}
