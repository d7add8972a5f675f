"""What GitHub charges for a query, and how much it lets one ask for: worked out from the text, before it runs."""

from collections.abc import Mapping
from typing import Any

from attrs import frozen
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

from bascule.simulator.graphql.scope import GraphqlFault

MOST_NODES = 500_000


@frozen(kw_only=True)
class Cost:
    """`nodes` that could come at most; `points` of the hourly limit."""

    nodes: int
    points: int


def cost_of(document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> Cost:
    """A connection costs one request for each of its parents; a hundred requests are a point, and one is the least.

    GraphqlFault MAX_NODE_LIMIT_EXCEEDED.
    """
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    defaults = {
        d.variable.name.value: int(d.default_value.value)
        for d in operation.variable_definitions or ()
        if isinstance(d.default_value, IntValueNode)
    }
    known = {**defaults, **{k: v for k, v in variables.items() if isinstance(v, int)}}

    def size(node: FieldNode) -> int | None:
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last"):
                value = argument.value
                if isinstance(value, IntValueNode):
                    return int(value.value)
                return known.get(value.name.value, 0) if isinstance(value, VariableNode) else 0
        return None

    def walk(selected: SelectionSetNode | None, parents: int) -> tuple[int, int]:
        nodes = requests = 0
        for item in selected.selections if selected else ():
            below: Any = fragments.get(item.name.value) if isinstance(item, FragmentSpreadNode) else item
            many = size(item) if isinstance(item, FieldNode) else None
            count = parents if many is None else parents * many
            if many is not None:
                nodes, requests = nodes + count, requests + parents
            inner = walk(getattr(below, "selection_set", None), count)
            nodes, requests = nodes + inner[0], requests + inner[1]
        return nodes, requests

    nodes, requests = walk(operation.selection_set, 1)
    if nodes > MOST_NODES:
        text = f"This query requests up to {nodes:,} possible nodes which exceeds the maximum limit of {MOST_NODES:,}."
        raise GraphqlFault("MAX_NODE_LIMIT_EXCEEDED", text)
    return Cost(nodes=nodes, points=max(1, round(requests / 100)))
