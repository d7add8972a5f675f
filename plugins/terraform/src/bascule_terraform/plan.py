"""A plan's JSON (``terraform show -json``, format 1.x), reduced to what rules judge, with every value left out.

No attribute's value is kept at all, sensitive or not: what is not there cannot leak. What stays is which address does
what, and at which paths it differs. Below a sensitive value not even the paths stay, since the keys of a map may tell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bascule.kit import RehearsalError, step_text
from bascule.types import Status

MOST_CHANGES = 5_000
"""Resources that do something in one plan; more are no change that anything but a person judges."""
MOST_PATHS = 200
"""Differing paths kept of one resource."""
ALL_PATHS = 20_000
"""Differing paths kept of one plan."""
LARGEST = 256 * 1024 * 1024
"""Bytes of a plan."""
_LISTED = 200
_SECRET = re.compile(
    r"pass(word|wd|phrase)|secret|token|private_?key|api_?key|access_?key|credential|connection_?string|client_?key",
    re.IGNORECASE,
)
_REPLACE = ({"create", "delete"}, {"create", "forget"})
_MISSING: Any = object()


def read(raw: bytes) -> dict[str, Any]:
    """Return the evidence made of a plan's JSON: ``resource_changes``, ``drift``, ``outputs``, ``counts`` and the rest.

    Raises:
        RehearsalError: it is no plan of a known format, or larger than can be judged.
    """
    if len(raw) > LARGEST:
        raise _refused(f"a plan of {len(raw):,} bytes", f"at most {LARGEST:,} bytes", "split the change")
    try:
        plan = json.loads(raw)
        if not isinstance(plan, dict):
            raise ValueError("it is not a mapping")
    except (ValueError, RecursionError) as error:
        # The parser's message may quote the plan: only its kind is told.
        raise _unreadable(type(error).__name__) from error
    version = plan.get("format_version")
    if not isinstance(version, str) or not re.fullmatch(r"1\.\d+", version):
        stated = version if isinstance(version, str) and re.fullmatch(r"[\d.]{1,20}", version) else "not stated"
        raise _refused(
            f"a plan whose format version is {stated}", "format version 1.x",
            "make it with `terraform show -json PLANFILE`; a newer format needs a newer bascule-terraform",
        )  # fmt: skip
    try:
        return _evidence(plan, version)
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _unreadable(type(error).__name__) from error


def _evidence(plan: Mapping[str, Any], version: str) -> dict[str, Any]:
    if not isinstance(plan.get("resource_changes", []), list) or not isinstance(plan.get("terraform_version"), str):
        raise TypeError("resource_changes or terraform_version")
    found, left = [], ALL_PATHS
    for item in plan.get("resource_changes", []):
        change = _change(item, left)
        if change is not None:
            left -= len(change["paths"])
            found.append(change)
            if len(found) > MOST_CHANGES:
                raise _refused(
                    f"a plan that does something to more than {MOST_CHANGES:,} resources",
                    f"at most {MOST_CHANGES:,}", "split the change, or let a person judge it",
                )  # fmt: skip
    drift = [d for item in plan.get("resource_drift") or [] if (d := _change(item, 0)) is not None]
    deferred = [
        {"address": str(d["resource_change"]["address"]), "reason": str(d.get("reason", ""))}
        for d in plan.get("deferred_changes") or []
    ]
    checks = [
        {"address": str(c["address"]["to_display"]), "status": str(c["status"])}
        for c in plan.get("checks") or [] if c["status"] in {"fail", "error"}
    ]  # fmt: skip
    outputs = [
        {"name": str(n), "actions": [str(a) for a in c["actions"]]}
        for n, c in sorted((plan.get("output_changes") or {}).items()) if c["actions"] != ["no-op"]
    ]  # fmt: skip
    counts = dict.fromkeys(("create", "update", "delete", "replace", "read", "forget", "move", "import"), 0)
    for change in found:
        for kind in change["kinds"]:
            counts[kind] = counts.get(kind, 0) + 1
    stated = {k: plan[k] for k in ("complete", "applyable", "errored") if isinstance(plan.get(k), bool)}
    return {
        "format_version": version,
        "terraform_version": str(plan["terraform_version"])[:40],
        "timestamp": str(plan.get("timestamp") or "")[:40],
        **stated,
        "resource_changes": found,
        "counts": counts,
        "managed": _managed(plan),
        "drift": [{"address": d["address"], "kinds": d["kinds"]} for d in drift[:_LISTED]],
        "drifted": len(drift),
        "deferred": deferred[:_LISTED],
        "deferred_count": len(deferred),
        "outputs": outputs[:2000],
        "failed_checks": checks[:_LISTED],
    }


def _change(item: Mapping[str, Any], room: int) -> dict[str, Any] | None:
    """Return one resource that does something; None where nothing happens to it."""
    change = item["change"]
    actions = [str(a) for a in change["actions"]]
    previous = item.get("previous_address")
    kinds = _kinds(actions)
    if previous and previous != item["address"]:
        kinds.append("move")
    if change.get("importing"):
        kinds.append("import")
    if not kinds:
        return None
    address = str(item["address"])
    paths: list[dict[str, Any]] = []
    more = False
    for path, state in _differences(change):
        if len(paths) >= min(MOST_PATHS, room):
            more = True
            break
        paths.append({"steps": list(path), "path": step_text(path), "state": state})
    return {
        "address": address,
        "module": str(item.get("module_address") or ""),
        "mode": str(item.get("mode", "managed")),
        "type": str(item["type"]),
        "provider": str(item.get("provider_name") or ""),
        "actions": actions,
        "kinds": kinds,
        "previous_address": str(previous) if previous else "",
        "deposed": bool(item.get("deposed")),
        "reason": str(item.get("action_reason") or "")[:80],
        "paths": paths,
        "more_paths": more,
    }


def _kinds(actions: list[str]) -> list[str]:
    """Return what the actions amount to; words that are not known stay, and no rule allows them."""
    if actions in (["no-op"], []):
        return []
    if len(actions) == 2 and set(actions) in _REPLACE:
        return ["replace"]
    return list(actions)


def _differences(change: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield each path that differs with ``changed``, ``unknown`` or ``sensitive``."""
    waiting: list[tuple[tuple[str | int, ...], Any, Any, Any, Any, Any]] = [
        ((), change.get("before"), change.get("after"), change.get("after_unknown") or False,
         change.get("before_sensitive") or False, change.get("after_sensitive") or False)
    ]  # fmt: skip
    while waiting:
        path, old, new, unknown, hid, hides = waiting.pop()
        if hid is True or hides is True or (path and isinstance(path[-1], str) and _SECRET.search(path[-1])):
            if unknown is True or unknown_below(unknown) or old != new or (hid is True) != (hides is True):
                yield path, "sensitive"
        elif unknown is True:
            yield path, "unknown"
        elif isinstance(_other(old, new), dict) and isinstance(_other(new, old), dict):
            old, new = old or {}, new or {}
            extra = unknown if isinstance(unknown, dict) else {}
            for key in sorted({*old, *new, *extra}, reverse=True):
                waiting.append((
                    (*path, key), _at(old, key), _at(new, key), extra.get(key, False), _mark(hid, key),
                    _mark(hides, key),
                ))  # fmt: skip
        elif isinstance(_other(old, new), list) and isinstance(_other(new, old), list):
            old, new = old or [], new or []
            extra_list = unknown if isinstance(unknown, list) else []
            for at in reversed(range(max(len(old), len(new), len(extra_list)))):
                waiting.append((
                    (*path, at), _nth(old, at), _nth(new, at), _nth(extra_list, at, False), _mark(hid, at),
                    _mark(hides, at),
                ))  # fmt: skip
        elif old != new or type(old) is not type(new) or unknown_below(unknown):
            # Something below may be sensitive where only one side is a structure; the path alone tells nothing of it.
            yield path, "changed"


