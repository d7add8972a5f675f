"""``bascule-restore``: puts protection back when nothing else of Bascule runs any more. Loads no plugin.

Exit 4 is always loud: a banner on stderr with what is loose, since when, and the commands that restore by hand.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NoReturn

from attrs import define, field, frozen

from bascule import streams
from bascule.clock import Clock, SystemClock
from bascule.errors import BasculeError, ErrorReport, ExitCode, UsageError
from bascule.messages import window as say
from bascule.window import secret
from bascule.window.access import Access, connected
from bascule.window.journal import Journal, JournalAlarmError
from bascule.window.keys import Role
from bascule.window.memory import Memory
from bascule.window.paging import page
from bascule.window.restoring import by_hand
from bascule.window.signals import Stop
from bascule.window.state import State
from bascule.window.sweeper import Sweeper, Swept
from bascule.window.timing import Timing


@frozen(kw_only=True)
class Options:
    """What was asked for. ``loop`` in seconds, None for once."""

    run: str | None = None
    expired: bool = False
    all: bool = False
    force: bool = False
    loop: float | None = None
    repo: str | None = None
    api_url: str | None = None
    journal_repo: str | None = None
    as_json: bool = False


Open = Callable[[Options, Mapping[str, str], Clock], AbstractContextManager[Access]]


def _open(options: Options, environ: Mapping[str, str], clock: Clock) -> AbstractContextManager[Access]:
    return connected(options.repo, environ, clock, api_url=options.api_url, journal_repo=options.journal_repo)


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``bascule-restore`` and return its exit code; without ``argv`` as this process's whole work."""
    if argv is None:
        streams.guard()
    try:
        return run(sys.argv[1:] if argv is None else argv, environ=os.environ, clock=SystemClock())
    except Exception:
        # Python's own exit code for a bug would say "blocked"; nothing is proven to be restored.
        traceback.print_exc()
        return ExitCode.NOT_RESTORED


def run(
    args: Sequence[str],
    *,
    environ: Mapping[str, str],
    clock: Clock,
    open_: Open = _open,
    timing: Timing | None = None,
) -> int:
    """Run with ``args`` and return the exit code; expected errors are printed, never raised."""
    try:
        options = parse(args)
    except UsageError as error:
        return _failed(error, as_json="--json" in args)
    try:
        with open_(options, environ, clock) as access:
            return _Restore(
                options=options, access=access, environ=environ, clock=clock, timing=timing or Timing()
            ).go()
    except BasculeError as error:
        return _failed(error, as_json=options.as_json)


