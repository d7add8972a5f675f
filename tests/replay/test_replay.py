"""Judging a history: by content, by what this clone has, by several packs, and by two policies."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from bascule.clock import ManualClock
from bascule.host.driver import Hosts
from bascule.replay.judge import Judge
from bascule.replay.records import Judged, Outcome, Policy, Report
from bascule.replay.run import Request, replay
from bascule.testing import make_change, make_check, make_pack
from bascule.types import Binding, Check, DryRunContext, Evidence, GateContext, Scenario, Status, Template

DOCS = """\
version: 1
scenario: allowlist
mode: guarded
match: {files: ["docs/**", "*.md"], branches: [main]}
files: {deny: ["docs/secret/**"]}
authors: {allow: [nobody-at-all]}
labels: {require: ["change:safe"]}
checks: {require: [{name: test, app: github-actions}]}
title: {deny: ["(?i)\\\\bwip\\\\b"]}
size: {lines: 10}
"""
DEPS = 'version: 1\nscenario: deps\nmode: observe\nmatch: {files: ["*.lock"]}\n'


def by_title(report: Report) -> dict[str, Judged]:
    return {c.title: c for c in report.changes}


def labels(change: Judged) -> list[str]:
    return [r.label for r in change.opinion.reasons]


def test_content_decides_and_what_git_cannot_know_does_not(story: Any, replayed: Any) -> None:
    story.commit("packs", {"rulepack/docs.yml": DOCS})
    story.commit("page", {"docs/a.md": "1\n"})
    story.commit("secret", {"docs/secret/a.md": "1\n"})
    story.commit("wip: page", {"docs/b.md": "1\n"})
    story.commit("long", {"docs/c.md": "x\n" * 11})
    story.commit("page and code", {"docs/d.md": "1\n", "src/d.c": "1\n"})
    story.commit("code", {"src/e.c": "1\n"})
    story.commit("nothing")
    (story.path / "docs/link.md").symlink_to("a.md")
    story.commit("link")
    story.commit("page and workflow", {"docs/e.md": "1\n", ".github/workflows/ci.yml": "1\n"})
    report = replayed(story.path)
    found = {title: (c.opinion.outcome.value, labels(c)) for title, c in by_title(report).items()}
    assert found == {
        "packs": ("unbound", []),
        "page": ("allowed", []),
        "secret": ("blocked", ["files that the policy does not allow"]),
        "wip: page": ("blocked", ["title"]),
        "long": ("blocked", ["too large"]),
        "page and code": ("blocked", ["files that no rulepack claims"]),
        "code": ("unbound", []),
        "nothing": ("unbound", []),
        "link": ("blocked", ["files that the policy does not allow"]),
        "page and workflow": (
            "blocked", ["files that no rulepack claims", "workflows, owners or rulepacks touched"],
        ),
    }  # fmt: skip
    assert dict(report.reasons) == {
        "files that no rulepack claims": 2,
        "files that the policy does not allow": 2,
        "too large": 1,
        "title": 1,
        "workflows, owners or rulepacks touched": 1,
    }
    assert report.unclaimed == ((".github/", 1), ("src/", 1))
    (row,) = report.rows
    assert (row.scenario, row.changes, row.allowed, row.blocked, row.needs_tool) == ("allowlist", 7, 1, 6, 0)
    reason = by_title(report)["secret"].opinion.reasons[0]
    assert reason.where is not None
    assert reason.where.startswith("rulepack/docs.yml:5")
    assert reason.fix


def test_a_merge_and_a_squash_are_one_change_each(story: Any, replayed: Any) -> None:
    story.commit("packs", {"rulepack/docs.yml": DOCS})
    story.branch("topic")
    story.commit("wip: start", {"docs/a.md": "1\n"})
    story.commit("code", {"src/a.c": "1\n"})
    story.commit("no code", {"src/a.c": None})
    story.back()
    story.merge("Merge pull request #7 from octo-dev/topic\n\nA page", "topic")
    story.commit("Another page (#8)", {"docs/b.md": "1\n"})
    report = replayed(story.path)
    assert [(c.number, c.title, c.opinion.outcome) for c in report.changes[:2]] == [
        (8, "Another page", Outcome.ALLOWED),
        (7, "A page", Outcome.ALLOWED),  # neither its commits' titles nor what they undid themselves
    ]
    assert len(report.changes) == 3


def test_an_allowed_change_that_was_reverted_is_the_figure(story: Any, replayed: Any) -> None:
    story.commit("packs", {"rulepack/docs.yml": DOCS, "rulepack/deps.yml": DEPS})
    good = story.commit("good", {"docs/a.md": "1\n"})
    bad = story.commit("bad", {"docs/b.md": "1\n"})
    back = story.commit("came back", {"docs/c.md": "1\n"})
    blocked = story.commit("blocked", {"docs/d.md": "x\n" * 20})
    story.revert(blocked)
    story.revert(bad)
    mistaken = story.revert(back)
    story.revert(mistaken)
    report = replayed(story.path)
    # A mistaken revert is itself a change that was allowed and did not stand.
    assert [c.sha for c in report.reverted] == [mistaken, bad]
    assert [c.sha for c in report.reinstated] == [back]
    rows = {r.scenario: r for r in report.rows}
    assert rows["allowlist"].reverted == 2
    assert rows["deps"].changes == 0
    assert good not in {c.sha for c in report.changes if c.reverted}


def test_a_change_of_several_packs_counts_once_and_stands_in_each_row(story: Any, replayed: Any) -> None:
    story.commit("packs", {"rulepack/docs.yml": DOCS, "rulepack/deps.yml": DEPS})
    story.commit("both", {"docs/a.md": "1\n", "app.lock": "1\n"})
    story.commit("one is too long", {"docs/b.md": "x\n" * 11, "app.lock": "2\n"})
    report = replayed(story.path)
    assert {r.scenario: (r.changes, r.allowed, r.blocked) for r in report.rows} == {
        "allowlist": (2, 1, 1),
        "deps": (2, 1, 1),
    }
    assert (report.count(Outcome.ALLOWED), report.count(Outcome.BLOCKED), report.count(Outcome.UNBOUND)) == (1, 1, 1)
    assert by_title(report)["both"].opinion.scenarios == ("allowlist", "deps")


def test_a_path_that_is_not_utf8_blocks_where_a_pack_binds(story: Any, replayed: Any) -> None:
    story.commit("packs", {"rulepack/docs.yml": DOCS})
    name = b"docs/caf\xe9.md".decode("utf-8", "surrogateescape")
    story.commit("page", {"docs/a.md": "1\n", name: "1\n"})
    assert by_title(replayed(story.path))["page"].opinion.outcome is Outcome.BLOCKED


def test_a_submodule_blocks(story: Any, replayed: Any) -> None:
    a = story.commit("packs", {"rulepack/docs.yml": DOCS})
    story.git("update-index", "--add", "--cacheinfo", f"160000,{a},docs/sub")
    story.git("commit", "-q", "-m", "submodule")
    assert by_title(replayed(story.path))["submodule"].opinion.outcome is Outcome.BLOCKED


def test_another_branch_is_judged_as_that_branch(story: Any, replayed: Any) -> None:
    story.commit("packs", {"rulepack/docs.yml": DOCS})
    story.commit("page", {"docs/a.md": "1\n"})
    story.branch("next")
    assert by_title(replayed(story.path))["page"].opinion.outcome is Outcome.UNBOUND  # match.branches: [main]
    assert by_title(replayed(story.path, branch="main"))["page"].opinion.outcome is Outcome.ALLOWED
    story.git("checkout", "-q", "--detach")
    report = replayed(story.path)  # nobody knows the branch, so it is not held against the packs
    assert report.about.branch == ""
    assert by_title(report)["page"].opinion.outcome is Outcome.ALLOWED


def test_a_shallow_clone_leaves_out_where_it_ends(story: Any, replayed: Any, tmp_path: Path) -> None:
    story.commit("packs", {"rulepack/docs.yml": DOCS, "docs/old.md": "1\n"})
    story.commit("page", {"docs/a.md": "1\n"})
    story.commit("page 2", {"docs/a.md": "2\n"})
    story.git("clone", "-q", "--depth=2", f"file://{story.path}", str(tmp_path / "shallow"))
    report = replayed(tmp_path / "shallow")
    assert [c.title for c in report.changes] == ["page 2"]
    assert report.skipped == 1
    assert report.about.shallow


def test_a_partial_clone_is_judged_without_lines_and_without_the_network(
    story: Any, replayed: Any, tmp_path: Path
) -> None:
    story.commit("packs", {"rulepack/docs.yml": DOCS})
    story.commit("long", {"docs/c.md": "x\n" * 11})
    story.commit("secret", {"docs/secret/a.md": "1\n"})
    story.git("config", "uploadpack.allowFilter", "true")
    packs = tmp_path / "packs"
    packs.mkdir()
    (packs / "docs.yml").write_text(DOCS)
    story.git("clone", "-q", "--bare", "--filter=blob:none", f"file://{story.path}", str(tmp_path / "partial"))
    before = sorted(tmp_path.joinpath("partial").rglob("*"))
    report = replayed(tmp_path / "partial", rulepack=packs)
    assert {c.title: c.opinion.outcome for c in report.changes} == {
        "packs": Outcome.UNBOUND,
        "long": Outcome.ALLOWED,  # its lines are not known, and the report says so
        "secret": Outcome.BLOCKED,
    }
    assert report.uncounted == 3
    assert sorted(tmp_path.joinpath("partial").rglob("*")) == before


def test_one_missing_content_costs_only_that_change_its_lines(story: Any, replayed: Any) -> None:
    story.commit("packs", {"rulepack/docs.yml": DOCS})
    story.commit("long", {"docs/a.md": "x\n" * 11})
    story.commit("lost", {"docs/lost.md": "y\n" * 11})
    story.commit("long too", {"docs/b.md": "z\n" * 11})
    blob = story.git("rev-parse", "HEAD:docs/lost.md")
    (story.path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    report = replayed(story.path)
    assert {c.title: c.opinion.outcome for c in report.changes} == {
        "packs": Outcome.UNBOUND,
        "long": Outcome.BLOCKED,
        "lost": Outcome.ALLOWED,
        "long too": Outcome.BLOCKED,
    }
    assert report.uncounted == 1


def test_two_policies_and_where_they_differ(story: Any, replayed: Any, tmp_path: Path) -> None:
    story.commit("packs", {"rulepack/docs.yml": DOCS})
    story.commit("short", {"docs/a.md": "1\n"})
    story.commit("long", {"docs/b.md": "x\n" * 11})
    story.commit("code", {"src/a.c": "1\n"})
    other = tmp_path / "other"
    other.mkdir()
    (other / "docs.yml").write_text(DOCS.replace("size: {lines: 10}", "size: {lines: 100}"))
    (other / "code.yml").write_text(DEPS.replace("*.lock", "src/**"))
    report = replayed(story.path, diff=other)
    assert {c.title: (c.opinion.outcome.value, c.other.outcome.value) for c in report.differences if c.other} == {
        "code": ("unbound", "allowed"),
        "long": ("blocked", "allowed"),
    }
    assert report.count(Outcome.ALLOWED) == 1  # the table is the first policy's


class Bare:
    """The installed plugins, but terraform offers no rule and a template without any."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hosts, name)

    def scenarios(self) -> dict[str, Scenario]:
        found = dict(self._hosts.scenarios())
        text = 'version: 1\nscenario: terraform\nmatch: {files: ["**/*.tf"]}\n'
        bare = (Template(name="default", text=text),)
        return {**found, "terraform": evolve(found["terraform"], rules=(), templates=bare)}


