"""Branch protection rules, with the settings that REST hides."""

from typing import Any

from attrs import frozen

from bascule.simulator import reactions
from bascule.simulator.access import can_administer
from bascule.simulator.graphql.lookup import missing, repo_of, row_of
from bascule.simulator.graphql.mutations.base import Input, Mutations, done
from bascule.simulator.graphql.protection import FIELDS, REVIEW_FIELDS, RuleNode
from bascule.simulator.graphql.scope import GraphqlFault, Scope
from bascule.simulator.model import (
    ActorSet,
    BranchProtectionRule,
    Repo,
    RequiredCheck,
    RequiredReviews,
    RequiredStatusChecks,
    parse_node_id,
)
from bascule.simulator.protection_input import last_app, only_for_organizations


@frozen(kw_only=True)
class RuleMutations(Mutations):
    """One call may change any settings of one rule."""

    def _administered(self, repo: Repo) -> Repo:
        if not can_administer(self.scope.world, repo, self.scope.actor):
            login = self.scope.actor.user.login
            text = f"{login} does not have the correct permissions to change branch protection"
            raise GraphqlFault("FORBIDDEN", text)
        return self._writable(repo, "administration")

    def _rule(self, input: Input) -> tuple[Repo, BranchProtectionRule]:
        rule = row_of(self.scope, input["branchProtectionRuleId"], "BPR", "protection_rules")
        return self._administered(self.scope.world.store.repos[rule.repo_id]), rule

    def _saved(self, repo: Repo, rule: BranchProtectionRule, input: Input) -> Input:
        rule.updated_at = self.scope.world.clock.iso()
        self.scope.world.store.protection_rules.save(rule)
        reactions.gate_changed(self.scope.world, repo)
        return done(input, branchProtectionRule=RuleNode(scope=self.scope, repo=repo, row=rule))

    def _free(self, repo: Repo, pattern: str, rule: BranchProtectionRule | None = None) -> str:
        known = self.scope.world.store.protection_rules.find(repo_id=repo.id, pattern=pattern)
        if known is not None and known is not rule:
            raise GraphqlFault("UNPROCESSABLE", f"Name already protected: {pattern}")
        return pattern

    def create_branch_protection_rule(self, input: Input) -> Input:
        """A rule for a pattern."""
        repo = self._administered(repo_of(self.scope, input["repositoryId"]))
        world = self.scope.world
        rule = BranchProtectionRule(
            id=world.store.next_id(),
            repo_id=repo.id,
            pattern=self._free(repo, input["pattern"]),
            creator_id=self.scope.actor.user.id,
            created_at=world.clock.iso(),
        )
        return self._saved(repo, changed(self.scope, repo, rule, input), input)

    def update_branch_protection_rule(self, input: Input) -> Input:
        """Change what is named; everything else stays."""
        repo, rule = self._rule(input)
        pattern = self._free(repo, input.get("pattern") or rule.pattern, rule)
        changed(self.scope, repo, rule, input).pattern = pattern
        return self._saved(repo, rule, input)

    def delete_branch_protection_rule(self, input: Input) -> Input:
        """Remove a rule."""
        repo, rule = self._rule(input)
        self.scope.world.store.protection_rules.remove(rule)
        reactions.gate_changed(self.scope.world, repo)
        return done(input)


def changed(scope: Scope, repo: Repo, rule: BranchProtectionRule, input: Input) -> BranchProtectionRule:
    """The same rule with the fields that the input names. A group is switched on by its own flag.

    Everything is worked out before anything is set, so that a refused input changes nothing.
    """
    given = {key: value for key, value in input.items() if value is not None}
    reviews, checks = _reviews(scope, repo, rule, given), _checks(scope, repo, rule, given)
    pushes = rule.restrictions
    if "restrictsPushes" in given:
        pushes = (pushes or ActorSet()) if given["restrictsPushes"] else None
    if pushes is not None and "pushActorIds" in given:
        pushes = _actors(scope, repo, given["pushActorIds"])
    if pushes is not None:
        only_for_organizations(scope.world, repo)
    forcers = rule.bypass_force_push_allowances
    if "bypassForcePushActorIds" in given:
        forcers = _actors(scope, repo, given["bypassForcePushActorIds"])
    for name, attribute in FIELDS.items():
        if camel(name) in given:
            setattr(rule, attribute, given[camel(name)])
    rule.required_pull_request_reviews, rule.required_status_checks = reviews, checks
    rule.restrictions, rule.bypass_force_push_allowances = pushes, forcers
    return rule


def _reviews(scope: Scope, repo: Repo, rule: BranchProtectionRule, given: Input) -> RequiredReviews | None:
    old = rule.required_pull_request_reviews
    if not given.get("requiresApprovingReviews", old is not None):
        return None
    now = old or RequiredReviews()
    fields: dict[str, Any] = {
        attribute: given.get(camel(name), getattr(now, attribute)) for name, attribute in REVIEW_FIELDS.items()
    }
    bypass, dismissal = now.bypass_pull_request_allowances, now.dismissal_restrictions
    if "bypassPullRequestActorIds" in given:
        bypass = _actors(scope, repo, given["bypassPullRequestActorIds"])
    if "restrictsReviewDismissals" in given:
        dismissal = (dismissal or ActorSet()) if given["restrictsReviewDismissals"] else None
    if dismissal is not None and "reviewDismissalActorIds" in given:
        dismissal = _actors(scope, repo, given["reviewDismissalActorIds"])
    if dismissal is not None:
        only_for_organizations(scope.world, repo)
    return RequiredReviews(**fields, bypass_pull_request_allowances=bypass, dismissal_restrictions=dismissal)


def _checks(scope: Scope, repo: Repo, rule: BranchProtectionRule, given: Input) -> RequiredStatusChecks | None:
    old = rule.required_status_checks
    if not given.get("requiresStatusChecks", old is not None):
        return None
    now = old or RequiredStatusChecks()
    checks = now.checks
    if "requiredStatusCheckContexts" in given:
        bind = scope.world.switches.contexts_bind_last_app
        checks = [
            RequiredCheck(context=name, app_id=last_app(scope.world, repo, name) if bind else None)
            for name in dict.fromkeys(given["requiredStatusCheckContexts"])
        ]
    if "requiredStatusChecks" in given:
        checks = [_check(scope, repo, row) for row in given["requiredStatusChecks"]]
    return RequiredStatusChecks(strict=given.get("requiresStrictStatusChecks", now.strict), checks=checks)


def _check(scope: Scope, repo: Repo, given: Input) -> RequiredCheck:
    context, app = given["context"], given.get("appId")
    if app == "any":
        return RequiredCheck(context=context)
    # Left out, it binds to whoever reported the context last, as in REST.
    app_id = row_of(scope, app, "A", "apps").id if app is not None else last_app(scope.world, repo, context)
    return RequiredCheck(context=context, app_id=app_id)


def _actors(scope: Scope, repo: Repo, ids: list[str]) -> ActorSet:
    found = ActorSet()
    kinds = {"U": ("users", found.users), "T": ("teams", found.teams), "A": ("apps", found.apps)}
    for text in ids:
        prefix = (parse_node_id(text) or ("", ""))[0]
        if prefix not in kinds:
            raise missing(text)
        table, members = kinds[prefix]
        members.append(row_of(scope, text, prefix, table).id)
    if ids:
        only_for_organizations(scope.world, repo)
    return found


def camel(name: str) -> str:
    """GraphQL's spelling of a name in snake case."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
