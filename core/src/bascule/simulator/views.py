"""GitHub's JSON for the objects that appear inside many others."""

import base64
from typing import Any

from bascule.simulator.access import LEVELS, full_name, level_at_least, permission_of
from bascule.simulator.git import CommitInfo, FileChange
from bascule.simulator.http import Ctx
from bascule.simulator.model import App, Repo, Team, User, node_id
from bascule.simulator.world import World


def user_json(ctx: Ctx, user: User | None) -> dict[str, Any] | None:
    """`simple-user`; None for nobody (a deleted account)."""
    if user is None:
        return None
    url = f"{ctx.api}/users/{user.login}"
    return {
        "login": user.login,
        "id": user.id,
        "node_id": user.node_id,
        "avatar_url": f"{ctx.html}/avatars/{user.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{ctx.html}/{user.login}",
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": user.type,
        "user_view_type": "public",
        "site_admin": user.site_admin,
    }


def user_by_id(ctx: Ctx, user_id: int | None) -> dict[str, Any] | None:
    """`simple-user` by database id."""
    return user_json(ctx, ctx.world.store.users.get(user_id))


def team_json(ctx: Ctx, team: Team) -> dict[str, Any]:
    """`team`."""
    org = ctx.world.store.users[team.org_id]
    url = f"{ctx.api}/organizations/{org.id}/team/{team.id}"
    return {
        "id": team.id,
        "node_id": team.node_id,
        "url": url,
        "html_url": f"{ctx.html}/orgs/{org.login}/teams/{team.slug}",
        "name": team.name,
        "slug": team.slug,
        "description": team.description,
        "privacy": team.privacy,
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "parent": None,
    }


def app_json(ctx: Ctx, app: App) -> dict[str, Any]:
    """`integration`."""
    return {
        "id": app.id,
        "slug": app.slug,
        "node_id": app.node_id,
        "owner": user_by_id(ctx, app.owner_id),
        "name": app.name,
        "description": "",
        "external_url": f"{ctx.html}/apps/{app.slug}",
        "html_url": f"{ctx.html}/apps/{app.slug}",
        "created_at": app.created_at,
        "updated_at": app.created_at,
        "permissions": app.permissions,
        "events": [],
    }


def permissions_json(level: str) -> dict[str, bool]:
    """The five flags for a permission word."""
    words = {"admin": "admin", "maintain": "maintain", "push": "write", "triage": "triage", "pull": "read"}
    return {flag: level_at_least(level, need) for flag, need in words.items()}


_ADDRESSES = (
    "assignees{/user}", "branches{/branch}", "collaborators{/collaborator}", "comments{/number}", "commits{/sha}",
    "compare/{base}...{head}", "contents/{+path}", "contributors", "deployments", "downloads", "events", "forks",
    "git/commits{/sha}", "git/refs{/sha}", "git/tags{/sha}", "git/trees{/sha}", "git/blobs{/sha}", "hooks",
    "issues/comments{/number}", "issues/events{/number}", "issues{/number}", "keys{/key_id}", "labels{/name}",
    "languages", "merges", "milestones{/number}", "notifications{?since,all,participating}", "pulls{/number}",
    "releases{/id}", "stargazers", "statuses/{sha}", "subscribers", "subscription", "tags", "teams",
)  # fmt: skip
_ADDRESS_NAMES = {
    "issues/comments{/number}": "issue_comment_url",
    "issues/events{/number}": "issue_events_url",
    "git/refs{/sha}": "git_refs_url",
    "git/tags{/sha}": "git_tags_url",
    "git/commits{/sha}": "git_commits_url",
    "git/trees{/sha}": "trees_url",
    "git/blobs{/sha}": "blobs_url",
    "compare/{base}...{head}": "compare_url",
    "statuses/{sha}": "statuses_url",
    "contents/{+path}": "contents_url",
}


