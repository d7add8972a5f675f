"""Pull requests and what people and machines say about them."""

from typing import Any

from attrs import frozen

from bascule.simulator import merging
from bascule.simulator.access import full_name, level_at_least, permission_of, role_of
from bascule.simulator.enforce import exempt, rule_for
from bascule.simulator.graphql import gitnodes, people
from bascule.simulator.graphql.scope import Connection, Scope, connect
from bascule.simulator.model import (
    AutoMergeRequest,
    IssueComment,
    Label,
    PullRequest,
    Repo,
    Review,
    ReviewThread,
    node_id,
)
from bascule.simulator.pull_content import base_tip, content
from bascule.simulator.pulls import head_repo
from bascule.simulator.reviewing import latest_opinionated, review_decision, reviews_of
from bascule.simulator.threads import threads_of

_CHANGE = {"removed": "DELETED"}


@frozen(kw_only=True)
class LabelNode:
    """Label."""

    scope: Scope
    row: Label
    typename: str = "Label"

    def __getattr__(self, name: str) -> Any:
        if name in {"name", "color", "description"}:
            return getattr(self.row, name)
        if name == "id":
            return self.row.node_id
        raise AttributeError(name)


@frozen(kw_only=True)
class ReviewNode:
    """PullRequestReview."""

    scope: Scope
    repo: Repo
    row: Review
    typename: str = "PullRequestReview"

    def __getattr__(self, name: str) -> Any:
        renamed = {"id": "node_id", "database_id": "id"}
        if name in {"state", "body", "submitted_at", *renamed}:
            return getattr(self.row, renamed.get(name, name))
        raise AttributeError(name)

    @property
    def author(self) -> people.UserNode | None:
        """Who reviewed."""
        return people.user(self.scope, self.row.author_id)

    @property
    def author_can_push_to_repository(self) -> bool:
        """Whether the review counts."""
        row = self.scope.world.store.users.get(self.row.author_id)
        return row is not None and level_at_least(role_of(self.scope.world, self.repo, row), "write")

    @property
    def commit(self) -> gitnodes.CommitNode:
        """What was reviewed."""
        return gitnodes.commit(self.scope, self.repo, self.row.commit_id)


@frozen(kw_only=True)
class ThreadNode:
    """PullRequestReviewThread."""

    scope: Scope
    row: ReviewThread
    typename: str = "PullRequestReviewThread"

    def __getattr__(self, name: str) -> Any:
        if name in {"is_resolved", "is_outdated", "path", "line"}:
            return getattr(self.row, name)
        if name == "id":
            return self.row.node_id
        raise AttributeError(name)

    @property
    def resolved_by(self) -> people.UserNode | None:
        """Who resolved it."""
        return people.user(self.scope, self.row.resolved_by_id)


@frozen(kw_only=True)
class CommentNode:
    """IssueComment."""

    scope: Scope
    repo: Repo
    row: IssueComment
    typename: str = "IssueComment"

    def __getattr__(self, name: str) -> Any:
        renamed = {"id": "node_id", "database_id": "id"}
        if name in {"body", "created_at", *renamed}:
            return getattr(self.row, renamed.get(name, name))
        raise AttributeError(name)

    @property
    def author(self) -> people.UserNode | None:
        """Who wrote it."""
        return people.user(self.scope, self.row.author_id)

    @property
    def url(self) -> str:
        """Its place on the page."""
        name = full_name(self.scope.world, self.repo)
        return f"{self.scope.html}/{name}/pull/{self.row.number}#issuecomment-{self.row.id}"


@frozen(kw_only=True)
class AutoMergeNode:
    """AutoMergeRequest."""

    scope: Scope
    owner: "PullNode"
    row: AutoMergeRequest

    @property
    def enabled_by(self) -> people.UserNode | None:
        """Who armed it."""
        return people.user(self.scope, self.row.enabled_by_id)

    @property
    def enabled_at(self) -> str:
        """When."""
        return self.row.enabled_at

    @property
    def merge_method(self) -> str:
        """How it will merge."""
        return self.row.merge_method.upper()

    @property
    def commit_headline(self) -> str | None:
        """The title asked for."""
        return self.row.commit_title

    @property
    def commit_body(self) -> str | None:
        """The message asked for."""
        return self.row.commit_message

    @property
    def pull_request(self) -> "PullNode":
        """Of what."""
        return self.owner


