"""Examples that state contents are rehearsed in a repository of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from bascule import wire
from bascule.git import Git
from bascule.rulepack import trial
from bascule.types import Binding, Check, DryRunContext, Evidence, GateContext, Rulepack, Status

PACK = """\
version: 1
scenario: infra
match: {files: ["**"]}
examples:
  - name: looks inside
    expect: allow
    change:
      tree: {Chart.yaml: "name: a\\n"}
      files:
        - {path: values.yaml, before: "a: 1\\n", after: "a: 2\\n"}
        - {path: new.txt, after: "new\\n"}
        - {path: gone.txt, before: "old\\n"}
        - {path: to.txt, previous_path: from.txt, before: "same text\\n", after: "same text\\n"}
        - {path: big.txt, additions: 180, deletions: 20}
      inputs: {plan: {format_version: "1.2"}, note: plain text}
  - name: has nothing inside
    expect: allow
    change: {files: [a.txt]}
"""


def test_a_rehearsal_sees_both_sides_and_the_inputs(pack: Callable[[str], Rulepack]) -> None:
    seen: list[DryRunContext] = []
    judged: list[GateContext] = []

    def rehearse(ctx: DryRunContext) -> Iterable[Evidence | Check]:
        seen.append(ctx)
        git = Git(ctx.objects)
        sides = {
            name: {p: git.blob(tree, p) for p in git.text("ls-tree", "-r", "--name-only", tree).split("\n")}
            for name, tree in (("before", ctx.change.base_sha), ("after", str(ctx.change.merge_tree)))
        }
        assert sides["before"] == {
            "Chart.yaml": b"name: a\n", "big.txt": b"before\n", "from.txt": b"same text\n", "gone.txt": b"old\n",
            "values.yaml": b"a: 1\n",
        }  # fmt: skip
        assert sides["after"] == {
            "Chart.yaml": b"name: a\n", "big.txt": b"after\n", "new.txt": b"new\n", "to.txt": b"same text\n",
            "values.yaml": b"a: 2\n",
        }  # fmt: skip
        plan, note = ctx.inputs
        assert json.loads(Path(plan.path).read_text()) == {"format_version": "1.2"}
        assert Path(note.path).read_text() == "plain text"
        assert (plan.head_sha, plan.base_sha) == (ctx.change.head_sha, ctx.change.base_sha)
        assert list(Path(ctx.workdir).iterdir()) == []
        yield Check(rule="infra/rehearsal", status=Status.ALLOW, found="seen")
        bound = Binding(
            head_sha=ctx.change.head_sha, base_sha=ctx.change.base_sha, pack_sha256=ctx.pack.sha256, tool="t"
        )
        yield Evidence(kind="infra/x", binding=bound, provenance="local", summary="", sha256=wire.sha256({}), data={})

    def judge(ctx: GateContext, claimed: tuple[str, ...]) -> Iterable[Check]:
        judged.append(ctx)
        yield Check(rule="infra/x", status=Status.ALLOW, found="fine")

    outcomes = trial.run([pack(PACK)], judge, rehearse)
    assert [o.ok for o in outcomes] == [True, True]
    assert len(seen) == 1, "without contents there is nothing to rehearse"
    assert not Path(seen[0].objects).exists()
    files = {f.path: f for f in judged[0].change.files}
    assert {p: f.status for p, f in files.items()} == {
        "big.txt": "modified", "gone.txt": "removed", "new.txt": "added", "to.txt": "renamed",
        "values.yaml": "modified",
    }  # fmt: skip
    assert (files["big.txt"].additions, files["big.txt"].deletions) == (180, 20)
    assert (files["values.yaml"].additions, files["new.txt"].deletions) == (1, 0)
    assert [e.kind for e in judged[0].evidence] == ["infra/x"]
    assert judged[0].change.commits[-1].sha == judged[0].change.head_sha
    assert judged[1].evidence == ()


def test_what_the_rehearsal_says_counts(pack: Callable[[str], Rulepack]) -> None:
    def rehearse(ctx: DryRunContext) -> Iterable[Evidence | Check]:
        yield Check(rule="infra/rehearsal", status=Status.ERROR, found="no tool", expected="a tool", fix="install it")

    def judge(ctx: GateContext, claimed: tuple[str, ...]) -> Iterable[Check]:
        yield Check(rule="infra/x", status=Status.ALLOW, found="fine")

    first, second = trial.run([pack(PACK)], judge, rehearse)
    assert (first.ok, first.verdict.status, first.reasons) == (False, Status.ERROR, ("infra/rehearsal",))
    assert second.ok
