"""Repositories that are run by name and revision: GitHub Actions, and pre-commit's hooks."""

from __future__ import annotations

import re
from typing import Any

from bascule.kit import table, yaml_documents
from bascule_deps.formats.common import host, without
from bascule_deps.formats.images import image
from bascule_deps.model import Entry, Manifest

_USES = re.compile(r"""^(\s*(?:-\s+)?uses:\s*)(["']?)([^\s"'#]+)\2\s*(?:#\s*(\S+).*)?$""")


def actions(text: str, path: str) -> Manifest:  # noqa: ARG001
    """Read a workflow or an action: its ``uses:`` lines. A full SHA is the content; its comment claims the version."""
    entries, rest = [], []
    for line in text.splitlines():
        found = _USES.match(line)
        if found is None or ("@" not in found[3] and not found[3].startswith("docker://")):
            rest.append(line.rstrip())
            continue
        rest.append(f"{found[1]}…")
        if found[3].startswith("docker://"):
            entries.append(image(found[3].removeprefix("docker://"), "uses"))
            continue
        name, _, ref = found[3].partition("@")
        pinned = re.fullmatch(r"[0-9a-f]{40}", ref) is not None
        comment = (found[4] or "").removeprefix("tag=").removeprefix("ratchet:")
        version = (comment or ref) if pinned else ref
        entries.append(Entry(name=name, version=version, content=ref if pinned else "", direct=True))
    return Manifest(ecosystem="actions", lock=False, entries=tuple(entries), rest=rest)


def pre_commit(text: str, path: str) -> Manifest:
    """Read a .pre-commit-config.yaml: repositories and their revisions; hooks and their arguments are the rest."""
    data: dict[str, Any] = {}
    for document in yaml_documents(text, path):
        data = table(document)
    entries, rest = [], []
    for value in data.get("repos") or ():
        repo = table(value)
        name, rev = str(repo.get("repo", "")), str(repo.get("rev", ""))
        frozen = re.search(rf"rev:\s*[\"']?{re.escape(rev)}[\"']?\s*#\s*frozen:\s*(\S+)", text) if rev else None
        entries.append(
            Entry(
                name=name,
                version=frozen[1] if frozen else rev,
                content=rev if frozen else "",
                origin=host(name),
                direct=True,
            )
        )
        rest.append({**without(repo, "rev"), "hooks": repo.get("hooks")})
    return Manifest(
        ecosystem="pre-commit", lock=False, entries=tuple(entries), rest={**without(data, "repos"), "repos": rest}
    )
