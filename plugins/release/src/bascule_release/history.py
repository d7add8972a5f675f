"""Tags and commits, out of the local object store.

In a replay the clone has today's tags. A change of the past is judged by those of its own time: what its base reached,
and what was made before it elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from attrs import frozen

from bascule.git import Git
from bascule.types import Change
from bascule_release.commits import said
from bascule_release.tags import fitting, version_of
from bascule_release.versions import Version, later, parse

MOST_COMMITS = 5_000
"""Commits between two releases that are looked at; more is no release that anything but a person judges."""


@frozen(kw_only=True)
class Tag:
    """A tag and the commit it stands for; ``reached``: the base of the change descends from it, or is it."""

    name: str
    commit: str
    reached: bool


def tags(git: Git, change: Change) -> tuple[Tag, ...]:
    """Return the tags that were there when ``change`` was judged, sorted by name."""
    form = "%(refname:strip=2)%00%(objecttype)%00%(objectname)%00%(*objectname)%00%(creatordate:unix)"
    listed = git.text("for-each-ref", f"--format={form}", "refs/tags")
    if not listed:
        return ()
    base = change.base_sha
    reached = _names(git, "--merged", base) if base else set()
    past = "github" not in change.known
    # What stands on the change's own commits, or after them, was made for it or later.
    after = _names(git, "--merged", change.head_sha) | _names(git, "--contains", change.head_sha) if past else set()
    now = change.read_at.timestamp()
    found = []
    for line in listed.splitlines():
        name, kind, oid, peeled, made = line.split("\0")
        if kind not in {"commit", "tag"}:
            continue
        if past and name not in reached and (name in after or not made.isdigit() or int(made) > now):
            continue
        found.append(Tag(name=name, commit=peeled or oid, reached=name in reached))
    return tuple(sorted(found, key=lambda t: t.name))


def _names(git: Git, option: str, commit: str) -> set[str]:
    return set(git.text("for-each-ref", "--format=%(refname:strip=2)", option, commit, "refs/tags").splitlines())


def series(
    git: Git, change: Change, known: Sequence[Tag], form: str | None, name: str, folder: str, new: Version, scheme: str
) -> dict[str, Any]:
    """Return what the tags of one package say, as JSON.

    ``form``: how its tags are written (empty: none was found). ``branch``, ``minor`` and ``all``: the greatest version
    that the base reaches, that shares the first two numbers with ``new``, and at all, each ``[tag, version]`` or None.
    ``since``: the last released version that the base reaches; ``commits`` what was committed since, ``more`` whether
    there are more than :data:`MOST_COMMITS`.
    """
    forms = fitting(form, name)
    read: list[tuple[Tag, Version, str]] = []
    for tag in known:
        for one in forms:
            text = version_of(one, name, tag.name)
            version = (parse(text, scheme) or parse(text, "loose")) if text is not None else None
            if version is not None:
                read.append((tag, version, one))
                break
    branch = _greatest(r for r in read if r[0].reached)
    final = _greatest(r for r in read if r[0].reached and r[1].stage == "final")
    minor = _greatest(r for r in read if r[1].numbers[:2] == new.numbers[:2])
    top = _greatest(read)
    newest = branch or top
    commits: list[dict[str, object]] = []
    more = False
    if final is not None:
        commits, more = _since(git, final[0].commit, change.base_sha, folder)
    return {
        "form": newest[2] if newest is not None else form or "",
        "branch": _pair(branch),
        "minor": _pair(minor),
        "all": _pair(top),
        "since": _pair(final),
        "commits": commits,
        "more": more,
    }


def _greatest(read: Iterable[tuple[Tag, Version, str]]) -> tuple[Tag, Version, str] | None:
    best: tuple[Tag, Version, str] | None = None
    for one in read:
        if best is None or later(one[1], best[1]):
            best = one
    return best


def _pair(found: tuple[Tag, Version, str] | None) -> list[str] | None:
    return [found[0].name, found[1].text] if found is not None else None


def _since(git: Git, tag: str, base: str, folder: str) -> tuple[list[dict[str, object]], bool]:
    where = ("--", f":(literal){folder}") if folder else ("--",)
    out = git.run(
        "log", "--no-show-signature", "--no-notes", "--format=%H%x00%P%x00%B%x00%x01",
        f"--max-count={MOST_COMMITS + 1}", f"{tag}..{base}", *where,
    )  # fmt: skip
    found, count = [], 0
    for record in out.decode("utf-8", "replace").split("\0\x01"):
        if not record.strip("\n"):
            continue
        count += 1
        sha, parents, message = record.lstrip("\n").split("\0", 2)
        one = said(sha, message, len(parents.split()))
        if one is not None:
            found.append(one.data())
    return found[:MOST_COMMITS], count > MOST_COMMITS
