"""A plan made here, which runs the change's code: only where the machine's owner said yes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from tests.terraform.kit import plan as shaped
from tests.terraform.kit import resource

from bascule.kit import RehearsalError
from bascule.testing import Bench
from bascule.types import DryRunContext
from bascule_terraform import plan, rehearsals

BOX = 'resource "terraform_data" "a" {\n  input = "S3CR"\n}\n'


def context(folder: Path, before: dict[str, str], after: dict[str, str | None]) -> DryRunContext:
    """Return the context of a rehearsal that may run code."""
    bench = Bench("terraform", folder)
    change = bench.change(before, after)
    workdir = folder / "workdir"
    workdir.mkdir()
    return DryRunContext(
        change=change, pack=bench.pack(), now=change.read_at, objects=str(bench.objects), workdir=str(workdir),
        run_code=True,
    )  # fmt: skip


def refused(ctx: DryRunContext) -> Any:
    """Return the answer of a local plan that is refused."""
    with pytest.raises(RehearsalError) as failed:
        rehearsals._local(ctx)
    return failed.value.answer


@pytest.mark.tool("terraform")
def test_a_new_root_module_is_planned(tmp_path: Path) -> None:
    assert rehearsals._local(context(tmp_path, {}, {"i/main.tf": BOX}))["counts"]["create"] == 1


def test_nobody_s_code_runs_unasked(tmp_path: Path) -> None:
    ctx = evolve(context(tmp_path, {}, {"i/main.tf": BOX}), run_code=False)
    assert "runs code of the change" in refused(ctx).found


@pytest.mark.tool("terraform")
def test_without_state_a_removal_cannot_pass(tmp_path: Path) -> None:
    assert "sees no state" in refused(context(tmp_path, {"main.tf": BOX}, {"main.tf": "locals {}\n"})).found


@pytest.mark.tool("terraform")
def test_a_failure_quotes_nothing(tmp_path: Path) -> None:
    said = refused(context(tmp_path, {}, {"main.tf": BOX + "output S3CR {\n value = nope.S3CR\n}\n"}))
    assert said.found.startswith("`terraform ")
    assert "S3CR" not in said.found


def test_two_root_modules_are_one_too_many(tmp_path: Path) -> None:
    assert "2 folders: a, b" in refused(context(tmp_path, {}, {"a/m.tf": BOX, "b/m.tf": BOX})).found


def test_what_is_only_known_later_differs_however_deep() -> None:
    change = {"before": {"a": None}, "after": {"a": None}, "after_unknown": {"a": [{"b": True}]}}
    (found,) = plan.read(shaped(resource("box.a", ["update"], change=change)).encode())["resource_changes"]
    assert [p["path"] for p in found["paths"]] == ["a"]
