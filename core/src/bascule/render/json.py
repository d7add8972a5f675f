"""A result as the document that ``--json`` prints; keys are only ever added within one ``schema_version``."""

from __future__ import annotations

import json
from typing import Any

from bascule import wire
from bascule.messages.wording import shown
from bascule.render.facts import exit_code
from bascule.types import Result


def document(result: Result) -> dict[str, Any]:
    """Return ``result`` as JSON data.

    ``window`` and ``merge`` are null where there was none. The change is summed up (files are counted, not listed);
    ``verdict`` is the whole tree. Text that is not Unicode is written with ``\\x`` escapes, so that anything parses it.
    """
    change = result.change
    data: dict[str, Any] = {
        "schema_version": result.schema_version,
        "run": result.run,
        "status": result.status.value,
        "exit_code": int(exit_code(result)),
        "summary": result.summary,
        "change": None
        if change is None
        else {
            "repository": change.repo.full_name,
            "number": change.number,
            "title": change.title,
            "url": change.url,
            "author": change.author.login if change.author else None,
            "head_sha": change.head_sha,
            "base_sha": change.base_sha,
            "base_ref": change.base_ref,
            "files": len(change.files),
        },
        "packs": wire.dump(result.packs),
        "verdict": wire.dump(result.verdict),
        "blockers": wire.dump(result.blockers),
        "plan": wire.dump(result.plan),
        "window": wire.dump(result.window),
        "merge": wire.dump(result.merge),
        "alarms": list(result.alarms),
        "next": result.next,
        "details": wire.dump(dict(result.details)),
    }
    clean: dict[str, Any] = _clean(data)
    return clean


def dumps(result: Result) -> str:
    """Return :func:`document` as indented JSON text without a trailing newline."""
    return json.dumps(document(result), indent=2, ensure_ascii=False)


def _clean(data: Any) -> Any:
    """Return ``data`` with lone surrogates in strings escaped; everything else as it is."""
    if isinstance(data, str):
        try:
            data.encode()
        except UnicodeEncodeError:
            return shown(data, limit=len(data) * 10)
        return data
    if isinstance(data, dict):
        return {_clean(str(key)): _clean(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_clean(value) for value in data]
    return data
