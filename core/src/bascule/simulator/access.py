"""Who may do what in a repository, and how GitHub says no."""

from bascule.simulator.auth import require_user
from bascule.simulator.http import Ctx, HttpError, not_found
from bascule.simulator.model import Repo, Team, User
from bascule.simulator.world import Actor, World

LEVELS = ("none", "read", "triage", "write", "maintain", "admin")
#: Which fine-grained permission guards which kind of resource; see `require_grant`.
Grant = str


def level_at_least(have: str, need: str) -> bool:
    """Compare two permission words."""
    return LEVELS.index(have) >= LEVELS.index(need)


def full_name(world: World, repo: Repo) -> str:
    """`owner/name`."""
    return f"{world.store.users[repo.owner_id].login}/{repo.name}"


def user_by_login(world: World, login: str) -> User | None:
    """An account by login, whatever the case."""
    return next((u for u in world.store.users if u.login.lower() == login.lower()), None)


def repo_by_name(world: World, owner: str, name: str) -> Repo | None:
    """A repository by its current name, whatever the case."""
    wanted = f"{owner}/{name}".lower()
    return next((r for r in world.store.repos if full_name(world, r).lower() == wanted), None)


def repo_by_former_name(world: World, owner: str, name: str) -> Repo | None:
    """A repository that had that name before."""
    return next((r for r in world.store.repos if f"{owner}/{name}".lower() in r.former_names), None)


def teams_of(world: World, repo: Repo, user: User) -> list[Team]:
    """The user's teams that reach the repository."""
    return [t for t in world.store.teams if repo.id in t.repositories and user.id in t.members]


def role_of(world: World, repo: Repo, user: User) -> str:
    """What an account may do in a repository by role: none, read, triage, write, maintain or admin."""
    found = ["read" if not repo.private else "none", repo.collaborators.get(user.id, "none")]
    if user.id == repo.owner_id:
        found.append("admin")
    owner = world.store.users[repo.owner_id]
    if owner.type == "Organization" and user.id in owner.members:
        found.append("admin" if owner.members[user.id] == "admin" else owner.default_permission)
    found += [team.repositories[repo.id] for team in teams_of(world, repo, user)]
    return max(found, key=LEVELS.index)


def association(world: World, repo: Repo, user_id: int) -> str:
    """`author_association`: what a person is to a repository, in GitHub's word."""
    owner = world.store.users[repo.owner_id]
    if user_id == owner.id:
        return "OWNER"
    if owner.type == "Organization" and user_id in owner.members:
        return "MEMBER"
    if user_id in repo.collaborators:
        return "COLLABORATOR"
    merged = any(p.author_id == user_id for p in world.store.pulls.where(repo_id=repo.id, merged=True))
    return "CONTRIBUTOR" if merged else "NONE"


def permission_of(world: World, repo: Repo, actor: Actor | None) -> str:
    """What the actor may do with this credential. Apps never become administrators by role."""
    if actor is None:
        return "none" if repo.private else "read"
    token = actor.token
    if token is not None and token.repository_ids is not None and repo.id not in token.repository_ids:
        return "none" if repo.private else "read"
    if token is not None and token.kind == "installation":
        return _installation_level(world, repo, token.installation_id, token.permissions)
    if token is not None and token.admin:
        return "admin"
    return role_of(world, repo, actor.user)


def _installation_level(world: World, repo: Repo, installation_id: int | None, permissions: dict[str, str]) -> str:
    installation = world.store.installations.get(installation_id)
    outside = installation is None or installation.account_id != repo.owner_id
    if outside or (
        installation and installation.repository_ids is not None and repo.id not in installation.repository_ids
    ):
        return "none" if repo.private else "read"
    return "write" if "write" in permissions.values() else "read"


def can_administer(world: World, repo: Repo, actor: Actor) -> bool:
    """Whether the credential may change settings: an administrator, or an app with `administration: write`."""
    if level_at_least(permission_of(world, repo, actor), "admin"):
        return True
    token = actor.token
    return (
        token is not None
        and token.kind == "installation"
        and token.permissions.get("administration") == "write"
        and level_at_least(permission_of(world, repo, actor), "write")
    )


def find_repo(ctx: Ctx, need: str = "read", *, grant: Grant | None = None) -> Repo:
    """The repository in the path, for someone who may do `need` (read, triage, write, maintain, admin).

    404 if the caller may not see it, 403 if the caller sees it and may not, 403 for writes to an archived one, and a
    redirect for an old name. `grant` names the fine-grained permission ("contents", "pull_requests", "checks",
    "statuses", "issues", "administration") that limited tokens must hold for this method.
    """
    world = ctx.world
    owner, name = ctx.params["owner"], ctx.params["repo"]
    repo = repo_by_name(world, owner, name)
    if repo is None:
        _redirect_old_name(ctx, owner, name)
        raise not_found()
    have = permission_of(world, repo, ctx.actor)
    if have == "none":
        raise not_found()
    writes = ctx.method not in ("GET", "HEAD")
    if grant and ctx.actor:
        require_grant(ctx.actor, grant, "write" if writes else "read")
    if need == "admin" and ctx.actor and can_administer(world, repo, ctx.actor):
        have = "admin"
    if not level_at_least(have, need):
        require_user(ctx)
        if need == "admin" and not writes:
            raise not_found()
        if ctx.actor and ctx.actor.token and ctx.actor.token.kind != "classic":
            raise HttpError(403, "Resource not accessible by integration")
        raise (
            HttpError(403, "Must have admin rights to Repository.") if need == "admin" else not_found_or_forbidden(have)
        )
    if writes and repo.archived and need != "read":
        raise HttpError(403, "Repository was archived so is read-only.")
    ctx.repo = repo
    return repo


def not_found_or_forbidden(have: str) -> HttpError:
    """GitHub hides writes from readers of the repository: 404; who may triage hears 403."""
    if level_at_least(have, "triage"):
        return HttpError(403, "Resource not accessible by personal access token")
    return not_found()


def require_grant(actor: Actor | None, grant: Grant, need: str) -> None:
    """403 for a limited token (fine-grained or app) without that permission; classic tokens pass.

    `issues|pull_requests` is met by either of the two.
    """
    token = actor.token if actor else None
    if token is None or token.kind == "classic" or not token.permissions:
        return
    if not any(token.permissions.get(name) in ("write", need) for name in grant.split("|")):
        kind = "integration" if token.kind == "installation" else "personal access token"
        raise HttpError(403, f"Resource not accessible by {kind}")


def _redirect_old_name(ctx: Ctx, owner: str, name: str) -> None:
    repo = repo_by_former_name(ctx.world, owner, name)
    if repo is None or permission_of(ctx.world, repo, ctx.actor) == "none":
        return
    rest = ctx.path.split(f"/repos/{owner}/{name}", 1)[-1]
    target = f"{ctx.api}/repositories/{repo.id}{rest}"
    if ctx.query:
        from urllib.parse import urlencode

        target += "?" + urlencode(ctx.query)
    read = ctx.method in ("GET", "HEAD")
    # Reads are moved for good, writes for now: clients that follow only 301 do nothing and may not notice.
    raise HttpError(
        301 if read else 307,
        "Moved Permanently",
        headers={"Location": target},
        url=target,
    )
