"""Pull requests."""

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from bascule.simulator import merging
from bascule.simulator.access import full_name, permission_of
from bascule.simulator.enforce import exempt, rule_for
from bascule.simulator.graphql import events, gitnodes, people, refs, talk
from bascule.simulator.graphql.reviews import ReviewNode, requests_of, threads_shown
from bascule.simulator.graphql.rollups import RollupNode, rollup_node
from bascule.simulator.graphql.scope import Connection, RowNode, Scope, connect, same
from bascule.simulator.model import AutoMergeRequest, PullRequest, Review, node_id
from bascule.simulator.pull_content import base_tip, content
from bascule.simulator.pulls import head_repo
from bascule.simulator.reviewing import latest_opinionated, review_decision, reviews_of

_CHANGE = {"removed": "DELETED"}
_MOST_COMMITS = 250


@frozen(kw_only=True)
class AutoMergeNode(RowNode):
    """AutoMergeRequest."""

    SAME = same("enabled_at", "author_email", commit_headline="commit_title", commit_body="commit_message")

    row: AutoMergeRequest
    owner: "PullNode"

    @property
    def enabled_by(self) -> people.UserNode | None:
        """Who armed it."""
        return people.user(self.scope, self.row.enabled_by_id)

    @property
    def merge_method(self) -> str:
        """How it will merge."""
        return self.row.merge_method.upper()

    @property
    def pull_request(self) -> "PullNode":
        """Of what."""
        return self.owner


