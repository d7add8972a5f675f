"""The release-age rule, with registries that are real servers on the loopback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.deps.server import as_json, serving

from bascule.testing import Bench, Outcome, make_change, make_pack
from bascule.types import DryRunContext, Status

OLD, YOUNG = "2025-12-01T08:00:00Z", "2026-01-05T00:00:00Z"
"""The time of judging is 5 January 2026, 09:00 UTC."""
SHA1, SHA2 = "a" * 40, "b" * 40
NPM = ("package.json", '{{"dependencies": {{"a": "^{0}"}}}}')


def ran(
    tmp_path: Path, file: tuple[str, str], services: dict[str, str], *, versions: tuple[str, str] = ("1.0.0", "1.1.0"),
    inputs: dict[str, str] | None = None, **params: Any,
) -> Outcome:  # fmt: skip
    path, template = file
    bench = Bench("deps", tmp_path, services=services)
    rule = {"use": "deps/release-age", "min": "7d", **params}
    return bench.run(
        {path: template.format(versions[0])}, {path: template.format(versions[1])}, [rule], inputs=inputs or {}
    )


def npm(at: str, **more: Any) -> dict[str, Any]:
    return {"/a": {"name": "a", "versions": {"1.1.0": {}}, "time": {"1.1.0": at}, **more}}


def row(outcome: Outcome) -> dict[str, Any]:
    (found,) = outcome.proof("deps/releases").data["releases"]
    return dict(found)


LOCKED = """[[package]]
name = "a"
version = "{0}"
source = "registry+https://github.com/rust-lang/crates.io-index"
"""
GO = "module m\n\nrequire github.com/Acme/a v{0}\n"
POM = """<project><dependencies><dependency><groupId>org.acme</groupId><artifactId>a</artifactId>
<version>{0}</version></dependency></dependencies></project>"""
CATALOG = '[versions]\na = "{0}"\n[libraries]\nx = {{ module = "org.acme:a", version.ref = "a" }}\n'
GEM = "GEM\n  remote: https://gems.example/\n  specs:\n    a ({0})\n\nDEPENDENCIES\n  a\n"
COMPOSER = '{{"packages": [{{"name": "acme/a", "version": "v{0}", "source": {{"type": "git", "reference": "{0}"}}}}]}}'
PROPS = '<Project>\n<PackageVersion Include="Acme.A" Version="{0}" />\n</Project>\n'
PROVIDER = 'provider "registry.example/acme/a" {{\n  version = "{0}"\n  hashes = [\n    "h1:{0}",\n  ]\n}}\n'
STEP = "runs:\n  steps:\n    - uses: acme/a/sub@v{0}\n"
HOOK = "repos:\n- repo: https://github.com/acme/a\n  rev: v{0}\n  hooks: [{{id: x}}]\n"
MODIFIED = (200, {"Last-Modified": "Mon, 01 Dec 2025 08:00:00 GMT", "Content-Length": "0"}, b"")


@pytest.mark.parametrize(
    ("file", "service", "answers", "asked", "by"),
    [
        (NPM, "npm", npm(OLD), "GET /a", "registry"),
        (("package.json", '{{"dependencies": {{"@acme/a": "~{0}"}}}}'), "npm",
         {"/@acme%2Fa": {"versions": {"1.1.0": {}}, "time": {"1.1.0": OLD}}}, "GET /@acme%2Fa", "registry"),
        (("package.json", '{{"dependencies": {{"b": "npm:a@^{0}"}}}}'), "npm", npm(OLD), "GET /a", "registry"),
        (("requirements.txt", "a=={0}\n"), "pypi",
         {"/pypi/a/1.1.0/json": {"info": {}, "urls": [{"upload_time_iso_8601": OLD}]}},
         "GET /pypi/a/1.1.0/json", "registry"),
        (("Cargo.lock", LOCKED), "crates",
         {"/api/v1/crates/a/1.1.0": {"version": {"created_at": OLD, "yanked": False}}},
         "GET /api/v1/crates/a/1.1.0", "registry"),
        (("go.mod", GO), "go", {"/github.com/!acme/a/@v/v1.1.0.info": {"Version": "v1.1.0", "Time": OLD}},
         "GET /github.com/!acme/a/@v/v1.1.0.info", "commit"),
        (("pom.xml", POM), "maven", {"/org/acme/a/1.1.0/a-1.1.0.pom": MODIFIED},
         "HEAD /org/acme/a/1.1.0/a-1.1.0.pom", "registry"),
        (("gradle/libs.versions.toml", CATALOG), "maven", {"/org/acme/a/1.1.0/a-1.1.0.pom": MODIFIED},
         "HEAD /org/acme/a/1.1.0/a-1.1.0.pom", "registry"),
        (("Gemfile.lock", GEM), "rubygems",
         {"/api/v1/versions/a.json": [{"number": "1.1.0", "platform": "ruby", "created_at": OLD}]},
         "GET /api/v1/versions/a.json", "registry"),
        (("composer.lock", COMPOSER), "packagist",
         {"/p2/acme/a.json": {"packages": {"acme/a": [{"version": "v1.1.0", "time": OLD}]}}},
         "GET /p2/acme/a.json", "commit"),
        (("Directory.Packages.props", PROPS), "nuget",
         {"/v3/registration5-semver1/acme.a/1.1.0.json": {"published": OLD, "listed": True}},
         "GET /v3/registration5-semver1/acme.a/1.1.0.json", "registry"),
        (("Dockerfile", "FROM acme/a:{0}\n"), "dockerhub",
         {"/v2/repositories/acme/a/tags/1.1.0": {"tag_last_pushed": OLD}},
         "GET /v2/repositories/acme/a/tags/1.1.0", "registry"),
        (("Dockerfile", "FROM python:{0}-slim\n"), "dockerhub",
         {"/v2/repositories/library/python/tags/1.1.0-slim": {"last_updated": OLD}},
         "GET /v2/repositories/library/python/tags/1.1.0-slim", "registry"),
        ((".terraform.lock.hcl", PROVIDER), "terraform", {"/v1/providers/acme/a/1.1.0": {"published_at": OLD}},
         "GET /v1/providers/acme/a/1.1.0", "registry"),
        (("action.yml", STEP), "github", {"/repos/acme/a/releases/tags/v1.1.0": {"published_at": OLD, "draft": False}},
         "GET /repos/acme/a/releases/tags/v1.1.0", "registry"),
        ((".pre-commit-config.yaml", HOOK), "github", {"/repos/acme/a/releases/tags/v1.1.0": {"published_at": OLD}},
         "GET /repos/acme/a/releases/tags/v1.1.0", "registry"),
    ],
)  # fmt: skip
def test_every_registry_is_asked_in_its_own_way(
    tmp_path: Path, file: tuple[str, str], service: str, answers: dict[str, Any], asked: str, by: str
) -> None:
    with serving(answers) as registry:
        outcome = ran(tmp_path, file, {service: registry.url}, believe=["commit"])
    assert registry.seen == [asked]
    assert "Authorization" not in registry.headers
    assert "Cookie" not in registry.headers
    assert outcome.status is Status.ALLOW, str(outcome)
    found = row(outcome)
    assert (found["at"], found["source"], found["by"]) == ("2025-12-01T08:00:00+00:00", service, by)


def test_a_young_version_waits_until_it_is_old(tmp_path: Path) -> None:
    with serving(npm(YOUNG)) as registry:
        outcome = ran(tmp_path, NPM, {"npm": registry.url})
    (check,) = outcome.of("release-age")
    assert check.status is Status.WAIT
    assert check.found == "a 1.1.0 is 9 h old, by npm"
    assert check.expected == "versions that have been out for 7 d"
    assert check.fix == "wait; eligible 12 Jan 00:00 UTC"
    assert check.eligible_at == "2026-01-12T00:00:00+00:00"


@pytest.mark.parametrize(
    ("params", "passes"),
    [
        ({"min": "9h"}, True),
        ({"min": "10h"}, False),
        ({"levels": {"minor": "1h"}}, True),
        ({"levels": {"patch": "1h"}}, False),
        ({"min": "1h", "levels": {"minor": "3d"}}, False),
        ({"overrides": [{"names": ["a"], "min": "1h"}]}, True),
        ({"overrides": [{"ecosystems": ["cargo"], "min": "1h"}]}, False),
        ({"overrides": [{"names": ["b*"], "min": "1h"}, {"ecosystems": ["npm"], "min": "30m"}]}, True),
    ],
)
def test_ages_by_level_name_and_ecosystem(tmp_path: Path, params: dict[str, Any], passes: bool) -> None:
    with serving(npm(YOUNG)) as registry:
        outcome = ran(tmp_path, NPM, {"npm": registry.url}, **params)
    assert outcome.status is (Status.ALLOW if passes else Status.WAIT), str(outcome)


def wrong(data: dict[str, Any]) -> dict[str, Any]:
    return {"/pypi/a/1.1.0/json": data}


@pytest.mark.parametrize(
    ("file", "service", "answers", "said"),
    [
        (NPM, "npm", {"/a": {"versions": {}, "time": {"1.1.0": OLD}}}, "a 1.1.0 was published and is withdrawn"),
        (("requirements.txt", "a=={0}\n"), "pypi",
         wrong({"info": {"yanked_reason": "broken"}, "urls": [{"upload_time_iso_8601": OLD, "yanked": True}]}),
         "a 1.1.0 is yanked (broken)"),
        (("Cargo.lock", LOCKED), "crates",
         {"/api/v1/crates/a/1.1.0": {"version": {"created_at": OLD, "yanked": True}}}, "a 1.1.0 is yanked"),
        (("Directory.Packages.props", PROPS), "nuget",
         {"/v3/registration5-semver1/acme.a/1.1.0.json": {"published": OLD, "listed": False}},
         "Acme.A 1.1.0 is unlisted"),
        (("action.yml", f"runs:\n  steps:\n    - uses: acme/a@{SHA1} # v{{0}}\n"), "github",
         {"/repos/acme/a/commits/v1.1.0": {"sha": SHA2}},
         f"acme/a v1.1.0 is pinned to {SHA1[:12]}, and its tag is {SHA2[:12]}"),
    ],
)  # fmt: skip
def test_what_is_yanked_or_not_what_it_says_blocks_whatever_its_age(
    tmp_path: Path, file: tuple[str, str], service: str, answers: dict[str, Any], said: str
) -> None:
    with serving(answers) as registry:
        outcome = ran(tmp_path, file, {service: registry.url})
    check = outcome.blocked_by("release-age")
    assert check.found == said
    assert check.paths == (file[0],)


def test_a_pinned_commit_that_is_the_tag_passes(tmp_path: Path) -> None:
    answers = {
        "/repos/acme/a/commits/v1.1.0": {"sha": SHA2},
        "/repos/acme/a/releases/tags/v1.1.0": {"published_at": OLD},
    }
    with serving(answers) as registry:
        outcome = Bench("deps", tmp_path, services={"github": registry.url}).run(
            {"action.yml": f"runs:\n  steps:\n    - uses: acme/a@{SHA1} # v1.0.0\n"},
            {"action.yml": f"runs:\n  steps:\n    - uses: acme/a@{SHA2} # v1.1.0\n"},
            [{"use": "deps/release-age", "min": "7d"}],
        )
    assert outcome.status is Status.ALLOW, str(outcome)


def test_a_file_added_to_an_old_version_makes_it_young(tmp_path: Path) -> None:
    files = [{"upload_time_iso_8601": OLD}, {"upload_time_iso_8601": YOUNG}]
    with serving(wrong({"info": {}, "urls": files})) as registry:
        outcome = ran(tmp_path, ("requirements.txt", "a=={0}\n"), {"pypi": registry.url})
    assert [c.status for c in outcome.of("release-age")] == [Status.WAIT]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (as_json({}, 404), "npm does not have it: not published yet, or withdrawn"),
        (as_json({}, 429), "npm refused to answer (429)"),
        (as_json({}, 500), "npm answered with status 500"),
        ((200, {}, b"<html>"), "npm answered something that is not JSON"),
        (as_json([]), "npm answered in another form"),
        (as_json({"versions": {"1.1.0": {}}, "time": {"1.1.0": "soon"}}), "npm states the time 'soon'"),
        (as_json({"versions": {"1.1.0": {}}, "time": {}}), "npm does not state its time"),
        ((302, {"Location": "http://127.0.0.2:1/a"}, b""), "npm sends elsewhere"),
        ((302, {"Location": "/a"}, b""), "npm redirects more than 3 times"),
        ((200, {"Content-Length": "60000000"}, b"x"), "npm could not be asked"),
        ((200, {}, b" " * 51_000_000), "npm answered more than 50,331,648 bytes"),
    ],
)
def test_no_answer_is_never_an_allow(tmp_path: Path, answer: Any, said: str) -> None:
    with serving({"/a": answer}) as registry:
        outcome = ran(tmp_path, NPM, {"npm": registry.url})
    (check,) = outcome.of("release-age")
    assert check.status is Status.WAIT
    assert check.found.startswith("nobody could tell the age of a 1.1.0")
    assert said in check.found


def test_nobody_there_is_never_an_allow(tmp_path: Path) -> None:
    with serving({}) as registry:
        pass
    outcome = ran(tmp_path, NPM, {"npm": registry.url})
    (check,) = outcome.of("release-age")
    assert (check.status, "npm could not be asked" in check.found) == (Status.WAIT, True)
    assert "127.0.0.1" not in check.found


def test_redirects_on_the_same_server_are_followed(tmp_path: Path) -> None:
    answers = {"/a": (301, {"Location": "/moved/a"}, b""), "/moved/a": npm(OLD)["/a"]}
    with serving(answers) as registry:
        assert ran(tmp_path, NPM, {"npm": registry.url}).status is Status.ALLOW
    assert registry.seen == ["GET /a", "GET /moved/a"]


def test_without_a_service_nobody_is_asked(tmp_path: Path) -> None:
    (check,) = ran(tmp_path, NPM, {}).of("release-age")
    assert check.status is Status.WAIT
    assert "was not looked up: nobody named the service 'npm'" in check.found


@pytest.mark.parametrize("name", ["../../x", "a/../b", "a?b", "a b", "a#b"])
def test_a_name_that_leads_elsewhere_is_not_asked_about(tmp_path: Path, name: str) -> None:
    before, after = (json.dumps({"dependencies": {name: f"^{v}"}}) for v in ("1.0.0", "1.1.0"))
    with serving({}) as registry:
        outcome = Bench("deps", tmp_path, services={"npm": registry.url}).run(
            {"package.json": before}, {"package.json": after}, [{"use": "deps/release-age", "min": "7d"}]
        )
    assert registry.seen == []
    assert [c.status for c in outcome.of("release-age")] == [Status.WAIT]


def test_a_given_file_is_believed_before_a_registry(tmp_path: Path) -> None:
    stated = {"ecosystem": "npm", "name": "a", "version": "1.1.0", "published": OLD}
    with serving(npm(YOUNG)) as registry:
        outcome = ran(tmp_path, NPM, {"npm": registry.url}, inputs={"releases": json.dumps({"releases": [stated]})})
    assert (registry.seen, outcome.status) == ([], Status.ALLOW)
    assert (row(outcome)["by"], row(outcome)["source"]) == ("file", "the given file")


def test_a_given_file_can_yank(tmp_path: Path) -> None:
    stated = {"ecosystem": "npm", "name": "a", "version": "1.1.0", "yanked": True}
    outcome = ran(tmp_path, NPM, {}, inputs={"releases": json.dumps({"releases": [stated]})})
    assert outcome.blocked_by("release-age").found == "a 1.1.0 is yanked"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "the file `releases` is not JSON that can be read"),
        ("[]", "the file `releases` has no list `releases`"),
        ('{"releases": [1]}', "the file `releases` has no text `ecosystem` in releases[0]"),
        ('{"releases": [{"ecosystem": "npm", "name": "a", "version": "1"}]}', "no text `published` in releases[0]"),
        ('{"releases": [{"ecosystem": "npm", "name": "a", "version": "1", "published": "new"}]}',
         "states the time 'new'"),
    ],
)  # fmt: skip
def test_a_bad_file_is_an_error_that_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    outcome = ran(tmp_path, NPM, {}, inputs={"releases": text})
    check = outcome.blocked_by("deps/rehearsal")
    assert said in check.found
    assert check.paths == ()


UV = """version = 1
[[package]]
name = "a"
version = "{0}"
source = {{ registry = "https://index.example/simple" }}
wheels = [
  {{ url = "https://files.example/a-{0}.whl", hash = "sha256:{0}", upload-time = "2025-12-01T08:00:00Z" }},
]
"""
PNPM = """lockfileVersion: '6.0'
dependencies:
  a: {{specifier: ^1.0.0, version: {0}}}
