"""Commits, and comparisons of two of them."""

import re
from typing import Any

from bascule.simulator.access import find_repo, full_name, repo_by_name
from bascule.simulator.git import CommitInfo, GitObjectMissing, GitRepo
from bascule.simulator.http import Ctx, HttpError, Reply, not_found, paginate, route, unprocessable
from bascule.simulator.model import Repo
from bascule.simulator.views import commit_json, file_json

#: Files that one reply holds at most.
_FILE_LIMIT = 300


def _with_files(ctx: Ctx, repo: Repo, commit: CommitInfo) -> dict[str, Any]:
    files = ctx.world.git(repo).diff(commit.parents[0] if commit.parents else None, commit.sha)
    plus, minus = sum(f.additions for f in files), sum(f.deletions for f in files)
    return {
        **commit_json(ctx, repo, commit),
        "stats": {"total": plus + minus, "additions": plus, "deletions": minus},
        "files": [file_json(ctx, repo, f, commit.sha) for f in files[:_FILE_LIMIT]],
    }


def _list(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="contents")
    git = ctx.world.git(repo)
    start = git.resolve(ctx.query.get("sha") or repo.default_branch, "commit")
    if start is None:
        raise HttpError(409, "Git Repository is empty.") if not git.refs("refs/heads/") else not_found()
    args = [f"--{name}={ctx.query[name]}" for name in ("since", "until") if ctx.query.get(name)]
    if ctx.query.get("author"):
        args.append(f"--author={re.escape(ctx.query['author'])}")
    shas = git.rev_list(*args, start, "--", *filter(None, [ctx.query.get("path")]))
    return paginate(ctx, shas, lambda sha: commit_json(ctx, repo, git.commit(sha)))


def _get(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="contents")
    git, name = ctx.world.git(repo), ctx.params["ref"]
    sha = git.resolve(name, "commit")
    if sha is None:
        raise unprocessable(f"No commit found for SHA: {name}")
    if ctx.accepts("sha"):
        return Reply(raw=sha.encode(), content_type="application/vnd.github.sha; charset=utf-8")
    commit = git.commit(sha)
    if ctx.accepts("diff"):
        _, out = git.run(["diff-tree", "-p", "-M", "--no-commit-id", "--root", sha])
        return Reply(raw=out, content_type="application/vnd.github.diff; charset=utf-8")
    return Reply(body=_with_files(ctx, repo, commit))


def _pulls_head(git: GitRepo, name: str) -> str:
    sha = git.resolve(name, "commit")
    if sha is None:
        raise not_found()
    return sha


def _side(ctx: Ctx, repo: Repo, text: str) -> str:
    """A commit for `branch`, `sha`, `owner:branch` or `owner:repo:branch`, with its objects in `repo`."""
    git = ctx.world.git(repo)
    owner, colon, rest = text.partition(":")
    if not colon:
        return _pulls_head(git, text)
    name, second, branch = rest.partition(":")
    if not second:
        name, branch = "", rest
    for other in ctx.world.store.repos:
        same_network = (other.source_id or other.id) == (repo.source_id or repo.id)
        login = ctx.world.store.users[other.owner_id].login
        if same_network and login.lower() == owner.lower() and (not name or other.name == name):
            sha = _pulls_head(ctx.world.git(other), branch)
            if other.id != repo.id and git.info(sha) is None:
                # GitHub keeps one object store for a network; here the commits are copied when first needed.
                git.fetch_from(ctx.world.git(other), sha)
            return sha
    named = repo_by_name(ctx.world, owner, repo.name)
    if named is not None and named.id == repo.id:
        return _pulls_head(git, branch)
    raise not_found()


def _compare(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="contents")
    git, spec = ctx.world.git(repo), ctx.params["basehead"]
    left, dots, right = spec.partition("...")
    if not dots or not left or not right:
        raise not_found()
    try:
        base, head = _side(ctx, repo, left), _side(ctx, repo, right)
    except GitObjectMissing as error:
        raise not_found() from error
    common = git.merge_base(base, head)
    if common is None:
        raise HttpError(404, f"No common ancestor between {left} and {right}.")
    ahead = git.between(base, head)[::-1]
    behind = len(git.between(head, base))
    status = ("diverged" if ahead else "behind") if behind else ("ahead" if ahead else "identical")
    files = git.diff(common, head)
    page = paginate(ctx, ahead, lambda sha: commit_json(ctx, repo, git.commit(sha))) if _paged(ctx) else None
    url = f"{ctx.api}/repos/{full_name(ctx.world, repo)}/compare/{spec}"
    html = f"{ctx.html}/{full_name(ctx.world, repo)}/compare/{spec}"
    body = {
        "url": url,
        "html_url": html,
        "permalink_url": html,
        "diff_url": html + ".diff",
        "patch_url": html + ".patch",
        "base_commit": commit_json(ctx, repo, git.commit(base)),
        "merge_base_commit": commit_json(ctx, repo, git.commit(common)),
        "status": status,
        "ahead_by": len(ahead),
        "behind_by": behind,
        "total_commits": len(ahead),
        "commits": page.body if page else [commit_json(ctx, repo, git.commit(s)) for s in ahead[:250]],
    }
    # Files stand on the first page only.
    if ctx.query.get("page", "1") == "1":
        body["files"] = [file_json(ctx, repo, f, head) for f in files[:_FILE_LIMIT]]
    return Reply(body=body, headers=page.headers if page else {})


def _paged(ctx: Ctx) -> bool:
    return "page" in ctx.query or "per_page" in ctx.query


routes = [
    route("GET", "/repos/{owner}/{repo}/commits", _list),
    route("GET", "/repos/{owner}/{repo}/commits/{ref:path}", _get),
    route("GET", "/repos/{owner}/{repo}/compare/{basehead:path}", _compare),
]
