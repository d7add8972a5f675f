"""What titles claim, and when they lie."""

from __future__ import annotations

from typing import Any

import pytest

from bascule_deps.titles import claim, lies


@pytest.mark.parametrize(
    ("title", "form", "names", "before", "after"),
    [
        ("Bump lodash from 4.17.20 to 4.17.21", "one", ("lodash",), "4.17.20", "4.17.21"),
        ("chore(deps): bump @types/node from 18.0.0 to 20.1.0 in /w (#1)", "one", ("@types/node",), "18.0.0", "20.1.0"),
        ("build(deps)!: bump golang.org/x/net from 0.1.0 to 0.2.0", "one", ("golang.org/x/net",), "0.1.0", "0.2.0"),
        ("Update dependency lodash to v4", "one", ("lodash",), "", "v4"),
        ("fix(deps): update module github.com/a/b to v1.2.3 [security]", "one", ("github.com/a/b",), "", "v1.2.3"),
        ("Update actions/checkout action to v4.1.0", "one", ("actions/checkout",), "", "v4.1.0"),
        ("[chart] Update quay.io/a/b Docker tag to v0.20.2", "one", ("quay.io/a/b",), "", "v0.20.2"),
        ("⬆️ Bump isort to v5.12.0", "one", ("isort",), "", "v5.12.0"),
        ("Update babel monorepo to v7.23.0 (minor)", "monorepo", ("babel",), "", "v7.23.0"),
        ("Bump send and express", "list", ("send", "express"), "", ""),
        ("Bump a, b and c in /web", "list", ("a", "b", "c"), "", ""),
        ("chore(deps): bump the github-actions group with 8 updates", "group", (), "", ""),
        ("Bump the dev group across 2 directories with 3 updates", "group", (), "", ""),
        ("chore(deps): lock file maintenance", "lockfile", (), "", ""),
        ("Update all non-major dependencies", "all", (), "", ""),
        ("[pre-commit.ci] pre-commit autoupdate", "all", (), "", ""),
    ],
)  # fmt: skip
def test_the_usual_forms(title: str, form: str, names: tuple[str, ...], before: str, after: str) -> None:
    said = claim(title)
    assert said is not None
    assert (said.form, said.names, said.before, said.after) == (form, names, before, after)


@pytest.mark.parametrize("title", ["Fix the checkout", "Improve docs", "", "Bumpy ride", "wip"])
def test_other_titles_claim_nothing(title: str) -> None:
    assert claim(title) is None


def moved(name: str, before: str, after: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "before": before, "after": after, "lock": False, "direct": True, "file": "package.json",
            "level": "patch", **more}  # fmt: skip


def said(title: str, *updates: dict[str, Any]) -> list[str]:
    found = claim(title)
    assert found is not None
    return lies(found, list(updates))


LODASH = moved("lodash", "^4.17.20", "^4.17.21")
LOCKED = moved("lodash", "4.17.20", "4.17.21", lock=True, file="package-lock.json")


def test_a_true_title() -> None:
    below = moved("deep", "1.0.0", "1.0.1", lock=True, direct=False)
    assert said("Bump lodash from 4.17.20 to 4.17.21", LODASH, LOCKED, below) == []
    assert said("Update dependency lodash to v4", LODASH, LOCKED) == []
    assert said("Update dependency lodash to v4.17.21", LOCKED) == []
    assert said("Bump the x group with 2 updates", LODASH, moved("b", "1", "2")) == []
    assert said("lock file maintenance", LOCKED) == []
    assert said("Update org/app to v0.83.0", moved("chart#appVersion", "0.82.0", "v0.83.0")) == []


def test_titles_that_lie() -> None:
    title = "Bump lodash from 4.17.20 to 4.17.21"
    assert said(title, moved("lodahs", "1.0.0", "1.0.1")) == ["lodash does not move; lodahs does", "lodahs moves, too"]
    assert said(title, moved("lodash", "4.17.20", "5.0.0")) == ["lodash moves to 5.0.0 in package.json"]
    assert said(title, moved("lodash", "4.17.19", "4.17.21")) == ["lodash comes from 4.17.19 in package.json"]
    assert said(title, LODASH, moved("left-pad", "1", "2")) == ["left-pad moves, too"]
    assert said(title) == ["no dependency moves at all"]
    assert said("Update dependency lodash to v4.17.2", LODASH) == ["lodash moves to ^4.17.21 in package.json"]
    assert said("Bump the x group with 1 update", LODASH) == []
    assert said("Bump the x group with 2 updates", LODASH, moved("b", "1", "2"), moved("c", "1", "2")) == [
        "3 packages move: lodash, b, c"
    ]
    assert said("lock file maintenance", LODASH) == ["lodash moves in package.json, which is no lockfile"]
    assert said("Update org/app to v0.83.0", moved("chart#appVersion", "0.82.0", "1.0.0"))
