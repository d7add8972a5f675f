"""What every node knows: the world, who asks, and how addresses begin; and how lists are cut into pages."""

import base64
from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen

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
    used: int
    reset: str


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


def _cursor(index: int) -> str:
    return base64.b64encode(f"cursor:v2:{index}".encode()).decode()


def _index(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor).decode().rpartition(":")[2])
    except ValueError as error:
        raise GraphqlFault("INVALID_CURSOR_ARGUMENTS", f"`{cursor}` does not appear to be a valid cursor.") from error


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
) -> Connection:
    """Cut a page out of a list, by GitHub's rules: `first` or `last` is needed, 1 to 100."""
    if first is None and last is None:
        text = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
        raise GraphqlFault("MISSING_PAGINATION_BOUNDARIES", text)
    for word, value in (("first", first), ("last", last)):
        if value is not None and not 0 <= value <= MOST:
            text = (
                f"Requesting {value} records on the `{name}` connection exceeds the `{word}` limit of {MOST} records."
            )
            raise GraphqlFault("EXCESSIVE_PAGINATION", text)
    start = _index(after) if after else 0
    end = _index(before) - 1 if before else len(items)
    if first is not None:
        end = min(end, start + first)
    elif last is not None:
        start = max(start, end - last)
    page = items[start:end]
    info = PageInfo(
        has_next_page=end < len(items),
        has_previous_page=start > 0,
        start_cursor=_cursor(start + 1) if page else None,
        end_cursor=_cursor(start + len(page)) if page else None,
    )
    return Connection(nodes=[make(item) for item in page], page_info=info, total_count=len(items))
