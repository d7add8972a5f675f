"""What differs between two configurations, told by names and keys only: most values may be credentials."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from bascule_observability.findings import Finding
from bascule_observability.prometheus.promql import duration

KINDS: Mapping[str, str] = {
    "unread": "a file that cannot be read",
    "check": "what amtool refuses",
    "receiver-removed": "a receiver goes",
    "receiver-emptied": "a receiver tells fewer places",
    "receiver-changed": "a receiver tells other places, or in another way",
    "default-receiver": "what no route matches goes elsewhere",
    "routing": "alerts no longer reach a receiver that they reached",
    "route-removed": "a route goes",
    "inhibition": "alerts may be silenced by others",
    "mute": "alerts are muted at times, or at other times",
    "timing": "notifications come later or less often",
    "grouping": "alerts are grouped otherwise, so that one notification may hide more",
    "global": "a setting for all receivers changes",
    "templates": "other notification templates",
}
_TIMES = {"group_wait": 30.0, "group_interval": 300.0, "repeat_interval": 4 * 3600.0}
"""What Alertmanager takes where no route says anything, in seconds."""
_MUTES = ("mute_time_intervals", "active_time_intervals")


@frozen(kw_only=True)
class Route:
    """One route with what it takes from its parents. ``own`` are its own matchers as sorted text."""

    path: tuple[str, ...]
    matchers: tuple[str, ...]
    settings: Mapping[str, Any]

    @property
    def shown(self) -> str:
        """Return it in words."""
        return "the root route" if len(self.path) == 1 else f"route {' > '.join(self.path[1:])}"


def routes(config: Mapping[str, Any]) -> Iterator[Route]:
    """Yield the root route and all below it; more than 200 levels are not followed."""
    yield from _below(_dict(config.get("route")), (), (), {}, 0)


def _below(
    raw: Mapping[str, Any], path: tuple[str, ...], above: tuple[str, ...], taken: Mapping[str, Any], deep: int
) -> Iterator[Route]:
    own = tuple(matchers(raw))
    here = (*path, "{" + ", ".join(sorted(own)) + "}")
    kept = {k: v for k, v in taken.items() if k not in _MUTES}
    settings = {**kept, **{k: v for k, v in raw.items() if k not in {"routes", "match", "match_re", "matchers"}}}
    yield Route(path=here, matchers=(*above, *own), settings=settings)
    if deep < 200:
        for child in _dicts(raw.get("routes")):
            yield from _below(child, here, (*above, *own), settings, deep + 1)


def matchers(raw: Mapping[str, Any]) -> Iterator[str]:
    """Yield the matchers of a route or an inhibition as text: ``severity="critical"``."""
    for key, op in (("match", "="), ("match_re", "=~")):
        for name, value in _dict(raw.get(key)).items():
            yield f"{name}{op}{json.dumps(str(value), ensure_ascii=False)}"
    listed = raw.get("matchers")
    for one in listed if isinstance(listed, list) else ():
        yield str(one).strip()


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def compare(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what the new configuration loses or sends elsewhere, as far as the files tell by themselves."""

    def finding(what: str, words: str) -> Finding:
        return Finding(what=what, path=path, found=f"{path}: {words}")

    yield from (finding(what, words) for what, words in _receivers(old, new))
    default = [_dict(c.get("route")).get("receiver") for c in (old, new)]
    if default[0] != default[1]:
        yield finding("default-receiver", f"the default receiver {default[0]} became {default[1]}")
    yield from (finding(what, words) for what, words in _routes(old, new))
    silencing = _counted(new.get("inhibit_rules")) - _counted(old.get("inhibit_rules"))
    if silencing:
        yield finding("inhibition", f"{sum(silencing.values())} inhibitions are new or changed")
    intervals = [{str(i.get("name")): i for k in ("time_intervals", "mute_time_intervals") for i in _dicts(c.get(k))}
                 for c in (old, new)]  # fmt: skip
    for name in sorted(set(intervals[0]) & set(intervals[1])):
        if intervals[0][name] != intervals[1][name]:
            yield finding("mute", f"the time interval {name} changed")
    for key, what in (("global", "global"), ("templates", "templates")):
        was, now = old.get(key), new.get(key)
        if was != now:
            names = sorted(k for k in {*_dict(was), *_dict(now)} if _dict(was).get(k) != _dict(now).get(k))
            yield finding(what, f"{key}{': ' if names else ''}{', '.join(map(str, names))} changed")


def _counted(value: object) -> Counter[str]:
    return Counter(json.dumps(v, sort_keys=True, default=str) for v in _dicts(value))


def _receivers(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    sides = [{str(r.get("name")): r for r in _dicts(c.get("receivers"))} for c in (old, new)]
    for name, was in sides[0].items():
        now = sides[1].get(name)
        if now is None:
            yield "receiver-removed", f"receiver {name} is gone"
            continue
        before, after = (_told(r) for r in (was, now))
        fewer = sorted(k for k in before if len(after.get(k, ())) < len(before[k]))
        if fewer:
            yield "receiver-emptied", f"receiver {name} has fewer {', '.join(fewer)}"
        other = sorted(k for k in {*before, *after} - {*fewer} if before.get(k) != after.get(k))
        if other:
            yield "receiver-changed", f"receiver {name}: {', '.join(other)} changed"


def _told(receiver: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {str(k): v for k, v in receiver.items() if isinstance(v, list) and v}


def _routes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    before, after = ({r.path[1:]: r for r in routes(c)} for c in (old, new))
    for key, was in before.items():
        now = after.get(key)
        if now is None:
            yield "route-removed", f"{was.shown} is gone"
            continue
        for name, default in _TIMES.items():
            lengths = [duration(r.settings.get(name, f"{default:.0f}s")) for r in (was, now)]
            if lengths[0] is not None and lengths[1] is not None and lengths[1] > lengths[0]:
                yield "timing", f"{now.shown}: {name} {lengths[0]:g} s became {lengths[1]:g} s"
        if was.settings.get("group_by") != now.settings.get("group_by"):
            yield "grouping", f"{now.shown}: group_by changed"
        for name in _MUTES:
            if was.settings.get(name) != now.settings.get(name):
                yield "mute", f"{now.shown}: {name} changed"
    for key in after:
        if key not in before and any(after[key].settings.get(name) for name in _MUTES):
            yield "mute", f"{after[key].shown}, which is new, has time intervals"