packages:
  /a@{0}:
    resolution: {{integrity: sha512-{0}}}
time:
  /a@{0}: '2025-12-01T08:00:00.000Z'
"""
TIMED = (
    '{{"packages": [{{"name": "acme/a", "version": "v{0}", "time": "2025-12-01T08:00:00+00:00",'
    '"source": {{"type": "git", "reference": "{0}"}}}}]}}'
)


@pytest.mark.parametrize("file", [("uv.lock", UV), ("pnpm-lock.yaml", PNPM), ("composer.lock", TIMED)])
def test_what_a_lockfile_states_is_the_changes_own_word(tmp_path: Path, file: tuple[str, str]) -> None:
    (check,) = ran(tmp_path, file, {}).of("release-age")
    assert check.status is Status.WAIT
    assert "only the change's own lockfile states it" in check.found
    (tmp_path / "again").mkdir()
    believed = ran(tmp_path / "again", file, {}, believe=["lockfile"])
    assert believed.status is Status.ALLOW, str(believed)
    assert row(believed)["by"] == "lockfile"


def test_a_commits_time_is_its_authors_word(tmp_path: Path) -> None:
    with serving({"/github.com/!acme/a/@v/v1.1.0.info": {"Time": OLD}}) as registry:
        (check,) = ran(tmp_path, ("go.mod", GO), {"go": registry.url}).of("release-age")
    assert check.status is Status.WAIT
    assert "only go, from its commit, states it" in check.found


def test_an_image_that_has_moved_on_is_not_the_one_that_was_pinned(tmp_path: Path) -> None:
    answers = {"/v2/repositories/library/python/tags/3.12": {"tag_last_pushed": OLD, "digest": f"sha256:{SHA2}"}}
    with serving(answers) as hub:
        outcome = ran(
            tmp_path, ("Dockerfile", "FROM python:3.12@sha256:{0}\n"), {"dockerhub": hub.url}, versions=(SHA1, "c" * 40)
        )
        (check,) = outcome.of("release-age")
        assert check.status is Status.WAIT
        assert "dockerhub has another image under that tag by now" in check.found
        (tmp_path / "again").mkdir()
        outcome = ran(
            tmp_path / "again", ("Dockerfile", "FROM python:3.12@sha256:{0}\n"), {"dockerhub": hub.url},
            versions=(SHA1, SHA2),
        )  # fmt: skip
        assert outcome.status is Status.ALLOW, str(outcome)


def test_a_lockfile_says_what_a_range_means(tmp_path: Path) -> None:
    manifest = '{{"dependencies": {{"a": "^{0}"}}}}'
    lock = '{{"lockfileVersion": 3, "packages": {{"": {{}}, "node_modules/a": {{"version": "{0}"}}}}}}'
    before = {"package.json": manifest.format("1"), "package-lock.json": lock.format("1.0.4")}
    after = {"package.json": manifest.format("2"), "package-lock.json": lock.format("2.0.1")}
    with serving({"/a": {"versions": {"2.0.1": {}}, "time": {"2.0.1": OLD}}}) as registry:
        outcome = Bench("deps", tmp_path, services={"npm": registry.url}).run(
            before, after, [{"use": "deps/release-age", "min": "7d"}]
        )
    assert outcome.status is Status.ALLOW, str(outcome)
    assert row(outcome)["version"] == "2.0.1"


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (("package.json", '{{"dependencies": {{"a": "git+https://g.example/a.git#{0}"}}}}'),
         "it comes from a git address, not from a registry"),
        (("pom.xml", "<project><properties><a.version>{0}</a.version></properties></project>"),
         "it is a property, and this file does not say of which package"),
        (("Chart.yaml", "name: a\nversion: 1.0.0\nappVersion: {0}\n"), "it is what a chart installs"),
        (("Chart.yaml", "dependencies:\n- {{name: a, version: {0}, repository: 'https://c.example'}}\n"),
         "it has no registry that states times"),
    ],
)  # fmt: skip
def test_what_nobody_can_be_asked_about_waits(tmp_path: Path, file: tuple[str, str], said: str) -> None:
    (check,) = ran(tmp_path, file, {}).of("release-age")
    assert check.status is Status.WAIT
    assert said in check.found


def test_a_property_is_looked_up_as_the_packages_that_use_it(tmp_path: Path) -> None:
    template = POM.replace("<project>", "<project><properties><a.version>{0}</a.version></properties>", 1)
    template = template.replace("<version>{0}</version>", "<version>${{a.version}}</version>")
    with serving({"/org/acme/a/1.1.0/a-1.1.0.pom": MODIFIED}) as registry:
        outcome = ran(tmp_path, ("pom.xml", template), {"maven": registry.url})
    assert outcome.status is Status.ALLOW, str(outcome)
    assert row(outcome)["name"] == "org.acme:a"


def test_registries_are_asked_only_at_addresses_that_the_owner_names() -> None:
    from bascule_deps.outside.services import PUBLIC, address, foreign

    def ctx(**more: Any) -> DryRunContext:
        change, pack = make_change(), make_pack(scenario="deps")
        return DryRunContext(change=change, pack=pack, now=change.read_at, objects="", workdir="", **more)

    assert [address(ctx(), name) for name in (*PUBLIC, "npm")] == [None] * (len(PUBLIC) + 1)
    public, owned = ctx(public_services=True), ctx(services={"npm": "https://npm.example"})
    assert all(str(address(public, name)).startswith("https://") for name in PUBLIC)
    assert address(public, "npm") is None
    assert address(owned, "npm") == "https://npm.example"
    assert not foreign("npm", "npm.acme.example"), "the owner says what the address stands for"
    # Images and repositories come from many hosts side by side: one address does not stand for all of them.
    assert [foreign("dockerhub", h) for h in ("", "ghcr.example")] == [False, True]
    assert [foreign("github", h) for h in ("", "github.com", "gitlab.example")] == [False, False, True]


def test_a_removed_package_needs_no_age(tmp_path: Path) -> None:
    before, after = ('{"dependencies": {"a": "^1.0.0"}}', '{"dependencies": {}}')
    outcome = Bench("deps", tmp_path).run(
        {"package.json": before}, {"package.json": after}, [{"use": "deps/release-age", "min": "7d"}]
    )
    assert (outcome.status, outcome.checks[0].found) == (Status.ALLOW, "no version is new")


def test_what_cannot_be_read_blocks_here_too(tmp_path: Path) -> None:
    outcome = ran(tmp_path, ("package.json", "{0}"), {}, versions=("{}", "{"))
    assert "`package.json` cannot be read" in outcome.blocked_by("release-age").found
