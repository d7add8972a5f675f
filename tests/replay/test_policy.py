"""Which packs judge."""

from pathlib import Path
from typing import Any

import pytest

from bascule.errors import ConfigError, UsageError
from bascule.replay.policy import policy_of
from bascule.replay.repository import find
from bascule.rulepack.catalog import Catalog

PACK = "version: 1\nscenario: allowlist\nmode: observe\nmatch: {files: ['docs/**']}\n"


@pytest.fixture
def policy(hosts: Any) -> Any:
    catalog = Catalog.of(hosts.scenarios().values())
    return lambda path, directory=None: policy_of(find(path), catalog, directory)


def test_packs_of_the_branch_not_of_the_work_tree(story: Any, policy: Any) -> None:
    tip = story.commit(
        "first", {"rulepack/docs.yml": PACK, ".github/rulepack/more.yaml": PACK, "rulepack/x/y.yml": "?"}
    )
    (story.path / "rulepack/docs.yml").write_text("nonsense")
    (story.path / "rulepack/new.yml").write_text(PACK)
    found = policy(story.path)
    assert found.origin == "repository"
    assert found.place == ".github/rulepack/, rulepack/"
    assert [(p.name, p.commit) for p in found.packs] == [("more", tip), ("docs", tip)]


def test_a_broken_pack_is_an_error_with_its_place(story: Any, policy: Any) -> None:
    story.commit("first", {"rulepack/docs.yml": PACK + "lables: {require: [x]}\n"})
    with pytest.raises(ConfigError) as caught:
        policy(story.path)
    assert any(p.where.startswith("rulepack/docs.yml:5:") for p in caught.value.problems)
    assert "--rulepack" in caught.value.hint


def test_a_directory_of_packs_or_one_that_holds_the_folder(story: Any, policy: Any, tmp_path: Path) -> None:
    story.commit("first", {"rulepack/docs.yml": PACK})
    flat, deep = tmp_path / "flat", tmp_path / "deep"
    (deep / ".github/rulepack").mkdir(parents=True)
    flat.mkdir()
    (flat / "try.yml").write_text(PACK)
    (flat / "README.md").write_text("not a pack")
    (flat / ".hidden.yml").write_text("not a pack")
    (deep / ".github/rulepack/deep.yml").write_text(PACK)
    found = policy(story.path, flat)
    assert (found.origin, [p.name for p in found.packs]) == ("directory", ["try"])
    assert [p.name for p in policy(story.path, deep).packs] == ["deep"]


def test_a_directory_that_is_none_or_has_none(story: Any, policy: Any, tmp_path: Path) -> None:
    story.commit("first", {"a": "1\n"})
    (tmp_path / "empty").mkdir()
    for directory in (tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(UsageError) as caught:
            policy(story.path, directory)
        assert "NAME.yml" in caught.value.hint


def test_every_problem_of_a_directory_at_once(story: Any, policy: Any, tmp_path: Path) -> None:
    story.commit("first", {"a": "1\n"})
    packs = tmp_path / "packs"
    (packs / "rulepack").mkdir(parents=True)
    (packs / "one.yml").write_text(PACK + "oops: 1\n")
    (packs / "two.yml").write_text(PACK.replace("allowlist", "allowlits"))
    (packs / "rulepack/two.yml").write_text(PACK)
    with pytest.raises(ConfigError) as caught:
        policy(story.path, packs)
    text = str(caught.value)
    assert "one.yml:5:1" in text
    assert "allowlist" in text  # did you mean
    assert "second rulepack called `two`" in text


def test_defaults_that_fit_the_files(story: Any, policy: Any) -> None:
    story.commit("first", {"docs/a.md": "1\n", "infra/main.tf": "x\n"})
    found = policy(story.path)
    assert found.origin == "defaults"
    assert [p.name for p in found.packs] == ["allowlist/default", "terraform/default"]
    assert all(p.match.files for p in found.packs)


def test_nothing_fits(story: Any, policy: Any) -> None:
    story.commit("first", {"src/a.c": "1\n"})
    assert policy(story.path).packs == ()
