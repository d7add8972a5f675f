"""Commits that the server makes on somebody's behalf."""

from collections.abc import Mapping, Sequence

from bascule.simulator.enforce import RefUpdate
from bascule.simulator.git import Signature
from bascule.simulator.model import Repo, User
from bascule.simulator.refs import update_or_raise
from bascule.simulator.signing import web_flow
from bascule.simulator.world import Actor, World


def signature_of(world: World, user: User) -> Signature:
    """A user as author: the public address, or GitHub's noreply form."""
    email = user.email or f"{user.id}+{user.login}@users.noreply.github.com"
    return Signature(name=user.name or user.login, email=email, when=world.clock.now())


def signed_commit(
    world: World, repo: Repo, *, tree: str, parents: Sequence[str], author: Signature, message: str
) -> str:
    """Write a commit that GitHub itself commits and signs (the merge button, an app's files); its id. Moves no ref."""
    committer = web_flow(world.clock.now())
    chosen = tuple(parents)
    signature = world.signer.sign(tree=tree, parents=chosen, author=author, committer=committer, message=message)
    return world.git(repo).write_commit(
        tree=tree, parents=chosen, author=author, committer=committer, message=message, signature=signature
    )


def commit_files(
    world: World,
    repo: Repo,
    actor: Actor,
    *,
    branch: str,
    message: str,
    files: Mapping[str, bytes | None],
    author: Signature | None = None,
    committer: Signature | None = None,
    signed: bool = False,
) -> str:
    """Commit contents (None = delete the path) onto a branch as the contents API does; the new commit's id.

    The user commits, unsigned; only what an app commits under its own name does GitHub sign, and what `signed` says.
    Refusals become HTTP errors.
    """
    git = world.git(repo)
    ref = f"refs/heads/{branch}"
    old = git.ref(ref)
    changes = []
    for path, data in files.items():
        known = git.entry(old, path) if old else None
        mode = known.mode if known and known.type == "blob" else "100644"
        changes.append((path, mode, git.write_blob(data) if data is not None else None))
    tree = git.write_tree(old, changes)
    parents = [old] if old else []
    me = signature_of(world, actor.user)
    if signed or (author is None and committer is None and actor.app_id is not None):
        new = signed_commit(world, repo, tree=tree, parents=parents, author=me, message=message)
    else:
        by = committer or me
        new = git.write_commit(tree=tree, parents=parents, author=author or by, committer=by, message=message)
    update_or_raise(world, repo, actor, RefUpdate(ref=ref, old=old, new=new))
    return new
