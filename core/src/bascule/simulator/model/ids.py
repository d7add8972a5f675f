"""Node ids: what GraphQL calls `id` and REST calls `node_id`."""

import base64
import binascii


def node_id(prefix: str, number: int | str) -> str:
    """An opaque global id such as `PR_MTIz`, from a type's prefix and its database id (or any stable text)."""
    return f"{prefix}_{base64.urlsafe_b64encode(str(number).encode()).decode().rstrip('=')}"


def parse_node_id(text: str) -> tuple[str, str] | None:
    """The prefix and the text that `node_id` was made from; None for anything that is not a node id."""
    prefix, separator, rest = text.partition("_")
    if not separator:
        return None
    try:
        return prefix, base64.urlsafe_b64decode(rest + "=" * (-len(rest) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
