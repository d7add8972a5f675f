"""``evidence:`` in a pack: read strictly, and a template's source stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bascule.errors import ConfigError
from bascule.rulepack.catalog import Catalog
from bascule.rulepack.load import load
from bascule.types import Rulepack, Scenario, Template

HEAD = 'version: 1\nscenario: infra\nmatch: {files: ["**"]}\n'


def test_sources_by_name(pack: Callable[[str], Rulepack]) -> None:
    found = pack(HEAD + "evidence: [{name: plan, from: file}, {name: build, from: local}]\n")
    assert {n: e.source for n, e in found.evidence.items()} == {"plan": "file", "build": "local"}
    assert found.evidence["plan"].where.endswith(":4:12")
    assert found.sha256 != pack(HEAD + "evidence: [{name: plan, from: local}]\n").sha256
    assert pack(HEAD).evidence == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("evidence: [{name: plan, from: nowhere}]\n", "nowhere"),
        ("evidence: [{name: plan}]\n", "from"),
        ("evidence: [{name: plan, from: file}, {name: plan, from: local}]\n", "`plan` is here twice"),
        ("evidence: {plan: file}\n", "list"),
    ],
)
def test_mistakes_have_a_place(pack: Callable[[str], Rulepack], text: str, said: str) -> None:
    with pytest.raises(ConfigError) as told:
        pack(HEAD + text)
    assert said in str(told.value)
    assert ":4:" in str(told.value)


def test_a_pack_may_add_a_source_and_not_change_one() -> None:
    template = Template(name="planned", text=HEAD + "evidence: [{name: plan, from: file}]\n")
    catalog = Catalog.of([Scenario(name="infra", api=1, summary="", templates=(template,))])

    def extended(text: str) -> Rulepack:
        return load(HEAD + "extends: [infra/planned]\n" + text, "rulepack/p.yml", catalog=catalog)

    assert extended("").evidence["plan"].source == "file"
    assert set(extended("evidence: [{name: build, from: local}]\n").evidence) == {"plan", "build"}
    with pytest.raises(ConfigError, match="no longer comes from `file`"):
        extended("evidence: [{name: plan, from: local}]\n")
    loose = extended("loosen: plans are made here for now\nevidence: [{name: plan, from: local}]\n")
    assert loose.evidence["plan"].source == "local"


FLOW = "workflow: .github/workflows/plan.yml"
WHOLE = f"evidence: [{{name: plan, from: actions, {FLOW}, artifact: tfplan%s}}]\n"


def test_a_workflows_artifact(pack: Callable[[str], Rulepack]) -> None:
    entry = pack(HEAD + WHOLE % ", file: out/plan.json, event: push, max_size: 5MiB, max_age: 24h").evidence["plan"]
    assert (entry.source, entry.workflow, entry.artifact) == ("actions", ".github/workflows/plan.yml", "tfplan")
    assert (entry.file, entry.event, entry.max_size, entry.max_age) == ("out/plan.json", "push", 5 << 20, 86400.0)
    plain = pack(HEAD + WHOLE % "").evidence["plan"]
    assert (plain.file, plain.event, plain.max_size, plain.max_age) == ("", "pull_request", None, None)


@pytest.mark.parametrize(
    ("text", "said", "column"),
    [
        ("evidence: [{name: plan, from: actions, artifact: a}]\n", "`from: actions` needs `workflow`", 12),
        (f"evidence: [{{name: plan, from: actions, {FLOW}}}]\n", "`from: actions` needs `artifact`", 12),
        ("evidence: [{name: plan, from: file, artifact: a}]\n", "`artifact` says nothing with `from: file`", 37),
        ("evidence: [{name: plan, from: local, max_age: 1h}]\n", "`max_age` says nothing with `from: local`", 38),
        ("evidence: [{name: plan, from: local, max_size: 1MiB}]\n", "`max_size` says nothing with `from: local`", 38),
        ("evidence: [{name: plan, from: actions, artifact: a, workflow: plan.yml}]\n", "not a workflow's file", 63),
        (WHOLE.replace("plan.yml", "../plan.yml") % "", "not a workflow's file", None),
        (WHOLE.replace("plan.yml", "a/plan.yml") % "", "not a workflow's file", None),
        (WHOLE.replace("plan.yml", "*.yml") % "", "not a workflow's file", None),
        (WHOLE.replace("tfplan", "a/b") % "", "not a name of an artifact", None),
        (WHOLE % ", file: ../plan.json", "not a path in an artifact", None),
        (WHOLE % ", file: /plan.json", "not a path in an artifact", None),
        (WHOLE % ", event: pull_request_target", "with its secrets, and not on the change's head", None),
        (WHOLE % ", event: workflow_dispatch", "chooses its inputs", None),
        (WHOLE % ", event: release", "do not stand for a change's head", None),
        (WHOLE % ", max_size: 5", "text", None),
        (WHOLE % ', max_size: "5"', "`5` is not a size", None),
        (WHOLE % ", max_size: 65MiB", "more than any evidence may have", None),
        (WHOLE % ", max_age: 24", "duration", None),
        (WHOLE % ", digest: any", "digest", None),
    ],
)
def test_mistakes_about_workflows_have_a_place(
    pack: Callable[[str], Rulepack], text: str, said: str, column: int | None
) -> None:
    with pytest.raises(ConfigError) as told:
        pack(HEAD + text)
    assert said in str(told.value)
    assert (f":4:{column}" if column else ":4:") in str(told.value)


def test_over_a_template_the_place_stays_and_limits_may_be_lower() -> None:
    template = Template(name="planned", text=HEAD + WHOLE % ", max_size: 5MiB, max_age: 24h")
    catalog = Catalog.of([Scenario(name="infra", api=1, summary="", templates=(template,))])

    def extended(more: str, *, line: str = WHOLE) -> Rulepack:
        return load(HEAD + "extends: [infra/planned]\n" + line % more, "rulepack/p.yml", catalog=catalog)

    lower = extended(", max_age: 1h").evidence["plan"]
    assert (lower.max_size, lower.max_age) == (5 << 20, 3600.0)
    for more, said in (
        (", max_age: 25h", "`max_age` of the evidence `plan` is above the template's"),
        (", max_size: 6MiB", "`max_size` of the evidence `plan` is above the template's"),
        (", file: other.json", "no longer comes from `actions: .github/workflows/plan.yml on pull_request"),
        (", event: push", "no longer comes from"),
    ):
        with pytest.raises(ConfigError) as told:
            extended(more)
        assert said in str(told.value), more
    with pytest.raises(ConfigError, match="no longer comes from"):
        extended("", line=WHOLE.replace("plan.yml", "other.yml"))


def test_it_is_explained(pack: Callable[[str], Rulepack]) -> None:
    from bascule.messages.explain import sentences

    text = HEAD + WHOLE % ", file: plan.json, max_size: 5MiB, max_age: 24h"
    (told,) = [s for s in sentences(pack(text)) if s.key == "evidence"]
    assert told.text == (
        "Evidence `plan` is `plan.json` in the artifact `tfplan` of the last run of `.github/workflows/plan.yml` "
        "(pull_request) on the change's head, started at most 1d ago, at most 5,242,880 bytes; that run must have "
        "succeeded, and the workflow must be the same at base and head."
    )
