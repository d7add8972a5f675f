"""Classic protection of one branch and each of its parts."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from bascule.simulator import protection_input as given
from bascule.simulator import protection_json as shown
from bascule.simulator.access import find_repo
from bascule.simulator.enforce import rule_for
from bascule.simulator.http import Ctx, HttpError, Reply, not_found, route
from bascule.simulator.model import ActorSet, BranchProtectionRule, Repo
from bascule.simulator.reactions import gate_changed

_BASE = "/repos/{owner}/{repo}/branches/{branch:path}/protection"
NOT_PROTECTED = "Branch not protected"


def _repo(ctx: Ctx) -> tuple[Repo, str]:
    repo, branch = find_repo(ctx, "admin", grant="administration"), ctx.params["branch"]
    if ctx.world.git(repo).ref(f"refs/heads/{branch}") is None:
        raise HttpError(404, "Branch not found")
    return repo, branch


def _read(ctx: Ctx) -> tuple[Repo, str, BranchProtectionRule]:
    repo, branch = _repo(ctx)
    rule = rule_for(ctx.world, repo, branch)
    if rule is None:
        raise HttpError(404, NOT_PROTECTED)
    return repo, branch, rule


def _own_rule(ctx: Ctx, repo: Repo, branch: str, rule: BranchProtectionRule | None) -> BranchProtectionRule:
    """The rule that a REST write changes: the branch's own. One made from a wildcard rule starts as its copy.

    The wildcard stays, so the repository is changed for good: the trap of github-facts, section 2.
    """
    now = ctx.world.clock.iso()
    if rule is not None and (rule.pattern == branch or not ctx.world.switches.write_on_wildcard_creates_rule):
        rule.updated_at = now
        return rule
    made = deepcopy(rule) if rule is not None else BranchProtectionRule(id=0, repo_id=repo.id, pattern=branch)
    made.id, made.pattern, made.created_at, made.updated_at = ctx.world.store.next_id(), branch, now, now
    made.creator_id = ctx.user.id if ctx.user else None
    return made


def _write(ctx: Ctx) -> tuple[Repo, str, BranchProtectionRule]:
    repo, branch, rule = _read(ctx)
    return repo, branch, _own_rule(ctx, repo, branch, rule)


def _save(ctx: Ctx, repo: Repo, rule: BranchProtectionRule) -> None:
    ctx.world.store.protection_rules.save(rule)
    gate_changed(ctx.world, repo)


def _get(ctx: Ctx) -> Reply:
    return Reply(body=shown.protection_json(ctx, *_read(ctx)))


def _put(ctx: Ctx) -> Reply:
    repo, branch = _repo(ctx)
    found = rule_for(ctx.world, repo, branch)
    exact = found is not None and found.pattern == branch
    # A wildcard's settings are not inherited by a PUT: it says everything itself.
    rule = _own_rule(ctx, repo, branch, found if exact else None)
    given.replace_all(ctx, repo, rule)
    _save(ctx, repo, rule)
    return Reply(body=shown.protection_json(ctx, repo, branch, rule))


def _delete(ctx: Ctx) -> Reply:
    repo, branch, rule = _read(ctx)
    if rule.pattern != branch:
        raise HttpError(404, NOT_PROTECTED)
    ctx.world.store.protection_rules.remove(rule)
    gate_changed(ctx.world, repo)
    return Reply(status=204)


def _part(render: Callable[[Ctx, BranchProtectionRule, str], Any]) -> Callable[[Ctx], Reply]:
    def get(ctx: Ctx) -> Reply:
        repo, branch, rule = _read(ctx)
        body = render(ctx, rule, shown.address(ctx, repo, branch))
        if body is None:
            raise not_found()
        return Reply(body=body)

    return get


def _drop(name: str) -> Callable[[Ctx], Reply]:
    def delete(ctx: Ctx) -> Reply:
        repo, _, rule = _write(ctx)
        if getattr(rule, name) is None:
            raise not_found()
        setattr(rule, name, None)
        _save(ctx, repo, rule)
        return Reply(status=204)

    return delete


def _patch_reviews(ctx: Ctx) -> Reply:
    repo, branch, rule = _write(ctx)
    if rule.required_pull_request_reviews is None:
        raise not_found()
    rule.required_pull_request_reviews = given.reviews(ctx, repo, ctx.json(), rule.required_pull_request_reviews)
    _save(ctx, repo, rule)
    return Reply(body=shown.reviews_json(ctx, rule, shown.address(ctx, repo, branch)))


def _patch_checks(ctx: Ctx) -> Reply:
    repo, branch, rule = _write(ctx)
    if rule.required_status_checks is None:
        raise not_found()
    rule.required_status_checks = given.status_checks(ctx, repo, ctx.json(), rule.required_status_checks)
    _save(ctx, repo, rule)
    return Reply(body=shown.checks_json(ctx, rule, shown.address(ctx, repo, branch)))


def _switch(name: str, *, on: bool | None) -> Callable[[Ctx], Reply]:
    def handle(ctx: Ctx) -> Reply:
        repo, branch, rule = _read(ctx) if on is None else _write(ctx)
        if on is not None:
            setattr(rule, name, on)
            _save(ctx, repo, rule)
        if on is False:
            return Reply(status=204)
        return Reply(body={"url": f"{shown.address(ctx, repo, branch)}/{name}", "enabled": getattr(rule, name)})

    return handle


def _names(ctx: Ctx, key: str) -> list[str]:
    """A bare array of names, or the object form {key: [...]}."""
    body = ctx.json_value()
    return given.words(key, body.get(key) if isinstance(body, dict) else body)


def _combined(ctx: Ctx, old: list[Any], new: list[Any]) -> list[Any]:
    if ctx.method == "POST":
        return [*old, *(item for item in new if item not in old)]
    return [item for item in old if item not in new] if ctx.method == "DELETE" else new


def _contexts(ctx: Ctx) -> Reply:
    repo, _, rule = _read(ctx) if ctx.method == "GET" else _write(ctx)
    group = rule.required_status_checks
    if group is None:
        raise HttpError(404, "Required status checks not enabled")
    if ctx.method != "GET":
        old = {check.context: check for check in group.checks}
        names = _combined(ctx, list(old), list(dict.fromkeys(_names(ctx, "contexts"))))
        rebound = {"contexts": names} if ctx.method != "DELETE" else {"contexts": None}
        made = given.checks(ctx, repo, "contexts", rebound, group.checks)
        group.checks = [check for check in made if check.context in names] if names else []
        _save(ctx, repo, rule)
    return Reply(body=[check.context for check in group.checks])


def _members(kind: str) -> Callable[[Ctx], Reply]:
    def handle(ctx: Ctx) -> Reply:
        repo, _, rule = _read(ctx) if ctx.method == "GET" else _write(ctx)
        if rule.restrictions is None:
            raise HttpError(404, "Push restrictions not enabled")
        if ctx.method != "GET":
            given.only_for_organizations(ctx.world, repo)
            named = given.ids(ctx, repo, kind, _names(ctx, kind))
            merged = ActorSet(**{k: list(getattr(rule.restrictions, k)) for k in ("users", "teams", "apps")})
            setattr(merged, kind, _combined(ctx, getattr(merged, kind), named))
            if len(merged.users) + len(merged.teams) + len(merged.apps) > given.MOST_ACTORS:
                raise HttpError(422, "Validation Failed", errors=["Too many users, teams and apps"])
            rule.restrictions = merged
            _save(ctx, repo, rule)
        return Reply(body=shown.actors_json(ctx, rule.restrictions)[kind])

    return handle


def _each(path: str, handler: Callable[[Ctx], Reply]) -> list[Any]:
    return [route(method, _BASE + path, handler) for method in ("GET", "POST", "PUT", "DELETE")]


routes = [
    route("GET", f"{_BASE}/required_pull_request_reviews", _part(shown.reviews_json)),
    route("PATCH", f"{_BASE}/required_pull_request_reviews", _patch_reviews),
    route("DELETE", f"{_BASE}/required_pull_request_reviews", _drop("required_pull_request_reviews")),
    *_each("/required_status_checks/contexts", _contexts),
    route("GET", f"{_BASE}/required_status_checks", _part(shown.checks_json)),
    route("PATCH", f"{_BASE}/required_status_checks", _patch_checks),
    route("DELETE", f"{_BASE}/required_status_checks", _drop("required_status_checks")),
    *(route(m, f"{_BASE}/{name}", _switch(name, on=on)) for name in ("enforce_admins", "required_signatures")
      for m, on in (("GET", None), ("POST", True), ("DELETE", False))),
    *(r for kind in ("users", "teams", "apps") for r in _each(f"/restrictions/{kind}", _members(kind))),
    route("GET", f"{_BASE}/restrictions", _part(shown.restrictions_json)),
    route("DELETE", f"{_BASE}/restrictions", _drop("restrictions")),
    route("GET", _BASE, _get),
    route("PUT", _BASE, _put),
    route("DELETE", _BASE, _delete),
]  # fmt: skip
