"""What is said about a file that a person wrote: as YAML, and as the shape that was asked for.

Every function returns what is wrong and what to do, in that order.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

Said = tuple[str, str]
"""A message and its fix."""


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the one of ``known`` that was probably meant by ``word``, None when nothing is near."""
    return next(iter(get_close_matches(word, sorted(known), n=1, cutoff=0.6)), None)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean `x`?`` for the nearest of ``known``, else the list of what there is."""
    known = sorted(known)
    near = closest(word, known)
    if near is not None:
        return f"did you mean `{near}`?"
    return "there is " + ", ".join(f"`{k}`" for k in known) if known else "remove it"


# --- the file as YAML ---


def too_large(size: int, limit: int) -> Said:
    """The file has too many bytes."""
    return f"the file has {size} bytes; at most {limit} are read", "split it into several files"


def not_utf8() -> Said:
    """The file's bytes are not UTF-8."""
    return "the file is not UTF-8", "save it as UTF-8"


def bad_character(code: int) -> Said:
    """A control character or the like, by code point."""
    return f"the character U+{code:04X} is not allowed in YAML", "remove it"


def bad_escape() -> Said:
    """An escape that makes half of a surrogate pair."""
    return "an escape here makes half a character", "write the character itself, or its \\U escape with eight digits"


def empty_file() -> Said:
    """Nothing in the file but comments."""
    return "the file is empty", "write at least `version: 1`"


def too_deep(limit: int) -> Said:
    """Lists and mappings nested beyond the limit."""
    return (
        f"more than {limit} levels of lists and mappings inside each other",
        "a policy needs far fewer; write it flat",
    )


def not_yaml(context: str, problem: str) -> Said:
    """The YAML parser gave up, with its own words."""
    found = " ".join(part for part in (context, problem) if part)
    if "'\\t'" in found:
        fix = "indent with spaces; YAML does not allow tabs"
    elif "'@'" in found or "'`'" in found:
        fix = "quote text that starts with @ or `"
    elif "another document" in found:
        fix = "one file holds one document; remove the `---` and what follows, or make it a file of its own"
    elif "mapping values are not allowed" in found:
        fix = "quote text that contains `: `, or put the key on a line of its own"
    elif "alias" in found or "anchor" in found:
        fix = "quote text that starts with * or &"
    else:
        fix = "check indentation, brackets and quotes just before this place"
    return f"not YAML: {found}", fix


def alias(name: str) -> Said:
    """``*name``."""
    return f"`*{name}` is an alias", "write the value out, or quote text that starts with *"


def anchor(name: str) -> Said:
    """``&name``."""
    return f"`&{name}` is an anchor", "write the value out where it is needed, or quote text that starts with &"


def tag(name: str) -> Said:
    """``!name``."""
    return f"`{name}` is a tag", "remove it, or quote text that starts with !"


def merge_key() -> Said:
    """``<<:``."""
    return "`<<` merges another mapping", "write the keys out"


def duplicate_key(key: str, line: int, column: int) -> Said:
    """The same key twice in one mapping."""
    return (
        f"the key `{key}` is here twice (first at {line}:{column})",
        "keep one; readers disagree about which one counts",
    )


def key_not_scalar() -> Said:
    """A list or a mapping as a key."""
    return "a key must be text, not a list or a mapping", "give it a name"


def key_not_text(key: str) -> Said:
    """A number, boolean or nothing as a key."""
    return f"the key `{key}` is not text", f'quote it: "{key}"'


def key_ambiguous(key: str, taken_for: str) -> Said:
    """A key that YAML 1.1 would read as something else."""
    return f"the key `{key}` is {taken_for} to other YAML readers", f'quote it: "{key}"'


def number_too_large(text: str) -> Said:
    """A number that JSON cannot carry exactly."""
    return f"the number {text[:24]} is too large", "quote it if it is text"


def more_problems(count: int) -> Said:
    """The list was cut."""
    return f"and {count} more problems", ""


# --- the file as the shape that was asked for ---


def shown(value: object) -> str:
    """Return what ``value`` is, in words a reader of YAML knows."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"the boolean `{str(value).lower()}`"
    if isinstance(value, int | float):
        return f"the number `{value}`"
    if isinstance(value, str):
        return f"the text `{value if len(value) <= 60 else value[:57] + '...'}`"
    return "a list" if isinstance(value, list | tuple) else "a mapping"


def wrong_type(value: object, expected: str, fix: str) -> Said:
    """A value of another type than asked for."""
    return f"found {shown(value)}, expected {expected}", fix


def ambiguous(text: str, taken_for: str) -> Said:
    """Unquoted text that YAML 1.1 would read as something else."""
    return f"`{text}` without quotes is {taken_for} to other YAML readers", f'write "{text}" if text is meant'


def not_one_of(value: str, known: Iterable[str]) -> Said:
    """A word outside a closed set."""
    known = list(known)
    near = closest(value, known)
    fix = f"did you mean `{near}`?" if near else "use one of them"
    return f"`{value}` is not one of {', '.join(known)}", fix


def unknown_key(key: str, known: Iterable[str]) -> Said:
    """A key that the shape does not have."""
    return f"unknown key `{key}`", did_you_mean(key, known)


def missing_key(key: str, example: str) -> Said:
    """A required key that is not there."""
    return f"the key `{key}` is missing", f"add `{key}: {example}`" if example else f"add `{key}:`"


def listed_twice(item: str) -> Said:
    """The same item twice in one list."""
    return f"`{item}` is listed twice", "remove one"


def too_small(value: float, least: float) -> Said:
    """A number below its limit."""
    return f"found {value}, expected at least {least}", f"write {least} or more"


def not_written_like(text: str, title: str, example: str) -> Said:
    """Text that is not of the kind that was asked for."""
    return f"`{text}` is not a {title}", f"write it like {example}"
