"""Labels, comments and reactions."""

from typing import Any, ClassVar

from attrs import frozen

from bascule.simulator import conversation
from bascule.simulator.access import association, full_name
from bascule.simulator.graphql import people
from bascule.simulator.graphql.scope import Connection, RowNode, Scope, connect, same
from bascule.simulator.model import IssueComment, Label, PullRequest, Reaction, Repo
from bascule.simulator.model.pulls import SubjectKind

#: GraphQL's words for REST's, in the order in which GitHub lists them.
CONTENT = {
    "+1": "THUMBS_UP",
    "-1": "THUMBS_DOWN",
    "laugh": "LAUGH",
    "hooray": "HOORAY",
    "confused": "CONFUSED",
    "heart": "HEART",
    "rocket": "ROCKET",
    "eyes": "EYES",
}
REST_CONTENT = {word: content for content, word in CONTENT.items()}


@frozen(kw_only=True)
class LabelNode(RowNode):
    """Label."""

    SAME = same("name", "color", "description", id="node_id", is_default="default")

    row: Label
    typename: str = "Label"

    @property
    def repository(self) -> Any:
        """Where it belongs."""
        from bascule.simulator.graphql.repositories import RepositoryNode

        return RepositoryNode(scope=self.scope, row=self.scope.world.store.repos[self.row.repo_id])


@frozen(kw_only=True)
class SpokenNode(RowNode):
    """What somebody wrote, and others react to: pull requests, comments, reviews."""

    KIND: ClassVar[SubjectKind]

    @property
    def repo(self) -> Repo:
        """Where it was said."""
        return self.scope.world.store.repos[self.row.repo_id]

    @property
    def subject_id(self) -> int:
        """Under what reactions are kept."""
        return int(self.row.id)

    @property
    def body(self) -> str:
        """The text; empty for none."""
        return self.row.body or ""

    @property
    def body_text(self) -> str:
        """The text, not rendered: Markdown shows as it was typed."""
        return self.body

    @property
    def author(self) -> people.UserNode | None:
        """Who wrote it."""
        return people.user(self.scope, self.row.author_id)

    @property
    def author_association(self) -> str:
        """What the author is to the repository."""
        return association(self.scope.world, self.repo, self.row.author_id)

    @property
    def viewer_did_author(self) -> bool:
        """Whether the asker wrote it."""
        return bool(self.row.author_id == self.scope.actor.user.id)

    @property
    def includes_created_edit(self) -> bool:
        """Whether it was edited at once; edits are not kept."""
        return False

    @property
    def repository(self) -> Any:
        """Where it was said."""
        from bascule.simulator.graphql.repositories import RepositoryNode

        return RepositoryNode(scope=self.scope, row=self.repo)

    def _reactions(self) -> list[Reaction]:
        return conversation.reactions_to(self.scope.world, self.repo, self.KIND, self.subject_id)

    @property
    def reaction_groups(self) -> list["GroupNode"]:
        """All eight words, also those that nobody used."""
        found = self._reactions()
        return [
            GroupNode(scope=self.scope, subject=self, word=word, rows=tuple(r for r in found if r.content == content))
            for content, word in CONTENT.items()
        ]

    def reactions(self, content: str | None = None, **page: Any) -> Connection:
        """Single reactions, oldest first."""
        rows = [r for r in self._reactions() if content in (None, CONTENT[r.content])]
        mine = any(r.user_id == self.scope.actor.user.id for r in rows)
        return connect(
            rows,
            lambda r: ReactionNode(scope=self.scope, row=r, reactable=self),
            name="reactions",
            viewer_has_reacted=mine,
            **page,
        )


@frozen(kw_only=True)
class GroupNode:
    """ReactionGroup."""

    scope: Scope
    subject: SpokenNode
    word: str
    rows: tuple[Reaction, ...]

    @property
    def content(self) -> str:
        """The word."""
        return self.word

    @property
    def created_at(self) -> str | None:
        """When it was used first."""
        return min((r.created_at for r in self.rows), default=None)

    @property
    def viewer_has_reacted(self) -> bool:
        """Whether the asker used it."""
        return any(r.user_id == self.scope.actor.user.id for r in self.rows)

    def users(self, **page: Any) -> Connection:
        """Who used it; no bounds are needed here."""
        return connect(self.rows, lambda r: people.as_user(self.scope, r.user_id), name="users", **_bounded(page))

    def reactors(self, **page: Any) -> Connection:
        """Who used it, bots as bots."""
        return connect(self.rows, lambda r: people.user(self.scope, r.user_id), name="reactors", **_bounded(page))


def _bounded(page: dict[str, Any]) -> dict[str, Any]:
    return page if "first" in page or "last" in page else {**page, "whole": True}


@frozen(kw_only=True)
class ReactionNode(RowNode):
    """Reaction."""

    SAME = same("created_at", id="node_id", database_id="id")

    row: Reaction
    reactable: SpokenNode
    typename: str = "Reaction"

    @property
    def content(self) -> str:
        """The word."""
        return CONTENT[self.row.content]

    @property
    def user(self) -> people.UserNode | None:
        """Who reacted."""
        return people.as_user(self.scope, self.row.user_id)


@frozen(kw_only=True)
class CommentNode(SpokenNode):
    """IssueComment."""

    KIND = "issue_comment"
    SAME = same(
        "created_at", "updated_at", "is_minimized", "minimized_reason",
        id="node_id", database_id="id", full_database_id="id",
    )  # fmt: skip

    row: IssueComment
    typename: str = "IssueComment"

    @property
    def pull_request(self) -> Any:
        """The pull request that it stands on; None for an issue's comment."""
        from bascule.simulator.graphql.pulls import PullNode

        found = self.scope.world.store.pulls.find(repo_id=self.row.repo_id, number=self.row.number)
        return PullNode(scope=self.scope, row=found) if found else None

    @property
    def url(self) -> str:
        """Its place on the page."""
        name = full_name(self.scope.world, self.repo)
        kind = "pull" if self.pull_request else "issues"
        return f"{self.scope.html}/{name}/{kind}/{self.row.number}#issuecomment-{self.row.id}"


def labels_of(scope: Scope, pull: PullRequest) -> list[LabelNode]:
    """Labels of a pull request that still exist."""
    return [LabelNode(scope=scope, row=row) for row in conversation.labels_of(scope.world, pull)]


def in_label_order(nodes: list[LabelNode], order_by: dict[str, str] | None) -> list[LabelNode]:
    """By name, or by age (as the ids have it)."""
    order = order_by or {"field": "CREATED_AT", "direction": "ASC"}
    by_name = order["field"] == "NAME"
    return sorted(
        nodes, key=lambda n: (n.row.name.lower() if by_name else "", n.row.id), reverse=order["direction"] == "DESC"
    )


def label_then(scope: Scope, repo: Repo, details: dict[str, str]) -> LabelNode:
    """The label that an event speaks of, as it is now; as it was then, if it is gone."""
    known = scope.world.store.labels.get(int(details.get("label_id", 0)))
    named = conversation.label_by_name(scope.world, repo, details["label"])
    row = known or named or Label(id=0, repo_id=repo.id, name=details["label"], color=details["color"])
    return LabelNode(scope=scope, row=row)
