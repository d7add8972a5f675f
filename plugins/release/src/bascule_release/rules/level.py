"""The rule on how far a version moves, by what was committed since the last release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bascule.kit import Answer, Ask, allow, block
from bascule_release.book import book
from bascule_release.commits import KNOWN, TYPES
from bascule_release.rehearsals import KIND
from bascule_release.rules.common import TAG, called, listed, packages
from bascule_release.versions import LEVELS, level, parse

_TYPE = {"type": "string", "pattern": "^[a-z][a-z0-9_-]{0,30}$"}


@book.rule(
    "version-level",
    "The step is the one that the Conventional Commits since the last release ask for.",
    {
        "tag": TAG,
        "max": {"enum": ["patch", "minor", "major"], "description": "The largest step that passes at all."},
        "unknown": {
            "enum": ["block", "ignore", "patch", "minor", "major"],
            "description": "What commits without a conventional form, or of a type that is not known, ask for; `block` "
            "without it.",
        },
        "types": {
            "type": "object", "propertyNames": _TYPE,
            "additionalProperties": {"enum": ["none", "patch", "minor", "major"]},
            "description": "What further types ask for, or other than `feat` (minor), `fix`, `perf`, `revert` (patch).",
        },
        "zero": {
            "enum": ["minor", "shift", "same"],
            "description": "Before 1.0: a breaking change asks for a minor step (`minor`, the default); the same, and "
            "a feature for a patch (`shift`); or as after 1.0 (`same`).",
        },
        "larger": {"type": "boolean", "description": "Whether a larger step than asked for passes; false without it."},
        "commits": {"enum": ["conventional", "any"], "description": "`any`: commits are not looked at, only `max` is."},
    },
    needs=KIND,
)  # fmt: skip
def version_level(ask: Ask) -> Iterator[Answer]:
    """Yield, by package, a step that is not the one asked for."""
    found = packages(ask)
    if isinstance(found, Answer):
        yield found
        return
    answers = [_one(ask, p) for p in found]
    bad = [a for a in answers if a.status.value != "allow"]
    yield from bad or [allow("; ".join(a.found for a in answers[:5]))]


def _one(ask: Ask, package: Mapping[str, Any]) -> Answer:
    new = parse(package["new"], package["scheme"])
    told = package["series"].get(ask.params.get("tag") or "", {})
    since = told.get("since")
    if new is None:
        return block(
            f"{called(package)}{package['new']!r} is no version", expected="a version that can be compared",
            fix="state a version that tools can order", paths=(package["source"],),
        )  # fmt: skip
    if since is None:
        return _first(ask, package)
    old = parse(since[1], package["scheme"]) or parse(since[1], "loose")
    assert old is not None  # it was read as a version, or it would not stand there
    step = level(old, new)
    most = ask.params.get("max")
    if most is not None and LEVELS.index(step) > LEVELS.index(most):
        return block(
            f"{called(package)}{since[0]} → {package['new']} is a {step} step", expected=f"at most a {most} step",
            fix="let a person release this one", paths=(package["source"],),
        )  # fmt: skip
    if ask.params.get("commits") == "any":
        return allow(f"{called(package)}{since[0]} → {package['new']} is a {step} step")
    return _by_commits(ask, package, told, step, old.numbers)


def _first(ask: Ask, package: Mapping[str, Any]) -> Answer:
    if not ask.evidence["tag_count"]:
        return allow(f"{called(package)}no release was tagged before {package['new']}")
    form = ask.params.get("tag")
    return block(
        f"{called(package)}no tag {f'of the form {form} ' if form else ''}that the base branch reaches says what was "
        f"released last; there are {ask.evidence['tag_count']} tags, such as {listed(ask.evidence['tags'][-3:])}",
        expected="a tag of the last release",
        fix="state in the rule's `tag` how this repository writes its tags, or tag the last release",
    )


def _by_commits(
    ask: Ask, package: Mapping[str, Any], told: Mapping[str, Any], step: str, numbers: Sequence[int]
) -> Answer:
    since = told["since"]
    if told["more"]:
        return block(
            f"{called(package)}more than {len(told['commits'])} commits since {since[0]}",
            expected="a release whose commits can be read", fix="let a person release this one",
        )  # fmt: skip
    asked, strangers, reason = _asked(ask.params, told["commits"], ask.evidence["own"], zero=numbers[0] == 0)
    if strangers and ask.params.get("unknown", "block") == "block":
        shown = [f"{c['sha'][:7]} {c['subject'][:60]!r}" for c in strangers]
        return block(
            f"{len(strangers)} of {len(told['commits'])} commits since {since[0]} do not say what they are: "
            f"{listed(shown, 3)}",
            expected="Conventional Commits, such as `fix: ...`, of known types",
            fix="let a person release this one; `unknown` and `types` in the rule say what other commits ask for",
        )
    found = f"{called(package)}{since[0]} → {package['new']} is {_step(step)}"
    wanted = "patch" if asked == "none" else asked  # a release without any such commit is still one
    if step == wanted or (step == "none" and parse_stage(package) != "final"):
        return allow(f"{found}, as {reason} asks" if reason else f"{found}, and no commit asks for more")
    if LEVELS.index(step) > LEVELS.index(wanted):
        if ask.params.get("larger"):
            return allow(f"{found}; {reason or 'no commit'} asks for less")
        return block(
            f"{found}, but {f'no commit asks for more than {_step(wanted)}' if reason else 'no commit asks for any'}",
            expected=_step(wanted), fix="release that version; `larger: true` in the rule accepts larger steps",
            paths=(package["source"],),
        )  # fmt: skip
    return block(
        f"{found}, but {reason} asks for {_step(wanted)}", expected=_step(wanted),
        fix="release a version that says what changed", paths=(package["source"],),
    )  # fmt: skip


def parse_stage(package: Mapping[str, Any]) -> str:
    """Return the stage of the package's new version."""
    found = parse(package["new"], package["scheme"])
    return found.stage if found is not None else ""


def _asked(
    params: Mapping[str, Any], commits: Sequence[Mapping[str, Any]], own: Sequence[Mapping[str, Any]], *, zero: bool
) -> tuple[str, list[Mapping[str, Any]], str]:
    """Return the step that the commits ask for, those that say nothing, and the commit that asks for most, in words.

    Commits of the change itself may ask for more, too; that they say nothing is no matter.
    """
    types = {**TYPES, **params.get("types", {})}
    unknown = params.get("unknown", "block")
    most, reason = "none", ""
    strangers = []
    for at, commit in enumerate((*commits, *own)):
        kind = commit["type"]
        if commit["breaking"]:
            asks = "major"
        elif kind in types:
            asks = types[kind]
        elif kind in KNOWN:
            asks = "none"
        else:
            if at < len(commits):
                strangers.append(commit)
            asks = unknown if unknown in LEVELS and at < len(commits) else "none"
        if zero:
            asks = _before_one(asks, params.get("zero", "minor"))
        if LEVELS.index(asks) > LEVELS.index(most):
            most, reason = asks, f"{commit['sha'][:7]} {commit['subject'][:60]!r}"
    return most, strangers, reason


def _before_one(asks: str, way: str) -> str:
    if way == "same":
        return asks
    if asks == "major":
        return "minor"
    return "patch" if asks == "minor" and way == "shift" else asks


def _step(step: str) -> str:
    return "no step" if step == "none" else f"a {step} step"
