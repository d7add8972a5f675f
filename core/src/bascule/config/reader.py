"""YAML as a policy file may use it: plain data, every value with its place, nothing that reads two ways.

What YAML 1.1 and 1.2 read differently (``no``, ``010``, ``12:30``, ``2024-01-01``) is kept as
:class:`~bascule.config.scalars.Ambiguous` text: whoever wants one of a few words (``mode: off``) may take it, everybody
else asks for quotes. Anchors, aliases, merge keys, tags and several documents are refused, because a reader of the
file must not have to evaluate it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml
from attrs import field, frozen

from bascule.config.scalars import Ambiguous, plain
from bascule.errors import Problem
from bascule.messages import config as say

MAX_BYTES = 128 * 1024
"""Largest file; a policy a person can review is far smaller."""
MAX_DEPTH = 24
"""Deepest nesting of mappings and lists."""
MAX_PROBLEMS = 100
"""Problems reported for one file; the rest is counted."""

Path = tuple[str | int, ...]
"""Where a value stands in a document: keys and indices from the top."""
Place = tuple[int, int]
"""Line and column, both from 1."""


@frozen
class Mark:
    """Where a value is: ``key`` the place of its key (of the item itself in a list), ``value`` of the value."""

    key: Place
    value: Place


@frozen(kw_only=True)
class Document:
    """A file as data. ``data`` is the root value, ``problems`` all that is wrong with it as YAML.

    ``marks`` has a :class:`Mark` for every value, the root's under ``()``.
    """

    path: str
    data: Any
    problems: tuple[Problem, ...] = ()
    marks: Mapping[Path, Mark] = field(factory=dict)

    @property
    def lines(self) -> dict[str, str]:
        """Return ``file:line:column`` of every key and list item by dotted path (``files.only[0]``; root: empty)."""
        return {dotted(path): self._show(mark.key) for path, mark in self.marks.items()}

    def at(self, path: Path, *, key: bool = False) -> str:
        """Return ``file:line:column`` of the value at ``path`` (of its key with ``key``), or of the nearest parent."""
        for end in range(len(path), -1, -1):
            if (mark := self.marks.get(path[:end])) is not None:
                return self._show(mark.key if key or end < len(path) else mark.value)
        return self.path

    def problem(self, path: Path, said: say.Said, *, key: bool = False) -> Problem:
        """Return a problem at :meth:`at`."""
        return Problem(where=self.at(path, key=key), message=said[0], fix=said[1])

    def _show(self, place: Place) -> str:
        return f"{self.path}:{place[0]}:{place[1]}"


def dotted(path: Path) -> str:
    """Return ``path`` as people write it: ``rules[0].deny``; keys with other characters in brackets and quotes."""
    out = ""
    for part in path:
        if isinstance(part, int):
            out += f"[{part}]"
        elif re.fullmatch(r"[\w-]+", part):
            out += f".{part}" if out else part
        else:
            out += f"[{json.dumps(part)}]"
    return out


def read(text: str | bytes, path: str) -> Document:
    """Return the document in ``text``; every problem is in ``problems``, and then ``data`` is not to be used.

    Args:
        text: the file's content; bytes must be UTF-8.
        path: how the file is called in messages.
    """
    size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "replace"))
    if size > MAX_BYTES:
        return _failed(path, say.too_large(size, MAX_BYTES))
    if isinstance(text, bytes):
        raw = text
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            return _failed(path, say.not_utf8(), at=_after(raw[: error.start].decode()))
    try:
        return _Builder(path).document(text)
    except yaml.reader.ReaderError as error:
        code = error.character if isinstance(error.character, int) else ord(error.character)
        return _failed(path, say.bad_character(code), at=_after(text[: error.position]))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = say.not_yaml(error.context or "", error.problem or "")
        return _failed(path, said, at=_place(mark) if mark else None)
    except _TooDeepError as error:
        return _failed(path, say.too_deep(MAX_DEPTH), at=error.place)


def _after(before: str) -> Place:
    """Return the place right after the text ``before``."""
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _place(mark: Any) -> Place:
    return mark.line + 1, mark.column + 1


def _failed(path: str, said: say.Said, *, at: Place | None = None) -> Document:
    where = f"{path}:{at[0]}:{at[1]}" if at else path
    return Document(path=path, data=None, problems=(Problem(where=where, message=said[0], fix=said[1]),))


class _TooDeepError(Exception):
    """Nesting beyond ``MAX_DEPTH``, stopped before Python's own recursion limit."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.place = place


