"""YAML as a policy file may use it: places, refusals, and all of them at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule.config.reader import MAX_BYTES, MAX_DEPTH, MAX_PROBLEMS, dotted, read
from bascule.config.scalars import Ambiguous


def problems(text: str | bytes) -> list[str]:
    """Return problems as ``line:column message``."""
    return [str(p).removeprefix("p.yml:") for p in read(text, "p.yml").problems]


def test_every_value_has_its_place() -> None:
    doc = read('# first\na:\n  b: [x, {c: "y"}]\n"odd key": 1\n', "p.yml")
    assert doc.problems == ()
    assert doc.data == {"a": {"b": ["x", {"c": "y"}]}, "odd key": 1}
    assert doc.lines == {
        "": "p.yml:2:1",
        "a": "p.yml:2:1",
        "a.b": "p.yml:3:3",
        "a.b[0]": "p.yml:3:7",
        "a.b[1]": "p.yml:3:10",
        "a.b[1].c": "p.yml:3:11",
        '["odd key"]': "p.yml:4:1",
    }
    assert doc.at(("a", "b")) == "p.yml:3:6"
    assert doc.at(("a", "b"), key=True) == "p.yml:3:3"
    assert doc.at(("a", "nowhere", 3)) == "p.yml:2:1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", "3:1: the key `a` is here twice (first at 1:1) - keep one; readers disagree"),
        ("a: {b: 1, b: 2}\n", "1:11: the key `b` is here twice (first at 1:5)"),
        ("on: push\n", '1:1: the key `on` is a boolean to other YAML readers - quote it: "on"'),
        ("1: x\n", '1:1: the key `1` is not text - quote it: "1"'),
        ("true: x\n", '1:1: the key `true` is not text - quote it: "true"'),
        ("? [a]\n: x\n", "1:3: a key must be text, not a list or a mapping"),
        ("a: &x 1\n", "1:4: `&x` is an anchor - write the value out where it is needed"),
        ("a: 1\nb: *a\n", "2:4: `*a` is an alias - write the value out, or quote text that starts with *"),
        ("a: {<<: {b: 1}}\n", "1:5: `<<` merges another mapping - write the keys out"),
        ("a: !!python/object:os.system x\n", "1:4: `tag:yaml.org,2002:python/object:os.system` is a tag - remove it"),
        ("a: !mine x\n", "1:4: `!mine` is a tag - remove it, or quote text that starts with !"),
        ("a: 1\n---\nb: 2\n", "2:1: not YAML: expected a single document in the stream but found another document"),
        ("a: [1, 2\n", "2:1: not YAML: while parsing a flow sequence"),
        ("a: @b\n", "1:4: not YAML: while scanning for the next token found character '@'"),
        ("\ta: 1\n", "1:1: not YAML: while scanning for the next token found character '\\t'"),
        ("a: b: c\n", "1:5: not YAML: mapping values are not allowed here - quote text that contains `: `"),
        ("", "1:1: the file is empty - write at least `version: 1`"),
        ("# only a comment\n", "1:1: the file is empty"),
        ("a: 12345678901234567890\n", "1:4: the number 12345678901234567890 is too large - quote it if it is text"),
        ("a: 'b\x07'\n", "1:6: the character U+0007 is not allowed in YAML - remove it"),
        (b"a: b\nc: \xff\n", "2:4: the file is not UTF-8 - save it as UTF-8"),
        ('a: "\\UFFFFFFFF"\n', "1:7: not YAML: found an escape that is no character"),
        ('a: "\\uD800"\n', "1:4: an escape here makes half a character - write the character itself"),
        ("[" * (MAX_DEPTH + 1), f"1:{MAX_DEPTH + 1}: more than {MAX_DEPTH} levels"),
    ],
)
def test_each_refusal_has_its_place(text: str | bytes, expected: str) -> None:
    found = problems(text)
    assert len(found) == 1
    assert found[0].startswith(expected)


def test_all_problems_at_once_in_the_order_of_the_file() -> None:
    found = problems("b: *x\na: &y 1\non: 1\nc: !t 2\nc: 3\n")
    assert [f.split(": ")[0] for f in found] == ["1:4", "2:4", "3:1", "4:4", "5:1"]


def test_many_problems_are_counted_instead_of_listed() -> None:
    found = problems("".join("a: 1\n" for _ in range(MAX_PROBLEMS + 11)))
    assert len(found) == MAX_PROBLEMS + 1
    assert found[-1] == " and 10 more problems"


def test_a_large_file_is_not_parsed() -> None:
    assert problems("a: " + "x" * MAX_BYTES) == [
        f" the file has {MAX_BYTES + 3} bytes; at most {MAX_BYTES} are read - split it into several files"
    ]


def test_nested_aliases_cannot_grow() -> None:
    bomb = "a: &a [x,x]\n" + "".join(f"{chr(98 + i)}: [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20))
    assert all("anchor" in p or "alias" in p for p in problems(bomb))


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("false", False), ("0", 0), ("-7", -7), ("1.5", 1.5), ("null", None), ("", None)],
)
def test_forms_that_every_reader_agrees_on(text: str, value: object) -> None:
    found = read(f"a: {text}\n", "p.yml").data["a"]
    assert found == value
    assert type(found) is type(value)


TWO_WAYS = (
    "on", "Off", "YES", "no", "True", "FALSE", "~", "Null", "010", "0x1F", "0b1", "0o7", "1_000", "12:30", "1e3",
    "+5", ".5", "1.", ".inf", ".nan", "2024-01-01", "2024-01-01 10:00:00",
)  # fmt: skip


@pytest.mark.parametrize("text", TWO_WAYS)
def test_text_that_reads_two_ways_is_marked_unless_quoted(text: str) -> None:
    doc = read(f'a: {text}\nb: "{text}"\nc: |-\n  {text}\n', "p.yml")
    assert isinstance(doc.data["a"], Ambiguous)
    assert doc.data["a"] == text
    assert type(doc.data["b"]) is str
    assert type(doc.data["c"]) is str


@pytest.mark.parametrize("text", ["one", "e5", ".", "_", "1.2.3", "v1", "change:safe", "09:00-16:00", "a/b", "10s"])
def test_ordinary_text_is_not_marked(text: str) -> None:
    assert type(read(f"a: {text}\n", "p.yml").data["a"]) is str


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_no_text_makes_the_reader_fail(text: str | bytes) -> None:
    doc = read(text, "p.yml")
    assert doc.problems or doc.marks
    assert all(p.where.startswith("p.yml") and p.message for p in doc.problems)


def test_dotted_paths() -> None:
    assert dotted(("rules", 0, "deny", 1)) == "rules[0].deny[1]"
    assert dotted(("rules", 0, "a.b")) == 'rules[0]["a.b"]'
