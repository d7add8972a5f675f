"""TOML and JSON for readers of file formats: a mapping, or why there is none."""

from __future__ import annotations

import pytest

from bascule.kit import UnreadableError, json_table, table, toml_table


def test_mappings_are_returned_as_they_are_written() -> None:
    assert toml_table('[a]\nb = ["c", 1]\n') == {"a": {"b": ["c", 1]}}
    assert toml_table("") == {}
    assert json_table('{"a": {"b": ["c", 1, null]}}') == {"a": {"b": ["c", 1, None]}}
    assert json_table("null") == {}
    assert table({"a": 1}) == {"a": 1}
    assert table(None) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": {"b": 1, "b": 2}}', "a key is there twice"),
        ("[1]", "a mapping was expected"),
        ('"a"', "a mapping was expected"),
        ("{", "line 1 column 2"),
        ("", "line 1 column 1"),
        ('{"a": ' * 100_000, "recursion"),
    ],
)
def test_what_is_no_json_object_says_why(text: str, said: str) -> None:
    with pytest.raises(UnreadableError, match=said):
        json_table(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [("a = 1\na = 2\n", "Cannot overwrite"), ("a\n", "line 1"), ("a = " + "[" * 3000, "recursion")],
)
def test_what_is_no_toml_says_why(text: str, said: str) -> None:
    with pytest.raises(UnreadableError, match=said):
        toml_table(text)


@pytest.mark.parametrize("value", ["", 0, [], False])
def test_what_is_no_mapping_is_refused_though_it_is_empty(value: object) -> None:
    with pytest.raises(UnreadableError, match="a mapping was expected"):
        table(value)
