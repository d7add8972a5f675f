"""Rule files in short, and one question to one rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bascule.testing import Bench
from bascule.testing.bench import Outcome


def alert(expr: str = "up == 0", name: str = "Down", **fields: Any) -> dict[str, Any]:
    """Return an alert of severity critical that holds for five minutes; ``hold`` is its ``for``."""
    made = {"alert": name, "expr": expr, "for": fields.pop("hold", "5m"), "labels": {"severity": "critical"}, **fields}
    return {k: v for k, v in made.items() if v is not None}


def record(name: str, expr: str, **fields: Any) -> dict[str, Any]:
    """Return a recording."""
    return {"record": name, "expr": expr, **fields}


def rules(*items: dict[str, Any], group: str = "g", **fields: Any) -> str:
    """Return a rule file of one group."""
    return yaml.safe_dump({"groups": [{"name": group, "rules": list(items), **fields}]}, sort_keys=False)


def judge(folder: Path, use: str, before: dict[str, str], after: dict[str, str | None], **params: Any) -> Outcome:
    """Return what the rule ``use`` says of a change; its checks are called ``r``."""
    bench = Bench("observability", folder)
    return bench.run(before, after, rules=[{"id": "r", "use": f"observability/{use}", **params}])
