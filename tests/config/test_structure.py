"""A document as a record: nothing is converted, everything wrong is said at once, where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from attrs import Factory, frozen

from bascule.config.duration import Seconds
from bascule.config.shape import AtLeast, Kind, key
from bascule.config.strict import read, structure

# ruff: noqa: RUF009


class Level(Enum):
    """A closed set with a word that YAML 1.1 would turn into a boolean."""

    OFF = "off"
    LOW = "low"


@frozen(kw_only=True)
class Item:
    """A mapping with free keys beside its own."""

    __shorthand__ = "name"

    name: str = key(doc="Its name.", example="x")
    count: Annotated[int, AtLeast(1)] = key(doc="How many.", default=1)
    rest: Mapping[str, Any] = key(doc="Anything else.", default=Factory(dict), extra=True)


@frozen(kw_only=True)
class Shape:
    """One of everything."""

    version: Literal[1] = key(doc="Version.", example="1")
    level: Level | None = key(doc="Level.", default=None)
    word: Literal["off", "auto"] = key(doc="Word.", default="off")
    flag: bool = key(doc="Flag.", default=False)
    ratio: float = key(doc="Ratio.", default=0.0)
    lasts: Seconds | None = key(doc="Length.", name="for", default=None)
    names: tuple[Annotated[str, Kind("name", lambda t: ("bad name", "rename it") if t == "bad" else None)], ...] = key(
        doc="Names.", default=()
    )
    items: tuple[Item, ...] = key(doc="Items.", default=())


def test_a_good_file_becomes_a_record_of_plain_values() -> None:
    text = (
        "version: 1\nlevel: off\nword: off\nflag: true\nratio: 2\nfor: 1h30m\nnames: [a]\n"
        "items: [b, {name: c, x: [1]}]\n"
    )
    shape, problems = structure(read(text, "p.yml"), Shape)
    assert problems == ()
    assert shape == Shape(
        version=1,
        level=Level.OFF,
        word="off",
        flag=True,
        ratio=2.0,
        lasts=Seconds(5400.0),
        names=("a",),
        items=(Item(name="b"), Item(name="c", rest={"x": [1]})),
    )
    assert type(shape.word) is str


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("level: lo", "2:8: `lo` is not one of off, low - did you mean `low`?"),
        ("level: 3", "2:8: found the number `3`, expected one of off, low - write one of these words"),
        ("level:", "2:7: found nothing, expected a value - write a value or remove the key"),
        ("word: on", "2:7: `on` is not one of off, auto - use one of them"),
        ("flag: yes", "2:7: found the text `yes`, expected true or false - write true or false, without quotes"),
        ('flag: "true"', "2:7: found the text `true`, expected true or false"),
        ("flag: 1", "2:7: found the number `1`, expected true or false"),
        ("ratio: high", "2:8: found the text `high`, expected a number"),
        ("ratio: true", "2:8: found the boolean `true`, expected a number"),
        ("for: 10", "2:6: found the number `10`, expected a duration - write number and unit, such as 10s"),
        ("for: 10 s", "2:6: found the text `10 s`, expected a duration"),
        ("for: 30s1m", "2:6: found the text `30s1m`, expected a duration"),
        ("names: a", "2:8: found the text `a`, expected a list - write it as a list: [a]"),
        (
            "names: [a, no]",
            '2:12: `no` without quotes is a boolean to other YAML readers - write "no" if text is meant',
        ),
        ("names: [a, 1.10]", "2:12: found the number `1.1`, expected text - put it in quotes"),
        ("names: [a, ' ']", "2:12: found the text ` `, expected text that is not empty"),
        ("names: [bad]", "2:9: bad name - rename it"),
        ("names: [a, b, a]", "2:15: `a` is listed twice - remove one"),
        ("names: {a: b}", "2:8: found a mapping, expected a list"),
        ("items: [{}]", "2:9: the key `name` is missing - add `name: x`"),
        ("items: [{name: a, count: 0}]", "2:26: found 0, expected at least 1 - write 1 or more"),
        ("items: [{name: a, count: true}]", "2:26: found the boolean `true`, expected a whole number"),
        ("items: [{name: a, deep: {x: [off]}}]", "2:30: `off` without quotes is a boolean to other YAML readers"),
        ("items: [3]", "2:9: found the number `3`, expected a mapping - write keys below it: name, count"),
        ("flga: true", "2:1: unknown key `flga` - did you mean `flag`?"),
        ("xyz: 1", "2:1: unknown key `xyz` - there is `flag`, `for`, `items`, `level`"),
    ],
)
def test_each_wrong_value_has_its_place(line: str, expected: str) -> None:
    shape, problems = structure(read(f"version: 1\n{line}\n", "p.yml"), Shape)
    assert shape is None
    assert len(problems) == 1
    assert str(problems[0]).startswith(f"p.yml:{expected}")


@pytest.mark.parametrize("version", ["2", "true", '"1"', "1.0"])
def test_a_constant_is_that_constant_of_that_type(version: str) -> None:
    _, problems = structure(read(f"version: {version}\n", "p.yml"), Shape)
    assert [(p.where, p.fix) for p in problems] == [("p.yml:1:10", "write `1`")]


def test_all_errors_at_once_in_the_order_of_the_file() -> None:
    text = "flag: yes\nvresion: 1\nitems:\n- {count: 0}\n- 3\nfor: 10\n"
    _, problems = structure(read(text, "p.yml"), Shape)
    assert [p.where for p in problems] == [
        "p.yml:1:1", "p.yml:1:7", "p.yml:2:1", "p.yml:4:3", "p.yml:4:11", "p.yml:5:3", "p.yml:6:6",
    ]  # fmt: skip


def test_a_file_that_is_no_mapping() -> None:
    _, problems = structure(read("- a\n", "p.yml"), Shape)
    assert [p.message for p in problems] == ["found a list, expected a mapping"]


def test_a_broken_file_is_not_judged_further() -> None:
    _, problems = structure(read("version: 2\nflag: *x\n", "p.yml"), Shape)
    assert [p.message for p in problems] == ["`*x` is an alias"]
