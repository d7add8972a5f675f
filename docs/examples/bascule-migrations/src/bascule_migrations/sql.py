"""What a statement of SQL does, as far as it can be told from its words. What is not known to add, does not add."""

from __future__ import annotations

import re

# Comments and everything between quotes: no words of the statement, and never part of the evidence.
_OPAQUE = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\$(\w*)\$.*?\$\1\$",
    re.DOTALL,
)
_NAME = r"(?:ONLY |IF (?:NOT )?EXISTS )*[\w.?]+"
_KINDS = {
    "table": re.compile(rf"CREATE TABLE {_NAME} ?\("),
    "column": re.compile(rf"ALTER TABLE {_NAME} ADD (?:COLUMN )?(?!CONSTRAINT|UNIQUE|PRIMARY|FOREIGN|CHECK|EXCLUDE)"),
    "index": re.compile(r"CREATE (?:UNIQUE )?INDEX "),
    "view": re.compile(rf"CREATE VIEW {_NAME} "),
    "data": re.compile(rf"INSERT INTO {_NAME} "),
    "comment": re.compile(r"COMMENT ON "),
    "transaction": re.compile(r"(?:BEGIN|COMMIT|START TRANSACTION)\b"),
}
KINDS = tuple(_KINDS)
_TAKES = re.compile(r"\b(?:ALTER COLUMN|DELETE|DO|DROP|EXECUTE|GRANT|RENAME|REPLACE|REVOKE|SET|TRUNCATE|UPDATE)\b")
_FOREIGN_KEY = re.compile(r"\bON (?:DELETE|UPDATE) (?:CASCADE|RESTRICT|NO ACTION|SET NULL|SET DEFAULT)\b")


def statements(text: str) -> list[tuple[str, str]]:
    """Return each statement's kind and its words; the kind is "" for one that is not known only to add.

    Args:
        text: a whole migration. What stands between quotes becomes ``?``.
    """
    plain = _OPAQUE.sub(lambda found: " " if found[0].startswith(("--", "/*")) else "?", text)
    words = (" ".join(part.split()) for part in plain.split(";"))
    return [(_kind(part.upper()), part[:120]) for part in words if part]


def _kind(statement: str) -> str:
    if any(sign in statement for sign in "'\"`$") or "/*" in statement:
        return ""  # a quotation or comment that never ends
    if _TAKES.search(_FOREIGN_KEY.sub("", statement)):
        return ""
    kind = next((name for name, pattern in _KINDS.items() if pattern.match(statement)), "")
    if kind == "column" and (_more_than_columns(statement) or _without_default(statement)):
        return ""
    return kind


def _more_than_columns(statement: str) -> bool:
    """Return whether one ALTER TABLE does something else beside adding columns."""
    flat = re.sub(r"\([^()]*\)", "", statement)
    return any(not part.strip().startswith("ADD ") for part in flat.split(",")[1:])


def _without_default(statement: str) -> bool:
    """Return whether a new column refuses the rows that are there, and those that running programs still write."""
    return any("NOT NULL" in part and "DEFAULT" not in part for part in statement.split(" ADD "))
