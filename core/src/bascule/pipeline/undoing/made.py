"""The rollback's commit, branch and pull request, made once however often somebody asks.

The branch's name and the commit follow from the merge alone: who runs this again finds what an earlier run left and
goes on from there. A commit on that branch is Bascule's own when it is the inverse on its parent, computed again here;
anything else is a person's and is left alone.
"""

from __future__ import annotations

from functools import partial

from attrs import frozen

from bascule.errors import OutsideError
from bascule.forge.ports import LostReplyError
from bascule.forge.reverter import Made, TreeEntry
from bascule.git import Git, parse_fields
from bascule.messages import rollback as say
from bascule.pipeline.session import Session
from bascule.pipeline.undoing.found import Target
from bascule.rollback.inverse import Inverse, invert, merged_tree
from bascule.rollback.origin import UNDOES, undoes_of
from bascule.types import Check, Viewer
from bascule.window.retry import reading


@frozen(kw_only=True)
class Proposal:
    """What stands on GitHub: the pull request, its head commit, and the tip that this commit was made on."""

    pull: Made
    commit: str
    base: str


def propose(
    session: Session, target: Target, inverse: Inverse, who: Viewer, *, known: Made | None, body: str
) -> Proposal | Check:
    """Return the rollback's pull request at a head that gives ``inverse``, made or found; or why a person must look.

    ``known`` is the pull request that is there already, ``body`` the text of a new one.

    Raises:
        BasculeError: GitHub failed or refused; what was written is found again by the next run.
    """
    if known is not None and known.state != "open":
        return say.closed(known.number, target.branch)
    head = _head(session, target, inverse, who, known)
    if isinstance(head, Check):
        return head
    commit, base = head
    session.progress(f"pull request from {target.branch}")
    for _ in range(2):
        if known is None:
            known = _opened(session, target, body)
    if known is None:
        message, hint = say.pull_vanished(target.branch)
        raise OutsideError(message, hint=hint)
    return Proposal(pull=known, commit=commit, base=base)


def _opened(session: Session, target: Target, body: str) -> Made | None:
    reverter, title = session.connection.reverter, say.title(target.change.number, target.subject)
    try:
        made = reverter.open(branch=target.branch, base=target.change.base_ref, title=title, body=body)
    except LostReplyError:
        made = None  # read, then decide: GitHub opens no second one for the branch
    return made or reverter.find(target.branch)


def refresh(session: Session, target: Target, inverse: Inverse, who: Viewer) -> str:
    """Put a new commit on the tip and move the rollback's branch there; return the commit. For a branch that must not
    be behind."""
    commit = _commit(session, target, inverse, who)
    reading(
        session.clock, lambda: session.connection.reverter.move(target.branch, commit)
    )  # the same move twice is one
    return commit


def _head(
    session: Session, target: Target, inverse: Inverse, who: Viewer, known: Made | None
) -> tuple[str, str] | Check:
    """Return the branch's commit and the commit below it, both made where there is none yet."""
    reverter = session.connection.reverter
    at = known.head_sha if known is not None else None
    if at is None:
        session.progress(f"one commit on {target.branch}")
        commit = _commit(session, target, inverse, who)
        if reading(session.clock, lambda: reverter.create(target.branch, commit)):
            return commit, inverse.tip
        at = reading(session.clock, lambda: reverter.branch(target.branch))
        if at == commit:
            return commit, inverse.tip
        if at is None:
            message, hint = say.pull_vanished(target.branch)
            raise OutsideError(message, hint=hint)
    found = session.connection.observer.commit(at)
    parent = found.parents[0] if len(found.parents) == 1 else None
    same = (
        undoes_of(found.message) == target.undoes and parent is not None and target.git.resolve(f"{parent}^{{commit}}")
    )
    mine = invert(target.git, inverse.span, parent) if same and parent is not None else None
    if mine is None or parent is None or mine.tree != found.tree:
        return say.foreign_branch(target.branch, at)
    if (
        parent == inverse.tip
        or merged_tree(target.git, base=parent, head_tree=found.tree, onto=inverse.tip) == inverse.tree
    ):
        return at, parent
    return refresh(session, target, inverse, who), inverse.tip


