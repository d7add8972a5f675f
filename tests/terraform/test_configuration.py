"""Rules over configuration by its content."""

from __future__ import annotations

from pathlib import Path

import pytest

from bascule.testing import Bench
from bascule.testing.bench import Outcome
from bascule.types import Status

R = 'resource "x" "y" {\n  a = 1\n  %s\n}\n'
GUARD = "lifecycle {\n prevent_destroy = true\n}"
NEED = 'terraform {\n required_providers {\n  p = { source = "%s", version = "%s" }\n }\n}\n'
LOCK = 'provider "h/a/p" {\n version = "%s"\n hashes = ["%s"]\n}\n'


def judge(folder: Path, before: dict[str, str], after: dict[str, str | None], **params: object) -> Outcome:
    """Return what the rules of configuration say."""
    use = params.pop("use", "hcl")
    return Bench("terraform", folder).run(before, after, rules=[{"id": "r", "use": f"terraform/{use}", **params}])


CASES = [
    ("backend", 'terraform {\n backend "s3" {}\n}\n', "terraform {}\n", "the backend removed"),
    ("settings", "terraform {}\n", "terraform {\n experiments = [x]\n}\n", "another setting"),
    ("provider-source", NEED % ("a/p", "~> 1.0"), NEED % ("b/p", "~> 1.0"), "provider p"),
    ("provider-version", NEED % ("a/p", "~> 1.0"), NEED % ("a/p", ">= 1.0"), "did not"),
    ("provider", 'provider "p" {}\n', 'provider "p" {\n region = 1\n}\n', "provider.p changed"),
    ("prevent-destroy", R % GUARD, R % "", "resource.x.y is off"),
    ("prevent-destroy", R % GUARD, "", "went with its resource"),
    ("ignore-changes", R % "", R % "lifecycle {\n ignore_changes = [a]\n}", "covers more"),
    ("lifecycle", R % "", R % "lifecycle {\n create_before_destroy = true\n}", "lifecycle of resource.x.y"),
    ("provisioner", R % "", R % 'provisioner "local-exec" {\n command = "id"\n}', "provisioner or connection"),
    ("data-source", "", 'data "external" "e" {\n program = ["id"]\n}\n', "data.external.e added"),
    ("moved", "", "moved {\n from = x.a\n to = x.b\n}\n", "moved added"),
    ("removed", "", "removed {\n from = x.a\n}\n", "removed added"),
    ("import", "", 'import {\n to = x.a\n id = "i"\n}\n', "import added"),
    ("module-source", "", 'module "m" {\n source = "a/b/c"\n}\n', "a/b/c"),
    ("module-source", "", 'module "m" {\n source = "../../c"\n}\n', "../../c"),  # not of this repository
    ("module-source", 'module "m" {\n source = "a/b/c"\n}\n', 'module "m" {\n source = "../c"\n}\n', "../c"),
    ("module-local", "", 'module "m" {\n source = "../c"\n}\n', "../c"),
    ("module-local", "", 'module "m" {\n source = "./c/d"\n}\n', "./c/d"),
]


@pytest.mark.parametrize(("what", "old", "new", "words"), CASES, ids=[f"{n}-{c[0]}" for n, c in enumerate(CASES)])
def test_each_category_blocks_and_can_be_allowed(tmp_path: Path, what: str, old: str, new: str, words: str) -> None:
    check = judge(tmp_path, {"i/a.tf": old}, {"i/a.tf": new}).blocked_by("r")
    assert words in check.found
    assert what in check.fix
    assert check.paths == ("i/a.tf",)
    assert judge(tmp_path, {"i/a.tf": old}, {"i/a.tf": new}, allow=[what]).status is Status.ALLOW


def test_what_changes_nothing_of_that_passes(tmp_path: Path) -> None:
    whole = NEED % ("a/p", ">= 1.0") + R % GUARD
    moved: dict[str, str | None] = {"a.tf": None, "b.tf": "# moved\n" + whole.replace("  a = 1", "  a   =   2")}
    assert judge(tmp_path, {"a.tf": whole}, moved).status is Status.ALLOW
    tighter: dict[str, str | None] = {"a.tf": whole.replace(">= 1.0", ">= 1.2, < 2")}
    assert judge(tmp_path, {"a.tf": whole}, tighter).status is Status.ALLOW
    assert "no Terraform file" in judge(tmp_path, {"x": "1"}, {"x": "2"}).of("r")[0].found


