"""Repositories as they are before a release, and the bench that a rule is tried on."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bascule.testing import Bench, Outcome

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
PAST = (("chore: release 1.2.0", "v1.2.0"),)
LOG = "# Changelog\n\n## [Unreleased]\n- A thing\n\n## [1.2.0] - 2025-11-03\n- The beginning\n"


def pyproject(version: str = "1.2.0", more: str = "") -> str:
    return f'[project]\nname = "shop"\nversion = "{version}"\n{more}'


def package(version: str, **more: Any) -> str:
    return json.dumps({"name": "shop", "version": version, **more}, indent=2) + "\n"


def log(version: str, dated: str = " - 2026-01-05", entries: str = "- A thing\n") -> str:
    return LOG.replace("- A thing\n", f"\n## [{version}]{dated}\n{entries}")


def tried(
    tmp_path: Path,
    rule: dict[str, Any],
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    public: bool = False,
    **more: Any,
) -> Outcome:
    """Return what one rule says of a change made on a Monday in 2026."""
    bench = Bench("release", tmp_path, public_services=public)
    return bench.run(before, after, [rule], **{"read_at": NOW, **more})


def moved(tmp_path: Path, rule: dict[str, Any], old: str, new: str, **more: Any) -> Outcome:
    """Return what one rule says of a pyproject.toml whose version moves, and nothing else."""
    return tried(tmp_path, rule, {"pyproject.toml": pyproject(old)}, {"pyproject.toml": pyproject(new)}, **more)
