"""Each rule lets pass what it should, and says why it stops the rest; versions, tags and commits are real git's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.release.kit import LOG, NOW, PAST, log, moved, package, pyproject, tried

from bascule.testing import Bench, Outcome
from bascule.types import Status

MODULE = {"src/shop/__init__.py": '__version__ = "1.2.0"\n'}


def passes(outcome: Outcome) -> Outcome:
    assert outcome.status is Status.ALLOW, str(outcome)
    return outcome


# -- version-monotonic ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "rule", "said"),
    [
        ("1.2.0", "1.2.1", {}, ""),
        ("1.2.0", "1.3.0rc1", {}, ""),
        ("1.3.0.dev0", "1.3.0", {}, ""),
        ("1.2.0", "1.1.9", {}, "1.2.0 → 1.1.9 does not go forward"),
        ("1.3.0", "1.3.0rc1", {}, "does not go forward"),
        ("1.2.0", "1.3.0.dev0", {}, "is a development version"),
        ("1.2.0", "1.3.0.dev0", {"development": True}, ""),
        ("1.2.0", "1.3.0rc1", {"prereleases": False}, "is a prerelease"),
        ("1.2.0", "one", {}, "is no version by PEP 440"),
        ("first", "1.3.0", {}, "cannot be ordered"),
    ],
)
def test_versions_move_forward(tmp_path: Path, old: str, new: str, rule: dict[str, Any], said: str) -> None:
    outcome = moved(tmp_path, {"use": "release/version-monotonic", **rule}, old, new)
    if not said:
        passes(outcome)
        return
    check = outcome.blocked_by("version-monotonic")
    assert said in check.found
    assert check.paths == ("pyproject.toml",)


@pytest.mark.parametrize(
    ("new", "rule", "said"),
    [
        ("1.3.0", {}, ""),
        ("1.2.1", {}, "is not later than the tag v1.2.5"),
        ("1.2.6", {"series": "minor"}, ""),
        ("1.2.6", {"series": "all", "tag": "v{version}"}, "is not later than the tag v2.0.0"),
        ("1.2.6", {"tag": "shop-{version}", "series": "all"}, ""),
    ],
)
def test_tags_of_the_series_are_behind(tmp_path: Path, new: str, rule: dict[str, Any], said: str) -> None:
    history = ("one", ("two", "v1.2.5"), "three")
    bench = Bench("release", tmp_path)
    change = bench.change({"VERSION": "1.2.0\n"}, {"VERSION": f"{new}\n"}, history=history, read_at=NOW)
    from bascule.git import Git
    from bascule.scratch import commit

    git = Git(bench.objects)  # another branch has gone on to 2.0
    git.run("update-ref", "refs/tags/v2.0.0", commit(git, {"VERSION": "2.0.0\n"}, "next", change.base_sha))
    outcome = bench.judge(change, bench.pack([{"use": "release/version-monotonic", **rule}]))
    if said:
        assert said in outcome.blocked_by("version-monotonic").found
    else:
        passes(outcome)


def test_semver_is_strict_where_npm_is(tmp_path: Path) -> None:
    rule = {"use": "release/version-monotonic"}
    outcome = tried(tmp_path, rule, {"package.json": package("1.2.0")}, {"package.json": package("1.3")})
    assert "'1.3' (package.json) is no version by Semantic Versioning" in outcome.blocked_by(rule["use"]).found


def test_what_releases_nothing_blocks(tmp_path: Path) -> None:
    for name in ("version-monotonic", "version-agree", "version-level", "changelog", "tag-free", "tag"):
        (tmp_path / name).mkdir()
        outcome = tried(
            tmp_path / name, {"use": f"release/{name}"}, {"CHANGELOG.md": LOG}, {"CHANGELOG.md": LOG + "\n"}
        )
        assert "no file states another version" in outcome.blocked_by(name).found


def test_a_file_that_cannot_be_read_blocks(tmp_path: Path) -> None:
    outcome = tried(
        tmp_path, {"use": "release/version-agree"}, {"pyproject.toml": pyproject()}, {"pyproject.toml": "["}
    )
    assert "`pyproject.toml` cannot be read" in outcome.blocked_by("version-agree").found


# -- version-agree ----------------------------------------------------------------------------------------------------


def agree(tmp_path: Path, before: dict[str, Any], after: dict[str, Any], **rule: Any) -> Outcome:
    return tried(tmp_path, {"use": "release/version-agree", **rule}, before, after)


def test_all_files_agree(tmp_path: Path) -> None:
    before = {"pyproject.toml": pyproject(), "setup.cfg": "[metadata]\nname = shop\nversion = 1.2.0\n", **MODULE}
    after = {k: v.replace("1.2.0", "1.3.0") for k, v in before.items()}
    assert "3 statements of 1.3.0" in passes(agree(tmp_path, before, after)).of("version-agree")[0].found


@pytest.mark.parametrize("stale", ["1.2.0", "1.1.0"])
def test_a_forgotten_module_blocks_even_if_it_was_forgotten_before(tmp_path: Path, stale: str) -> None:
    before = {"pyproject.toml": pyproject(), "src/shop/__init__.py": f'__version__ = "{stale}"\n'}
    check = agree(tmp_path, before, {"pyproject.toml": pyproject("1.3.0")}).blocked_by("version-agree")
    assert f"src/shop/__init__.py (__version__) states {stale}, pyproject.toml 1.3.0" in check.found
    assert check.paths == ("src/shop/__init__.py",)


def test_a_lockfile_that_lags_blocks(tmp_path: Path) -> None:
    lock = package("1.2.0", lockfileVersion=3, packages={"": {"name": "shop", "version": "1.2.0"}})
    before = {"package.json": package("1.2.0"), "package-lock.json": lock}
    after = {"package.json": package("1.3.0"), "package-lock.json": lock.replace("1.2.0", "1.3.0", 1)}
    check = agree(tmp_path, before, after).blocked_by("version-agree")
    assert 'package-lock.json (packages[""]) states 1.2.0' in check.found


def test_a_lock_entry_of_the_crate_itself(tmp_path: Path) -> None:
    crate, lock = '[package]\nname = "shop"\nversion = "{}"\n', '[[package]]\nname = "shop"\nversion = "{}"\n'
    before = {"Cargo.toml": crate.format("1.2.0"), "Cargo.lock": lock.format("1.2.0")}
    check = agree(tmp_path, before, {"Cargo.toml": crate.format("1.3.0")}).blocked_by("version-agree")
    assert "Cargo.lock (package shop) states 1.2.0" in check.found
    (tmp_path / "b").mkdir()
    passes(agree(tmp_path / "b", before, {p: t.replace("1.2.0", "1.3.0") for p, t in before.items()}))


def test_others_that_state_another_thing_are_left_alone(tmp_path: Path) -> None:
    before = {
        "pyproject.toml": pyproject(), "docs/package.json": package("0.0.1"),
        "tests/a/setup.py": 'setup(version="1.2.0")', "package.json": package("0.0.1"),
        "src/shop/vendored/__init__.py": '__version__ = "3.1"\n',
    }  # fmt: skip
    passes(agree(tmp_path, before, {"pyproject.toml": pyproject("1.3.0")}))


def test_one_version_in_two_spellings(tmp_path: Path) -> None:
    before = {"pyproject.toml": pyproject(), "package.json": package("1.2.0")}
    after = {"pyproject.toml": pyproject("1.3.0rc1"), "package.json": package("1.3.0-rc.1")}
    passes(agree(tmp_path, before, after))


def test_files_of_the_packs_own(tmp_path: Path) -> None:
    badge = "![version](https://e.example/badge/version-{}-blue)\n"
    files = [{"path": "README.md", "pattern": r"version-(\d+\.\d+\.\d+)-blue"}]
    before = {"pyproject.toml": pyproject(), "README.md": badge.format("1.2.0")}
    new = {"pyproject.toml": pyproject("1.3.0")}
    check = agree(tmp_path, before, new, files=files).blocked_by("version-agree")
    assert "README.md (pattern of the pack) states 1.2.0" in check.found
    tries = [(badge.format("1.3.0"), ""), ("no badge\n", "finds no version in `README.md`")]
    for at, (text, said) in enumerate(tries):
        after = {**new, "README.md": text}
        (tmp_path / str(at)).mkdir()
        outcome = agree(tmp_path / str(at), before, after, files=files)
        if said:
            assert said in str(outcome)
            assert outcome.status is Status.BLOCK
        else:
            passes(outcome)


def test_packages_of_one_repository(tmp_path: Path) -> None:
    before = {f"packages/{n}/package.json": package("1.2.0", name=n) for n in "abc"}
    after = {
        "packages/a/package.json": package("1.3.0", name="a"),
        "packages/b/package.json": package("2.0.0", name="b"),
    }
    check = agree(tmp_path, before, after).blocked_by("version-agree")
    assert "a 1.3.0 (packages/a/package.json), b 2.0.0 (packages/b/package.json)" in check.found
    (tmp_path / "again").mkdir()
    passes(agree(tmp_path / "again", before, after, independent=True))


# -- version-level ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("commits", "new", "rule", "said"),
    [
        (["fix: a"], "1.2.1", {}, ""),
        (["feat: a", "fix: b"], "1.3.0", {}, ""),
        (["feat!: a"], "2.0.0", {}, ""),
        (["chore: a"], "1.2.1", {}, ""),
        (["feat: a"], "1.2.1", {}, "'feat: a' asks for a minor step"),
        (["fix: a\n\nBREAKING CHANGE: b"], "1.3.0", {}, "asks for a major step"),
        (["fix: a"], "1.3.0", {}, "no commit asks for more than a patch step"),
        (["fix: a"], "1.3.0", {"larger": True}, ""),
        (["Fix a"], "1.2.1", {}, "1 of 1 commits since v1.2.0 do not say what they are"),
        (["Fix a"], "1.2.1", {"unknown": "patch"}, ""),
        (["Fix a"], "1.3.0", {"unknown": "minor"}, ""),
        (["Fix a", "feat: b"], "1.3.0", {"unknown": "ignore"}, ""),
        (["i18n: a"], "1.3.0", {"types": {"i18n": "minor"}}, ""),
        (["i18n: a"], "1.3.0", {}, "do not say what they are"),
        (["feat: a"], "1.3.0", {"max": "patch"}, "is a minor step"),
        (["anything"], "1.2.1", {"max": "patch", "commits": "any"}, ""),
        (["feat: a"], "1.3.0rc1", {}, ""),
    ],
)
def test_the_step_is_what_commits_ask_for(
    tmp_path: Path, commits: list[str], new: str, rule: dict[str, Any], said: str
) -> None:
    outcome = moved(tmp_path, {"use": "release/version-level", **rule}, "1.2.0", new, history=(*PAST, *commits))
    if said:
        assert said in outcome.blocked_by("version-level").found
    else:
        passes(outcome)


@pytest.mark.parametrize(
    ("zero", "commit", "new", "fits"),
    [("minor", "feat!: a", "0.3.0", True), ("minor", "feat!: a", "1.0.0", False), ("shift", "feat: a", "0.2.1", True),
     ("minor", "feat: a", "0.2.1", False), ("same", "feat!: a", "1.0.0", True), ("same", "feat!: a", "0.3.0", False)],
)  # fmt: skip
def test_before_one(tmp_path: Path, zero: str, commit: str, new: str, fits: bool) -> None:
    rule = {"use": "release/version-level", "zero": zero}
    outcome = moved(tmp_path, rule, "0.2.0", new, history=(("chore: release", "v0.2.0"), commit))
    assert (outcome.status is Status.ALLOW) is fits, str(outcome)


def test_without_a_tag_of_the_form_nothing_is_guessed(tmp_path: Path) -> None:
    rule = {"use": "release/version-level", "tag": "shop-{version}"}
    outcome = moved(tmp_path, rule, "1.2.0", "1.3.0", history=(*PAST, "feat: a"))
    assert "no tag of the form shop-{version}" in outcome.blocked_by("version-level").found
    (tmp_path / "first").mkdir()
    passes(moved(tmp_path / "first", rule, "1.2.0", "1.3.0", history=("feat: a",)))


# -- changelog --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "rule", "said"),
    [
        (log("1.3.0"), {}, ""),
        (LOG, {}, "CHANGELOG.md has no section for 1.3.0; the first section is 1.2.0"),
        (log("1.3.1"), {}, "has no section for 1.3.0; the first section is 1.3.1"),
        (log("1.3.0", ""), {}, "the section for 1.3.0 has no date"),
        (log("1.3.0", ""), {"date": "optional"}, ""),
        (log("1.3.0", " - 2026-02-05"), {}, "which is still to come"),
        (log("1.3.0", " - 2025-12-01"), {"max_age": 14}, "35 days ago"),
        (log("1.3.0", " - Unreleased"), {}, "still calls 1.3.0 unreleased"),
        (log("1.3.0", entries="\n"), {"unreleased": "any"}, "the section for 1.3.0 is empty"),
        (log("1.3.0", entries="- Other\n"), {}, "unreleased lines are not in the new section: 'A thing'"),
        (log("1.3.0", entries="- Other\n"), {"unreleased": "any"}, ""),
        (
            LOG.replace("\n## [1.2.0]", "\n## [1.3.0] - 2026-01-05\n- B\n\n## [1.2.0]"),
            {},
            "1 lines are still unreleased",
        ),
        (log("1.3.0").replace("The beginning", "The end"), {}, "earlier sections changed: 1.2.0 differs"),
        (log("1.3.0").replace("The beginning", "The end"), {"previous": "any"}, ""),
        (log("1.3.0").partition("\n## [1.2.0]")[0], {}, "1.2.0 is gone"),
        (LOG.replace("- A thing\n", "") + "\n## [1.3.0] - 2026-01-05\n- A thing\n", {}, "1.3.0 stands below 1.2.0"),
        (None, {}, "no changelog for shop"),
        (log("1.3.0"), {"file": "docs/NEWS.md"}, "no changelog at docs/NEWS.md"),
        (log("1.3.0"), {"heading": "(?=x)"}, "cannot be used"),
    ],
)
def test_the_changelog_has_the_version(tmp_path: Path, after: str | None, rule: dict[str, Any], said: str) -> None:
    before = {"pyproject.toml": pyproject(), "CHANGELOG.md": LOG}
    if after is None:
        del before["CHANGELOG.md"]
    changed = {"pyproject.toml": pyproject("1.3.0"), **({"CHANGELOG.md": after} if after is not None else {})}
    outcome = tried(tmp_path, {"use": "release/changelog", **rule}, before, changed)
    if said:
        assert any(said in c.found for c in outcome.of("changelog")), str(outcome)
        assert outcome.blocked_by("changelog")
    else:
        passes(outcome)


def test_the_changelog_may_have_been_written_in_a_change_before(tmp_path: Path) -> None:
    before = {"VERSION": "1.1.0\n", "CHANGELOG.md": "## 1.2.0 - 2026-01-04\n- a\n"}
    passes(tried(tmp_path, {"use": "release/changelog"}, before, {"VERSION": "1.2.0\n"}))
    (tmp_path / "old").mkdir()
    old = {**before, "CHANGELOG.md": "## 1.2.0 - 2025-11-03\n- a\n"}
    outcome = tried(tmp_path / "old", {"use": "release/changelog", "max_age": 14}, old, {"VERSION": "1.2.0\n"})
    assert "is dated 2025-11-03, 63 days ago" in outcome.blocked_by("changelog").found


def test_a_placeholder_becomes_the_version_and_a_later_one_may_be_coming(tmp_path: Path) -> None:
    old = "## 1.3.0\n\nUnreleased\n\n- B\n\n## 1.2.x\n\nUnreleased\n\n- A\n\n## 1.2.0\n\nReleased 2025-11-03\n\n- a\n"
    new = old.replace("## 1.2.x\n\nUnreleased", "## 1.2.1\n\nReleased 2026-01-05")
    files = {"VERSION": "1.2.0\n", "CHANGES.md": old}
    passes(tried(tmp_path, {"use": "release/changelog"}, files, {"VERSION": "1.2.1\n", "CHANGES.md": new}))
    (tmp_path / "lost").mkdir()
    lost = {"VERSION": "1.2.1\n", "CHANGES.md": new.replace("- A\n", "- C\n")}
    check = tried(tmp_path / "lost", {"use": "release/changelog"}, files, lost).blocked_by("changelog")
    assert "unreleased lines are not in the new section: 'A'" in check.found


def test_what_lies_among_examples_is_no_release(tmp_path: Path) -> None:
    path = "examples/one/setup.py"
    before = {"pyproject.toml": pyproject(), path: 'setup(name="one", version="1.0")\n'}
    outcome = tried(
        tmp_path, {"use": "release/version-monotonic"}, before, {path: 'setup(name="one", version="1.1")\n'}
    )
    assert "no file states another version" in outcome.blocked_by("version-monotonic").found


def test_a_vendored_packages_version_is_no_release(tmp_path: Path) -> None:
    path = "shop/packages/other/__init__.py"
    before = {"setup.py": 'setup(name="shop", version=version)', path: '__version__ = "1.0"\n', "CHANGELOG.md": LOG}
    outcome = tried(tmp_path, {"use": "release/version-monotonic"}, before, {path: '__version__ = "1.1"\n'})
    assert "no file states another version" in outcome.blocked_by("version-monotonic").found


def test_a_version_that_only_the_changelog_states(tmp_path: Path) -> None:
    before = {"pyproject.toml": '[project]\nname = "shop"\ndynamic = ["version"]\n', "CHANGELOG.md": LOG}
    rules = [{"use": f"release/{n}"} for n in ("version-monotonic", "version-agree", "changelog", "tag-free", "only")]
    outcome = Bench("release", tmp_path).run(before, {"CHANGELOG.md": log("1.3.0")}, rules, read_at=NOW, history=PAST)
    passes(outcome)
    assert outcome.proof("release/state").data["packages"][0]["source"] == "CHANGELOG.md"


# -- tags -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tag-free", "tag"])
@pytest.mark.parametrize(
    ("there", "form", "free"),
    [("v1.2.0", None, True), ("v1.3.0", None, False), ("1.3.0", None, False), ("shop-1.3.0", None, False),
     ("1.3.0", "v{version}", True), ("v1.3.0", "v{version}", False)],
)  # fmt: skip
def test_the_tag_is_free(tmp_path: Path, name: str, there: str, form: str | None, free: bool) -> None:
    rule = {"use": f"release/{name}", **({"tag": form} if form else {})}
    outcome = moved(tmp_path, rule, "1.2.0", "1.3.0", history=(("a", there), "b"))
    if free:
        passes(outcome)
    else:
        assert f"the tag {there} exists already" in outcome.blocked_by(name).found


def test_one_merge_gets_one_tag(tmp_path: Path) -> None:
    before = {f"{n}/package.json": package("1.2.0", name=n) for n in "ab"}
    outcome = tried(
        tmp_path, {"use": "release/tag"}, before, {p: t.replace("1.2.0", "1.3.0") for p, t in before.items()}
    )
    assert "2 packages get a new version: a, b" in outcome.blocked_by("tag").found


@pytest.mark.parametrize(
    ("history", "rule", "tag", "message"),
    [
        ((("a", "v1.2.0"),), {}, "v1.3.0", "shop 1.3.0"),
        ((("a", "1.2.0"),), {}, "1.3.0", "shop 1.3.0"),
        ((("a", "shop@1.2.0"),), {"kind": "lightweight"}, "shop@1.3.0", ""),
        (("a",), {"tag": "{name}/v{version}"}, "shop/v1.3.0", "shop 1.3.0"),
    ],
)
def test_the_plan_asks_for_it(
    tmp_path: Path, history: tuple[Any, ...], rule: dict[str, Any], tag: str, message: str
) -> None:
    from bascule.types import MergeContext, verdict
    from bascule_release.rules.tag import plan

    bench = Bench("release", tmp_path)
    change = bench.change(
        {"pyproject.toml": pyproject()}, {"pyproject.toml": pyproject("1.3.0")}, history=history, read_at=NOW
    )
    pack = bench.pack([{"use": "release/tag", **rule}])
    outcome = passes(bench.judge(change, pack))
    assert tag in outcome.of("tag")[0].found
    made = plan(MergeContext(change=change, pack=pack, verdict=verdict("x", ()), evidence=outcome.evidence))
    assert made is not None
    assert (made.tag, made.tag_message, made.release, made.method) == (tag, message, None, "")
    # Nothing is asked for without the rule, nor without its evidence.
    assert plan(MergeContext(change=change, pack=pack, verdict=verdict("x", ()))) is None
    other = bench.pack([{"use": "release/tag-free"}])
    assert plan(MergeContext(change=change, pack=other, verdict=verdict("x", ()), evidence=outcome.evidence)) is None


# -- only -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "rule", "said"),
    [
        ({"pyproject.toml": pyproject("1.3.0"), "CHANGELOG.md": log("1.3.0")}, {}, ""),
        ({"pyproject.toml": pyproject("1.3.0", "dependencies = ['x']\n")}, {}, "`pyproject.toml` changes more"),
        ({"pyproject.toml": pyproject("1.3.0"), "src/a.py": "a = 1\n"}, {}, "`src/a.py` is added"),
        ({"pyproject.toml": pyproject("1.3.0"), "changelog.d/1.md": "x\n"}, {"allow": ["changelog.d/**"]}, ""),
        ({"pyproject.toml": pyproject("1.3.0"), "CHANGELOG.md": None}, {}, "`CHANGELOG.md` is removed"),
        ({"pyproject.toml": pyproject("1.3.0"), "src/shop/__init__.py": '__version__ = "1.3.0"\nimport os\n'}, {},
         "`src/shop/__init__.py` changes more"),
    ],
)  # fmt: skip
def test_nothing_travels_with_a_release(tmp_path: Path, after: dict[str, Any], rule: dict[str, Any], said: str) -> None:
    before = {"pyproject.toml": pyproject(), "CHANGELOG.md": LOG, **MODULE}
    outcome = tried(tmp_path, {"use": "release/only", **rule}, before, after)
    if said:
        assert said in outcome.blocked_by("only").found
    else:
        passes(outcome)


def test_a_dependency_of_the_same_number_is_not_the_version(tmp_path: Path) -> None:
    old, new = (package(v, dependencies={"lodash": v}) for v in ("1.2.0", "1.3.0"))
    outcome = tried(tmp_path, {"use": "release/only"}, {"package.json": old}, {"package.json": new})
    assert "changes more than the version" in outcome.blocked_by("only").found
