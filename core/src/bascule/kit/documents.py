"""YAML and JSON from a change, read so that no document can cost more than it weighs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml
from attrs import frozen

from bascule.kit.answers import RehearsalError
from bascule.messages import kit as say
from bascule.types import Status


@frozen(kw_only=True)
class Limits:
    """How much of one text is looked at: bytes, and nodes after YAML's aliases were followed."""

    size: int = 8 * 1024 * 1024
    nodes: int = 500_000


_LIMITS = Limits()


class _Loader(yaml.CSafeLoader):
    """YAML 1.1 as Kubernetes and Prometheus read it, but a key that is there twice is an error, and dates stay text."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    stated: set[Any] = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = loader.construct_object(key_node, deep=True)
        try:
            twice = key in stated
        except TypeError as error:
            raise yaml.constructor.ConstructorError(None, None, f"{key!r} as a key", key_node.start_mark) from error
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} twice", key_node.start_mark)
        stated.add(key)
    return loader.construct_mapping(node, deep=True)  # follows merge keys, which a stated key outranks


def _text(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _text)
_Loader.add_constructor("tag:yaml.org,2002:value", _text)  # a bare `=`, which nobody but YAML 1.1 thinks special


def yaml_documents(text: str, path: str, limits: Limits = _LIMITS) -> list[Any]:
    """Return the documents of ``text``; empty ones are None.

    Raises:
        RehearsalError: it is not YAML, has a key twice, or is larger than ``limits``; ``path`` is who is blamed.
    """
    _sized(text, path, limits)
    try:
        found = list(yaml.load_all(text, Loader=_Loader))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _unreadable(path, " ".join(str(error).split())) from error
    for document in found:
        _count(document, path, limits)
    return found


def json_document(text: str, path: str, limits: Limits = _LIMITS) -> Any:
    """Return the document in ``text``; raises as :func:`yaml_documents`."""
    _sized(text, path, limits)
    try:
        return strict_json(text)
    except (ValueError, RecursionError) as error:
        raise _unreadable(path, str(error)) from error


def strict_json(text: str) -> Any:
    """Return the document in ``text``.

    Raises:
        ValueError: it is not JSON, or has a key twice.
        RecursionError: it is nested too deeply.
    """

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(items)
        if len(made) != len(items):
            raise ValueError("a key is there twice")
        return made

    return json.loads(text, object_pairs_hook=pairs)


def _sized(text: str, path: str, limits: Limits) -> None:
    if len(text) > limits.size:
        _refuse(say.too_large(path, limits.size, "byte"), path)


def _count(document: Any, path: str, limits: Limits) -> None:
    """Walk as a reader would: a few lines of aliases can stand for more nodes than any machine holds."""
    waiting: list[Iterator[Any]] = [iter((document,))]
    seen = 0
    while waiting:
        for value in waiting[-1]:
            seen += 1
            if seen > limits.nodes or len(waiting) > 200:
                _refuse(say.too_large(path, limits.nodes, "node"), path)
            if isinstance(value, dict):
                waiting.append(iter(value.values()))
                break
            if isinstance(value, list):
                waiting.append(iter(value))
                break
        else:
            waiting.pop()


def _unreadable(path: str, why: str) -> RehearsalError:
    told = say.unreadable(path, why)
    return RehearsalError(told.found, expected=told.expected, fix=told.fix, status=Status.BLOCK, paths=(path,))


def _refuse(told: say.Say, path: str) -> None:
    raise RehearsalError(told.found, expected=told.expected, fix=told.fix, status=Status.BLOCK, paths=(path,))
