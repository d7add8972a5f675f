"""Advisories: OSV's records against versions of every ecosystem, from a file and from a service on the loopback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.deps.server import Answer, as_json, serving

from bascule.testing import Bench, Outcome
from bascule.types import Status
from bascule_deps.outside.osv import UnknownError, advisory, names


def record(name: str = "GHSA-1", *affected: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": name, "summary": "reads files", "affected": list(affected), **more}


def hit(ecosystem: str, name: str, *events: dict[str, str], kind: str = "SEMVER", **more: Any) -> dict[str, Any]:
    ranges = [{"type": kind, "events": list(events)}] if events else []
    return {"package": {"ecosystem": ecosystem, "name": name}, "ranges": ranges, **more}


def since(first: str, fixed: str = "", last: str = "") -> tuple[dict[str, str], ...]:
    found = [{"introduced": first}]
    return (*found, *([{"fixed": fixed}] if fixed else []), *([{"last_affected": last}] if last else []))


@pytest.mark.parametrize(
    ("ecosystem", "affected", "inside", "outside"),
    [
        ("npm", hit("npm", "a", *since("0", "1.2.0")), ["0.1.0", "1.1.9", "1.2.0-rc.1"], ["1.2.0", "1.10.0", "2.0.0"]),
        ("npm", hit("npm", "a", *since("1.9.0", last="1.10.0")), ["1.9.0", "1.10.0"], ["1.8.9", "1.10.1"]),
        ("npm", hit("npm", "a", *since("1.0.0", "1.2.0"), *since("2.0.0", "2.3.1")), ["1.0.0", "2.3.0"],
         ["1.2.0", "1.9.9", "2.3.1"]),
        ("npm", hit("npm", "a", {"fixed": "1.2.0"}, {"introduced": "0"}), ["1.0.0"], ["1.2.0"]),
        ("npm", hit("npm", "a", *since("2.0.0", "2.0.0")), ["2.0.0"], ["1.9.9"]),
        ("npm", hit("npm", "a", *since("0"), {"limit": "3.0.0"}), ["2.9.9"], ["3.0.0", "4.0.0"]),
        ("npm", hit("npm", "a", versions=["1.0.0", "1.0.1"]), ["1.0.0", "1.0.1"], ["1.0.2"]),
        ("npm", hit("npm", "a", *since("0", "1.0.0"), versions=["5.0.0"]), ["0.9.0", "5.0.0"], ["1.0.0"]),
        ("python", hit("PyPI", "A_a.b", *since("0", "2.0"), kind="ECOSYSTEM"),
         ["1.9.post1", "2.0rc1", "1.10"], ["2.0", "2.0.post1", "1!0.1"]),
        ("cargo", hit("crates.io", "a", *since("0.0.0-0", "0.4.3")), ["0.4.2"], ["0.4.3", "0.10.0"]),
        ("go", hit("Go", "a", *since("0", "1.8.1")), ["v1.8.0", "v1.8.1-0.20200101000000-abcdefabcdef"],
         ["v1.8.1", "v1.10.0", "v2.0.0+incompatible"]),
        ("maven", hit("Maven", "a", *since("2.0", "2.12.7.1"), kind="ECOSYSTEM"),
         ["2.12.7", "2.12.7-rc1", "2.0", "2.9"], ["2.12.7.1", "2.13", "1.9", "2.0-alpha-1"]),
        ("gradle", hit("Maven", "a", *since("0", "1.0-beta-2"), kind="ECOSYSTEM"), ["1.0-alpha-9"], ["1.0", "1.0-rc1"]),
        ("ruby", hit("RubyGems", "a", *since("0", "6.1.7.1"), kind="ECOSYSTEM"), ["6.1.7", "6.1.7.1.rc1"], ["6.1.7.1"]),
        ("composer", hit("Packagist", "Acme/A", *since("0", "5.4.10"), kind="ECOSYSTEM"), ["v5.4.9"], ["v5.4.10"]),
        ("nuget", hit("NuGet", "A", *since("4.0.0.0", "4.3.1"), kind="ECOSYSTEM"), ["4.3.0", "4.3.0.5"], ["4.3.1"]),
        ("actions", hit("GitHub Actions", "Acme/A", *since("1.0.0", "46.0.1"), kind="ECOSYSTEM"),
         ["v35.7.7", "46.0.0"], ["v46.0.1"]),
    ],
)  # fmt: skip
def test_ranges_as_each_ecosystem_orders_versions(
    ecosystem: str, affected: dict[str, Any], inside: list[str], outside: list[str]
) -> None:
    name = {"python": "a-a-b", "composer": "acme/a", "actions": "acme/a", "nuget": "a"}.get(ecosystem, "a")
    found = advisory(record("X-1", affected))
    assert [v for v in inside if not names(found, ecosystem, name, v)] == []
    assert [v for v in outside if names(found, ecosystem, name, v)] == []
    assert not names(found, ecosystem, f"{name}x", inside[0])
    assert not names(advisory(record("X-1", affected, withdrawn="2025-01-01T00:00:00Z")), ecosystem, name, inside[0])


@pytest.mark.parametrize(
    ("affected", "version"),
    [
        (hit("npm", "a", *since("0", "1.0.0")), "main"),
        (hit("npm", "a", *since("0", "not a version")), "1.0.0"),
        (hit("npm", "a", {"introduced": "0"}, kind="GIT"), "1.0.0"),
        (hit("npm", "a"), "1.0.0"),
    ],
)
def test_what_cannot_be_compared_is_unknown_and_not_safe(affected: dict[str, Any], version: str) -> None:
    with pytest.raises(UnknownError):
        names(advisory(record("X-1", affected)), "npm", "a", version)


def test_other_ecosystems_packages_of_the_name_are_others() -> None:
    found = advisory(record("X-1", hit("PyPI", "a", *since("0"), kind="ECOSYSTEM")))
    assert not names(found, "npm", "a", "1.0.0")


# -- the rule, with a file ---------------------------------------------------------------------------------------------


def manifest(version: str) -> dict[str, str]:
    return {"package.json": json.dumps({"dependencies": {"a": f"^{version}"}})}


def judged(
    tmp_path: Path, records: Any, *, versions: tuple[str, str] = ("1.0.0", "1.1.0"),
    services: dict[str, str] | None = None, rules: list[dict[str, Any]] | None = None,
    more: dict[str, str] | None = None, **params: Any,
) -> Outcome:  # fmt: skip
    inputs = {**({"advisories": json.dumps(records)} if records is not None else {}), **(more or {})}
    folder = tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
    folder.mkdir()
    return Bench("deps", folder, services=services or {}).run(
        manifest(versions[0]), manifest(versions[1]), rules or [{"use": "deps/security", **params}], inputs=inputs
    )


BAD = record("GHSA-1", hit("npm", "a", *since("1.1.0", "1.1.1")), database_specific={"severity": "HIGH"})
OLD = record("GHSA-2", hit("npm", "a", *since("0", "1.1.0")), aliases=["CVE-2025-1"])
BOTH = record("GHSA-3", hit("npm", "a", *since("0", "1.2.0")))
MALWARE = record("MAL-2025-1", hit("npm", "a", versions=["1.1.0"]))


def test_a_version_with_an_advisory_blocks(tmp_path: Path) -> None:
    check = judged(tmp_path, [BAD, OLD]).blocked_by("security")
    assert check.found == "a 1.1.0 has the advisory GHSA-1 (HIGH, reads files)"
    assert check.expected == "versions without a known advisory"
    assert check.paths == ("package.json",)


def test_a_fix_is_named(tmp_path: Path) -> None:
    outcome = judged(tmp_path, [OLD])
    assert outcome.status is Status.ALLOW
    assert outcome.checks[0].found == "1 version, none with a known advisory; a 1.1.0 fixes GHSA-2"


def test_an_advisory_that_stays_blocks_unless_the_pack_accepts_it(tmp_path: Path) -> None:
    assert "GHSA-3" in judged(tmp_path, [BOTH]).blocked_by("security").found
    assert judged(tmp_path, [BOTH], known="allow").status is Status.ALLOW
    assert "GHSA-1" in judged(tmp_path, [BAD], known="allow").blocked_by("security").found


def test_ids_and_aliases_can_be_accepted_and_malware_never(tmp_path: Path) -> None:
    assert judged(tmp_path, [BAD], allow=["GHSA-1"]).status is Status.ALLOW
    assert judged(tmp_path, [{**BAD, "aliases": ["CVE-1"]}], allow=["CVE-*"]).status is Status.ALLOW
    check = judged(tmp_path, [MALWARE], allow=["*"], known="allow").blocked_by("security")
    assert check.found == "a 1.1.0 is known to be malicious (MAL-2025-1)"
    known = record("GHSA-9", hit("npm", "a", versions=["1.1.0"]), aliases=["MAL-2025-2"])
    assert "malicious" in judged(tmp_path, [known], allow=["*"]).blocked_by("security").found


def test_no_advisories_at_all_is_not_safety(tmp_path: Path) -> None:
    (check,) = judged(tmp_path, None).of("security")
    assert check.status is Status.WAIT
    assert check.found == "a 1.1.0 was not looked up: nobody gave the file `advisories` or named the service 'osv'"
    assert judged(tmp_path, []).status is Status.ALLOW


def test_what_cannot_be_judged_waits(tmp_path: Path) -> None:
    odd = record("GHSA-4", hit("npm", "a", {"introduced": "0"}, kind="GIT"))
    (check,) = judged(tmp_path, [odd]).of("security")
    assert check.status is Status.WAIT
    assert "a 1.1.0 is not judged: GHSA-4 says in no range of versions what it affects" in check.found


def test_ecosystems_without_advisories(tmp_path: Path) -> None:
    def image(**params: Any) -> Outcome:
        folder = tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        return Bench("deps", folder).run(
            {"Dockerfile": "FROM acme/a:1.0\n"}, {"Dockerfile": "FROM acme/a:1.1\n"},
            [{"use": "deps/security", **params}], inputs={"advisories": "[]"},
        )  # fmt: skip

    (check,) = image().of("security")
    assert (check.status, "is of an ecosystem that advisories are not published for" in check.found) == (
        Status.WAIT, True,
    )  # fmt: skip
    assert image(uncovered="allow").status is Status.ALLOW


@pytest.mark.parametrize(
    ("at", "status"),
    [("2026-01-05T00:00:00Z", Status.ALLOW), ("2026-01-01T00:00:00Z", Status.WAIT), (None, Status.WAIT)],
)
def test_an_old_file_is_not_believed(tmp_path: Path, at: str | None, status: Status) -> None:
    data = {"advisories": [], **({"at": at} if at else {})}
    assert judged(tmp_path, data, fresh="2d").status is status
    assert judged(tmp_path, data).status is Status.ALLOW


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "the file `advisories` has no list of records"),
        ([1], "the file `advisories` has a record without `id`"),
        ([{"id": "X", "affected": 1}], "the file `advisories` has X: `affected` is no list of mappings"),
        ({"at": "now", "advisories": []}, "the file `advisories` states the time 'now' in `at`"),
    ],
)
def test_a_bad_file_is_an_error(tmp_path: Path, data: Any, said: str) -> None:
    assert said in judged(tmp_path, data).blocked_by("deps/rehearsal").found


YOUNG = {"releases": [{"ecosystem": "npm", "name": "a", "version": "1.1.0", "published": "2026-01-05T00:00:00Z"}]}


@pytest.mark.parametrize(
    ("records", "security", "status"),
    [
        ([OLD], "exempt", Status.ALLOW),
        ([OLD], "wait", Status.WAIT),
        ([BOTH], "exempt", Status.WAIT),
        ([OLD, BAD], "exempt", Status.WAIT),
        ([], "exempt", Status.WAIT),
        (None, "exempt", Status.WAIT),
    ],
)
def test_a_fix_need_not_be_old(tmp_path: Path, records: Any, security: str, status: Status) -> None:
    rules = [{"use": "deps/release-age", "min": "7d", "security": security}]
    outcome = judged(tmp_path, records, rules=rules, more={"releases": json.dumps(YOUNG)})
    assert outcome.status is status, str(outcome)
    if status is Status.ALLOW:
        assert outcome.checks[0].found == "a 1.1.0 fixes GHSA-2"


def test_a_yanked_fix_is_still_yanked(tmp_path: Path) -> None:
    rules = [{"use": "deps/release-age", "min": "7d", "security": "exempt"}]
    yanked = {"releases": [{**YOUNG["releases"][0], "yanked": True}]}
    outcome = judged(tmp_path, [OLD], rules=rules, more={"releases": json.dumps(yanked)})
    assert "is yanked" in outcome.blocked_by("release-age").found


# -- the rule, with a service ------------------------------------------------------------------------------------------


def osv(records: list[dict[str, Any]], *, page: int = 100) -> Any:
    """Answer as OSV's API does: matching is the server's, ids come in pages, records one by one."""
    known = {r["id"]: r for r in records}

    def answer(method: str, path: str, body: bytes) -> Answer:
        if path.startswith("/v1/vulns/"):
            found = known.get(path.rpartition("/")[2])
            return as_json(found) if found else as_json({"code": 5}, 404)
        results = []
        for query in json.loads(body)["queries"]:
            back = {v: k for k, v in {"npm": "npm", "python": "PyPI", "go": "Go"}.items()}
            ecosystem = back[query["package"]["ecosystem"]]
            ids = [
                i for i, r in known.items()
                if names(advisory({**r, "withdrawn": None}), ecosystem, query["package"]["name"], query["version"])
            ]  # fmt: skip
            at = int(query.get("page_token", "0"))
            part: dict[str, Any] = {"vulns": [{"id": i} for i in ids[at : at + page]]} if ids else {}
            if len(ids) > at + page:
                part["next_page_token"] = str(at + page)
            results.append(part)
        return as_json({"results": results})

    return answer


def test_a_service_is_asked_in_one_go_and_for_each_record(tmp_path: Path) -> None:
    with serving(osv([BAD, OLD])) as service:
        check = judged(tmp_path, None, services={"osv": service.url}).blocked_by("security")
    assert check.found == "a 1.1.0 has the advisory GHSA-1 (HIGH, reads files)"
    assert service.seen[0] == "POST /v1/querybatch"
    assert sorted(service.seen[1:]) == ["GET /v1/vulns/GHSA-1", "GET /v1/vulns/GHSA-2"]
    asked = json.loads(service.bodies[0])["queries"]
    assert {q["version"] for q in asked} == {"1.0.0", "1.1.0"}


def test_every_page_is_read(tmp_path: Path) -> None:
    with serving(osv([{**BOTH, "id": f"GHSA-{n}"} for n in range(5)], page=2)) as service:
        outcome = judged(tmp_path, None, services={"osv": service.url})
    assert outcome.proof("deps/advisories").data["rows"][0]["ids"] == [f"GHSA-{n}" for n in range(5)]
    assert service.seen.count("POST /v1/querybatch") == 3


def test_a_clean_answer_passes(tmp_path: Path) -> None:
    with serving(osv([])) as service:
        assert judged(tmp_path, None, services={"osv": service.url}).status is Status.ALLOW


def test_a_withdrawn_record_is_nothing(tmp_path: Path) -> None:
    with serving(osv([{**BAD, "withdrawn": "2025-01-01T00:00:00Z"}])) as service:
        assert judged(tmp_path, None, services={"osv": service.url}).status is Status.ALLOW


def test_a_record_that_cannot_be_had_still_counts(tmp_path: Path) -> None:
    def answer(method: str, path: str, body: bytes) -> Answer:
        return as_json({}, 500) if path.startswith("/v1/vulns/") else osv([BAD])(method, path, body)

    with serving(answer) as service:
        check = judged(tmp_path, None, services={"osv": service.url}).blocked_by("security")
    assert check.found == "a 1.1.0 has the advisory GHSA-1"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (as_json({}, 500), "osv answered with status 500"),
        (as_json({"results": []}), "osv answered 0 of 2 questions"),
        (as_json([]), "osv answered in another form"),
        ((200, {}, b"no"), "osv answered something that is not JSON"),
        (as_json({"results": [{"next_page_token": "x"}] * 2}), "osv answered in more than 20 pages"),
    ],
)
def test_no_answer_is_not_safety(tmp_path: Path, answer: Answer, said: str) -> None:
    with serving(lambda *_: answer) as service:
        (check,) = judged(tmp_path, None, services={"osv": service.url}).of("security")
    assert check.status is Status.WAIT
    assert said in check.found


def test_file_and_service_both_count(tmp_path: Path) -> None:
    with serving(osv([OLD])) as service:
        check = judged(tmp_path, [BAD], services={"osv": service.url}).blocked_by("security")
    assert "GHSA-1" in check.found


def test_what_cannot_be_read_blocks_here_too(tmp_path: Path) -> None:
    outcome = Bench("deps", tmp_path).run(
        {"package.json": "{}"}, {"package.json": "{"}, [{"use": "deps/security"}], inputs={"advisories": "[]"}
    )
    assert "`package.json` cannot be read" in outcome.blocked_by("security").found