class _Loader(yaml.SafeLoader):
    """PyYAML's scanner, parser and composer; node trees are turned into data by :class:`_Builder`."""

    def __init__(self, text: str, builder: _Builder) -> None:
        super().__init__(text)
        self._builder = builder
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Refuse aliases, anchors, tags and deep nesting before anything is built from them."""
        parser: Any = self  # PyYAML's stubs leave the two methods of the parser that are called here without types
        event: Any = parser.peek_event()
        if isinstance(event, yaml.AliasEvent):
            self._builder.problem(event.start_mark, say.alias(event.anchor or ""))
            parser.get_event()
            start: Any = event.start_mark
            return yaml.ScalarNode("tag:yaml.org,2002:null", "", start, start, style='"')
        if getattr(event, "anchor", None) is not None:
            self._builder.problem(event.start_mark, say.anchor(event.anchor))
            event.anchor = None
        if getattr(event, "tag", None) is not None:
            self._builder.problem(event.start_mark, say.tag(event.tag))
        if self._depth >= MAX_DEPTH:
            raise _TooDeepError(_place(event.start_mark))
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


class _Builder:
    """Turns one node tree into data, marks and problems."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._found: list[tuple[Place, say.Said]] = []
        self._marks: dict[Path, Mark] = {}

    def document(self, text: str) -> Document:
        """Return the document; syntax errors are raised as PyYAML's."""
        loader = _Loader(text, self)
        try:
            node = loader.get_single_node()
        except (ValueError, OverflowError) as error:
            # PyYAML hands an escape such as "\UFFFFFFFF" to chr() as it is.
            mark: Any = loader.get_mark()
            raise yaml.MarkedYAMLError(problem="found an escape that is no character", problem_mark=mark) from error
        finally:
            loader.dispose()
        if node is None:
            return _failed(self._path, say.empty_file(), at=(1, 1))
        data = self._value(node, (), _place(node.start_mark))
        return Document(path=self._path, data=data, problems=tuple(self._problems()), marks=self._marks)

    def problem(self, mark: Any, said: say.Said) -> None:
        """Record one problem at ``mark``."""
        self._found.append((_place(mark), said))

    def _problems(self) -> list[Problem]:
        self._found.sort(key=lambda entry: entry[0])
        out = [
            Problem(where=f"{self._path}:{line}:{column}", message=message, fix=fix)
            for (line, column), (message, fix) in self._found[:MAX_PROBLEMS]
        ]
        if len(self._found) > MAX_PROBLEMS:
            message, fix = say.more_problems(len(self._found) - MAX_PROBLEMS)
            out.append(Problem(where=self._path, message=message, fix=fix))
        return out

    def _value(self, node: yaml.Node, path: Path, key: Place) -> Any:
        self._marks[path] = Mark(key, _place(node.start_mark))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*path, at), _place(item.start_mark)) for at, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        out: dict[str, Any] = {}
        first: dict[str, Place] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key is None:
                continue
            if key in out:
                self.problem(key_node.start_mark, say.duplicate_key(key, *first[key]))
                continue
            first[key] = _place(key_node.start_mark)
            out[key] = self._value(value_node, (*path, key), first[key])
        return out

    def _key(self, node: Any) -> str | None:
        """Return the key as text, None when it cannot be one; every doubt is a problem."""
        if not isinstance(node, yaml.ScalarNode):
            self.problem(node.start_mark, say.key_not_scalar())
            return None
        if node.value == "<<" and node.style is None:
            self.problem(node.start_mark, say.merge_key())
            return None
        value = self._scalar(node)
        if isinstance(value, Ambiguous):
            self.problem(node.start_mark, say.key_ambiguous(value, value.taken_for))
            return str(value)
        if not isinstance(value, str):
            self.problem(node.start_mark, say.key_not_text(node.value))
            return None
        return value

    def _scalar(self, node: Any) -> Any:
        if not node.value.isascii() and any("\ud800" <= c <= "\udfff" for c in node.value):
            # Only an escape can make half of a surrogate pair; it cannot be written as UTF-8, so not be hashed either.
            self.problem(node.start_mark, say.bad_escape())
            return ""
        if node.style is not None:
            return node.value
        try:
            return plain(node.value)
        except OverflowError:
            self.problem(node.start_mark, say.number_too_large(node.value))
            return 0
