"""The rule on images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from bascule.kit import Answer, Ask, allow, block
from bascule_helm.book import book
from bascule_helm.rules.common import TEXTS, listed, named
from bascule_helm.tags import MOVING, Reference, reference, step

_LEVELS = ("same", "build", "patch", "minor", "major")


@book.rule(
    "image",
    "Images come from where they came from, by a tag that moves only forward and says what it points to.",
    {
        "registries": {**TEXTS, "minItems": 1},
        "repository": {"enum": ["same", "any"]},
        "tags": {"enum": ["forward", "any"]},
        "max": {"enum": ["patch", "minor", "major"]},
        "digest": {"enum": ["optional", "required"]},
        "repin": {"type": "boolean"},
        "moving": {**TEXTS},
        "new": {"type": "boolean"},
    },
    needs="helm/render",
)
def image(ask: Ask) -> Iterator[Answer]:
    """Judge every image that differs or is new."""
    bad: dict[str, list[str]] = {}
    count = 0
    for item in ask.evidence["objects"]:
        for at in item["images"]:
            if at["after"] is None:
                continue
            count += 1
            for fix, found in _judged(at, ask.params):
                bad.setdefault(fix, []).append(named(item, f": {found}"))
    for fix, every in bad.items():
        yield block(f"images: {listed(every)}", expected=_expected(ask.params), fix=fix)
    if not bad:
        yield allow(f"{count} images differ, all of them forward" if count else "no image differs")


def _expected(params: Mapping[str, Any]) -> str:
    told = ["a fixed tag"]
    if params.get("tags", "forward") == "forward":
        told.append("a later one of the same kind" + (f", at most a {params['max']} step" if "max" in params else ""))
    if params.get("repository", "same") == "same":
        told.append("from the same repository")
    if "registries" in params:
        told.append(f"from {', '.join(params['registries'][:4])}")
    if params.get("digest") == "required":
        told.append("pinned by digest")
    return "; ".join(told)


def _judged(at: Mapping[str, Any], params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (fix, what was found) for everything that is wrong with one image."""
    path, after = at["path"], at["after"]
    new = reference(after)
    if new is None:
        yield "write it as registry/repository:tag", f"{path} is no image reference"
        return
    if "registries" in params and not any(
        fnmatchcase(new.name, g) or new.name.startswith(f"{g.rstrip('/')}/") for g in params["registries"]
    ):
        yield "take it from a permitted registry, or add this one to `registries`", f"{after} is from elsewhere"
    if params.get("digest") == "required" and not new.digest:
        yield "add `@sha256:…` of the image that was tested", f"{after} has no digest"
    if not new.digest and new.tag.lower() in {t.lower() for t in params.get("moving", MOVING)} | {"", "latest"}:
        yield "name the version instead", f"{after} points to whatever is newest" if new.tag else f"{after} has no tag"
        return
    if at["before"] is None:
        if params.get("new") is False:
            yield "let a person look at what is new", f"{after} is new"
        return
    old = reference(at["before"])
    if old is None:
        yield "let a person look at it", f"{path} was no image reference before"
        return
    yield from _moved(old, new, at, params)


def _moved(
    old: Reference, new: Reference, at: Mapping[str, Any], params: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    both = f"{at['before']} → {at['after']}"
    if params.get("repository", "same") == "same" and old.name != new.name:
        yield "let a person look at where it comes from now", f"{both}: another repository"
        return
    if params.get("tags", "forward") == "any" or old.name != new.name:
        return
    if old.tag == new.tag:
        if old.digest and not new.digest:
            yield "keep the digest", f"{both}: the digest goes away"
        elif old.digest and new.digest != old.digest and not params.get("repin"):
            yield "let a person see why; `repin: true` accepts it", f"{both}: the same tag, another image"
        return
    if old.digest and not new.digest:
        yield "keep a digest", f"{both}: the digest goes away"
    if not old.tag or not new.tag or old.tag.lower() in MOVING:
        yield "let a person compare them", f"{both}: nothing says which is later"
        return
    far = step(old.tag, new.tag)
    if far == "backward":
        yield "take a later version, or let a person judge the way back", f"{both} goes back"
    elif far == "unknown":
        yield "let a person compare them", f"{both}: nothing says which is later"
    elif "max" in params and _LEVELS.index(far) > _LEVELS.index(params["max"]):
        yield f"take a {params['max']} step, or let a person judge it", f"{both} is a {far} step"
