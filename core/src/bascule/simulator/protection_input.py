"""What REST accepts for classic protection, field by field, with GitHub's refusals."""

import json
from typing import Any

from bascule.simulator.access import user_by_login
from bascule.simulator.http import Ctx, HttpError, bad_request_shape
from bascule.simulator.model import ActorSet, BranchProtectionRule, Repo, RequiredCheck, RequiredReviews
from bascule.simulator.model import RequiredStatusChecks as Checks
from bascule.simulator.protection_json import SWITCHES
from bascule.simulator.world import World

MOST_ACTORS = 100
MOST_REVIEWS = 6
_KINDS = ("users", "teams", "apps")


def wrong(path: str, value: Any, expected: str) -> HttpError:
    """422 as GitHub's schema check words it."""
    return bad_request_shape(f"For '{path}', {json.dumps(value)} is not {expected}.")


def flag(path: str, value: Any, *, null: bool | None = None) -> bool:
    """A boolean; null counts as `null` where that is given, else as wrong."""
    if value is None and null is not None:
        return null
    if not isinstance(value, bool):
        raise wrong(path, value, "a boolean")
    return value


def words(path: str, value: Any) -> list[str]:
    """A list of texts."""
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise wrong(path, value, "an array of strings")
    return value


def only_for_organizations(world: World, repo: Repo) -> None:
    """422 in a personal repository, which has no lists of actors."""
    if world.store.users[repo.owner_id].type != "Organization":
        message = "Only organization repositories can have users and team restrictions"
        raise HttpError(422, "Validation Failed", errors=[message])


def ids(ctx: Ctx, repo: Repo, kind: str, names: list[str]) -> list[int]:
    """Database ids of logins or slugs. Names that cannot push are dropped without a word, as GitHub does."""
    store = ctx.world.store
    if kind == "users":
        found = [u.id for n in names if (u := user_by_login(ctx.world, n)) and u.type == "User"]
    elif kind == "teams":
        if ctx.world.switches.put_drops_teams:
            return []
        found = [t.id for n in names if (t := store.teams.find(org_id=repo.owner_id, slug=n.lower()))]
    else:
        found = [a.id for n in names if (a := store.apps.find(slug=n))]
    return list(dict.fromkeys(found))


def actors(ctx: Ctx, repo: Repo, path: str, value: Any) -> ActorSet:
    """A set of actors from `{users, teams, apps}`; a list that is left out is empty."""
    if not isinstance(value, dict):
        raise wrong(path, value, "an object")
    named = {kind: words(f"{path}/{kind}", value.get(kind) or []) for kind in _KINDS}
    if sum(len(names) for names in named.values()) > MOST_ACTORS:
        raise HttpError(422, "Validation Failed", errors=[f"Only {MOST_ACTORS} users, teams and apps are allowed"])
    if any(named.values()):
        only_for_organizations(ctx.world, repo)
    return ActorSet(**{kind: ids(ctx, repo, kind, names) for kind, names in named.items()})


def last_app(world: World, repo: Repo, context: str) -> int | None:
    """The app that reported a context last in this repository: what an unbound write binds to."""
    runs = [(r.id, r.app_id) for r in world.store.check_runs.where(repo_id=repo.id, name=context)]
    statuses = [(s.id, s.app_id) for s in world.store.statuses.where(repo_id=repo.id, context=context)]
    return max([*runs, *(s for s in statuses if s[1] is not None)], default=(0, None))[1]


def checks(ctx: Ctx, repo: Repo, path: str, value: dict[str, Any], old: list[RequiredCheck]) -> list[RequiredCheck]:
    """The required checks from `checks`, or from `contexts`, or the old ones where neither is given."""
    if value.get("checks") is not None:
        if not isinstance(value["checks"], list):
            raise wrong(f"{path}/checks", value["checks"], "an array")
        return [_check(ctx, repo, f"{path}/checks/{i}", item) for i, item in enumerate(value["checks"])]
    if value.get("contexts") is not None:
        bind = ctx.world.switches.contexts_bind_last_app
        return [
            RequiredCheck(context=name, app_id=last_app(ctx.world, repo, name) if bind else None)
            for name in dict.fromkeys(words(f"{path}/contexts", value["contexts"]))
        ]
    return old


def _check(ctx: Ctx, repo: Repo, path: str, item: Any) -> RequiredCheck:
    if not isinstance(item, dict) or not isinstance(item.get("context"), str):
        raise wrong(path, item, "an object with a context")
    if "app_id" not in item:
        return RequiredCheck(context=item["context"], app_id=last_app(ctx.world, repo, item["context"]))
    app_id = item["app_id"]
    if not isinstance(app_id, int) or isinstance(app_id, bool):
        raise wrong(f"{path}/app_id", app_id, "an integer")
    return RequiredCheck(context=item["context"], app_id=None if app_id == -1 else app_id)


