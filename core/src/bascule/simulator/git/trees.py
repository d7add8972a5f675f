"""Trees: listed as `git ls-tree` lists them, and written from another one with changes."""

from collections.abc import Iterator, Sequence

import pygit2
from pygit2.enums import FileMode, ObjectType

from bascule.simulator.git.objects import TreeEntry

_TREE = 0o040000


def _record(repo: pygit2.Repository, found: pygit2.Object, path: str) -> TreeEntry:
    kind = "commit" if found.filemode == 0o160000 else found.type_str  # a submodule's commit is not in this repository
    size = repo.odb.read_header(found.id)[1] if kind == "blob" else None
    return TreeEntry(mode=f"{found.filemode:06o}", type=kind, sha=str(found.id), path=path, size=size)


def entries(repo: pygit2.Repository, tree: pygit2.Tree, *, recursive: bool, above: str = "") -> Iterator[TreeEntry]:
    """The entries in git's order, each with its path from the first tree on; a tree comes before what is in it."""
    for found in tree:
        path = above + (found.raw_name or b"").decode("utf-8", "surrogateescape")
        yield _record(repo, found, path)
        if recursive and isinstance(found, pygit2.Tree):
            yield from entries(repo, found, recursive=True, above=path + "/")


def entry(repo: pygit2.Repository, tree: pygit2.Tree, path: str) -> TreeEntry | None:
    """The entry at `path`, or None."""
    try:
        return _record(repo, tree[path], path)
    except (KeyError, ValueError):
        return None


def write(repo: pygit2.Repository, base: pygit2.Tree | None, changes: Sequence[tuple[str, str, str | None]]) -> str:
    """Store `base` (None = empty) with (path, mode, object id or None = remove); the tree's id.

    What lay at a path is replaced, be it a file or a folder. pygit2.GitError for paths that git refuses and for objects
    that are missing.
    """
    index = pygit2.Index()
    if base is not None:
        index.read_tree(base)
    for path, mode, sha in changes:
        if sha is None or int(mode, 8) == _TREE:
            if path in index:
                index.remove(path)
            index.remove_directory(path)
        if sha is None:
            continue
        if int(mode, 8) == _TREE:
            subtree = repo[sha].peel(ObjectType.TREE)
            for inner in entries(repo, subtree, recursive=True):
                if inner.type != "tree":
                    _add(index, f"{path}/{inner.path}", inner.mode, inner.sha)
        else:
            _add(index, path, mode, sha)
    return str(index.write_tree(repo))


def _add(index: pygit2.Index, path: str, mode: str, sha: str) -> None:
    parts = path.split("/")
    if "" in parts or "\0" in path:  # the kinds of bad path that libgit2 takes, the second cut short
        raise pygit2.GitError(f"invalid path: {path!r}")
    for end in range(1, len(parts)):
        if (above := "/".join(parts[:end])) in index:
            index.remove(above)
    index.remove_directory(path)
    index.add(pygit2.IndexEntry(path, pygit2.Oid(hex=sha), FileMode(int(mode, 8))))
