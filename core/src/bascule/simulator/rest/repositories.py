"""Repositories: create, read, change, rename, delete."""

import re

from bascule.simulator.access import find_repo, full_name, repo_by_name, user_by_login
from bascule.simulator.auth import require_user
from bascule.simulator.commits import commit_files
from bascule.simulator.http import Ctx, HttpError, Reply, bad_request_shape, created, invalid, not_found, route
from bascule.simulator.model import Label, Repo, User
from bascule.simulator.views import repo_json

_FLAGS = (
    "private", "archived", "allow_merge_commit", "allow_squash_merge", "allow_rebase_merge", "allow_auto_merge",
    "allow_update_branch", "allow_forking", "delete_branch_on_merge", "has_issues",
)  # fmt: skip
_TEXTS = (
    "description", "squash_merge_commit_title", "squash_merge_commit_message", "merge_commit_title",
    "merge_commit_message",
)  # fmt: skip
#: What every new repository has: name, colour, description.
_LABELS = (
    ("bug", "d73a4a", "Something isn't working"),
    ("documentation", "0075ca", "Improvements or additions to documentation"),
    ("duplicate", "cfd3d7", "This issue or pull request already exists"),
    ("enhancement", "a2eeef", "New feature or request"),
    ("good first issue", "7057ff", "Good for newcomers"),
    ("help wanted", "008672", "Extra attention is needed"),
    ("invalid", "e4e669", "This doesn't seem right"),
    ("question", "d876e3", "Further information is requested"),
    ("wontfix", "ffffff", "This will not be worked on"),
)
_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def new_repo(ctx: Ctx, owner: User, name: str) -> Repo:
    """Store a repository with its empty git data. 422 if the name is taken or empty."""
    name = _NAME.sub("-", name)
    if not name.strip(".-"):
        raise invalid("Repository", "name", "missing_field")
    if repo_by_name(ctx.world, owner.login, name):
        raise HttpError(
            422,
            "Repository creation failed.",
            errors=[
                {
                    "resource": "Repository",
                    "code": "custom",
                    "field": "name",
                    "message": "name already exists on this account",
                }
            ],
        )
    world, now = ctx.world, ctx.world.clock.iso()
    repo = Repo(id=world.store.next_id(), owner_id=owner.id, name=name, created_at=now, updated_at=now, pushed_at=now)
    forget_former_name(ctx, full_name(world, repo).lower())
    world.git(repo).create(repo.default_branch)
    for label, color, text in _LABELS:
        number = world.store.next_id()
        world.store.labels.save(
            Label(id=number, repo_id=repo.id, name=label, color=color, description=text, default=True)
        )
    return world.store.repos.save(repo)


def forget_former_name(ctx: Ctx, name: str) -> None:
    """A name that is used again redirects no more."""
    for other in ctx.world.store.repos:
        if name in other.former_names:
            other.former_names.remove(name)
            ctx.world.store.repos.save(other)


def _apply(ctx: Ctx, repo: Repo) -> None:
    body = ctx.json()
    if "visibility" in body:
        repo.private = body["visibility"] != "public"
    for name in _FLAGS:
        if body.get(name) is not None:
            setattr(repo, name, ctx.take(name, bool))
    for name in _TEXTS:
        if name in body:
            if body[name] is not None and not isinstance(body[name], str):
                raise bad_request_shape(f"For 'properties/{name}', {body[name]} is not a string.")
            setattr(repo, name, body[name])
    if not (repo.allow_merge_commit or repo.allow_squash_merge or repo.allow_rebase_merge):
        raise invalid(
            "Repository", "merge_commit_allowed", "custom", "Sorry, you need to allow at least one merge strategy."
        )


def _create(ctx: Ctx, owner: User) -> Reply:
    name = ctx.take("name", str, resource="Repository")
    repo = new_repo(ctx, owner, name)
    _apply(ctx, repo)
    if ctx.take("auto_init", bool, False):
        text = f"# {repo.name}\n" + (f"{repo.description}\n" if repo.description else "")
        actor = require_user(ctx)
        commit_files(
            ctx.world,
            repo,
            actor,
            branch=repo.default_branch,
            message="Initial commit",
            files={"README.md": text.encode()},
            signed=True,
        )
    ctx.world.store.repos.save(repo)
    return created(repo_json(ctx, repo, full=True))


def _create_own(ctx: Ctx) -> Reply:
    return _create(ctx, require_user(ctx).user)


def _create_in_org(ctx: Ctx) -> Reply:
    actor, org = require_user(ctx), user_by_login(ctx.world, ctx.params["org"])
    if org is None or org.type != "Organization":
        raise not_found()
    if actor.user.id not in org.members and not (actor.token and actor.token.admin):
        raise HttpError(403, "You need admin access to the organization before adding a repository to it.")
    reply = _create(ctx, org)
    repo = ctx.world.store.repos[reply.body["id"]]
    if org.members.get(actor.user.id) != "admin":
        repo.collaborators[actor.user.id] = "admin"
    return created(repo_json(ctx, repo, full=True))


def _get(ctx: Ctx) -> Reply:
    return Reply(body=repo_json(ctx, find_repo(ctx), full=True))


def _patch(ctx: Ctx) -> Reply:
    world = ctx.world
    # Unarchiving is the one write that an archived repository takes.
    unarchives = ctx.json().get("archived") is False
    repo = _archived_ok(ctx) if unarchives else find_repo(ctx, "admin", grant="administration")
    new_name = ctx.json().get("name")
    if isinstance(new_name, str) and new_name != repo.name:
        owner = world.store.users[repo.owner_id].login
        taken = repo_by_name(world, owner, new_name)
        if taken is not None and taken.id != repo.id:
            raise invalid("Repository", "name", "custom", "name already exists on this account")
        old = full_name(world, repo).lower()
        repo.name = _NAME.sub("-", new_name)
        forget_former_name(ctx, full_name(world, repo).lower())
        if old != full_name(world, repo).lower():
            repo.former_names.append(old)
    branch = ctx.json().get("default_branch")
    if branch is not None and branch != repo.default_branch:
        if world.git(repo).ref(f"refs/heads/{branch}") is None:
            raise invalid(
                "Repository",
                "default_branch",
                "invalid",
                f"The branch {branch} was not found. Please push that ref first or create it via the Git Data API.",
            )
        repo.default_branch = branch
        world.git(repo).set_head(branch)
    _apply(ctx, repo)
    repo.updated_at = world.clock.iso()
    world.store.repos.save(repo)
    return Reply(body=repo_json(ctx, repo, full=True))


def _archived_ok(ctx: Ctx) -> Repo:
    ctx.method = "GET"
    repo = find_repo(ctx, "admin")
    ctx.method = "PATCH"
    return repo


def _delete(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "admin", grant="administration")
    for fork in ctx.world.store.repos.where(parent_id=repo.id):
        fork.parent_id = repo.parent_id
        ctx.world.store.repos.save(fork)
    for pull in ctx.world.store.pulls.where(head_repo_id=repo.id):
        pull.head_repo_id = None
        ctx.world.store.pulls.save(pull)
    ctx.world.store.remove_repo(repo)
    ctx.world.pool.drop(repo.id)
    return Reply(status=204)


routes = [
    route("POST", "/user/repos", _create_own),
    route("POST", "/orgs/{org}/repos", _create_in_org),
    route("GET", "/repos/{owner}/{repo}", _get),
    route("PATCH", "/repos/{owner}/{repo}", _patch),
    route("DELETE", "/repos/{owner}/{repo}", _delete),
]
