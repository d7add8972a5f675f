"""`watch.rollback`: a word or a mapping, what may be tightened, and what skipping checks needs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bascule.messages.explain import sentences
from bascule.types import Rulepack

Pack = Callable[[str], Rulepack]
Problems = Callable[[str], list[str]]
HEAD = 'version: 1\nscenario: infra\nmatch: {files: ["docs/**"]}\n'
OVER = "version: 1\nscenario: infra\nextends: [infra/base]\n"


@pytest.mark.parametrize(
    ("text", "mode", "checks"),
    [
        ("watch: {for: 30m}\n", "off", "wait"),
        ("watch: {rollback: auto}\n", "auto", "wait"),
        ("watch: {rollback: off}\n", "off", "wait"),
        ("watch: {rollback: {mode: off}}\n", "off", "wait"),
        ("watch: {rollback: {mode: propose}}\n", "propose", "wait"),
        ("relax: {allow: [checks]}\nwatch: {rollback: {mode: auto, checks: skip}}\n", "auto", "skip"),
        ("watch: {rollback: {checks: wait}}\n", "off", "wait"),
    ],
)
def test_a_word_or_a_mapping(text: str, mode: str, checks: str, pack: Pack) -> None:
    found = pack(HEAD + text).watch
    assert found is not None
    assert (found.rollback, found.rollback_checks) == (mode, checks)


@pytest.mark.parametrize("relax", ["", "relax: {allow: [reviews]}\n"])
def test_skipping_checks_needs_leave_to_relax_them(relax: str, problems: Problems) -> None:
    (found,) = problems(f"{HEAD}{relax}watch: {{rollback: {{checks: skip}}}}\n")
    assert found.startswith(f"{5 if relax else 4}:9: `watch.rollback.checks: skip` passes by required checks")
    assert "checks: wait" in found


@pytest.mark.parametrize("value", ["on", "[auto]", "{mode: maybe}", "{checks: never}", "{when: always}", "1"])
def test_what_it_may_not_say(value: str, problems: Problems) -> None:
    assert len(problems(f"{HEAD}watch: {{rollback: {value}}}\n")) == 1


@pytest.mark.parametrize("value", ["propose", "off", "{mode: propose}"])
def test_less_than_the_template_is_looser(value: str, problems: Problems) -> None:
    (found,) = problems(f"{OVER}watch: {{rollback: {value}}}\n")
    assert "`watch.rollback`" in found
    assert "goes beyond the template's `auto`" in found


def test_a_template_that_waits_is_waited_for(templates: dict[str, str], problems: Problems, pack: Pack) -> None:
    templates["waits"] = "version: 1\nscenario: infra\nwatch: {rollback: {mode: propose, checks: wait}}\n"
    head = f"{HEAD}extends: [infra/waits]\nrelax: {{allow: [checks]}}\n"
    (found,) = problems(f"{head}watch: {{rollback: {{checks: skip}}}}\n")
    assert "`watch.rollback.checks`: `skip` goes beyond the template's `wait`" in found
    watch = pack(f"{head}watch: {{rollback: auto}}\n").watch
    assert watch is not None
    assert (watch.rollback, watch.rollback_checks) == ("auto", "wait")


def test_it_is_told_in_words(pack: Pack) -> None:
    made = pack(HEAD + "relax: {allow: [checks]}\nwatch: {rollback: {mode: propose, checks: skip}}\n")
    said = " ".join(str(row) for row in sentences(made))
    assert "proposes to roll back" in said
    assert "without waiting for required checks" in said
