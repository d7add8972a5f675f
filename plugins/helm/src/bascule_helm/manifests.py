"""What helm printed, as documents and objects."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bascule.kit import Limits, yaml_documents

LIMITS = Limits(size=16 * 1024 * 1024, nodes=300_000)
_BREAK = re.compile(r"^---(?:[ \t][^\n]*)?\n", re.MULTILINE)
_SOURCE = re.compile(r"\A\s*# Source: ([^\n]+)\n")

Key = tuple[str, str, str, str]
"""Group, kind, namespace and name of an object."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """The text between two ``---`` and the template that it came from."""

    source: str
    text: str
    namespace: str = ""
    """Where the release is installed; an object that says nothing of its namespace is there."""


@dataclass(frozen=True, kw_only=True)
class Object:
    """One Kubernetes object. ``body`` is the whole of it and never leaves the rehearsal."""

    group: str
    version: str
    kind: str
    namespace: str
    name: str
    source: str
    body: Mapping[str, Any]

    @property
    def key(self) -> Key:
        """Return what tells it from other objects; the API version does not: one object is served under several."""
        return (self.group, self.kind, self.namespace, self.name)

    @property
    def hook(self) -> str:
        """Return what ``helm.sh/hook`` says, empty for what is simply installed."""
        metadata = self.body.get("metadata")
        notes = metadata.get("annotations") if isinstance(metadata, Mapping) else None
        return str(notes.get("helm.sh/hook", ""))[:60] if isinstance(notes, Mapping) else ""


class NotAnObjectError(Exception):
    """A document that is not a Kubernetes object; the message says why, without content."""


def documents(output: str, namespace: str = "") -> list[Document]:
    """Return the documents of helm's ``output``, a release in ``namespace``, that hold more than comments."""
    found, source = [], ""
    for part in _BREAK.split(output):
        at = _SOURCE.match(part)
        source = at[1].strip() if at else source
        text = part[at.end() :] if at else part
        if any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines()):
            found.append(Document(source=source, text=text.strip("\n"), namespace=namespace))
    return found


def without_common(before: list[Document], after: list[Document]) -> tuple[list[Document], list[Document]]:
    """Return the documents that only one of the two has: equal text is an equal object, and need not be parsed."""
    common = Counter(d.text for d in before) & Counter(d.text for d in after)
    return _rest(before, common), _rest(after, common)


def _rest(every: list[Document], common: Mapping[str, int]) -> list[Document]:
    left, found = Counter(common), []
    for document in every:
        if left[document.text]:
            left[document.text] -= 1
        else:
            found.append(document)
    return found


def objects(every: list[Document]) -> Iterator[Object]:
    """Yield the objects in ``every``, lists opened.

    Raises:
        RehearsalError: a document is not YAML, too large, or has a key twice.
        NotAnObjectError: it is YAML and no object.
    """
    for document in every:
        for body in yaml_documents(document.text, document.source or "helm's output", LIMITS):
            if body is not None:
                yield from _opened(body, document.source, document.namespace)


def _opened(body: Any, source: str, release: str) -> Iterator[Object]:
    where = source or "helm's output"
    if not isinstance(body, dict):
        raise NotAnObjectError(f"{where} renders to a {type(body).__name__}, not an object")
    kind, version = body.get("kind"), body.get("apiVersion")
    if not isinstance(kind, str) or not isinstance(version, str) or not kind or not version:
        raise NotAnObjectError(f"{where} renders to an object without `kind` or `apiVersion`")
    items = body.get("items")
    if kind.endswith("List") and isinstance(items, list):
        for item in items:
            own = {"kind": kind.removesuffix("List"), "apiVersion": version} if kind != "List" else {}
            yield from _opened({**own, **item} if isinstance(item, dict) else item, source, release)
        return
    metadata = body.get("metadata")
    name = (metadata.get("name") or metadata.get("generateName")) if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(name, str):
        raise NotAnObjectError(f"{where} renders to a {kind} without a name")
    group, _, served = version.rpartition("/")
    stated = str(metadata.get("namespace") or "")
    yield Object(
        group=group, version=served, kind=kind, namespace="" if stated == release else stated, name=name,
        source=source, body=body,
    )  # fmt: skip
