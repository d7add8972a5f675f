"""Real tools for all tests: those of ``make tools`` come first on PATH; ``@pytest.mark.tool("helm")`` asks for one."""

from __future__ import annotations

import os

import pytest
from tests.support import toolchain

os.environ["PATH"] = os.pathsep.join([str(toolchain.BIN), os.environ.get("PATH", os.defpath)])


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test by name where a tool that it needs is missing; in CI that is a failure."""
    absent = toolchain.missing(tuple(str(name) for mark in item.iter_markers("tool") for name in mark.args))
    if not absent:
        return
    if os.environ.get("CI", "").lower() in {"", "0", "false"}:
        pytest.skip("; ".join(absent))
    pytest.fail("; ".join(absent), pytrace=False)


LONG = ("tests/demo/", "tests/e2e/test_watch.py", "tests/third_party/")
"""What waits for real time, or for environments to be made: begun first, so that nobody waits for it in the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that take longest before the others; the order is otherwise as it was."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
