"""Each rule lets pass what it should and says why it stops the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bascule.testing import Bench, Outcome
from bascule.types import Status


def manifest(dependencies: dict[str, str] | None = None, **more: Any) -> str:
    return json.dumps({"name": "shop", "dependencies": dependencies or {"a": "^1.0.0"}, **more})


def lock(version: str = "1.0.0", **more: Any) -> str:
    entry = {"version": version, "resolved": f"https://r.example/a/-/a-{version}.tgz", "integrity": "sha512-x", **more}
    return json.dumps({"lockfileVersion": 3, "packages": {"": {}, "node_modules/a": entry}})


def ran(
    tmp_path: Path, rule: dict[str, Any], before: dict[str, str], after: dict[str, str | None], **change: Any
) -> Outcome:
    return Bench("deps", tmp_path).run(before, after, [rule], **change)


def bumped(tmp_path: Path, old: str, new: str, **rule: Any) -> Outcome:
    rule = {"use": "deps/level", "max": "minor", **rule}
    return ran(tmp_path, rule, {"package.json": manifest({"a": old})}, {"package.json": manifest({"a": new})})


@pytest.mark.parametrize(
    ("old", "new", "rule", "passes"),
    [
        ("^1.0.0", "^1.0.1", {"max": "patch"}, True),
        ("^1.0.0", "^1.1.0", {"max": "patch"}, False),
        ("^1.0.0", "^2.0.0", {"max": "major"}, True),
        ("^0.2.0", "^0.3.0", {}, False),
        ("^0.2.0", "^0.2.1", {"max": "patch"}, True),
        ("^0.0.2", "^0.0.3", {}, False),
        ("^0.2.0", "^0.3.0", {"zero": "loose"}, True),
        ("^1.1.0", "^1.0.0", {}, False),
        ("^1.1.0", "^1.0.0", {"downgrades": True}, True),
        ("^1.0.0", "^1.1.0-rc.1", {}, False),
        ("^1.0.0", "^1.1.0-rc.1", {"prereleases": True}, True),
        ("^1.0.0", "*", {"max": "major"}, False),
        ("^1.0.0", "latest", {"max": "major"}, False),
        ("^1.0.0", "^2.0.0", {"overrides": [{"names": ["a*"], "ecosystems": ["npm"], "max": "major"}]}, True),
        ("^1.0.0", "^1.1.0", {"overrides": [{"names": ["a"], "max": "patch"}]}, False),
        ("^1.0.0", "^2.0.0", {"overrides": [{"ecosystems": ["cargo"], "max": "major"}]}, False),
    ],
)  # fmt: skip
def test_level(tmp_path: Path, old: str, new: str, rule: dict[str, Any], passes: bool) -> None:
    outcome = bumped(tmp_path, old, new, **rule)
    if passes:
        assert outcome.status is Status.ALLOW, str(outcome)
        return
    check = outcome.blocked_by("level")
    assert f"a {old} → {new}" in check.found or f"a {new}" in check.found
    assert check.paths == ("package.json",)


def test_level_before_one_says_why(tmp_path: Path) -> None:
    found = bumped(tmp_path, "^0.2.0", "^0.3.0").blocked_by("level").found
    assert "is a minor step (package.json), and before 1.0 that is a major step" in found


def test_level_of_what_nobody_asks_for(tmp_path: Path) -> None:
    before = {"package.json": manifest({"b": "^1"}), "package-lock.json": lock("1.0.0")}
    after: dict[str, str | None] = {"package-lock.json": lock("2.0.0")}
    rule = {"use": "deps/level", "max": "patch", "transitive": "major"}
    assert ran(tmp_path, rule, before, after).status is Status.ALLOW
    (tmp_path / "again").mkdir()
    check = ran(tmp_path / "again", {**rule, "transitive": "minor"}, before, after).blocked_by("level")
    assert "a 1.0.0 → 2.0.0 is a major step (package-lock.json)" in check.found


def test_known_packages_pass(tmp_path: Path) -> None:
    after: dict[str, str | None] = {
        "package.json": manifest({"a": "^1.1.0"}),
        "package-lock.json": lock("1.1.0", integrity="y"),
    }
    outcome = ran(tmp_path, {"use": "deps/known"}, {"package.json": manifest(), "package-lock.json": lock()}, after)
    assert outcome.status is Status.ALLOW, str(outcome)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({"package.json": manifest({"a": "^1.0.0", "b": "^1.0.0"})}, "b ^1.0.0 is new"),
        ({"package.json": manifest({"a": "git+https://g.example/a.git#main"})}, "a comes from a git address"),
        ({"package.json": manifest({"a": "someone/a"})}, "a comes from a git address"),
        ({"package.json": manifest({"a": "https://e.example/a.tgz"})}, "a comes from a url address"),
        ({"package.json": manifest({"a": "npm:evil@^1.0.0"})}, "a comes from a alias address"),
        ({"package.json": manifest(scripts={"postinstall": "node x"})}, "`scripts` is new"),
        ({"package.json": manifest(overrides={"b": "1"})}, "`overrides` is new"),
        ({"package-lock.json": lock("1.0.1", hasInstallScript=True)}, "a runs code when it is installed"),
        ({"package-lock.json": lock("1.0.1", resolved="https://evil.example/a/-/a-1.0.1.tgz")},
         "a is fetched from another place: r.example → evil.example"),
        ({"package-lock.json": lock("1.0.0", integrity="sha512-other")}, "another content under the same version"),
        ({"package-lock.json": lock("1.0.1", integrity="")}, "is no longer pinned to its content"),
        ({"package-lock.json": lock("1.0.1", resolved="git+ssh://git@g.example/a#1")}, "a comes from a git address"),
        ({"go.mod": "module m\n\nrequire x.example/y v1.0.0\n\nreplace x.example/y => ../y\n"}, "replace x.example/y"),
        ({"requirements.txt": "--index-url https://evil.example\na==1.0\n"}, "--index-url https://evil.example"),
    ],
)  # fmt: skip
def test_known_stops_what_comes_along(tmp_path: Path, after: dict[str, str | None], said: str) -> None:
    before = {"package.json": manifest(), "package-lock.json": lock(), "requirements.txt": "a==1.0\n",
              "go.mod": "module m\n\nrequire x.example/y v1.0.0\n"}  # fmt: skip
    assert said in ran(tmp_path, {"use": "deps/known"}, before, after).blocked_by("known").found


def test_known_takes_exceptions(tmp_path: Path) -> None:
    before = {"package.json": manifest()}
    after: dict[str, str | None] = {"package.json": manifest({"a": "^1.0.0", "@types/b": "^1.0.0"})}
    assert ran(tmp_path, {"use": "deps/known", "allow": ["@types/*"]}, before, after).status is Status.ALLOW


def test_a_commit_under_another_version_is_a_lie(tmp_path: Path) -> None:
    step = "runs:\n  steps:\n    - uses: actions/cache@{0} # v{1}\n"
    outcome = ran(
        tmp_path, {"use": "deps/known"}, {"action.yml": step.format("a" * 40, "3.1.0")},
        {"action.yml": step.format("b" * 40, "3.1.0")},
    )  # fmt: skip
    assert "another content under the same version" in outcome.blocked_by("known").found


def test_lockfiles_only(tmp_path: Path) -> None:
    rule = {"use": "deps/lockfile-only"}
    before = {"package.json": manifest(), "package-lock.json": lock(), "src/a.js": "1"}
    assert ran(tmp_path, rule, before, {"package-lock.json": lock("1.0.1")}).status is Status.ALLOW
    for at, path in enumerate(("package.json", "src/a.js")):
        folder = tmp_path / str(at)
        folder.mkdir()
        outcome = ran(folder, rule, before, {"package-lock.json": lock("1.0.1"), path: manifest({"a": "^1.0.1"})})
        assert f"`{path}` changes, which is no lockfile" in outcome.blocked_by("lockfile-only").found
        assert outcome.blocked_by("lockfile-only").paths == (path,)


def test_nothing_else(tmp_path: Path) -> None:
    rule = {"use": "deps/nothing-else"}
    before = {"package.json": manifest(version="1.0.0"), "src/a.js": "1"}
    fine: dict[str, str | None] = {"package.json": manifest({"a": "^1.1.0"}, version="1.0.0")}
    assert ran(tmp_path, rule, before, fine).status is Status.ALLOW
    moved: dict[str, str | None] = {"package.json": manifest({"a": "^1.1.0"}, version="1.0.1")}
    outcomes = []
    for at, (more, after) in enumerate(
        [({}, moved), ({"own-version": "allow"}, moved), ({}, {**fine, "src/a.js": "2"})]
    ):
        folder = tmp_path / str(at)
        folder.mkdir()
        outcomes.append(ran(folder, {**rule, **more}, before, after))
    assert "`version` changed: 1.0.0 → 1.0.1" in outcomes[0].blocked_by("nothing-else").found
    assert outcomes[1].status is Status.ALLOW
    assert outcomes[2].blocked_by("nothing-else").found == "`src/a.js`"


def test_titles(tmp_path: Path) -> None:
    rule = {"use": "deps/title-matches"}
    before, after = {"package.json": manifest()}, {"package.json": manifest({"a": "^1.1.0"})}

    def titled(title: str, **more: Any) -> Outcome:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        return ran(folder, {**rule, **more}, before, dict(after), title=title)

    assert titled("Bump a from 1.0.0 to 1.1.0").status is Status.ALLOW
    assert "but b does not move; a does" in titled("Bump b from 1.0.0 to 1.1.0").blocked_by("title-matches").found
    assert "does not say what moves" in titled("Tidy up").blocked_by("title-matches").found
    assert titled("Tidy up", unparsable="allow").status is Status.ALLOW


def test_a_change_without_dependencies_has_nothing_to_judge(tmp_path: Path) -> None:
    rules = [{"use": f"deps/{name}", **({"max": "patch"} if name == "level" else {})} for name in ("level", "known")]
    outcome = Bench("deps", tmp_path).run({"a.txt": "1"}, {"a.txt": "2"}, rules)
    assert outcome.status is Status.ALLOW
    assert all("no dependency moves" in c.found for c in outcome.checks)
