"""Where protection decides. Every ref update and every merge passes through here first."""

from collections.abc import Sequence

from attrs import frozen

from bascule.simulator.access import level_at_least, permission_of
from bascule.simulator.model import BranchProtectionRule, MergeMethod, PullRequest, Repo
from bascule.simulator.patterns import matches_pattern
from bascule.simulator.world import Actor, World


@frozen(kw_only=True)
class RefUpdate:
    """A ref about to move; None = does not exist before (creation) or after (deletion)."""

    ref: str
    old: str | None
    new: str | None
    #: The client asked for a non-fast-forward update. Only set where it would be one.
    forced: bool = False


@frozen(kw_only=True)
class Refusal:
    """Why something is refused.

    `message` is the REST text; `git_lines` are shown to a pushing git after `remote: `; `git_reason` stands in git's
    `! [remote rejected]` line.
    """

    message: str
    git_lines: tuple[str, ...]
    git_reason: str = "protected branch hook declined"
    status: int = 422


def rule_for(world: World, repo: Repo, branch: str) -> BranchProtectionRule | None:
    """The rule that holds for a branch: an exact name before patterns, among patterns the oldest."""
    rules = world.store.protection_rules.where(repo_id=repo.id)
    exact = [rule for rule in rules if rule.pattern == branch]
    fitting = exact or [rule for rule in rules if matches_pattern(branch, rule.pattern)]
    return min(fitting, key=lambda rule: rule.id) if fitting else None


def check_push(world: World, repo: Repo, actor: Actor, updates: Sequence[RefUpdate]) -> list[Refusal | None]:
    """Whether each update may happen, in order; None = yes. Objects are already in the repository.

    Called for git pushes, for REST and GraphQL ref writes, and for commits through the contents API.
    """
    allowed = level_at_least(permission_of(world, repo, actor), "write")
    refusals: list[Refusal | None] = []
    for _update in updates:
        if not allowed:
            text = f"Permission to {repo.name} denied to {actor.user.login}."
            refusals.append(
                Refusal(message=text, git_lines=(f"error: {text}",), git_reason="permission denied", status=403)
            )
        else:
            refusals.append(None)
    return refusals


def check_merge(world: World, repo: Repo, actor: Actor, pull: PullRequest, method: MergeMethod) -> Refusal | None:
    """Whether a pull request may be merged now by that actor, as far as permission and protection go; None = yes.

    Conflicts, drafts and a moved head are the merge's own business, not decided here.
    """
    del pull, method  # decided on by protection
    if not level_at_least(permission_of(world, repo, actor), "write"):
        return Refusal(message="Must have push access to merge pull requests.", git_lines=(), status=403)
    return None
