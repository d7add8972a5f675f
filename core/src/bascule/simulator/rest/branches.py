"""Branches, with the `protected` flag; protection itself is a resource of its own."""

from typing import Any

from bascule.simulator.access import find_repo, full_name
from bascule.simulator.enforce import rule_for
from bascule.simulator.http import Ctx, HttpError, Reply, paginate, route
from bascule.simulator.model import BranchProtectionRule, Repo
from bascule.simulator.views import commit_json


def protection_summary(rule: BranchProtectionRule | None) -> dict[str, Any]:
    """The short form inside a branch, which readers may see."""
    checks = rule.required_status_checks if rule else None
    return {
        "enabled": rule is not None,
        "required_status_checks": {
            "enforcement_level": "off"
            if checks is None
            else ("everyone" if rule and rule.enforce_admins else "non_admins"),
            "contexts": [c.context for c in checks.checks] if checks else [],
            "checks": [{"context": c.context, "app_id": c.app_id} for c in checks.checks] if checks else [],
        },
    }


def _short(ctx: Ctx, repo: Repo, branch: str, sha: str) -> dict[str, Any]:
    base = f"{ctx.api}/repos/{full_name(ctx.world, repo)}"
    rule = rule_for(ctx.world, repo, branch)
    return {
        "name": branch,
        "commit": {"sha": sha, "url": f"{base}/commits/{sha}"},
        "protected": rule is not None,
        "protection": protection_summary(rule),
        "protection_url": f"{base}/branches/{branch}/protection",
    }


def _list(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="contents")
    refs = ctx.world.git(repo).refs("refs/heads/")
    rows = [(name.removeprefix("refs/heads/"), sha) for name, (sha, _) in refs.items()]
    wanted = ctx.query.get("protected")
    if wanted in ("true", "false"):
        rows = [r for r in rows if (rule_for(ctx.world, repo, r[0]) is not None) == (wanted == "true")]
    return paginate(ctx, rows, lambda r: _short(ctx, repo, r[0], r[1]))


def _get(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="contents")
    git, branch = ctx.world.git(repo), ctx.params["branch"]
    sha = git.ref(f"refs/heads/{branch}")
    if sha is None:
        raise HttpError(404, "Branch not found")
    url = f"{ctx.api}/repos/{full_name(ctx.world, repo)}/branches/{branch}"
    body = _short(ctx, repo, branch, sha)
    links = {"self": url, "html": f"{ctx.html}/{full_name(ctx.world, repo)}/tree/{branch}"}
    return Reply(body={**body, "commit": commit_json(ctx, repo, git.commit(sha)), "_links": links})


routes = [
    route("GET", "/repos/{owner}/{repo}/branches", _list),
    route("GET", "/repos/{owner}/{repo}/branches/{branch:path}", _get),
]
