"""A commit of the branch as the change that it was: title, number and content, as far as git remembers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from attrs import frozen

from bascule.git import CommitInfo
from bascule.replay.history import Entry
from bascule.replay.repository import Repository
from bascule.types import Change, Commit, Repo

KNOWN = ("git",)
_MERGE = re.compile(r"Merge pull request #(\d+) from (\S+)")
_SQUASH = re.compile(r"(.*\S)\s+\(#(\d+)\)\s*")
_GITLAB = re.compile(r"^See merge request \S*!(\d+)\s*$", re.MULTILINE)


@frozen(kw_only=True)
class Request:
    """What a commit message says of the pull request; ``number`` is 0 where it says nothing."""

    number: int
    title: str
    body: str
    head_ref: str = ""


def request_of(message: str) -> Request:
    """Return what ``message`` says of its pull request.

    GitHub's merge ("Merge pull request #N from owner/branch", the title below), GitHub's squash ("Title (#N)") and
    GitLab's merge ("See merge request group/project!N") are recognised; otherwise the first line is the title.
    """
    subject, _, rest = message.partition("\n")
    body = rest.strip("\n")
    merged = _MERGE.match(subject)
    if merged:
        title, _, below = body.partition("\n")
        ref = merged[2].split("/", 1)[-1]
        return Request(number=int(merged[1]), title=title.strip() or subject, body=below.strip("\n"), head_ref=ref)
    squashed = _SQUASH.fullmatch(subject)
    if squashed:
        return Request(number=int(squashed[2]), title=squashed[1], body=body)
    asked = _GITLAB.search(body) if subject.startswith("Merge branch ") else None
    if asked:
        title, _, below = body.partition("\n")
        return Request(number=int(asked[1]), title=title.strip(), body=below.strip("\n"))
    return Request(number=0, title=subject, body=body)


def change_of(entry: Entry, repository: Repository, brought: Sequence[CommitInfo] = ()) -> Change:
    """Return ``entry`` as a change that only git knows.

    ``head_sha`` is the landed commit itself and ``base_sha`` its first parent: what is judged is what landed. Git
    stores names, not accounts, so ``author`` is None. ``brought`` are the commits that a merge brought in; a squash
    counts as the one commit that is left of it.
    """
    info = entry.info
    asked = request_of(info.message)
    base = info.parents[0] if info.parents else ""
    return Change(
        repo=Repo(id=0, node_id="", full_name=repository.name, owner_type="", default_branch=repository.branch),
        number=asked.number,
        title=asked.title,
        body=asked.body,
        head_sha=info.sha,
        head_ref=asked.head_ref,
        head_repo_id=0,
        base_sha=base,
        merge_base=base,
        merge_tree=info.tree,
        base_ref=repository.branch,
        author=None,
        files=entry.files,
        read_at=when(info.committer_time),
        commits=tuple(_commit(c) for c in (brought or (info,))),
        known=KNOWN,
    )


def when(seconds: int) -> datetime:
    """Return the time ``seconds`` after the epoch; one that no calendar holds becomes the epoch."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _commit(info: CommitInfo) -> Commit:
    return Commit(
        sha=info.sha,
        author=None,
        committer=None,
        author_name=info.author_name,
        committer_name=info.committer_name,
        message=info.message,
        parents=info.parents,
    )
