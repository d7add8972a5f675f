"""How far a dependency may move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bascule.kit import Answer, Ask, allow, block
from bascule_deps.book import CHANGES, book
from bascule_deps.rules.common import NAMES, a_step, fits, listed, summary, told, unread

ORDER = {name: at for at, name in enumerate(("none", "digest", "build", "prerelease", "patch", "minor", "major"))}
MAX = {"enum": ["digest", "patch", "minor", "major"]}


@book.rule(
    "level",
    "No dependency moves further than this: by the real difference of manifests and lockfiles.",
    {
        "max": MAX,
        "transitive": {
            **MAX,
            "description": "For packages that nobody asks for directly; `max` without it.",
        },
        "dev": {**MAX, "description": "For packages that are only used in development; `max` without it."},
        "zero": {"enum": ["strict", "loose"], "description": "strict: before 1.0 a minor step counts as a major one."},
        "prereleases": {"type": "boolean", "description": "Whether a version before its release is accepted."},
        "downgrades": {"type": "boolean", "description": "Whether a step back is accepted."},
        "overrides": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"names": NAMES, "ecosystems": NAMES, "max": MAX},
                "required": ["max"],
                "additionalProperties": False,
            },
        },
    },
    needs=CHANGES,
)
def level(ask: Ask) -> Iterator[Answer]:
    """Hold every update against the limit that is meant for it; the first override that fits decides."""
    if (unreadable := unread(ask)) is not None:
        yield unreadable
        return
    too_far, others, paths = [], [], []
    for update in ask.evidence["updates"]:
        step, most = _counted(update, ask.params), _limit(update, ask.params)
        if step in {"added", "removed"}:
            continue  # `deps/known` judges those
        if step == "downgrade" and ask.params.get("downgrades"):
            continue
        if step not in ORDER:
            others.append(told(update))
        elif ORDER[step] > ORDER[most]:
            too_far.append(
                f"{told(update)}{'' if step == update['level'] else f', and before 1.0 that is {a_step(step)}'}"
            )
        elif update["unstable"] and not ask.params.get("prereleases"):
            others.append(f"{update['name']} {update['after']} is a version before its release ({update['file']})")
        else:
            continue
        paths.append(update["file"])
    if too_far or others:
        yield block(
            listed([*too_far, *others]),
            expected=f"steps of at most {ask.params.get('max', 'minor')}, forward, to released versions",
            fix="leave it to a person, or split off what goes further",
            paths=dict.fromkeys(paths),
        )
    else:
        yield allow(f"{summary(ask)}, none further than {ask.params.get('max', 'minor')}")


def _counted(update: Mapping[str, Any], params: Mapping[str, Any]) -> str:
    step, zeros = str(update["level"]), int(update["zero"])
    if params.get("zero", "strict") == "strict" and zeros and update["ecosystem"] not in {"docker", "actions"}:
        if step == "minor":
            return "major"
        if step == "patch" and zeros == 2:
            return "major"
    return step


def _limit(update: Mapping[str, Any], params: Mapping[str, Any]) -> str:
    most = str(params.get("max", "minor"))
    for override in params.get("overrides", ()):
        names, ecosystems = override.get("names", ["*"]), override.get("ecosystems", ["*"])
        if fits(update["name"], names) and fits(update["ecosystem"], ecosystems):
            return str(override["max"])
    if update["dev"] and "dev" in params:
        return str(params["dev"])
    return str(params["transitive"]) if update["direct"] is False and "transitive" in params else most
