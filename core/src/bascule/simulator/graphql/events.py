"""What happened to a pull request, and what was said, in order."""

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from bascule.simulator.graphql import gitnodes, people
from bascule.simulator.graphql.reviews import ReviewNode
from bascule.simulator.graphql.scope import Connection, RowNode, Scope, connect, same
from bascule.simulator.graphql.talk import CommentNode, LabelNode, label_then
from bascule.simulator.model import IssueEvent, PullRequest, Repo
from bascule.simulator.pull_content import content
from bascule.simulator.reviewing import reviews_of

_KIND = {
    "assigned": "AssignedEvent",
    "auto_merge_disabled": "AutoMergeDisabledEvent",
    "auto_merge_enabled": "AutoMergeEnabledEvent",
    "auto_rebase_enabled": "AutoRebaseEnabledEvent",
    "auto_squash_enabled": "AutoSquashEnabledEvent",
    "automatic_base_change_succeeded": "AutomaticBaseChangeSucceededEvent",
    "base_ref_changed": "BaseRefChangedEvent",
    "base_ref_deleted": "BaseRefDeletedEvent",
    "closed": "ClosedEvent",
    "convert_to_draft": "ConvertToDraftEvent",
    "head_ref_deleted": "HeadRefDeletedEvent",
    "head_ref_force_pushed": "HeadRefForcePushedEvent",
    "labeled": "LabeledEvent",
    "locked": "LockedEvent",
    "merged": "MergedEvent",
    "ready_for_review": "ReadyForReviewEvent",
    "renamed": "RenamedTitleEvent",
    "reopened": "ReopenedEvent",
    "review_dismissed": "ReviewDismissedEvent",
    "review_request_removed": "ReviewRequestRemovedEvent",
    "review_requested": "ReviewRequestedEvent",
    "unassigned": "UnassignedEvent",
    "unlabeled": "UnlabeledEvent",
    "unlocked": "UnlockedEvent",
}
#: A detail of the event by the field that shows it.
_DETAIL = {
    "old_base": "was",
    "new_base": "now",
    "previous_ref_name": "was",
    "current_ref_name": "now",
    "previous_title": "was",
    "current_title": "now",
}


@frozen(kw_only=True)
class EventNode(RowNode):
    """Any event; each type asks only for fields that it has."""

    SAME = same("created_at", id="node_id", database_id="id")

    row: IssueEvent
    pull: PullRequest

    def __getattr__(self, name: str) -> Any:
        if name in _DETAIL:
            return self.row.details[_DETAIL[name]]
        return super().__getattr__(name)

    @property
    def _repo(self) -> Repo:
        return self.scope.world.store.repos[self.row.repo_id]

    @property
    def typename(self) -> str:
        """GraphQL's name of the event."""
        return _KIND[self.row.event]

    @property
    def actor(self) -> people.UserNode | None:
        """Who did it."""
        return people.user(self.scope, self.row.actor_id)

    @property
    def enabler(self) -> people.UserNode | None:
        """Who armed auto-merge."""
        return people.as_user(self.scope, self.row.actor_id)

    @property
    def disabler(self) -> people.UserNode | None:
        """Who disarmed it."""
        return people.as_user(self.scope, self.row.actor_id)

    @property
    def pull_request(self) -> Any:
        """To what."""
        from bascule.simulator.graphql.pulls import PullNode

        return PullNode(scope=self.scope, row=self.pull)

    closable = lockable = labelable = pull_request

    @property
    def label(self) -> LabelNode:
        """The label that was put on or taken off."""
        return label_then(self.scope, self._repo, self.row.details)

    @property
    def assignee(self) -> people.UserNode | None:
        """Who was assigned."""
        return people.by_login(self.scope, self.row.details["assignee"])

    @property
    def requested_reviewer(self) -> people.UserNode | people.TeamNode | None:
        """Who was asked."""
        details, org = self.row.details, self._repo.owner_id
        if "reviewer" in details:
            return people.by_login(self.scope, details["reviewer"])
        team = self.scope.world.store.teams.find(org_id=org, slug=details["team"])
        return people.TeamNode(scope=self.scope, row=team) if team else None

    @property
    def head_ref_name(self) -> str:
        """The branch that was deleted."""
        return self.pull.head_ref

    @property
    def base_ref_name(self) -> str:
        """The branch that was deleted."""
        return self.pull.base_ref

    @property
    def merge_ref_name(self) -> str:
        """Into what it was merged."""
        return self.pull.base_ref

    @property
    def commit(self) -> gitnodes.GitNode | None:
        """The commit of a merge."""
        return self._object(self.row.commit_id)

    @property
    def before_commit(self) -> gitnodes.GitNode | None:
        """The head before a forced push."""
        return self._object(self.row.details["before"])

    @property
    def after_commit(self) -> gitnodes.GitNode | None:
        """And after it."""
        return self._object(self.row.details["after"])

    def _object(self, sha: str | None) -> gitnodes.GitNode | None:
        return gitnodes.git_object(self.scope, self._repo, sha) if sha else None

    @property
    def review(self) -> ReviewNode | None:
        """The review that was dismissed."""
        row = self.scope.world.store.reviews.get(int(self.row.details["review"]))
        return ReviewNode(scope=self.scope, row=row) if row else None

    @property
    def previous_review_state(self) -> str:
        """What it had said."""
        return self.row.details["state"].upper()

    @property
    def dismissal_message(self) -> str | None:
        """Why."""
        return self.row.details["message"] or None


def timeline(
    scope: Scope,
    pull: PullRequest,
    item_types: Sequence[str] | None = None,
    since: str | None = None,
    skip: int | None = None,
    **page: Any,
) -> Connection:
    """Events, comments, reviews and commits, oldest first."""
    from bascule.simulator.graphql.pulls import commit_node

    store, repo = scope.world.store, scope.world.store.repos[pull.repo_id]
    rows: list[tuple[str, int, str, Any]] = []
    for event in store.issue_events.where(repo_id=repo.id, number=pull.number):
        # A review is an item of its own.
        if event.event in _KIND:
            rows.append((event.created_at, event.id, _KIND[event.event], EventNode(scope=scope, row=event, pull=pull)))
    for comment in store.issue_comments.where(repo_id=repo.id, number=pull.number):
        rows.append((comment.created_at, comment.id, "IssueComment", CommentNode(scope=scope, row=comment)))
    for review in reviews_of(scope.world, pull, scope.actor):
        if review.submitted_at:
            node = ReviewNode(scope=scope, row=review)
            rows.append((review.submitted_at, review.id, "PullRequestReview", node))
    git = scope.world.git(repo)
    for sha in content(scope.world, repo, pull).commits:
        rows.append((git.commit(sha).committer.iso(), 0, "PullRequestCommit", commit_node(scope, pull, sha)))
    wanted = None if item_types is None else {_type_name(word) for word in item_types}
    found = [row for row in rows if (wanted is None or row[2] in wanted) and row[0] >= (since or "")]
    found.sort(key=lambda row: row[:2])
    return connect(found[skip or 0 :], lambda row: row[3], name="timelineItems", updated_at=pull.updated_at, **page)


def _type_name(word: str) -> str:
    return "".join(part.capitalize() for part in word.split("_"))
