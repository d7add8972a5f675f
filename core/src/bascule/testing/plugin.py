"""The pytest plugin ``bascule`` (``pytest11``): fixtures for tests of plugins and rulepacks.

pytest imports this module at every start of every project that has Bascule installed, before coverage is measured. So
it imports pytest and nothing else; each fixture brings what it needs when a test asks for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from bascule.clock import ManualClock
    from bascule.simulator.process import SimulatorProcess
    from bascule.testing.bench import Bench
    from bascule.testing.running import CommandOutcome

# Their asserts are a plugin's tests: a failure shows values. What is imported already stays as it is, without warning.
for _name in ("bascule.testing.bench", "bascule.testing.contract"):
    if _name not in sys.modules:
        pytest.register_assert_rewrite(_name)


@pytest.fixture
def bench(tmp_path: Path) -> Callable[..., Bench]:
    """Return ``bench(NAME, tools=None)``: a :class:`bascule.testing.Bench` for the installed plugin, below tmp_path."""
    made = 0

    def make(name: str, tools: Mapping[str, str] | None = None) -> Bench:
        nonlocal made
        from bascule.testing.bench import Bench

        made += 1
        folder = tmp_path / f"bench-{made}"
        folder.mkdir()
        return Bench(name, folder, tools)

    return make


@pytest.fixture
def bascule_run(tmp_path: Path) -> Callable[..., CommandOutcome]:
    """Return ``bascule_run(*ARGS, cwd=None, env=None)``: run the command line to its end, without this run's tokens.

    It runs in tmp_path unless ``cwd`` says otherwise, as :func:`bascule.testing.running.run` documents.
    """

    def call(*args: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> CommandOutcome:
        from bascule.testing.running import run

        return run(*args, cwd=cwd or tmp_path, home=tmp_path, env=env)

    return call


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that moves only when it is told to; it starts at :data:`bascule.testing.NOW`."""
    from bascule.clock import ManualClock

    return ManualClock()


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[SimulatorProcess]:
    """Yield a GitHub on loopback, below tmp_path, with the account ``octo-dev`` whose token is ``sim-octo-dev``.

    It needs the extra ``sim``; a test that asks for it without that fails, and says what to install.
    """
    from importlib.util import find_spec

    # The simulator runs in a process of its own; without the extra it would only say so in its log.
    if missing := [name for name in ("graphql", "starlette", "uvicorn") if find_spec(name) is None]:
        pytest.fail(f"the fixture `simulator` needs {missing[0]}: pip install 'bascule[sim]'", pytrace=False)
    from bascule.simulator.process import SimulatorProcess

    with SimulatorProcess(tmp_path / "simulator", ["octo-dev:sim-octo-dev:admin"]) as running:
        yield running
