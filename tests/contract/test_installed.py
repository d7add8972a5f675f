"""The contract, over every installed plugin."""

from importlib.metadata import entry_points

import pytest

from bascule.testing.contract import PluginContract

pytestmark = pytest.mark.cold  # answers must not depend on the seed of hashes

INSTALLED = sorted(point.name for point in entry_points(group="bascule"))

for _name in INSTALLED:
    globals()[f"Test_{_name}"] = type(f"Test_{_name}", (PluginContract,), {"plugin": _name})


def test_the_six_that_are_built_here_are_installed() -> None:
    assert {"allowlist", "deps", "helm", "observability", "release", "terraform"} <= set(INSTALLED)
