"""The two figures of the mission on rules that travel; here every cell has to hold."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.acceptance.transfer import Bridge, Cell, applications, transfers

from bascule.host.driver import Hosts
from bascule.host.settings import Limits


@pytest.fixture(scope="module")
def bridge() -> Iterator[Bridge]:
    with Hosts.discover(limits=Limits(gate=30)) as hosts:  # rules are tried here, not how fast a busy machine is
        yield Bridge(hosts)


def missed(cells: list[Cell]) -> list[str]:
    return [f"{c.scenario}: {c.rule}: {c.why}" for c in cells if not c.held]


def test_rules_hold_in_every_class(bridge: Bridge) -> None:
    cells = list(transfers(bridge))
    assert len(cells) >= 40 * len(bridge.scenarios)
    assert missed(cells) == []


def test_templates_hold_what_they_promise_in_a_pack_of_somebody_elses(bridge: Bridge) -> None:
    cells = list(applications(bridge))
    assert {c.scenario for c in cells} == set(bridge.scenarios)
    assert missed(cells) == []