def test_packaged_defaults_without_rules_never_call_a_change_allowed(story: Any, hosts: Hosts) -> None:
    story.commit("first", {"infra/main.tf": "1\n", "docs/a.md": "1\n"})
    story.commit("infra", {"infra/main.tf": "2\n"})
    story.commit("page", {"docs/a.md": "2\n"})
    plugins: Any = Bare(hosts)
    report = replay(Request(path=story.path), plugins, ManualClock(), lambda done, total: None)
    assert report.policy.unready == ("terraform",)
    found = by_title(report)
    assert found["infra"].opinion.outcome is Outcome.NEEDS_TOOL
    assert found["page"].opinion.outcome is Outcome.ALLOWED
    assert report.reasons == ()


class Answers:
    """Plugins that answer what they are told."""

    def __init__(self, *checks: Check) -> None:
        self.checks = checks

    def gate(self, ctx: GateContext) -> tuple[Check, ...]:
        assert ctx.now == ctx.change.read_at
        return self.checks


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        ((Status.ALLOW,), Outcome.ALLOWED),
        ((Status.ALLOW, Status.WAIT), Outcome.NEEDS_TOOL),
        ((Status.WAIT, Status.BLOCK), Outcome.BLOCKED),
        ((Status.WAIT, Status.ERROR), Outcome.BLOCKED),
    ],
)
def test_a_rule_that_waits_for_its_rehearsal_needs_a_tool(statuses: tuple[Status, ...], outcome: Outcome) -> None:
    checks = [make_check("terraform/plan-actions", status, id=f"r{n}") for n, status in enumerate(statuses)]
    pack = make_pack(match={"files": ["docs/**"]}, scenario="terraform")
    change = make_change(known=("git",), author=None, read_at=datetime(2025, 3, 1, tzinfo=UTC))
    opinion = Judge(Policy(origin="directory", packs=(pack,)), Answers(*checks)).opinion(change)
    assert opinion.outcome is outcome


