"""Rules over plans: real ones, and shapes that only other providers make."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.terraform.kit import plan, real_plan, resource

from bascule.testing import Bench
from bascule.testing.bench import Outcome
from bascule.types import EvidenceInput, Status

OLD = """
variable "pw" {
  sensitive = true
  default   = "hunter2-old"
}
resource "terraform_data" "kept" {
  for_each = toset(["k/1", "k2"])
  input    = { tags = { owner = "a" }, size = 1, deep = [{ pw = var.pw }] }
}
resource "terraform_data" "gone" {}
resource "terraform_data" "swapped" { triggers_replace = 1 }
output "shown" { value = 1 }
output "hidden" {
  value     = var.pw
  sensitive = true
}
"""
NEW = (
    OLD.replace("hunter2-old", "hunter2-new").replace('"a"', '"b"').replace('resource "terraform_data" "gone" {}', "")
    .replace("triggers_replace = 1", "triggers_replace = 2").replace("value = 1", "value = 2")
)  # fmt: skip
TAGS = OLD.replace('owner = "a"', 'owner = "b"')

Judge = Callable[..., Outcome]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a real plan with updates, a replacement, a deletion, sensitive and output changes."""
    return real_plan(tmp_path_factory.mktemp("tf") / "mixed", OLD, NEW)


@pytest.fixture(scope="module")
def tags(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a real plan that only changes tags."""
    return real_plan(tmp_path_factory.mktemp("tf") / "tags", OLD, TAGS)


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Return a function from a plan and a rule to the outcome."""

    def run(given: Any, use: str, **params: Any) -> Outcome:
        return Bench("terraform", tmp_path).run(
            before={"main.tf": "locals {}\n"}, after={"main.tf": "# x\nlocals {}\n"},
            rules=[{"id": "r", "use": f"terraform/{use}", **params}], inputs={"plan": given},
        )  # fmt: skip

    return run


@pytest.mark.tool("terraform")
def test_a_real_plan_s_destruction_is_named(judge: Judge, mixed: str, tags: str) -> None:
    found = judge(mixed, "plan-actions", deny=["delete", "replace"]).blocked_by("r").found
    assert "terraform_data.gone (delete, delete because no resource config)" in found
    assert "terraform_data.swapped (replace" in found
    assert judge(tags, "plan-actions", deny=["delete", "replace"]).status is Status.ALLOW
    assert "shown" in judge(mixed, "plan-actions", deny=["forget"], outputs=["update"]).blocked_by("r").found


@pytest.mark.tool("terraform")
def test_brackets_in_address_globs_are_themselves(judge: Judge, tags: str) -> None:
    one = {"addresses": ['terraform_data.kept["k/1"]']}
    found = judge(tags, "plan-actions", deny=["update"], only=one).blocked_by("r").found
    assert 'kept["k/1"]' in found
    assert "k2" not in found
    every = {"addresses": ["terraform_data.kept[*]"]}
    assert judge(tags, "plan-actions", **{"deny": ["update"], "except": every}).status is Status.ALLOW


@pytest.mark.tool("terraform")
def test_resources_and_limits_of_a_real_plan(judge: Judge, mixed: str, tags: str) -> None:
    assert judge(tags, "resources", allow={"types": ["terraform_*"]}).status is Status.ALLOW
    assert judge(tags, "resources", deny={"addresses": ["*kept*"]}).blocked_by("r")
    assert "terraform.io/builtin" in judge(tags, "resources", providers=["*/aws"]).blocked_by("r").found
    assert judge(tags, "limit", total=2, delete=0, share=0.5).status is Status.ALLOW
    found = judge(mixed, "limit", delete=1, share=0.9).blocked_by("r").found
    assert "delete 2 > 1" in found  # a replacement deletes too
    assert "share 1 > 0.9" in found
    assert judge(tags, "limit").blocked_by("r").found == "no parameters"


@pytest.mark.tool("terraform")
def test_only_listed_attributes_of_a_real_plan(judge: Judge, mixed: str, tags: str) -> None:
    allowed = {"terraform_data": ["input.tags"]}
    assert "output (known after apply)" in judge(tags, "attributes", allow=allowed).blocked_by("r").found
    assert judge(tags, "attributes", allow=allowed, computed=["output"]).status is Status.ALLOW
    said = judge(mixed, "attributes", allow=allowed, computed=["output"])
    assert "input.deep[0].pw (sensitive)" in said.blocked_by("r").found
    assert judge(tags, "attributes", allow={"terraform_data": ["a["]}).blocked_by("r").status is Status.ERROR


@pytest.mark.tool("terraform")
def test_a_real_plan_is_fresh_until_it_is_old(judge: Judge, tmp_path: Path, tags: str) -> None:
    stamped = json.dumps({**json.loads(tags), "timestamp": "2000-01-01T00:00:00Z"})
    assert "hours old" in judge(stamped, "fresh", max_age="1h").blocked_by("r").found
    assert (
        judge(tags, "fresh", terraform=">= 1.6, < 2", drift=False)
        .of("r")[0]
        .found.startswith(("a plan by", "a plan from the future"))
    )
    assert "Terraform ~> 0.12" in judge(stamped, "fresh", terraform="~> 0.12").blocked_by("r").expected
    assert "of which head" in judge(stamped, "fresh", sha="required").blocked_by("r").found


@pytest.mark.tool("terraform")
def test_no_value_of_a_real_plan_is_evidence(judge: Judge, mixed: str) -> None:
    assert "hunter2-new" in mixed
    outcome = judge(mixed, "plan-actions", deny=["delete"])
    assert "hunter2" not in json.dumps(outcome.proof("terraform/plan").data) + str(outcome)


def test_secrets_nested_anywhere_stay_out(judge: Judge) -> None:
    secret = {"S3CR-key": ["S3CR-1", {"x": "S3CR-2"}]}
    other = {"S3CR-other": [{"x": "S3CR-3"}], "n": None}
    for at, (before, after) in enumerate([(secret, other), (None, secret), (secret, None), (secret, "S3CR-4")]):
        change = {
            "before": {"a": [{"b": before}], "password": before}, "after": {"a": [{"b": after}], "password": after},
            "before_sensitive": {"a": [{"b": True}]}, "after_sensitive": {"a": [{"b": True}]},
        }  # fmt: skip
        item = resource("box.a", ["update"], change=change, action_reason="x")
        text = plan(
            item, resource_drift=[item], prior_state={"values": {"outputs": {"o": {"value": "S3CR-5"}}}},
            output_changes={"o": {"actions": ["update"], "before": "S3CR-6", "after": "S3CR-7"}},
            variables={"v": {"value": "S3CR-8"}}, configuration={"root_module": {"x": {"constant_value": "S3CR-9"}}},
            checks=[{"address": {"to_display": "check.c"}, "status": "fail", "instances": [{"problems": ["S3CR"]}]}],
        )  # fmt: skip
        outcome = judge(text, "attributes", allow={"*": ["tags"]})
        assert "S3CR" not in json.dumps(outcome.proof("terraform/plan").data) + str(outcome), at
        assert "a[0].b (sensitive)" in outcome.blocked_by("r").found
        assert "password (sensitive)" in outcome.blocked_by("r").found


def test_a_plan_of_another_head_is_no_evidence(judge: Judge, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(plan())
    record = EvidenceInput(
        name="plan", path=str(path), sha256="0" * 64, size=9, provenance="actions:1/plan", head_sha="b" * 40
    )
    outcome = judge(record, "plan-actions", deny=["delete"])
    assert "not of this change's head" in outcome.blocked_by("rehearsal").found
    assert outcome.of("r")[0].status is Status.WAIT


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ('{"format_version": "2.0"}', "format version is 2.0"),
        ("{}", "format version is not stated"),
        ("[1]", "cannot be read"),
        ("\xff{", "cannot be read"),
        ('{"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": {}}', "cannot be read"),
        ('{"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": [{}]}', "cannot be read"),
    ],
)
def test_what_is_no_plan_blocks(judge: Judge, given: str, words: str) -> None:
    assert words in judge(given.encode("latin-1"), "plan-actions", deny=["delete"]).blocked_by("rehearsal").found