def status_checks(ctx: Ctx, repo: Repo, value: Any, old: Checks | None) -> Checks:
    """The status check group: whole for PUT (`old` None), changed fields for PATCH."""
    path = "properties/required_status_checks"
    if not isinstance(value, dict):
        raise wrong(path, value, "an object")
    if old is None:
        if "strict" not in value:
            raise bad_request_shape('"strict" wasn\'t supplied.')
        if value.get("contexts") is None and value.get("checks") is None:
            raise bad_request_shape('"contexts" wasn\'t supplied.')
    strict = flag(f"{path}/strict", value["strict"]) if "strict" in value else bool(old and old.strict)
    return Checks(strict=strict, checks=checks(ctx, repo, path, value, old.checks if old else []))


def reviews(ctx: Ctx, repo: Repo, value: Any, old: RequiredReviews | None) -> RequiredReviews:
    """The review group: whole for PUT (`old` None), changed fields for PATCH. Lists replace."""
    path = "properties/required_pull_request_reviews"
    if not isinstance(value, dict):
        raise wrong(path, value, "an object")
    made = RequiredReviews() if old is None else old
    fields: dict[str, Any] = {}
    for name in ("dismiss_stale_reviews", "require_code_owner_reviews", "require_last_push_approval"):
        fields[name] = flag(f"{path}/{name}", value[name]) if name in value else getattr(made, name)
    count = value.get("required_approving_review_count", made.required_approving_review_count)
    least = 1 if ctx.world.switches.zero_reviews_rejected else 0
    if not isinstance(count, int) or isinstance(count, bool) or not least <= count <= MOST_REVIEWS:
        raise wrong(f"{path}/required_approving_review_count", count, f"between {least} and {MOST_REVIEWS}")
    fields["required_approving_review_count"] = count
    fields["dismissal_restrictions"] = made.dismissal_restrictions
    if "dismissal_restrictions" in value:
        given = value["dismissal_restrictions"]
        # An empty object switches the restriction off; empty lists leave only administrators.
        switched_off = given == {} or given is None
        named = None if switched_off else actors(ctx, repo, f"{path}/dismissal_restrictions", given)
        if named is not None:
            only_for_organizations(ctx.world, repo)
        fields["dismissal_restrictions"] = named
    fields["bypass_pull_request_allowances"] = made.bypass_pull_request_allowances
    if "bypass_pull_request_allowances" in value:
        given = value["bypass_pull_request_allowances"] or {}
        fields["bypass_pull_request_allowances"] = actors(ctx, repo, f"{path}/bypass_pull_request_allowances", given)
    return RequiredReviews(**fields)


_REQUIRED = ("required_status_checks", "enforce_admins", "required_pull_request_reviews", "restrictions")


def replace_all(ctx: Ctx, repo: Repo, rule: BranchProtectionRule) -> None:
    """PUT: everything that REST knows is set from the body; what is left out is switched off."""
    body = ctx.json()
    for name in _REQUIRED:
        if name not in body:
            raise bad_request_shape(f'"{name}" wasn\'t supplied.')
    group = body["required_status_checks"]
    new_checks = None if group is None else status_checks(ctx, repo, group, None)
    group = body["required_pull_request_reviews"]
    new_reviews = None if group is None else reviews(ctx, repo, group, None)
    group = body["restrictions"]
    if group is not None:
        only_for_organizations(ctx.world, repo)
        for kind in ("users", "teams"):
            if isinstance(group, dict) and kind not in group:
                raise bad_request_shape(f'"{kind}" wasn\'t supplied.')
    new_restrictions = None if group is None else actors(ctx, repo, "properties/restrictions", group)
    enforce = flag("properties/enforce_admins", body["enforce_admins"], null=False)
    flags = {name: flag(f"properties/{name}", body.get(name), null=False) for name in SWITCHES}
    rule.required_status_checks, rule.required_pull_request_reviews = new_checks, new_reviews
    rule.restrictions, rule.enforce_admins = new_restrictions, enforce
    for name, value in flags.items():
        setattr(rule, name, value)
    if ctx.world.switches.put_resets_signatures:
        rule.required_signatures = False
    if ctx.world.switches.put_resets_hidden:
        rule.bypass_force_push_allowances = ActorSet()
        rule.requires_deployments, rule.required_deployment_environments = False, []
