"""Real tools, run so that they reach nothing but what they are given and end when they must."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import field, frozen

from bascule.kit.answers import RehearsalError
from bascule.messages import kit as say
from bascule.redact import redact
from bascule.types import DryRunContext, Status

_QUOTED = 20_000
"""Characters at the end of what a tool said that are looked at for the few that are quoted."""
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")


@frozen(kw_only=True)
class Ran:
    """What a tool did. ``out`` and ``err`` are decoded leniently and never mixed."""

    code: int
    out: str
    err: str


@frozen(kw_only=True)
class Tool:
    """A program on this machine. ``home`` is a throw-away home directory inside the rehearsal's own."""

    name: str
    path: str
    home: Path
    limit: int
    env: Mapping[str, str] = field(factory=dict)

    def run(
        self,
        *args: str,
        cwd: Path | str | None = None,
        timeout: float = 60.0,
        ok: Sequence[int] = (0,),
        stdin: str = "",
        env: Mapping[str, str] | None = None,
        blame: Sequence[str] = (),
    ) -> Ran:
        """Run it with ``args`` in a session of its own and return what it did.

        Args:
            args: its arguments; no shell is involved.
            cwd: where; the throw-away home by default.
            timeout: seconds; then it is killed with all it started.
            ok: exit statuses that are an answer.
            stdin: what it reads.
            env: extra variables; nothing else of this process's environment is handed on but the search path.
            blame: changed files to name when it fails.

        Raises:
            RehearsalError: another exit status, too slow, too much output; BLOCK when ``blame`` says it is the change.
        """
        shown = redact(" ".join((self.name, *args[:2])))
        kept = {k: os.environ[k] for k in _KEPT if k in os.environ}
        home = str(self.home)
        whole = {"LC_ALL": "C.UTF-8", **kept, "HOME": home, "TMPDIR": home, **self.env, **(env or {})}
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as inp:
            inp.write(stdin.encode())
            inp.seek(0)
            process = subprocess.Popen(
                [self.path, *args], cwd=cwd or self.home, env=whole, stdin=inp, stdout=out, stderr=err,
                start_new_session=True,
            )  # fmt: skip
            try:
                code = process.wait(timeout)
            except subprocess.TimeoutExpired as slow:
                raise _failed(say.tool_slow(shown, timeout), blame) from slow
            finally:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)  # whatever it left behind in its group ends with it
                process.wait()
            said = []
            for stream in (out, err):
                if stream.seek(0, os.SEEK_END) > self.limit:
                    raise _failed(say.tool_loud(shown, self.limit), blame)
                stream.seek(0)
                said.append(stream.read().decode("utf-8", "replace"))
        ran = Ran(code=code, out=said[0], err=said[1])
        if code not in ok:
            raise _failed(say.tool_failed(shown, code, _last(ran.err or ran.out)), blame)
        return ran

    def about(self, *args: str) -> Ran:
        """Run it to hear about itself (``about("--version")``), once in this process for each file that it is.

        A rehearsal's answer is asked for again with each change that a process rehearses, and a large program takes
        longer to start than to answer. Another file at its path, or the same one changed, is asked anew.

        Raises:
            RehearsalError: as :meth:`run`.
        """
        try:
            file = Path(self.path).stat()
        except OSError:
            return self.run(*args)
        key = (self.path, file.st_dev, file.st_ino, file.st_size, file.st_mtime_ns, args)
        if key not in _ABOUT:
            _ABOUT[key] = self.run(*args)
        return _ABOUT[key]


_ABOUT: dict[tuple[object, ...], Ran] = {}


def _last(text: str) -> str:
    """Return the end of what a tool said, without secrets, in one line of at most 400 characters."""
    # Before the cut: the half of a token has no form any more by which it could be known.
    line = " ".join(redact(text[-_QUOTED:]).split())
    return line if len(line) <= 400 else f"…{line[-399:]}"


def _failed(told: say.Say, blame: Sequence[str]) -> RehearsalError:
    status = Status.BLOCK if blame else Status.ERROR
    return RehearsalError(told.found, expected=told.expected, fix=told.fix, status=status, paths=blame)


def find(ctx: DryRunContext, name: str) -> str | None:
    """Return the path of the program ``name``: the one the run was given (``BASCULE_TOOL_NAME``), else PATH's."""
    return ctx.tools.get(name) or shutil.which(name)


def tool(ctx: DryRunContext, name: str, *, install: str, env: Mapping[str, str] | None = None) -> Tool:
    """Return the program ``name``, ready to run in the rehearsal's directory.

    Args:
        ctx: the rehearsal's context.
        name: as on PATH.
        install: what a person does where it is missing, as a sentence without its full stop.
        env: variables for every run of it.

    Raises:
        RehearsalError: it is not on this machine.
    """
    path = find(ctx, name)
    if path is None:
        told = say.missing_tool(name, install)
        raise RehearsalError(told.found, expected=told.expected, fix=told.fix)
    home = Path(ctx.workdir) / ".home"
    home.mkdir(exist_ok=True)
    return Tool(name=name, path=path, home=home, limit=ctx.output_limit, env=dict(env or {}))
