"""A throw-away repository with a base and a head, for examples of rulepacks and for tests of scenarios."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import frozen

from bascule.errors import OutsideError
from bascule.git import Git, clean_environment
from bascule.types import FileChange

# What is imported is kept as the pack that it is written as: unpacking it would be one more process.
_PACKED = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "fastimport.unpackLimit", "GIT_CONFIG_VALUE_0": "0"}

Contents = Mapping[str, str | bytes | None]
"""Files by path; None stands for no file."""


@frozen(kw_only=True)
class Pair:
    """Two commits of one repository: ids, the head's tree, and what changed between them."""

    objects: Path
    base: str
    head: str
    tree: str
    files: tuple[FileChange, ...]


@frozen(kw_only=True)
class Past:
    """A commit of the base branch before the change: its message, and the tags that stand on it."""

    message: str
    tags: tuple[str, ...] = ()


def pair(objects: Path, before: Contents, after: Contents, history: Sequence[Past] = ()) -> Pair:
    """Make a bare repository at ``objects`` whose base holds ``before`` and whose head, its child, holds ``after``.

    ``history`` are the commits of the base branch, oldest first, the last of them the base; without it, one without a
    tag. All of them hold ``before``. The same contents give the same ids on every machine and at any time.

    Raises:
        OutsideError: git is missing or refuses, for instance a path that no tree can hold.
    """
    try:
        subprocess.run(
            ["git", "init", "-q", "--bare", str(objects)], check=True, capture_output=True, env=clean_environment()
        )
    except FileNotFoundError as missing:
        raise OutsideError("git is not installed", hint="install git 2.38 or newer") from missing
    git = Git(objects)
    out: list[bytes] = []
    for at, past in enumerate(history or (Past(message="base"),)):
        out.append(_commit(before, "base", at + 1, [f":{at}"] if at else [], past.message))
        out += [b"reset refs/tags/%s\nfrom :%d\n\n" % (tag.encode(), at + 1) for tag in past.tags]
    out.append(_commit(after, "head", len(history) + 2, [f":{max(len(history), 1)}"], "head"))
    _import(git, out)
    base, head, tree = git.text("rev-parse", "refs/heads/base", "refs/heads/head", "refs/heads/head^{tree}").split()
    return Pair(objects=objects, base=base, head=head, tree=tree, files=git.raw_diff(base, head))


def commit(git: Git, files: Contents, name: str, *parents: str, message: str = "") -> str:
    """Write a commit with exactly ``files`` to branch ``name`` and return its id; one call of git for any number.

    Its message is ``message``, or the branch's name.
    """
    _import(git, [_commit(files, name, 1, parents, message or name)])
    return git.text("rev-parse", f"refs/heads/{name}")


def _import(git: Git, stream: Sequence[bytes]) -> None:
    Git(git.directory, env=_PACKED).run("fast-import", "--quiet", "--force", stdin=b"".join(stream))


def _commit(files: Contents, name: str, mark: int, parents: Sequence[str], message: str) -> bytes:
    text = message.encode()
    who = b"Example <example@example.invalid> 1767603600 +0000"
    out = [
        b"commit refs/heads/%s\nmark :%d\nauthor %s\ncommitter %s\n" % (name.encode(), mark, who, who),
        b"data %d\n%s\n" % (len(text), text),
    ]
    out += [f"from {parent}\n".encode() for parent in parents]
    out.append(b"deleteall\n")
    for path, content in files.items():
        if content is not None:
            raw = content.encode() if isinstance(content, str) else content
            out.append(b"M 100644 inline %s\ndata %d\n%s\n" % (_quoted(path), len(raw), raw))
    return b"".join([*out, b"\n"])


def _quoted(path: str) -> bytes:
    raw = path.encode("utf-8", "surrogateescape")
    escaped = raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + escaped + b'"'
