"""What every node knows: the world, who asks, and how addresses begin; and how lists are cut into pages."""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from attrs import Factory, frozen

from bascule.simulator.world import Actor, World


class GraphqlFault(Exception):
    """An error in GitHub's shape; `kind` is its `type`: NOT_FOUND, FORBIDDEN, UNPROCESSABLE ..."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@frozen(kw_only=True)
class Scope:
    """One request."""

    world: World
    actor: Actor
    html: str
    #: Of the hourly limit: requests used, when it begins again; what this document costs and could bring.
    used: int
    reset: str
    cost: int = 1
    nodes: int = 0
    #: What was found out once and holds for the whole request; a mutation empties it.
    memo: dict[Any, Any] = Factory(dict)

    def once(self, key: Any, find: Callable[[], Any]) -> Any:
        """The value kept under `key`, found out the first time that anybody asks."""
        if key not in self.memo:
            self.memo[key] = find()
        return self.memo[key]


@frozen(kw_only=True)
class RowNode:
    """A node over one record; `SAME` has the fields (in snake case) that are attributes of the record."""

    SAME: ClassVar[Mapping[str, str]] = {}

    scope: Scope
    row: Any

    def __getattr__(self, name: str) -> Any:
        attribute = type(self).SAME.get(name)
        if attribute is None:
            raise AttributeError(name)
        return getattr(self.row, attribute)


def same(*plain: str, **renamed: str) -> Mapping[str, str]:
    """Fields by the attribute that holds them: most under their own name."""
    return {**{name: name for name in plain}, **renamed}


@frozen(kw_only=True)
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@frozen(kw_only=True)
class Connection:
    """One page; nodes are made only for what is on it."""

    nodes: list[Any]
    page_info: PageInfo
    total_count: int
    #: The place of the first node in the whole list, from 0.
    start: int = 0
    #: Set where the client gave no bounds: the connection's name. Then only the count may be asked for.
    unbounded: str | None = None
    #: Fields of this kind of connection alone.
    extra: Mapping[str, Any] = Factory(dict)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self.extra:
            raise AttributeError(name)
        return self.extra[name]

    @property
    def edges(self) -> list[dict[str, Any]]:
        """The nodes with their cursors."""
        return [{"cursor": cursor(self.start + i + 1), "node": node} for i, node in enumerate(self.nodes)]


def cursor(index: int) -> str:
    """The cursor of the `index`-th item, from 1."""
    return base64.b64encode(f"cursor:v2:{index}".encode()).decode()


def _index(text: str) -> int:
    try:
        prefix, _, number = base64.b64decode(text, validate=True).decode().rpartition(":")
        if prefix == "cursor:v2" and number.isdigit():
            return int(number)
    except ValueError:
        pass
    raise GraphqlFault("INVALID_CURSOR_ARGUMENTS", f"`{text}` does not appear to be a valid cursor.")


MOST = 100


def connect(
    items: Sequence[Any],
    make: Callable[[Any], Any],
    *,
    first: int | None = None,
    last: int | None = None,
    after: str | None = None,
    before: str | None = None,
    name: str = "items",
    whole: bool = False,
    **extra: Any,
) -> Connection:
    """Cut a page out of a list, by GitHub's rules: `first` or `last` is needed, at most 100.

    Without either only the count can be had, unless the list is given out `whole`.
    """
    if first is not None and last is not None:
        text = f"Passing both `first` and `last` to paginate the `{name}` connection is not supported."
        raise GraphqlFault("BOTH_FIRST_AND_LAST_PROVIDED", text)
    for word, value in (("first", first), ("last", last)):
        if value is not None and value < 0:
            raise GraphqlFault(
                "INVALID_PAGINATION_ARGUMENTS", f"`{word}` on the `{name}` connection cannot be less than zero."
            )
        if value is not None and value > MOST:
            text = (
                f"Requesting {value} records on the `{name}` connection exceeds the `{word}` limit of {MOST} records."
            )
            raise GraphqlFault("EXCESSIVE_PAGINATION", text)
    start = min(_index(after), len(items)) if after else 0
    end = max(start, min(len(items), _index(before) - 1)) if before else len(items)
    between = end - start
    if first is not None:
        end = min(end, start + first)
    elif last is not None:
        start = max(start, end - last)
    bounded = whole or first is not None or last is not None
    page = items[start:end] if bounded else []
    info = PageInfo(
        has_next_page=end < len(items),
        has_previous_page=start > 0,
        start_cursor=cursor(start + 1) if page else None,
        end_cursor=cursor(start + len(page)) if page else None,
    )
    return Connection(
        nodes=[make(item) for item in page],
        page_info=info,
        total_count=len(items),
        start=start,
        unbounded=None if bounded else name,
        extra={"filtered_count": between, "page_count": len(page), **extra},
    )