def test_lock_files(tmp_path: Path) -> None:
    path = "i/.terraform.lock.hcl"
    old = {path: LOCK % ("1.0.0", "h1:a")}
    check = judge(tmp_path, old, {path: LOCK % ("1.0.0", "h1:b")}, allow=["lock-version"]).blocked_by("r")
    assert "other hashes for the same version" in check.found
    assert judge(tmp_path, old, {path: LOCK % ("1.1.0", "h1:b")}, allow=["lock-version"]).status is Status.ALLOW
    assert "removed" in judge(tmp_path, old, {path: None}).blocked_by("r").found


def test_json_syntax_is_the_same_language(tmp_path: Path) -> None:
    old = {"a.tf.json": '{"resource": {"x": {"y": {"a": 1}}}}'}
    new = '{"resource": {"x": {"y": {"a": 1, "provisioner": {"local-exec": {"command": "id"}}}}}}'
    assert "provisioner" in judge(tmp_path, old, {"a.tf.json": new}).blocked_by("r").found
    assert judge(tmp_path, old, {"a.tf.json": None, "a.tf": R % ""}).status is Status.ALLOW


@pytest.mark.parametrize(
    ("path", "text"),
    [("a.tf", "resource {"), ("a.tf.json", "{"), ("a.tfvars", "a = ="), ("a.tf", "a {\n b=1\n b=2\n}")],
)
def test_what_cannot_be_read_blocks(tmp_path: Path, path: str, text: str) -> None:
    check = judge(tmp_path, {}, {path: text}).blocked_by("rehearsal")
    assert path in check.found
    assert check.status is Status.BLOCK


def test_a_deep_expression_is_read(tmp_path: Path) -> None:
    deep = f"locals {{\n a = {'[' * 2000}{']' * 2000}\n}}\n"
    assert judge(tmp_path, {}, {"a.tf": deep}).status in {Status.ALLOW, Status.BLOCK}


CALL = 'module "m" {\n source = "%s"\n %s\n}\n'
SHA = "a" * 40


@pytest.mark.parametrize(
    ("source", "version", "params", "words"),
    [
        ("./local", "", {}, ""),
        ("a/b/c", 'version = "1.2.3"', {}, ""),
        ("a/b/c", 'version = "~> 1.2"', {}, "is a range"),
        ("a/b/c", 'version = "~> 1.2"', {"registry": "constraint"}, ""),
        ("a/b/c", 'version = ">= 1.2"', {"registry": "constraint"}, "no upper end"),
        ("a/b/c", "", {}, "without a version"),
        ("git::https://u:S3CR@e.org/a.git?ref=v1.2.0", "", {}, ""),
        ("git::https://u:S3CR@e.org/a.git?ref=v1.2.0", "", {"git": "sha"}, "not a full commit SHA"),
        (f"git::https://e.org/a.git?ref={SHA}", "", {"git": "sha"}, ""),
        ("git::https://e.org/a.git?ref=main", "", {}, "looks like a branch"),
        ("git::ssh://e.org/a.git", "", {}, "without a ref"),
        ("https://e.org/a.zip", "", {}, "cannot be pinned"),
        ("https://e.org/a.zip", "", {"except": ["https://e.org/*"]}, ""),
        ("${var.x}", "", {}, "not a literal"),
    ],
)
def test_module_calls(tmp_path: Path, source: str, version: str, params: dict[str, object], words: str) -> None:
    outcome = judge(tmp_path, {}, {"a.tf": CALL % (source, version)}, use="modules-pinned", **params)
    assert "S3CR" not in str(outcome) + str(outcome.proof("terraform/hcl").data)
    if words:
        assert words in outcome.blocked_by("r").found
    else:
        assert outcome.status is Status.ALLOW, str(outcome)


def test_calls_that_were_there_count_only_when_asked(tmp_path: Path) -> None:
    old = {"a.tf": CALL % ("a/b/c", ""), "i/b.tf": "locals {}\n"}
    new: dict[str, str | None] = {"i/b.tf": "locals {\n a = 1\n}\n"}
    assert judge(tmp_path, old, new, use="modules-pinned").status is Status.ALLOW
    assert judge(tmp_path, old, new, use="modules-pinned", all=True).blocked_by("r")
