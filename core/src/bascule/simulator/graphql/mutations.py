"""Writes. Each does what its REST twin does and then lets waiting merges look again."""

from collections.abc import Callable
from typing import Any

from attrs import frozen

from bascule.simulator import auto_merge, conversation, merging, pulls, reactions, threads
from bascule.simulator.access import can_administer
from bascule.simulator.graphql.lookup import missing, row_of, visible
from bascule.simulator.graphql.protection import FIELDS, REVIEW_FIELDS, RuleNode
from bascule.simulator.graphql.pulls import CommentNode, PullNode, ThreadNode
from bascule.simulator.graphql.scope import GraphqlFault, Scope
from bascule.simulator.model import (
    ActorSet,
    BranchProtectionRule,
    PullRequest,
    Repo,
    RequiredCheck,
    RequiredReviews,
    RequiredStatusChecks,
    parse_node_id,
)

Input = dict[str, Any]


@frozen(kw_only=True)
class MutationRoot:
    """Mutation."""

    scope: Scope

    def _pull(self, text: str) -> tuple[Repo, PullRequest]:
        row = row_of(self.scope, text, "PR", "pulls")
        return self.scope.world.store.repos[row.repo_id], row

    def _on_pull(self, input: Input, act: Callable[[Repo, PullRequest], Any]) -> Input:
        repo, row = self._pull(input["pullRequestId"])
        act(repo, row)
        reactions.gate_changed(self.scope.world, repo)
        return {"clientMutationId": input.get("clientMutationId"), "pullRequest": PullNode(scope=self.scope, row=row)}

    def enable_pull_request_auto_merge(self, input: Input) -> Input:
        """Arm auto-merge."""
        world, actor = self.scope.world, self.scope.actor

        def act(repo: Repo, row: PullRequest) -> None:
            auto_merge.enable(
                world,
                repo,
                row,
                actor,
                input["mergeMethod"].lower(),
                input.get("expectedHeadOid"),
                commit_title=input.get("commitHeadline"),
                commit_message=input.get("commitBody"),
                author_email=input.get("authorEmail"),
            )

        return self._on_pull(input, act)

    def disable_pull_request_auto_merge(self, input: Input) -> Input:
        """Disarm it."""
        return self._on_pull(input, lambda repo, row: auto_merge.disable(self.scope.world, repo, row, self.scope.actor))

    def merge_pull_request(self, input: Input) -> Input:
        """Merge now, at one head."""
        world, actor = self.scope.world, self.scope.actor

        def act(repo: Repo, row: PullRequest) -> None:
            merging.merge(
                world,
                repo,
                actor,
                row,
                method=input["mergeMethod"].lower(),
                title=input.get("commitHeadline"),
                message=input.get("commitBody"),
                expected_head=input.get("expectedHeadOid"),
            )

        return self._on_pull(input, act)

    def convert_pull_request_to_draft(self, input: Input) -> Input:
        """Make it a draft."""
        scope = self.scope
        return self._on_pull(input, lambda repo, row: pulls.set_draft(scope.world, repo, scope.actor, row, draft=True))

    def mark_pull_request_ready_for_review(self, input: Input) -> Input:
        """End the draft."""
        scope = self.scope
        return self._on_pull(input, lambda repo, row: pulls.set_draft(scope.world, repo, scope.actor, row, draft=False))

    def add_comment(self, input: Input) -> Input:
        """Comment on a pull request."""
        repo, row = self._pull(input["subjectId"])
        subject = conversation.subject_by_number(self.scope.world, repo, row.number)
        made = conversation.add_comment(self.scope.world, repo, self.scope.actor, subject, input["body"])
        node = CommentNode(scope=self.scope, repo=repo, row=made)
        return {"clientMutationId": input.get("clientMutationId"), "subject": node}

    def add_labels_to_labelable(self, input: Input) -> Input:
        """Label a pull request."""
        repo, row = self._pull(input["labelableId"])
        labels = [row_of(self.scope, i, "LA", "labels") for i in input["labelIds"]]
        subject = conversation.subject_by_number(self.scope.world, repo, row.number)
        conversation.add_labels(self.scope.world, repo, self.scope.actor, subject, labels)
        reactions.gate_changed(self.scope.world, repo)
        return {"clientMutationId": input.get("clientMutationId")}

    def _resolve(self, input: Input, *, resolved: bool) -> Input:
        row = row_of(self.scope, input["threadId"], "PRRT", "review_threads")
        repo = self.scope.world.store.repos[row.repo_id]
        made = threads.set_resolved(self.scope.world, repo, self.scope.actor, row, resolved=resolved)
        reactions.gate_changed(self.scope.world, repo)
        return {"clientMutationId": input.get("clientMutationId"), "thread": ThreadNode(scope=self.scope, row=made)}

    def resolve_review_thread(self, input: Input) -> Input:
        """Resolve a conversation."""
        return self._resolve(input, resolved=True)

    def unresolve_review_thread(self, input: Input) -> Input:
        """Open it again."""
        return self._resolve(input, resolved=False)

    # -- protection --------------------------------------------------------------------------------

    def _administered(self, repo: Repo | None, text: str) -> Repo:
        if repo is None:
            raise missing(text)
        if not can_administer(self.scope.world, repo, self.scope.actor):
            login = self.scope.actor.user.login
            raise GraphqlFault(
                "FORBIDDEN", f"{login} does not have the correct permissions to change branch protection"
            )
        return repo

    def _saved(self, repo: Repo, rule: BranchProtectionRule, input: Input) -> Input:
        rule.updated_at = self.scope.world.clock.iso()
        self.scope.world.store.protection_rules.save(rule)
        reactions.gate_changed(self.scope.world, repo)
        node = RuleNode(scope=self.scope, repo=repo, row=rule)
        return {"clientMutationId": input.get("clientMutationId"), "branchProtectionRule": node}

    def create_branch_protection_rule(self, input: Input) -> Input:
        """A rule for a pattern."""
        parsed = parse_node_id(input["repositoryId"])
        number = int(parsed[1]) if parsed and parsed[0] == "R" and parsed[1].isdigit() else -1
        repo = self._administered(visible(self.scope, number), input["repositoryId"])
        world = self.scope.world
        if world.store.protection_rules.find(repo_id=repo.id, pattern=input["pattern"]):
            raise GraphqlFault("UNPROCESSABLE", f"Name already protected: {input['pattern']}")
        rule = BranchProtectionRule(
            id=world.store.next_id(),
            repo_id=repo.id,
            pattern=input["pattern"],
            creator_id=self.scope.actor.user.id,
            created_at=world.clock.iso(),
        )
        change_rule(self.scope, rule, input)
        return self._saved(repo, rule, input)

    def update_branch_protection_rule(self, input: Input) -> Input:
        """Change what is named; everything else stays."""
        text = input["branchProtectionRuleId"]
        rule = row_of(self.scope, text, "BPR", "protection_rules")
        repo = self._administered(self.scope.world.store.repos.get(rule.repo_id), text)
        rule.pattern = input.get("pattern") or rule.pattern
        change_rule(self.scope, rule, input)
        return self._saved(repo, rule, input)

    def delete_branch_protection_rule(self, input: Input) -> Input:
        """Remove a rule."""
        text = input["branchProtectionRuleId"]
        rule = row_of(self.scope, text, "BPR", "protection_rules")
        repo = self._administered(self.scope.world.store.repos.get(rule.repo_id), text)
        self.scope.world.store.protection_rules.remove(rule)
        reactions.gate_changed(self.scope.world, repo)
        return {"clientMutationId": input.get("clientMutationId")}