@frozen(kw_only=True)
class PullNode(talk.SpokenNode):
    """PullRequest."""

    KIND = "issue"
    SAME = same(
        "number", "title", "locked", "merged", "merged_at", "created_at", "updated_at", "closed_at",
        "maintainer_can_modify",
        id="node_id", database_id="id", full_database_id="id", is_draft="draft", head_ref_name="head_ref",
        head_ref_oid="head_sha", base_ref_name="base_ref",
    )  # fmt: skip

    row: PullRequest
    typename: str = "PullRequest"
    is_in_merge_queue: bool = False
    milestone: None = None

    @property
    def is_merge_queue_enabled(self) -> bool:
        """Whether its base branch has a queue, by the switch; none runs here."""
        return "MERGE_QUEUE" in self.scope.world.switches.ruleset_rules

    @property
    def subject_id(self) -> int:
        """Reactions to a pull request are reactions to an issue."""
        return self.row.number

    @property
    def resource_path(self) -> str:
        """Its page on this server."""
        return f"/{full_name(self.scope.world, self.repo)}/pull/{self.row.number}"

    @property
    def url(self) -> str:
        """Its page."""
        return f"{self.scope.html}{self.resource_path}"

    @property
    def state(self) -> str:
        """Open, closed or merged."""
        return "MERGED" if self.row.merged else self.row.state.upper()

    @property
    def closed(self) -> bool:
        """Whether it is not open."""
        return self.row.state == "closed"

    @property
    def merged_by(self) -> people.UserNode | None:
        """Who merged it."""
        return people.user(self.scope, self.row.merged_by_id)

    @property
    def merge_commit(self) -> gitnodes.CommitNode | None:
        """The merge, once merged."""
        sha = self.row.merge_commit_sha if self.row.merged else None
        return gitnodes.commit(self.scope, self.repo, sha) if sha else None

    @property
    def potential_merge_commit(self) -> gitnodes.CommitNode | None:
        """The test merge while open."""
        sha = None if self.row.merged else self.row.merge_commit_sha
        return gitnodes.commit(self.scope, self.repo, sha) if sha else None

    # -- head and base ---------------------------------------------------------------------------

    @property
    def head_repository(self) -> Any:
        """Where the head lives; None once deleted."""
        from bascule.simulator.graphql.repositories import RepositoryNode

        found = head_repo(self.scope.world, self.row)
        return RepositoryNode(scope=self.scope, row=found) if found else None

    @property
    def head_repository_owner(self) -> people.UserNode | None:
        """Whose head it is."""
        found = head_repo(self.scope.world, self.row)
        return people.user(self.scope, found.owner_id) if found else None

    @property
    def head_ref(self) -> refs.RefNode | None:
        """The head branch; None once deleted."""
        found = head_repo(self.scope.world, self.row)
        return refs.ref(self.scope, found, f"refs/heads/{self.row.head_ref}") if found else None

    @property
    def base_ref_oid(self) -> str:
        """The base branch's tip while open."""
        return base_tip(self.scope.world, self.repo, self.row)

    @property
    def base_ref(self) -> refs.RefNode | None:
        """The base branch."""
        return refs.ref(self.scope, self.repo, f"refs/heads/{self.row.base_ref}")

    @property
    def base_repository(self) -> Any:
        """Where it goes."""
        return self.repository

    @property
    def is_cross_repository(self) -> bool:
        """Whether it comes from a fork."""
        return self.row.head_repo_id != self.row.repo_id

    # -- whether it can be merged ----------------------------------------------------------------

    @property
    def _mergeability(self) -> merging.Mergeability:
        """One read for all fields of one request: it counts once, and they agree."""
        scope = self.scope
        found: merging.Mergeability = scope.once(
            ("mergeability", self.row.id), lambda: merging.read(scope.world, self.repo, self.row, scope.actor)
        )
        return found

    @property
    def mergeable(self) -> str:
        """Whether it conflicts, as far as the background job knows."""
        known = self._mergeability.mergeable
        return "UNKNOWN" if known is None else "MERGEABLE" if known else "CONFLICTING"

    @property
    def can_be_rebased(self) -> bool:
        """Whether its commits apply one by one."""
        return bool(self._mergeability.rebaseable)

    @property
    def merge_state_status(self) -> str:
        """What the merge button shows."""
        return self._mergeability.state.upper()

    @property
    def review_decision(self) -> str | None:
        """What reviews come to."""
        return review_decision(self.scope.world, self.repo, self.row)

    @property
    def auto_merge_request(self) -> AutoMergeNode | None:
        """Armed auto-merge."""
        armed = self.row.auto_merge
        return AutoMergeNode(scope=self.scope, owner=self, row=armed) if armed else None

    @property
    def viewer_can_merge_as_admin(self) -> bool:
        """Whether the asker may pass protection."""
        rule = rule_for(self.scope.world, self.repo, self.row.base_ref)
        return rule is not None and exempt(self.scope.world, self.repo, self.scope.actor, rule)

    @property
    def status_check_rollup(self) -> RollupNode | None:
        """What machines said of the head."""
        return rollup_node(self.scope, self.repo, self.row.head_sha)

    # -- content ---------------------------------------------------------------------------------

    @property
    def additions(self) -> int:
        """Added lines."""
        return content(self.scope.world, self.repo, self.row).additions

    @property
    def deletions(self) -> int:
        """Removed lines."""
        return content(self.scope.world, self.repo, self.row).deletions

    @property
    def changed_files(self) -> int:
        """How many files, all of them."""
        return len(content(self.scope.world, self.repo, self.row).files)

    def commits(self, **page: Any) -> Connection:
        """Its commits, oldest first; GitHub lists 250 at most."""
        shas = content(self.scope.world, self.repo, self.row).commits[-_MOST_COMMITS:]
        return connect(shas, lambda sha: commit_node(self.scope, self.row, sha), name="commits", **page)

    def files(self, **page: Any) -> Connection:
        """Changed files by their new names, as far as GitHub lists them."""
        rows = content(self.scope.world, self.repo, self.row).files[: self.scope.world.switches.files_limit]

        def made(f: Any) -> dict[str, Any]:
            change = _CHANGE.get(f.status, f.status.upper())
            return {"path": f.path, "additions": f.additions, "deletions": f.deletions, "changeType": change}

        return connect(rows, made, name="files", **page)

    # -- people and talk -------------------------------------------------------------------------

    def assignees(self, **page: Any) -> Connection:
        """Who is to see to it."""
        return connect(self.row.assignees, lambda i: people.as_user(self.scope, i), name="assignees", **page)

    def labels(self, order_by: dict[str, str] | None = None, **page: Any) -> Connection:
        """Its labels."""
        nodes = talk.in_label_order(talk.labels_of(self.scope, self.row), order_by)
        return connect(nodes, lambda n: n, name="labels", **page)

    def project_cards(self, **page: Any) -> Connection:
        """None: there are no projects."""
        return connect([], lambda n: n, name="projectCards", **page)

    def review_requests(self, **page: Any) -> Connection:
        """Who is asked for a review."""
        return connect(requests_of(self.scope, self.row), lambda n: n, name="reviewRequests", **page)

    def _reviews(self, rows: Sequence[Review], name: str, **page: Any) -> Connection:
        return connect(rows, lambda r: ReviewNode(scope=self.scope, row=r), name=name, **page)

    def reviews(self, states: list[str] | None = None, author: str | None = None, **page: Any) -> Connection:
        """Every review, drafts only to who writes them."""
        by = people.by_login(self.scope, author) if author else None
        rows = [
            r
            for r in reviews_of(self.scope.world, self.row, self.scope.actor)
            if (not states or r.state in states) and (author is None or (by and r.author_id == by.row.id))
        ]
        return self._reviews(rows, "reviews", **page)

    def latest_reviews(self, **page: Any) -> Connection:
        """The newest of each reviewer."""
        newest = {r.author_id: r for r in reviews_of(self.scope.world, self.row, self.scope.actor)}
        return self._reviews(list(newest.values()), "latestReviews", **page)

    def latest_opinionated_reviews(self, writers_only: bool = False, **page: Any) -> Connection:
        """The newest opinion of each reviewer."""
        rows = latest_opinionated(self.scope.world, self.row)
        if writers_only:
            rows = [r for r in rows if ReviewNode(scope=self.scope, row=r).author_can_push_to_repository]
        return self._reviews(rows, "latestOpinionatedReviews", **page)

    def review_threads(self, **page: Any) -> Connection:
        """Conversations on the code."""
        return connect(threads_shown(self.scope, self.row), lambda n: n, name="reviewThreads", **page)

    def comments(self, order_by: dict[str, str] | None = None, **page: Any) -> Connection:
        """The conversation."""
        rows = self.scope.world.store.issue_comments.where(repo_id=self.row.repo_id, number=self.row.number)
        if order_by:
            rows = sorted(rows, key=lambda r: (r.updated_at, r.id), reverse=order_by["direction"] == "DESC")
        return connect(rows, lambda r: talk.CommentNode(scope=self.scope, row=r), name="comments", **page)

    def timeline_items(self, **asked: Any) -> Connection:
        """What happened and what was said."""
        return events.timeline(self.scope, self.row, **asked)


