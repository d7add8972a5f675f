"""Rules over versions themselves: they move forward, and every file states the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bascule.globs import globs
from bascule.kit import Answer, Ask, allow, block
from bascule_release.book import book
from bascule_release.rehearsals import KIND
from bascule_release.rules.common import FILES, GLOBS, TAG, called, listed, packages
from bascule_release.versions import Version, later, parse, same


@book.rule(
    "version-monotonic",
    "The new version is later than the one before, and than every tag of its series.",
    {
        "tag": TAG,
        "series": {
            "enum": ["branch", "minor", "all"],
            "description": "Which tags it must be later than: those that the base branch reaches and those that share "
            "its first two numbers (`branch`, the default), only the latter (`minor`), or every one (`all`).",
        },
        "prereleases": {
            "type": "boolean",
            "description": "Whether alphas, betas and candidates pass; true without it.",
        },
        "development": {"type": "boolean", "description": "Whether development versions pass; false without it."},
    },
    needs=KIND,
)
def version_monotonic(ask: Ask) -> Iterator[Answer]:
    """Yield what goes backwards or cannot be read, by package; one allow where all is well."""
    found = packages(ask)
    if isinstance(found, Answer):
        yield found
        return
    bad = [a for p in found for a in _backwards(ask, p)]
    moves = listed(f"{called(p)}{p['old'] or 'nothing'} → {p['new']}" for p in found)
    yield from bad or [allow(f"{moves}: forward")]


def _backwards(ask: Ask, package: Mapping[str, Any]) -> Iterator[Answer]:
    scheme, path = package["scheme"], package["source"]
    new = parse(package["new"], scheme)
    names = {"pep440": "PEP 440", "semver": "Semantic Versioning 2.0.0"}
    if new is None:
        yield block(
            f"{called(package)}{package['new']!r} ({path}) is no version by {names.get(scheme, 'any known scheme')}",
            expected=f"a version by {names.get(scheme, 'Semantic Versioning or PEP 440')}",
            fix="state a version that tools can order",
            paths=(path,),
        )
        return
    if new.stage == "development" and not ask.params.get("development", False):
        yield block(
            f"{called(package)}{package['new']} is a development version", expected="a version to release",
            fix="release a version without a development suffix; `development: true` in the rule accepts them",
            paths=(path,),
        )  # fmt: skip
    if new.stage == "prerelease" and not ask.params.get("prereleases", True):
        yield block(
            f"{called(package)}{package['new']} is a prerelease", expected="a final version",
            fix="release a final version; `prereleases: true` in the rule accepts them", paths=(path,),
        )  # fmt: skip
    old = (parse(package["old"], scheme) or parse(package["old"], "loose")) if package["old"] else None
    if package["old"] and old is None:
        yield block(
            f"{called(package)}the version before, {package['old']!r}, cannot be ordered",
            expected="a version on both sides", fix="let a person merge this one", paths=(path,),
        )  # fmt: skip
    elif old is not None and not later(new, old):
        yield block(
            f"{called(package)}{package['old']} → {package['new']} does not go forward",
            expected=f"a version later than {package['old']}",
            fix="raise the version; what is out is not taken back by a lower number",
            paths=(path,),
        )
    yield from _not_after_tags(ask, package, new)


def _not_after_tags(ask: Ask, package: Mapping[str, Any], new: Version) -> Iterator[Answer]:
    told = package["series"].get(ask.params.get("tag") or "", {})
    kinds = {"branch": ("branch", "minor"), "minor": ("minor",), "all": ("all",)}[ask.params.get("series", "branch")]
    for tag, text in dict.fromkeys(tuple(told[k]) for k in kinds if told.get(k)):
        other = parse(text, package["scheme"]) or parse(text, "loose")
        if other is not None and not later(new, other):
            yield block(
                f"{called(package)}{package['new']} is not later than the tag {tag}",
                expected=f"a version later than {text}",
                fix="raise the version above what is tagged in this series",
                paths=(package["source"],),
            )


@book.rule(
    "version-agree",
    "Every file that states the version states the new one.",
    {
        "files": FILES,
        "except": {**GLOBS, "description": "Globs of files whose statements are not looked at."},
        "independent": {
            "type": "boolean",
            "description": "Whether packages of one change may get different versions; false without it.",
        },
    },
    needs=KIND,
)
def version_agree(ask: Ask) -> Iterator[Answer]:
    """Yield every statement that says something else, by package."""
    found = packages(ask)
    if isinstance(found, Answer):
        yield found
        return
    spared = globs(tuple(ask.params.get("except", ())))
    bad = []
    count = 0
    for package in found:
        stated = [s for s in package["statements"] if not spared.match(s["path"])]
        count += len(stated)
        for s in stated:
            if not s["new"] or not same(s["new"], package["new"]):
                says = f"states {s['new']}" if s["new"] else f"stated {s['old']} and does not any more"
                bad.append((s["path"], f"{s['path']} ({s['what']}) {says}, {package['source']} {package['new']}"))
    clean = True
    if bad:
        clean = False
        yield block(
            listed(text for _, text in bad), expected="one version, the same in every file that states it",
            fix="state the new version there too; `except` in the rule names files that state another thing",
            paths=dict.fromkeys(path for path, _ in bad),
        )  # fmt: skip
    versions = list(dict.fromkeys(p["new"] for p in found))
    if not ask.params.get("independent") and any(not same(v, versions[0]) for v in versions):
        clean = False
        yield block(
            listed(f"{called(p)}{p['new']} ({p['source']})" for p in found), expected="one version",
            fix="release one version at a time; `independent: true` in the rule lets packages have their own",
            paths=[p["source"] for p in found],
        )  # fmt: skip
    unseen = [path for path in _asked(ask) if not _seen(path, found)]
    if unseen:
        clean = False
        yield block(
            f"the pattern of the pack finds no version in {listed(f'`{p}`' for p in unseen)}",
            expected="a statement of the version in every file that `files` names",
            fix="correct `path` or `pattern` in the rule, or state the version there",
        )
    if clean:
        what = "statement" if count == 1 else "statements"
        yield allow(
            f"{count} {what} of {listed(versions)}" if count else f"{listed(versions)}, stated by the changelog"
        )


def _asked(ask: Ask) -> list[str]:
    return list(dict.fromkeys(str(f["path"]) for f in ask.params.get("files", ())))


def _seen(pattern: str, found: Any) -> bool:
    wanted = globs((pattern,))
    return any(wanted.match(s["path"]) and s["new"] for p in found for s in p["statements"])
