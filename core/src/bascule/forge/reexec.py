"""Keeps the tokens from the processes that the driver starts.

A child can read its parent's environment in ``/proc/PID/environ``, where the values stay that the process was started
with, whatever ``os.environ`` says later. So the driver takes the tokens out, starts itself anew with them in a
pipe, and makes itself not dumpable: then its memory and its open files are closed to other processes of the same
user. Root still reads everything, as does whoever may start processes before the driver has begun.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, MutableMapping, Sequence

from bascule.errors import OutsideError, UsageError
from bascule.forge.tokens import SECRETS, Tokens, present, select, take, take_raw
from bascule.messages import forge as text

FD_VARIABLE = "BASCULE_SECRETS_FD"
_PIPE_CAPACITY = 65_536
_PR_SET_DUMPABLE = 4

Exec = Callable[[str, list[str], dict[str, str]], object]


def protect_process(
    argv: Sequence[str] | None = None, environ: MutableMapping[str, str] | None = None, *, execve: Exec = os.execve
) -> Tokens:
    """Return the tokens, with this process shut from its children; call it first thing, before any thread.

    With tokens in the environment on Linux it does not return: the same command starts again in this process (same
    id, same standard streams) and returns from here then. On other systems the tokens are only taken out of
    ``environ``. Without tokens nothing happens.

    Args:
        argv: the command to start again, program first; default is how this process was started.
        environ: default ``os.environ``.
        execve: replaces the process; a port for tests.

    Raises:
        UsageError: a token is malformed.
        OutsideError: the system refuses to close the process; no token was used.
    """
    environ = os.environ if environ is None else environ
    actions = environ.get("GITHUB_ACTIONS", "").lower() == "true"
    if (handed := environ.pop(FD_VARIABLE, "")).isdigit():
        raw = _receive(int(handed))
        close_to_children()
        return select(raw, actions=actions)
    if not present(environ):
        return Tokens(actions=actions)
    if not sys.platform.startswith("linux"):
        return take(environ)
    raw = take_raw(environ)
    select(raw, actions=actions)  # a malformed token is reported before anything else happens
    command = [sys.executable, *sys.orig_argv[1:]] if argv is None else list(argv)
    reader = _hand_over(raw)
    sys.stdout.flush()
    sys.stderr.flush()
    execve(command[0], command, {**environ, FD_VARIABLE: str(reader)})
    raise AssertionError("execve returned")


def start_anew(environ: MutableMapping[str, str] | None = None, *, execve: Exec = os.execve) -> None:
    """Do the first half of :func:`protect_process` now, which then finds the tokens handed over.

    For a command line that will call it after imports which the new process would only repeat. Nothing happens where
    that would not start anew, and where a token is malformed or too long: the command says so when it comes to it.

    Args:
        environ: default ``os.environ``.
        execve: replaces the process; a port for tests.
    """
    environ = os.environ if environ is None else environ
    if environ.get(FD_VARIABLE) or not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(UsageError, OutsideError):
        protect_process(environ=dict(environ), execve=execve)


def shed_tokens(
    argv: Sequence[str] | None = None, environ: MutableMapping[str, str] | None = None, *, execve: Exec = os.execve
) -> None:
    """Drop every token for a command that needs none and starts plugins all the same; call it first thing.

    As :func:`protect_process`, it starts the same command anew on Linux, here without what was dropped: a plugin must
    not find in its parent's ``/proc/PID/environ`` what ``os.environ`` no longer says.

    Args:
        argv: the command to start again, program first; default is how this process was started.
        environ: default ``os.environ``.
        execve: replaces the process; a port for tests.
    """
    environ = os.environ if environ is None else environ
    held = [name for name in SECRETS if name in environ]
    for name in held:
        del environ[name]
    if not held or not sys.platform.startswith("linux"):
        return
    command = [sys.executable, *sys.orig_argv[1:]] if argv is None else list(argv)
    sys.stdout.flush()
    sys.stderr.flush()
    execve(command[0], command, dict(environ))


def close_to_children() -> None:
    """Make this process not dumpable: no core dump, and ``/proc/PID/{mem,environ,fd}`` for root alone. Linux only.

    Raises:
        OutsideError: the system refused.
    """
    import ctypes

    try:
        done = ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    except (OSError, AttributeError) as missing:
        message, hint = text.not_protected(str(missing))
        raise OutsideError(message, hint=hint) from missing
    if done != 0:
        message, hint = text.not_protected(os.strerror(ctypes.get_errno()))
        raise OutsideError(message, hint=hint)


def _hand_over(raw: dict[str, str]) -> int:
    """Return the reading end of a pipe that holds ``raw``; it survives the exec and nothing else inherits it later."""
    data = json.dumps(raw).encode()
    if len(data) > _PIPE_CAPACITY:
        message, hint = text.not_protected(f"they are {len(data)} bytes long, more than a pipe holds")
        raise OutsideError(message, hint=hint)
    reader, writer = os.pipe()
    try:
        os.write(writer, data)
    finally:
        os.close(writer)
    os.set_inheritable(reader, True)
    return reader


def _receive(descriptor: int) -> dict[str, str]:
    try:
        with os.fdopen(descriptor, "rb") as pipe:
            data = json.loads(pipe.read())
    except (OSError, ValueError, TypeError, OverflowError) as broken:
        message, hint = text.not_protected(f"{FD_VARIABLE} does not name the pipe that it should")
        raise OutsideError(message, hint=hint) from broken
    return {str(k): str(v) for k, v in data.items()} if isinstance(data, dict) else {}
