"""How often an alert would have fired: its expression over the past of a real Prometheus, and ``for`` on its grid."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from bascule.kit import RehearsalError
from bascule.types import Status
from bascule_observability.client import VARIABLE, ClientError
from bascule_observability.findings import short
from bascule_observability.prometheus import promql
from bascule_observability.prometheus.api import NotAnsweredError, PartialError, Prometheus, RefusedError, Span
from bascule_observability.prometheus.rulefile import Rule

SERIES = 500
"""Series of one expression at one time."""


@frozen(kw_only=True)
class Firing:
    """What an alert would have done. ``seconds`` is the time in which at least one of its series fires."""

    fires: int
    seconds: int
    longest: int
    series: int


class Past:
    """The past of a Prometheus, asked by a rehearsal.

    Args:
        address: where the Prometheus is.
        config: path of the file that says how it is asked, or empty.

    Raises:
        RehearsalError: the file cannot be used.
    """

    def __init__(self, address: str, config: str = "") -> None:
        try:
            self._api = Prometheus(address, config)
        except ClientError as error:
            raise RehearsalError(
                f"the file that says how Prometheus is asked cannot be used: {error}",
                expected="the form of Prometheus' own HTTP client configuration",
                fix=f"mend the file that {VARIABLE} names",
            ) from error

    def range(self, query: str, span: Span) -> Iterator[Mapping[str, Any]]:
        """Yield the series of ``query`` as ``{"metric": ..., "values": [[time, text], ...]}``, part by part.

        Raises:
            RehearsalError: it does not answer, or not with all it has (ERROR), or refuses the query (BLOCK).
        """
        try:
            yield from self._api.range(query, span)
        except RefusedError as error:
            raise _refused(query, error) from error
        except PartialError as error:
            raise RehearsalError(
                str(error), expected="an answer with all data", fix="see to the stores behind it, then run this again"
            ) from error
        except NotAnsweredError as error:
            raise RehearsalError(
                str(error), expected="an answer to a range query",
                fix="see that BASCULE_SERVICE_PROMETHEUS is a Prometheus that this machine reaches and may ask",
            ) from error  # fmt: skip

    def counted(self, query: str, span: Span) -> dict[int, int]:
        """Return how many series ``query`` has at each time (unix seconds) at which it has any."""
        return {int(t): int(float(v)) for one in self.range(f"count({query})", span) for t, v in one["values"]}


def _refused(query: str, error: RefusedError) -> RehearsalError:
    shown = f": {error.said}" if error.said else ""
    return RehearsalError(
        f"Prometheus answered {error.status} to `{short(query, 80)}`{shown}",
        expected="an answer to a range query",
        fix="mend the expression" if error.is_the_query else f"see that what the file of {VARIABLE} says may query",
        status=Status.BLOCK if error.is_the_query else Status.ERROR,
    )


def fired(series: Iterable[Mapping[str, Any]], span: Span, hold: float, keep: float) -> Firing:
    """Return what an alert does whose expression has these series.

    Prometheus's own way: pending from the first step with a value, firing once that is ``hold`` seconds ago, over at
    the first step without a value, or ``keep`` seconds after it. Parts of one series are put together first.
    """
    times: dict[str, set[int]] = {}
    for one in series:
        key = json.dumps(one["metric"], sort_keys=True)
        times.setdefault(key, set()).update(int(t) for t, _ in one["values"])
    grid = range(int(span.start.timestamp()), int(span.end.timestamp()) + 1, span.step)
    burning: set[int] = set()
    fires = longest = 0
    for there in times.values():
        since = last = None
        run = 0
        for now in grid:
            if now in there:
                since = now if since is None else since
                last = now
            elif run == 0 or last is None or now - last >= keep:
                since, run = None, 0
                continue
            if since is not None and now - since >= hold:
                run += 1
                fires += run == 1
                longest = max(longest, run * span.step)
                burning.add(now)
    return Firing(fires=fires, seconds=len(burning) * span.step, longest=longest, series=len(times))


def tried(api: Past, span: Span, new: Rule, old: Rule | None, records: Mapping[str, str]) -> dict[str, Any]:
    """Return what ``new`` would have done over ``span``, and ``old``, as evidence.

    Args:
        api: whom to ask.
        span: over what.
        new: the alert as the change makes it.
        old: as it was, None where it is new.
        records: recordings that the change adds or alters, by name, with their expressions; history has none of them.
    """
    try:
        query = promql.inlined(new.expr, records)
        node = promql.parse(query)
    except promql.NotPromQLError as error:
        raise RehearsalError(
            f"{new.shown} cannot be run over the past: {error}", expected="an expression of recorded history",
            fix="let the recording land first and gather history, then the alert", status=Status.BLOCK,
            paths=(new.path,),
        ) from error  # fmt: skip
    seen = {text: frozenset(api.counted(text, span)) for text in sorted(_selectors(node))}
    known = _known(node, seen)
    firing = _run(api, query, span, new)
    before = _run(api, old.expr, span, old) if old is not None and old.node is not None else None
    return {
        "name": new.name, "path": new.path, "status": "added" if old is None else "changed",
        "coverage": 1.0 if known is None else round(len(known) / span.steps, 4),
        "silent": [short(t) for t, times in seen.items() if not times][:10],
        "fires": firing.fires, "seconds": firing.seconds, "longest": firing.longest, "series": firing.series,
        "share": round(firing.seconds / (span.steps * span.step), 6),
        "old_fires": before.fires if before is not None else None,
        "old_seconds": before.seconds if before is not None else None,
    }  # fmt: skip


def _run(api: Past, query: str, span: Span, rule: Rule) -> Firing:
    most = max(api.counted(query, span).values(), default=0)
    if most > SERIES:
        raise RehearsalError(
            f"{rule.shown} has {most:,} series at one time", expected=f"at most {SERIES}",
            fix="aggregate in the expression: nobody reads so many alerts", status=Status.BLOCK, paths=(rule.path,),
        )  # fmt: skip
    return fired(api.range(query, span) if most else (), span, rule.hold, rule.keep)


def _parts(node: promql.Node) -> list[promql.Node]:
    inner: Sequence[Any] = node[2] if node[0] == "call" else node[1:]
    return [p for p in inner if isinstance(p, tuple) and p and p[0] in promql.KINDS]


def _judged(node: promql.Node) -> list[promql.Node]:
    """Return the parts whose silence would look like health: not below ``absent``, not what ``unless`` takes away."""
    if node[0] == "call" and node[1] in {"absent", "absent_over_time"}:
        return []
    return [node[3]] if node[0] == "bin" and node[1] == "unless" else _parts(node)


def _selectors(node: promql.Node) -> set[str]:
    if node[0] == "sel":
        return {_selector_text(node)}
    return {s for part in _judged(node) for s in _selectors(part)}


def _known(node: promql.Node, seen: Mapping[str, frozenset[int]]) -> frozenset[int] | None:
    """Return the times at which there was data to judge by: all of it, or of ``or`` either; None means always."""
    if node[0] == "sel":
        return seen[_selector_text(node)]
    parts = [_known(p, seen) for p in _judged(node)]
    either = node[0] == "bin" and node[1] == "or"
    if either and None in parts:
        return None
    sets = [p for p in parts if p is not None]
    if not sets:
        return None
    return frozenset.union(*sets) if either else frozenset.intersection(*sets)


def _selector_text(node: promql.Node) -> str:
    def quoted(value: str) -> str:
        return json.dumps(value, ensure_ascii=False)

    matchers = ",".join(f"{label}{op}{quoted(value)}" for label, op, value in node[2])
    groups = " or ".join(",".join(f"{k}{op}{quoted(v)}" for k, op, v in g) for g in node[3])
    return f"{node[1]}{{{matchers or groups}}}" if matchers or groups else str(node[1])
