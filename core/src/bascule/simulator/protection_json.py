"""Classic protection as GET shows it: groups that are off are absent, switches are wrapped, hidden settings missing."""

from typing import Any

from bascule.simulator.access import full_name
from bascule.simulator.http import Ctx
from bascule.simulator.model import ActorSet, BranchProtectionRule, Repo, RequiredCheck
from bascule.simulator.views import app_json, team_json, user_json


def address(ctx: Ctx, repo: Repo, branch: str) -> str:
    """The protection's own address."""
    return f"{ctx.api}/repos/{full_name(ctx.world, repo)}/branches/{branch}/protection"


def actors_json(ctx: Ctx, actors: ActorSet) -> dict[str, list[Any]]:
    """The three lists of a set; members that are gone are left out."""
    store = ctx.world.store
    return {
        "users": [user_json(ctx, user) for i in actors.users if (user := store.users.get(i))],
        "teams": [team_json(ctx, team) for i in actors.teams if (team := store.teams.get(i))],
        "apps": [app_json(ctx, app) for i in actors.apps if (app := store.apps.get(i))],
    }


def check_json(ctx: Ctx, check: RequiredCheck) -> dict[str, Any]:
    """One required check; "any source" is shown as null or -1, by switch."""
    anyone = None if ctx.world.switches.any_app_shown_as_null else -1
    return {"context": check.context, "app_id": anyone if check.app_id is None else check.app_id}


def checks_json(ctx: Ctx, rule: BranchProtectionRule, url: str) -> dict[str, Any] | None:
    """`required_status_checks`, or None when off."""
    group = rule.required_status_checks
    if group is None:
        return None
    return {
        "url": f"{url}/required_status_checks",
        "strict": group.strict,
        "contexts": [c.context for c in group.checks],
        "contexts_url": f"{url}/required_status_checks/contexts",
        "checks": [check_json(ctx, c) for c in group.checks],
    }


def reviews_json(ctx: Ctx, rule: BranchProtectionRule, url: str) -> dict[str, Any] | None:
    """`required_pull_request_reviews`, or None when off."""
    group = rule.required_pull_request_reviews
    if group is None:
        return None
    own = f"{url}/required_pull_request_reviews"
    body: dict[str, Any] = {
        "url": own,
        "dismiss_stale_reviews": group.dismiss_stale_reviews,
        "require_code_owner_reviews": group.require_code_owner_reviews,
        "require_last_push_approval": group.require_last_push_approval,
        "required_approving_review_count": group.required_approving_review_count,
    }
    if group.dismissal_restrictions is not None:
        where = f"{url}/dismissal_restrictions"
        body["dismissal_restrictions"] = {
            "url": where,
            "users_url": f"{where}/users",
            "teams_url": f"{where}/teams",
            **actors_json(ctx, group.dismissal_restrictions),
        }
    bypass = group.bypass_pull_request_allowances
    if bypass.users or bypass.teams or bypass.apps:
        body["bypass_pull_request_allowances"] = actors_json(ctx, bypass)
    return body


def restrictions_json(ctx: Ctx, rule: BranchProtectionRule, url: str) -> dict[str, Any] | None:
    """`restrictions`, or None when off."""
    if rule.restrictions is None:
        return None
    own = f"{url}/restrictions"
    links = {"url": own, **{f"{kind}_url": f"{own}/{kind}" for kind in ("users", "teams", "apps")}}
    return {**links, **actors_json(ctx, rule.restrictions)}


SWITCHES = (
    "required_linear_history",
    "allow_force_pushes",
    "allow_deletions",
    "block_creations",
    "required_conversation_resolution",
    "lock_branch",
    "allow_fork_syncing",
)


def protection_json(ctx: Ctx, repo: Repo, branch: str, rule: BranchProtectionRule) -> dict[str, Any]:
    """The whole protection of a branch."""
    url = address(ctx, repo, branch)
    groups = {
        "required_status_checks": checks_json(ctx, rule, url),
        "restrictions": restrictions_json(ctx, rule, url),
        "required_pull_request_reviews": reviews_json(ctx, rule, url),
    }
    return {
        "url": url,
        **{name: group for name, group in groups.items() if group is not None},
        "required_signatures": {"url": f"{url}/required_signatures", "enabled": rule.required_signatures},
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": rule.enforce_admins},
        **{name: {"enabled": getattr(rule, name)} for name in SWITCHES},
    }
