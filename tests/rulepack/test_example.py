"""Examples: what is said is taken, what is not said is healthy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bascule import gates
from bascule.errors import ConfigError
from bascule.rulepack.example import BASE, EPOCH, HEAD, case_of, change_of
from bascule.types import Actor, Example, FileKind, GateContext, Rulepack, Status

PACK = """\
version: 1
scenario: infra
match: {files: ["**"], branches: ["release/*", stable]}
authors: {allow: ["@acme/ops", "octo-ops#77", "renovate[bot]"]}
labels: {require: [one, two]}
checks: {require: [{name: test, app: github-actions}, {name: ci, app: status/ci-bot}]}
schedule: {merge: "Wed 22:00-23:00", timezone: Europe/Berlin}
"""


def example(**change: Any) -> Example:
    return Example(name="e", change=change, expect="allow")


def test_nothing_said_is_a_change_that_every_core_gate_lets_pass(pack: Callable[[str], Rulepack]) -> None:
    rules = pack(PACK)
    case = case_of(example(files=["a.md"]), rules)
    checks = gates.run(GateContext(change=case.change, pack=rules, now=case.now), claimed=("a.md",))
    assert [c for c in checks if c.status is not Status.ALLOW] == []
    assert len(checks) > 10
    assert case.change.base_ref == "stable"
    assert case.change.author == Actor(login="octo-ops", id=77, type="User")
    assert case.now == datetime(2026, 1, 7, 21, 1, tzinfo=UTC)


def test_what_is_said_is_taken(pack: Callable[[str], Rulepack]) -> None:
    rules = pack(PACK)
    change = change_of(
        example(
            files=[
                "a.md",
                {"path": "new", "status": "added", "kind": "executable", "additions": 9},
                {"path": "b", "previous_path": "c"},
                {"path": "gone", "status": "removed", "kind": "symlink"},
            ],
            title="T", author="renovate[bot]", labels=["x"],
            checks=["test", {"name": "ci", "state": "failure"}, "other"],
            commits=["octo-dev", {"author": "octo-dev", "committer": "mallory"}, {"author": "ghost", "known": False}],
            reviews=[{"author": "octo-ops", "state": "CHANGES_REQUESTED"}], unresolved=2, branch="main", draft=True,
            fork=True, mergeable="CONFLICTING", auto_merge="rebase", teams=["@acme/ops"],
        ),
        rules,
    )  # fmt: skip
    assert [(f.path, f.status, f.kind_before, f.kind_after) for f in change.files] == [
        ("a.md", "modified", FileKind.REGULAR, FileKind.REGULAR),
        ("new", "added", FileKind.ABSENT, FileKind.EXECUTABLE),
        ("b", "renamed", FileKind.REGULAR, FileKind.REGULAR),
        ("gone", "removed", FileKind.SYMLINK, FileKind.ABSENT),
    ]
    assert change.paths == ("a.md", "b", "c", "gone", "new")
    assert change.files[1].additions == 9
    assert change.author is not None
    assert (change.title, change.author.login, change.author.type) == ("T", "renovate[bot]", "Bot")
    assert change.labels == ("x",)
    assert [(c.name, c.state, c.app, c.creator, c.is_status) for c in change.checks] == [
        ("test", "success", "github-actions", None, False),
        ("ci", "failure", None, "ci-bot", True),
        ("other", "success", "github-actions", None, False),
    ]
    assert [c.committer.login if c.committer else None for c in change.commits] == ["octo-dev", "mallory", None]
    assert change.commits[-1].sha == change.head_sha
    assert (change.reviews[0].state, change.unresolved_threads) == ("CHANGES_REQUESTED", 2)
    assert (change.base_ref, change.draft, change.from_fork) == ("main", True, True)
    assert (change.mergeable, change.auto_merge and change.auto_merge.method) == ("CONFLICTING", "rebase")
    assert change.teams == {"@acme/ops": (change.author.id,)}


def test_an_author_that_is_said_is_in_no_team(pack: Callable[[str], Rulepack]) -> None:
    assert change_of(example(author="mallory"), pack(PACK)).teams == {"@acme/ops": ()}
    unsaid = change_of(example(), pack(PACK.replace('"octo-ops#77", "renovate[bot]"', "").replace('ops", ]', 'ops"]')))
    assert unsaid.author is not None
    assert unsaid.teams == {"@acme/ops": (unsaid.author.id,)}


def test_time_and_evidence(pack: Callable[[str], Rulepack]) -> None:
    rules = pack('version: 1\nscenario: infra\nmatch: {files: ["**"]}\n')
    assert case_of(example(), rules).now == EPOCH
    case = case_of(example(at="2026-03-01T12:00:00+02:00", evidence=[{"kind": "k", "data": {"a": 1}}]), rules)
    assert case.now == datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
    (evidence,) = case.evidence
    assert (evidence.kind, evidence.data, evidence.provenance) == ("k", {"a": 1}, "example")
    assert (evidence.binding.head_sha, evidence.binding.base_sha) == (HEAD, BASE)
    assert evidence.binding.pack_sha256 == rules.sha256


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"file": ["a"]}, "unknown key `file`"),
        ({"files": "a"}, "found the text `a`, expected a list"),
        ({"files": [{"path": "a", "mode": "x"}]}, "unknown key `mode`"),
        ({"checks": [{"name": "a", "state": "green"}]}, "`green` is not one of"),
        ({"draft": "yes"}, "found the text `yes`, expected true or false"),
        ({"at": "noon"}, "`noon` is not a time with its zone"),
    ],
)
def test_a_change_that_is_none_is_refused(
    change: dict[str, Any], message: str, pack: Callable[[str], Rulepack]
) -> None:
    with pytest.raises(ConfigError) as caught:
        change_of(example(**change), pack(PACK))
    assert message in str(caught.value)
    assert "rulepack/p.yml, example 'e'" in str(caught.value)