def change_rule(scope: Scope, rule: BranchProtectionRule, input: Input) -> None:
    """Set the fields that the input names. A group is switched on by its own flag."""
    for name, attribute in FIELDS.items():
        key = _camel(name)
        if input.get(key) is not None:
            setattr(rule, attribute, input[key])
    if input.get("requiresApprovingReviews") is not None:
        old = rule.required_pull_request_reviews
        rule.required_pull_request_reviews = (old or RequiredReviews()) if input["requiresApprovingReviews"] else None
    if rule.required_pull_request_reviews is not None:
        for name, attribute in REVIEW_FIELDS.items():
            if input.get(_camel(name)) is not None:
                setattr(rule.required_pull_request_reviews, attribute, input[_camel(name)])
    if input.get("requiresStatusChecks") is not None:
        old_checks = rule.required_status_checks
        rule.required_status_checks = (old_checks or RequiredStatusChecks()) if input["requiresStatusChecks"] else None
    if rule.required_status_checks is not None:
        if input.get("requiresStrictStatusChecks") is not None:
            rule.required_status_checks.strict = input["requiresStrictStatusChecks"]
        if input.get("requiredStatusChecks") is not None:
            rule.required_status_checks.checks = [_check(scope, c) for c in input["requiredStatusChecks"]]
    if input.get("bypassForcePushActorIds") is not None:
        rule.bypass_force_push_allowances = _actors(scope, input["bypassForcePushActorIds"])


def _check(scope: Scope, given: Input) -> RequiredCheck:
    app = given.get("appId")
    if app in (None, "any"):
        return RequiredCheck(context=given["context"])
    return RequiredCheck(context=given["context"], app_id=row_of(scope, app, "A", "apps").id)


def _actors(scope: Scope, ids: list[str]) -> ActorSet:
    found = ActorSet()
    for text in ids:
        prefix = (parse_node_id(text) or ("", ""))[0]
        kinds = {"U": ("users", found.users), "T": ("teams", found.teams), "A": ("apps", found.apps)}
        if prefix not in kinds:
            raise missing(text)
        table, members = kinds[prefix]
        members.append(row_of(scope, text, prefix, table).id)
    return found


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
