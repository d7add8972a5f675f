"""The life of a pull request: opened, edited, retargeted, drafted, closed, reopened.

Functions take the acting `Actor`, change the state, and raise `HttpError` with GitHub's status and text. Callers that
change what a merge may wait for call `reactions.gate_changed` afterwards; here it is done where noted.
"""

from typing import Any

from bascule.simulator import reactions, timeline
from bascule.simulator.access import level_at_least, permission_of
from bascule.simulator.http import HttpError, invalid, not_found
from bascule.simulator.model import PullRequest, Repo
from bascule.simulator.trial_merges import refresh
from bascule.simulator.world import Actor, World


def next_number(world: World, repo: Repo) -> int:
    """The next number for an issue or pull request."""
    repo.last_number += 1
    world.store.repos.save(repo)
    return repo.last_number


def pull_by_number(world: World, repo: Repo, number: int) -> PullRequest:
    """404 if there is no such pull request."""
    pull = world.store.pulls.find(repo_id=repo.id, number=number)
    if pull is None:
        raise not_found()
    return pull


def head_repo(world: World, pull: PullRequest) -> Repo | None:
    """Where the head branch lies; None once that fork is gone."""
    return world.store.repos.get(pull.head_repo_id)


def head_named(world: World, repo: Repo, text: str, name: str = "") -> tuple[Repo, str]:
    """The repository and branch that `branch`, `owner:branch` or `owner:repo:branch` name in the fork network.

    `name` tells forks of one owner apart. 422 for none.
    """
    owner, colon, branch = text.partition(":")
    if not colon:
        return repo, text
    second, colon, rest = branch.partition(":")
    branch, name = (rest, second) if colon else (branch, name)
    for other in sorted(world.store.repos, key=lambda r: r.id != repo.id):
        same_network = (other.source_id or other.id) == (repo.source_id or repo.id)
        login = world.store.users[other.owner_id].login
        if same_network and login.lower() == owner.lower() and (not name or other.name == name):
            return other, branch
    raise invalid("PullRequest", "head")


def may_edit(world: World, repo: Repo, actor: Actor, pull: PullRequest) -> bool:
    """The author, or who may write."""
    return actor.user.id == pull.author_id or level_at_least(permission_of(world, repo, actor), "write")


def _custom(message: str) -> HttpError:
    return HttpError(
        422, "Validation Failed", errors=[{"resource": "PullRequest", "code": "custom", "message": message}]
    )


def _has_news(world: World, repo: Repo, base: str, head: str) -> bool:
    return not world.git(repo).is_ancestor(head, base)


def _existing(world: World, repo: Repo, head: Repo, head_ref: str, base_ref: str) -> PullRequest | None:
    return world.store.pulls.find(
        repo_id=repo.id, state="open", head_repo_id=head.id, head_ref=head_ref, base_ref=base_ref
    )


def create(
    world: World,
    repo: Repo,
    actor: Actor,
    *,
    title: str,
    head: Repo,
    head_ref: str,
    base_ref: str,
    body: str | None = None,
    draft: bool = False,
    maintainer_can_modify: bool = True,
) -> PullRequest:
    """Open a pull request from a branch of `head` (the repository itself or a fork). 422 as GitHub words it."""
    git, head_git = world.git(repo), world.git(head)
    base_sha = git.ref(f"refs/heads/{base_ref}")
    head_sha = head_git.ref(f"refs/heads/{head_ref}")
    if base_sha is None:
        raise invalid("PullRequest", "base")
    if head_sha is None:
        raise invalid("PullRequest", "head")
    owner = world.store.users[head.owner_id].login
    if not level_at_least(permission_of(world, head, actor), "write"):
        raise _custom("must be a collaborator")
    if _existing(world, repo, head, head_ref, base_ref):
        raise _custom(f"A pull request already exists for {owner}:{head_ref}.")
    if head.id != repo.id:
        # One object store per network on GitHub; here the commits are copied.
        git.fetch_from(head_git, head_sha)
    if not _has_news(world, repo, base_sha, head_sha):
        label = head_ref if head.id == repo.id else f"{owner}:{head_ref}"
        raise _custom(f"No commits between {base_ref} and {label}")
    if git.merge_base(base_sha, head_sha) is None:
        raise _custom(f"The {head_ref} branch has no history in common with {base_ref}")
    now = world.clock.iso()
    pull = PullRequest(
        id=world.store.next_id(),
        issue_id=world.store.next_id(),
        repo_id=repo.id,
        number=next_number(world, repo),
        author_id=actor.user.id,
        title=title,
        body=body,
        draft=draft,
        head_repo_id=head.id,
        head_ref=head_ref,
        head_sha=head_sha,
        head_owner=owner,
        base_ref=base_ref,
        base_sha=base_sha,
        maintainer_can_modify=maintainer_can_modify and head.id != repo.id,
        last_pusher_id=world.store.meta(f"pusher:{head.id}:{head_ref}", actor.user.id),
        created_at=now,
        updated_at=now,
    )
    git.update_ref(f"refs/pull/{pull.number}/head", head_sha, None)
    world.store.pulls.save(pull)
    refresh(world, repo, pull)
    return pull


def disarm(world: World, repo: Repo, actor: Actor, pull: PullRequest) -> None:
    """Take auto-merge off, if it is armed, with its event."""
    if pull.auto_merge is not None:
        pull.auto_merge = None
        timeline.record(world, repo, pull.number, actor, "auto_merge_disabled")
        timeline.touch(world, pull)


