"""Real tools for all tests: those of ``make tools`` come first on PATH; ``@pytest.mark.tool("helm")`` asks for one."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from tests.support import nurseries, toolchain, warm

if TYPE_CHECKING:
    from tests.e2e.kit import World

os.environ["PATH"] = os.pathsep.join([str(toolchain.BIN), os.environ.get("PATH", os.defpath)])


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test by name where a tool that it needs is missing; in CI that is a failure. Start its hosts as marked."""
    nurseries.cold = nurseries.COLD or item.get_closest_marker("cold") is not None
    absent = toolchain.missing(tuple(str(name) for mark in item.iter_markers("tool") for name in mark.args))
    if not absent:
        return
    if os.environ.get("CI", "").lower() in {"", "0", "false"}:
        pytest.skip("; ".join(absent))
    pytest.fail("; ".join(absent), pytrace=False)


def pytest_configure() -> None:
    """Take signals that a shell ignores for what it starts in the background: tests send them to themselves."""
    nurseries.install()
    warm.install()
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)


def pytest_unconfigure() -> None:
    """End what hosts were forked from."""
    nurseries.stop()


@pytest.fixture(scope="session")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One simulator for each test process; each test makes a repository of its own on it."""
    from tests.e2e.kit import World  # a plugin's own tests run without what it needs

    with World.started(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    """The simulator without faults, before the test and after it."""
    shared_world.quiet()
    yield shared_world
    shared_world.quiet()


def pytest_collection_finish() -> None:
    """Take all test modules out of what the garbage collector goes through again and again."""
    gc.collect()
    gc.freeze()


LONG = ("tests/demo/", "tests/e2e/test_watch.py", "tests/third_party/")
"""What waits for real time, or for environments to be made: begun first, so that nobody waits for it in the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that take longest before the others; the order is otherwise as it was."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
