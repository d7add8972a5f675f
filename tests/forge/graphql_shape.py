"""Holds an answer against the query that it is for and against a schema."""

from __future__ import annotations

from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    is_leaf_type,
    parse,
)
from graphql.language.ast import OperationDefinitionNode, SelectionSetNode


def misfits(schema: GraphQLSchema, text: str, data: Any) -> list[str]:
    """Return where ``data`` is not what ``text`` asks for: fields missing or too many, null where none may be,
    wrong types."""
    document = parse(text)
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    found: list[str] = []

    def fields(selected: SelectionSetNode, kind: Any) -> dict[str, list[FieldNode]]:
        out: dict[str, list[FieldNode]] = {}
        for item in selected.selections:
            if isinstance(item, FieldNode):
                out.setdefault((item.alias or item.name).value, []).append(item)
                continue
            if isinstance(item, FragmentSpreadNode):
                target: Any = fragments[item.name.value]
            else:
                assert isinstance(item, InlineFragmentNode)
                target = item
            condition = schema.get_type(target.type_condition.name.value) if target.type_condition else kind
            applies = condition is kind or (
                isinstance(condition, GraphQLInterfaceType | GraphQLUnionType) and schema.is_sub_type(condition, kind)
            )
            if applies:
                for name, nodes in fields(target.selection_set, kind).items():
                    out.setdefault(name, []).extend(nodes)
        return out

    def check(value: Any, kind: Any, nodes: list[FieldNode], where: str) -> None:
        if isinstance(kind, GraphQLNonNull):
            if value is None:
                found.append(f"{where}: null")
                return
            kind = kind.of_type
        if value is None:
            return
        if isinstance(kind, GraphQLList):
            if not isinstance(value, list):
                found.append(f"{where}: no list")
                return
            for i, item in enumerate(value):
                check(item, kind.of_type, nodes, f"{where}[{i}]")
        elif is_leaf_type(kind):
            leaf(value, kind, where)
        else:
            objects(value, kind, [n.selection_set for n in nodes if n.selection_set], where)

    def leaf(value: Any, kind: GraphQLLeafType, where: str) -> None:
        try:
            kind.parse_value(value)
        except Exception as odd:
            found.append(f"{where}: {odd}")

    def objects(value: Any, kind: Any, selections: list[SelectionSetNode], where: str) -> None:
        if not isinstance(value, dict):
            found.append(f"{where}: no object")
            return
        if not isinstance(kind, GraphQLObjectType):
            # Where the query does not ask for the type, any one that has the fields may stand behind the interface.
            name = value.get("__typename")
            options = schema.get_possible_types(kind)
            kind = next((o for o in options if o.name == name), None) or _best(options, value)
        wanted: dict[str, list[FieldNode]] = {}
        for selected in selections:
            for name, nodes in fields(selected, kind).items():
                wanted.setdefault(name, []).extend(nodes)
        for name in wanted.keys() ^ value.keys():
            found.append(f"{where}.{name}: {'missing' if name in wanted else 'not asked for'}")
        for name in wanted.keys() & value.keys():
            if name != "__typename":
                check(value[name], kind.fields[wanted[name][0].name.value].type, wanted[name], f"{where}.{name}")

    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    objects(data, schema.query_type, [operation.selection_set], "data")
    return sorted(found)


def _best(options: Any, value: dict[str, Any]) -> GraphQLObjectType:
    chosen: GraphQLObjectType = max(options, key=lambda o: sum(name in o.fields for name in value))
    return chosen
