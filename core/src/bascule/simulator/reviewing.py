"""Reviews: written, submitted, dismissed; and who is asked for one."""

from collections.abc import Callable, Sequence

from attrs import evolve

from bascule.simulator import approvals, reactions, timeline
from bascule.simulator.access import level_at_least, permission_of, role_of
from bascule.simulator.enforce import listed, rule_for
from bascule.simulator.http import HttpError, not_found
from bascule.simulator.model import PullRequest, Repo, Review, ReviewState, Team, User
from bascule.simulator.world import Actor, World

#: What a client sends -> the state that the review gets.
EVENTS: dict[str, ReviewState] = {
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
    "COMMENT": "COMMENTED",
}


def refused(*texts: str) -> HttpError:
    """422 in the form that reviews use: the reasons are plain texts."""
    return HttpError(422, "Unprocessable Entity", errors=list(texts))


def review_by_id(world: World, pull: PullRequest, actor: Actor | None, review_id: int) -> Review:
    """404 if the pull request has no such review, or if it is somebody else's pending one."""
    review = world.store.reviews.get(review_id)
    if review is None or review.pull_id != pull.id or not visible(review, actor):
        raise not_found()
    return review


def visible(review: Review, actor: Actor | None) -> bool:
    """Pending reviews exist only for who writes them."""
    return review.state != "PENDING" or (actor is not None and actor.user.id == review.author_id)


def reviews_of(world: World, pull: PullRequest, actor: Actor | None) -> list[Review]:
    """All reviews that the actor may see, oldest first."""
    return [r for r in world.store.reviews.where(repo_id=pull.repo_id, pull_id=pull.id) if visible(r, actor)]


def latest_opinionated(world: World, pull: PullRequest) -> list[Review]:
    """The newest approval or change request of each reviewer that was not dismissed, oldest first."""
    return approvals.latest_opinions(world, pull)


def review_decision(world: World, repo: Repo, pull: PullRequest) -> str | None:
    """GraphQL's `reviewDecision`: APPROVED, CHANGES_REQUESTED, REVIEW_REQUIRED or None."""
    return approvals.review_decision(world, repo, pull, rule_for(world, repo, pull.base_ref))


def create(
    world: World,
    repo: Repo,
    actor: Actor,
    pull: PullRequest,
    *,
    event: str | None = None,
    body: str = "",
    commit_id: str | None = None,
    has_comments: bool = False,
    write_comments: Callable[[Review], object] | None = None,
) -> Review:
    """Write a review; without `event` it stays pending. 422 as GitHub words it.

    `write_comments` puts comments on the code into it before it is handed in.
    """
    if event is not None:
        _check_event(actor, pull, event, body, has_comments)
    if world.store.reviews.find(pull_id=pull.id, author_id=actor.user.id, state="PENDING"):
        raise refused("User can only have one pending review per pull request")
    commit = commit_id or pull.head_sha
    if commit_id and world.git(repo).resolve(commit_id, "commit") is None:
        raise refused("Commit is not part of the pull request")
    review = Review(
        id=world.store.next_id(),
        repo_id=repo.id,
        pull_id=pull.id,
        author_id=actor.user.id,
        state="PENDING",
        commit_id=commit,
        body=body,
    )
    world.store.reviews.save(review)
    if write_comments is not None:
        write_comments(review)
    if event is not None:
        submit(world, repo, actor, pull, review, event, body, has_comments=has_comments)
    return review


def _check_event(actor: Actor, pull: PullRequest, event: str, body: str, has_comments: bool) -> None:
    if event not in EVENTS:
        raise HttpError(
            422, f'Invalid request.\n\n{event} is not a member of ["APPROVE", "REQUEST_CHANGES", "COMMENT"].'
        )
    if actor.user.id == pull.author_id and event == "APPROVE":
        raise refused("Can not approve your own pull request")
    if actor.user.id == pull.author_id and event == "REQUEST_CHANGES":
        raise refused("Can not request changes on your own pull request")
    if event != "APPROVE" and not body.strip() and not has_comments:
        raise refused("Body can't be blank")


def submit(
    world: World,
    repo: Repo,
    actor: Actor,
    pull: PullRequest,
    review: Review,
    event: str,
    body: str | None = None,
    *,
    has_comments: bool = False,
) -> Review:
    """Hand in a pending review. 422 for a wrong event, an own pull request, or a review that is not pending."""
    if review.state != "PENDING":
        raise refused("Can not submit a review that is not pending")
    written = world.store.review_comments.where(repo_id=repo.id, review_id=review.id)
    _check_event(actor, pull, event, review.body if body is None else body, has_comments or bool(written))
    if body is not None:
        review.body = body
    review.state, review.submitted_at = EVENTS[event], world.clock.iso()
    world.store.reviews.save(review)
    if actor.user.id in pull.requested_reviewers:
        pull.requested_reviewers.remove(actor.user.id)
    for team in _teams_with(world, pull, actor.user):
        pull.requested_teams.remove(team.id)
    timeline.record(world, repo, pull.number, actor, "reviewed", commit_id=review.commit_id, review=str(review.id))
    timeline.touch(world, pull)
    reactions.gate_changed(world, repo)
    return review


