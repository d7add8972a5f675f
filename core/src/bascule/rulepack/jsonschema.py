"""JSON Schemas that ``bascule rulepack schema`` prints."""

from __future__ import annotations

from typing import Any

from bascule.config.jsonschema import schema_of
from bascule.config.settings import Settings
from bascule.rulepack.schema import PackShape


def rulepack_schema() -> dict[str, Any]:
    """Return the JSON Schema of a rulepack."""
    return schema_of(PackShape, title="Bascule rulepack")


def settings_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``.github/bascule.yml``."""
    return schema_of(Settings, title="Bascule settings")