def close(world: World, repo: Repo, actor: Actor, pull: PullRequest) -> None:
    """Close without merging; nothing happens to a closed one."""
    if pull.state == "closed":
        return
    disarm(world, repo, actor, pull)
    pull.base_sha = world.git(repo).ref(f"refs/heads/{pull.base_ref}") or pull.base_sha
    pull.state, pull.closed_at, pull.closed_by_id = "closed", world.clock.iso(), actor.user.id
    timeline.touch(world, pull)
    timeline.record(world, repo, pull.number, actor, "closed")


def reopen(world: World, repo: Repo, actor: Actor, pull: PullRequest) -> None:
    """Open again. 422 if it was merged, or its branch is gone, was rewritten, or has nothing new."""
    if pull.state == "open":
        return

    def refuse(reason: str) -> HttpError:
        return invalid("PullRequest", "state", "invalid", f"state cannot be changed. {reason}")

    if pull.merged:
        raise refuse("The pull request cannot be reopened.")
    source = head_repo(world, pull)
    if source is None:
        raise refuse("The repository that submitted this pull request has been deleted.")
    head_sha = world.git(source).ref(f"refs/heads/{pull.head_ref}")
    base_sha = world.git(repo).ref(f"refs/heads/{pull.base_ref}")
    if head_sha is None:
        raise refuse(f"The {pull.head_ref} branch has been deleted.")
    if base_sha is None:
        raise refuse(f"The {pull.base_ref} branch has been deleted.")
    if not world.git(source).is_ancestor(pull.head_sha, head_sha):
        raise refuse(f"The {pull.head_ref} branch was force-pushed or recreated.")
    if _existing(world, repo, source, pull.head_ref, pull.base_ref):
        raise _custom(f"A pull request already exists for {pull.head_owner}:{pull.head_ref}.")
    git = world.git(repo)
    if source.id != repo.id:
        git.fetch_from(world.git(source), head_sha)
    if not _has_news(world, repo, base_sha, head_sha):
        raise refuse(f"There are no new commits on the {pull.head_owner}:{pull.head_ref} branch.")
    pull.state, pull.closed_at, pull.closed_by_id = "open", None, None
    pull.head_sha, pull.base_sha = head_sha, base_sha
    ref = f"refs/pull/{pull.number}/head"
    git.update_ref(ref, head_sha, git.ref(ref))
    timeline.touch(world, pull)
    timeline.record(world, repo, pull.number, actor, "reopened")
    refresh(world, repo, pull)


def retarget(world: World, repo: Repo, actor: Actor, pull: PullRequest, base_ref: str) -> None:
    """Change the base branch; approvals may go stale, auto-merge is disarmed by who may not write. 422."""
    from bascule.simulator.pull_heads import difference_changed

    if base_ref == pull.base_ref:
        return
    if pull.state == "closed":
        raise _custom("Cannot change the base branch of a closed pull request.")
    git = world.git(repo)
    base_sha = git.ref(f"refs/heads/{base_ref}")
    if base_sha is None:
        raise invalid("PullRequest", "base", "invalid", f"Proposed base branch '{base_ref}' was not found")
    source = head_repo(world, pull)
    if source is not None and _existing(world, repo, source, pull.head_ref, base_ref):
        raise _custom(
            f"There is already an open pull request against the {base_ref} branch from the {pull.head_ref} branch"
        )
    if not _has_news(world, repo, base_sha, pull.head_sha):
        raise _custom(f"There are no new commits between base branch '{base_ref}' and head branch '{pull.head_ref}'")
    before = git.ref(f"refs/heads/{pull.base_ref}") or pull.base_sha
    timeline.record(world, repo, pull.number, actor, "base_ref_changed", was=pull.base_ref, now=base_ref)
    pull.base_ref, pull.base_sha = base_ref, base_sha
    if not level_at_least(permission_of(world, repo, actor), "write"):
        disarm(world, repo, actor, pull)
    timeline.touch(world, pull)
    difference_changed(world, repo, actor, pull, before=(before, pull.head_sha))
    refresh(world, repo, pull)


def set_draft(world: World, repo: Repo, actor: Actor, pull: PullRequest, *, draft: bool) -> None:
    """Convert to a draft or mark ready (GraphQL only). 403 for others than the author and writers."""
    if not may_edit(world, repo, actor, pull):
        raise HttpError(403, "Must have push access to the repository.")
    if pull.state == "closed":
        raise _custom("Pull request is closed.")
    if pull.draft == draft:
        return
    pull.draft = draft
    if draft:
        disarm(world, repo, actor, pull)
    timeline.touch(world, pull)
    timeline.record(world, repo, pull.number, actor, "convert_to_draft" if draft else "ready_for_review")
    reactions.gate_changed(world, repo)


def edit(world: World, repo: Repo, actor: Actor, pull: PullRequest, changes: dict[str, Any]) -> None:
    """Apply `title`, `body`, `state`, `base`, `maintainer_can_modify` as REST and GraphQL send them (None = as is)."""
    if not may_edit(world, repo, actor, pull):
        raise not_found()
    title, state = changes.get("title"), changes.get("state")
    if title is not None and not str(title).strip():
        raise invalid("Issue", "title", "missing_field")
    if state not in (None, "open", "closed"):
        raise invalid("PullRequest", "state")
    if changes.get("base") is not None:
        retarget(world, repo, actor, pull, changes["base"])
    if title is not None and title != pull.title:
        timeline.record(world, repo, pull.number, actor, "renamed", was=pull.title, now=title)
        pull.title = title
    if "body" in changes:
        pull.body = changes["body"]
    if changes.get("maintainer_can_modify") is not None and pull.head_repo_id != repo.id:
        pull.maintainer_can_modify = bool(changes["maintainer_can_modify"])
    if state == "closed":
        close(world, repo, actor, pull)
    elif state == "open":
        reopen(world, repo, actor, pull)
    timeline.touch(world, pull)
    reactions.gate_changed(world, repo)
