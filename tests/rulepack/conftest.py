"""A catalog of two plugins, one of them quarantined, and ways to load text with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from bascule.errors import ConfigError
from bascule.rulepack.catalog import Catalog
from bascule.rulepack.load import load
from bascule.types import Rulepack, RuleSpec, Scenario, Template

LIMITS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["deny"],
    "properties": {
        "deny": {"type": "array", "items": {"enum": ["delete", "replace"]}, "minItems": 1},
        "where": {"type": "string", "format": "glob"},
        "name": {"type": "string", "format": "re2"},
        "age": {"type": "string", "format": "duration"},
        "code": {"type": "string", "pattern": "^[a-z]+$"},
        "most": {"type": "integer"},
    },
}

BASE = """\
version: 1
scenario: infra
mode: guarded
match: {files: ["infra/**"], branches: [main, "release/*"]}
files: {only: ["**/*.tf"], deny: ["infra/prod/**"]}
authors: {allow: [octo-dev, "renovate[bot]"], deny: [octo-intern]}
labels: {require: ["change:safe"], deny: [hold]}
checks: {require: [{name: test, app: github-actions}]}
title: {require: ["^infra"], deny: [wip]}
size: {files: 20, lines: 400, commits: 5}
rules: [{id: no-destroy, use: infra/actions, deny: [delete]}]
schedule: {merge: "Mon-Fri 09:00-17:00", timezone: Europe/Berlin}
relax: {allow: [reviews, checks], max_exposure: 10s}
merge: {method: squash}
watch: {after: deployment, environment: production, for: 60m, slos: [slo/a.yml], rollback: auto}
notify: {comment: problems}
"""


@pytest.fixture
def templates() -> dict[str, str]:
    """Templates of the plugin ``infra`` by short name; tests add their own before they load."""
    return {"base": BASE, "open": "version: 1\nscenario: infra\n"}


@pytest.fixture
def catalog(templates: Mapping[str, str]) -> Callable[[], Catalog]:
    """Return the catalog as it is now."""

    def make() -> Catalog:
        scenario = Scenario(
            name="infra",
            api=1,
            rules=(RuleSpec(name="actions", summary="What may happen.", schema=LIMITS),),
            templates=tuple(Template(name=n, text=t) for n, t in templates.items()),
        )
        return Catalog.of([scenario], {"helm": "it could not be imported."})

    return make


@pytest.fixture
def pack(catalog: Callable[[], Catalog]) -> Callable[[str], Rulepack]:
    """Return a function that loads text as ``rulepack/p.yml``; a problem fails the test."""
    return lambda text: load(text, "rulepack/p.yml", catalog=catalog(), commit="c0ffee")


@pytest.fixture
def problems(catalog: Callable[[], Catalog]) -> Callable[[str], list[str]]:
    """Return a function that loads text and gives its problems, without ``rulepack/p.yml:``."""

    def found(text: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(text, "rulepack/p.yml", catalog=catalog())
        return [str(p).removeprefix("rulepack/p.yml:") for p in caught.value.problems]

    return found
