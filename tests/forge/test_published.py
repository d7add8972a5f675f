"""Every operation and every endpoint, against what GitHub publishes about itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.support import octokit

from bascule.forge.allowlists import ENDPOINTS
from bascule.forge.queries import OPERATIONS

# Undocumented, and where GitHub's own redirects of renamed repositories point to (recorded exchange
# `rename-repository`).
UNPUBLISHED = {("GET", "/repositories/{}")}


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_operations_fit_the_published_schema(name: str) -> None:
    from graphql import parse, validate

    schema = octokit.graphql_schema()
    errors = validate(schema, parse(OPERATIONS[name].text))
    assert [e.message for e in errors] == []


def test_a_wrong_operation_would_be_found() -> None:
    from graphql import parse, validate

    assert validate(octokit.graphql_schema(), parse("query Q { viewer { shoeSize } }"))


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_operations_stay_within_the_node_limit_and_cost_what_they_say(name: str) -> None:
    """GitHub refuses more than 500,000 nodes; points are the requests that the connections need, divided by 100."""
    from graphql import parse

    nodes, requests = _cost(parse(OPERATIONS[name].text))
    assert nodes <= 500_000
    assert max(1, round(requests / 100)) <= OPERATIONS[name].points


def test_endpoints_are_published() -> None:
    known = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path))
        for path, methods in octokit.rest_paths().items()
        for method in methods
    }
    asked = {
        (e.method, re.sub(r"\{\w+\+?\}", "{}", _ref(e.path))) for endpoints in ENDPOINTS.values() for e in endpoints
    }
    assert asked - known == UNPUBLISHED


def _ref(path: str) -> str:
    """Return ``path`` with the refs that we name written as GitHub's description does."""
    for own in ("bascule/journal", "heads/bascule/{name}"):
        path = path.replace(f"/git/refs/{own}", "/git/refs/{ref}")
    return path.replace("/git/ref/tags/{ref+}", "/git/ref/{ref}")


def _cost(document: object) -> tuple[int, int]:
    """Return (nodes, requests) as GitHub counts them, from ``first`` and ``last`` along the tree of connections."""
    from graphql import DocumentNode, FieldNode, FragmentDefinitionNode, FragmentSpreadNode, IntValueNode
    from graphql.language.ast import OperationDefinitionNode, SelectionSetNode

    assert isinstance(document, DocumentNode)
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}

    def walk(selected: SelectionSetNode | None, parents: int) -> tuple[int, int]:
        nodes = requests = 0
        for item in selected.selections if selected else ():
            below: Any = item
            count = parents
            if isinstance(item, FragmentSpreadNode):
                below = fragments[item.name.value]
            elif isinstance(item, FieldNode):
                sizes = [a.value for a in item.arguments or () if a.name.value in {"first", "last"}]
                if sizes:
                    size = int(sizes[0].value) if isinstance(sizes[0], IntValueNode) else 100
                    requests += parents
                    nodes += parents * size
                    count = parents * size
            n, r = walk(getattr(below, "selection_set", None), count)
            nodes, requests = nodes + n, requests + r
        return nodes, requests

    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    return walk(operation.selection_set, 1)
