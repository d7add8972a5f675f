"""Merging: pull requests, branches, and the base branch into a head."""

from typing import cast

from bascule.simulator import merging
from bascule.simulator.access import find_repo
from bascule.simulator.auth import require_user
from bascule.simulator.http import Ctx, HttpError, Reply, bad_request_shape, not_found, route
from bascule.simulator.model import MergeMethod
from bascule.simulator.pull_views import pull_urls
from bascule.simulator.pulls import pull_by_number
from bascule.simulator.reactions import gate_changed
from bascule.simulator.rest.pulls import find_pull
from bascule.simulator.update_branch import merge_branches, update_branch
from bascule.simulator.views import commit_json

_METHODS = ("merge", "squash", "rebase")


def _is_merged(ctx: Ctx) -> Reply:
    _, pull = find_pull(ctx)
    if not pull.merged:
        raise not_found()
    return Reply(status=204)


def _optional(ctx: Ctx, name: str) -> str | None:
    value = ctx.json().get(name)
    if value is not None and not isinstance(value, str):
        raise bad_request_shape(f"For 'properties/{name}', {value} is not a string.")
    return value


def _merge(ctx: Ctx) -> Reply:
    actor = require_user(ctx)
    repo = find_repo(ctx, "read", grant="contents")
    pull = pull_by_number(ctx.world, repo, ctx.params["number"])
    method = _optional(ctx, "merge_method") or "merge"
    if method not in _METHODS:
        raise bad_request_shape(f'{method} is not a member of ["merge", "squash", "rebase"].')
    if repo.archived:
        raise HttpError(403, "Repository was archived so is read-only.")
    sha = merging.merge(
        ctx.world,
        repo,
        actor,
        pull,
        method=cast(MergeMethod, method),
        title=_optional(ctx, "commit_title"),
        message=_optional(ctx, "commit_message"),
        expected_head=_optional(ctx, "sha"),
    )
    gate_changed(ctx.world, repo)
    return Reply(body={"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


def _update_branch(ctx: Ctx) -> Reply:
    actor = require_user(ctx)
    repo, pull = find_pull(ctx)
    update_branch(ctx.world, repo, actor, pull, _optional(ctx, "expected_head_sha"))
    url, _, _ = pull_urls(ctx, repo, pull.number)
    return Reply(status=202, body={"message": "Updating pull request branch.", "url": url})


def _merge_branches(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write", grant="contents")
    new = merge_branches(
        ctx.world,
        repo,
        require_user(ctx),
        base=ctx.take("base", str),
        head=ctx.take("head", str),
        message=_optional(ctx, "commit_message"),
    )
    if new is None:
        return Reply(status=204)
    return Reply(status=201, body=commit_json(ctx, repo, ctx.world.git(repo).commit(new)))


routes = [
    route("GET", "/repos/{owner}/{repo}/pulls/{number:int}/merge", _is_merged),
    route("PUT", "/repos/{owner}/{repo}/pulls/{number:int}/merge", _merge),
    route("PUT", "/repos/{owner}/{repo}/pulls/{number:int}/update-branch", _update_branch),
    route("POST", "/repos/{owner}/{repo}/merges", _merge_branches),
]
