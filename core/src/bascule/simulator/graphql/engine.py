"""Running a document: the schema, one resolver for every field, and the route."""

import re
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    build_schema,
    execute_sync,
    get_operation_ast,
    is_abstract_type,
    parse,
    validate,
)

from bascule.simulator.auth import require_user
from bascule.simulator.git import GitError
from bascule.simulator.graphql.cost import Cost, cost_of
from bascule.simulator.graphql.faults import as_fault, shown
from bascule.simulator.graphql.mutations import MutationRoot
from bascule.simulator.graphql.repositories import QueryRoot
from bascule.simulator.graphql.scope import Connection, GraphqlFault, Scope
from bascule.simulator.http import Ctx, HttpError, Reply, route

_HUMP = re.compile(r"(?<!^)(?=[A-Z])")
#: What may be asked of a connection without saying how much of it.
_FREE = {"totalCount", "__typename"}


def schema_text() -> str:
    """GitHub's schema, as much of it as is served."""
    folder = files("bascule.simulator.graphql").joinpath("schema")
    parts = sorted((p for p in folder.iterdir() if p.name.endswith(".graphql")), key=lambda p: p.name)
    return "\n".join(part.read_text(encoding="utf-8") for part in parts)


@cache
def schema() -> GraphQLSchema:
    """The same, built."""
    made = build_schema(schema_text())
    for kind in made.type_map.values():
        if is_abstract_type(kind):
            kind.resolve_type = _type_of
    return made


def _type_of(value: Any, _info: GraphQLResolveInfo[Any], _kind: Any) -> str:
    name: str = value["__typename"] if isinstance(value, dict) else value.typename
    return name


@cache
def _snake(name: str) -> str:
    return _HUMP.sub("_", name).lower()


def _resolve(source: Any, info: GraphQLResolveInfo[Any], **given: Any) -> Any:
    """A field is a key of a dict, or an attribute or method of a node in snake case."""
    if isinstance(source, dict):
        return source.get(info.field_name)
    try:
        value = getattr(source, _snake(info.field_name))
        value = value(**{_snake(k): v for k, v in given.items()}) if callable(value) else value
    except HttpError as error:
        raise as_fault(error) from error
    except GitError as error:
        raise GraphqlFault("NOT_FOUND", "Something went wrong while reading this object.") from error
    if isinstance(value, Connection) and value.unbounded and not _asked(info) <= _FREE:
        name = value.unbounded
        text = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
        raise GraphqlFault("MISSING_PAGINATION_BOUNDARIES", text)
    return value


def _asked(info: GraphQLResolveInfo[Any]) -> set[str]:
    """Names of the fields that the document asks of this one, through all fragments."""
    found: set[str] = set()

    def walk(selected: SelectionSetNode | None) -> None:
        for item in selected.selections if selected else ():
            if isinstance(item, FragmentSpreadNode):
                walk(info.fragments[item.name.value].selection_set)
            elif isinstance(item, InlineFragmentNode):
                walk(item.selection_set)
            elif isinstance(item, FieldNode):
                found.add(item.name.value)

    for node in info.field_nodes:
        walk(node.selection_set)
    return found


class _Roots:
    """The root value: queries and mutations by field name."""

    def __init__(self, scope: Scope, *, stop_after_failure: bool) -> None:
        self._scope = scope
        self._query = QueryRoot(scope=scope)
        self._mutation = MutationRoot(scope=scope)
        self._stop = stop_after_failure
        self._failed = False

    def __getattr__(self, name: str) -> Any:
        if not hasattr(self._mutation, name):
            return getattr(self._query, name)
        act = getattr(self._mutation, name)

        def run(**given: Any) -> Any:
            if self._failed and self._stop:
                raise GraphqlFault("UNPROCESSABLE", "An earlier mutation of this document failed.")
            self._scope.memo.clear()
            try:
                return act(**given)
            except Exception:
                self._failed = True
                raise
            finally:
                # What the payload shows is read after the change.
                self._scope.memo.clear()

        return run


def execute(ctx: Ctx, query: str, variables: dict[str, Any], operation: str | None) -> dict[str, Any]:
    """Run one document and return GitHub's answer."""
    actor = require_user(ctx)
    document = _valid(query)
    if isinstance(document, list):
        return {"errors": document}
    try:
        cost = _cost(document, variables, operation)
    except GraphqlFault as fault:
        return {"errors": [{"type": fault.kind, "message": str(fault)}]}
    used, reset = ctx.rate_window()
    scope = Scope(
        world=ctx.world,
        actor=actor,
        html=ctx.html,
        used=used,
        reset=datetime.fromtimestamp(reset, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        cost=cost.points,
        nodes=cost.nodes,
    )
    roots = _Roots(scope, stop_after_failure=not ctx.world.switches.graphql_continues_after_failure)
    result = execute_sync(
        schema(),
        document,
        root_value=roots,
        variable_values=variables,
        operation_name=operation,
        field_resolver=_resolve,
    )
    return _answer(result)


@lru_cache(maxsize=256)
def _valid(query: str) -> DocumentNode | list[dict[str, Any]]:
    """Return the document, or what is wrong with it as GitHub shows it. Clients send few texts, and each very often."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return [shown(error)]
    wrong = validate(schema(), document)
    return [shown(error) for error in wrong] if wrong else document


def _cost(document: DocumentNode, variables: dict[str, Any], operation: str | None) -> Cost:
    chosen: OperationDefinitionNode | None = get_operation_ast(document, operation)
    # Which operation is meant is the executor's to refuse.
    return cost_of(document, chosen, variables) if chosen else Cost(nodes=0, points=1)


def _answer(result: ExecutionResult) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    if result.data is not None or not result.errors or any(e.path for e in result.errors):
        answer["data"] = result.data
    if result.errors:
        answer["errors"] = [shown(e) for e in result.errors]
    return answer


def _post(ctx: Ctx) -> Reply:
    if ctx.actor is None:
        raise HttpError(401, "This endpoint requires you to be authenticated.", docs="https://docs.github.com/graphql")
    body = ctx.json()
    query = body.get("query")
    if not isinstance(query, str):
        raise HttpError(400, "A query attribute must be specified and must be a string.")
    variables = body.get("variables") or {}
    if not isinstance(variables, dict):
        raise HttpError(400, "Variables must be an object.")
    return Reply(body=execute(ctx, query, variables, body.get("operationName")))


routes = [route("POST", "/graphql", _post)]
