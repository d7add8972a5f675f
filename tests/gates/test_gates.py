"""Every gate with changes that pass and changes that fail, and what it says to a person."""

# ruff: noqa: E501 - a table is read along its lines

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, field, frozen

from bascule import gates
from bascule.testing import (
    DEV_ID,
    make_actor,
    make_change,
    make_check_result,
    make_commit,
    make_context,
    make_files,
    make_pack,
    make_repo,
    make_review,
)
from bascule.types import AutoMerge, Check, FileKind, Status

ALLOW, WAIT, BLOCK, ERROR = Status.ALLOW, Status.WAIT, Status.BLOCK, Status.ERROR
BOT = make_actor("renovate[bot]", id=29139614)
EVIL = make_actor("evil-dev", id=666)
WEB_FLOW = make_actor("web-flow", id=19864447)


@frozen
class Case:
    """A change and a pack, the gate asked, its statuses, and words that must be in what it says."""

    gate: str
    name: str
    expect: tuple[Status, ...]
    change: Mapping[str, Any] = field(factory=dict)
    pack: Mapping[str, Any] = field(factory=dict)
    says: tuple[str, ...] = ()


def asked(rule: str, change: Mapping[str, Any], pack: Mapping[str, Any]) -> tuple[Check, ...]:
    made = make_change(**change)
    checks = gates.run(make_context(made, make_pack(**pack)), claimed=made.paths)
    return tuple(c for c in checks if c.rule == rule)


REQUIRE = {"checks": {"require": [{"name": "test", "app": "github-actions"}]}}
ALLOW_DEV = {"authors": {"allow": ["octo-dev"]}}
run_ = make_check_result

