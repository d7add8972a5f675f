"""A throw-away repository with a base and a head, for examples of rulepacks and for tests of scenarios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import frozen

from bascule.git import Git
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
    _bare(objects)
    git = Git(objects)
    out: list[bytes] = []
    for at, past in enumerate(history or (Past(message="base"),)):
        out.append(_commit(before, "base", at + 1, [f":{at}"] if at else [], past.message))
        out += [b"reset refs/tags/%s\nfrom :%d\n\n" % (tag.encode(), at + 1) for tag in past.tags]
    last, tip = max(len(history), 1), len(history) + 2
    out.append(_commit(after, "head", tip, [f":{last}"], "head"))
    # What it has written it says itself: two ids, and the line of a listing that has the tree's.
    out.append(b'get-mark :%d\nget-mark :%d\nls :%d ""\n' % (last, tip, tip))
    base, head, listed = _import(git, out).splitlines()
    return Pair(objects=objects, base=base, head=head, tree=listed.split()[2], files=git.raw_diff(base, head))


def _bare(objects: Path) -> None:
    # All that gitrepository-layout(5) asks of a repository; `git init` would be one more process for each.
    for folder in ("objects", "refs"):
        (objects / folder).mkdir(parents=True, exist_ok=True)
    (objects / "HEAD").write_text("ref: refs/heads/main\n")
    (objects / "config").write_text("[core]\n\tbare = true\n\trepositoryformatversion = 0\n")


def commit(git: Git, files: Contents, name: str, *parents: str, message: str = "") -> str:
    """Write a commit with exactly ``files`` to branch ``name`` and return its id; one call of git for any number.

    Its message is ``message``, or the branch's name.
    """
    return _import(git, [_commit(files, name, 1, parents, message or name), b"get-mark :1\n"]).strip()


def _import(git: Git, stream: Sequence[bytes]) -> str:
    return Git(git.directory, env=_PACKED).run("fast-import", "--quiet", "--force", stdin=b"".join(stream)).decode()


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
