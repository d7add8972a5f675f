"""The rules of the scenario ``deps``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from bascule.kit import Answer, Ask, Book, allow, block
from bascule.types import Check, DryRunContext, Evidence

KIND = "deps/changes"
_ORDER = {name: at for at, name in enumerate(("none", "digest", "build", "prerelease", "patch", "minor", "major"))}
_MAX = {"enum": ["digest", "patch", "minor", "major"]}
_NAMES = {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}

book = Book(
    "deps",
    package="bascule_deps",
    summary="Dependency updates, judged by what really moves in manifests and lockfiles.",
    fits=(
        "**/package.json", "**/package-lock.json", "**/yarn.lock", "**/pnpm-lock.yaml", "**/pyproject.toml",
        "**/requirements*.txt", "**/uv.lock", "**/poetry.lock", "**/Cargo.toml", "**/Cargo.lock", "**/go.mod",
        "**/go.sum", "**/pom.xml", "**/Dockerfile", "**/.pre-commit-config.yaml",
    ),
)  # fmt: skip


@book.rehearsal(KIND)
def changes(ctx: DryRunContext) -> Iterable[Evidence | Check]:
    """Read what the change does to dependencies."""
    from bascule_deps.rehearsal import rehearse

    return rehearse(ctx)


Updates = Sequence[Mapping[str, Any]]


def _unread(ask: Ask) -> Answer | None:
    """Return what blocks where a manifest could not be read: nobody knows what it hides."""
    unread = ask.evidence["unread"]
    if not unread:
        return None
    path, why = next(iter(unread.items()))
    more = f" (and {len(unread) - 1} more)" if len(unread) > 1 else ""
    return block(
        f"`{path}` cannot be read: {why}{more}",
        expected="manifests and lockfiles that can be read on both sides",
        fix="mend the file, or merge by hand",
        paths=tuple(unread),
    )


def _told(update: Mapping[str, Any]) -> str:
    if update["level"] in {"added", "removed"}:
        return f"{update['name']} {update['after'] or update['before']} is {update['level']} ({update['file']})"
    return f"{update['name']} {update['before']} → {update['after']} is {_a(str(update['level']))} ({update['file']})"


def _a(level: str) -> str:
    return {"unknown": "a step that cannot be told", "none": "no step"}.get(
        level, f"{'an' if level[0] in 'aeiou' else 'a'} {level}{'' if level == 'downgrade' else ' step'}"
    )


def _list(found: Sequence[str], most: int = 3) -> str:
    return "; ".join(found[:most]) + (f"; and {len(found) - most} more" if len(found) > most else "")


def _summary(ask: Ask) -> str:
    updates = ask.evidence["updates"]
    names = dict.fromkeys(u["name"] for u in updates)
    return f"{len(names)} package{'' if len(names) == 1 else 's'}" if names else "no dependency moves"


@book.rule(
    "level",
    "No dependency moves further than this: by the real difference of manifests and lockfiles.",
    {
        "max": _MAX,
        "transitive": {
            **_MAX,
            "description": "For packages in lockfiles that nobody asks for directly; `max` without it.",
        },
        "dev": {**_MAX, "description": "For packages that are only used in development; `max` without it."},
        "zero": {"enum": ["strict", "loose"], "description": "strict: before 1.0 a minor step counts as a major one."},
        "prereleases": {"type": "boolean", "description": "Whether a version before its release is accepted."},
        "downgrades": {"type": "boolean", "description": "Whether a step back is accepted."},
        "overrides": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"names": _NAMES, "ecosystems": _NAMES, "max": _MAX},
                "required": ["max"],
                "additionalProperties": False,
            },
        },
    },
    needs=KIND,
)
def level(ask: Ask) -> Iterator[Answer]:
    """Hold every update against the limit that is meant for it; the first override that fits decides."""
    unread = _unread(ask)
    if unread is not None:
        yield unread
        return
    too_far, others, paths = [], [], []
    for update in ask.evidence["updates"]:
        step, most = _counted(update, ask.params), _limit(update, ask.params)
        if step in {"added", "removed"}:
            continue  # `deps/known` judges those
        if step == "downgrade" and ask.params.get("downgrades"):
            continue
        if step not in _ORDER:
            others.append(_told(update))
        elif _ORDER[step] > _ORDER[most]:
            too_far.append(
                f"{_told(update)}{'' if step == update['level'] else f', and before 1.0 that is {_a(step)}'}"
            )
        elif update["unstable"] and not ask.params.get("prereleases"):
            others.append(f"{update['name']} {update['after']} is a version before its release ({update['file']})")
        else:
            continue
        paths.append(update["file"])
    if too_far or others:
        yield block(
            _list([*too_far, *others]),
            expected=f"steps of at most {ask.params.get('max', 'minor')}, forward, to released versions",
            fix="leave it to a person, or split off what goes further",
            paths=dict.fromkeys(paths),
        )
    else:
        yield allow(f"{_summary(ask)}, none further than {ask.params.get('max', 'minor')}")


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
        if _any(update["name"], names) and _any(update["ecosystem"], ecosystems):
            return str(override["max"])
    if update["dev"] and "dev" in params:
        return str(params["dev"])
    return (
        str(params["transitive"]) if update["lock"] and update["direct"] is False and "transitive" in params else most
    )


def _any(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name.casefold(), p.casefold()) for p in patterns)


@book.rule("lockfile-only", "Only lockfiles change: what is asked for stays as it is.", needs=KIND)
def lockfile_only(ask: Ask) -> Answer:
    """Block a change of any file that is no lockfile."""
    unread = _unread(ask)
    if unread is not None:
        return unread
    others = [*ask.evidence["manifests"], *ask.evidence["outside"]]
    if others:
        return block(
            f"{_list([f'`{p}`' for p in others])} changes, which is no lockfile",
            expected="lockfiles only",
            fix="leave it to a person, or refresh the lockfile alone",
            paths=others,
        )
    asked = [o for o in ask.evidence["others"] if o["kind"] == "file"]
    if asked:
        return block(
            _list([f"`{o['file']}`: {o['what']}" for o in asked]), expected="lockfiles that were there and stay",
            fix="leave it to a person", paths=[o["file"] for o in asked],
        )  # fmt: skip
    return allow(f"{len(ask.evidence['locks'])} lockfile(s), {_summary(ask)}")


_BESIDES = ("source", "registry", "script", "integrity", "content", "claim", "override")


@book.rule(
    "known",
    "No new package, no new source or registry, no install script, no content without a hash that had one.",
    {
        "transitive": {"enum": ["known", "any"], "description": "any: packages nobody asks for directly may be new."},
        "allow": {**_NAMES, "description": "Globs of names that may be new."},
        "except": {
            "type": "array", "items": {"enum": list(_BESIDES)}, "uniqueItems": True,
            "description": "Kinds of edits beside updates that are accepted.",
        },
    },
    needs=KIND,
)  # fmt: skip
def known(ask: Ask) -> Iterator[Answer]:
    """Block what an update should not bring with it."""
    unread = _unread(ask)
    if unread is not None:
        yield unread
        return
    spared, free = ask.params.get("allow", ()), ask.params.get("transitive", "known") == "any"
    fresh = [
        u
        for u in ask.evidence["updates"]
        if u["level"] == "added" and not _any(u["name"], spared) and not (free and u["lock"] and u["direct"] is False)
    ]
    if fresh:
        yield block(
            _list([f"{u['name']} {u['after']} is new ({u['file']})" for u in fresh]),
            expected="packages that were there before",
            fix="let a person look at the new package",
            paths=dict.fromkeys(u["file"] for u in fresh),
        )
    kinds = [k for k in _BESIDES if k not in ask.params.get("except", ())]
    besides = [o for o in ask.evidence["others"] if o["kind"] in kinds]
    if besides:
        yield block(
            _list([_other(o) for o in besides]),
            expected="the same sources, registries, scripts and hashes as before",
            fix="find out who changed that and why; a plain update does not",
            paths=dict.fromkeys(o["file"] for o in besides),
        )
    if not fresh and not besides:
        yield allow(f"{_summary(ask)}, all known, from where they came from before")


def _other(other: Mapping[str, Any]) -> str:
    name = f"{other['name']} " if other["name"] else ""
    moved = (
        f": {other['before'] or 'nothing'} → {other['after'] or 'nothing'}" if other["before"] or other["after"] else ""
    )
    return f"{name}{other['what']}{moved} ({other['file']})"


@book.rule(
    "nothing-else",
    "In manifests and lockfiles nothing changes but dependencies, and no other file changes.",
    {
        "files": {**_NAMES, "description": "Globs of other files that may change with them."},
        "own-version": {
            "enum": ["block", "allow"],
            "description": "allow: the version of what the manifest itself describes may move with it, as charts need.",
        },
    },
    needs=KIND,
)
def nothing_else(ask: Ask) -> Answer:
    """Block whatever travels with an update."""
    unread = _unread(ask)
    if unread is not None:
        return unread
    spared = {"own-version"} if ask.params.get("own-version") == "allow" else set()
    others = [
        o
        for o in ask.evidence["others"]
        if o["kind"] not in spared and (o["kind"] not in {"source", "registry"} or not o["name"])
    ]
    outside = [p for p in ask.evidence["outside"] if not _any(p, ask.params.get("files", ()))]
    if not others and not outside:
        return allow("nothing but dependencies changes")
    found = [*[f"`{p}`" for p in outside], *[_other(o) for o in others]]
    return block(
        _list(found), expected="dependencies, and nothing else", fix="split the rest into a pull request of its own",
        paths=dict.fromkeys([*outside, *(o["file"] for o in others)]),
    )  # fmt: skip


@book.rule(
    "title-matches",
    "What the title says is what the difference does.",
    {"unparsable": {"enum": ["block", "allow"], "description": "For titles of no known form; `block` without it."}},
    needs=KIND,
)
def title_matches(ask: Ask) -> Answer:
    """Block a title that names another package or version than those that move."""
    from bascule_deps.titles import claim, lies

    unread = _unread(ask)
    if unread is not None:
        return unread
    said = claim(ask.change.title)
    if said is None:
        if ask.params.get("unparsable", "block") == "allow":
            return allow("the title has no form that says what moves")
        return block(
            f"the title {ask.change.title!r} does not say what moves",
            expected="a title such as `Bump lodash from 4.17.20 to 4.17.21`",
            fix="say in the title which package moves from where to where",
        )
    wrong = lies(said, list(ask.evidence["updates"]))
    if wrong:
        return block(
            f"the title says {ask.change.title!r}, but {_list(wrong)}",
            expected="a difference that does what the title says, and no more",
            fix="find out why they disagree; a bot's title is made from its difference",
        )
    return allow(f"the title is true of {_summary(ask)}")
