"""Each ecosystem's files, before and after, as the bots write them: what moves, and what is seen beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bascule.testing import Bench

RULES = [{"use": "deps/level", "max": "minor"}]
SHA1, SHA2 = "a" * 40, "b" * 40


def read(tmp_path: Path, path: str, before: str, after: str) -> tuple[list[tuple[str, str, str, str]], list[str]]:
    """Return (name, before, after, level) of each update, and the kinds of the other edits."""
    outcome = Bench("deps", tmp_path).run({path: before}, {path: after}, RULES)
    data: dict[str, Any] = dict(outcome.proof("deps/changes").data)
    assert data["unread"] == {}
    updates = [(u["name"], u["before"], u["after"], u["level"]) for u in data["updates"]]
    return updates, [o["kind"] for o in data["others"]]


def lock(**packages: dict[str, Any]) -> str:
    nodes = {f"node_modules/{n}": p for n, p in packages.items()}
    return json.dumps({"lockfileVersion": 3, "packages": {"": {"dependencies": {"a": "^1"}}, **nodes}})


YARN = """# yarn lockfile v1


"@s/a@^1.0.0", "@s/a@^1.1.0":
  version "{0}"
  resolved "https://registry.example/@s/a/-/a-{0}.tgz#{1}"
  integrity sha512-{1}
"""
BERRY = """__metadata:
  version: 8

"a@npm:^1.0.0":
  version: {0}
  resolution: "a@npm:{0}"
  checksum: {1}
  languageName: node
  linkType: hard

"shop@workspace:.":
  version: 0.0.0-use.local
  resolution: "shop@workspace:."
  languageName: unknown
  linkType: soft
"""
PNPM = """lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      a: {{specifier: ^1.0.0, version: {0}}}
packages:
  a@{0}:
    resolution: {{integrity: sha512-{1}}}
snapshots:
  a@{0}: {{}}
"""
POETRY = """[[package]]
name = "Requests"
version = "{0}"
files = [{{file = "r.whl", hash = "sha256:{1}"}}]

[metadata]
python-versions = "^3.11"
content-hash = "{1}"
"""
UV = """version = 1
[[package]]
name = "requests"
version = "{0}"
source = {{ registry = "https://index.example/simple" }}
sdist = {{ url = "https://files.example/r-{0}.tar.gz", hash = "sha256:{1}" }}

[[package]]
name = "shop"
source = {{ editable = "." }}
"""
CARGO = """version = 3
[[package]]
name = "serde"
version = "{0}"
source = "registry+https://index.example/crates"
checksum = "{1}"
"""
GO = """module example.com/shop

go 1.22

require (
\tgolang.org/x/net v{0}
\tgithub.com/a/b v1.0.0 // indirect
)
"""
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <properties><netty.version>4.1.{0}</netty.version></properties>
  <dependencies><dependency><groupId>org.a</groupId><artifactId>b</artifactId><version>1.{0}.0</version></dependency>
  </dependencies></project>
"""
CHART = """name: a
version: 1.0.0
dependencies:
- {{name: redis, version: {0}, repository: "https://c.example"}}
"""
PROVIDER = """provider "registry.example/hashicorp/aws" {{
  version = "{0}"
  hashes = [
    "h1:{1}",
  ]
}}
"""
CATALOG = """[versions]
kotlin = "{0}"
[libraries]
x = {{ module = "a:b", version.ref = "kotlin" }}
"""
GEM = """GEM
  remote: https://gems.example/
  specs:
    rack (2.2.{0})
      webrick

DEPENDENCIES
  rack
"""