class Rehearsing(Answers):
    """Plugins whose rule waits for a rehearsal."""

    def __init__(self, *said: Evidence | Check) -> None:
        super().__init__(make_check("infra/rule", Status.WAIT))
        self.said = said
        self.asked: list[DryRunContext] = []

    def gate(self, ctx: GateContext) -> tuple[Check, ...]:
        found = [e for e in ctx.evidence if e.kind == "infra/x"]
        if not found:
            return self.checks
        return (make_check("infra/rule", Status.ALLOW if found[0].data["good"] else Status.BLOCK),)

    def rehearse(self, ctx: DryRunContext) -> tuple[Evidence | Check, ...]:
        assert Path(ctx.workdir).is_dir()
        assert not ctx.run_code, "history is judged, not run"
        self.asked.append(ctx)
        return self.said


def evidence(good: bool) -> Evidence:
    bound = Binding(head_sha="", base_sha="", pack_sha256="")
    return Evidence(kind="infra/x", binding=bound, provenance="local", summary="", sha256="", data={"good": good})


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (evidence(good=True), Outcome.ALLOWED),
        (evidence(good=False), Outcome.BLOCKED),
        # What this machine lacks says nothing of the change; what the rehearsal finds wrong with it does.
        (make_check("infra/rehearsal", Status.ERROR), Outcome.NEEDS_TOOL),
        (make_check("infra/rehearsal", Status.BLOCK), Outcome.BLOCKED),
    ],
)
def test_a_rule_that_waits_is_rehearsed_on_history(said: Evidence | Check, outcome: Outcome, tmp_path: Path) -> None:
    pack = make_pack(match={"files": ["docs/**"]}, scenario="infra", size={"lines": 100})
    change = make_change(known=("git",), author=None, read_at=datetime(2025, 3, 1, tzinfo=UTC))
    plugins = Rehearsing(said)
    judge = Judge(Policy(origin="directory", packs=(pack,)), plugins, objects=tmp_path)
    assert judge.opinion(change).outcome is outcome
    assert plugins.asked[0].objects == str(tmp_path)
    assert not Path(plugins.asked[0].workdir).exists()


def test_what_the_core_refuses_is_rehearsed_only_when_it_is_shown(tmp_path: Path) -> None:
    pack = make_pack(match={"files": ["docs/**"]}, scenario="infra", size={"lines": 1})
    change = make_change(known=("git",), author=None, read_at=datetime(2025, 3, 1, tzinfo=UTC))
    plugins = Rehearsing(evidence(good=True))
    judge = Judge(Policy(origin="directory", packs=(pack,)), plugins, objects=tmp_path)
    assert judge.opinion(change).outcome is Outcome.BLOCKED
    assert not plugins.asked
    tree, _ = judge.verdict(change)
    assert tree is not None
    assert [c.status for c in tree.walk() if c.rule == "infra/rule"] == [Status.ALLOW]


def test_without_contents_nothing_is_rehearsed() -> None:
    pack = make_pack(match={"files": ["docs/**"]}, scenario="infra")
    change = make_change(known=("git",), author=None, read_at=datetime(2025, 3, 1, tzinfo=UTC))
    plugins = Rehearsing(evidence(good=True))
    assert Judge(Policy(origin="directory", packs=(pack,)), plugins).opinion(change).outcome is Outcome.NEEDS_TOOL
    assert not plugins.asked
