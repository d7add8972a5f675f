"""Reviews as protection counts them."""

import pathspec

from bascule.simulator.access import level_at_least, role_of
from bascule.simulator.model import BranchProtectionRule, PullRequest, Repo, Review, User
from bascule.simulator.world import World

_PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
_OPINIONS = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")


def latest_opinions(world: World, pull: PullRequest) -> list[Review]:
    """The newest opinionated review of each reviewer (comments do not replace an opinion), oldest first."""
    latest: dict[int, Review] = {}
    for review in sorted(world.store.reviews.where(pull_id=pull.id), key=lambda r: r.id):
        if review.state in _OPINIONS:
            latest[review.author_id] = review
    return [r for r in latest.values() if r.state != "DISMISSED"]


def counted(world: World, repo: Repo, pull: PullRequest) -> list[Review]:
    """The opinions of people with write access, the author's own excepted."""
    found = []
    for review in latest_opinions(world, pull):
        author = world.store.users.get(review.author_id)
        if author and author.id != pull.author_id and level_at_least(role_of(world, repo, author), "write"):
            found.append(review)
    return found


def owners_of(world: World, repo: Repo, branch: str, path: str) -> list[str]:
    """The CODEOWNERS entry of a path on the base branch: the last pattern that matches wins."""
    git = world.git(repo)
    for place in _PLACES:
        sha = git.resolve(f"refs/heads/{branch}:{place}", "blob")
        if sha is None:
            continue
        owners: list[str] = []
        for line in git.blob(sha).decode("utf-8", "replace").splitlines():
            words = line.split("#", 1)[0].split()
            if words and pathspec.GitIgnoreSpec.from_lines([words[0]]).match_file(path):
                owners = words[1:]
        return owners
    return []


def _owns(world: World, repo: Repo, user: User, owner: str) -> bool:
    name = owner.removeprefix("@")
    if "/" in name:
        slug = name.split("/", 1)[1]
        return any(t.slug == slug and user.id in t.members for t in world.store.teams if t.org_id == repo.owner_id)
    return name.lower() == user.login.lower() or name == user.email


def missing_code_owner(world: World, repo: Repo, pull: PullRequest) -> str | None:
    """An owner whose approval is still needed, or None."""
    git = world.git(repo)
    base = git.ref(f"refs/heads/{pull.base_ref}")
    approvers = [
        user
        for review in counted(world, repo, pull)
        if review.state == "APPROVED" and (user := world.store.users.get(review.author_id))
    ]
    start = git.merge_base(base, pull.head_sha) if base else None
    for change in git.diff(start, pull.head_sha):
        for path in {change.path, change.previous_path or change.path}:
            owners = owners_of(world, repo, pull.base_ref, path)
            if owners and not any(_owns(world, repo, user, owner) for user in approvers for owner in owners):
                return owners[0].removeprefix("@")
    return None


def review_decision(world: World, repo: Repo, pull: PullRequest, rule: BranchProtectionRule | None) -> str | None:
    """GraphQL's `reviewDecision`; None where no review is required and nobody asked for changes."""
    opinions = counted(world, repo, pull)
    if any(r.state == "CHANGES_REQUESTED" for r in opinions):
        return "CHANGES_REQUESTED"
    reviews = rule.required_pull_request_reviews if rule else None
    if reviews is None:
        return "APPROVED" if any(r.state == "APPROVED" for r in opinions) else None
    return "REVIEW_REQUIRED" if unmet_reviews(world, repo, pull, rule) else "APPROVED"


def unmet_reviews(world: World, repo: Repo, pull: PullRequest, rule: BranchProtectionRule | None) -> list[str]:
    """GitHub's sentences for the review requirements that are not met."""
    reviews = rule.required_pull_request_reviews if rule else None
    if reviews is None:
        return []
    opinions = counted(world, repo, pull)
    approvals = [r for r in opinions if r.state == "APPROVED"]
    need = reviews.required_approving_review_count
    unmet = []
    if any(r.state == "CHANGES_REQUESTED" for r in opinions):
        unmet.append("Changes have been requested.")
    if len(approvals) < need:
        plural = "review is" if need == 1 else "reviews are"
        unmet.append(f"At least {need} approving {plural} required by reviewers with write access.")
    if reviews.require_code_owner_reviews and (owner := missing_code_owner(world, repo, pull)):
        unmet.append(f"Waiting on code owner review from {owner}.")
    if reviews.require_last_push_approval and not any(
        r.author_id != pull.last_pusher_id and r.commit_id == pull.head_sha for r in approvals
    ):
        unmet.append("New changes require approval from someone other than the last pusher.")
    return unmet


def open_conversations(world: World, pull: PullRequest) -> bool:
    """Whether a thread waits to be resolved; what stands in a pending review nobody else has seen yet."""
    for thread in world.store.review_threads.where(repo_id=pull.repo_id, pull_id=pull.id):
        comments = world.store.review_comments.where(repo_id=pull.repo_id, thread_id=thread.id)
        reviews = [world.store.reviews.get(c.review_id) for c in comments]
        if not thread.is_resolved and any(r is None or r.state != "PENDING" for r in reviews):
            return True
    return False
