"""What several readers need: data without some of its keys, and where a package comes from."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit


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
