"""Rules on the tag of a release, and the plan that asks for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bascule.kit import Answer, Ask, allow, block
from bascule.types import MergeContext, MergePlan, ReleasePlan
from bascule_release.book import book
from bascule_release.rehearsals import KIND
from bascule_release.rules.common import TAG, called, listed, packages
from bascule_release.tags import fitting, spelled
from bascule_release.versions import parse


def names(package: Mapping[str, Any], form: str | None) -> tuple[str, ...]:
    """Return the tags that the new version may get: in the stated form, else in every usual one."""
    version = package["new"].removeprefix("v")
    return tuple(dict.fromkeys(spelled(f, package["name"], version) for f in fitting(form, package["name"])))


@book.rule("tag-free", "The tag that the release would get does not exist yet.", {"tag": TAG}, needs=KIND)
def tag_free(ask: Ask) -> Answer:
    """Block a version that is tagged already; without a form, in any usual one."""
    found = packages(ask)
    if isinstance(found, Answer):
        return found
    told = listed(called(p) + str(p["new"]) for p in found)
    return _taken(ask, found) or allow(f"no tag of {told} yet")


def _taken(ask: Ask, found: Sequence[Mapping[str, Any]]) -> Answer | None:
    there = set(ask.evidence["tags"])
    taken = [t for p in found for t in names(p, ask.params.get("tag")) if t in there]
    if not taken and ask.evidence["tag_count"] <= len(there):
        return None
    if not taken:
        return block(
            f"{ask.evidence['tag_count']:,} tags", expected=f"at most {len(there):,}, so that each can be looked at",
            fix="let a person release this one",
        )  # fmt: skip
    return block(
        f"the tag {listed(taken)} exists already", expected="a version that was not tagged before",
        fix="raise the version; a tag that is out is never moved", paths=[p["source"] for p in found],
    )  # fmt: skip


@book.rule(
    "tag",
    "After the merge, the merged commit is tagged; the tag is free.",
    {
        "tag": TAG,
        "kind": {"enum": ["annotated", "lightweight"], "description": "`annotated` without it."},
        "release": {
            "enum": ["none", "draft", "published"],
            "description": "Whether a GitHub release is made of it, with the changelog's section as its text; `none`.",
        },
    },
    needs=KIND,
)
def tag(ask: Ask) -> Iterator[Answer]:
    """Say which tag the merged commit gets; block where it cannot get it."""
    found = packages(ask)
    if isinstance(found, Answer):
        yield found
        return
    if len(found) > 1:
        yield block(
            f"{len(found)} packages get a new version: {listed(called(p).strip() for p in found)}",
            expected="one package, as one merge gets one tag", fix="release one package at a time, or tag by hand",
        )  # fmt: skip
        return
    name = tag_of(found[0], ask.params)
    if not ok_as_ref(name):
        yield block(
            f"`{name}` cannot be a tag", expected="a name that git takes", fix="state another form in the rule's `tag`"
        )
        return
    yield _taken(ask, found) or allow(f"{name} is free; the merged commit gets it")


def tag_of(package: Mapping[str, Any], params: Mapping[str, Any]) -> str:
    """Return the tag that ``package`` gets: in the stated form, else in that of earlier tags, else ``v1.2.3``."""
    form = params.get("tag") or package["series"].get("", {}).get("form") or "v{version}"
    return spelled(form, package["name"], package["new"].removeprefix("v"))


def ok_as_ref(name: str) -> bool:
    """Return whether git takes ``name`` as a tag (git-check-ref-format)."""
    parts = name.split("/")
    return (
        bool(name) and len(name) <= 200 and name.isprintable() and not set(name) & set(" ~^:?*[\\") and ".." not in name
        and "@{" not in name and not name.startswith(("-", "/")) and not name.endswith((".", "/"))
        and all(p and not p.startswith(".") and not p.endswith(".lock") for p in parts) and name != "@"
    )  # fmt: skip


def plan(ctx: MergeContext) -> MergePlan | None:
    """Return the plan that the pack's first ``release/tag`` asks for; None without such a rule or its evidence."""
    rule = next((r for r in ctx.pack.rules if r.use == "release/tag"), None)
    proof = next((e for e in ctx.evidence if e.kind == KIND), None)
    if rule is None or proof is None or len(proof.data["packages"]) != 1:
        return None
    (package,) = proof.data["packages"]
    name = tag_of(package, rule.params)
    if not ok_as_ref(name):
        return None
    title = f"{package['name']} {package['new']}".strip()
    wanted = rule.params.get("release", "none")
    release = None
    if wanted != "none":
        version = parse(package["new"], package["scheme"])
        notes = next((t["notes"] for t in package["changelogs"].values() if t.get("notes")), "")
        release = ReleasePlan(
            title=name, body=notes, draft=wanted == "draft",
            prerelease=version is not None and version.stage != "final",
        )  # fmt: skip
    return MergePlan(
        method=ctx.pack.merge.method or "",
        tag=name,
        tag_message=title if rule.params.get("kind", "annotated") == "annotated" else "",
        release=release,
    )
