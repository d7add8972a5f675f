"""Running a document: the schema, one resolver for every field, GitHub's shape of errors, and the route."""

import re
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    graphql_sync,
    is_abstract_type,
)

from bascule.simulator.auth import require_user
from bascule.simulator.git import GitError
from bascule.simulator.graphql.mutations import MutationRoot
from bascule.simulator.graphql.repositories import QueryRoot
from bascule.simulator.graphql.scope import GraphqlFault, Scope
from bascule.simulator.http import Ctx, HttpError, Reply, route

_HUMP = re.compile(r"(?<!^)(?=[A-Z])")
_KIND_OF = {401: "UNAUTHENTICATED", 403: "FORBIDDEN", 404: "NOT_FOUND"}


@cache
def schema() -> GraphQLSchema:
    """GitHub's schema, as much of it as is served."""
    text = files("bascule.simulator.graphql").joinpath("schema.graphql").read_text(encoding="utf-8")
    made = build_schema(text)
    for kind in made.type_map.values():
        if is_abstract_type(kind):
            kind.resolve_type = _type_of
    return made


def _type_of(value: Any, _info: GraphQLResolveInfo[Any], _kind: Any) -> str:
    name: str = value["__typename"] if isinstance(value, dict) else value.typename
    return name


def _snake(name: str) -> str:
    return _HUMP.sub("_", name).lower()


def _resolve(source: Any, info: GraphQLResolveInfo[Any], **given: Any) -> Any:
    """A field is a key of a dict, or an attribute or method of a node in snake case."""
    if isinstance(source, dict):
        return source.get(info.field_name)
    try:
        value = getattr(source, _snake(info.field_name))
        return value(**{_snake(k): v for k, v in given.items()}) if callable(value) else value
    except HttpError as error:
        raise GraphqlFault(_KIND_OF.get(error.status, "UNPROCESSABLE"), str(error)) from error
    except GitError as error:
        raise GraphqlFault("NOT_FOUND", "Something went wrong while reading this object.") from error


def _shown(error: GraphQLError) -> dict[str, Any]:
    cause = error.original_error
    body: dict[str, Any] = {}
    if isinstance(cause, GraphqlFault):
        body["type"] = cause.kind
    elif cause is not None:
        raise cause
    if error.path:
        body["path"] = list(error.path)
    if error.locations:
        body["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    return {**body, "message": error.message}


class _Roots:
    """The root value: queries and mutations by field name."""

    def __init__(self, scope: Scope, *, stop_after_failure: bool) -> None:
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
            try:
                return act(**given)
            except Exception:
                self._failed = True
                raise

        return run


def execute(ctx: Ctx, query: str, variables: dict[str, Any], operation: str | None) -> dict[str, Any]:
    """Run one document and return GitHub's answer."""
    actor = require_user(ctx)
    used, reset = ctx.rate_window()
    scope = Scope(
        world=ctx.world,
        actor=actor,
        html=ctx.html,
        used=used,
        reset=datetime.fromtimestamp(reset, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    roots = _Roots(scope, stop_after_failure=not ctx.world.switches.graphql_continues_after_failure)
    result: ExecutionResult = graphql_sync(
        schema(),
        query,
        root_value=roots,
        variable_values=variables,
        operation_name=operation,
        field_resolver=_resolve,
    )
    answer: dict[str, Any] = {}
    if result.data is not None or not result.errors:
        answer["data"] = result.data
    elif any(e.path for e in result.errors):
        answer["data"] = None
    if result.errors:
        answer["errors"] = [_shown(e) for e in result.errors]
    return answer


def _post(ctx: Ctx) -> Reply:
    require_user(ctx)
    body = ctx.json()
    query = body.get("query")
    if not isinstance(query, str):
        raise HttpError(400, "A query attribute must be specified and must be a string.")
    variables = body.get("variables") or {}
    if not isinstance(variables, dict):
        raise HttpError(400, "Variables must be an object.")
    return Reply(body=execute(ctx, query, variables, body.get("operationName")))


routes = [route("POST", "/graphql", _post)]
