"""Rules over what is outside the files: a build of them, and the package index."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from bascule.kit import Answer, Ask, RehearsalError, Trees, allow, block, error, prove, wait
from bascule.types import Check, DryRunContext, Evidence, Status
from bascule_release import announced, building, index, reading
from bascule_release.book import book
from bascule_release.rules.common import called, listed
from bascule_release.versions import same

BUILD, INDEX = "release/build", "release/index"
_SECONDS = 120
_WAIT = 10


def _packages(ctx: DryRunContext, trees: Trees) -> list[reading.Package]:
    rules = [r.params for r in ctx.pack.rules if r.use.startswith("release/")]
    files = reading.Reader(trees, ctx.change, announced.stated_files(rules))
    found = files.packages()
    if not found:
        log = next((r.params for r in ctx.pack.rules if r.use == "release/changelog"), {})
        alone = announced.from_changelog(trees, log.get("file"), log.get("heading"), files)
        found = [alone] if alone is not None else []
    return found


def _data(package: reading.Package) -> dict[str, Any]:
    return {"name": package.name, "folder": package.folder, "new": package.new, "source": package.source}


# -- building ---------------------------------------------------------------------------------------------------------


@book.rehearsal(BUILD)
def built(ctx: DryRunContext) -> Iterator[Evidence | Check]:
    """Yield what came of building every package that the change releases."""
    if not ctx.run_code:
        raise RehearsalError(
            "building runs code of the change, which is not allowed here", expected="a run that may run code",
            fix="set BASCULE_RUN_CODE=1 where Bascule runs; replays, examples and what a gate refuses build nothing",
        )  # fmt: skip
    rule = next((r.params for r in ctx.pack.rules if r.use == "release/build"), {})
    trees = Trees.of(ctx)
    made = []
    for at, package in enumerate(_packages(ctx, trees)):
        root = trees.after.export(Path(ctx.workdir) / f"source-{at}")
        folder = root / package.folder
        kind = rule.get("ecosystem") or building.ecosystem_of(folder)
        if kind is None:
            raise RehearsalError(
                f"nothing says how {package.title or 'this repository'} is built", expected="a manifest that is known",
                fix=f"state `ecosystem` in the rule: {', '.join(building.BUILDERS)}", status=Status.BLOCK,
                paths=(package.source,),
            )  # fmt: skip
        out = Path(ctx.workdir) / f"out-{at}"
        out.mkdir()
        order = building.Order(
            ctx=ctx, source=folder, out=out, seconds=min(float(rule.get("seconds", _SECONDS)), ctx.time_limit),
            version=package.new, stated=bool(package.statements), blame=(package.source,),
        )  # fmt: skip
        result = building.BUILDERS[kind](order)
        made.append({
            **_data(package), "ecosystem": kind, "file": result.file, "built_name": result.name,
            "built_version": result.version, "tool": result.tool,
        })  # fmt: skip
        shutil.rmtree(root, ignore_errors=True)
        shutil.rmtree(out, ignore_errors=True)
    kept = building.isolation()
    told = listed(m["file"] for m in made) or "nothing to build"
    yield prove(
        ctx, BUILD, {"builds": made, "isolation": kept}, f"{told}, built with {kept}", tool="build", version="1"
    )


@book.rule(
    "build",
    "What would be released builds, and says of itself what the files say.",
    {
        "ecosystem": {"enum": list(building.BUILDERS), "description": "Without it, by the manifests of the folder."},
        "seconds": {
            "type": "integer",
            "minimum": 1,
            "maximum": 280,
            "description": f"Time limit; {_SECONDS} without it.",
        },
        "network": {
            "enum": ["off", "any"],
            "description": "`off`: blocks where this machine cannot build without a network; `any` without it, and the "
            "evidence says which it was.",
        },
    },
    needs=BUILD,
)
def build(ask: Ask) -> Iterator[Answer]:
    """Yield what the built files say otherwise than the change."""
    builds, kept = ask.evidence["builds"], ask.evidence["isolation"]
    if not builds:
        yield block(
            "no file states another version than before", expected="a change that releases a version",
            fix="raise the version, or let another scenario's rulepack claim these files",
        )  # fmt: skip
        return
    bad = [a for b in builds for a in _differs(b)]
    if kept != "no network" and ask.params.get("network") == "off":
        bad.append(error(
            "it was built with a network, as this machine cannot do without", expected="a build without a network",
            fix="let Bascule run where `unshare -rn` works, or say `network: any` in the rule",
        ))  # fmt: skip
    yield from bad or [allow(f"{listed(b['file'] for b in builds)} built with {kept}")]


def _differs(made: Mapping[str, Any]) -> Iterator[Answer]:
    if not same(made["built_version"], made["new"]):
        yield block(
            f"{made['file']} says that it is version {made['built_version'] or '(none)'}, the files {made['new']}",
            expected="one version", fix="find out where the build takes its version from", paths=(made["source"],),
        )  # fmt: skip
    if made["name"] and canonicalize_name(made["built_name"]) != canonicalize_name(made["name"]):
        yield block(
            f"{made['file']} is called {made['built_name'] or '(nothing)'}, the files say {made['name']}",
            expected="one name", fix="find out where the build takes its name from", paths=(made["source"],),
        )  # fmt: skip


# -- the package index ------------------------------------------------------------------------------------------------


@book.rehearsal(INDEX)
def asked(ctx: DryRunContext) -> Iterator[Evidence | Check]:
    """Yield what the package index says of the new versions, and of the ones before them."""
    if not ctx.public_services or "github" not in ctx.change.known:
        raise RehearsalError(
            "the package index is not asked here", expected="a run on a pull request that may ask public services",
            fix="set BASCULE_SERVICES=public where Bascule runs; replays and examples reach no network",
        )  # fmt: skip
    rule = next((r.params for r in ctx.pack.rules if r.use == "release/registry-free"), None)
    if rule is None:
        return  # another rule asks for this evidence, and nobody says where the index is
    wrong = index.problem(rule["address"])
    if wrong is not None:
        raise RehearsalError(f"the address of the index: {wrong}", expected="an address", fix="correct it in the pack")
    seconds = float(rule.get("seconds", _WAIT))
    made = []
    for package in _packages(ctx, Trees.of(ctx))[:20]:
        name = rule.get("name") or package.name
        if not name and "{name}" in rule["address"]:
            raise RehearsalError(
                f"no file says what {package.source} belongs to", expected="the package's name",
                fix="state `name` in the rule", status=Status.BLOCK, paths=(package.source,),
            )  # fmt: skip
        new = index.ask(rule["address"], name, package.new, seconds=seconds)
        old = index.ask(rule["address"], name, package.old, seconds=seconds) if package.old else None
        made.append({
            **_data(package), "old": package.old, "taken": new.taken, "why": new.why,
            "before": old.taken if old is not None else False, "before_why": old.why if old is not None else "",
        })  # fmt: skip
    told = listed(
        f"{m['name']} {m['new']}: {'taken' if m['taken'] else 'free' if m['taken'] is False else m['why']}"
        for m in made
    )
    yield prove(ctx, INDEX, {"asked": made}, told or "nothing to ask", tool="index", version="1")


@book.rule(
    "registry-free",
    "The package index does not have the new version yet.",
    {
        "type": "object", "additionalProperties": False, "required": ["address"],
        "properties": {
            "address": {
                "type": "string", "minLength": 10, "maxLength": 500,
                "description": "Where the index tells of one version, with `{name}` and `{version}`; https.",
            },
            "name": {"type": "string", "minLength": 1, "maxLength": 214, "description": "By default, the manifest's."},
            "seconds": {"type": "integer", "minimum": 1, "maximum": 60, "description": f"To wait; {_WAIT} without it."},
            "first": {
                "type": "boolean",
                "description": "Whether a package passes whose version before the index does not have either: a first "
                "release, or a wrong address. False without it.",
            },
        },
    },
    needs=INDEX,
)  # fmt: skip
def registry_free(ask: Ask) -> Iterator[Answer]:
    """Yield what is taken or cannot be known, by package."""
    found = ask.evidence["asked"]
    if not found:
        yield block(
            "no file states another version than before", expected="a change that releases a version",
            fix="raise the version, or let another scenario's rulepack claim these files",
        )  # fmt: skip
        return
    bad = [a for m in found if (a := _index(ask, m)) is not None]
    yield from bad or [allow(f"{listed(called(m) + m['new'] for m in found)} is free")]


def _index(ask: Ask, made: Mapping[str, Any]) -> Answer | None:
    what = f"{called(made)}{made['new']}"
    if made["taken"]:
        return block(
            f"the package index has {what} already", expected="a version that nobody has yet",
            fix="raise the version; what is published is not published again", paths=(made["source"],),
        )  # fmt: skip
    why = made["why"] if made["taken"] is None else made["before_why"] if made["before"] is None else ""
    if why:
        return wait(
            f"whether the package index has {what} is not known: {why}", expected="an answer of the index",
            fix="run again when it answers",
        )  # fmt: skip
    if not made["before"] and not ask.params.get("first"):
        before = f"{made['old']}, the version before," if made["old"] else "an earlier version"
        return block(
            f"the package index does not know {called(made)}{before} either",
            expected="an index that knows the package",
            fix="correct `address` or `name` in the rule; `first: true` accepts a first release",
        )  # fmt: skip
    return None
