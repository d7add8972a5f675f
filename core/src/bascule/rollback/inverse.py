"""The exact inverse of a merge, computed by git in memory (DESIGN, section 8).

While the merge is still the tip, its inverse is the tree that was there before: nothing is computed. Later commits make
it a three-way merge with the landed tree as base, the tree before it on one side and the tip on the other: what the
merge did is taken out, and what came later stays. Git 2.39 merges commits only, with their own merge base, so each tree
gets a synthetic commit; these are never on any ref.

A merge without conflict in the text may still not be what a person would write, so later commits that touched the same
files are named; :attr:`Inverse.overlap` is for whoever wants to stop there.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from bascule.git import CommitInfo, Git
from bascule.types import Commit

_NAMES = ("--name-only", "--no-renames", "-z", "--no-ext-diff", "--ignore-submodules=none")
_SYNTHETIC = "Bascule <bascule@example.invalid> 0 +0000"


@frozen(kw_only=True)
class Span:
    """What a merge put on the branch, by first parents: ``landed`` is its newest commit, ``before`` what the branch
    was without it, ``count`` how many commits lie between (more than one only after a rebase merge).
    """

    landed: str
    before: str
    count: int


@frozen(kw_only=True)
class Later:
    """A commit that came after the merge and touched files of it. ``paths`` are those files, sorted."""

    sha: str
    title: str
    paths: tuple[str, ...]


@frozen(kw_only=True)
class Inverse:
    """What undoing ``span`` on ``tip`` gives.

    ``tree`` is the tree that the branch has afterwards, None where git cannot merge it; then ``conflicts`` are the
    paths. ``exact``: the tip is still the merge, so ``tree`` is the tree before it. ``paths`` are what the merge had
    touched, both names of renames. ``overlap``: later commits that touched any of them, newest first.
    """

    span: Span
    tip: str
    tip_tree: str
    before_tree: str
    tree: str | None
    conflicts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    overlap: tuple[Later, ...] = ()

    @property
    def exact(self) -> bool:
        """Return whether nothing came after the merge."""
        return self.tip == self.span.landed

    @property
    def nothing_left(self) -> bool:
        """Return whether the tip is without the merge already: somebody undid it by hand."""
        return self.tree == self.tip_tree


def span_of(git: Git, landed: str, *, head: str, commits: tuple[Commit, ...]) -> Span | None:
    """Return what the merge of ``head`` that GitHub calls ``landed`` put on the branch; None: that cannot be told.

    A merge or a squash is one step of the branch. A rebase merge is as many as there are replayed commits: they keep
    message and author, so the branch is followed back for as long as both agree with the pull request's commits. That
    is a guess, and it is proven: merging ``head`` into what was before must give the landed tree. Where it does not,
    every other length is tried, shortest first.

    Args:
        git: a repository that has ``landed`` and ``head``.
        landed: the commit that GitHub names as the pull request's merge.
        head: the pull request's head when it was merged.
        commits: the pull request's own, oldest first.
    """
    chain = tuple(git.commits(landed, options=("--first-parent", f"--max-count={len(commits) + 1}")))
    own = [c for c in reversed(commits) if len(c.parents) < 2]
    replayed = _replayed(chain, own)
    for count in dict.fromkeys((replayed, *range(1, len(chain) + 1))):
        step = chain[count - 1]
        if step.parents and git.merge_tree(step.parents[0], head) == chain[0].tree:
            return Span(landed=landed, before=step.parents[0], count=count)
        if len(step.parents) != 1:
            break  # a merge commit is one step, and nothing was replayed past it
    return None


def _replayed(chain: tuple[CommitInfo, ...], own: list[Commit]) -> int:
    """Return how many of ``chain``, newest first, are ``own`` replayed; at least 1.

    A rebase drops commits that the base had already: those of ``own`` that did not land are passed over.
    """
    position = matched = 0
    for commit in chain:
        found = next((n for n in range(position, len(own)) if _same(commit, own[n])), None)
        if found is None or len(commit.parents) != 1:
            break
        position, matched = found + 1, matched + 1
    return max(1, matched)


def _same(landed: CommitInfo, own: Commit) -> bool:
    same_author = not own.author_name or landed.author_name == own.author_name
    return same_author and landed.message.strip() == own.message.strip()


def invert(git: Git, span: Span, tip: str) -> Inverse | None:
    """Return what undoing ``span`` on ``tip`` gives, or None where ``tip`` does not contain it.

    The same objects give the same answer on every machine. Contents are fetched only where git has to merge a file.

    Raises:
        OutsideError: git fails, or an object is missing and cannot be fetched.
    """
    if git.call("merge-base", "--is-ancestor", span.landed, tip, ok=(0, 1))[0] != 0:
        return None
    before_tree, landed_tree, tip_tree = (git.tree_of(c) for c in (span.before, span.landed, tip))
    paths = _touched(git, before_tree, landed_tree)
    if tip == span.landed:
        return Inverse(span=span, tip=tip, tip_tree=tip_tree, before_tree=before_tree, tree=before_tree, paths=paths)
    base = _synthetic(git, landed_tree)
    tree, conflicts = _merge(git, _synthetic(git, before_tree, base), _synthetic(git, tip_tree, base))
    since = frozenset(_touched(git, landed_tree, tip_tree))
    if tree is not None:
        # Git follows renames. A file that was renamed later is undone under its new name; but what came later to a
        # file that the merge itself had renamed would be carried into the one that comes back, and a whole directory
        # can move: whether that is what anybody wants, a person decides.
        carried = (frozenset(_touched(git, before_tree, tree)) & frozenset(paths)) - since
        moved = frozenset(_touched(git, tip_tree, tree)) - frozenset(paths) - since
        if carried or moved:
            tree, conflicts = None, tuple(sorted(carried | moved))
    if tree is None:
        conflicts = tuple(sorted({*conflicts, *(since & frozenset(paths))}))
    return Inverse(
        span=span,
        tip=tip,
        tip_tree=tip_tree,
        before_tree=before_tree,
        tree=tree,
        conflicts=conflicts,
        paths=paths,
        overlap=_overlap(git, span, tip, frozenset(paths)),
    )


def merged_tree(git: Git, *, base: str, head_tree: str, onto: str) -> str | None:
    """Return the tree that merging a commit with ``head_tree``, made on ``base``, into ``onto`` gives; None: conflict.

    Args:
        git: a repository that has all of them.
        base: the commit that the head was made on.
        head_tree: the head's tree; the commit itself need not be here.
        onto: the commit to merge into.
    """
    return git.merge_tree(onto, _synthetic(git, head_tree, base))


def _merge(git: Git, ours: str, theirs: str) -> tuple[str | None, tuple[str, ...]]:
    """Return (tree, no paths) of a clean merge, else (None, the paths in conflict)."""
    status, out = git.call("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs, ok=(0, 1))
    fields = [f.decode("utf-8", "surrogateescape") for f in out.split(b"\0")]
    if status == 0:
        return fields[0].strip(), ()
    return None, tuple(sorted({f for f in fields[1:] if f}))


def _synthetic(git: Git, tree: str, *parents: str) -> str:
    """Write a commit of ``tree`` on ``parents`` that only this computation sees, and return its id."""
    lines = [
        f"tree {tree}",
        *(f"parent {p}" for p in parents),
        f"author {_SYNTHETIC}",
        f"committer {_SYNTHETIC}",
        "",
        "",
    ]
    return git.run("hash-object", "-t", "commit", "-w", "--stdin", stdin="\n".join(lines).encode()).decode().strip()


def _touched(git: Git, before: str, after: str) -> tuple[str, ...]:
    return tuple(sorted(set(_names(git.run("diff-tree", "-r", *_NAMES, before, after)))))


def _names(out: bytes) -> Iterable[str]:
    return (f for f in out.decode("utf-8", "surrogateescape").split("\0") if f)


def _overlap(git: Git, span: Span, tip: str, paths: frozenset[str]) -> tuple[Later, ...]:
    """Return the branch's later steps that touched ``paths``; merged branches count as one step each."""
    found = []
    for commit in git.commits(f"{span.landed}..{tip}", options=("--first-parent",)):
        if not commit.parents:
            continue
        names = paths & set(_touched(git, commit.parents[0], commit.sha))
        if names:
            found.append(Later(sha=commit.sha, title=commit.subject, paths=tuple(sorted(names))))
    return tuple(found)
