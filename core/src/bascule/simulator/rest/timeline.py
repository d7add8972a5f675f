"""Events of issues and pull requests, and the timeline that mixes them with comments, reviews and commits."""

from typing import Any

from bascule.simulator import reviewing
from bascule.simulator.access import find_repo
from bascule.simulator.http import Ctx, Reply, not_found, paginate, route
from bascule.simulator.model import IssueEvent, PullRequest, Repo
from bascule.simulator.pull_content import content
from bascule.simulator.pull_views import review_json
from bascule.simulator.rest.issues import find_subject
from bascule.simulator.talk_views import comment_json, event_json, issue_json
from bascule.simulator.views import git_commit_json

#: What stands only in the timeline, as an entry of its own form.
_TIMELINE_ONLY = ("reviewed",)


def _of_repo(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="issues")
    found = [e for e in ctx.world.store.issue_events.where(repo_id=repo.id) if e.event not in _TIMELINE_ONLY]
    return paginate(ctx, list(reversed(found)), lambda e: _with_issue(ctx, repo, e))


def _with_issue(ctx: Ctx, repo: Repo, event: IssueEvent) -> dict[str, Any]:
    store = ctx.world.store
    subject = store.pulls.find(repo_id=repo.id, number=event.number) or store.issues.find(
        repo_id=repo.id, number=event.number
    )
    return {**event_json(ctx, repo, event), "issue": issue_json(ctx, repo, subject) if subject else None}


def _one(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="issues")
    event = ctx.world.store.issue_events.get(ctx.params["id"])
    if event is None or event.repo_id != repo.id or event.event in _TIMELINE_ONLY:
        raise not_found()
    return Reply(body=_with_issue(ctx, repo, event))


def _of_issue(ctx: Ctx) -> Reply:
    repo, subject = find_subject(ctx)
    found = ctx.world.store.issue_events.where(repo_id=repo.id, number=subject.number)
    return paginate(ctx, [e for e in found if e.event not in _TIMELINE_ONLY], lambda e: event_json(ctx, repo, e))


def _timeline(ctx: Ctx) -> Reply:
    repo, subject = find_subject(ctx)
    store = ctx.world.store
    rows: list[tuple[str, int, dict[str, Any]]] = []
    for event in store.issue_events.where(repo_id=repo.id, number=subject.number):
        if event.event not in _TIMELINE_ONLY:
            rows.append((event.created_at, event.id, event_json(ctx, repo, event)))
    for comment in store.issue_comments.where(repo_id=repo.id, number=subject.number):
        shown = comment_json(ctx, repo, comment)
        rows.append((comment.created_at, comment.id, {**shown, "event": "commented", "actor": shown["user"]}))
    if isinstance(subject, PullRequest):
        for review in reviewing.reviews_of(ctx.world, subject, ctx.actor):
            if review.submitted_at is not None:
                shown = {**review_json(ctx, repo, subject, review), "event": "reviewed"}
                rows.append((review.submitted_at, review.id, {**shown, "state": review.state.lower()}))
        for sha in content(ctx.world, repo, subject).commits:
            commit = ctx.world.git(repo).commit(sha)
            rows.append((commit.committer.iso(), 0, {**git_commit_json(ctx, repo, commit), "event": "committed"}))
    rows.sort(key=lambda row: row[:2])
    return paginate(ctx, [row[2] for row in rows])


routes = [
    route("GET", "/repos/{owner}/{repo}/issues/events", _of_repo),
    route("GET", "/repos/{owner}/{repo}/issues/events/{id:int}", _one),
    route("GET", "/repos/{owner}/{repo}/issues/{number:int}/events", _of_issue),
    route("GET", "/repos/{owner}/{repo}/issues/{number:int}/timeline", _timeline),
]