def _commit(session: Session, target: Target, inverse: Inverse, who: Viewer) -> str:
    """Store the inverse's tree and its one commit on the tip. Sent again after a lost reply: the same content is the
    same object."""
    assert inverse.tree is not None
    tree, reverter = inverse.tree, session.connection.reverter
    if not inverse.exact:
        _upload(session, target.git, inverse)
    facts = commit_facts(session, target, inverse, who)
    return reading(
        session.clock,
        lambda: reverter.commit(
            tree=tree, parent=inverse.tip, message=facts.message, name=facts.name, email=facts.email, at=target.at
        ),
    )


@frozen(kw_only=True)
class CommitFacts:
    """What the rollback's commit says besides tree and parent; it follows from the merge and the Merger alone."""

    name: str
    email: str
    message: str


def commit_facts(session: Session, target: Target, inverse: Inverse, who: Viewer) -> CommitFacts:
    """Return who signs the rollback's commit and what its message is."""
    span = inverse.span
    chain = target.git.text("rev-list", "--first-parent", f"--max-count={span.count}", span.landed).split()
    host = session.connection.api.host.partition(":")[0]
    return CommitFacts(
        name=who.login,
        email=f"{who.id}+{who.login}@users.noreply.{host}",
        message=say.commit_message(target.change.number, target.subject, chain, f"{UNDOES}: {target.undoes}"),
    )


def commit_id(session: Session, target: Target, inverse: Inverse, who: Viewer) -> str:
    """Return the id that the rollback's commit will have, without storing it anywhere."""
    facts = commit_facts(session, target, inverse, who)
    sign = f"{facts.name} <{facts.email}> {int(target.at.timestamp())} +0000"
    head = f"tree {inverse.tree}\nparent {inverse.tip}\nauthor {sign}\ncommitter {sign}\n\n{facts.message}"
    return target.git.run("hash-object", "-t", "commit", "--stdin", stdin=head.encode()).decode().strip()


def _upload(session: Session, git: Git, inverse: Inverse) -> None:
    """Store the merged tree on GitHub, and those contents in it that no commit there has."""
    assert inverse.tree is not None
    reverter = session.connection.reverter
    out = git.run(
        "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--no-ext-diff", "--ignore-submodules=none",
        inverse.tip_tree, inverse.tree,
    )  # fmt: skip
    _, entries = parse_fields(out.decode("utf-8", "surrogateescape").split("\0"))
    there = _objects(git, inverse.tip_tree) | _objects(git, inverse.before_tree)
    changed = []
    for entry in entries:
        gone = entry.mode_after == "000000"
        if not gone and entry.mode_after != "160000" and entry.oid_after not in there:
            content = git.run("cat-file", "blob", entry.oid_after)
            _same("file", reading(session.clock, partial(reverter.blob, content)), entry.oid_after)
            there.add(entry.oid_after)
        mode = entry.mode_before if gone else entry.mode_after
        changed.append(TreeEntry(path=entry.path, mode=mode, sha=None if gone else entry.oid_after))
    made = reading(session.clock, lambda: reverter.tree(inverse.tip_tree, tuple(changed)))
    _same("tree", made, inverse.tree)


def _objects(git: Git, tree: str) -> set[str]:
    listed = git.run("ls-tree", "-r", "-z", "--full-tree", tree).split(b"\0")
    return {line.split(b"\t", 1)[0].split()[2].decode() for line in listed if line}


def _same(what: str, found: str, expected: str) -> None:
    if found != expected:
        message, hint = say.wrong_object(what, found, expected)
        raise OutsideError(message, hint=hint)
