"""The rule on changelogs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from bascule.kit import Answer, Ask, allow, block, error
from bascule_release.book import book
from bascule_release.rehearsals import KIND, key_of
from bascule_release.rules.common import called, listed, packages

_AHEAD = timedelta(days=1)
"""A day may have begun elsewhere that has not begun in UTC."""


@book.rule(
    "changelog",
    "The changelog has a section for exactly the new version: on top, dated, not empty; earlier sections stay.",
    {
        "file": {
            "type": "string", "minLength": 1, "maxLength": 512,
            "description": "Its path; `{folder}` and `{name}` are the package's. Without it, the usual names.",
        },
        "heading": {
            "type": "string", "minLength": 1, "maxLength": 1000,
            "description": "An RE2 expression with a group `version`, and `date` if there is one, for whole headings.",
        },
        "date": {"enum": ["required", "optional"], "description": "`required` without it."},
        "max_age": {"type": "integer", "minimum": 0, "maximum": 3650, "description": "Days that the date may be past."},
        "previous": {"enum": ["unchanged", "any"], "description": "What may become of earlier sections; `unchanged`."},
        "unreleased": {
            "enum": ["moved", "any"],
            "description": "`moved` (the default): what was unreleased is in the new section, and nothing is left.",
        },
        "prereleases": {"type": "boolean", "description": "Whether prereleases need a section, too; true without it."},
    },
    needs=KIND,
)  # fmt: skip
def changelog(ask: Ask) -> Iterator[Answer]:
    """Yield what the changelog lacks, by package."""
    found = packages(ask)
    if isinstance(found, Answer):
        yield found
        return
    bad: list[Answer] = []
    good = []
    for package in found:
        from bascule_release.rules.level import parse_stage

        if parse_stage(package) != "final" and not ask.params.get("prereleases", True):
            good.append(f"{called(package)}{package['new']} is a prerelease")
            continue
        answers = list(_one(ask, package, package["changelogs"][key_of(ask.params)]))
        bad += answers
        if not answers:
            told = package["changelogs"][key_of(ask.params)]
            section = told["section"]
            good.append(
                f"{told['path']}: {section['version']}, {section['dated'] or 'no date'}, {section['entries']} lines"
            )
    yield from bad or [allow("; ".join(good[:5]))]


def _one(ask: Ask, package: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[Answer]:
    path, new = told["path"], package["new"]
    if told["error"]:
        yield error(told["error"], expected="an RE2 expression", fix="mend `heading` in the rulepack")
        return
    if not told["there"]:
        title = called(package).strip()
        yield block(
            f"no changelog{f' at {path}' if path else ''}{f' for {title}' if title else ''}",
            expected=f"a changelog with a section for {new}", fix="write it, or state its path in the rule's `file`",
        )  # fmt: skip
        return
    section = told["section"]
    if section is None:
        top = f"; the first section is {told['top']}" if told["top"] else ", and no other that could be read"
        yield block(
            f"{path} has no section for {new}{top}", expected=f"a section for exactly {new}",
            fix=f"write `## [{new}] - {ask.now.date().isoformat()}` above the entries of this release", paths=(path,),
        )  # fmt: skip
        return
    where = (path,)
    if section["place"]:
        yield block(
            f"{path}: {new} stands below {listed(section['above'], 2)}", expected="the new version on top",
            fix="move its section up", paths=where,
        )  # fmt: skip
    if section["coming"]:
        yield block(
            f"{path} still calls {new} unreleased", expected=f"{new} with the date of its release",
            fix="write the date there", paths=where,
        )  # fmt: skip
    elif not section["dated"] and ask.params.get("date", "required") == "required":
        yield block(
            f"{path}: the section for {new} has no date", expected="a date such as 2026-01-05",
            fix="write the date behind the version", paths=where,
        )  # fmt: skip
    elif section["dated"]:
        yield from _date(ask, path, section["dated"])
    if not section["entries"]:
        yield block(
            f"{path}: the section for {new} is empty", expected="what changed, in at least one line",
            fix="write what changed", paths=where,
        )  # fmt: skip
    yield from _others(ask, told, path)


def _date(ask: Ask, path: str, dated: str) -> Iterator[Answer]:
    day, today = date.fromisoformat(dated), ask.now.date()
    most = ask.params.get("max_age")
    if day > today + _AHEAD:
        yield block(
            f"{path}: the release is dated {dated}, which is still to come", expected=f"a date up to {today}",
            fix="date it when it is released", paths=(path,),
        )  # fmt: skip
    elif most is not None and day < today - timedelta(days=most):
        yield block(
            f"{path}: the release is dated {dated}, {(today - day).days} days ago", expected=f"at most {most} days ago",
            fix="date it when it is released", paths=(path,),
        )  # fmt: skip


def _others(ask: Ask, told: Mapping[str, Any], path: str) -> Iterator[Answer]:
    if ask.params.get("unreleased", "moved") == "moved":
        if told["left"]:
            yield block(
                f"{path}: {told['left']} lines are still unreleased", expected="an empty unreleased part",
                fix="move them into the new section", paths=(path,),
            )  # fmt: skip
        if told["lost"]:
            lost = listed((repr(e[:60]) for e in told["lost"]), 2)
            yield block(
                f"{path}: unreleased lines are not in the new section: {lost}",
                expected="every unreleased line in the new section",
                fix="bring it back; `unreleased: any` in the rule lets entries be rewritten", paths=(path,),
            )  # fmt: skip
    if ask.params.get("previous", "unchanged") == "unchanged":
        changed = [f"{v} differs" for v in told["edited"]] + [f"{v} is gone" for v in told["gone"]]
        if changed:
            yield block(
                f"{path}: earlier sections changed: {listed(changed)}", expected="earlier sections as they were",
                fix="correct the past in a pull request of its own", paths=(path,),
            )  # fmt: skip
