"""GitHub's JSON for pull requests, reviews and review comments."""

from typing import Any

from bascule.simulator import merging
from bascule.simulator.access import association, full_name
from bascule.simulator.http import Ctx
from bascule.simulator.model import PullRequest, Repo, Review, ReviewComment, ReviewThread
from bascule.simulator.pull_content import base_tip, content
from bascule.simulator.talk_views import label_json, reaction_counts, users_json
from bascule.simulator.views import repo_json, team_json, user_by_id


def _side(ctx: Ctx, repo: Repo | None, owner: str, ref: str, sha: str) -> dict[str, Any]:
    return {
        "label": f"{owner}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": user_by_id(ctx, repo.owner_id) if repo else None,
        "repo": repo_json(ctx, repo) if repo else None,
    }


def pull_urls(ctx: Ctx, repo: Repo, number: int) -> tuple[str, str, str]:
    """API address as a pull request, API address as an issue, and page."""
    name = full_name(ctx.world, repo)
    base = f"{ctx.api}/repos/{name}"
    return f"{base}/pulls/{number}", f"{base}/issues/{number}", f"{ctx.html}/{name}/pull/{number}"


def pull_json(ctx: Ctx, repo: Repo, pull: PullRequest) -> dict[str, Any]:
    """`pull-request-simple`, as lists hold it."""
    world = ctx.world
    url, issue_url, html = pull_urls(ctx, repo, pull.number)
    statuses = f"{ctx.api}/repos/{full_name(world, repo)}/statuses/{pull.head_sha}"
    owner = world.store.users[repo.owner_id].login
    base_sha = base_tip(world, repo, pull) if world.switches.pull_base_sha_follows_branch else pull.base_sha
    teams = [team for i in pull.requested_teams if (team := world.store.teams.get(i))]
    assignees = users_json(ctx, pull.assignees)
    addresses = {
        "self": url,
        "html": html,
        "issue": issue_url,
        "comments": f"{issue_url}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{url.rsplit('/', 1)[0]}/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": statuses,
    }
    return {
        "url": url,
        "id": pull.id,
        "node_id": pull.node_id,
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "issue_url": issue_url,
        "number": pull.number,
        "state": pull.state,
        "locked": pull.locked,
        "title": pull.title,
        "user": user_by_id(ctx, pull.author_id),
        "body": pull.body,
        "created_at": pull.created_at,
        "updated_at": pull.updated_at,
        "closed_at": pull.closed_at,
        "merged_at": pull.merged_at,
        "merge_commit_sha": pull.merge_commit_sha,
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "requested_reviewers": users_json(ctx, pull.requested_reviewers),
        "requested_teams": [team_json(ctx, team) for team in teams],
        "labels": [label_json(ctx, repo, x) for i in pull.labels if (x := world.store.labels.get(i))],
        "milestone": None,
        "draft": pull.draft,
        "commits_url": addresses["commits"],
        "review_comments_url": addresses["review_comments"],
        "review_comment_url": addresses["review_comment"],
        "comments_url": addresses["comments"],
        "statuses_url": statuses,
        "head": _side(ctx, world.store.repos.get(pull.head_repo_id), pull.head_owner, pull.head_ref, pull.head_sha),
        "base": _side(ctx, repo, owner, pull.base_ref, base_sha),
        "_links": {name: {"href": address} for name, address in addresses.items()},
        "author_association": association(ctx.world, repo, pull.author_id),
        "auto_merge": _auto_merge(ctx, pull),
        "active_lock_reason": None,
    }


def _auto_merge(ctx: Ctx, pull: PullRequest) -> dict[str, Any] | None:
    order = pull.auto_merge
    if order is None:
        return None
    return {
        "enabled_by": user_by_id(ctx, order.enabled_by_id),
        "merge_method": order.merge_method,
        "commit_title": order.commit_title,
        "commit_message": order.commit_message,
    }


def full_pull_json(ctx: Ctx, repo: Repo, pull: PullRequest, *, counts_as_read: bool = False) -> dict[str, Any]:
    """`pull-request`, as a single read and writes answer it."""
    world = ctx.world
    told = merging.read(world, repo, pull, ctx.actor, counts=counts_as_read)
    what = content(world, repo, pull)
    comments = world.store.review_comments.where(repo_id=repo.id, pull_id=pull.id)
    return {
        **pull_json(ctx, repo, pull),
        "merged": pull.merged,
        "mergeable": told.mergeable,
        "rebaseable": told.rebaseable,
        "mergeable_state": told.state,
        "merged_by": user_by_id(ctx, pull.merged_by_id),
        "comments": len(world.store.issue_comments.where(repo_id=repo.id, number=pull.number)),
        "review_comments": len(comments),
        "maintainer_can_modify": pull.maintainer_can_modify,
        "commits": len(what.commits),
        "additions": what.additions,
        "deletions": what.deletions,
        "changed_files": len(what.files),
    }


def review_json(ctx: Ctx, repo: Repo, pull: PullRequest, review: Review) -> dict[str, Any]:
    """`pull-request-review`."""
    url, _, html = pull_urls(ctx, repo, pull.number)
    page = f"{html}#pullrequestreview-{review.id}"
    body: dict[str, Any] = {
        "id": review.id,
        "node_id": review.node_id,
        "user": user_by_id(ctx, review.author_id),
        "body": review.body,
        "state": review.state,
        "html_url": page,
        "pull_request_url": url,
        "author_association": association(ctx.world, repo, review.author_id),
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        "commit_id": review.commit_id,
    }
    if review.submitted_at is not None:
        body["submitted_at"] = review.submitted_at
    return body


def review_comment_json(ctx: Ctx, repo: Repo, pull: PullRequest, comment: ReviewComment) -> dict[str, Any]:
    """`pull-request-review-comment`."""
    world = ctx.world
    pull_url, _, html = pull_urls(ctx, repo, pull.number)
    url = f"{ctx.api}/repos/{full_name(world, repo)}/pulls/comments/{comment.id}"
    page = f"{html}#discussion_r{comment.id}"
    thread: ReviewThread = world.store.review_threads[comment.thread_id]
    body: dict[str, Any] = {
        "url": url,
        "pull_request_review_id": comment.review_id,
        "id": comment.id,
        "node_id": comment.node_id,
        "diff_hunk": comment.diff_hunk,
        "path": comment.path,
        "commit_id": comment.commit_id,
        "original_commit_id": comment.original_commit_id,
        "user": user_by_id(ctx, comment.author_id),
        "body": comment.body,
        "created_at": comment.created_at,
        "updated_at": comment.updated_at,
        "html_url": page,
        "pull_request_url": pull_url,
        "author_association": association(ctx.world, repo, comment.author_id),
        "_links": {"self": {"href": url}, "html": {"href": page}, "pull_request": {"href": pull_url}},
        "reactions": reaction_counts(ctx, repo, "review_comment", comment.id, url),
        "start_line": thread.start_line,
        "original_start_line": thread.start_line,
        "start_side": thread.side if thread.start_line is not None else None,
        "line": thread.line,
        "original_line": comment.original_line,
        "side": thread.side,
        "subject_type": thread.subject_type,
    }
    if comment.in_reply_to_id is not None:
        body["in_reply_to_id"] = comment.in_reply_to_id
    return body
