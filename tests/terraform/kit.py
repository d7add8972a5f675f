"""Plans: real ones by the real terraform, and hand-shaped ones for what `terraform_data` cannot do."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any


def terraform(folder: Path, *args: str) -> str:
    """Run the real terraform and return what it printed."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("TF_")}
    env |= {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    done = subprocess.run(["terraform", *args], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def real_plan(folder: Path, applied: str | None, wanted: str) -> str:
    """Return the JSON of the plan from ``applied`` (None: nothing) to ``wanted``."""
    folder.mkdir(parents=True)
    if applied is not None:
        (folder / "main.tf").write_text(applied)
        terraform(folder, "init", "-input=false")
        terraform(folder, "apply", "-input=false", "-auto-approve")
    (folder / "main.tf").write_text(wanted)
    terraform(folder, "init", "-input=false")
    terraform(folder, "plan", "-input=false", "-lock=false", "-out=plan.bin")
    return terraform(folder, "show", "-json", "plan.bin")


def resource(address: str, actions: list[str], **fields: Any) -> dict[str, Any]:
    """Return one entry of ``resource_changes``; ``change`` overrides fields of the change itself."""
    change = {"actions": actions, "before": {}, "after": {}, **fields.pop("change", {})}
    return {"address": address, "mode": "managed", "type": "box", "provider_name": "p", "change": change, **fields}


def plan(*changes: dict[str, Any], **fields: Any) -> str:
    """Return a plan's JSON with these resource changes."""
    whole = {"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": list(changes), **fields}
    return json.dumps(whole)
