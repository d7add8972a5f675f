"""Global ids back to nodes."""

from collections.abc import Callable
from typing import Any

from bascule.simulator.access import permission_of
from bascule.simulator.graphql import gitnodes, people, refs
from bascule.simulator.graphql.protection import rule_node
from bascule.simulator.graphql.pulls import PullNode, commit_node
from bascule.simulator.graphql.repositories import RepositoryNode
from bascule.simulator.graphql.reviews import ReviewCommentNode, ReviewNode, ThreadNode
from bascule.simulator.graphql.rollups import RunNode, StatusNode, rollup_node
from bascule.simulator.graphql.scope import GraphqlFault, RowNode, Scope
from bascule.simulator.graphql.talk import CommentNode, LabelNode, SpokenNode
from bascule.simulator.model import Repo, parse_node_id
from bascule.simulator.reviewing import visible as review_visible

#: Records by the prefix of their ids: table and node.
_ROWS: dict[str, tuple[str, Callable[..., RowNode]]] = {
    "U": ("users", people.UserNode),
    "BOT": ("users", people.UserNode),
    "O": ("users", people.UserNode),
    "T": ("teams", people.TeamNode),
    "A": ("apps", people.AppNode),
    "R": ("repos", RepositoryNode),
    "PR": ("pulls", PullNode),
    "LA": ("labels", LabelNode),
    "IC": ("issue_comments", CommentNode),
    "PRR": ("reviews", ReviewNode),
    "PRRT": ("review_threads", ThreadNode),
    "PRRC": ("review_comments", ReviewCommentNode),
}
_SAID = {"CR": ("check_runs", RunNode), "SC": ("statuses", StatusNode)}
_REACTABLE = ("PR", "IC", "PRR", "PRRC")


def missing(node: str) -> GraphqlFault:
    """GitHub's answer to an id of nothing."""
    return GraphqlFault("NOT_FOUND", f"Could not resolve to a node with the global id of '{node}'")


def visible(scope: Scope, repo_id: int) -> Repo | None:
    """A repository that the asker may see."""
    repo = scope.world.store.repos.get(repo_id)
    return repo if repo and permission_of(scope.world, repo, scope.actor) != "none" else None


def row_of(scope: Scope, text: str, prefix: str, table: str) -> Any:
    """The record behind an id of one kind. GraphqlFault NOT_FOUND, also for what the asker may not see."""
    parsed = parse_node_id(text)
    if parsed is None or parsed[0] != prefix or not parsed[1].isdigit():
        raise missing(text)
    row = getattr(scope.world.store, table).get(int(parsed[1]))
    repo_id = getattr(row, "repo_id", row.id if table == "repos" and row else None)
    if row is None or (repo_id is not None and visible(scope, repo_id) is None):
        raise missing(text)
    draft = row if table == "reviews" else None
    if table == "review_comments":
        draft = scope.world.store.reviews.get(row.review_id)
    if draft is not None and not review_visible(draft, scope.actor):
        raise missing(text)
    return row


def repo_of(scope: Scope, text: str) -> Repo:
    """A repository by its id. GraphqlFault NOT_FOUND."""
    repo: Repo = row_of(scope, text, "R", "repos")
    return repo


def reactable(scope: Scope, text: str) -> SpokenNode:
    """What can be reacted to. GraphqlFault NOT_FOUND."""
    if (parse_node_id(text) or ("", ""))[0] not in _REACTABLE:
        raise missing(text)
    node: SpokenNode = by_id(scope, text)
    return node


def ref_of(scope: Scope, text: str) -> refs.RefNode:
    """A ref that exists, by its id. GraphqlFault NOT_FOUND."""
    repo, full = _in_repo(scope, text, "REF")
    found = refs.ref(scope, repo, full) if not refs.hidden(scope, full) else None
    if found is None:
        raise missing(text)
    return found


def _in_repo(scope: Scope, text: str, *prefixes: str) -> tuple[Repo, str]:
    """The repository and the rest of an id such as `<repo id>:<name>`."""
    prefix, rest = parse_node_id(text) or ("", "")
    number, colon, name = rest.partition(":")
    repo = visible(scope, int(number)) if prefix in prefixes and colon and number.isdigit() else None
    if repo is None:
        raise missing(text)
    return repo, name


def by_id(scope: Scope, text: str) -> Any:
    """Any node. GraphqlFault NOT_FOUND."""
    prefix, rest = parse_node_id(text) or ("", "")
    if ":" in rest and prefix in ("C", "B", "T", "TA", "SCR"):
        repo, sha = _in_repo(scope, text, prefix)
        if scope.world.git(repo).info(sha) is None:
            raise missing(text)
        return rollup_node(scope, repo, sha) if prefix == "SCR" else gitnodes.git_object(scope, repo, sha)
    if prefix == "REF":
        return ref_of(scope, text)
    if prefix == "PURC" and ":" in rest:
        number, _, sha = rest.partition(":")
        pull = scope.world.store.pulls.get(int(number)) if number.isdigit() else None
        if pull is None or visible(scope, pull.repo_id) is None:
            raise missing(text)
        return commit_node(scope, pull, sha)
    if prefix == "BPR":
        row = row_of(scope, text, "BPR", "protection_rules")
        node = rule_node(scope, scope.world.store.repos[row.repo_id], row)
        if node is None:
            raise missing(text)
        return node
    if prefix in _SAID:
        table, said = _SAID[prefix]
        row = row_of(scope, text, prefix, table)
        return said(scope=scope, repo=scope.world.store.repos[row.repo_id], row=row)
    if prefix not in _ROWS:
        raise missing(text)
    table, made = _ROWS[prefix]
    return made(scope=scope, row=row_of(scope, text, prefix, table))
