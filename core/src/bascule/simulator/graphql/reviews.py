"""Reviews, the conversations on the code, and who is asked for a review."""

from typing import Any

from attrs import frozen

from bascule.simulator import threads
from bascule.simulator.access import full_name, level_at_least, permission_of, role_of
from bascule.simulator.graphql import gitnodes, people
from bascule.simulator.graphql.scope import Connection, RowNode, Scope, connect, same
from bascule.simulator.graphql.talk import SpokenNode
from bascule.simulator.model import PullRequest, Review, ReviewComment, ReviewThread, node_id
from bascule.simulator.reviewing import visible


def _pull(scope: Scope, pull_id: int) -> Any:
    from bascule.simulator.graphql.pulls import PullNode

    return PullNode(scope=scope, row=scope.world.store.pulls[pull_id])


@frozen(kw_only=True)
class ReviewNode(SpokenNode):
    """PullRequestReview."""

    KIND = "review"
    SAME = same("state", "submitted_at", id="node_id", database_id="id")

    row: Review
    typename: str = "PullRequestReview"

    @property
    def pull_request(self) -> Any:
        """Of what."""
        return _pull(self.scope, self.row.pull_id)

    @property
    def created_at(self) -> str:
        """When it was handed in; drafts are as old as their pull request's last change."""
        return self.row.submitted_at or self.scope.world.store.pulls[self.row.pull_id].updated_at

    @property
    def updated_at(self) -> str:
        """The same; edits are not dated."""
        return self.created_at

    @property
    def author_can_push_to_repository(self) -> bool:
        """Whether the review counts."""
        row = self.scope.world.store.users.get(self.row.author_id)
        return row is not None and level_at_least(role_of(self.scope.world, self.repo, row), "write")

    @property
    def commit(self) -> gitnodes.CommitNode:
        """What was reviewed."""
        return gitnodes.commit(self.scope, self.repo, self.row.commit_id)

    @property
    def url(self) -> str:
        """Its place on the page."""
        return f"{self.pull_request.url}#pullrequestreview-{self.row.id}"

    def comments(self, **page: Any) -> Connection:
        """Its comments on the code."""
        rows = self.scope.world.store.review_comments.where(repo_id=self.row.repo_id, review_id=self.row.id)
        return connect(rows, lambda r: ReviewCommentNode(scope=self.scope, row=r), name="comments", **page)


@frozen(kw_only=True)
class ThreadNode(RowNode):
    """PullRequestReviewThread."""

    SAME = same("is_resolved", "is_outdated", "path", "line", "start_line", id="node_id", diff_side="side")

    row: ReviewThread
    typename: str = "PullRequestReviewThread"

    @property
    def is_collapsed(self) -> bool:
        """Resolved conversations are folded."""
        return self.row.is_resolved

    @property
    def subject_type(self) -> str:
        """A line or a whole file."""
        return self.row.subject_type.upper()

    @property
    def resolved_by(self) -> people.UserNode | None:
        """Who resolved it."""
        return people.as_user(self.scope, self.row.resolved_by_id)

    @property
    def pull_request(self) -> Any:
        """On what."""
        return _pull(self.scope, self.row.pull_id)

    @property
    def repository(self) -> Any:
        """Where."""
        return self.pull_request.repository

    def comments(self, **page: Any) -> Connection:
        """What was said; drafts only to who writes them."""
        rows = [c for c in threads.comments_of(self.scope.world, self.row) if _shown(self.scope, c)]
        return connect(rows, lambda r: ReviewCommentNode(scope=self.scope, row=r), name="comments", **page)

    @property
    def _may(self) -> bool:
        store, actor = self.scope.world.store, self.scope.actor
        level = permission_of(self.scope.world, store.repos[self.row.repo_id], actor)
        return actor.user.id == store.pulls[self.row.pull_id].author_id or level_at_least(level, "write")

    @property
    def viewer_can_resolve(self) -> bool:
        """Whether the asker may resolve it now."""
        return self._may and not self.row.is_resolved

    @property
    def viewer_can_unresolve(self) -> bool:
        """Whether the asker may open it again now."""
        return self._may and self.row.is_resolved


def _shown(scope: Scope, comment: ReviewComment) -> bool:
    review = scope.world.store.reviews.get(comment.review_id)
    return review is None or visible(review, scope.actor)


@frozen(kw_only=True)
class ReviewCommentNode(SpokenNode):
    """PullRequestReviewComment."""

    KIND = "review_comment"
    SAME = same("path", "diff_hunk", "created_at", "updated_at", id="node_id", database_id="id")

    row: ReviewComment
    typename: str = "PullRequestReviewComment"

    @property
    def _thread(self) -> ReviewThread:
        return self.scope.world.store.review_threads[self.row.thread_id]

    @property
    def line(self) -> int | None:
        """Where it stands now."""
        return self._thread.line

    @property
    def outdated(self) -> bool:
        """Whether its line is gone."""
        return self._thread.is_outdated

    @property
    def commit(self) -> gitnodes.CommitNode:
        """The head when it was written."""
        return gitnodes.commit(self.scope, self.repo, self.row.commit_id)

    @property
    def original_commit(self) -> gitnodes.CommitNode:
        """What was reviewed."""
        return gitnodes.commit(self.scope, self.repo, self.row.original_commit_id)

    @property
    def pull_request(self) -> Any:
        """On what."""
        return _pull(self.scope, self.row.pull_id)

    @property
    def pull_request_review(self) -> ReviewNode | None:
        """The review that it is part of."""
        row = self.scope.world.store.reviews.get(self.row.review_id)
        return ReviewNode(scope=self.scope, row=row) if row else None

    @property
    def reply_to(self) -> "ReviewCommentNode | None":
        """The first comment of the thread, for an answer."""
        row = self.scope.world.store.review_comments.get(self.row.in_reply_to_id)
        return ReviewCommentNode(scope=self.scope, row=row) if row else None

    @property
    def url(self) -> str:
        """Its place on the page."""
        number = self.scope.world.store.pulls[self.row.pull_id].number
        return f"{self.scope.html}/{full_name(self.scope.world, self.repo)}/pull/{number}#discussion_r{self.row.id}"


def threads_shown(scope: Scope, pull: PullRequest) -> list[ThreadNode]:
    """Conversations on the code, without those that so far stand only in somebody else's draft."""
    return [
        ThreadNode(scope=scope, row=row)
        for row in threads.threads_of(scope.world, pull)
        if any(_shown(scope, comment) for comment in threads.comments_of(scope.world, row))
    ]


def requests_of(scope: Scope, pull: PullRequest) -> list[dict[str, Any]]:
    """ReviewRequest: who is asked, people before teams."""
    teams = [people.TeamNode(scope=scope, row=t) for i in pull.requested_teams if (t := scope.world.store.teams.get(i))]
    asked = [*(people.user(scope, i) for i in pull.requested_reviewers), *teams]
    return [
        {
            "id": node_id("RR", f"{pull.id}:{node.id}"),
            "asCodeOwner": False,
            "pullRequest": _pull(scope, pull.id),
            "requestedReviewer": node,
        }
        for node in asked
        if node is not None
    ]
