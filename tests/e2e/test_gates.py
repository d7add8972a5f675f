"""Every core gate through the command line: what passes is merged, what fails leaves the repository as it was.

Each failing case differs from the passing one by one thing, on a branch whose protection Bascule could relax: without
that gate it would be merged.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import field, frozen
from tests.e2e.kit import ADMIN, BOT, DEV, OWNER, Ran, Repo, World, pack

from bascule.gates import GATES

OPEN_NOW = '{merge: "Mon-Sun 00:00-24:00", timezone: UTC}'
ALL = pack(
    match='{files: ["docs/**"], branches: [main]}',
    files='{only: ["docs/**"], deny: ["docs/private/**"]}',
    authors=f"{{allow: [{DEV}]}}",
    checks="{require: [{name: test, app: ci}]}",
    title='{require: ["^Add "], deny: ["(?i)wip"]}',
    size="{files: 3, lines: 50, commits: 3}",
    schedule=OPEN_NOW,
    merge="{method: squash}",
)
"""A pack that asks something of every gate."""

WIDE = pack(match='{files: ["**"]}', rules='[{id: any, use: allowlist/paths, only: ["**"]}]')
"""A pack that claims everything, for gates about files outside the documentation."""


def test_every_gate_passes_and_the_change_is_merged(world: World) -> None:
    repo = world.repo(rulepack=ALL)
    number = repo.pull()
    before = repo.reviews()
    repo.arm(number)

    checked = repo.run("check", str(number), "--json")
    assert (checked.code, checked.doc["status"]) == (0, "mergeable"), checked.out
    assert {c["rule"]: c["status"] for c in checked.checks() if c["source"] == "core"} == {
        gate.name: "allow" for gate in GATES
    }
    assert not checked.writes()
    assert repo.stored_pull(number)["state"] == "open"

    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (0, "merged"), ran.out
    assert repo.stored_pull(number)["merged"]
    assert repo.head() == ran.doc["merge"]["sha"]
    assert repo.protection() == before


@frozen(kw_only=True)
class Case:
    """One gate that says no. ``rules``: exactly what must stand in the verdict besides what allows."""

    rules: tuple[str, ...]
    make: Callable[[Repo], int]
    found: str
    rulepack: str = field(factory=pack)
    code: int = 1
    files: dict[str, str] = field(factory=dict)
    required: bool = True
    """Whether protection requires the check ``test``; without it only the gate stands in the way."""


def plain(**fields: Any) -> Callable[[Repo], int]:
    return lambda repo: repo.pull(**fields)


def renamed(repo: Repo) -> int:
    blob = repo.call("GET", "/contents/src/app.py")["sha"]
    moved = {"mode": "100644", "type": "blob", "sha": blob}
    return repo.pull({"src/app.py": None, "docs/app.md": moved})


def symlink(repo: Repo) -> int:
    link = {"mode": "120000", "type": "blob", "content": "../src/app.py"}
    return repo.pull({"docs/app.md": link})


def submodule(repo: Repo) -> int:
    return repo.pull({"docs/sub": {"mode": "160000", "type": "commit", "sha": repo.head()}})


def executable(repo: Repo) -> int:
    blob = repo.call("GET", "/contents/docs/a.md")["sha"]
    return repo.pull({"docs/a.md": {"mode": "100755", "type": "blob", "sha": blob}})


def from_fork(repo: Repo) -> int:
    fork = Repo(repo.world, repo.call("POST", "/forks", {}, by=OWNER)["full_name"], 0, OWNER)
    fork.commit("main", {"docs/b.md": "from outside\n"}, by=OWNER)
    body = {"title": "Add a page", "head": f"{OWNER}:main", "base": "main"}
    made = repo.call("POST", "/pulls", body, by=OWNER)
    repo.check(made["head"]["sha"])
    repo.label(made["number"], "change:safe", "auto-relax-merge")
    return int(made["number"])


def committed_by(name: str, email: str) -> Callable[[Repo], int]:
    def make(repo: Repo) -> int:
        number = repo.pull(checks={})
        who = {"name": name, "email": email}
        sha = repo.commit("topic", {"docs/c.md": "more\n"}, committer=who)
        repo.check(sha)
        return number

    return make


def reported(app: str, conclusion: str) -> Callable[[Repo], int]:
    def make(repo: Repo) -> int:
        number = repo.pull(checks={})
        repo.check(repo.head("topic"), "test", conclusion, app=app)
        return number

    return make


def objected(repo: Repo) -> int:
    number = repo.pull()
    repo.review(number, "REQUEST_CHANGES", by=ADMIN)
    return number


def asked(repo: Repo) -> int:
    number = repo.pull()
    repo.thread(number)
    return number


def conflicting(repo: Repo) -> int:
    number = repo.pull({"docs/a.md": "mine\n"})
    repo.commit("main", {"docs/a.md": "theirs\n"}, by=ADMIN)
    return number


def closed(repo: Repo) -> int:
    number = repo.pull()
    repo.call("PATCH", f"/pulls/{number}", {"state": "closed"}, by=DEV)
    return number


def armed_to_rebase(repo: Repo) -> int:
    number = repo.pull()
    repo.reviews()
    repo.arm(number, method="REBASE")
    return number


def in_three_days() -> str:
    day = (datetime.now(UTC) + timedelta(days=3)).strftime("%a")
    return f'{{merge: "{day} 09:00-10:00", timezone: UTC}}'


CASES: dict[str, Case] = {
    "files-outside-only": Case(
        rules=("files",),
        rulepack=pack(files='{only: ["docs/**/*.md"]}'),
        make=plain(files={"docs/b.txt": "x\n"}),
        found="docs/b.txt",
    ),
    "files-denied": Case(
        rules=("files",),
        rulepack=pack(files='{deny: ["docs/legal/**"]}'),
        make=plain(files={"docs/legal/terms.md": "x\n"}),
        found="docs/legal/terms.md",
    ),
    "files-old-name-of-a-rename": Case(
        rules=("files",),
        rulepack=pack(
            match='{files: ["docs/**", "src/**"]}',
            files='{only: ["docs/**"]}',
            rules='[{id: any, use: allowlist/paths, only: ["**"]}]',
        ),
        make=renamed,
        found="src/app.py",
    ),
    "rename-out-of-what-is-claimed": Case(
        rules=("rulepack", "allowlist/paths"), make=renamed, found="src/app.py"
    ),
    "files-symlink": Case(rules=("files",), make=symlink, found="docs/app.md"),
    "files-submodule": Case(rules=("files",), make=submodule, found="docs/sub"),
    "files-mode-change": Case(rules=("files",), make=executable, found="docs/a.md"),
    "protected-files": Case(
        rules=("protected_files",),
        rulepack=WIDE,
        make=plain(files={"docs/b.md": "x\n", ".github/workflows/ci.yml": "on: push\n"}),
        found=".github/workflows/ci.yml",
    ),
    "protected-files-own-policy": Case(
        rules=("protected_files",),
        rulepack=WIDE,
        make=plain(files={".github/rulepack/docs.yml": pack(relax="reviews, checks")}),
        found=".github/rulepack/docs.yml",
    ),
    "protected-files-code-owners": Case(
        rules=("protected_files",),
        rulepack=WIDE,
        make=plain(files={"docs/CODEOWNERS": "* @octo-dev\n"}),
        found="docs/CODEOWNERS",
    ),
    "size-files": Case(
        rules=("size",),
        rulepack=pack(size="{files: 1}"),
        make=plain(files={"docs/b.md": "x\n", "docs/c.md": "y\n"}),
        found="2 files",
    ),
    "size-lines": Case(
        rules=("size",),
        rulepack=pack(size="{lines: 2}"),
        make=plain(files={"docs/b.md": "x\ny\nz\n"}),
        found="3 lines",
    ),
    "fork": Case(rules=("forks",), make=from_fork, found="fork"),
    "author-not-allowed": Case(
        rules=("authors",), rulepack=pack(authors="{allow: [octo-reader]}"), make=plain(), found=DEV
    ),
    "committer-not-allowed": Case(
        rules=("authors",),
        rulepack=pack(authors=f"{{allow: [{DEV}]}}"),
        make=committed_by("octo-reader", "octo-reader@users.noreply.github.com"),
        found="octo-reader",
    ),
    "committer-unknown": Case(
        rules=("authors",), make=committed_by("Nobody", "nobody@example.com"), found="Nobody"
    ),
    "label-missing": Case(rules=("labels",), make=plain(labels=("auto-relax-merge",)), found="change:safe"),
    "label-hold": Case(
        rules=("labels",), make=plain(labels=("change:safe", "auto-relax-merge", "hold")), found="hold"
    ),
    "checks-zero": Case(rules=("checks",), make=plain(checks={}), found="no check", required=False),
    "checks-failed": Case(
        rules=("checks",), make=plain(checks={"test": "failure"}), found="test", required=False
    ),
    "checks-from-the-wrong-app": Case(
        rules=("checks",),
        rulepack=pack(checks="{require: [{name: test, app: ci}]}"),
        make=reported("other-ci", "success"),
        found="other-ci",
        required=False,
    ),
    "checks-skipped-where-required": Case(
        rules=("checks",),
        rulepack=pack(checks="{require: [{name: test, app: ci}]}"),
        make=reported("ci", "skipped"),
        found="skipped",
        required=False,
    ),
    "checks-running": Case(
        rules=("checks",), make=plain(checks={"test": "pending"}), found="test", code=8, required=False
    ),
    "changes-requested": Case(rules=("changes_requested",), make=objected, found=ADMIN, required=False),
    "conversation-open": Case(rules=("conversations",), make=asked, found="1 "),
    "draft": Case(rules=("draft",), make=plain(draft=True), found="draft"),
    "conflicts": Case(rules=("conflicts", "relax/conflict"), make=conflicting, found="conflicts"),
    "title": Case(rules=("title",), rulepack=pack(title='{deny: ["(?i)wip"]}'), make=plain(title="WIP: add a page"),
                  found="WIP"),
    "schedule": Case(rules=("schedule",), rulepack=pack(schedule=in_three_days()), make=plain(), found="", code=8),
    # GitHub works out no mergeability for what is closed.
    "state-closed": Case(rules=("state", "conflicts"), make=closed, found="closed"),
    "auto-merge-by-another-method": Case(
        rules=("auto_merge",), rulepack=pack(merge="{method: squash}"), make=armed_to_rebase, found="rebase"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_failing_gate_leaves_everything_as_it_was(world: World, name: str) -> None:
    case = CASES[name]
    repo = world.repo(rulepack=case.rulepack, files=case.files)
    number = case.make(repo)
    repo.reviews(checks=case.required)
    before = repo.untouched()

    refuses(repo, number, case)
    before.holds()


def refuses(repo: Repo, number: int, case: Case) -> Ran:
    """Run ``bascule merge`` and hold its refusal against ``case``: exit code, document, and what was written."""
    ran = repo.merge(number)
    assert ran.code == case.code, ran.out + ran.err
    doc = ran.doc
    assert doc["status"] == {1: "blocked", 8: "waiting"}[case.code]
    assert doc["exit_code"] == case.code
    assert (doc["window"], doc["merge"]) == (None, None)
    assert ran.rules() == set(case.rules)
    said = [c for c in ran.checks() if c["rule"] == case.rules[0] and c["status"] != "allow"]
    assert all(c["found"] and c["expected"] and c["fix"] for c in said)
    assert any(case.found in c["found"] for c in said), said
    only_reports(ran)
    return ran


def only_reports(ran: Ran) -> None:
    """Fail if anything was written but the journal and the report on the pull request."""
    allowed = ("POST git/commits", "POST git/refs", "PATCH git/refs/bascule/journal", "POST statuses/", "POST issues/")
    for write in ran.writes():
        assert write.startswith(allowed), write
        assert "labels" not in write, write


def test_a_truncated_list_of_files_blocks(world: World) -> None:
    repo = world.repo()
    number = repo.pull({f"docs/{n}.md": "x\n" for n in range(3)})
    repo.reviews()
    before = repo.untouched()
    with world.switched(files_limit=2):
        ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (1, "blocked"), ran.out
    assert "files" in ran.rules()
    assert any("not complete" in c["found"] for c in ran.checks())
    only_reports(ran)
    before.holds()
    # Nothing but the cut stood in the way.
    assert repo.merge(number).doc["status"] == "merged"


def test_an_archived_repository_blocks(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.reviews()
    repo.call("PATCH", "", {"archived": True})
    before = repo.untouched()
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (1, "blocked"), ran.out
    assert ran.rules() == {"state"}
    assert any("archived" in c["found"] for c in ran.checks())
    before.holds()


def test_a_pack_for_other_branches_leaves_the_change_alone(world: World) -> None:
    repo = world.repo(rulepack=pack(match='{files: ["docs/**"], branches: [main]}'))
    repo.call("POST", "/git/refs", {"ref": "refs/heads/release", "sha": repo.head()})
    number = repo.pull(base="release")
    before = repo.untouched()
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (0, "noop"), ran.out
    assert not ran.writes()
    before.holds()


PASSING: dict[str, tuple[str, Callable[[Repo], int]]] = {
    "a fork, where the pack allows it": (pack(forks="{allow: true}"), from_fork),
    "a symbolic link, where the pack permits it": (pack(files="{special: [symlinks]}"), symlink),
    "a mode, where the pack permits it": (pack(files="{special: [modes]}"), executable),
    "a rename within what is allowed": (
        WIDE,
        renamed,
    ),
    "everybody's own account as committer": (
        pack(authors=f"{{allow: [{DEV}, octo-reader]}}"),
        committed_by("octo-reader", "octo-reader@users.noreply.github.com"),
    ),
}


@pytest.mark.parametrize("name", PASSING)
def test_what_the_pack_permits_is_merged(world: World, name: str) -> None:
    rulepack, make = PASSING[name]
    repo = world.repo(rulepack=rulepack)
    number = make(repo)
    before = repo.reviews()
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (0, "merged"), ran.out
    assert repo.stored_pull(number)["merged"]
    assert repo.protection() == before


def test_a_change_that_was_mended_is_merged(world: World) -> None:
    repo = world.repo()
    number = repo.pull(labels=("auto-relax-merge",))
    repo.review(number, "REQUEST_CHANGES", by=ADMIN)
    repo.thread(number)
    before = repo.reviews()
    first = repo.merge(number)
    assert first.rules() == {"labels", "changes_requested", "conversations"}

    repo.label(number, "change:safe")
    review = repo.call("GET", f"/pulls/{number}/reviews")[0]
    repo.call("PUT", f"/pulls/{number}/reviews/{review['id']}/dismissals", {"message": "mended"})
    thread = repo.state()["review_threads"][0]
    assert thread
    node = world.graphql(
        "query($o: String!, $n: String!, $p: Int!) { repository(owner: $o, name: $n) { pullRequest(number: $p) "
        "{ reviewThreads(first: 5) { nodes { id } } } } }",
        o=repo.full.partition("/")[0], n=repo.full.partition("/")[2], p=number,
    )["repository"]["pullRequest"]["reviewThreads"]["nodes"][0]["id"]  # fmt: skip
    world.graphql("mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { clientMutationId } }", id=node)
    ran = repo.merge(number)
    assert ran.doc["status"] == "merged", ran.out
    assert repo.protection() == before


def test_github_still_computing_whether_it_merges_waits(world: World) -> None:
    repo = world.repo()
    with world.switched(mergeable_null_reads=10_000):
        number = repo.pull()
        repo.reviews()
        before = repo.untouched()
        ran = repo.merge(number, moved=True)
    assert ran.doc["status"] in {"waiting", "blocked"}, ran.out
    assert "conflicts" in ran.rules("wait")
    assert BOT not in str(repo.stored_pull(number)["merged"])
    before.holds(but=("pulls",))
