"""What is read before rules are asked: versions on both sides, tags, commits since the last release, changelogs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bascule.git import Git
from bascule.kit import RehearsalError, Trees, prove
from bascule.types import Change, Check, DryRunContext, Evidence, Status
from bascule_release import announced, changelog, reading
from bascule_release.book import book
from bascule_release.commits import said
from bascule_release.history import Tag, series, tags
from bascule_release.versions import parse

KIND = "release/state"
MOST_PACKAGES = 200
MOST_TAGS = 20_000
_NOTES = 16_000
"""Characters of a changelog's section that become the text of a release."""


@book.rehearsal(KIND)
def state(ctx: DryRunContext) -> Iterator[Evidence | Check]:
    """Yield what the change does to versions, and what tags, commits and changelogs say."""
    trees, change = Trees.of(ctx), ctx.change
    own = [r for r in ctx.pack.rules if r.use.startswith("release/")]
    params = [r.params for r in own]
    files = reading.Reader(trees, change, announced.stated_files(params))
    packages = files.packages()
    logs = [p for r, p in zip(own, params, strict=True) if r.use == "release/changelog"] or [{}]
    if not packages:
        alone = announced.from_changelog(trees, logs[0].get("file"), logs[0].get("heading"), files)
        packages = [alone] if alone is not None else []
    if len(packages) > MOST_PACKAGES:
        raise RehearsalError(
            f"{len(packages)} packages get a new version", expected=f"at most {MOST_PACKAGES}",
            fix="split the pull request", status=Status.BLOCK,
        )  # fmt: skip
    git = Git(ctx.objects, env={"GIT_NO_LAZY_FETCH": "1"})
    known = tags(git, change)
    forms = list(dict.fromkeys(p.get("tag") for r, p in zip(own, params, strict=True) if "tag" in r.params)) or [None]
    if None not in forms:
        forms.append(None)
    spared: set[str] = set()
    made = []
    for package in packages:
        found = package.data()
        new = parse(package.new, package.scheme)
        found["series"] = {} if new is None else {
            form or "": series(git, change, known, form, package.name, package.folder, new, package.scheme)
            for form in forms
        }  # fmt: skip
        found["changelogs"] = {}
        for one in logs:
            told = _changelog(trees, change, package, one)
            found["changelogs"][key_of(one)] = told
            spared |= {told["path"]} if told["path"] else set()
        made.append(found)
    if not packages:
        spared |= {p for one in logs if (p := one.get("file") or announced.changelog_path(trees, ""))}
    data = {
        "packages": made,
        "unread": dict(sorted(files.unread.items())),
        "tags": [t.name for t in known][:MOST_TAGS],
        "tag_count": len(known),
        "own": [s.data() for c in change.commits if (s := said(c.sha, c.message, len(c.parents))) is not None],
        "beside": files.beside(spared),
        "changelogs": sorted(spared & {f.path for f in change.files}),
    }
    data["unread"] = dict(sorted(files.unread.items()))
    yield prove(ctx, KIND, data, _told(data, known))


def key_of(params: Mapping[str, Any]) -> str:
    """Return what a changelog's facts are kept under: its file and heading as the pack states them."""
    return f"{params.get('file', '')}\n{params.get('heading', '')}"


def _told(data: Mapping[str, Any], known: tuple[Tag, ...]) -> str:
    moves = [f"{p['name'] or p['folder']} {p['old'] or 'nothing'} → {p['new']}".strip() for p in data["packages"]]
    return f"{', '.join(moves[:3]) or 'no new version'}, {len(known)} tags"


def _changelog(trees: Trees, change: Change, package: reading.Package, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the changelog of ``package`` says before and after, as JSON."""
    stated, heading = params.get("file"), params.get("heading")
    path = stated.replace("{name}", package.name).replace("{folder}", package.folder).lstrip("/") if stated else None
    if path is None:
        path = announced.changelog_path(trees, package.folder) or announced.changelog_path(trees, "")
    empty: dict[str, Any] = {"path": path or "", "there": False, "error": ""}
    if path is None or not trees.after.has(path):
        return empty
    try:
        old = changelog.sections(trees.before.text(path) or "", heading)
        new = changelog.sections(trees.after.text(path) or "", heading)
    except ValueError as error:
        return {**empty, "there": True, "error": f"the heading `{heading}` cannot be used: {error}"}
    return {**empty, "there": True, "touched": path in change.paths, **changelog_facts(old, new, package.new)}


def changelog_facts(
    old: tuple[changelog.Section, ...], new: tuple[changelog.Section, ...], version: str
) -> dict[str, Any]:
    """Return how the sections ``old`` became ``new`` for a release of ``version``.

    ``section`` is the released one (None: there is none) with its place among the versions (0 is the top); ``before``
    what stood under this version before, if anything; ``left`` what is still unreleased; ``lost`` entries that were
    unreleased and are nowhere now; ``edited`` and ``gone`` earlier versions that differ or are gone.
    """
    from bascule_release.versions import same

    released = [s for s in new if s.version]
    section = next((s for s in released if same(s.version, version)), None)
    # What is still to come may stand above: a later version is worked on while this one is released.
    above = [] if section is None else [s.version for s in released[: released.index(section)] if not s.coming]
    before = next((s for s in old if s.version and same(s.version, version)), None)
    coming = [s for s in old if s.coming]
    kept = {e for s in new for e in s.entries}
    was = {s.version: s for s in reversed(old) if not s.coming and s is not before}
    now = {s.version: s for s in reversed(new) if s.version and s is not section}
    return {
        "section": None if section is None else {
            "version": section.version, "title": section.title[:200], "dated": section.dated, "coming": section.coming,
            "entries": len(section.entries), "place": len(above), "above": above[:5],
        },
        "before": None if before is None else {"dated": before.dated, "coming": before.coming},
        "top": released[0].version if released else "",
        "left": sum(len(s.entries) for s in new if not s.version),
        "lost": [e[:120] for s in coming for e in s.entries if e not in kept][:50],
        "edited": [v for v, s in was.items() if v in now and now[v].body != s.body][:50],
        "gone": [v for v in was if v not in now][:50],
        "notes": section.body[:_NOTES] if section is not None else "",
        "sections": len(released),
    }  # fmt: skip