def _teams_with(world: World, pull: PullRequest, user: User) -> list[Team]:
    found = [world.store.teams.get(i) for i in pull.requested_teams]
    return [t for t in found if t is not None and user.id in t.members]


def drop_pending(world: World, repo: Repo, review: Review) -> None:
    """Delete a pending review with its comments. 422 for any other."""
    if review.state != "PENDING":
        raise refused("Can not delete a non-pending pull request review")
    for comment in world.store.review_comments.where(repo_id=repo.id, review_id=review.id):
        thread = world.store.review_threads.get(comment.thread_id)
        world.store.review_comments.remove(comment)
        if thread and not world.store.review_comments.where(repo_id=repo.id, thread_id=thread.id):
            world.store.review_threads.remove(thread)
    world.store.reviews.remove(review)


def dismiss(world: World, repo: Repo, actor: Actor, pull: PullRequest, review: Review, message: str) -> Review:
    """Dismiss an approval or a change request.

    404 or 403 for who may not: without dismissal restrictions whoever may write, with them administrators and who is
    listed. 422 for comments and for what is dismissed already.
    """
    level = permission_of(world, repo, actor)
    if not level_at_least(level, "write"):
        raise not_found()
    rule = rule_for(world, repo, pull.base_ref)
    group = rule.required_pull_request_reviews if rule else None
    limits = group.dismissal_restrictions if group else None
    if limits is not None and level != "admin" and not listed(world, limits, actor):
        raise HttpError(403, "You are not authorized to dismiss reviews on this pull request.")
    if review.state not in ("APPROVED", "CHANGES_REQUESTED"):
        words = {"DISMISSED": "dismissed", "COMMENTED": "commented", "PENDING": "pending"}
        raise refused(f"Can not dismiss a {words[review.state]} pull request review")
    _dismiss(world, repo, actor, pull, review, message)
    timeline.touch(world, pull)
    reactions.gate_changed(world, repo)
    return review


def dismiss_stale(world: World, repo: Repo, actor: Actor, pull: PullRequest) -> None:
    """Dismiss every approval because the pull request does something else now."""
    for review in world.store.reviews.where(repo_id=repo.id, pull_id=pull.id, state="APPROVED"):
        review.dismissed_as_stale = True
        _dismiss(world, repo, actor, pull, review, None)


def _dismiss(world: World, repo: Repo, actor: Actor, pull: PullRequest, review: Review, message: str | None) -> None:
    details = {"review": str(review.id), "state": review.state.lower(), "message": message or ""}
    review.state, review.dismissed_by_id, review.dismissal_message = "DISMISSED", actor.user.id, message
    world.store.reviews.save(review)
    timeline.record(world, repo, pull.number, actor, "review_dismissed", **details)


def request(
    world: World, repo: Repo, actor: Actor, pull: PullRequest, users: Sequence[User], teams: Sequence[Team]
) -> None:
    """Ask for reviews. 422 for the author and for who cannot read the repository."""
    if any(u.id == pull.author_id for u in users):
        raise HttpError(422, "Review cannot be requested from pull request author.")
    strangers = [u for u in users if not _collaborates(world, repo, u)]
    if strangers or any(repo.id not in t.repositories for t in teams):
        owner = world.store.users[repo.owner_id].login
        raise HttpError(
            422,
            "Reviews may only be requested from collaborators. One or more of the users or teams you specified is "
            f"not a collaborator of the {owner}/{repo.name} repository.",
        )
    for user in users:
        if user.id not in pull.requested_reviewers:
            pull.requested_reviewers.append(user.id)
            timeline.record(world, repo, pull.number, actor, "review_requested", reviewer=user.login)
    for team in teams:
        if team.id not in pull.requested_teams:
            pull.requested_teams.append(team.id)
            timeline.record(world, repo, pull.number, actor, "review_requested", team=team.slug)
    timeline.touch(world, pull)


def _collaborates(world: World, repo: Repo, user: User) -> bool:
    if user.id == repo.owner_id or user.id in repo.collaborators:
        return True
    # Everybody reads a public repository; that alone makes nobody a collaborator.
    return role_of(world, evolve(repo, private=True), user) != "none"


def unrequest(
    world: World, repo: Repo, actor: Actor, pull: PullRequest, users: Sequence[User], teams: Sequence[Team]
) -> None:
    """Take requests back; who was not asked is passed over."""
    for user in users:
        if user.id in pull.requested_reviewers:
            pull.requested_reviewers.remove(user.id)
            timeline.record(world, repo, pull.number, actor, "review_request_removed", reviewer=user.login)
    for team in teams:
        if team.id in pull.requested_teams:
            pull.requested_teams.remove(team.id)
            timeline.record(world, repo, pull.number, actor, "review_request_removed", team=team.slug)
    timeline.touch(world, pull)
