"""What happened to an issue or pull request, in order, with who did it."""

from bascule.simulator.model import IssueEvent, PullRequest, Repo
from bascule.simulator.world import Actor, World


def record(
    world: World, repo: Repo, number: int, actor: Actor, event: str, commit_id: str | None = None, **details: str
) -> IssueEvent:
    """Note an event (`labeled`, `merged`, `head_ref_force_pushed` ...) with its details; returns the record."""
    return world.store.issue_events.save(
        IssueEvent(
            id=world.store.next_id(),
            repo_id=repo.id,
            number=number,
            actor_id=actor.user.id,
            event=event,
            commit_id=commit_id,
            details=details,
            created_at=world.clock.iso(),
        )
    )


def touch(world: World, pull: PullRequest) -> PullRequest:
    """Save a pull request as updated now."""
    pull.updated_at = world.clock.iso()
    return world.store.pulls.save(pull)
