"""The builders that plugin authors use do what they say."""

from __future__ import annotations

import cattrs
import pytest

from bascule.testing import (
    make_actor,
    make_change,
    make_check,
    make_check_result,
    make_commit,
    make_files,
    make_pack,
    make_plan,
    make_result,
)
from bascule.types import FileKind, FilesRule, Mode, Status, Way


def test_files() -> None:
    added, removed, moved = (
        *make_files("a.md", status="added"),
        *make_files("b.md", status="removed"),
        *make_files("old/c.md -> new/c.md"),
    )
    assert (added.kind_before, added.kind_after) == (FileKind.ABSENT, FileKind.REGULAR)
    assert (removed.kind_before, removed.kind_after) == (FileKind.REGULAR, FileKind.ABSENT)
    assert moved.paths == ("new/c.md", "old/c.md")
    assert make_files(moved) == (moved,)


def test_people_and_checks() -> None:
    assert make_actor("renovate[bot]").type == "Bot"
    assert make_commit().committer == make_commit().author == make_actor()
    assert make_commit(None).committer is None
    status = make_check_result("ci", app="status/ci-user")
    assert (status.is_status, status.creator, status.app) == (True, "ci-user", None)


def test_packs_take_records_and_plain_data() -> None:
    plain = make_pack(files={"only": ["docs/**"]}, mode="guarded", relax={"allow": ["reviews"]})
    assert plain == make_pack(files=FilesRule(only=("docs/**",)), mode=Mode.GUARDED, relax={"allow": ["reviews"]})
    with pytest.raises(cattrs.BaseValidationError):
        make_pack(mode="sometimes")


def test_a_change_from_another_repository_is_a_fork() -> None:
    assert not make_change().from_fork
    assert make_change(head_repo_id=None).from_fork
    assert make_change(number=7).url.endswith("/acme/shop/pull/7")


def test_results_follow_their_status() -> None:
    assert make_check("x", "block").fix
    assert make_plan().way is Way.NONE
    merged, blocked = make_result("merged"), make_result("blocked")
    assert merged.merge is not None
    assert merged.verdict is not None
    assert merged.verdict.status is Status.ALLOW
    assert blocked.verdict is not None
    assert blocked.verdict.status is Status.BLOCK
    assert blocked.plan is None
