"""Loading: every kind of mistake has its place and its text, and all of them are said at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bascule.errors import ConfigError
from bascule.rulepack.catalog import Catalog
from bascule.rulepack.load import is_pack_path, load, load_all, load_template
from bascule.types import CheckRequirement, FilesRule, Mode, RelaxKind, Rulepack, RuleSpec, Scenario

Problems = Callable[[str], list[str]]
HEAD = 'version: 1\nscenario: infra\nmatch: {files: ["a/**"]}\n'


def test_every_key_reaches_the_record(pack: Callable[[str], Rulepack]) -> None:
    got = pack(
        'version: 1\nscenario: infra\nmode: off\nmatch: {files: ["infra/**"], branches: [main]}\n'
        'files: {only: ["**/*.tf"], deny: ["infra/x"], special: [modes]}\nauthors: {allow: [a], deny: [b]}\n'
        "labels: {require: [c], deny: [d]}\nchecks: {require: [{name: e, app: status/ci}]}\n"
        "title: {require: [f], deny: [g]}\nsize: {files: 1, lines: 2, commits: 3}\nforks: {allow: true}\n"
        "rules: [{id: h, use: infra/actions, deny: [delete], most: 4}]\n"
        'schedule: {merge: "Mon 09:00-10:00", timezone: Europe/Berlin}\n'
        "relax: {allow: [reviews, strict], max_exposure: 1m30s}\nmerge: {method: rebase}\n"
        "watch: {after: deployment, environment: prod, for: 2h, slos: [s.yml], rollback: auto}\n"
        "notify: {comment: always}\nexamples: [{name: i, change: {files: [j]}, expect: block, because: k}]\n"
    )
    assert (got.name, got.path, got.scenario, got.commit) == ("p", "rulepack/p.yml", "infra", "c0ffee")
    assert got.mode is Mode.OFF
    assert (got.match.files, got.match.branches) == (("infra/**",), ("main",))
    assert got.files == FilesRule(only=("**/*.tf",), deny=("infra/x",), special=("modes",))
    assert (got.authors.allow, got.authors.deny) == (("a",), ("b",))
    assert (got.labels.require, got.labels.deny) == (("c",), ("d",))
    assert got.checks.require == (CheckRequirement(name="e", app="status/ci"),)
    assert (got.title.require, got.title.deny) == (("f",), ("g",))
    assert (got.size.files, got.size.lines, got.size.commits) == (1, 2, 3)
    assert got.forks.allow is True
    assert [(r.id, r.use, r.params, r.where) for r in got.rules] == [
        ("h", "infra/actions", {"deny": ["delete"], "most": 4}, "rulepack/p.yml:12:9")
    ]
    assert (got.schedule.merge, got.schedule.timezone) == ("Mon 09:00-10:00", "Europe/Berlin")
    assert got.relax.allow == (RelaxKind.REVIEWS, RelaxKind.STRICT)
    assert got.relax.max_exposure == 90.0
    assert got.merge.method == "rebase"
    assert got.watch is not None
    assert (got.watch.after, got.watch.environment, got.watch.duration) == ("deployment", "prod", 7200.0)
    assert (got.watch.slos, got.watch.rollback) == (("s.yml",), "auto")
    assert got.notify.comment == "always"
    assert [(e.name, e.change, e.expect, e.because) for e in got.examples] == [("i", {"files": ["j"]}, "block", "k")]


def test_what_is_not_stated_has_the_strict_default(pack: Callable[[str], Rulepack]) -> None:
    got = pack(HEAD)
    assert got.mode is Mode.OBSERVE
    assert (got.relax.allow, got.relax.max_exposure) == ((), 10.0)
    assert got.forks.allow is False
    assert (got.merge.method, got.watch, got.notify.comment) == (None, None, "problems")


def test_every_value_knows_its_place(pack: Callable[[str], Rulepack]) -> None:
    got = pack(HEAD + "labels:\n  require:\n    - x\n    - y\nschedule: {merge: '09:00-10:00'}\n")
    assert got.where("labels.require[1]") == "rulepack/p.yml:7:7"
    assert got.where("labels.require") == "rulepack/p.yml:5:3"
    assert got.where("labels.deny") == "rulepack/p.yml:4:1"
    assert got.where("schedule.merge") == "rulepack/p.yml:8:19"
    assert got.where("size.files") == "rulepack/p.yml:1:1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("scenario: infra\nmatch: {files: [a]}\n", "1:1: the key `version` is missing - add `version: 1`"),
        ("version: 1\nmatch: {files: [a]}\n", "1:1: the key `scenario` is missing"),
        (
            "version: 1\nscenario: infra\n",
            '2:1: nothing says which files this pack judges - add match: {files: ["docs/**"]}',
        ),
        ("version: 2\nscenario: infra\nmatch: {files: [a]}\n", "1:10: found the number `2`, expected `1` - write `1`"),
        (HEAD + "mode: offf\n", "4:7: `offf` is not one of off, observe, propose, guarded, auto - did you mean `off`?"),
        (HEAD + "mode: no\n", "4:7: `no` is not one of off, observe"),
        (HEAD + "lables: {}\n", "4:1: unknown key `lables` - did you mean `labels`?"),
        (HEAD + "labels: {required: [a]}\n", "4:10: unknown key `required` - did you mean `require`?"),
        (HEAD + "labels: {require: [no]}\n", "4:20: `no` without quotes is a boolean to other YAML readers"),
        (HEAD + "labels: {require: change:safe}\n", "4:19: found the text `change:safe`, expected a list"),
        (HEAD + 'files: {only: ["/a"]}\n', "4:16: `/a`: globs start at the root of the repository already - write `a`"),
        (HEAD + 'files: {deny: ["!a"]}\n', "4:16: `!a`: globs cannot be negated - list the exception under `deny`"),
        (HEAD + "files: {only: []}\n", "4:15: `files.only` is an empty list, and that would mean every file"),
        (HEAD + "authors: {allow: []}\n", "4:18: `authors.allow` is an empty list, and that would mean everybody"),
        (HEAD + 'authors: {allow: ["a b"]}\n', "4:19: `a b` is not a person, bot or team"),
        (HEAD + "checks: {require: [{name: a, app: Git Hub}]}\n", "4:35: `Git Hub` is not a check's app"),
        (HEAD + "checks: {require: [{name: a}]}\n", "4:20: the key `app` is missing - add `app: github-actions`"),
        (
            HEAD + "checks: {require: [{name: a, app: b}, {name: a, app: b}]}\n",
            "4:39: `a (b)` is listed twice - remove one",
        ),
        (HEAD + 'title: {deny: ["(?!a)"]}\n', "4:16: not an RE2 expression: invalid perl operator: (?!"),
        (HEAD + "size: {files: 0}\n", "4:15: found 0, expected at least 1"),
        (HEAD + "forks: {allow: yes}\n", "4:16: found the text `yes`, expected true or false"),
        (HEAD + 'schedule: {merge: "Monday"}\n', "4:19: cannot read `Monday` - write it like"),
        (HEAD + "schedule: {timezone: UTC}\n", "4:12: `timezone` says nothing without `merge`"),
        (
            HEAD + 'schedule: {merge: "Mon 09:00-10:00", timezone: Mars/Base}\n',
            "4:48: `Mars/Base` is not an IANA time zone - write one like Europe/Berlin",
        ),
        (HEAD + "relax: {allow: [everything]}\n", "4:17: `everything` is not one of reviews, code_owner_reviews"),
        (HEAD + "relax: {max_exposure: 10}\n", "4:23: found the number `10`, expected a duration"),
        (HEAD + "merge: {method: fast-forward}\n", "4:17: `fast-forward` is not one of merge, squash, rebase"),
        (HEAD + "loosen: because I say so\n", "4:1: `loosen` says nothing in a pack that extends no template"),
        (HEAD + "extends: [infra/base]\nloosen: short\n", "5:9: `short` is too short to be a reason - say why"),
        (
            HEAD + "extends: [infra/bsae]\n",
            "4:11: the plugin `infra` has no template `infra/bsae` - did you mean `infra/base`?",
        ),
        (HEAD + "extends: [base]\n", "4:11: `base` is not a qualified name: the plugin's name, a slash"),
        (
            HEAD + "extends: [deps/default]\n",
            "4:11: the template `deps/default` needs the plugin `deps`, which is not installed"
            " - install it: pip install bascule-deps",
        ),
        (
            "version: 1\nscenario: infar\nmatch: {files: [a]}\n",
            "2:11: the scenario `infar` needs the plugin `infar`, which is not installed"
            " - did you mean `infra`? if not: pip install bascule-infar",
        ),
        (
            "version: 1\nscenario: helm\nmatch: {files: [a]}\n",
            "2:11: the scenario `helm` needs the plugin `helm`, which cannot be used: it could not be imported",
        ),
        (
            HEAD + "rules: [{id: a, use: infra/acts, deny: [delete]}]\n",
            "4:22: the plugin `infra` has no rule `infra/acts` - did you mean `infra/actions`?",
        ),
        (
            HEAD + "rules: [{id: a, use: release/x}]\n",
            "4:22: the rule `release/x` needs the plugin `release`, which is not installed",
        ),
        (HEAD + "rules: [{id: a, use: infra/actions}]\n", "4:9: the key `deny` is missing - add `deny:`"),
        (
            HEAD + "rules: [{id: a, use: infra/actions, deny: [delte]}]\n",
            "4:44: `delte` is not one of delete, replace - did you mean `delete`?",
        ),
        (
            HEAD + "rules: [{id: a, use: infra/actions, dney: [delete], deny: [delete]}]\n",
            "4:37: unknown key `dney` - did you mean `deny`?",
        ),
        (
            HEAD + "rules: [{id: a, use: infra/actions, deny: delete}]\n",
            "4:43: found the text `delete`, expected a list - write a value of that type",
        ),
        (HEAD + "rules: [{id: a, use: infra/actions, deny: []}]\n", "4:43: infra/actions: [] should be non-empty"),
        (
            HEAD + "rules: [{id: a, use: infra/actions, deny: [delete], where: /x}]\n",
            '4:60: infra/actions: "/x": globs start at the root',
        ),
        (
            HEAD + 'rules: [{id: a, use: infra/actions, deny: [delete], name: "(?=x)"}]\n',
            '4:59: infra/actions: "(?=x)": not an RE2 expression',
        ),
        (
            HEAD + "rules: [{id: a, use: infra/actions, deny: [delete], age: 3 days}]\n",
            '4:58: infra/actions: "3 days": a duration is written with its unit',
        ),
        (
            HEAD + "rules: [{id: a, use: infra/actions, deny: [delete], code: A1}]\n",
            "4:59: infra/actions: 'A1' does not match '^[a-z]+$'",
        ),
        (
            HEAD
            + "rules:\n- {id: a, use: infra/actions, deny: [delete]}\n- {id: a, use: infra/actions, deny: [delete]}\n",
            "6:8: `a` is here twice (first at rulepack/p.yml:5:8) - give each its own name",
        ),
        (
            HEAD + "examples: [{name: a, change: {file: [b]}, expect: allow}]\n",
            "4:31: unknown key `file` - did you mean `files`?",
        ),
        (
            HEAD + "examples: [{name: a, change: {}, expect: allow, because: files}]\n",
            "4:49: `because` names a reason, but the example expects allow - remove `because`",
        ),
        (
            HEAD + 'examples: [{name: a, change: {at: "2026-01-05"}, expect: allow}]\n',
            "4:35: `2026-01-05` is not a time with its zone",
        ),
        (
            HEAD + "examples: [{name: a, change: {}, expect: allow}, {name: a, change: {}, expect: allow}]\n",
            "4:57: `a` is here twice (first at rulepack/p.yml:4:19)",
        ),
        (HEAD + "mode: observe\nmode: auto\n", "5:1: the key `mode` is here twice (first at 4:1)"),
    ],
)
def test_each_mistake_has_its_place_and_text(text: str, expected: str, problems: Problems) -> None:
    found = problems(text)
    assert len(found) == 1, found
    assert found[0].startswith(expected)
    assert " - " in found[0], "every problem says what to do"


def test_all_mistakes_at_once(problems: Problems) -> None:
    found = problems("version: 1\nscenario: nope\nextends: [infra/nope]\nmode: loud\nsize: {files: -1}\nlables: {}\n")
    assert [f.split(": ")[0] for f in found] == ["4:7", "5:15", "6:1"]
    found = problems("version: 1\nscenario: nope\nextends: [infra/nope]\nrules: [{id: a, use: infra/actions}]\n")
    assert [f.split(": ")[0] for f in found] == ["2:1", "2:11", "3:11", "4:9"]


def test_the_error_is_one_that_a_person_can_read(catalog: Callable[[], Catalog]) -> None:
    with pytest.raises(ConfigError) as caught:
        load(HEAD + "mode: loud\n", "rulepack/p.yml", catalog=catalog())
    assert caught.value.exit_code == 2
    assert "rulepack/p.yml:4:7: `loud` is not one of" in str(caught.value)


def test_a_rule_schema_that_is_none_or_reaches_out_is_the_plugins_fault() -> None:
    def found(schema: object) -> str:
        scenario = Scenario(name="infra", api=1, rules=(RuleSpec(name="r", summary="", schema=schema),))  # type: ignore[arg-type]
        with pytest.raises(ConfigError) as caught:
            load(HEAD + "rules: [{id: a, use: infra/r, x: y}]\n", "rulepack/p.yml", catalog=Catalog.of([scenario]))
        return caught.value.problems[0].message

    assert "is not a JSON Schema" in found({"type": "thing"})
    assert "http://127.0.0.1:1/schema" in found({"$ref": "http://127.0.0.1:1/schema"})
    assert "not an RE2 expression" in found({"properties": {"x": {"pattern": "(?=y)"}}})
    assert "patternProperties is not supported" in found({"patternProperties": {"(a+)+$": {}}})


def test_all_packs_of_a_repository(catalog: Callable[[], Catalog]) -> None:
    loaded = load_all(
        {
            "rulepack/b.yml": HEAD,
            ".github/rulepack/a.yaml": HEAD,
            "rulepack/deep/c.yml": "not: a pack",
            "rulepack/README.md": "text",
            "rulepack/.hidden.yml": "text",
        },
        catalog(),
        "c0ffee",
    )
    assert loaded.problems == ()
    assert [(p.name, p.path, p.commit) for p in loaded.packs] == [
        ("a", ".github/rulepack/a.yaml", "c0ffee"),
        ("b", "rulepack/b.yml", "c0ffee"),
    ]


def test_a_broken_pack_does_not_hide_the_others_and_names_are_unique(catalog: Callable[[], Catalog]) -> None:
    loaded = load_all(
        {"rulepack/a.yml": HEAD, "rulepack/b.yml": "version: 3\n", ".github/rulepack/a.yml": HEAD}, catalog()
    )
    assert [p.path for p in loaded.packs] == [".github/rulepack/a.yml"]
    assert [p.where for p in loaded.problems] == ["rulepack/a.yml:1:1", "rulepack/b.yml:1:1", "rulepack/b.yml:1:10"]
    assert loaded.problems[0].message == "there is a pack called `a` already: .github/rulepack/a.yml"


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("rulepack/a.yml", True),
        (".github/rulepack/a.yaml", True),
        ("rulepack/a.json", False),
        ("rulepack/x/a.yml", False),
        ("x/rulepack/a.yml", False),
        ("a.yml", False),
    ],
)
def test_where_packs_live(path: str, is_one: bool) -> None:
    assert is_pack_path(path) is is_one


def test_templates_load_by_name(catalog: Callable[[], Catalog], templates: dict[str, str]) -> None:
    assert load_template("infra/base", catalog()).name == "infra/base"
    assert load_template("infra/open", catalog()).match.files == ()
    templates["bad"] = "version: 1\nscenario: infra\nmode: loud\n"
    with pytest.raises(ConfigError, match="infra/bad:3:7"):
        load_template("infra/bad", catalog())
    with pytest.raises(ConfigError, match="has no template"):
        load_template("infra/none", catalog())


def test_the_hash_covers_what_decides_and_nothing_else(pack: Callable[[str], Rulepack]) -> None:
    plain = pack(HEAD).sha256
    assert len(plain) == 64
    assert pack("# a comment\n" + HEAD + "examples: [{name: a, change: {}, expect: block}]\n").sha256 == plain
    assert pack(HEAD + "mode: observe\n").sha256 == plain
    assert pack(HEAD + "mode: auto\n").sha256 != plain
    assert pack(HEAD + "labels: {require: [a]}\n").sha256 != plain
    assert pack(HEAD + "extends: [infra/base]\n").sha256 != plain
