"""Where protection decides. Every ref update and every merge passes through here first."""

from collections.abc import Sequence

from attrs import frozen

from bascule.simulator.access import level_at_least, permission_of
from bascule.simulator.approvals import open_conversations, unmet_reviews
from bascule.simulator.greenness import rollup, state_of
from bascule.simulator.model import ActorSet, BranchProtectionRule, MergeMethod, PullRequest, Repo
from bascule.simulator.patterns import matches_pattern
from bascule.simulator.world import Actor, World

NOT_AUTHORIZED = (
    "You're not authorized to push to this branch. Visit "
    "https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/ for more information."
)
MERGE_COMMITS = "This branch must not contain merge commits."
SIGNATURES = "Commits must have verified signatures."
LOCKED = "Cannot change this locked branch"
RULESETS = "Repository rule violations found"
#: Rules of rulesets that a merge cannot violate.
NO_MERGE_RULES = ("CREATION", "DELETION", "NON_FAST_FORWARD")


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


def is_admin(world: World, repo: Repo, actor: Actor) -> bool:
    """Whether the actor is an administrator as a *user*; apps never are."""
    return level_at_least(permission_of(world, repo, actor), "admin")


def listed(world: World, actors: ActorSet, actor: Actor) -> bool:
    """Whether a set of users, teams and apps contains the actor."""
    if actor.user.id in actors.users or (actor.app_id is not None and actor.app_id in actors.apps):
        return True
    return any(t.id in actors.teams and actor.user.id in t.members for t in world.store.teams)


def exempt(world: World, repo: Repo, actor: Actor, rule: BranchProtectionRule) -> bool:
    """Whether the rule does not bind this actor at all: an administrator where enforce_admins is off."""
    return not rule.enforce_admins and is_admin(world, repo, actor)


def check_push(world: World, repo: Repo, actor: Actor, updates: Sequence[RefUpdate]) -> list[Refusal | None]:
    """Whether each update may happen, in order; None = yes. Objects are already in the repository.

    Called for git pushes, for REST and GraphQL ref writes, and for commits through the contents API.
    """
    if not level_at_least(permission_of(world, repo, actor), "write"):
        text = f"Permission to {repo.name} denied to {actor.user.login}."
        refusal = Refusal(message=text, git_lines=(f"error: {text}",), git_reason="permission denied", status=403)
        return [refusal for _ in updates]
    return [_protected(world, repo, actor, update) for update in updates]


def _protected(world: World, repo: Repo, actor: Actor, update: RefUpdate) -> Refusal | None:
    if not update.ref.startswith("refs/heads/"):
        return None
    rule = rule_for(world, repo, update.ref.removeprefix("refs/heads/"))
    if rule is None:
        return None
    text = _push_text(world, repo, actor, rule, update)
    if text is None:
        return None
    head = f"error: GH006: Protected branch update failed for {update.ref}."
    return Refusal(message=text, git_lines=(head, "error: ", f"error: - {text}"))


def _push_text(world: World, repo: Repo, actor: Actor, rule: BranchProtectionRule, update: RefUpdate) -> str | None:
    free = exempt(world, repo, actor, rule)
    if rule.lock_branch and not (free and world.switches.lock_branch_admin_bypass):
        return LOCKED
    # Deleting and rewriting are refused to everybody, administrators included, unless the rule permits them.
    if update.new is None:
        return None if rule.allow_deletions else "Cannot delete this branch"
    may_force = rule.allow_force_pushes or listed(world, rule.bypass_force_push_allowances, actor)
    if update.forced and not may_force:
        return "Cannot force-push to this branch"
    if free:
        return None
    # Without block_creations a push restriction binds only branches that exist.
    binds = rule.restrictions is not None and (update.old is not None or rule.block_creations)
    if binds and rule.restrictions is not None and not listed(world, rule.restrictions, actor):
        return NOT_AUTHORIZED
    if update.old is None:
        return None
    reviews = rule.required_pull_request_reviews
    if reviews is not None and not listed(world, reviews.bypass_pull_request_allowances, actor):
        return "Changes must be made through a pull request."
    return _unmet_checks(world, repo, rule, update.new) or _unmet_history(world, repo, rule, update.old, update.new)


