"""Running examples, with the core's gates as judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bascule import gates
from bascule.rulepack import trial
from bascule.types import Check, GateContext, Rulepack, Status


def core(ctx: GateContext, claimed: tuple[str, ...]) -> Iterable[Check]:
    return gates.run(ctx, claimed=claimed)


PACK = """\
version: 1
scenario: infra
mode: off
match: {files: ["docs/**"]}
files: {deny: ["docs/legal/**"]}
labels: {require: [safe]}
examples:
  - {name: fine, change: {files: [docs/a.md]}, expect: allow}
  - {name: denied, change: {files: [docs/legal/a.md]}, expect: block, because: files}
  - {name: not mine, change: {files: [docs/a.md, src/x]}, expect: block, because: rulepack}
  - {name: running, change: {files: [docs/a.md], checks: [{name: test, state: queued}]}, expect: wait, because: checks}
  - {name: hopeful, change: {files: [docs/a.md], labels: []}, expect: allow}
  - {name: other reason, change: {files: [docs/a.md], labels: []}, expect: block, because: size}
"""


def test_each_example_is_judged_by_its_pack(pack: Callable[[str], Rulepack]) -> None:
    outcomes = trial.run([pack(PACK)], core)
    assert [(o.example, o.ok, o.verdict.status.value) for o in outcomes] == [
        ("fine", True, "allow"),
        ("denied", True, "block"),
        ("not mine", True, "block"),
        ("running", True, "wait"),
        ("hopeful", False, "block"),
        ("other reason", False, "block"),
    ]
    assert outcomes[4].reasons == ("labels",)
    assert outcomes[4].where == "rulepack/p.yml:12:5"


def test_a_judge_that_answers_nothing_does_not_allow(pack: Callable[[str], Rulepack]) -> None:
    outcomes = trial.run([pack(PACK)], lambda ctx, claimed: ())
    assert {o.verdict.status for o in outcomes} == {Status.BLOCK}


def test_a_rule_counts_as_reason_by_name_and_by_id(pack: Callable[[str], Rulepack]) -> None:
    def judge(ctx: GateContext, claimed: tuple[str, ...]) -> Iterable[Check]:
        yield Check(rule="infra/actions", id="no-destroy", status=Status.BLOCK, found="x", fix="y")

    text = "version: 1\nscenario: infra\nmatch: {files: [a]}\nexamples:\n"
    for reason in ("infra/actions", "actions", "no-destroy"):
        text += f"- {{name: {reason}, change: {{files: [a]}}, expect: block, because: {reason}}}\n"
    assert all(o.ok for o in trial.run([pack(text)], judge))