@pytest.mark.parametrize(
    ("path", "template", "before", "after", "expected"),
    [
        ("yarn.lock", YARN, ("1.1.0", "x"), ("1.2.0", "y"), [("@s/a", "1.1.0", "1.2.0", "minor")]),
        ("yarn.lock", BERRY, ("1.1.0", "x"), ("1.1.1", "y"), [("a", "1.1.0", "1.1.1", "patch")]),
        ("pnpm-lock.yaml", PNPM, ("1.1.0", "x"), ("1.1.1", "y"), [("a", "1.1.0", "1.1.1", "patch")]),
        ("poetry.lock", POETRY, ("2.31.0", "x"), ("2.32.0", "y"), [("requests", "2.31.0", "2.32.0", "minor")]),
        ("uv.lock", UV, ("2.31.0", "x"), ("3.0.0", "y"), [("requests", "2.31.0", "3.0.0", "major")]),
        ("Cargo.lock", CARGO, ("1.0.1", "x"), ("1.0.2", "y"), [("serde", "1.0.1", "1.0.2", "patch")]),
        ("go.mod", GO, ("0.1.0",), ("0.2.0",), [("golang.org/x/net", "v0.1.0", "v0.2.0", "minor")]),
        ("Gemfile.lock", GEM, ("8",), ("9",), [("rack", "2.2.8", "2.2.9", "patch")]),
        ("pom.xml", POM, ("8",), ("9",),
         [("netty.version", "4.1.8", "4.1.9", "patch"), ("org.a:b", "1.8.0", "1.9.0", "minor")]),
        ("requirements.txt", "requests=={0} --hash=sha256:{1}\n", ("2.0", "x"), ("2.1", "y"),
         [("requests", "2.0", "2.1", "minor")]),
        ("requirements/dev.in", "-r base.in\nDjango~={0}  # web\n", ("4.1",), ("4.2",),
         [("django", "~=4.1", "~=4.2", "minor")]),
        ("pyproject.toml", '[project]\nname="a"\ndependencies=["x>={0},<9"]\n', ("1.0",), ("1.0.1",),
         [("x", "<9,>=1.0", "<9,>=1.0.1", "patch")]),
        ("pyproject.toml", '[tool.poetry.group.dev.dependencies]\npytest = "^{0}"\n', ("7.0",), ("8.0",),
         [("pytest", "^7.0", "^8.0", "major")]),
        ("Cargo.toml", '[dependencies]\nserde = {{ version = "{0}", features = ["x"] }}\n', ("1.0.1",), ("1.1.0",),
         [("serde", "1.0.1", "1.1.0", "minor")]),
        ("Dockerfile", "FROM python:{0}-slim AS base\nRUN pip install .\nFROM base\n", ("3.11",), ("3.12",),
         [("python", "3.11-slim", "3.12-slim", "minor")]),
        ("Dockerfile", "FROM python:3.11@sha256:{0}\n", (SHA1,), (SHA2,), [("python", SHA1[:12], SHA2[:12], "digest")]),
        ("compose.yaml", "services:\n  db:\n    image: postgres:{0}  # db\n", ("15.1",), ("15.2",),
         [("postgres", "15.1", "15.2", "minor")]),
        ("charts/a/Chart.yaml", CHART,
         ("17.1.0",), ("17.1.1",), [("redis", "17.1.0", "17.1.1", "patch")]),
        ("charts/a/values.yaml", "image:\n  registry: q.example\n  repository: a/b\n  tag: {0}\nreplicas: 1\n",
         ("v1.0.0",), ("v1.0.1",), [("q.example/a/b", "v1.0.0", "v1.0.1", "patch")]),
        (".pre-commit-config.yaml", "repos:\n- repo: https://g.example/a\n  rev: {0}\n  hooks: [{{id: x}}]\n",
         ("v1.0.0",), ("v2.0.0",), [("https://g.example/a", "v1.0.0", "v2.0.0", "major")]),
        ("action.yml", "runs:\n  steps:\n    - uses: actions/cache@{0} # v{1}\n", (SHA1, "3.1.0"), (SHA2, "3.2.0"),
         [("actions/cache", "v3.1.0", "v3.2.0", "minor")]),
        (".terraform.lock.hcl", PROVIDER,
         ("5.0.0", "x"), ("5.1.0", "y"), [("hashicorp/aws", "5.0.0", "5.1.0", "minor")]),
        ("gradle/libs.versions.toml", CATALOG,
         ("1.9.0",), ("1.9.10",), [("kotlin", "1.9.0", "1.9.10", "patch")]),
        ("Directory.Packages.props", '<Project>\n<PackageVersion Include="A.B" Version="{0}" />\n</Project>\n',
         ("6.0.1",), ("6.0.2",), [("A.B", "6.0.1", "6.0.2", "patch")]),
    ],
)  # fmt: skip
def test_a_plain_update(
    tmp_path: Path, path: str, template: str, before: tuple[str, ...], after: tuple[str, ...],
    expected: list[tuple[str, str, str, str]],
) -> None:  # fmt: skip
    updates, others = read(tmp_path, path, template.format(*before), template.format(*after))
    assert sorted(updates) == sorted(expected)
    assert others == []


