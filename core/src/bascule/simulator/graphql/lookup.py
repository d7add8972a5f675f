"""Global ids back to nodes."""

from typing import Any

from bascule.simulator.access import permission_of
from bascule.simulator.graphql import gitnodes, people
from bascule.simulator.graphql.protection import rule_node
from bascule.simulator.graphql.pulls import CommentNode, LabelNode, PullNode, ReviewNode, ThreadNode
from bascule.simulator.graphql.repositories import RepositoryNode
from bascule.simulator.graphql.scope import GraphqlFault, Scope
from bascule.simulator.model import Repo, parse_node_id


def missing(node: str) -> GraphqlFault:
    """GitHub's answer to an id of nothing."""
    return GraphqlFault("NOT_FOUND", f"Could not resolve to a node with the global id of '{node}'")


def visible(scope: Scope, repo_id: int) -> Repo | None:
    """A repository that the asker may see."""
    repo = scope.world.store.repos.get(repo_id)
    return repo if repo and permission_of(scope.world, repo, scope.actor) != "none" else None


def row_of(scope: Scope, text: str, prefix: str, table: str) -> Any:
    """The record behind an id of one kind. GraphqlFault NOT_FOUND."""
    parsed = parse_node_id(text)
    if parsed is None or parsed[0] != prefix or not parsed[1].isdigit():
        raise missing(text)
    row = getattr(scope.world.store, table).get(int(parsed[1]))
    if row is None or (hasattr(row, "repo_id") and visible(scope, row.repo_id) is None):
        raise missing(text)
    return row


def by_id(scope: Scope, text: str) -> Any:
    """Any node."""
    parsed = parse_node_id(text)
    if parsed is None:
        raise missing(text)
    prefix, rest = parsed
    if prefix in {"U", "BOT", "O"}:
        return people.UserNode(scope=scope, row=row_of(scope, text, prefix, "users"))
    if prefix == "R":
        row = row_of(scope, text, "R", "repos")
        if visible(scope, row.id) is None:
            raise missing(text)
        return RepositoryNode(scope=scope, row=row)
    if prefix == "PR":
        return PullNode(scope=scope, row=row_of(scope, text, "PR", "pulls"))
    if prefix == "LA":
        return LabelNode(scope=scope, row=row_of(scope, text, "LA", "labels"))
    if prefix == "PRRT":
        return ThreadNode(scope=scope, row=row_of(scope, text, "PRRT", "review_threads"))
    if prefix == "T":
        return people.TeamNode(scope=scope, row=row_of(scope, text, "T", "teams"))
    in_repo = {"PRR": ("reviews", ReviewNode), "IC": ("issue_comments", CommentNode)}
    if prefix in in_repo:
        table, made = in_repo[prefix]
        row = row_of(scope, text, prefix, table)
        return made(scope=scope, repo=scope.world.store.repos[row.repo_id], row=row)
    if prefix == "BPR":
        row = row_of(scope, text, "BPR", "protection_rules")
        return rule_node(scope, scope.world.store.repos[row.repo_id], row)
    if prefix in {"C", "B"} and ":" in rest:
        number, _, sha = rest.partition(":")
        repo = visible(scope, int(number)) if number.isdigit() else None
        if repo is not None:
            return gitnodes.git_object(scope, repo, sha)
    raise missing(text)
