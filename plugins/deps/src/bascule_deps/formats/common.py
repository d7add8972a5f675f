"""What several readers need: TOML and JSON as data, and where a package comes from."""

from __future__ import annotations

import json
import tomllib
from typing import Any
from urllib.parse import urlsplit

from bascule_deps.model import UnreadableError


def toml(text: str) -> dict[str, Any]:
    """Return a TOML document."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnreadableError(str(error)) from error


def json_object(text: str) -> dict[str, Any]:
    """Return a JSON object; a key that is there twice is an error, because readers differ on which one counts."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(items)
        if len(made) != len(items):
            raise UnreadableError("a key is there twice")
        return made

    try:
        found = json.loads(text, object_pairs_hook=pairs)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(str(error)) from error
    return table(found)


def table(value: Any) -> dict[str, Any]:
    """Return ``value`` if it is a mapping; None is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnreadableError("a mapping was expected")
    return value


def without(data: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Return ``data`` without ``keys``."""
    return {k: v for k, v in data.items() if k not in keys}


def host(address: str) -> str:
    """Return the host of ``address``, without a user, a password and a path; empty where there is none."""
    found = urlsplit(
        address.partition("+")[2] if address.partition("+")[0] in {"git", "registry", "sparse"} else address
    )
    try:
        return found.hostname or ""
    except ValueError:
        return ""


def kind(address: str) -> str:
    """Return the kind of source that ``address`` is: ``git``, ``url``, ``path`` or ``registry``."""
    text = address.strip().lower()
    if text.startswith(("git+", "git:", "git@", "ssh:", "github:", "gitlab:", "bitbucket:", "hg+", "svn+")):
        return "git"
    if text.startswith(("http:", "https:", "ftp:")):
        return "git" if text.partition("#")[0].endswith(".git") else "url"
    if text.startswith(("file:", "link:", "portal:", "./", "../", "/")):
        return "path"
    return "registry"