CASES = [
    # state
    Case("state", "open", (ALLOW,)),
    Case("state", "merged", (BLOCK,), {"state": "closed", "merged_sha": "9c3e110b"}, {}, ("already merged as `9c3e110`",)),
    Case("state", "closed", (BLOCK,), {"state": "closed"}, {}, ("closed", "gh pr reopen 42")),
    Case("state", "archived", (BLOCK,), {"repo": make_repo(archived=True)}, {}, ("archived",)),
    Case("state", "unknown word", (BLOCK,), {"state": "limbo"}, {}, ("`limbo`",)),
    # draft
    Case("draft", "ready", (ALLOW,)),
    Case("draft", "draft", (BLOCK,), {"draft": True}, {}, ("draft", "gh pr ready 42")),
    # branch
    Case("branch", "not asked", ()),
    Case("branch", "named", (ALLOW,), {"base_ref": "release/1"}, {"match": {"files": ["docs/**"], "branches": ["main", "release/*"]}}),
    Case("branch", "another", (BLOCK,), {"base_ref": "release/1/x"}, {"match": {"files": ["docs/**"], "branches": ["release/*"]}}, ("`release/1/x`", "match.branches")),
    # files
    Case("files", "inside only", (ALLOW,), {}, {"files": {"only": ["docs/**"]}}, ("1 changed, allowed",)),
    Case("files", "no list: what the pack matches", (ALLOW,), {"files": make_files("docs/a.md", "docs/b.md")}, {}, ("both",)),
    Case("files", "outside only", (BLOCK,), {"files": make_files("docs/a.md", "src/x.py")}, {"files": {"only": ["docs/**"]}}, ("`src/x.py`", "only `docs/**`")),
    Case("files", "denied", (BLOCK,), {"files": make_files("docs/a.md", "docs/legal/x.md")}, {"files": {"only": ["docs/**"], "deny": ["docs/legal/**"]}}, ("`docs/legal/x.md`, denied by `docs/legal/**`",)),
    Case("files", "rename out of only counts its old name", (BLOCK,), {"files": make_files("src/secret.py -> docs/secret.py")}, {"files": {"only": ["docs/**"]}}, ("`src/secret.py`",)),
    Case("files", "rename away from deny counts its old name", (BLOCK,), {"files": make_files("docs/legal/x.md -> docs/x.md")}, {"files": {"deny": ["docs/legal/**"]}}, ("`docs/legal/x.md`",)),
    Case("files", "a copy leaves its source alone", (ALLOW,), {"files": make_files("docs/x.md", status="copied", previous_path="src/x.md")}, {"files": {"only": ["docs/**"]}}),
    Case("files", "globs are anchored", (BLOCK,), {"files": make_files("src/docs/evil.py")}, {"files": {"only": ["docs/**"]}}),
    Case("files", "list cut short", (BLOCK,), {"files_complete": False, "files_note": "3,000 of 4,112"}, {}, ("not complete", "3,000 of 4,112", "split")),
    Case("files", "no files", (BLOCK,), {"files": ()}, {}, ("no changed files",)),
    Case("files", "no files known at all", (BLOCK,), {"files": (), "files_complete": False}, {}, ("not complete",)),
    Case("files", "not UTF-8", (BLOCK,), {"files": make_files("docs/caf\udce9.md", "docs/a.md")}, {}, ("`docs/caf\\xe9.md`", "UTF-8")),
    Case("files", "not UTF-8, and the rest is judged too", (BLOCK, BLOCK), {"files": make_files("docs/caf\udce9.md", "src/x.py")}, {"files": {"only": ["docs/**"]}}, ("globs can judge rename the files, or merge by hand `src/x.py` only",)),
    Case("files", "symlink", (BLOCK,), {"files": make_files("docs/a.md", kind_after=FileKind.SYMLINK)}, {}, ("symbolic link: `docs/a.md`", "files.special: [symlinks]")),
    Case("files", "symlink removed", (BLOCK,), {"files": make_files("docs/a.md", status="removed", kind_before=FileKind.SYMLINK)}, {}, ("symbolic link",)),
    Case("files", "symlink permitted", (ALLOW,), {"files": make_files("docs/a.md", kind_after=FileKind.SYMLINK)}, {"files": {"special": ["symlinks"]}}),
    Case("files", "submodule", (BLOCK,), {"files": make_files("docs/lib", kind_before=FileKind.SUBMODULE, kind_after=FileKind.SUBMODULE)}, {}, ("submodule",)),
    Case("files", "submodule permitted", (ALLOW,), {"files": make_files("docs/lib", kind_before=FileKind.SUBMODULE, kind_after=FileKind.SUBMODULE)}, {"files": {"special": ["submodules"]}}),
    Case("files", "mode change", (BLOCK,), {"files": make_files("docs/a.sh", kind_after=FileKind.EXECUTABLE)}, {}, ("changed file mode",)),
    Case("files", "mode change permitted", (ALLOW,), {"files": make_files("docs/a.sh", kind_after=FileKind.EXECUTABLE)}, {"files": {"special": ["modes"]}}),
    Case("files", "still executable", (ALLOW,), {"files": make_files("docs/a.sh", kind_before=FileKind.EXECUTABLE, kind_after=FileKind.EXECUTABLE)}),
    Case("files", "one permit is not another", (BLOCK,), {"files": make_files("docs/a.md", kind_after=FileKind.SYMLINK)}, {"files": {"special": ["modes", "submodules", "binaries"]}}),
    Case("files", "everything wrong is said at once", (BLOCK, BLOCK, BLOCK), {"files": make_files("src/x.py", "docs/no.md", kind_after=FileKind.SYMLINK)}, {"files": {"only": ["docs/**"], "deny": ["**/no.md"]}}),
    # protected files
    Case("protected_files", "none", (ALLOW,)),
    *[
        Case("protected_files", path, (BLOCK,), {"files": make_files("docs/a.md", path)}, {"match": {"files": ["**"]}}, (f"`{path}`", "by hand"))
        for path in (
            ".github/workflows/ci.yml", ".github/workflows/deep/er.yml", ".github/actions/x/action.yml", "CODEOWNERS",
            ".github/CODEOWNERS", "docs/CODEOWNERS", "rulepack/a.yml", ".github/rulepack/a.yml", ".github/bascule.yml",
            ".GitHub/Workflows/ci.yml", "codeowners", "Docs/CodeOwners", "RulePack/a.yml", ".github", ".github/workflows", "rulepack",
        )
    ],
    Case("protected_files", "old name of a rename", (BLOCK,), {"files": make_files(".github/workflows/ci.yml -> docs/ci.yml")}, {}, ("`.github/workflows/ci.yml`",)),
    *[
        Case("protected_files", f"not {path}", (ALLOW,), {"files": make_files(path)}, {"match": {"files": ["**"]}})
        for path in ("src/CODEOWNERS", ".github/ISSUE_TEMPLATE/a.md", "rulepacks/a.yml", "docs/.github/workflows/x.yml", "CODEOWNERS.md")
    ],
    # size
    Case("size", "not asked", ()),
    Case("size", "at the limit", (ALLOW,), {}, {"size": {"files": 1, "lines": 2, "commits": 1}}, ("1 file of 1, 2 lines of 2, 1 commit of 1",)),
    Case("size", "files", (BLOCK,), {"files": make_files("docs/a.md", "docs/b.md")}, {"size": {"files": 1}}, ("2 files", "at most 1", "size.files")),
    Case("size", "lines", (BLOCK,), {}, {"size": {"lines": 1}}, ("2 lines",)),
    Case("size", "commits", (BLOCK,), {"commits": (make_commit(), make_commit(sha="b" * 40))}, {"size": {"commits": 1}}, ("2 commits",)),
    Case("size", "zero is a limit", (BLOCK,), {}, {"size": {"files": 0}}),
    Case("size", "binaries have no lines", (BLOCK,), {"files": make_files("docs/a.png", binary=True, additions=0, deletions=0)}, {"size": {"lines": 100}}, ("`docs/a.png`", "files.special: [binaries]")),
    Case("size", "binaries permitted", (ALLOW,), {"files": make_files("docs/a.png", binary=True, additions=0, deletions=0)}, {"size": {"lines": 100}, "files": {"special": ["binaries"]}}),
    Case("size", "commits not all known", (BLOCK,), {"commits_complete": False}, {"size": {"commits": 9}}, ("only 1 commit could be read",)),
    # forks
    Case("forks", "same repository", (ALLOW,)),
    Case("forks", "fork", (BLOCK,), {"head_repo_id": 77}, {}, ("fork", "forks.allow")),
    Case("forks", "deleted fork", (BLOCK,), {"head_repo_id": None}, {}, ("deleted fork",)),
    Case("forks", "permitted", (ALLOW,), {"head_repo_id": 77}, {"forks": {"allow": True}}),
    # authors
    Case("authors", "listed", (ALLOW,), {}, ALLOW_DEV, ("`octo-dev`, the only commit",)),
    Case("authors", "empty list asks for known accounts", (ALLOW,)),
    Case("authors", "login in another case", (ALLOW,), {}, {"authors": {"allow": ["Octo-Dev"]}}),
    Case("authors", "login in another case, on GitHub", (ALLOW,), {"author": make_actor("Octo-Dev")}, ALLOW_DEV),
    Case("authors", "opener not listed", (BLOCK,), {"author": EVIL}, ALLOW_DEV, ("`evil-dev`, opened it", "only `octo-dev`", "authors.allow")),
    Case("authors", "author of a commit not listed", (BLOCK,), {"commits": (make_commit(), make_commit(EVIL, sha="b" * 40))}, ALLOW_DEV, ("`evil-dev`, author of `bbbbbbb`",)),
    Case("authors", "committer not listed", (BLOCK,), {"commits": (make_commit(committer=EVIL),)}, ALLOW_DEV, ("`evil-dev`, committer of",)),
    Case("authors", "opener unknown", (BLOCK,), {"author": None}, {}, ("no GitHub account: opened it",)),
    Case("authors", "commit author unknown", (BLOCK,), {"commits": (make_commit(None),)}, {}, ("`Jane Roe`, author of",)),
    Case("authors", "committer unknown", (BLOCK,), {"commits": (evolve(make_commit(), committer=None),)}, {}, ("committer of",)),
    Case("authors", "commits cut short", (BLOCK,), {"commits_complete": False}, {}, ("only 1 commit could be read",)),
    Case("authors", "no commits", (BLOCK,), {"commits": ()}, {}, ("no commits could be read",)),
    Case("authors", "bot listed as bot", (ALLOW,), {"author": BOT, "commits": (make_commit(BOT),)}, {"authors": {"allow": ["renovate[bot]"]}}),
    Case("authors", "a user with a bot's name", (BLOCK,), {"author": make_actor("renovate[bot]", id=1, type="User"), "commits": (make_commit(BOT),)}, {"authors": {"allow": ["renovate[bot]"]}}),
    Case("authors", "a bot under a user's name", (BLOCK,), {"author": make_actor("octo-dev", type="Bot")}, ALLOW_DEV),
    Case("authors", "a mannequin", (BLOCK,), {"author": make_actor("octo-dev", type="Mannequin")}, ALLOW_DEV),
    Case("authors", "pinned id", (ALLOW,), {}, {"authors": {"allow": [f"octo-dev#{DEV_ID}"]}}),
    Case("authors", "pinned id of somebody else", (BLOCK,), {"author": make_actor(id=1)}, {"authors": {"allow": [f"octo-dev#{DEV_ID}"]}}),
    Case("authors", "pinned id under another login", (BLOCK,), {"author": make_actor("other")}, {"authors": {"allow": [f"octo-dev#{DEV_ID}"]}}),
    Case("authors", "pinned, id unknown", (BLOCK,), {"author": make_actor(id=None)}, {"authors": {"allow": [f"octo-dev#{DEV_ID}"]}}),
    Case("authors", "pinned bot", (ALLOW,), {"author": BOT, "commits": (make_commit(BOT),)}, {"authors": {"allow": ["renovate[bot]#29139614"]}}),
    Case("authors", "team member", (ALLOW,), {"teams": {"@acme/platform": (DEV_ID,)}}, {"authors": {"allow": ["@acme/platform"]}}),
    Case("authors", "team's name in another case", (ALLOW,), {"teams": {"@Acme/Platform": (DEV_ID,)}}, {"authors": {"allow": ["@acme/platform"]}}),
    Case("authors", "team's name in another case, in the pack", (ALLOW,), {"teams": {"@acme/platform": (DEV_ID,)}}, {"authors": {"allow": ["@Acme/Platform"]}}),
    Case("authors", "not in the team", (BLOCK,), {"teams": {"@acme/platform": (1,)}}, {"authors": {"allow": ["@Acme/Platform"]}}),
    Case("authors", "team not readable", (BLOCK, BLOCK), {}, {"authors": {"allow": ["@acme/platform"]}}, ("`@acme/platform` could not be read", "Members: read")),
    Case("authors", "team not needed", (ALLOW,), {}, {"authors": {"allow": ["@acme/platform", "octo-dev"]}}),
    Case("authors", "denied team not readable", (BLOCK,), {}, {"authors": {"deny": ["@acme/interns"]}}, ("could not be read",)),
    Case("authors", "denied team", (BLOCK,), {"teams": {"@acme/interns": (DEV_ID,)}}, {"authors": {"deny": ["@acme/interns"]}}, ("denied: `octo-dev`",)),
    Case("authors", "deny wins", (BLOCK,), {}, {"authors": {"allow": ["octo-dev"], "deny": ["octo-dev"]}}, ("denied",)),
    Case("authors", "denied id under a new login", (BLOCK,), {"author": make_actor("fresh-name", id=666)}, {"authors": {"deny": ["evil-dev#666"]}}, ("denied: `fresh-name`",)),
    Case("authors", "denied id, login taken by somebody else", (ALLOW,), {"author": make_actor("evil-dev", id=5)}, {"authors": {"deny": ["evil-dev#666"]}}),
    Case("authors", "GitHub's pages as committer, verified", (ALLOW,), {"commits": (make_commit(committer=WEB_FLOW, verified=True),)}, ALLOW_DEV),
    Case("authors", "GitHub's pages as committer, unverified", (BLOCK,), {"commits": (make_commit(committer=WEB_FLOW),)}, ALLOW_DEV, ("`web-flow`, committer",)),
    Case("authors", "GitHub's pages as author", (BLOCK,), {"commits": (make_commit(WEB_FLOW, verified=True),)}, ALLOW_DEV, ("`web-flow`, author",)),
    Case("authors", "somebody else called web-flow", (BLOCK,), {"commits": (make_commit(committer=make_actor("web-flow", id=7), verified=True),)}, ALLOW_DEV),
    # title
    Case("title", "not asked", ()),
    Case("title", "matches", (ALLOW,), {"title": "docs: describe"}, {"title": {"require": ["^docs: "], "deny": ["(?i)wip"]}}),
    Case("title", "lacks", (BLOCK,), {"title": "describe"}, {"title": {"require": ["^docs: "]}}, ("`describe`", "`^docs: `")),
    Case("title", "forbidden", (BLOCK,), {"title": "docs: WIP"}, {"title": {"deny": ["(?i)wip"]}}, ("does not match",)),
    Case("title", "both", (BLOCK, BLOCK), {"title": "WIP"}, {"title": {"require": ["^docs: "], "deny": ["(?i)wip"]}}),
    Case("title", "unreadable expression", (ERROR,), {}, {"title": {"require": ["(?=x)"]}}, ("mend it",)),
    # labels
    Case("labels", "not asked", ()),
    Case("labels", "there", (ALLOW,), {}, {"labels": {"require": ["change:safe"], "deny": ["hold"]}}, ("`change:safe` set, no `hold`",)),
    Case("labels", "case does not matter", (ALLOW,), {"labels": ("Change:Safe",)}, {"labels": {"require": ["change:safe"]}}),
    Case("labels", "case does not matter, in the pack", (ALLOW,), {"labels": ("change:safe",)}, {"labels": {"require": ["Change:Safe"]}}),
    Case("labels", "held, in another case in the pack", (BLOCK,), {"labels": ("hold",)}, {"labels": {"deny": ["HOLD"]}}),
    Case("labels", "missing", (BLOCK,), {"labels": ()}, {"labels": {"require": ["change:safe"]}}, ("missing: `change:safe`", '--add-label "change:safe"')),
    Case("labels", "held", (BLOCK,), {"labels": ("Hold",)}, {"labels": {"deny": ["hold"]}}, ("held by label `hold`", '--remove-label "hold"')),
    Case("labels", "held, though the pack names no label", (BLOCK,), {"labels": ("Hold",)}, {}, ("held by label `hold`",)),
    Case("labels", "held, though the pack denies another", (BLOCK,), {"labels": ("hold",)}, {"labels": {"deny": ["wip"]}}),
    Case("labels", "missing and held", (BLOCK, BLOCK), {"labels": ("hold",)}, {"labels": {"require": ["change:safe"], "deny": ["hold"]}}),
    # checks
    Case("checks", "required and green", (ALLOW,), {}, REQUIRE, ("`test` green",)),
    Case("checks", "a status by a login", (ALLOW,), {"checks": (run_("ci", app="status/ci-user"),)}, {"checks": {"require": [{"name": "ci", "app": "status/ci-user"}]}}),
    Case("checks", "a status under the app's name is not the app", (BLOCK,), {"checks": (run_("test", app="status/github-actions"),)}, REQUIRE, ("reported by `status/github-actions`",)),
    Case("checks", "same name from another app", (BLOCK,), {"checks": (run_(app="evil-app"),)}, REQUIRE, ("reported by `evil-app`, not by github-actions",)),
    Case("checks", "another app's red does not count against it", (ALLOW,), {"checks": (run_(), run_(state="failure", app="other-app"))}, REQUIRE, ("not required and not green: `test`",)),
    Case("checks", "what is green, skipped, required or our own is not called red", (ALLOW,), {"checks": (run_(), run_("lint"), run_("docs", "skipped"), run_("bascule", "failure"), run_("build", "failure"))}, REQUIRE, ("`test` green; not required and not green: `build`",)),
    Case("checks", "a slug in another case", (ALLOW,), {"checks": (run_(app="GitHub-Actions"),)}, REQUIRE),
    Case("checks", "a slug in another case, in the pack", (ALLOW,), {}, {"checks": {"require": [{"name": "test", "app": "GitHub-Actions"}]}}),
    Case("checks", "red under a slug in another case is not another check", (BLOCK,), {"checks": (run_(state="failure", app="GitHub-Actions"),)}, REQUIRE, ("`test` failed",)),
    Case("checks", "zero checks, required", (BLOCK,), {"checks": ()}, REQUIRE, ("no checks on `4be1f02`",)),
    Case("checks", "zero checks, none required", (BLOCK,), {"checks": ()}, {}, ("no checks", "at least one green check")),
    Case("checks", "cut short", (BLOCK,), {"checks_complete": False}, REQUIRE, ("not every check",)),
    Case("checks", "running", (WAIT,), {"checks": (run_(state="in_progress"),)}, REQUIRE, ("`test` running (github-actions)",)),
    Case("checks", "failed", (BLOCK,), {"checks": (run_(state="failure"),)}, REQUIRE, ("`test` failed",)),
    Case("checks", "one of two runs failed", (BLOCK,), {"checks": (run_(), run_(state="failure"))}, REQUIRE, ("`test` failed",)),
    *[
        Case("checks", f"required but {state}", (BLOCK,), {"checks": (run_(state=state),)}, REQUIRE)
        for state in ("cancelled", "timed_out", "action_required", "stale", "error", "startup_failure", "skipped", "neutral", "new-word")
    ],
    Case("checks", "required but skipped, says why", (BLOCK,), {"checks": (run_(state="skipped"),)}, REQUIRE, ("must have run",)),
    Case("checks", "not reported, others running", (WAIT,), {"checks": (run_("lint", "in_progress"),)}, REQUIRE, ("has not reported yet",)),
    Case("checks", "not reported, nothing running", (BLOCK,), {"checks": (run_("lint"),)}, REQUIRE, ("nothing is running", "checks.require")),
    Case("checks", "one line a requirement", (WAIT, BLOCK), {"checks": (run_(state="queued"), run_("lint", "failure"))}, {"checks": {"require": [{"name": "test", "app": "github-actions"}, {"name": "lint", "app": "github-actions"}]}}),
    Case("checks", "roll-up green", (ALLOW,), {"checks": (run_(), run_("lint", "skipped"))}, {}, ("`test` green; skipped or neutral: `lint`",)),
    Case("checks", "roll-up red", (BLOCK,), {"checks": (run_(), run_("lint", "failure"))}, {}, ("`lint` failed",)),
    Case("checks", "roll-up running", (WAIT,), {"checks": (run_(), run_("lint", "pending"))}),
    Case("checks", "roll-up red and running", (BLOCK, WAIT), {"checks": (run_(state="failure"), run_("lint", "pending"))}),
    Case("checks", "roll-up of skipped only", (BLOCK,), {"checks": (run_(state="skipped"),)}, {}, ("nothing ran",)),
    Case("checks", "roll-up without Bascule itself", (ALLOW,), {"checks": (run_(), run_("bascule", "in_progress"), run_("bascule/merge", "failure"))}),
    Case("checks", "Bascule alone is no check", (BLOCK,), {"checks": (run_("bascule"),)}, {}, ("no checks",)),
    Case("checks", "Bascule in another case", (BLOCK,), {"checks": (run_("Bascule"),)}, {}, ("no checks",)),
    Case("checks", "a status that nobody signed", (BLOCK,), {"checks": (run_("ci", "failure", app="status/"),)}, {}, ("(unnamed source)",)),
    Case("checks", "roll-up names who reported", (BLOCK,), {"checks": (run_("ci", "failure", app="status/ci-user"),)}, {}, ("(status/ci-user)",)),
    # changes requested
    Case("changes_requested", "nobody", (ALLOW,)),
    Case("changes_requested", "approved", (ALLOW,), {"reviews": (make_review(),)}, {}, ("none, 1 approval",)),
    Case("changes_requested", "approved by somebody without write access", (ALLOW,), {"reviews": (make_review(can_write=False), make_review("COMMENTED"))}, {}, ("none",)),
    Case("changes_requested", "by a writer", (BLOCK,), {"reviews": (make_review("CHANGES_REQUESTED"),)}, {}, ("changes requested by `octo-reviewer`",)),
    Case("changes_requested", "by somebody without write access", (ALLOW,), {"reviews": (make_review("CHANGES_REQUESTED", can_write=False),)}),
    Case("changes_requested", "GitHub says so", (BLOCK,), {"review_decision": "CHANGES_REQUESTED"}, {}, ("GitHub says",)),
    Case("changes_requested", "reviews cut short", (BLOCK,), {"reviews_complete": False}),
    # conversations
    Case("conversations", "none", (ALLOW,)),
    Case("conversations", "open", (BLOCK,), {"unresolved_threads": 2}, {}, ("2 unresolved conversations",)),
    Case("conversations", "cut short", (BLOCK,), {"threads_complete": False}, {}, ("not every conversation",)),
    # conflicts
    Case("conflicts", "clean", (ALLOW,)),
    Case("conflicts", "conflicting", (BLOCK,), {"mergeable": "CONFLICTING"}, {}, ("conflicts with `main`",)),
    Case("conflicts", "still computing", (WAIT,), {"mergeable": "UNKNOWN"}),
    Case("conflicts", "unknown word", (BLOCK,), {"mergeable": "PERHAPS"}, {}, ("`PERHAPS`",)),
    # auto-merge
    Case("auto_merge", "not armed", ()),
    Case("auto_merge", "armed alike", (ALLOW,), {"auto_merge": AutoMerge(enabled_by=BOT, method="SQUASH")}, {"merge": {"method": "squash"}}, ("armed by `renovate[bot]` (squash)",)),
    Case("auto_merge", "armed, pack has no method", (ALLOW,), {"auto_merge": AutoMerge(enabled_by=None, method="merge")}),
    Case("auto_merge", "armed otherwise", (BLOCK,), {"auto_merge": AutoMerge(enabled_by=BOT, method="merge")}, {"merge": {"method": "squash"}}, ("--disable-auto",)),
    # schedule; the builders' time is Monday 09:00 UTC
    Case("schedule", "not asked", ()),
    Case("schedule", "open", (ALLOW,), {}, {"schedule": {"merge": "Mon-Thu 09:00-16:00"}}, ("Mon 09:00, within Mon-Thu 09:00-16:00 (UTC)",)),
    Case("schedule", "closed", (WAIT,), {}, {"schedule": {"merge": "Tue 10:00-16:00", "timezone": "Europe/Berlin"}}, ("Mon 10:00", "eligible Tue 06 Jan 09:00 UTC")),
    Case("schedule", "unreadable", (ERROR,), {}, {"schedule": {"merge": "sometimes"}}, ("cannot read `sometimes`",)),
    Case("schedule", "unknown zone", (ERROR,), {}, {"schedule": {"merge": "Mon 10:00-16:00", "timezone": "Mars/Base"}}, ("`Mars/Base`",)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.gate}: {c.name}")
def test_case(case: Case) -> None:
    found = asked(case.gate, case.change, case.pack)
    assert tuple(c.status for c in found) == case.expect
    said = " ".join(f"{c.found} {c.expected} {c.fix}" for c in found)
    for words in case.says:
        assert words in said
    for check in found:
        if check.status is not ALLOW:
            assert check.found
            assert check.expected
            assert check.fix


def test_every_gate_has_a_passing_and_a_failing_case_and_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/gates.md").read_text()
    for gate in gates.GATES:
        statuses = [case.expect for case in CASES if case.gate == gate.name]
        assert (ALLOW,) in statuses, gate.name
        assert any(s and ALLOW not in s for s in statuses), gate.name
        assert f"\n### `{gate.name}`\n" in page, gate.name
    headings = [line[5:-1] for line in page.splitlines() if line.startswith("### `")]
    assert headings == [gate.name for gate in gates.GATES]


def test_the_default_change_passes_every_gate() -> None:
    change = make_change()
    assert {c.status for c in gates.run(make_context(change), claimed=change.paths)} == {ALLOW}


def test_failures_name_the_line_of_the_pack() -> None:
    lines = {
        "": "docs.yml:1:1",
        "files": "docs.yml:4:1",
        "files.only": "docs.yml:4:9",
        "files.deny[1]": "docs.yml:5:22",
        "checks.require[1]": "docs.yml:9:5",
        "authors.allow": "docs.yml:6:12",
        "forks": "docs.yml:12:1",
    }
    change = make_change(files=make_files("docs/no.md", "src/x.py"), author=EVIL, head_repo_id=3)
    pack = make_pack(
        files={"only": ["docs/**"], "deny": ["x", "docs/no.md"]},
        authors={"allow": ["octo-dev"]},
        checks={"require": [{"name": "test", "app": "github-actions"}, {"name": "lint", "app": "github-actions"}]},
        lines=lines,
    )
    checks = gates.run(make_context(change, pack), claimed=change.paths)
    where = [(c.rule, c.where) for c in checks if c.status is not ALLOW]
    assert where == [
        ("files", "docs.yml:4:9"),
        ("files", "docs.yml:5:22"),
        ("forks", "docs.yml:12:1"),
        ("authors", "docs.yml:6:12"),
        ("checks", "docs.yml:9:5"),
    ]
    assert [c.paths for c in checks if c.rule == "files"] == [("src/x.py",), ("docs/no.md",)]


def test_a_pack_judges_the_files_that_it_claims() -> None:
    change = make_change(files=make_files("docs/a.md", "src/x.py"))
    context = make_context(change, make_pack(files={"only": ["docs/**"]}))
    files = [c for c in gates.run(context, claimed=("docs/a.md",)) if c.rule == "files"]
    assert [c.status for c in files] == [ALLOW]
    assert files[0].found == "1 changed, allowed"
    linked = make_change(files=(*make_files("docs/a.md"), *make_files("src/x", kind_after=FileKind.SYMLINK)))
    other = [c for c in gates.run(make_context(linked), claimed=("docs/a.md",)) if c.rule == "files"]
    assert [c.status for c in other] == [ALLOW]  # the link is for the pack that claims it
    nothing = [c for c in gates.run(context, claimed=()) if c.rule == "files"]
    assert [c.status for c in nothing] == [BLOCK]
    assert "claims none" in nothing[0].found


def test_only_approvals_that_count_are_counted() -> None:
    (check,) = asked("changes_requested", {"reviews": (make_review(can_write=False), make_review("COMMENTED"))}, {})
    assert check.found == "none"


def test_a_file_name_that_no_glob_can_claim_blocks_all_the_same() -> None:
    change = make_change(files=make_files("docs/a.md", "docs/\udcff"))
    checks = gates.run(make_context(change), claimed=("docs/a.md",))
    assert [c.status for c in checks if c.rule == "files"] == [BLOCK]


def test_history_is_judged_by_what_git_knows() -> None:
    change = make_change(
        known=("git",), author=None, commits=(), checks=(), mergeable="UNKNOWN", draft=True, head_repo_id=None,
        files=make_files("src/x.py"),
    )  # fmt: skip
    pack = make_pack(files={"only": ["docs/**"]}, labels={"require": ["x"]}, schedule={"merge": "Tue 09:00-10:00"})
    checks = gates.run(make_context(change, pack), claimed=change.paths)
    assert [(c.rule, c.status) for c in checks] == [("files", BLOCK), ("protected_files", ALLOW)]
    assert gates.run(make_context(change, pack), claimed=change.paths, known=()) == ()


def test_many_findings_are_sorted_and_counted() -> None:
    change = make_change(files=make_files(*[f"src/{n}.py" for n in (3, 1, 2, 5, 4)]))
    pack = make_pack(files={"only": ["docs/**"]})
    (check,) = (c for c in gates.run(make_context(change, pack), claimed=change.paths) if c.rule == "files")
    assert check.found == "`src/1.py`, `src/2.py`, `src/3.py` + 2 more"
    assert len(check.paths) == 5


def test_order_of_input_does_not_change_the_answer() -> None:
    files = make_files("src/b.py", "docs/a.md", "src/a.py")
    commits = (make_commit(EVIL, sha="b" * 40), make_commit(), make_commit(BOT, sha="a" * 40))
    results = (run_("lint", "failure"), run_(), run_("build", "failure"))
    pack = make_pack(files={"only": ["docs/**"]}, **ALLOW_DEV)
    one = make_change(files=files, commits=commits, checks=results)
    two = make_change(files=files[::-1], commits=commits[::-1], checks=results[::-1])
    assert gates.run(make_context(one, pack), claimed=one.paths) == gates.run(
        make_context(two, pack), claimed=two.paths
    )


def test_names_cannot_break_out_of_their_quotes() -> None:
    change = make_change(files=make_files("src/`x`\x1b[31m\n.py"))
    (check,) = asked("files", {"files": change.files}, {"files": {"only": ["docs/**"]}})
    assert check.found == "`src/\\x60x\\x60\\x1b[31m\\x0a.py`"
