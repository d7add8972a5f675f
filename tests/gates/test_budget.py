"""The gates' budget, counted instead of timed: how often patterns are asked does not depend on the machine."""

from __future__ import annotations

import pytest

from bascule import gates
from bascule.globs import Globs
from bascule.testing import make_change, make_context, make_files, make_pack
from bascule.types import Status


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the paths that were matched one by one, as they come."""
    paths: list[str] = []
    match = Globs.match

    def counted(self: Globs, path: str) -> bool:
        paths.append(path)
        return match(self, path)

    monkeypatch.setattr(Globs, "match", counted)
    return paths


def judged(files: list[str], number_of_globs: int) -> list[Status]:
    change = make_change(files=make_files(*files))
    pack = make_pack(
        files={
            "only": [f"infra/{n}/**" for n in range(number_of_globs)],
            "deny": [f"infra/{n}/iam/**" for n in range(number_of_globs)],
        }
    )
    return [c.status for c in gates.run(make_context(change, pack), claimed=change.paths)]


@pytest.mark.parametrize("number_of_globs", [2, 100])
def test_a_clean_change_is_matched_as_a_whole(asked: list[str], number_of_globs: int) -> None:
    files = [f"infra/{n % number_of_globs}/{n}.tf" for n in range(300)]
    assert set(judged(files, number_of_globs)) == {Status.ALLOW}
    assert asked == []


@pytest.mark.parametrize("number_of_globs", [2, 100])
def test_else_a_path_meets_each_list_once(asked: list[str], number_of_globs: int) -> None:
    files = [f"infra/{n % number_of_globs}/{n}.tf" for n in range(300)] + ["infra/1/iam/x.tf", "src/x.py"]
    assert judged(files, number_of_globs).count(Status.BLOCK) == 2
    # `only` and `deny`, whatever the number of globs; once more to name the glob that denied.
    assert sorted(asked) == sorted([*files, *files, "infra/1/iam/x.tf"])


def test_three_thousand_files_are_judged_whole() -> None:
    paths = [f"docs/{n}.md" for n in range(2_999)]
    change = make_change(files=make_files(*paths, "src/x.py"))
    checks = gates.run(make_context(change, make_pack(files={"only": ["docs/**"]})), claimed=change.paths)
    assert [c.paths for c in checks if c.status is not Status.ALLOW] == [("src/x.py",)]