class _Parser(argparse.ArgumentParser):
    """One whose complaints are errors like all others, so that ``--json`` holds for them too."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint="bascule-restore --help")


def parse(args: Sequence[str]) -> Options:
    """Return the options.

    Raises:
        UsageError: they contradict each other, or are none. SystemExit: ``--help``.
    """
    parser = _Parser(
        prog="bascule-restore",
        description=say.RESTORE_DESCRIPTION,
        epilog=say.RESTORE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    mode = parser.add_argument_group("what to restore")
    mode.add_argument("--run", metavar="ID", help="the window of one run, at once with its secret or when expired")
    mode.add_argument("--expired", action="store_true", help="windows whose deadline has passed, and late writes")
    mode.add_argument("--all", action="store_true", help="whatever is open")
    parser.add_argument("--force", action="store_true", help="with --all: also while the owner may be at work")
    parser.add_argument("--loop", metavar="TIME", help="with --expired: go on, once every TIME (2s)")
    parser.add_argument("-R", "--repo", metavar="OWNER/REPO", help="another repository than this folder's")
    parser.add_argument("--api-url", metavar="URL", help="root of the REST API (GitHub Enterprise, bascule sim)")
    parser.add_argument("--journal-repo", metavar="OWNER/REPO", help="where the journal is, if not in the repository")
    parser.add_argument("--json", action="store_true", dest="as_json", help="the result as one JSON document")
    given = parser.parse_args(list(args))
    if (given.run is not None) + given.expired + given.all != 1:
        raise UsageError(say.ONE_MODE, hint=say.ONE_MODE_HINT)
    if given.all and not given.force:
        raise UsageError(say.FORCE_NEEDED, hint=say.FORCE_HINT)
    if given.force and not given.all:
        raise UsageError(say.FORCE_USELESS, hint=say.FORCE_HINT)
    if given.loop is not None and not given.expired:
        raise UsageError(say.LOOP_USELESS, hint=say.LOOP_HINT)
    return Options(**{**vars(given), "loop": _seconds(given.loop)})


def _seconds(text: str | None) -> float | None:
    from bascule.config import duration

    if text is None:
        return None
    try:
        return float(duration.parse(text))
    except ValueError as error:
        raise UsageError(str(error), hint=say.LOOP_HINT, where="--loop") from error


@define(kw_only=True, eq=False)
class _Restore:
    """One invocation."""

    options: Options
    access: Access
    environ: Mapping[str, str]
    clock: Clock
    timing: Timing
    _journal: Journal = field(init=False)
    _sweeper: Sweeper = field(init=False)
    _memory: Memory = field(init=False)
    _told: tuple[str, ...] = field(default=(), init=False)

    def __attrs_post_init__(self) -> None:
        access = self.access
        if not access.keys.may_sign(Role.WINDOW):
            raise UsageError(say.NO_WINDOW_KEY, hint=say.NO_KEY_HINT)
        self._memory = Memory.of(self.environ, host=access.host, repository=access.repository, journal=access.journal)
        self._journal = Journal(
            store=access.store,
            keys=access.keys,
            repository=access.repository,
            clock=self.clock,
            seen=self._memory.read(),
        )
        self._sweeper = Sweeper(keeper=access.keeper, journal=self._journal, clock=self.clock, timing=self.timing)

    def go(self) -> int:
        with self.access.unspaced():
            if self.options.loop is not None:
                return self._loop(self.options.loop)
            return self._report(self._guarded(self._once))

    def _once(self) -> Swept:
        if self.options.run is not None:
            return self._run(self.options.run)
        if self.options.all:
            state = self._journal.read()
            done = self._sweeper.take_over(state) if state.is_open else Swept(state=state)
        else:
            done = self._sweeper.sweep()
        if done.clean and self.options.all:
            done = done.then(self._sweeper.patrol(done.state))
        elif done.clean and done.restoring is not None:
            # On a schedule nobody comes for a while: wait until no read can be stale, look again, and verify.
            return done.then(self._sweeper.patrol(done.state, settle=True))
        if done.clean and done.unsettled:
            # Loose, or a stale read: nobody may be told that all is closed before that is known.
            return done.then(self._sweeper.patrol(done.state, settle=True))
        return done

    def _run(self, run: str) -> Swept:
        state = self._journal.read()
        folder = secret.folder(self.environ)
        if not state.is_open or state.window is None or state.opened is None or state.window.run != run:
            same = state.window is not None and state.window.run == run
            return Swept(state=state, did=((say.RUN_CLOSED if same else say.RUN_UNKNOWN).format(run=run),))
        kept = secret.find(run, folder)
        mine = kept is not None and kept.fingerprint == state.opened.owner
        if not mine and not state.expired(state.date):
            from bascule.errors import BusyError

            left = (state.opened.deadline - self._journal.now()).total_seconds()
            raise BusyError(say.not_yours(run, left), hint=say.NOT_YOURS_HINT)
        done = self._sweeper.take_over(state)
        if done.clean:
            secret.forget(run, folder)
        return done

    def _loop(self, every: float) -> int:
        clean = True
        with Stop() as stop:
            self._say(say.LOOPING.format(repository=self.access.full_name, seconds=every))
            while stop.requested is None:
                try:
                    done = self._guarded(self._sweeper.sweep)
                    clean = done.clean
                    self._changes(done)
                except UsageError:
                    raise
                except BasculeError as error:
                    self._say(say.RETRYING.format(error=error.message, seconds=every))
                self.clock.sleep(every)
            self._say(say.LOOP_ENDED.format(signal=stop.requested.name))
        return ExitCode.DONE if clean else ExitCode.NOT_RESTORED

    def _guarded(self, act: Callable[[], Swept]) -> Swept:
        """Return what ``act`` did; a rewritten journal is an alarm, and a window known from memory is restored."""
        try:
            done = act()
        except JournalAlarmError as error:
            rescued = self._sweeper.rescue()
            text = (f"{error.message}; {error.hint}; {say.memory_hint(str(self._memory.path))}",)
            known = self._journal.last or State(tip=None, date=self.clock.now(), elapsed=self.clock.elapsed())
            alarm = Swept(state=known, clean=False, alarms=text)
            return alarm if rescued is None else rescued.then(alarm)
        self._memory.write(done.state.tip)
        return done

    def _changes(self, done: Swept) -> None:
        """In a loop, tell what was done, and alarms only when they change."""
        for text in done.did:
            self._say(text)
        if done.alarms != self._told:
            for text in done.alarms:
                self._say(f"ALARM {text}")
            self._page(done)
        self._told = done.alarms

    def _report(self, done: Swept) -> int:
        code = self._code(done)
        if self.options.as_json:
            print(json.dumps(self._document(done, code), indent=2))
        else:
            for text in done.did or self._idle(done):
                print(text)
        for text in done.alarms:
            print(f"ALARM {text}", file=sys.stderr)
        self._page(done)
        return code

    def _page(self, done: Swept) -> None:
        """Where protection is loose, say so as loud as a terminal can, and to whoever is to be paged."""
        if done.clean:
            return
        print(self._banner(done), file=sys.stderr)
        run = done.state.window.run if done.state.window is not None else ""
        page(self.access, self.clock, self._branch(done), run, done.alarms, self._by_hand(done))

    def _idle(self, done: Swept) -> tuple[str, ...]:
        """Return what to say where nothing was done: silence would be taken for "all is closed"."""
        window, opened = done.state.window, done.state.opened
        if not done.clean:
            return ()
        if not done.state.is_open or window is None or opened is None:
            return (say.NOTHING_OPEN,)
        left = (opened.deadline - self._journal.now()).total_seconds()
        return (say.still_open(window.run, opened.branch, left),)

    def _code(self, done: Swept) -> ExitCode:
        if not done.clean:
            return ExitCode.NOT_RESTORED
        # Restored, and still somebody must look: a forged entry or a leak.
        return ExitCode.OUTSIDE if done.alarms else ExitCode.DONE

    def _banner(self, done: Swept) -> str:
        window, opened = done.state.window, done.state.opened
        loose = done.restoring.loose if done.restoring is not None else ()
        # A takeover writes an `open` of its own; protection has been loose since the first one.
        at = (opened.since if opened is not None else None) or (window.at if window is not None else None)
        since = at.isoformat(timespec="seconds") if at is not None else "unknown"
        return say.banner(self._branch(done), loose, since, self._by_hand(done))

    def _branch(self, done: Swept) -> str:
        if done.restoring is not None:
            return done.restoring.base.branch
        return done.state.opened.branch if done.state.opened is not None else self.access.full_name

    def _by_hand(self, done: Swept) -> tuple[str, ...]:
        writes = done.restoring.sent if done.restoring is not None else ()
        if not writes and done.state.opened is not None:
            writes = tuple(w for p in done.state.opened.planned for w in p.inverse)
        return by_hand(self.access.full_name, self._branch(done), writes)

    def _document(self, done: Swept, code: ExitCode) -> dict[str, object]:
        state = done.state
        return {
            "schema_version": 1,
            "repository": self.access.full_name,
            "exit_code": int(code),
            "restored": done.clean,
            "open": state.is_open,
            "run": state.window.run if state.window is not None else None,
            "did": list(done.did),
            "alarms": list(done.alarms),
            "loose": list(done.restoring.loose) if done.restoring is not None else [],
            "by_hand": list(self._by_hand(done)) if not done.clean else [],
        }

    def _say(self, text: str) -> None:
        print(f"{self.clock.now():%Y-%m-%dT%H:%M:%SZ} {text}", file=sys.stderr, flush=True)


def _failed(error: BasculeError, *, as_json: bool) -> int:
    if as_json:
        from bascule import wire

        print(json.dumps({"schema_version": 1, "error": wire.dump(ErrorReport.of(error))}, indent=2))
    print(f"bascule-restore: {error}", file=sys.stderr)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
