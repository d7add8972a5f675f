"""A pack in sentences, each with its origin."""

from __future__ import annotations

from collections.abc import Callable

from bascule.messages.explain import sentences
from bascule.types import Rulepack


def test_every_sentence_has_its_origin(pack: Callable[[str], Rulepack]) -> None:
    said = {
        s.key: (s.text, s.where)
        for s in sentences(pack("version: 1\nscenario: infra\nextends: [infra/base]\nlabels: {require: [mine]}\n"))
    }
    assert said["labels.require"] == (
        "Needs the labels `change:safe`, `mine`.", ("infra/base:7:20", "rulepack/p.yml:4:20"),
    )  # fmt: skip
    assert said["mode"][1] == ("infra/base:3:1",)
    assert said["forks.allow"] == ("May not come from a fork.", ())
    assert said["relax.allow"][0] == "Of branch protection, may waive `checks`, `reviews`, for at most 10 s."
    assert said["rules[0]"][0] == 'Rule `no-destroy`: `infra/actions` with {"deny": ["delete"]}.'
    assert said["watch.for"][0] == (
        "Watches `slo/a.yml` for 60 min after the deployment to `production`, and rolls back what the merge broke."
    )
    assert said["size.lines"][0] == "At most 400 lines added and removed."


def test_a_looser_pack_says_so(pack: Callable[[str], Rulepack]) -> None:
    got = pack("version: 1\nscenario: infra\nextends: [infra/base]\nloosen: we all agreed\nsize: {files: 99}\n")
    texts = [s.text for s in sentences(got)]
    assert "Is looser than its templates, because: we all agreed" in texts
    assert "Looser: size.files: `99` goes beyond the template's `20` (infra/base:10:8)" in texts


def test_a_minimal_pack_says_what_its_silence_means(pack: Callable[[str], Rulepack]) -> None:
    texts = [s.text for s in sentences(pack("version: 1\nscenario: infra\nmatch: {files: [a]}\n"))]
    assert "Waives nothing of branch protection." in texts
    assert "Needs every check that reported to be green, and at least one." in texts
    assert "Every file that it claims may change." in texts
    assert any(t.startswith("Mode observe: ") for t in texts)