def commit_node(scope: Scope, pull: PullRequest, sha: str) -> dict[str, Any]:
    """PullRequestCommit."""
    return {
        "__typename": "PullRequestCommit",
        "id": node_id("PURC", f"{pull.id}:{sha}"),
        "commit": gitnodes.commit(scope, scope.world.store.repos[pull.repo_id], sha),
        "pullRequest": PullNode(scope=scope, row=pull),
    }


def selected(
    scope: Scope,
    rows: Sequence[PullRequest],
    *,
    name: str = "pullRequests",
    states: list[str] | None = None,
    labels: list[str] | None = None,
    head_ref_name: str | None = None,
    base_ref_name: str | None = None,
    order_by: dict[str, str] | None = None,
    **page: Any,
) -> Connection:
    """Those of the rows that were asked for, oldest first unless asked otherwise; never what the asker may not see."""
    store = scope.world.store
    nodes = [
        node
        for node in (PullNode(scope=scope, row=row) for row in rows)
        if (not states or node.state in states)
        and (head_ref_name is None or node.row.head_ref == head_ref_name)
        and (base_ref_name is None or node.row.base_ref == base_ref_name)
        and (not labels or set(labels) & {label.row.name for label in talk.labels_of(scope, node.row)})
        and permission_of(scope.world, store.repos[node.row.repo_id], scope.actor) != "none"
    ]
    order = order_by or {"field": "CREATED_AT", "direction": "ASC"}

    def place(node: PullNode) -> tuple[Any, int]:
        if order["field"] == "COMMENTS":
            return len(store.issue_comments.where(repo_id=node.row.repo_id, number=node.row.number)), node.row.number
        return (node.row.updated_at if order["field"] == "UPDATED_AT" else node.row.created_at), node.row.number

    nodes.sort(key=place, reverse=order["direction"] == "DESC")
    return connect(nodes, lambda node: node, name=name, **page)
