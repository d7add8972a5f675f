"""Formats where a plain update is not the whole story: go.sum, .tf, build.gradle, both halves of a package-lock."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bascule.testing import Bench, Outcome
from bascule.types import Status

RULES = [
    {"use": "deps/level", "max": "minor", "transitive": "major"},
    {"use": "deps/known", "transitive": "any"},
    {"use": "deps/nothing-else"},
]


def ran(tmp_path: Path, path: str, before: str, after: str, **change: Any) -> Outcome:
    return Bench("deps", tmp_path).run({path: before}, {path: after}, RULES, **change)


def moved(outcome: Outcome) -> list[tuple[str, str, str, str]]:
    data = outcome.proof("deps/changes").data
    assert data["unread"] == {}
    return sorted((u["name"], u["before"], u["after"], u["level"]) for u in data["updates"])


# -- Go ----------------------------------------------------------------------------------------------------------------

MOD = "module m\n\ngo 1.22\n\nrequire github.com/acme/a v{0}\n\nrequire github.com/acme/b v{1} // indirect\n"
SUM = "github.com/acme/a v{0} h1:{1}=\ngithub.com/acme/a v{0}/go.mod h1:{1}m=\ngithub.com/acme/c v1.0.0/go.mod h1:c=\n"


def test_go_moves_in_its_mod_and_not_in_its_sum(tmp_path: Path) -> None:
    outcome = Bench("deps", tmp_path).run(
        {"go.mod": MOD.format("1.0.0", "0.1.0"), "go.sum": SUM.format("1.0.0", "x")},
        {"go.mod": MOD.format("1.1.0", "0.3.0"), "go.sum": SUM.format("1.1.0", "y") + "new.example/d v1.0.0 h1:d=\n"},
        [*RULES, {"use": "deps/title-matches"}],
        title="chore(deps): bump github.com/acme/a from 1.0.0 to 1.1.0",
    )
    assert outcome.status is Status.ALLOW, str(outcome)
    assert moved(outcome) == [
        ("github.com/acme/a", "v1.0.0", "v1.1.0", "minor"), ("github.com/acme/b", "v0.1.0", "v0.3.0", "minor"),
    ]  # fmt: skip


def test_a_hash_of_go_sum_that_changes_under_its_version_blocks(tmp_path: Path) -> None:
    check = ran(tmp_path, "go.sum", SUM.format("1.0.0", "x"), SUM.format("1.0.0", "y")).blocked_by("known")
    assert "github.com/acme/a v1.0.0 has another content under the same version: h1:x= → h1:y= (go.sum)" in check.found


def test_two_hashes_of_one_version_cannot_be_read(tmp_path: Path) -> None:
    twice = SUM.format("1.0.0", "x") + SUM.format("1.0.0", "y")
    assert "has two hashes" in ran(tmp_path, "go.sum", SUM.format("1.0.0", "x"), twice).blocked_by("known").found


def test_an_indirect_module_is_held_to_its_own_limit(tmp_path: Path) -> None:
    before, after = MOD.format("1.0.0", "1.0.0"), MOD.format("1.0.0", "2.0.0")
    assert ran(tmp_path, "go.mod", before, after).status is Status.ALLOW
    rule = [{"use": "deps/level", "max": "minor"}]
    (tmp_path / "again").mkdir()
    strict = Bench("deps", tmp_path / "again").run({"go.mod": before}, {"go.mod": after}, rule)
    assert "github.com/acme/b v1.0.0 → v2.0.0 is a major step" in strict.blocked_by("level").found


# -- Terraform ---------------------------------------------------------------------------------------------------------

TF = """terraform {{
  required_version = ">= 1.5"
  required_providers {{
    aws = {{
      source  = "hashicorp/aws"
      version = "{0}"  # kept by a bot
    }}
    tls = {{ source = "registry.example/hashicorp/tls", version = "{1}" }}
  }}
}}

module "vpc" {{
  source  = "terraform-aws-modules/vpc/aws"
  version = "{2}"
  name    = "main"
}}

module "dns" {{
  source = "git::https://git.example/acme/dns.git?ref={3}"
}}