def test_no_changes_but_drift_deferral_checks_and_errors(judge: Judge) -> None:
    drifted = plan(resource_drift=[resource("box.d", ["update"])])
    assert "box.d" in judge(drifted, "fresh").blocked_by("r").found
    assert judge(drifted, "fresh", drift=True).status is Status.ALLOW
    waiting = plan(deferred_changes=[{"reason": "provider_config_unknown", "resource_change": resource("box.l", [])}])
    assert "box.l" in judge(waiting, "plan-actions", deny=["delete"]).blocked_by("r").found
    failed = plan(checks=[{"address": {"to_display": "check.c"}, "status": "fail"}])
    assert "check.c" in judge(failed, "plan-actions", deny=["delete"]).blocked_by("r").found
    assert "error" in judge(plan(errored=True), "fresh").blocked_by("r").found
    assert "not complete" in judge(plan(complete=False), "fresh").blocked_by("r").found


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        (resource("box.a", ["create", "delete"]), "replace"),
        (resource("box.a", ["forget"]), "forget"),
        (resource("box.a", ["no-op"], previous_address="box.old"), "move"),
        (resource("box.a", ["no-op"], change={"importing": {"id": "i"}}), "import"),
        (resource("box.a", ["delete"], deposed="1234"), "delete"),
        (resource("data.box.a", ["read"], mode="data"), "read"),
    ],
)
def test_every_action_can_be_denied(judge: Judge, item: dict[str, Any], kind: str) -> None:
    found = judge(plan(item), "plan-actions", deny=[kind]).blocked_by("r").found
    assert kind in found
    assert ("deposed object" in found) is ("deposed" in item)
    assert ("from box.old" in found) is (kind == "move")
    other = "update" if kind != "update" else "create"
    assert judge(plan(item), "plan-actions", deny=[other]).status is Status.ALLOW


def test_an_action_nobody_knows_blocks(judge: Judge) -> None:
    assert judge(plan(resource("box.a", ["explode"])), "plan-actions", deny=["delete"]).blocked_by("r")


def test_fifty_thousand_resources_stay_bounded(judge: Judge) -> None:
    quiet = [resource(f"box.a[{n}]", ["no-op"]) for n in range(50_000)]
    started = time.perf_counter()
    outcome = judge(plan(*quiet, resource("box.z", ["update"])), "plan-actions", deny=["delete"])
    assert time.perf_counter() - started < 10
    assert outcome.status is Status.ALLOW
    assert len(json.dumps(outcome.proof("terraform/plan").data)) < 10_000
    loud = [resource(f"box.a[{n}]", ["update"]) for n in range(50_000)]
    assert "more than 5,000" in judge(plan(*loud), "plan-actions", deny=["delete"]).blocked_by("rehearsal").found


def test_no_plan_is_said(tmp_path: Path) -> None:
    outcome = Bench("terraform", tmp_path).run(
        before={}, after={"a.tf": ""}, rules=[{"id": "r", "use": "terraform/limit", "total": 1}]
    )
    (check,) = outcome.of("rehearsal")
    assert check.status is Status.WAIT
    assert "`evidence`" in check.fix
    assert outcome.status is Status.WAIT
