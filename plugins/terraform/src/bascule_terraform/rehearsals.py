"""What is done before rules are asked: the plan is read, the configuration is compared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from bascule.kit import RehearsalError, Trees, given, prove, tool
from bascule.types import Check, DryRunContext, Evidence, Status
from bascule_terraform import plan
from bascule_terraform.book import book

_ENV = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}


@book.rehearsal("terraform/plan")
def planned(ctx: DryRunContext) -> Iterator[Evidence | Check]:
    """Yield the plan: the file that the core brought, or one made here where pack and owner of the machine say so."""
    entry = (getattr(ctx.pack, "evidence", None) or {}).get("plan")
    brought = given(ctx, "plan")
    version = ""
    if brought is not None:
        if brought.head_sha is not None and brought.head_sha != ctx.change.head_sha:
            raise RehearsalError(
                f"a plan of {brought.head_sha[:12]}, not of this change's head {ctx.change.head_sha[:12]}",
                expected="a plan that was made from the head that would be merged",
                fix="run the plan's workflow on the newest commit",
                status=Status.BLOCK,
            )
        if brought.size > plan.LARGEST:
            raise RehearsalError(
                f"a plan of {brought.size:,} bytes",
                expected=f"at most {plan.LARGEST:,} bytes",
                fix="split the change",
                status=Status.BLOCK,
            )
        data, provenance = plan.read(Path(brought.path).read_bytes()), brought.provenance
        made = brought.made_at.isoformat() if brought.made_at else ""
        data.update(head_sha=brought.head_sha, base_sha=brought.base_sha, made_at=made)
    elif getattr(entry, "source", "") == "local":
        data, provenance = _local(ctx), "local"
        data.update(head_sha=ctx.change.head_sha, base_sha=ctx.change.base_sha, made_at=ctx.now.isoformat())
    else:
        raise RehearsalError(
            "no plan of this change",
            expected="a plan's JSON under the name `plan` of the pack's `evidence`",
            fix="state where it comes from in the pack's `evidence`, and see that the workflow that plans has run",
            status=Status.WAIT,  # whoever plans may still bring it
        )
    version = data["terraform_version"]
    told = ", ".join(f"{n} {k}" for k, n in data["counts"].items() if n) or "no changes"
    yield prove(ctx, "terraform/plan", data, told, tool="terraform", version=version, provenance=provenance)


def _local(ctx: DryRunContext) -> dict[str, Any]:
    """Return a plan made here. It runs the change's code, so the machine's owner must have said yes too."""
    if not getattr(ctx, "run_code", False):
        raise RehearsalError(
            "the pack asks for a local plan, which runs code of the change",
            expected="a machine whose owner lets it run code of changes",
            fix="let a workflow plan and take its artifact, or set BASCULE_RUN_CODE=1 where Bascule runs; what another "
            "gate refuses is never run",
        )
    from bascule_terraform import compare

    trees = Trees.of(ctx)
    root = trees.after.export(Path(ctx.workdir) / "after")
    changed = _changed(trees)
    folders = sorted({str(PurePosixPath(p).parent) for p in changed if p.endswith((".tf", ".tf.json", ".tfvars"))})
    if len(folders) != 1:
        raise RehearsalError(
            f"configuration in {len(folders)} folders: {', '.join(folders[:5])}",
            expected="one root module for a local plan",
            fix="change one root module at a time, or let a workflow plan",
            status=Status.BLOCK,
            paths=changed,
        )
    there = root / folders[0]
    terraform = tool(ctx, "terraform", install="install Terraform 1.x", env=_ENV)
    for words in (
        ("init", "-input=false", "-no-color", "-lockfile=readonly" if _locked(there) else "-upgrade=false"),
        ("plan", "-input=false", "-lock=false", "-no-color", "-out=bascule.plan"),
    ):
        ran = terraform.run(*words, cwd=there, timeout=ctx.time_limit / 2, ok=(0, 1), blame=changed)
        if ran.code:
            # Only the titles: what Terraform quotes below them is the change's own text, with whatever is in it.
            titles = [line.strip(" │") for line in ran.err.splitlines() if "Error:" in line]
            raise RehearsalError(
                f"`terraform {words[0]}` failed: {'; '.join(titles[:3]) or 'without saying why'}",
                expected="a configuration that can be planned",
                fix=f"run `terraform {words[0]}` in {folders[0]} and mend what it says",
                status=Status.BLOCK,
                paths=changed,
            )
    data = plan.read(terraform.run("show", "-json", "bascule.plan", cwd=there, blame=changed).out.encode())
    if not data["managed"] and compare.has_resources(trees.before, folders[0]):
        # Without the state every resource looks new, and nothing that goes would be seen to go.
        raise RehearsalError(
            "a local plan that sees no state, where there were resources before",
            expected="a plan that knows what exists",
            fix="let a workflow that reaches the state plan, and take its artifact",
            status=Status.BLOCK,
            paths=changed,
        )
    return data


def _locked(folder: Path) -> bool:
    return (folder / ".terraform.lock.hcl").is_file()


def _changed(trees: Trees) -> tuple[str, ...]:
    old, new = trees.before.entries, trees.after.entries
    return tuple(sorted(p for p in {*old, *new} if old.get(p) != new.get(p)))


@book.rehearsal("terraform/hcl")
def configured(ctx: DryRunContext) -> Iterator[Evidence | Check]:
    """Yield what the configuration before and after differs in."""
    from bascule_terraform import compare

    trees = Trees.of(ctx)
    everything = any(r.use == "terraform/modules-pinned" and r.params.get("all") for r in ctx.pack.rules)
    data = compare.evidence(trees, _changed(trees), everything)
    told = f"{len(data['files'])} files, {len(data['findings'])} findings"
    yield prove(ctx, "terraform/hcl", data, told, tool="tree-sitter-hcl", version="1")