def unknown_below(mark: Any) -> bool:
    """Return whether a mark of ``after_unknown`` has a true anywhere."""
    waiting = [mark]
    while waiting:
        item = waiting.pop()
        if item is True:
            return True
        waiting.extend(item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())
    return False


def _other(value: Any, beside: Any) -> Any:
    """Return ``value``, or an empty structure like ``beside`` where there is none."""
    if value is None or value is _MISSING:
        return {} if isinstance(beside, dict) else [] if isinstance(beside, list) else value
    return value


def _at(side: Any, key: str) -> Any:
    return side.get(key) if isinstance(side, dict) else None


def _nth(side: list[Any], at: int, default: Any = None) -> Any:
    return side[at] if at < len(side) else default


def _mark(mark: Any, step: str | int) -> Any:
    if isinstance(mark, dict):
        return mark.get(step, False)
    if isinstance(mark, list) and isinstance(step, int):
        return _nth(mark, step, False)
    return mark is True


def _managed(plan: Mapping[str, Any]) -> int:
    """Return how many managed resources there were before."""
    state = plan.get("prior_state") or {}
    waiting = [(state.get("values") or {}).get("root_module") or {}]
    count = 0
    while waiting:
        module = waiting.pop()
        count += sum(r.get("mode") == "managed" for r in module.get("resources") or [])
        waiting.extend(module.get("child_modules") or [])
    return count


def _unreadable(why: str) -> RehearsalError:
    return _refused(
        f"the plan cannot be read ({why})", "the JSON of one plan",
        "make it with `terraform show -json PLANFILE` and give nothing else in that file",
    )  # fmt: skip


def _refused(found: str, expected: str, fix: str) -> RehearsalError:
    return RehearsalError(found, expected=expected, fix=fix, status=Status.BLOCK)
