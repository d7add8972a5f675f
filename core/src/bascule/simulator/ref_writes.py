"""What a client may ask of a single ref, through REST or GraphQL: create, move, delete.

Each checks the request, asks protection and moves the ref; HttpError with REST's status and text.
"""

import re

from bascule.simulator.enforce import RefUpdate
from bascule.simulator.git import GitRepo
from bascule.simulator.http import unprocessable
from bascule.simulator.model import Repo
from bascule.simulator.refs import update_or_raise
from bascule.simulator.world import Actor, World

SHA = re.compile(r"[0-9a-f]{40}")
EXISTS = "Reference already exists"
UNKNOWN = "Reference does not exist"
NO_FORWARD = "Update is not a fast forward"
FAILED = "Reference update failed"


def is_custom(name: str) -> bool:
    """Whether a full name lies outside branches and tags."""
    return not name.startswith(("refs/heads/", "refs/tags/"))


def object_kind(git: GitRepo, name: str, sha: str) -> str:
    """The type of the object that a ref is to point at; 422 if there is none, or if a branch may not point there."""
    found = git.info(sha) if SHA.fullmatch(sha) else None
    if found is None or (name.startswith("refs/heads/") and found[1] != "commit"):
        raise unprocessable("Object does not exist")
    return found[1]


def is_forward(git: GitRepo, old: str, new: str) -> bool:
    """Whether moving from one object to another loses nothing; only commits move forward."""
    if old == new:
        return True
    found = git.info(new)
    return (
        found is not None and found[1] == "commit" and git.resolve(old, "commit") == old and git.is_ancestor(old, new)
    )


def create(world: World, repo: Repo, actor: Actor, name: str, sha: str) -> str:
    """Make a ref that does not exist yet; the type of its object. 422 otherwise, 403 without the right."""
    git = world.git(repo)
    if not name.startswith("refs/") or name.count("/") < 2 or not git.valid_ref_name(name):
        raise unprocessable("Reference name must start with 'refs/' and contain at least one additional '/'.")
    if name.startswith("refs/pull/") or (is_custom(name) and not world.switches.custom_refs_allowed):
        raise unprocessable(FAILED)
    if not SHA.fullmatch(sha):
        raise unprocessable("The sha parameter must be exactly 40 characters and contain only [0-9a-f].")
    if git.ref(name) is not None:
        raise unprocessable(EXISTS)
    kind = object_kind(git, name, sha)
    update_or_raise(world, repo, actor, RefUpdate(ref=name, old=None, new=sha))
    return kind


def move(world: World, repo: Repo, actor: Actor, name: str, sha: str, *, force: bool) -> str:
    """Point a ref elsewhere; the type of the object. 422 unless it moves forward or `force` says so."""
    git = world.git(repo)
    old = git.ref(name)
    if old is None:
        raise unprocessable(UNKNOWN)
    kind = object_kind(git, name, sha)
    if name.startswith("refs/pull/"):
        raise unprocessable(FAILED)
    forward = is_forward(git, old, sha)
    if not forward and not force:
        raise unprocessable(NO_FORWARD)
    if old != sha:
        update_or_raise(world, repo, actor, RefUpdate(ref=name, old=old, new=sha, forced=not forward))
    return kind


def delete(world: World, repo: Repo, actor: Actor, name: str) -> None:
    """Remove a ref. 422 for one that is not there, the default branch, and what belongs to pull requests."""
    old = world.git(repo).ref(name)
    if old is None:
        raise unprocessable(UNKNOWN)
    if name == f"refs/heads/{repo.default_branch}":
        raise unprocessable("Cannot delete the default branch")
    if name.startswith("refs/pull/"):
        raise unprocessable(FAILED)
    update_or_raise(world, repo, actor, RefUpdate(ref=name, old=old, new=None))