def minimal_repo_json(ctx: Ctx, repo: Repo) -> dict[str, Any]:
    """`minimal-repository`, in its shortest form: what it is and where everything about it lies."""
    name = full_name(ctx.world, repo)
    url = f"{ctx.api}/repos/{name}"
    return {
        "id": repo.id,
        "node_id": repo.node_id,
        "name": repo.name,
        "full_name": name,
        "private": repo.private,
        "owner": user_by_id(ctx, repo.owner_id),
        "html_url": f"{ctx.html}/{name}",
        "description": repo.description,
        "fork": repo.parent_id is not None,
        "url": url,
        **{_ADDRESS_NAMES.get(a, a.split("{")[0].split("/")[0] + "_url"): f"{url}/{a}" for a in _ADDRESSES},
        "archive_url": f"{url}/{{archive_format}}{{/ref}}",
    }


def repo_json(ctx: Ctx, repo: Repo, *, full: bool = False) -> dict[str, Any]:
    """`repository`; with `full` also the merge settings (for those who may push), parent and source."""
    world = ctx.world
    name = full_name(world, repo)
    level = permission_of(world, repo, ctx.actor)
    forks = len(world.store.repos.where(parent_id=repo.id))
    open_issues = len(world.store.pulls.where(repo_id=repo.id, state="open")) + len(
        world.store.issues.where(repo_id=repo.id, state="open")
    )
    body: dict[str, Any] = {
        **minimal_repo_json(ctx, repo),
        "git_url": f"git://{ctx.html.split('//')[1]}/{name}.git",
        "ssh_url": f"git@{ctx.html.split('//')[1]}:{name}.git",
        "clone_url": f"{ctx.html}/{name}.git",
        "svn_url": f"{ctx.html}/{name}",
        "homepage": None,
        "size": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": None,
        "has_issues": repo.has_issues,
        "has_projects": True,
        "has_downloads": True,
        "has_wiki": True,
        "has_pages": False,
        "has_discussions": False,
        "forks_count": forks,
        "mirror_url": None,
        "archived": repo.archived,
        "disabled": repo.disabled,
        "open_issues_count": open_issues,
        "license": None,
        "allow_forking": repo.allow_forking,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": repo.topics,
        "visibility": "private" if repo.private else "public",
        "forks": forks,
        "open_issues": open_issues,
        "watchers": 0,
        "default_branch": repo.default_branch,
        "created_at": repo.created_at,
        "updated_at": repo.updated_at,
        "pushed_at": repo.pushed_at or repo.created_at,
    }
    if ctx.actor:
        body["permissions"] = permissions_json(level)
    if full:
        body |= {"network_count": forks, "subscribers_count": 0}
        if world.store.users[repo.owner_id].type == "Organization":
            body["organization"] = body["owner"]
        for key, other in (("parent", repo.parent_id), ("source", repo.source_id)):
            found = world.store.repos.get(other)
            if found is not None:
                body[key] = repo_json(ctx, found)
        if LEVELS.index(level) >= LEVELS.index("write"):
            body |= merge_settings(repo)
    return body


_MERGE_SETTINGS = (
    "allow_merge_commit", "allow_squash_merge", "allow_rebase_merge", "allow_auto_merge", "allow_update_branch",
    "delete_branch_on_merge", "squash_merge_commit_title", "squash_merge_commit_message", "merge_commit_title",
    "merge_commit_message",
)  # fmt: skip


def merge_settings(repo: Repo) -> dict[str, Any]:
    """How pull requests may be merged."""
    by_title = repo.squash_merge_commit_title == "PR_TITLE"
    return {**{name: getattr(repo, name) for name in _MERGE_SETTINGS}, "use_squash_pr_title_as_default": by_title}


def account_for_email(ctx: Ctx, email: str) -> User | None:
    """The account that a commit's mail address belongs to."""
    return account_email_owner(ctx.world, email)


