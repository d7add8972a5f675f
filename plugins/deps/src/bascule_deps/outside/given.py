"""Files that the pack's ``evidence:`` names, read strictly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bascule.kit import Limits, RehearsalError, json_document
from bascule.types import EvidenceInput

_LIMITS = Limits(size=64 * 1024 * 1024)


def read(file: EvidenceInput, name: str) -> Any:
    """Return the JSON document in ``file``.

    Raises:
        RehearsalError: it is none.
    """
    try:
        return json_document(Path(file.path).read_text("utf-8"), name, _LIMITS)
    except (OSError, UnicodeDecodeError) as error:
        raise bad(name, f"cannot be read ({type(error).__name__})", "JSON in UTF-8") from error
    except RehearsalError as error:
        # The kit takes it for a file of the change; this one was given with the command.
        raise bad(name, f"is not JSON that can be read: {error.answer.found}", error.answer.expected) from error


def bad(name: str, found: str, expected: str) -> RehearsalError:
    """Return what is raised for a given file that is not what it should be."""
    return RehearsalError(f"the file `{name}` {found}", expected=expected, fix="make it as the plugin's page says")


def text_of(entry: Any, key: str, name: str, where: str) -> str:
    """Return the text ``key`` of a mapping.

    Raises:
        RehearsalError: there is none.
    """
    found = entry.get(key) if isinstance(entry, dict) else None
    if not isinstance(found, str) or not found:
        raise bad(name, f"has no text `{key}` in {where}", f"a mapping with `{key}`")
    return found