def test_npm_manifest_and_lockfile(tmp_path: Path) -> None:
    before = {"package.json": '{"dependencies": {"a": "^1.0.0"}, "devDependencies": {"d": "~2.1.0"}}',
              "package-lock.json": lock(a={"version": "1.0.0", "integrity": "x"}, b={"version": "1.0.0"})}  # fmt: skip
    after = {"package.json": '{"dependencies": {"a": "^1.1.0"}, "devDependencies": {"d": "~2.1.1"}}',
             "package-lock.json": lock(a={"version": "1.1.0", "integrity": "y"}, b={"version": "2.0.0"})}  # fmt: skip
    data = Bench("deps", tmp_path).run(before, after, RULES).proof("deps/changes").data
    found = {(u["file"], u["name"]): (u["level"], u["direct"], u["dev"]) for u in data["updates"]}
    assert found == {
        ("package.json", "a"): ("minor", True, False),
        ("package.json", "d"): ("patch", True, True),
        ("package-lock.json", "a"): ("minor", True, False),
        ("package-lock.json", "b"): ("major", False, False),
    }
    assert (data["manifests"], data["locks"], data["others"]) == (["package.json"], ["package-lock.json"], [])


def test_a_second_copy_of_a_package_is_no_new_package(tmp_path: Path) -> None:
    before = lock(a={"version": "1.0.0"})
    after = lock(**{"a": {"version": "1.0.0"}, "b/node_modules/a": {"version": "2.0.0"}})
    updates, _ = read(tmp_path, "package-lock.json", before, after)
    assert updates == [("a", "1.0.0", "2.0.0", "major")]


def test_a_package_that_moves_in_the_tree_does_not_move(tmp_path: Path) -> None:
    before = lock(**{"b/node_modules/a": {"version": "1.0.0", "integrity": "x"}})
    updates, others = read(tmp_path, "package-lock.json", before, lock(a={"version": "1.0.0", "integrity": "x"}))
    assert (updates, others) == ([], [])


def test_where_only_the_lockfile_moves_its_manifest_says_what_is_asked_for(tmp_path: Path) -> None:
    manifest = '[project]\nname = "a"\ndependencies = ["Requests>=2"]\n'
    more = '[[package]]\nname = "idna"\nversion = "{0}"\n'
    before = {"pyproject.toml": manifest, "poetry.lock": POETRY.format("2.31.0", "x") + more.format("3.0")}
    after = {"poetry.lock": POETRY.format("2.32.0", "y") + more.format("4.0")}
    data = Bench("deps", tmp_path).run(before, after, RULES).proof("deps/changes").data
    assert {u["name"]: u["direct"] for u in data["updates"]} == {"requests": True, "idna": False}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("package.json", "{"), ("package.json", '{"dependencies": []}'), ("package.json", '{"a": 1, "a": 2}'),
        ("package-lock.json", "[]"), ("yarn.lock", "<<<<<<< HEAD\nx\n"), ("pnpm-lock.yaml", "a: 1\na: 2\n"),
        ("poetry.lock", "[[package"), ("Cargo.toml", "= 1"), ("go.mod", "require (\nnonsense\n)\n"),
        ("go.sum", "one two"),
        ("pom.xml", '<!DOCTYPE x [<!ENTITY a "b">]><project/>'), ("pom.xml", "<project>"),
        ("composer.lock", "nope"), (".terraform.lock.hcl", 'provider "a/b/c" {\n}\n'), ("Chart.yaml", "a: ["),
    ],
)  # fmt: skip
def test_what_cannot_be_read_blocks_and_is_named(tmp_path: Path, path: str, text: str) -> None:
    outcome = Bench("deps", tmp_path).run({"x": "x"}, {path: text}, RULES)
    check = outcome.blocked_by("level")
    assert f"`{path}` cannot be read: " in check.found
    assert check.paths == (path,)


def test_bytes_that_are_no_text_block(tmp_path: Path) -> None:
    outcome = Bench("deps", tmp_path).run({"package.json": "{}"}, {"package.json": b"\xff\xfe{}"}, RULES)
    assert "not UTF-8" in outcome.blocked_by("level").found