def account_email_owner(world: World, email: str) -> User | None:
    """The account that a mail address belongs to: its own address, or GitHub's noreply form."""
    for user in world.store.users:
        known = {
            user.email,
            f"{user.login}@users.noreply.github.com",
            f"{user.id}+{user.login}@users.noreply.github.com",
        }
        if email in known:
            return user
    return None


def git_commit_json(ctx: Ctx, repo: Repo, commit: CommitInfo) -> dict[str, Any]:
    """`git-commit`, from the git data API."""
    base = f"{ctx.api}/repos/{full_name(ctx.world, repo)}"
    html = f"{ctx.html}/{full_name(ctx.world, repo)}"
    return {
        "sha": commit.sha,
        "node_id": node_id("C", f"{repo.id}:{commit.sha}"),
        "url": f"{base}/git/commits/{commit.sha}",
        "html_url": f"{html}/commit/{commit.sha}",
        "author": {"name": commit.author.name, "email": commit.author.email, "date": commit.author.iso()},
        "committer": {"name": commit.committer.name, "email": commit.committer.email, "date": commit.committer.iso()},
        "tree": {"sha": commit.tree, "url": f"{base}/git/trees/{commit.tree}"},
        "message": commit.message,
        "parents": [
            {"sha": p, "url": f"{base}/git/commits/{p}", "html_url": f"{html}/commit/{p}"} for p in commit.parents
        ],
        "verification": ctx.world.signer.verification(commit),
    }


def commit_json(ctx: Ctx, repo: Repo, commit: CommitInfo) -> dict[str, Any]:
    """`commit` as lists and comparisons hold it, without files."""
    base = f"{ctx.api}/repos/{full_name(ctx.world, repo)}"
    html = f"{ctx.html}/{full_name(ctx.world, repo)}"
    inner = git_commit_json(ctx, repo, commit)
    web_flow = commit.committer.email == "noreply@github.com"
    return {
        "sha": commit.sha,
        "node_id": inner["node_id"],
        "commit": {
            "author": inner["author"],
            "committer": inner["committer"],
            "message": commit.message,
            "tree": inner["tree"],
            "url": inner["url"],
            "comment_count": 0,
            "verification": inner["verification"],
        },
        "url": f"{base}/commits/{commit.sha}",
        "html_url": inner["html_url"],
        "comments_url": f"{base}/commits/{commit.sha}/comments",
        "author": user_json(ctx, account_for_email(ctx, commit.author.email)),
        "committer": (
            user_json(ctx, next((u for u in ctx.world.store.users if u.login == "web-flow"), None))
            if web_flow
            else user_json(ctx, account_for_email(ctx, commit.committer.email))
        ),
        "parents": [{"sha": p, "url": f"{base}/commits/{p}", "html_url": f"{html}/commit/{p}"} for p in commit.parents],
    }


def file_json(ctx: Ctx, repo: Repo, change: FileChange, ref: str) -> dict[str, Any]:
    """`diff-entry`: one file of a commit, comparison or pull request."""
    base = f"{ctx.api}/repos/{full_name(ctx.world, repo)}"
    html = f"{ctx.html}/{full_name(ctx.world, repo)}"
    body: dict[str, Any] = {
        "sha": change.old_sha if change.status == "removed" else change.new_sha,
        "filename": change.path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": f"{html}/blob/{ref}/{change.path}",
        "raw_url": f"{html}/raw/{ref}/{change.path}",
        "contents_url": f"{base}/contents/{change.path}?ref={ref}",
    }
    if change.patch is not None:
        body["patch"] = change.patch
    if change.previous_path is not None:
        body["previous_filename"] = change.previous_path
    return body


def wrapped_base64(data: bytes) -> str:
    """Base64 in lines of 60, as GitHub sends contents."""
    text = base64.b64encode(data).decode()
    return "".join(text[i : i + 60] + "\n" for i in range(0, len(text), 60))
