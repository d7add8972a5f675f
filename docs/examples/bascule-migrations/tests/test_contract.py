"""What every plugin must keep; each example of rulepack/*.yml is a case."""

from __future__ import annotations

from bascule.testing.contract import PluginContract


class TestContract(PluginContract):
    plugin = "migrations"
