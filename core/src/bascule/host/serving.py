"""The host's side: requests in, answers out, and a guard around everything that belongs to a plugin."""

from __future__ import annotations

import inspect
import itertools
import json
import os
import traceback
from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Any

from attrs import asdict

from bascule import wire
from bascule.host.loading import Loaded, PluginRefused, load
from bascule.host.table import HOOKS, LOAD, Hook

TEXT_LIMIT = 2000


class WrongAnswerError(Exception):
    """A plugin returned something that the hook does not take."""


def serve(requests: int, answers: int, *, items: int, answer: int) -> None:
    """Answer one request after the other until the driver closes ``requests``.

    Args:
        requests: file descriptor to read JSON lines from.
        answers: file descriptor to write JSON lines to.
        items: most records in one answer.
        answer: most bytes of one answer.
    """
    loaded: dict[str, Loaded] = {}
    with os.fdopen(requests, "rb") as lines:
        for line in lines:
            request = json.loads(line)
            reply = respond(request, loaded, items)
            text = json.dumps({"id": request["id"], **reply}).encode()
            if len(text) > answer:
                fault = f"the answer has {len(text):,} bytes, the limit is {answer:,}"
                text = json.dumps({"id": request["id"], "fault": fault}).encode()
            write(answers, text + b"\n")


def write(fd: int, data: bytes) -> None:
    """Write all of ``data`` to ``fd``."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def respond(request: dict[str, Any], loaded: dict[str, Loaded], items: int) -> dict[str, Any]:
    """Return ``{"answers": ...}``, or ``{"fault": text}`` for anything at all that went wrong.

    ``BaseException``: a plugin's ``sys.exit`` must not end the host, and a fault must not be taken for an interruption.
    """
    try:
        if request["hook"] == LOAD:
            plugin = load(request, items, call)
            loaded[plugin.name] = plugin
            return {"answers": plugin.row()}
        found = call(loaded[request["plugin"]], HOOKS[request["hook"]], request["args"], items)
        json.dumps(found, allow_nan=False)  # a record may hold anything: find out here, where the plugin is at fault
        return {"answers": found}
    except PluginRefused as refusal:
        return {"fault": shortened(refusal.reason), "fix": shortened(refusal.fix)}
    except BaseException as error:
        return {"fault": describe(error)}


def call(plugin: Loaded, hook: Hook, args: Any, items: int) -> list[list[Any]]:
    """Call every implementation of ``hook`` in ``plugin`` by itself; return ``[tag, data]`` pairs."""
    found: list[list[Any]] = []
    for implementation in plugin.implementations(hook.name):
        values = {}
        if hook.argument is not None:
            name, kind = hook.argument
            # A fresh record each time: what one implementation does to a mapping, no other can see.
            values = {name: wire.load(args, kind)}
        result = implementation.function(*(values[name] for name in implementation.argnames))
        found += [[type(record).__name__, plain(record)] for record in collect(hook, result, items)]
    return found


def plain(record: Any) -> dict[str, Any]:
    """Return ``record`` as JSON data by what its fields hold, not by what they should hold.

    Going by the declared types would make ``("a", "b")`` out of a text "ab" where a tuple belongs; like this the driver
    sees what the plugin really said, and refuses it.
    """
    return asdict(record, value_serializer=_value)


def _value(_record: Any, _field: Any, value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        raise WrongAnswerError("a field holds a set, which has no order; expected a tuple")
    return value


def collect(hook: Hook, result: Any, items: int) -> list[Any]:
    """Return ``result`` as a checked list of at most ``items`` records.

    Raises:
        WrongAnswerError: for another type, or too many.
    """
    names = " or ".join(kind.__name__ for kind in hook.answers)
    if result is None:
        return []
    if hook.single:
        records = [result]
    elif isinstance(result, Iterable) and not isinstance(result, str | bytes | dict):
        # A generator fails only here, where it is iterated; one without an end stops here too.
        records = list(itertools.islice(result, items + 1))
        if len(records) > items:
            raise WrongAnswerError(f"{hook.name} answered more than {items:,} records")
    else:
        if inspect.iscoroutine(result):
            result.close()
        raise WrongAnswerError(f"{hook.name} answered {a(result)}; expected an iterable of {names}")
    for record in records:
        if type(record) not in hook.answers:
            raise WrongAnswerError(f"{hook.name} answered {a(record)}; expected {names}")
    return records


def a(thing: Any) -> str:
    """Return the type of ``thing`` for a sentence."""
    return f"a value of type {type(thing).__name__}"


def describe(error: BaseException) -> str:
    """Return one line on ``error``: type, message, and the innermost place. Never raises, whatever ``error`` is."""
    try:
        message = str(error)
    except BaseException:
        message = "(its message cannot be shown)"
    if isinstance(error, WrongAnswerError):
        return shortened(message)
    here = os.path.dirname(__file__)  # noqa: PTH120 - compared with what a frame says
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(("<", here))]
    place = f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""  # noqa: PTH119
    return shortened(f"{type(error).__name__}{': ' if message else ''}{message}{place}")


def shortened(text: str) -> str:
    """Return ``text`` cut to what a report may hold."""
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"