def _unmet_history(world: World, repo: Repo, rule: BranchProtectionRule, old: str, new: str) -> str | None:
    git = world.git(repo)
    if rule.required_linear_history and git.between(old, new, "--merges"):
        return MERGE_COMMITS
    if rule.required_signatures:
        for sha in git.between(old, new):
            if not world.signer.verification(git.commit(sha))["verified"]:
                return SIGNATURES
    return None


def _unmet_checks(world: World, repo: Repo, rule: BranchProtectionRule, sha: str) -> str | None:
    group = rule.required_status_checks
    if group is None:
        return None
    found = rollup(world, repo, sha)
    states = [(check.context, state_of(found, check)) for check in group.checks]
    bad = [(context, state) for context, state in states if state != "success"]
    if not bad:
        return None
    words = {"missing": "expected", "pending": "pending", "failure": "failing"}
    if len(bad) == 1:
        return f'Required status check "{bad[0][0]}" is {words[bad[0][1]]}.'
    kinds = {state for _, state in bad}
    word = words[kinds.pop()] if len(kinds) == 1 else "expected"
    return f"{len(bad)} of {len(states)} required status checks are {word}."


def behind(world: World, repo: Repo, pull: PullRequest) -> bool:
    """Whether the head lacks commits of the base branch's tip."""
    git = world.git(repo)
    base = git.ref(f"refs/heads/{pull.base_ref}")
    return base is not None and not git.is_ancestor(base, pull.head_sha)


def unmet(
    world: World, repo: Repo, actor: Actor, pull: PullRequest, method: MergeMethod, *, bypass: bool = True
) -> list[str]:
    """GitHub's sentences for everything the base branch's protection still asks, in GitHub's order; empty = may merge.

    With `bypass` False nothing that the actor may skip is skipped: so auto-merge counts, which honours neither an
    administrator's freedom nor bypass allowances.
    """
    asking = any(name not in NO_MERGE_RULES for name in world.switches.ruleset_rules)
    found = [RULESETS] if asking and not (bypass and is_admin(world, repo, actor)) else []
    rule = rule_for(world, repo, pull.base_ref)
    if rule is None:
        return found
    free = bypass and exempt(world, repo, actor, rule)
    if rule.lock_branch and not (free and world.switches.lock_branch_admin_bypass):
        found.append(LOCKED)
    if free:
        return found
    if rule.restrictions is not None and not listed(world, rule.restrictions, actor):
        found.append(NOT_AUTHORIZED)
    reviews = rule.required_pull_request_reviews
    if reviews is not None and not (bypass and listed(world, reviews.bypass_pull_request_allowances, actor)):
        found += unmet_reviews(world, repo, pull, rule)
    checks = _unmet_checks(world, repo, rule, pull.head_sha)
    if checks:
        found.append(checks)
    group = rule.required_status_checks
    if group is not None and group.strict and behind(world, repo, pull):
        found.append("The head branch is out of date with the base branch.")
    if rule.required_conversation_resolution and open_conversations(world, pull):
        found.append("A conversation must be resolved before this pull request can be merged.")
    if rule.required_linear_history and method == "merge":
        found.append(MERGE_COMMITS)
    if rule.required_signatures:
        if method == "rebase":
            found.append("Base branch requires signed commits. Rebase merges cannot be automatically signed by GitHub")
        elif method == "merge" and not _all_signed(world, repo, pull):
            found.append(SIGNATURES)
    if rule.requires_deployments:
        found += [f'Required deployment to "{name}" is expected.' for name in rule.required_deployment_environments]
    return found


def _all_signed(world: World, repo: Repo, pull: PullRequest) -> bool:
    git = world.git(repo)
    base = git.ref(f"refs/heads/{pull.base_ref}")
    own = git.between(base, pull.head_sha)
    return all(world.signer.verification(git.commit(sha))["verified"] for sha in own)


def check_merge(
    world: World, repo: Repo, actor: Actor, pull: PullRequest, method: MergeMethod, *, bypass: bool = True
) -> Refusal | None:
    """Whether a pull request may be merged now by that actor, as far as permission and protection go; None = yes.

    Conflicts, drafts and a moved head are the merge's own business, not decided here. `bypass` False is for
    auto-merge; see `unmet`.
    """
    if not level_at_least(permission_of(world, repo, actor), "write"):
        return Refusal(message="Must have push access to merge pull requests.", git_lines=(), status=403)
    found = unmet(world, repo, actor, pull, method, bypass=bypass)
    return Refusal(message=found[0], git_lines=(), status=405) if found else None
