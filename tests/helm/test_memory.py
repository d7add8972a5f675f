"""What was rendered once in a process is not rendered again, and what could come out otherwise is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.helm.kit import VALUES, Files, chart, judge_with

from bascule.testing.bench import Outcome
from bascule.types import Status
from bascule_helm import memory, tool

pytestmark = pytest.mark.tool("helm")
BASE = chart()


def values(replicas: int) -> dict[str, str]:
    return {"charts/shop/values.yaml": VALUES.replace("replicas: 2", f"replicas: {replicas}")}


class Counted:
    """Changes judged with a helm that keeps count of what it is asked to do."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "asked"
        program = folder / "counted-helm"
        program.write_text(f'#!/bin/sh\necho "$1" >> {self._log}\nexec {shutil.which("helm")} "$@"\n')
        program.chmod(0o755)
        self._judge = judge_with(str(program), folder)

    def __call__(self, before: Files, after: Files) -> Outcome:
        self._log.write_text("")
        return self._judge(before, after, "paths", allow={"*": ["spec.replicas"]})

    def asked(self, what: str = "template") -> int:
        """Return how often it was asked for ``what`` since the last change began."""
        return self._log.read_text().split().count(what)


@pytest.fixture
def judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counted:
    monkeypatch.setattr(tool, "SAID", memory.Memory())
    return Counted(tmp_path)


def test_a_change_that_begins_where_the_last_one_ended_is_rendered_on_its_new_side_only(judge: Counted) -> None:
    first = judge(BASE, values(3))
    assert judge.asked() == 2
    second = judge({**BASE, **values(3)}, values(4))
    assert judge.asked() == 1
    assert first.status is second.status is Status.ALLOW
    assert judge({**BASE, **values(3)}, values(4)).evidence == second.evidence
    assert judge.asked() == 0


def test_what_is_remembered_changes_no_evidence(judge: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    judge(BASE, values(3))
    remembered = judge({**BASE, **values(3)}, values(4))
    monkeypatch.setattr(tool, "SAID", memory.Memory())
    assert judge({**BASE, **values(3)}, values(4)).evidence == remembered.evidence
    assert judge.asked() == 2


@pytest.mark.parametrize(
    "more",
    [
        {"charts/shop/values-prod.yaml": "replicas: 5\n"},
        {"charts/shop/templates/NOTES.txt": "hello\n"},
        {"charts/shop/.helmignore": "*.bak\n"},
    ],
)
def test_any_other_file_of_the_chart_makes_it_another_chart(judge: Counted, more: dict[str, str]) -> None:
    judge(BASE, values(3))
    sets = 2 if any("prod" in path for path in more) else 1
    judge({**BASE, **more}, values(3))
    assert judge.asked() == 2 * sets


def test_values_outside_the_chart_count_by_their_content(judge: Counted) -> None:
    at = "deploy/shop/values-staging.yaml"
    judge({**BASE, at: "replicas: 7\n"}, {at: "replicas: 8\n"})
    assert judge.asked() == 2
    judge({**BASE, at: "replicas: 8\n"}, {at: "replicas: 9\n"})
    assert judge.asked() == 1


def test_what_is_drawn_is_rendered_anew(judge: Counted) -> None:
    drawn = chart(secret="apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: {{ randAlphaNum 9 }}}\n")
    judge(drawn, values(3))
    asked = judge.asked()
    judge(drawn, values(3))
    assert judge.asked() == asked == 4, "both sides, and both again to see what is drawn"


def test_helms_refusal_is_not_remembered(judge: Counted) -> None:
    broken = {"charts/shop/templates/more.yaml": "{{ fail .Values.image }}"}
    for _ in range(2):
        assert judge(BASE, broken).status is Status.BLOCK
        assert judge.asked() >= 1


def test_what_is_kept_has_a_limit() -> None:
    kept = memory.Memory(most=10)
    kept.put("a", "x" * 4)
    kept.put("b", "y" * 4)
    assert kept.get("a") == "x" * 4  # the last that was asked for
    kept.put("c", "z" * 4)
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == ("x" * 4, None, "z" * 4)
    kept.put("d", "w" * 11)
    assert (kept.get("a"), kept.get("c"), kept.get("d")) == ("x" * 4, "z" * 4, None), "too long to make room for"
    kept.put("a", "x" * 10)
    assert kept.get("a") == "x" * 10