resource "helm_release" "a" {{
  name    = "a"
  version = "{4}"
  values = [<<-EOT
    }}
    module "x" {{
    source = "acme/x/y"
    version = "1"
    }}
  EOT
  ]
}}
"""
OLD = ("~> 5.1", "4.0.1", "5.1.0", "v1.2.0", "1.0.0")


def test_providers_and_modules_move(tmp_path: Path) -> None:
    outcome = ran(tmp_path, "infra/main.tf", TF.format(*OLD), TF.format("~> 5.2", "4.0.2", "5.2.0", "v1.3.0", "1.0.0"))
    assert outcome.status is Status.ALLOW, str(outcome)
    assert moved(outcome) == [
        ("git::https://git.example/acme/dns.git", "v1.2.0", "v1.3.0", "minor"),
        ("hashicorp/aws", "~> 5.1", "~> 5.2", "minor"),
        ("hashicorp/tls", "4.0.1", "4.0.2", "patch"),
        ("terraform-aws-modules/vpc/aws", "5.1.0", "5.2.0", "minor"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "rule", "said"),
    [
        ('"{4}"', '"2.0.0"', "nothing-else", 'the line `version = "2.0.0"` is new'),
        ('version = "1"\n', 'version = "2"\n', "nothing-else", 'the line `version = "2"` is new'),
        ('">= 1.5"', '">= 1.9"', "nothing-else", 'the line `required_version = ">= 1.9"` is new'),
        ('name    = "main"', 'name    = "other"', "nothing-else", 'the line `name    = "other"` is new'),
        ('"hashicorp/aws"', '"evil/aws"', "known", "evil/aws ~> 5.1 is new"),
        ('"terraform-aws-modules/vpc/aws"', '"evil/vpc/aws"', "known", "evil/vpc/aws 5.1.0 is new"),
        ("git.example/acme/dns", "git.example/evil/dns", "known", "git.example/evil/dns.git v1.2.0 is new"),
        ('"~> 5.1"', '">= 5.1, < 7"', "level", "is a step that cannot be told"),
        ('"~> 5.1"', '"~> 6.0"', "level", "is a major step"),
    ],
)  # fmt: skip
def test_anything_else_in_a_configuration_blocks(tmp_path: Path, old: str, new: str, rule: str, said: str) -> None:
    before = TF.format(*OLD)
    old = old.format(*OLD)
    assert old in before
    check = ran(tmp_path, "main.tf", before, before.replace(old, new, 1)).blocked_by(rule)
    assert said in check.found


# -- Gradle ------------------------------------------------------------------------------------------------------------

GROOVY = """plugins {{
    id 'org.acme.plugin' version '{0}'
}}
repositories {{ mavenCentral() }}
dependencies {{
    implementation 'org.acme:a:{1}'
    testImplementation "org.acme:b:1.0.0@aar"
    implementation "org.acme:c:$version"
}}
"""
KOTLIN = """plugins {{
    kotlin("jvm") version "{0}"
    id("org.acme.plugin") version "1.0.0"
}}
dependencies {{
    implementation("org.acme:a:{1}")
}}
"""


@pytest.mark.parametrize(
    ("path", "template", "plugin"),
    [
        ("build.gradle", GROOVY, "org.acme.plugin:org.acme.plugin.gradle.plugin"),
        ("app/build.gradle.kts", KOTLIN, "org.jetbrains.kotlin.jvm:org.jetbrains.kotlin.jvm.gradle.plugin"),
    ],
)
def test_coordinates_of_build_scripts(tmp_path: Path, path: str, template: str, plugin: str) -> None:
    outcome = ran(tmp_path, path, template.format("1.0.0", "2.0.0"), template.format("1.0.1", "2.1.0"))
    assert outcome.status is Status.ALLOW, str(outcome)
    assert set(moved(outcome)) == {("org.acme:a", "2.0.0", "2.1.0", "minor"), (plugin, "1.0.0", "1.0.1", "patch")}


@pytest.mark.parametrize(
    ("old", "new", "rule", "said"),
    [
        ("mavenCentral()", "maven { url 'https://evil.example' }", "nothing-else", "evil.example"),
        ("'org.acme:a:2.0.0'", "'org.evil:a:2.0.0'", "known", "org.evil:a 2.0.0 is new"),
        ("'org.acme:a:2.0.0'", "'org.acme:a:2.+'", "level", "is a step that cannot be told"),
        ("implementation 'org", "api 'org", "nothing-else", "api 'org.acme:a:…'` is new"),
        ('c:$version"', 'c:$other"', "nothing-else", "c:$other"),
        ("dependencies {", "dependencies { println 1", "nothing-else", "println 1"),
    ],
)
def test_the_rest_of_a_build_script_is_code(tmp_path: Path, old: str, new: str, rule: str, said: str) -> None:
    before = GROOVY.format("1.0.0", "2.0.0")
    assert old in before
    assert said in ran(tmp_path, "build.gradle", before, before.replace(old, new, 1)).blocked_by(rule).found


# -- npm's lockfile, version 2 -----------------------------------------------------------------------------------------


def twice(above: str, below: str, address: str = "r.example", digest: str = "x") -> str:
    def entry(version: str, host: str, integrity: str) -> dict[str, str]:
        return {
            "version": version, "resolved": f"https://{host}/a/-/a-{version}.tgz", "integrity": f"sha512-{integrity}",
        }  # fmt: skip

    return json.dumps({
        "lockfileVersion": 2, "packages": {"": {}, "node_modules/a": entry(above, "r.example", "x")},
        "dependencies": {"a": entry(below, address, digest)},
    })  # fmt: skip


def test_both_halves_of_a_lockfile_that_agree_are_one_update(tmp_path: Path) -> None:
    outcome = ran(tmp_path, "package-lock.json", twice("1.0.0", "1.0.0"), twice("1.1.0", "1.1.0"))
    assert moved(outcome) == [("a", "1.0.0", "1.1.0", "minor")]
    assert outcome.status is Status.ALLOW, str(outcome)


@pytest.mark.parametrize(
    "after",
    [twice("1.1.0", "9.9.9"), twice("1.1.0", "1.1.0", address="evil.example"), twice("1.1.0", "1.1.0", digest="evil")],
)
def test_what_only_npm_6_would_install_is_not_hidden(tmp_path: Path, after: str) -> None:
    check = ran(tmp_path, "package-lock.json", twice("1.0.0", "1.0.0"), after).blocked_by("nothing-else")
    assert "`contradictions" in check.found


# -- copies ------------------------------------------------------------------------------------------------------------


def copies(*versions: str) -> str:
    packages = {f"node_modules/x{at}/node_modules/a": {"version": v} for at, v in enumerate(versions)}
    return json.dumps({"lockfileVersion": 3, "packages": {"": {}, **packages}})


@pytest.mark.parametrize(
    ("before", "after", "strict"),
    [
        (("1.0.0",), ("1.0.0", "1.1.0"), "a 1.1.0 comes beside 1.0.0, a minor step (package-lock.json)"),
        (("2.0.0",), ("2.0.0", "1.9.0"), "a 1.9.0 comes beside 2.0.0, a major step (package-lock.json)"),
        (("9.0.0", "10.0.0"), ("9.0.0", "10.0.0", "10.0.1"), "a 10.0.1 comes beside 10.0.0, a patch step"),
        (("1.0.0",), ("1.0.0", "1.0.0"), ""),
        (("1.0.0", "1.0.0"), ("1.1.0", "1.1.0"), ""),
        (("1.0.0", "2.0.0"), ("2.0.0",), ""),
    ],
)
def test_a_version_beside_those_that_stay_is_new(
    tmp_path: Path, before: tuple[str, ...], after: tuple[str, ...], strict: str
) -> None:
    outcome = Bench("deps", tmp_path).run(
        {"package-lock.json": copies(*before)}, {"package-lock.json": copies(*after)}, [{"use": "deps/known"}]
    )
    if strict:
        assert strict in outcome.blocked_by("known").found
        assert ran(tmp_path, "package-lock.json", copies(*before), copies(*after)).status is Status.ALLOW
    else:
        assert outcome.status is Status.ALLOW, str(outcome)


# -- where things come from --------------------------------------------------------------------------------------------

POETRY = '[[package]]\nname = "a"\nversion = "1.0"\n[package.source]\ntype = "{0}"\nurl = "https://{1}/a"\n'
CARGO = '[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "{0}"\n'
PROVIDER = 'provider "{0}/hashicorp/aws" {{\n  version = "5.0.0"\n}}\n'
PROVIDER_NAME = 'provider "registry.example/{0}/aws" {{\n  version = "5.0.0"\n}}\n'
UV = """[[package]]
name = "a"
version = "1.0"
source = {{ registry = "https://i.example/simple" }}
wheels = [{{ url = "https://{0}/a.whl", hash = "sha256:a" }}]
"""
YARN = 'a@^1.0.0:\n  version "1.0.0"\n  resolved "https://r.example/{0}.tgz#f"\n  integrity sha512-x\n'
NPM = (
    '{{"lockfileVersion": 3, "packages": {{"node_modules/a": {{"version": "1.0.0", "integrity": "sha512-x",'
    '"resolved": "https://r.example/{0}.tgz"}}}}}}'
)
CHART = 'dependencies:\n- {{name: a, version: 1.0.0, repository: "https://{0}"}}\n'
REPO = "repos:\n- repo: https://{0}/a\n  rev: v1.0.0\n  hooks: [{{id: x}}]\n"
GEM = "{0}\n  remote: https://{1}/\n  specs:\n    a (1.0.0)\n\nDEPENDENCIES\n  a\n"


@pytest.mark.parametrize(
    ("path", "template", "before", "after", "said"),
    [
        ("Dockerfile", "FROM {0}\n", ("python:3.12",), ("evil.example/python:3.12",),
         "evil.example/python 3.12 is new"),
        ("Dockerfile", "FROM {0}/a:1.0\n", ("q.example",), ("evil.example",), "evil.example/a 1.0 is new"),
        ("compose.yaml", "services:\n  a:\n    image: {0}/a:1\n", ("acme",), ("evil",), "evil/a 1 is new"),
        ("values.yaml", "image: {{registry: {0}, repository: a, tag: '1'}}\n", ("q.example",), ("evil.example",),
         "evil.example/a 1 is new"),
        ("poetry.lock", POETRY, ("legacy", "i.example"), ("legacy", "evil.example"),
         "a is fetched from another place: i.example → evil.example"),
        ("poetry.lock", POETRY, ("legacy", "i.example"), ("git", "i.example"), "a comes from a git address"),
        ("Cargo.lock", CARGO, ("registry+https://i.example/x",), ("git+https://i.example/a#1",),
         "a comes from a git address"),
        ("Cargo.lock", CARGO, ("registry+https://i.example/x",), ("registry+https://evil.example/x",),
         "a is fetched from another place: i.example/x → evil.example/x"),
        ("Cargo.lock", CARGO, ("registry+https://g.example/acme/index",), ("registry+https://g.example/evil/index",),
         "a is fetched from another place: g.example/acme/index → g.example/evil/index"),
        (".terraform.lock.hcl", PROVIDER, ("registry.example",), ("evil.example",),
         "hashicorp/aws is fetched from another place: registry.example → evil.example"),
        (".terraform.lock.hcl", PROVIDER_NAME, ("hashicorp",), ("evil",), "evil/aws 5.0.0 is new"),
        ("uv.lock", UV, ("f.example",), ("evil.example",),
         "a is fetched from another place: f.example,i.example → evil.example,i.example"),
        ("yarn.lock", YARN, ("a/-/a-1.0.0",), ("b/-/b-1.0.0",), "a comes from a url address: registry → url"),
        ("yarn.lock", YARN, ("a/-/a-1.0.0",), ("a/-/a-0.9.0",), "a comes from a url address: registry → url"),
        ("package-lock.json", NPM, ("a/-/a-1.0.0",), ("b/-/b-1.0.0",), "a comes from a url address: registry → url"),
        ("Chart.yaml", CHART, ("c.example",), ("evil.example",), "a is fetched from another place"),
        (".pre-commit-config.yaml", REPO, ("g.example",), ("evil.example",), "https://evil.example/a v1.0.0 is new"),
        ("Gemfile.lock", GEM, ("GEM", "g.example"), ("GIT", "g.example"), "a comes from a git address"),
        ("pyproject.toml", '[project]\nname="x"\ndependencies=["{0}"]\n', ("a>=1",), ("a @ https://e.example/a.whl",),
         "a comes from a url address"),
        ("requirements.txt", "{0}\n", ("a==1.0",), ("git+https://e.example/a.git@v1",), "is new (requirements.txt)"),
        ("requirements.txt", "a==1.0\n{0}\n", ("",), ("--extra-index-url https://evil.example",),
         "--extra-index-url https://evil.example"),
        ("Cargo.toml", "[dependencies]\na = {0}\n", ('"1.0"',), ('{ git = "https://e.example/a" }',),
         "a comes from a git address"),
        ("package.json", '{{"dependencies": {{"a": "^1.0.0"}}, "pnpm": {0}}}', ("{}",),
         ('{"overrides": {"b": "1"}}',), "`pnpm.overrides` is new"),
    ],
)  # fmt: skip
def test_a_new_source_or_registry_blocks(
    tmp_path: Path, path: str, template: str, before: tuple[str, ...], after: tuple[str, ...], said: str
) -> None:
    check = ran(tmp_path, path, template.format(*before), template.format(*after)).blocked_by("known")
    assert said in check.found
    assert check.paths == (path,)
