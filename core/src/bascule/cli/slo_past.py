"""``bascule slo backtest --prometheus``: objectives on history, through the same hook and desk as a watch."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bascule.clock import Clock, SystemClock
from bascule.errors import ConfigError, ExitCode, Problem, UsageError
from bascule.messages import slo_past as say

if TYPE_CHECKING:
    from bascule.slo.objective import Objective
    from bascule.types import Observation, Series, WatchRequest

_VARIABLE = "BASCULE_SERVICE_PROMETHEUS"


def on_history(
    files: Sequence[str], address: str, at: str, length: str, block: int, *, as_json: bool, clock: Clock | None = None
) -> int:
    """Judge the objectives of ``files`` and print what is said of each.

    Args:
        files: paths of OpenSLO files.
        address: where the Prometheus is.
        at: when the merge met its users, ISO 8601 with a time zone.
        length: how long it is watched, such as ``60m``.
        block: seconds of a block.
        as_json: print one JSON document.
        clock: what time it is; the machine's, where None.

    Returns:
        The exit code.

    Raises:
        UsageError: an argument or a file that cannot be used.
    """
    from bascule.host.driver import Hosts
    from bascule.host.settings import chosen
    from bascule.pipeline.services import clients
    from bascule.slo.past import Verdict, judged, overall
    from bascule.types import WatchContext

    now = (clock or SystemClock()).now()
    live_at, ends_at = _times(at, length, now)
    objectives = _objectives(files)
    services = _services(address)
    paths = clients({**os.environ, _VARIABLE: address})
    with Hosts.discover(chosen=chosen(os.environ)) as hosts:

        def ask(
            requests: tuple[WatchRequest, ...], series: tuple[Series, ...], then: datetime
        ) -> Iterable[Observation]:
            ctx = WatchContext(requests=requests, series=series, now=then, services=services, clients=paths)
            return hosts.watch(ctx)

        said = judged(objectives, ask, live_at=live_at, ends_at=ends_at, now=now, seconds=block)
    verdict = overall(said)
    document = {
        "schema_version": 1,
        "live_at": live_at.isoformat(),
        "ends_at": ends_at.isoformat(),
        "so_far": ends_at > now,
        "verdict": str(verdict),
        "objectives": [s.data() for s in said],
    }
    if as_json:
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        for line in say.lines(document):
            click.echo(line)
    return {
        Verdict.OK: ExitCode.DONE,
        Verdict.VIOLATION: ExitCode.BLOCKED,
        Verdict.UNDECIDED: ExitCode.WAITING,
        Verdict.UNREACHABLE: ExitCode.OUTSIDE,
    }[verdict]


def _times(at: str, length: str, now: datetime) -> tuple[datetime, datetime]:
    """Return when the watch begins and ends, in UTC."""
    from bascule.config import duration

    try:
        begin = datetime.fromisoformat(at)
    except ValueError:
        begin = None
    if begin is None or begin.tzinfo is None:
        raise UsageError(f"{at!r} is no time with a time zone", where="--at", hint=f"write {say.NO_TIME}")
    try:
        seconds = duration.parse(length)
    except ValueError as error:
        raise UsageError(f"{length!r} is no length of time", where="--for", hint=f"{error}") from error
    if not 60 <= seconds <= 86400:
        raise UsageError(f"{length} is not from 1m to 1d", where="--for", hint="watches are 30m to 120m long, mostly")
    if begin >= now:
        raise UsageError(f"{at} is still to come", where="--at", hint=say.SOON)
    begin = begin.astimezone(UTC)
    return begin, begin + timedelta(seconds=seconds)


def _objectives(files: Sequence[str]) -> list[Objective]:
    """Return the objectives of all files; all problems are reported at once."""
    from bascule.cli.slo import read
    from bascule.messages.slo_files import unusable
    from bascule.slo.openslo import load

    found = [load(read(Path(name)), name) for name in files]
    problems: list[Problem] = [p for one in found for p in one.problems]
    if problems:
        message, fix = unusable(len(problems), list(files))
        raise ConfigError(message, problems, hint=fix)
    return [o for one in found for o in one.objectives]


def _services(address: str) -> dict[str, str]:
    """Return the addresses that may be asked: ``address`` for the default source, and those the owner states."""
    from bascule.pipeline.services import services

    services(os.environ)  # what is wrong there is told under its own name
    try:
        return services({**os.environ, _VARIABLE: address})
    except UsageError as error:
        # The address came from the command line; the variable is only how it is checked.
        raise UsageError(error.message.replace(_VARIABLE, "--prometheus"), hint=error.hint) from error
