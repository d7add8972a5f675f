"""Errors in GitHub's shape."""

import re
from typing import Any

from graphql import GraphQLError

from bascule.simulator.graphql.scope import GraphqlFault
from bascule.simulator.http import HttpError

_KIND_OF = {401: "UNAUTHENTICATED", 403: "FORBIDDEN", 404: "NOT_FOUND"}
_NO_FIELD = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'\.")


def as_fault(error: HttpError) -> GraphqlFault:
    """What REST would refuse, in GraphQL's words."""
    reasons = [r for item in error.body.get("errors", ()) if (r := _reason(item))]
    return GraphqlFault(_KIND_OF.get(error.status, "UNPROCESSABLE"), ", ".join(reasons) or str(error))


def _reason(item: Any) -> str:
    if isinstance(item, str):
        return item
    return str(item.get("message") or f"{item.get('resource')} {item.get('field')} is {item.get('code')}")


def shown(error: GraphQLError) -> dict[str, Any]:
    """One entry of `errors`. What is neither refusal nor a fault of the document is raised again."""
    cause = error.original_error
    body: dict[str, Any] = {}
    message = error.message
    if isinstance(cause, GraphqlFault):
        body["type"] = cause.kind
    elif cause is not None and not isinstance(cause, GraphQLError):
        raise cause
    elif found := _NO_FIELD.match(message):
        field, kind = found.groups()
        body["extensions"] = {"code": "undefinedField", "typeName": kind, "fieldName": field}
        message = f"Field '{field}' doesn't exist on type '{kind}'"
    if error.path:
        body["path"] = list(error.path)
    if error.locations:
        body["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    return {**body, "message": message}