@frozen(kw_only=True)
class PullNode:
    """PullRequest."""

    scope: Scope
    row: PullRequest
    typename: str = "PullRequest"

    def __getattr__(self, name: str) -> Any:
        renamed = {
            "id": "node_id",
            "database_id": "id",
            "full_database_id": "id",
            "is_draft": "draft",
            "head_ref_name": "head_ref",
            "head_ref_oid": "head_sha",
            "base_ref_name": "base_ref",
        }
        plain = {
            "number",
            "title",
            "merged",
            "merged_at",
            "created_at",
            "updated_at",
            "closed_at",
            "maintainer_can_modify",
        }
        if name in plain or name in renamed:
            return getattr(self.row, renamed.get(name, name))
        raise AttributeError(name)

    @property
    def _repo(self) -> Repo:
        return self.scope.world.store.repos[self.row.repo_id]

    @property
    def body(self) -> str:
        """The text; empty for none."""
        return self.row.body or ""

    @property
    def url(self) -> str:
        """Its page."""
        return f"{self.scope.html}/{full_name(self.scope.world, self._repo)}/pull/{self.row.number}"

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
        return gitnodes.commit(self.scope, self._repo, sha) if sha else None

    @property
    def potential_merge_commit(self) -> gitnodes.CommitNode | None:
        """The test merge while open."""
        sha = None if self.row.merged else self.row.merge_commit_sha
        return gitnodes.commit(self.scope, self._repo, sha) if sha else None

    @property
    def author(self) -> people.UserNode | None:
        """Who opened it."""
        return people.user(self.scope, self.row.author_id)

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
    def head_ref(self) -> gitnodes.RefNode | None:
        """The head branch; None once deleted."""
        found = head_repo(self.scope.world, self.row)
        return gitnodes.ref(self.scope, found, f"refs/heads/{self.row.head_ref}") if found else None

    @property
    def base_ref_oid(self) -> str:
        """The base branch's tip while open."""
        return base_tip(self.scope.world, self._repo, self.row)

    @property
    def base_ref(self) -> gitnodes.RefNode | None:
        """The base branch."""
        return gitnodes.ref(self.scope, self._repo, f"refs/heads/{self.row.base_ref}")

    @property
    def repository(self) -> Any:
        """Where it is."""
        from bascule.simulator.graphql.repositories import RepositoryNode

        return RepositoryNode(scope=self.scope, row=self._repo)

    @property
    def base_repository(self) -> Any:
        """Where it goes."""
        return self.repository

    @property
    def is_cross_repository(self) -> bool:
        """Whether it comes from a fork."""
        return self.row.head_repo_id != self.row.repo_id

    @property
    def mergeable(self) -> str:
        """Whether it conflicts, as far as the background job knows."""
        known = merging.read(self.scope.world, self._repo, self.row, self.scope.actor).mergeable
        return "UNKNOWN" if known is None else "MERGEABLE" if known else "CONFLICTING"

    @property
    def merge_state_status(self) -> str:
        """What the merge button shows."""
        return merging.read(self.scope.world, self._repo, self.row, self.scope.actor, counts=False).state.upper()

    @property
    def review_decision(self) -> str | None:
        """What reviews come to."""
        return review_decision(self.scope.world, self._repo, self.row)

    @property
    def auto_merge_request(self) -> AutoMergeNode | None:
        """Armed auto-merge."""
        armed = self.row.auto_merge
        return AutoMergeNode(scope=self.scope, owner=self, row=armed) if armed else None

    @property
    def viewer_can_merge_as_admin(self) -> bool:
        """Whether the asker may pass protection."""
        rule = rule_for(self.scope.world, self._repo, self.row.base_ref)
        return rule is not None and exempt(self.scope.world, self._repo, self.scope.actor, rule)

    @property
    def additions(self) -> int:
        """Added lines."""
        return content(self.scope.world, self._repo, self.row).additions

    @property
    def deletions(self) -> int:
        """Removed lines."""
        return content(self.scope.world, self._repo, self.row).deletions

    @property
    def changed_files(self) -> int:
        """How many files, all of them."""
        return len(content(self.scope.world, self._repo, self.row).files)

    @property
    def label_nodes(self) -> list[LabelNode]:
        """Labels that still exist."""
        store = self.scope.world.store
        return [LabelNode(scope=self.scope, row=x) for i in self.row.labels if (x := store.labels.get(i))]

    def labels(self, **page: Any) -> Connection:
        """Its labels."""
        return connect(self.label_nodes, lambda n: n, name="labels", **page)

    def _reviews(self, rows: list[Review], name: str, **page: Any) -> Connection:
        return connect(rows, lambda r: ReviewNode(scope=self.scope, repo=self._repo, row=r), name=name, **page)

    def reviews(self, **page: Any) -> Connection:
        """Every review."""
        return self._reviews(reviews_of(self.scope.world, self.row, self.scope.actor), "reviews", **page)

    def latest_reviews(self, **page: Any) -> Connection:
        """The newest of each reviewer."""
        newest = {r.author_id: r for r in reviews_of(self.scope.world, self.row, self.scope.actor)}
        return self._reviews(list(newest.values()), "latestReviews", **page)

    def latest_opinionated_reviews(self, writers_only: bool = False, **page: Any) -> Connection:
        """The newest opinion of each reviewer."""
        rows = latest_opinionated(self.scope.world, self.row)
        if writers_only:
            made = [ReviewNode(scope=self.scope, repo=self._repo, row=r) for r in rows]
            rows = [n.row for n in made if n.author_can_push_to_repository]
        return self._reviews(rows, "latestOpinionatedReviews", **page)

    def review_threads(self, **page: Any) -> Connection:
        """Conversations on the code."""
        rows = threads_of(self.scope.world, self.row)
        return connect(rows, lambda r: ThreadNode(scope=self.scope, row=r), name="reviewThreads", **page)

    def commits(self, **page: Any) -> Connection:
        """Its commits, oldest first; GitHub lists 250 at most."""
        shas = content(self.scope.world, self._repo, self.row).commits[-250:]

        def made(sha: str) -> dict[str, Any]:
            return {
                "id": node_id("PURC", f"{self.row.id}:{sha}"),
                "commit": gitnodes.commit(self.scope, self._repo, sha),
            }

        return connect(shas, made, name="commits", **page)

    def files(self, **page: Any) -> Connection:
        """Changed files by their new names, as far as GitHub lists them."""
        rows = content(self.scope.world, self._repo, self.row).files[: self.scope.world.switches.files_limit]

        def made(f: Any) -> dict[str, Any]:
            change = _CHANGE.get(f.status, f.status.upper())
            return {"path": f.path, "additions": f.additions, "deletions": f.deletions, "changeType": change}

        return connect(rows, made, name="files", **page)

    def comments(self, **page: Any) -> Connection:
        """The conversation."""
        rows = self.scope.world.store.issue_comments.where(repo_id=self.row.repo_id, number=self.row.number)
        return connect(rows, lambda r: CommentNode(scope=self.scope, repo=self._repo, row=r), name="comments", **page)


def pull(scope: Scope, row: PullRequest) -> PullNode:
    """A pull request."""
    return PullNode(scope=scope, row=row)


def ordered(rows: list[PullNode], order_by: dict[str, str] | None) -> list[PullNode]:
    """Sort as asked; by creation otherwise."""
    if order_by is None:
        return sorted(rows, key=lambda p: p.row.number)
    key = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at"}.get(order_by["field"], "created_at")
    found = sorted(rows, key=lambda p: (getattr(p.row, key), p.row.number))
    return found[::-1] if order_by["direction"] == "DESC" else found


def may_write(scope: Scope, repo: Repo) -> bool:
    """Whether the asker has write access."""
    return level_at_least(permission_of(scope.world, repo, scope.actor), "write")
