"""Reading a branch: every kind of commit, and clones that lack something."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from bascule.errors import OutsideError
from bascule.git import Git
from bascule.replay.changes import change_of
from bascule.replay.graph import chain, landings
from bascule.replay.history import Entry, history
from bascule.replay.repository import Repository, find
from bascule.types import FileKind

LINES = "".join(f"line {n}\n" for n in range(40))


def read(path: Path, **options: Any) -> list[Entry]:
    return list(history(find(path).git, "HEAD", **options))


def test_linear_history_newest_first_with_the_root(story: Any) -> None:
    a = story.commit("first\n\nwith a body", {"a.md": "1\n2\n"})
    b = story.commit("second", {"a.md": "1\n3\n", "b.md": "x\n"})
    second, first = read(story.path)
    assert [second.info.sha, first.info.sha] == [b, a]
    assert first.info.message == "first\n\nwith a body"
    assert [(f.path, f.status, f.additions, f.deletions) for f in first.files] == [("a.md", "added", 2, 0)]
    assert {(f.path, f.additions, f.deletions) for f in second.files} == {("a.md", 1, 1), ("b.md", 1, 0)}
    assert second.info.parents == (a,)


def test_a_limit_and_an_empty_commit(story: Any) -> None:
    story.commit("first", {"a": "1"})
    story.commit("nothing")
    story.commit("last", {"a": "2"})
    assert [(e.info.subject, len(e.files)) for e in read(story.path, limit=2)] == [("last", 1), ("nothing", 0)]


def test_a_merge_is_judged_by_its_difference_from_the_first_parent(story: Any) -> None:
    story.commit("first", {"a": "1\n"})
    story.branch("topic")
    one = story.commit("one", {"b": "1\n"})
    two = story.commit("two", {"c": "1\n"})
    story.back()
    story.commit("meanwhile", {"d": "1\n"})
    merge = story.merge("Merge pull request #7 from octo-dev/topic\n\nAdd b and c", "topic")
    newest, *rest = read(story.path)
    assert newest.info.sha == merge
    assert {f.path for f in newest.files} == {"b", "c"}
    assert [e.info.subject for e in rest] == ["meanwhile", "first"]
    repository = find(story.path)
    shas = chain(repository.git, merge)
    landed = landings(repository.git, shas)
    assert [c.sha for c in landed.brought[merge]] == [two, one]
    assert landed.landed_by == {one: merge, two: merge}
    change = change_of(newest, repository, landed.brought[merge])
    assert (change.number, change.title, change.head_ref, len(change.commits)) == (7, "Add b and c", "topic", 2)
    assert change.base_ref == "main"
    assert change.base_sha == newest.info.parents[0]
    assert change.author is None
    assert change.known == ("git",)


def test_an_octopus_brings_in_the_commits_of_every_branch(story: Any) -> None:
    story.commit("first", {"a": "1\n"})
    heads = []
    for name in ("x", "y", "z"):
        story.branch(name, "main")
        heads.append(story.commit(f"on {name}", {name: "1\n"}))
    story.back()
    merge = story.merge("Merge branches x, y and z", "x", "y", "z")
    newest = read(story.path)[0]
    assert len(newest.info.parents) == 4
    assert {f.path for f in newest.files} == {"x", "y", "z"}
    git = find(story.path).git
    assert {c.sha for c in landings(git, chain(git, merge)).brought[merge]} == set(heads)


def test_a_commit_belongs_to_the_first_merge_that_has_it(story: Any) -> None:
    story.commit("first", {"a": "1\n"})
    story.branch("one")
    shared = story.commit("shared", {"b": "1\n"})
    story.branch("two")
    own = story.commit("own", {"c": "1\n"})
    story.back()
    first = story.merge("Merge branch one", "one")
    second = story.merge("Merge branch two", "two")
    git = find(story.path).git
    assert landings(git, chain(git, second)).landed_by == {shared: first, own: second}
    # With a limit, nothing below it is looked at.
    assert landings(git, chain(git, second, limit=1), first).landed_by == {own: second}


def test_renames_modes_links_and_submodules(story: Any) -> None:
    a = story.commit("first", {"old name.txt": LINES, "run.sh": "true\n", "gone\t": "x\n"})
    (story.path / "run.sh").chmod(0o755)
    (story.path / "link").symlink_to("run.sh")
    story.git("update-index", "--add", "--cacheinfo", f"160000,{a},sub")
    story.commit("all", {"new name.txt": LINES + "one more\n", "old name.txt": None, "gone\t": None, "bin": b"\0\1"})
    newest = read(story.path)[0]
    files = {f.path: f for f in newest.files}
    assert files["new name.txt"].status == "renamed"
    assert files["new name.txt"].paths == ("new name.txt", "old name.txt")
    assert files["new name.txt"].additions == 1
    assert files["run.sh"].kind_after is FileKind.EXECUTABLE
    assert files["link"].kind_after is FileKind.SYMLINK
    assert files["bin"].binary
    assert files["gone\t"].status == "removed"
    # Both halves of the rename are entries: that is what an exact inverse is compared by.
    assert {"new name.txt", "old name.txt"} <= {e.path for e in newest.entries}


def test_a_submodule_is_seen_whatever_the_repository_ignores(story: Any) -> None:
    a = story.commit("first", {"a": "1\n"})
    story.git("update-index", "--add", "--cacheinfo", f"160000,{a},sub")
    story.git("commit", "-q", "-m", "add the submodule")
    story.git("config", "diff.ignoreSubmodules", "all")
    assert [(f.path, f.kind_after) for f in read(story.path)[0].files] == [("sub", FileKind.SUBMODULE)]


def test_what_is_not_utf8_is_kept_in_paths_and_replaced_in_words(story: Any) -> None:
    name = b"caf\xe9.md".decode("utf-8", "surrogateescape")
    story.commit("x", {name: "x\n"})
    raw = subprocess.run(["git", "cat-file", "commit", "HEAD"], cwd=story.path, capture_output=True, check=True).stdout
    broken = raw.replace(b"Octo Dev", b"Zo\xeb").replace(b"\nx", "\nMenü\ncaf".encode() + b"\xe9")
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
        cwd=story.path, input=broken, capture_output=True, check=True,
    )  # fmt: skip
    story.git("reset", "-q", "--hard", made.stdout.decode().strip())
    entry = read(story.path)[0]
    assert [f.path for f in entry.files] == [name]
    assert entry.info.message == "Menü\ncaf�"
    assert entry.info.author_name == "Zo�"
    story.commit("Größe", {"b": "x\n"}, GIT_AUTHOR_NAME="Zoë")
    assert read(story.path)[0].info.author_name == "Zoë"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("log.showRoot", "false"),
        ("diff.renames", "false"),
        ("log.diffMerges", "off"),
        ("log.showSignature", "true"),
        ("diff.external", "/bin/false"),
        ("core.quotePath", "true"),
        ("log.follow", "true"),
        ("diff.orderFile", "missing-file"),
        ("diff.noprefix", "true"),
        ("core.fsmonitor", "/bin/false"),
    ],
)
def test_the_repositorys_configuration_changes_nothing(story: Any, key: str, value: str) -> None:
    story.commit("first", {"a": LINES})
    story.branch("topic")
    story.commit("move", {"b": LINES, "a": None})
    story.back()
    story.merge("Merge branch topic", "topic")
    before = read(story.path)
    story.git("config", key, value)
    assert read(story.path) == before
    assert before[0].files[0].status == "renamed"


def test_the_checkouts_attributes_have_no_say(story: Any) -> None:
    story.commit("first", {"package-lock.json": "{}\n"})
    story.commit("second", {"package-lock.json": "{\n}\n", ".gitattributes": "package-lock.json -diff\n"})
    lock = {f.path: f for f in read(story.path)[0].files}["package-lock.json"]
    assert not lock.binary
    assert lock.additions == 2


def test_trees_alone_are_enough_where_contents_are_missing(story: Any) -> None:
    story.commit("first", {"a": LINES, "c": "1\n"})
    story.commit("second", {"b": LINES, "a": None, "c": "2\n"})
    newest = read(story.path, contents=False)[0]
    files = {f.path: f for f in newest.files}
    assert files["b"].status == "renamed"  # the same content: no need to read it
    assert (files["c"].status, files["c"].additions) == ("modified", 0)
    assert newest.entries == read(story.path)[0].entries


def test_a_missing_object_is_an_error_after_what_could_be_read(story: Any) -> None:
    story.commit("first", {"a": "1\n"})
    story.commit("second", {"a": "2\n"})
    story.commit("third", {"b": "1\n"})
    blob = story.git("rev-parse", "HEAD:a")
    (story.path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    seen: list[str] = []
    with pytest.raises(OutsideError, match="git log failed"):  # noqa: PT012 - what came before the error matters
        for entry in history(find(story.path).git, "HEAD"):
            seen.append(entry.info.subject)
    assert "third" in seen
    assert len(read(story.path, contents=False)) == 3


def test_a_consumer_that_stops_ends_the_process(story: Any) -> None:
    for n in range(3):
        story.commit(str(n), {"a": f"{n}\n"})
    stream = history(find(story.path).git, "HEAD")
    assert next(stream).info.subject == "2"
    stream.close()  # a process left behind would be a ResourceWarning, which is an error here


def test_a_shallow_clone_names_its_boundary(story: Any, tmp_path: Path) -> None:
    story.commit("first", {"a": "1\n"})
    middle = story.commit("second", {"b": "1\n"})
    story.commit("third", {"c": "1\n"})
    story.git("clone", "-q", "--depth=2", f"file://{story.path}", str(tmp_path / "shallow"))
    repository = find(tmp_path / "shallow")
    assert repository.boundary == {middle}
    assert [e.info.subject for e in history(repository.git, repository.tip)] == ["third", "second"]


def test_a_partial_clone_is_recognised_and_never_fetches(story: Any, tmp_path: Path) -> None:
    story.commit("first", {"a": "1\n"})
    story.commit("second", {"a": "2\n"})
    story.git("config", "uploadpack.allowFilter", "true")
    story.git("clone", "-q", "--bare", "--filter=blob:none", f"file://{story.path}", str(tmp_path / "partial"))
    repository = find(tmp_path / "partial")
    assert repository.partial
    packs = sorted(p.name for p in (tmp_path / "partial").rglob("*") if p.is_file())
    with pytest.raises(OutsideError):
        list(history(repository.git, repository.tip))
    assert [e.info.subject for e in history(repository.git, repository.tip, contents=False)] == ["second", "first"]
    assert sorted(p.name for p in (tmp_path / "partial").rglob("*") if p.is_file()) == packs


def test_the_same_history_from_every_place(story: Any, tmp_path: Path) -> None:
    story.commit("first", {"src/a": "1\n"})
    story.git("clone", "-q", "--bare", str(story.path), str(tmp_path / "bare.git"))
    story.git("worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    places: dict[str, Repository] = {
        "work tree": find(story.path),
        "folder": find(story.path / "src"),
        "git directory": find(story.path / ".git"),
        "bare": find(tmp_path / "bare.git"),
        "worktree": find(tmp_path / "linked"),
    }
    assert len({r.tip for r in places.values()}) == 1
    assert {name: r.branch for name, r in places.items()} == {
        "work tree": "main", "folder": "main", "git directory": "main", "bare": "main", "worktree": "other",
    }  # fmt: skip
    names = {name: r.name for name, r in places.items()}
    assert names == {
        "work tree": "shop", "folder": "shop", "git directory": "shop", "bare": "bare", "worktree": "linked",
    }  # fmt: skip
    for repository in places.values():
        assert [e.info.subject for e in history(repository.git, repository.tip)] == ["first"]


def test_raw_reading_of_one_difference_is_unchanged(story: Any) -> None:
    story.commit("first", {"a": LINES})
    story.commit("second", {"b": LINES + "x\n", "a": None})
    assert Git(story.path).raw_diff("HEAD^", "HEAD") == read(story.path)[0].files
