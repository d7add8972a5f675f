"""Whatever a pack says over a template: a change that it lets pass, the template would have let pass.

Packs and changes are generated from small alphabets, so that they meet often. A change passes when no path is unclaimed
and none of the gates that judge paths, labels, size, forks, authors, titles, checks and hours objects.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bascule import gates
from bascule.errors import ConfigError
from bascule.rulepack.bind import bind, unite
from bascule.rulepack.catalog import Catalog
from bascule.rulepack.load import load
from bascule.testing.builders import make_actor, make_change, make_check_result, make_commit, make_context, make_files
from bascule.types import Change, FileKind, Rulepack, Scenario, Status, Template

Data = dict[str, Any]
GLOBS = ["**", "a/**", "b/**", "*", "a/*", "**/*.md", "a/x.md", "[ab]/*.tf"]
PATHS = ["x.md", "a/x.md", "a/y.tf", "b/x.md", "b/y.tf", "a/c/x.md"]
LABELS = ["one", "two", "Three"]
LOGINS = ["octo-dev", "octo-ops", "renovate[bot]"]
HOURS = ["Mon-Fri 09:00-17:00", "Mon 10:00-12:00", "00:00-24:00", "Sat 22:00-02:00"]
CHECKS = ["test", "lint"]


def some(items: list[str], most: int = 3) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(items), min_size=1, max_size=most, unique=True)


def mapping(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[Data]:
    return st.fixed_dictionaries({}, optional=values)


# Two groups, because a change that has to please every key at once hardly ever passes, and then nothing is tested.
PATH_PACKS = mapping(
    match=mapping(files=some(GLOBS), branches=some(["main", "next", "*"])),
    files=mapping(only=some(GLOBS), deny=some(["b/**", "a/x.md"], 1), special=some(["modes", "symlinks"])),
    size=mapping(files=st.integers(1, 3), lines=st.integers(2, 9), commits=st.integers(1, 3)),
)
PEOPLE_PACKS = mapping(
    labels=mapping(require=some(LABELS, 1), deny=some(LABELS, 1)),
    forks=mapping(allow=st.booleans()),
    authors=mapping(allow=some(LOGINS), deny=some(LOGINS, 1)),
    title=mapping(require=some(["a", "b"], 1), deny=some(["c"])),
    checks=mapping(require=some(CHECKS).map(lambda n: [{"name": c, "app": "github-actions"} for c in n])),
    schedule=st.sampled_from(HOURS).map(lambda h: {"merge": h}),
    relax=mapping(allow=some(["reviews", "checks", "lock"]), max_exposure=st.sampled_from(["1s", "5s"])),
    mode=st.sampled_from(["observe", "propose", "guarded", "auto"]),
)
MONDAY = datetime(2026, 1, 5, 10, tzinfo=UTC)


@st.composite
def path_changes(draw: st.DrawFn) -> tuple[Change, datetime]:
    """Changes that differ in what git knows."""
    kind = draw(st.sampled_from([*[FileKind.REGULAR] * 4, FileKind.SYMLINK, FileKind.EXECUTABLE]))
    change = make_change(
        files=make_files(*draw(some(PATHS, 2)), additions=draw(st.integers(0, 4)), kind_after=kind),
        commits=(make_commit(),) * draw(st.integers(1, 2)),
        base_ref=draw(st.sampled_from(["main", "main", "next"])),
    )
    return change, MONDAY


@st.composite
def people_changes(draw: st.DrawFn) -> tuple[Change, datetime]:
    """Changes that differ in what GitHub knows."""
    author = make_actor(draw(st.sampled_from(LOGINS)))
    change = make_change(
        files=make_files("x.md"),
        author=author,
        commits=(make_commit(author),),
        labels=tuple(draw(st.lists(st.sampled_from(LABELS), unique=True))),
        title=draw(st.sampled_from(["a b", "a b", "a", "a b c"])),
        head_repo_id=draw(st.sampled_from([1296269, 1296269, 7])),
        checks=tuple(make_check_result(c) for c in draw(some(CHECKS))),
    )
    return change, MONDAY + timedelta(hours=draw(st.sampled_from([0, 0, 5, 20, 24 * 5 + 13])))


def text(data: Data) -> str:
    return json.dumps({"version": 1, "scenario": "s", **data})


def catalog(*templates: Data) -> Catalog:
    made = tuple(Template(name=f"t{at}", text=text(t)) for at, t in enumerate(templates))
    return Catalog.of([Scenario(name="s", api=1, templates=made)])


def load_or_none(data: Data, known: Catalog) -> Rulepack | None:
    try:
        return load(text(data), "rulepack/p.yml", catalog=known)
    except ConfigError:
        return None


def passes(pack: Rulepack, change: Change, now: datetime) -> bool:
    bound = bind([pack], paths=change.paths, base_ref=change.base_ref)
    if bound.nothing or unite(bound).checks:
        return False
    checks = gates.run(make_context(change=change, pack=pack, now=now), claimed=bound.packs[0].claimed)
    return all(c.status is Status.ALLOW for c in checks)


def alone(template: Data) -> Data:
    """Return the template as a pack of its own; without ``match.files`` it may judge anything."""
    return {**template, "match": {"files": ["**"], **template.get("match", {})}}


def check(templates: list[Data], child: Data, change: Change, now: datetime) -> bool:
    """Assert the property for one case; return whether the change passed, so that there was something to assert."""
    known = catalog(*templates)
    pack = load_or_none({**child, "extends": [f"s/t{at}" for at in range(len(templates))]}, known)
    if pack is None:
        return False
    parents = [load(text(alone(t)), "rulepack/t.yml", catalog=known) for t in templates]
    for parent, template in zip(parents, templates, strict=True):
        assert set(pack.relax.allow) <= set(parent.relax.allow) or "allow" not in template.get("relax", {})
        assert pack.mode.level <= parent.mode.level or "mode" not in template
    if not passes(pack, change, now):
        return False
    for parent in parents:
        assert passes(parent, change, now), f"{child} lets pass what {parent} does not"
    return True


def share(packs: st.SearchStrategy[Data], cases: st.SearchStrategy[tuple[Change, datetime]]) -> float:
    """Assert the property over generated cases; return which share of them had a change that passed."""
    total = passed = 0

    @settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(packs, min_size=1, max_size=2), packs, cases)
    def over(templates: list[Data], child: Data, case: tuple[Change, datetime]) -> None:
        nonlocal total, passed
        total += 1
        passed += check(templates, {**child, "match": {"files": ["**"], **child.get("match", {})}}, *case)

    over()
    return passed / total


def test_paths_that_pass_a_pack_pass_its_templates() -> None:
    # A property that hardly any case gets to is not tested; the share keeps the generators honest.
    assert share(PATH_PACKS, path_changes()) > 0.1


def test_people_and_state_that_pass_a_pack_pass_its_templates() -> None:
    assert share(PEOPLE_PACKS, people_changes()) > 0.1


def test_the_property_notices_a_loosened_pack() -> None:
    known = catalog({"files": {"only": ["a/**"]}})
    child = {"extends": ["s/t0"], "match": {"files": ["**"]}, "files": {"only": ["b/**"]}}
    change = make_change(files=make_files("b/x.md"))
    now = datetime(2026, 1, 5, 9, tzinfo=UTC)
    strict = load_or_none(child, known)
    loose = load_or_none({**child, "loosen": "b is ours as well"}, known)
    assert strict is not None
    assert loose is not None
    assert not passes(strict, change, now)
    assert passes(loose, change, now)
