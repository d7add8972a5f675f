"""Terraform files as blocks: HCL through tree-sitter, and the JSON syntax in the same shape."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from bascule.kit import RehearsalError, json_document
from bascule.types import Status

_DEEPEST = 40
_WHOLE = frozenset({"string_lit", "quoted_template", "heredoc_template", "template_expr"})
_LABELS = {"resource": 2, "data": 2, "ephemeral": 2, "action": 2, "module": 1, "provider": 1, "variable": 1,
           "output": 1, "check": 1, "provisioner": 1, "backend": 1, "provider_meta": 1}  # fmt: skip
_PLAIN = ("terraform", "locals", "moved", "removed", "import", "lifecycle", "connection", "cloud", "required_providers")
_NESTED = frozenset({"lifecycle", "connection", "provisioner", "backend", "cloud", "required_providers"})


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block: ``attrs`` are expressions as text without comments and layout."""

    type: str
    labels: tuple[str, ...] = ()
    attrs: Mapping[str, str] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()

    def text(self) -> str:
        """Return a form that is equal for equal blocks, whatever the order of attributes."""
        inner = [f"{k}={v}" for k, v in sorted(self.attrs.items())]
        return f"{self.type} {json.dumps(self.labels)} {{{';'.join([*inner, *(b.text() for b in self.blocks)])}}}"

    def of(self, *types: str) -> tuple[Block, ...]:
        """Return the nested blocks of ``types``; a ``dynamic`` block counts as what it makes."""
        return tuple(
            b for b in self.blocks if b.type in types or (b.type == "dynamic" and b.labels[:1] and b.labels[0] in types)
        )

    @property
    def name(self) -> str:
        """Return the block as people write it: ``resource.aws_x.y``."""
        return ".".join((self.type, *self.labels))


@lru_cache(maxsize=1)
def _parser() -> Any:
    import tree_sitter
    import tree_sitter_hcl

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))


def parse(text: str, path: str) -> Block:
    """Return the file at ``path`` as one block of the type ``file``.

    Raises:
        RehearsalError: it has syntax errors or is nested too deeply.
    """
    if path.endswith(".json"):
        return _from_json(json_document(text, path), path)
    raw = text.encode()
    root = _parser().parse(raw).root_node
    if root.has_error:
        raise _broken(path, f"a syntax error at line {_first_error(root)}")
    bodies = [n for n in root.named_children if n.type == "body"]
    attrs, blocks = _body(bodies[0], raw, path, 0) if bodies else ({}, ())
    return Block(type="file", attrs=attrs, blocks=blocks)


def _body(node: Any, raw: bytes, path: str, depth: int) -> tuple[dict[str, str], tuple[Block, ...]]:
    if depth > _DEEPEST:
        raise _broken(path, f"blocks nested more than {_DEEPEST} deep")
    attrs: dict[str, str] = {}
    blocks: list[Block] = []
    for child in node.named_children:
        if child.type == "attribute":
            name = child.named_children[0].text.decode()
            if name in attrs:
                raise _broken(path, f"the attribute {name} twice in one block, at line {child.start_point[0] + 1}")
            attrs[name] = _expression(child.named_children[-1], raw)
        elif child.type == "block":
            heads = [c for c in child.named_children if c.type in {"identifier", "string_lit"}]
            words = [_label(c) for c in heads]
            inner = [c for c in child.named_children if c.type == "body"]
            inside, nested = _body(inner[0], raw, path, depth + 1) if inner else ({}, ())
            blocks.append(Block(type=words[0], labels=tuple(words[1:]), attrs=inside, blocks=nested))
    return attrs, tuple(blocks)


def _label(node: Any) -> str:
    text: str = node.text.decode()
    return literal(text) or text.strip('"')


def _expression(node: Any, raw: bytes) -> str:
    """Return the tokens of an expression, strings whole; without recursion, however deep it is."""
    parts: list[str] = []
    waiting = [node]
    while waiting:
        at = waiting.pop()
        if at.type == "comment":
            continue
        if at.type in _WHOLE or at.child_count == 0:
            parts.append(raw[at.start_byte : at.end_byte].decode().strip())
        else:
            waiting.extend(reversed(at.children))
    return " ".join(p for p in parts if p)


def _first_error(root: Any) -> int:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            return int(node.start_point[0]) + 1
        waiting.extend(c for c in reversed(node.children) if c.has_error or c.is_missing)
    return 1


def literal(text: str | None) -> str | None:
    """Return the string that an expression is, None where it is something else or has templates in it."""
    if not text or len(text) < 2 or text[0] != '"' or text[-1] != '"' or "${" in text or "%{" in text:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, str) else None


def _from_json(document: Any, path: str) -> Block:
    if not isinstance(document, Mapping):
        raise _broken(path, "its JSON is not a mapping")
    attrs, blocks = _json_body(document, path, top=True)
    return Block(type="file", attrs=attrs, blocks=blocks)


def _json_body(document: Mapping[str, Any], path: str, *, top: bool) -> tuple[dict[str, str], tuple[Block, ...]]:
    attrs: dict[str, str] = {}
    blocks: list[Block] = []
    for key, value in document.items():
        if key == "//":
            continue
        known = (key in _LABELS or key in _PLAIN) if top else key in _NESTED
        if known and isinstance(value, Mapping | list) and not path.endswith((".tfvars.json",)):
            blocks += _json_blocks(key, (), value, _LABELS.get(key, 0), path)
        else:
            attrs[key] = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return attrs, tuple(blocks)


def _json_blocks(kind: str, labels: tuple[str, ...], value: Any, more: int, path: str) -> Iterable[Block]:
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, Mapping):
            raise _broken(path, f"{'.'.join((kind, *labels))} is not a mapping")
        if more:
            for name, inner in item.items():
                if name != "//":
                    yield from _json_blocks(kind, (*labels, name), inner, more - 1, path)
        else:
            attrs, blocks = _json_body(item, path, top=False)
            yield Block(type=kind, labels=labels, attrs=attrs, blocks=blocks)


def _broken(path: str, why: str) -> RehearsalError:
    return RehearsalError(
        f"{path} cannot be read: {why}", expected="Terraform configuration without syntax errors",
        fix="run `terraform fmt` and `terraform validate` and mend what they say", status=Status.BLOCK, paths=(path,),
    )  # fmt: skip
