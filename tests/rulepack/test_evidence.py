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
    catalog = Catalog.of([Scenario(name="infra", api=0, summary="", templates=(template,))])

    def extended(text: str) -> Rulepack:
        return load(HEAD + "extends: [infra/planned]\n" + text, "rulepack/p.yml", catalog=catalog)

    assert extended("").evidence["plan"].source == "file"
    assert set(extended("evidence: [{name: build, from: local}]\n").evidence) == {"plan", "build"}
    with pytest.raises(ConfigError, match="no longer comes from `file`"):
        extended("evidence: [{name: plan, from: local}]\n")
    loose = extended("loosen: plans are made here for now\nevidence: [{name: plan, from: local}]\n")
    assert loose.evidence["plan"].source == "local"
