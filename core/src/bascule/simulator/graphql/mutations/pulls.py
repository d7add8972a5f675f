"""The life of a pull request. Each mutation does what its REST twin does, then lets waiting merges look again."""

from collections.abc import Callable
from typing import Any

from attrs import frozen

from bascule.simulator import auto_merge, merging, pulls, reactions, update_branch
from bascule.simulator.graphql import people
from bascule.simulator.graphql.lookup import repo_of
from bascule.simulator.graphql.mutations.base import Input, Mutations, done
from bascule.simulator.graphql.pulls import PullNode
from bascule.simulator.model import PullRequest, Repo

_CHANGES = {"title": "title", "body": "body", "baseRefName": "base", "maintainerCanModify": "maintainer_can_modify"}


@frozen(kw_only=True)
class PullMutations(Mutations):
    """Merging and everything around it."""

    def _on_pull(self, input: Input, act: Callable[[Repo, PullRequest], Any], *grants: str) -> Input:
        repo, row = self._pull(input["pullRequestId"], *grants)
        act(repo, row)
        reactions.gate_changed(self.scope.world, repo)
        actor = people.UserNode(scope=self.scope, row=self.scope.actor.user)
        return done(input, pullRequest=PullNode(scope=self.scope, row=row), actor=actor)

    def create_pull_request(self, input: Input) -> Input:
        """Open one, from a branch of the repository itself or of a fork."""
        scope = self.scope
        repo = self._writable(repo_of(scope, input["repositoryId"]), "pull_requests")
        source = repo_of(scope, input["headRepositoryId"]) if input.get("headRepositoryId") else repo
        head, branch = pulls.head_named(scope.world, source, input["headRefName"])
        made = pulls.create(
            scope.world,
            repo,
            scope.actor,
            title=input["title"],
            head=head,
            head_ref=branch,
            base_ref=input["baseRefName"].removeprefix("refs/heads/"),
            body=input.get("body"),
            draft=bool(input["draft"]),
            maintainer_can_modify=bool(input["maintainerCanModify"]),
        )
        return done(input, pullRequest=PullNode(scope=scope, row=made))

    def enable_pull_request_auto_merge(self, input: Input) -> Input:
        """Arm auto-merge."""

        def act(repo: Repo, row: PullRequest) -> None:
            auto_merge.enable(
                self.scope.world,
                repo,
                row,
                self.scope.actor,
                input["mergeMethod"].lower(),
                input.get("expectedHeadOid"),
                commit_title=input.get("commitHeadline"),
                commit_message=input.get("commitBody"),
                author_email=input.get("authorEmail"),
            )

        return self._on_pull(input, act, "contents", "pull_requests")

    def disable_pull_request_auto_merge(self, input: Input) -> Input:
        """Disarm it."""
        world, actor = self.scope.world, self.scope.actor
        return self._on_pull(input, lambda repo, row: auto_merge.disable(world, repo, row, actor), "pull_requests")

    def merge_pull_request(self, input: Input) -> Input:
        """Merge now, at one head."""

        def act(repo: Repo, row: PullRequest) -> None:
            merging.merge(
                self.scope.world,
                repo,
                self.scope.actor,
                row,
                method=input["mergeMethod"].lower(),
                title=input.get("commitHeadline"),
                message=input.get("commitBody"),
                expected_head=input.get("expectedHeadOid"),
            )

        return self._on_pull(input, act, "contents")

    def _edit(self, input: Input, changes: dict[str, Any], mutation: str) -> Input:
        def act(repo: Repo, row: PullRequest) -> None:
            if not pulls.may_edit(self.scope.world, repo, self.scope.actor, row):
                self._need(repo, "write", mutation)
            pulls.edit(self.scope.world, repo, self.scope.actor, row, changes)

        return self._on_pull(input, act, "pull_requests")

    def update_pull_request(self, input: Input) -> Input:
        """Change title, text, base branch."""
        names = {
            "title": "title",
            "body": "body",
            "baseRefName": "base",
            "maintainerCanModify": "maintainer_can_modify",
        }
        changes = {name: input[key] for key, name in names.items() if input.get(key) is not None}
        return self._edit(input, changes, "UpdatePullRequest")

    def close_pull_request(self, input: Input) -> Input:
        """Close it without merging."""
        return self._edit(input, {"state": "closed"}, "ClosePullRequest")

    def reopen_pull_request(self, input: Input) -> Input:
        """Open it again."""
        return self._edit(input, {"state": "open"}, "ReopenPullRequest")

    def update_pull_request_branch(self, input: Input) -> Input:
        """Merge the base branch into the head."""

        def act(repo: Repo, row: PullRequest) -> None:
            expected = input.get("expectedHeadOid")
            update_branch.update_branch(self.scope.world, repo, self.scope.actor, row, expected)

        return self._on_pull(input, act, "contents", "pull_requests")

    def _draft(self, input: Input, *, draft: bool) -> Input:
        world, actor = self.scope.world, self.scope.actor
        return self._on_pull(
            input, lambda repo, row: pulls.set_draft(world, repo, actor, row, draft=draft), "pull_requests"
        )

    def convert_pull_request_to_draft(self, input: Input) -> Input:
        """Make it a draft."""
        return self._draft(input, draft=True)

    def mark_pull_request_ready_for_review(self, input: Input) -> Input:
        """End the draft."""
        return self._draft(input, draft=False)
