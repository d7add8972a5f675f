"""libgit2 answers as the git program does, on drawn histories, trees and names: the simulator stands on either."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bascule.simulator.git import GitError, GitObjectMissing, GitRepo, RefRaceLost, Signature
from bascule.simulator.git.run import clean_environment

NOBODY = "1" * 40
DRAWN = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
MODES = st.sampled_from(["100644", "100755", "120000"])


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[GitRepo]:
    """A new bare repository."""
    found = GitRepo(tmp_path / "r.git")
    found.create("main")
    yield found
    found.close()


def git(repo: GitRepo, *args: str, stdin: bytes = b"", index: Path | None = None) -> str:
    """Run the git program."""
    env = clean_environment({"GIT_INDEX_FILE": str(index)} if index else None)
    command = ["git", "--git-dir", str(repo.directory), *args]
    return subprocess.run(command, input=stdin, capture_output=True, env=env, check=True).stdout.decode()


def commit(repo: GitRepo, tree: str, *parents: str, at: int = 0) -> str:
    """Write a commit of that tree."""
    who = Signature(name="Dev", email="dev@example.test", when=datetime.fromtimestamp(1_700_000_000 + at, UTC))
    return repo.write_commit(tree=tree, parents=parents, author=who, committer=who, message=f"at {at}\n")


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[list[int], list[tuple[str, str]]]]:
    """Commits, oldest first: the numbers of their parents, and what they write where."""
    found = []
    for number in range(draw(st.integers(2, 9))):
        earlier = st.integers(0, number - 1) if number else st.nothing()
        parents = draw(st.lists(earlier, unique=True, max_size=2 if draw(st.booleans()) else 1)) if number else []
        changes = draw(st.lists(st.tuples(PATHS, st.sampled_from(["1\n2\n3\n", "1\n2\n4\n", "x\n"])), max_size=2))
        found.append((parents, changes))
    return found


def grown(repo: GitRepo, history: list[tuple[list[int], list[tuple[str, str]]]]) -> list[str]:
    """Write a history; the ids of its commits."""
    shas: list[str] = []
    for at, (parents, changes) in enumerate(history):
        base = repo.commit(shas[parents[0]]).tree if parents else None
        tree = repo.write_tree(base, [(path, "100644", repo.write_blob(text.encode())) for path, text in changes])
        shas.append(commit(repo, tree, *(shas[p] for p in parents), at=at))
    return shas


@DRAWN
@given(history=histories(), data=st.data())
def test_histories_are_walked_and_merged_as_git_does(repo: GitRepo, history: list[object], data: st.DataObject) -> None:
    shas = grown(repo, history)  # type: ignore[arg-type]
    base, head = data.draw(st.sampled_from(shas)), data.draw(st.sampled_from(shas))
    for flags in ((), ("--topo-order", "--no-merges"), ("--first-parent",), ("--merges",)):
        assert repo.between(base, head, *flags) == git(repo, "rev-list", *flags, head, f"^{base}").split()
    assert repo.between(None, head) == git(repo, "rev-list", head).split()
    bases = subprocess.run(
        ["git", "--git-dir", str(repo.directory), "merge-base", "--all", base, head], capture_output=True, check=False
    )
    assert (repo.merge_base(base, head) or "") in bases.stdout.decode().split() or not bases.stdout
    assert repo.is_ancestor(base, head) == (base in git(repo, "rev-list", head).split())
    merged = subprocess.run(
        ["git", "--git-dir", str(repo.directory), "merge-tree", "--write-tree", "--allow-unrelated-histories", base,
         head], capture_output=True, check=False, env=clean_environment(),
    )  # fmt: skip
    expected = merged.stdout.decode().split("\n")[0] if merged.returncode == 0 else None
    assert repo.merge_trees(base, head) == expected


@DRAWN
@given(
    first=st.lists(st.tuples(PATHS, MODES), max_size=6),
    then=st.lists(st.tuples(PATHS, st.one_of(MODES, st.none())), max_size=5),
)
def test_trees_are_written_and_listed_as_git_does(
    repo: GitRepo, tmp_path: Path, first: list[tuple[str, str]], then: list[tuple[str, str | None]]
) -> None:
    blob, index = repo.write_blob(b"text\n"), tmp_path / "index"
    index.unlink(missing_ok=True)
    tree = None
    for step in (first, then):
        tree = repo.write_tree(tree, [(path, mode or "100644", blob if mode else None) for path, mode in step])
        for path, mode in step:  # git's own index knows no removal of a folder by its name
            lines = [f"{mode} {blob}\t{path}"] if mode else [f"0 {'0' * 40}\t{path}"]
            if not mode:
                listed = git(repo, "ls-files", "-z", index=index).split("\0")
                lines += [f"0 {'0' * 40}\t{name}" for name in listed if name.startswith(path + "/")]
            lines_in = ("\0".join(lines) + "\0").encode()
            git(repo, "update-index", "--replace", "-z", "--index-info", stdin=lines_in, index=index)
        assert tree == git(repo, "write-tree", index=index).strip()
    assert tree is not None
    rows = [row.split("\t") for row in git(repo, "ls-tree", "-z", "-l", "-r", "-t", tree).split("\0") if row]
    expected = [(*meta.split(), path) for meta, path in rows]
    assert [(e.mode, e.type, e.sha, str(e.size if e.size is not None else "-"), e.path)
            for e in repo.tree(tree, recursive=True)] == expected  # fmt: skip
    for mode, kind, sha, _, path in expected:
        found = repo.entry(tree, path)
        assert found is not None
        assert (found.mode, found.type, found.sha) == (mode, kind, sha)


@DRAWN
@given(name=st.text(st.sampled_from("a./@{-~^:?*[\\ \x7f\0é"), min_size=1, max_size=6))
@example(name="a.lock")
@example(name="@")
@example(name="a/.b")
@example(name="a//b")
def test_names_of_refs_are_judged_as_git_does(repo: GitRepo, name: str) -> None:
    full = f"refs/heads/{name}"
    judged = "\0" not in full and not subprocess.run(["git", "check-ref-format", full], check=False).returncode
    assert repo.valid_ref_name(full) == judged


def test_a_ref_moves_only_from_where_it_was_said_to_be(repo: GitRepo) -> None:
    tree = repo.write_tree(None, [("a", "100644", repo.write_blob(b"1"))])
    one = commit(repo, tree)
    two = commit(repo, tree, one, at=1)
    repo.update_ref("refs/heads/a/b", one, None)
    for name, new, old in [
        ("refs/heads/a/b", two, None),  # it exists
        ("refs/heads/a/b", two, two),  # it is elsewhere
        ("refs/heads/a/b", NOBODY, one),  # no such object
        ("refs/heads/a/b", tree, one),  # a branch is of commits
        ("refs/heads/a", two, None),  # a folder lies there
        ("refs/heads/a/b/c", two, None),  # a branch lies above
        ("refs/heads/no", None, one),  # nothing to delete
    ]:
        with pytest.raises(RefRaceLost):
            repo.update_ref(name, new, old)
    assert repo.refs() == {"refs/heads/a/b": (one, "commit")}
    repo.update_ref("refs/heads/a/b", two, one)
    repo.update_ref("refs/tags/t", tree, None)
    assert git(repo, "for-each-ref", "--format=%(refname) %(objectname) %(objecttype)").splitlines() == [
        f"{name} {sha} {kind}" for name, (sha, kind) in repo.refs().items()
    ]
    repo.update_ref("refs/heads/a/b", None, two)
    repo.update_ref("refs/heads/a", one, None)
    assert repo.refs("refs/heads/") == {"refs/heads/a": (one, "commit")}


def test_names_resolve_as_git_resolves_them(repo: GitRepo) -> None:
    tree = repo.write_tree(None, [("d/f", "100644", repo.write_blob(b"1"))])
    one = commit(repo, tree)
    tag = repo.write_object("tag", f"object {one}\ntype commit\ntag v1\ntagger D <d@e> 1 +0000\n\nm\n".encode())
    repo.update_ref("refs/heads/main", one, None)
    repo.update_ref("refs/tags/v1", tag, None)
    known = ["main", "HEAD", "refs/heads/main", "heads/main", "v1", "tags/v1", one, one[:9], tag, tree]
    places = ["main:d", "main:d/f", "main^{tree}"]
    nothing = ["nothing", "main:nothing", "-x", "", "main~1", NOBODY, "a\nb", "refs/heads/..", "12"]
    for name in [*known, *places, *nothing]:
        asked = subprocess.run(
            ["git", "--git-dir", str(repo.directory), "rev-parse", "--verify", "-q", "--end-of-options", name + "^{}"
             if ":" not in name and "^" not in name else name], capture_output=True, check=False, text=True,
            env=clean_environment(),
        ) if name and name != NOBODY else None  # fmt: skip
        expected = asked.stdout.strip() or None if asked else None
        found = repo.resolve(name)
        kind = (repo.info(name) or ("", ""))[1]
        assert (repo.resolve(name, "commit") if kind in ("tag", "commit") else found) == expected, name
    assert repo.resolve("v1") == tag
    assert repo.resolve("v1", "tree") == tree
    assert repo.resolve("main:d/f", "tree") is None


def test_what_is_malformed_or_missing_is_refused(repo: GitRepo) -> None:
    blob = repo.write_blob(b"1")
    for kind in ("commit", "tag"):
        with pytest.raises(GitError):
            repo.write_object(kind, b"no header\n")
    for path in (".git/config", "a/../b", "/a", "a//b", "a/", "a\0b"):
        with pytest.raises(GitError):
            repo.write_tree(None, [(path, "100644", blob)])
    with pytest.raises(GitError):
        repo.write_tree(None, [("a", "100644", NOBODY)])
    for ask in (repo.blob, repo.commit, repo.tag, repo.raw, repo.tree):
        with pytest.raises(GitObjectMissing):
            ask(NOBODY)
    with pytest.raises(GitError):
        repo.is_ancestor(NOBODY, blob)
    with pytest.raises(GitError):
        repo.between(None, NOBODY)
