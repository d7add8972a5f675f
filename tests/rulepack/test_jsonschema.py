"""The JSON Schema accepts every file that the strict loader accepts, and refuses what editors can know to be wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bascule.config.reader import read
from bascule.config.structure import structure
from bascule.rulepack.jsonschema import rulepack_schema, settings_schema
from bascule.rulepack.reference import keys
from bascule.rulepack.schema import PackShape

SCHEMA = rulepack_schema()
VALID = Draft202012Validator(SCHEMA).is_valid

GOOD: dict[str, Any] = {
    "version": 1,
    "scenario": "terraform",
    "extends": ["terraform/default"],
    "loosen": "a reason to read",
    "mode": "off",
    "match": {"files": ["infra/**"], "branches": ["main"]},
    "files": {"only": ["**/*.tf"], "deny": ["a"], "special": ["modes"]},
    "authors": {"allow": ["renovate[bot]", "@org/team", "octo-dev#7"], "deny": ["a_b"]},
    "labels": {"require": ["change:safe"], "deny": ["hold"]},
    "checks": {"require": [{"name": "test", "app": "github-actions"}, {"name": "ci", "app": "status/ci-bot"}]},
    "title": {"require": ["^feat"], "deny": ["wip"]},
    "size": {"files": 1, "lines": 2, "commits": 3},
    "forks": {"allow": False},
    "rules": [{"id": "a", "use": "terraform/plan-actions", "deny": ["delete"], "deep": {"x": [1]}}],
    "schedule": {"merge": "Mon 09:00-10:00", "timezone": "Europe/Berlin"},
    "relax": {"allow": ["reviews"], "max_exposure": "10s"},
    "merge": {"method": "squash"},
    "watch": {"after": "merge", "environment": "prod", "for": "1h30m", "slos": ["a.yml"], "rollback": "off"},
    "notify": {"comment": "never"},
    "examples": [
        {
            "name": "n",
            "change": {
                "files": ["a", {"path": "b", "status": "renamed", "previous_path": "c", "kind": "symlink"}],
                "checks": ["test", {"name": "x", "state": "failure"}],
                "commits": ["octo-dev", {"author": "a", "committer": "b", "known": False}],
                "reviews": [{"author": "a", "state": "APPROVED"}],
                "at": "2026-01-05T09:00:00Z",
                "evidence": [{"kind": "k", "data": {"x": 1}}],
            },
            "expect": "block",
            "because": "files",
        }
    ],
}


def loads(data: object) -> bool:
    return structure(read(json.dumps(data), "p.yml"), PackShape)[0] is not None


def replaced(path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(GOOD))
    at: Any = data
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = value
    return data


def test_both_are_json_schemas_and_take_what_is_good() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator.check_schema(settings_schema())
    assert loads(GOOD)
    assert VALID(GOOD)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), 2),
        (("version",), "1"),
        (("scenario",), "Terraform"),
        (("extends",), "terraform/default"),
        (("extends",), ["terraform"]),
        (("extends",), ["a/b", "a/b"]),
        (("mode",), "loud"),
        (("mode",), None),
        (("modes",), "off"),
        (("match", "files"), "infra/**"),
        (("match", "file"), ["a"]),
        (("files", "special"), ["pictures"]),
        (("authors", "allow"), ["a b"]),
        (("authors", "allow"), ["@team"]),
        (("labels", "require"), [1]),
        (("labels", "require"), [" "]),
        (("checks", "require", 0, "app"), "status/"),
        (("checks", "require", 0), "test"),
        (("size", "files"), 0),
        (("size", "files"), 1.5),
        (("size", "files"), True),
        (("forks", "allow"), "no"),
        (("rules", 0, "id"), "A"),
        (("rules", 0, "use"), "plan-actions"),
        (("relax", "allow"), ["everything"]),
        (("relax", "max_exposure"), 10),
        (("relax", "max_exposure"), "10"),
        (("merge", "method"), "ff"),
        (("watch", "rollback"), False),
        (("examples", 0, "change", "file"), []),
        (("examples", 0, "change", "files"), [1]),
        (("examples", 0, "change", "checks"), [{"state": "failure"}]),
        (("examples", 0, "expect"), "pass"),
    ],
)
def test_both_refuse_the_same(path: tuple[str | int, ...], value: object) -> None:
    data = replaced(path, value)
    assert not loads(data)
    assert not VALID(data)


def test_both_need_what_is_required() -> None:
    for key in ("version", "scenario"):
        data = {k: v for k, v in GOOD.items() if k != key}
        assert not loads(data)
        assert not VALID(data)
    assert loads({"version": 1, "scenario": "a"})
    assert VALID({"version": 1, "scenario": "a"})


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 3), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "a", "off", "10s", "a/b", "@a/b", "**", "1"]),
    st.lists(st.sampled_from(["a", "modes", 1]), max_size=2),
    st.dictionaries(st.sampled_from(["files", "name", "x"]), st.sampled_from(["a", 1, []]), max_size=2),
)  # fmt: skip
PLACES = st.sampled_from([tuple(k.replace("[]", ".0").split(".")) for k in keys()])


@given(PLACES, ODD)
def test_the_schema_refuses_nothing_that_the_loader_takes(place: tuple[str, ...], value: object) -> None:
    path = tuple(int(p) if p == "0" else p for p in place)
    try:
        data = replaced(path, value)
    except (KeyError, IndexError, TypeError):
        return
    if loads(data):
        assert VALID(data), value


def test_every_key_has_a_text_for_hovering() -> None:
    for name, definition in {"": SCHEMA, **SCHEMA["$defs"]}.items():
        for key, shape in definition["properties"].items():
            assert shape.get("description"), (name, key)
