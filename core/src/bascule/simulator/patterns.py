"""Branch name patterns: fnmatch in which `*` stops at a slash."""

import re
from functools import lru_cache


@lru_cache(maxsize=512)
def _compile(pattern: str) -> re.Pattern[str]:
    out, at = "", 0
    while at < len(pattern):
        char = pattern[at]
        if pattern.startswith("**/", at):
            out, at = out + "(?:.*/)?", at + 3
        elif char == "*":
            stars = len(pattern) - at - len(pattern[at:].lstrip("*"))
            out, at = out + "[^/]*", at + stars
        elif char == "?":
            out, at = out + "[^/]", at + 1
        elif char == "[" and (end := pattern.find("]", at + 2)) > 0:
            inside = pattern[at + 1 : end].replace("\\", "\\\\").replace("[", "\\[")
            if inside[0] in "!^":
                inside = "^/" + inside[1:]
            out, at = f"{out}[{inside}]", end + 1
        elif char == "\\" and at + 1 < len(pattern):
            out, at = out + re.escape(pattern[at + 1]), at + 2
        else:
            out, at = out + re.escape(char), at + 1
    return re.compile(out)


def matches_pattern(name: str, pattern: str) -> bool:
    """Whether a branch name fits a rule's pattern."""
    try:
        return _compile(pattern).fullmatch(name) is not None
    except re.error:
        return name == pattern
