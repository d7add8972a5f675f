"""The simulator's GraphQL schema is a part of GitHub's published one: nothing invented, no type bent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    build_schema,
    parse,
    validate,
    value_from_ast_untyped,
)

from bascule.forge.queries import OPERATIONS
from bascule.simulator.graphql.engine import schema, schema_text

from ..support.octokit import graphql_schema

#: `Query` has an id on GitHub, which no client asks for.
UNSERVED_INTERFACES = {("Query", "Node")}


def differences(ours: GraphQLSchema, published: GraphQLSchema) -> list[str]:
    """What of our schema is not in the published one, or not the same there."""
    found: list[str] = []
    for name, kind in ours.type_map.items():
        there = published.type_map.get(name)
        if name.startswith("__"):
            continue
        if there is None:
            found.append(f"{name}: not published")
        elif type(there) is not type(kind):
            found.append(f"{name}: {type(kind).__name__}, published as {type(there).__name__}")
        else:
            found += _differences(kind, there, published, ours)
    return found


def _differences(kind: Any, there: Any, published: GraphQLSchema, ours: GraphQLSchema) -> Iterator[str]:
    if isinstance(kind, GraphQLEnumType):
        yield from (f"{kind.name}.{value}: not published" for value in kind.values if value not in there.values)
    if isinstance(kind, GraphQLUnionType):
        members = {member.name for member in there.types}
        yield from (f"{kind.name}: {m.name} is no member" for m in kind.types if m.name not in members)
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        declared = {i.name for i in kind.interfaces}
        known = {i.name for i in there.interfaces}
        yield from (f"{kind.name}: does not implement {name}" for name in declared - known)
        # An interface that we serve is worn by every type that has it: fragments on it must match.
        served = {name for name in known if name in ours.type_map and (kind.name, name) not in UNSERVED_INTERFACES}
        yield from (f"{kind.name}: lacks {name}" for name in served - declared)
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        for name, field in kind.fields.items():
            yield from _field(f"{kind.name}.{name}", field, there.fields.get(name))
    if isinstance(kind, GraphQLInputObjectType):
        required = {n for n, f in there.fields.items() if str(f.type).endswith("!") and _default(f) is Undefined}
        yield from (f"{kind.name}.{name}: required there" for name in required - set(kind.fields))


def _default(field: Any) -> Any:
    """The default value of an argument or input field; `Undefined` for none."""
    node = getattr(field.ast_node, "default_value", None)
    return Undefined if node is None else value_from_ast_untyped(node)


def _field(path: str, field: Any, there: Any) -> Iterator[str]:
    if there is None:
        yield f"{path}: not published"
        return
    if str(field.type) != str(there.type):
        yield f"{path}: {field.type}, published as {there.type}"
    if _default(field) != _default(there):
        yield f"{path}: default {_default(field)}, published as {_default(there)}"
    for name, argument in getattr(field, "args", {}).items():
        yield from _field(f"{path}({name})", argument, there.args.get(name))
    for name, argument in getattr(there, "args", {}).items():
        if name not in field.args and str(argument.type).endswith("!"):
            yield f"{path}({name}): required there"


def test_ours_is_a_part_of_the_published_schema() -> None:
    assert differences(schema(), graphql_schema()) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (("type RateLimit {", "type RateLimit {\n  shoeSize: Int"), "RateLimit.shoeSize: not published"),
        (("  cost: Int!", "  cost: Int"), "RateLimit.cost: Int, published as Int!"),
        (("dryRun: Boolean = false", "dryRun: Boolean = true"), "Query.rateLimit(dryRun): default True"),
        (("(dryRun: Boolean = false)", "(wetRun: Boolean)"), "Query.rateLimit(wetRun): not published"),
        (("enum DiffSide {", "enum DiffSide {\n  TOP"), "DiffSide.TOP: not published"),
        (("union Assignee = Bot |", "union Assignee = Team | Bot |"), "Assignee: Team is no member"),
        (("type Team implements Node {", "type Team {"), "Team: lacks Node"),
        (("scalar HTML", "scalar HTML\ntype Wish { id: ID }"), "Wish: not published"),
        (("  subjectId: ID!\n  body: String!", "  body: String!"), "AddCommentInput.subjectId: required there"),
        (("scalar BigInt", "enum BigInt {\n  SMALL\n}"), "BigInt: GraphQLEnumType, published as GraphQLScalarType"),
    ],
)
def test_a_bent_schema_is_noticed(change: tuple[str, str], found: str) -> None:
    text = schema_text().replace(*change, 1)
    assert text != schema_text()
    assert any(line.startswith(found) for line in differences(build_schema(text), graphql_schema()))


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_what_the_client_asks_fits_both(name: str) -> None:
    document = parse(OPERATIONS[name].text)
    for one in (schema(), graphql_schema()):
        assert [error.message for error in validate(one, document)] == []


def test_every_field_that_is_declared_is_answered() -> None:
    """A field without a resolver would be a server error the first time that anybody asks for it."""
    from bascule.simulator.graphql import (
        events,
        gitnodes,
        people,
        protection,
        pulls,
        refs,
        repositories,
        reviews,
        rollups,
        talk,
    )
    from bascule.simulator.graphql.engine import _snake
    from bascule.simulator.graphql.mutations import MutationRoot
    from bascule.simulator.graphql.scope import Connection

    nodes: dict[str, list[type]] = {
        "Query": [repositories.QueryRoot],
        "Mutation": [MutationRoot],
        "Repository": [repositories.RepositoryNode],
        "Ref": [refs.RefNode],
        "Blob": [gitnodes.GitNode],
        "Tree": [gitnodes.GitNode],
        "Tag": [gitnodes.TagNode],
        "Commit": [gitnodes.CommitNode],
        "TreeEntry": [gitnodes.EntryNode],
        "GitActor": [gitnodes.GitActorNode],
        "User": [people.UserNode],
        "Bot": [people.UserNode],
        "Organization": [people.UserNode],
        "Team": [people.TeamNode],
        "App": [people.AppNode],
        "PullRequest": [pulls.PullNode],
        "AutoMergeRequest": [pulls.AutoMergeNode],
        "PullRequestReview": [reviews.ReviewNode],
        "PullRequestReviewThread": [reviews.ThreadNode],
        "PullRequestReviewComment": [reviews.ReviewCommentNode],
        "Label": [talk.LabelNode],
        "IssueComment": [talk.CommentNode],
        "Reaction": [talk.ReactionNode],
        "ReactionGroup": [talk.GroupNode],
        "StatusCheckRollup": [rollups.RollupNode],
        "CheckRun": [rollups.RunNode],
        "StatusContext": [rollups.StatusNode],
        "BranchProtectionRule": [protection.RuleNode],
    }
    extra = {"BranchProtectionRule": set(protection.REVIEW_FIELDS)}
    checked, missing = 0, []
    for name, kind in schema().type_map.items():
        if not isinstance(kind, GraphQLObjectType) or name.startswith("__"):
            continue
        made = nodes.get(name) or ([events.EventNode] if name.endswith("Event") else [])
        made = [Connection] if name.endswith("Connection") else made
        for node in made:
            known = set(dir(node)) | set(getattr(node, "SAME", ())) | extra.get(name, set())
            known |= {a.name for a in getattr(node, "__attrs_attrs__", ())}
            known |= set(events._DETAIL) if node is events.EventNode else set()
            for field in kind.fields:
                checked += 1
                if _snake(field) not in known:
                    missing.append(f"{name}.{field}")
    # What one kind of connection has alone is handed to `connect` by name.
    alone = {"check_run_count", "status_context_count", "viewer_has_reacted", "issue_count"}
    alone |= {"filtered_count", "page_count", "updated_at"}
    assert [m for m in missing if _snake(m.rpartition(".")[2]) not in alone] == []
    assert checked > 400
