"""Extending: every key only tightens, unless the pack gives a reason, and then what got looser is written down."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bascule.types import Mode, Rulepack

Pack = Callable[[str], Rulepack]
Problems = Callable[[str], list[str]]
HEAD = "version: 1\nscenario: infra\nextends: [infra/base]\n"


def test_what_is_not_stated_is_inherited(pack: Pack) -> None:
    got = pack(HEAD)
    assert got.mode is Mode.GUARDED
    assert (got.match.files, got.match.branches) == (("infra/**",), ("main", "release/*"))
    assert (got.files.only, got.files.only_all, got.files.deny) == (("**/*.tf",), (), ("infra/prod/**",))
    assert got.files.sets == (("**/*.tf",),)
    assert got.authors.allow == ("octo-dev", "renovate[bot]")
    assert (got.size.files, got.relax.max_exposure, got.merge.method) == (20, 10.0, "squash")
    assert [r.id for r in got.rules] == ["no-destroy"]
    assert got.watch is not None
    assert got.watch.duration == 3600.0
    assert got.where("labels.require[0]") == "infra/base:7:20"
    assert (got.loosen, got.loosened) == ("", ())


def test_tightening_every_key(pack: Pack) -> None:
    got = pack(
        HEAD + 'mode: observe\nmatch: {files: ["infra/a/**"], branches: [main]}\n'
        'files: {only: ["infra/a/*.tf"], deny: ["infra/a/x.tf"]}\nauthors: {allow: ["octo-dev#7"], deny: [mallory]}\n'
        "labels: {require: [extra], deny: [later]}\nchecks: {require: [{name: lint, app: github-actions}]}\n"
        "title: {require: [x], deny: [y]}\nsize: {files: 5, lines: 400}\n"
        "rules:\n- {id: no-destroy, use: infra/actions, deny: [delete]}\n"
        "- {id: b, use: infra/actions, deny: [replace]}\n"
        'schedule: {merge: "Mon-Thu 10:00-12:00", timezone: Europe/Berlin}\n'
        "relax: {allow: [reviews], max_exposure: 5s}\nwatch: {for: 2h, slos: [slo/b.yml]}\nnotify: {comment: never}\n"
    )
    assert got.mode is Mode.OBSERVE
    assert got.match.files == ("infra/a/**",)
    assert got.match.branches == ("main",)
    assert got.files.only == ("infra/a/*.tf",)
    assert got.files.only_all == (("**/*.tf",), ("infra/**",))
    assert got.files.deny == ("infra/prod/**", "infra/a/x.tf")
    assert (got.authors.allow, got.authors.deny) == (("octo-dev#7",), ("octo-intern", "mallory"))
    assert (got.labels.require, got.labels.deny) == (("change:safe", "extra"), ("hold", "later"))
    assert [c.name for c in got.checks.require] == ["test", "lint"]
    assert (got.title.require, got.title.deny) == (("^infra", "x"), ("wip", "y"))
    assert (got.size.files, got.size.lines, got.size.commits) == (5, 400, 5)
    assert [r.id for r in got.rules] == ["no-destroy", "b"]
    assert got.schedule.merge == "Mon-Thu 10:00-12:00"
    assert [k.value for k in got.relax.allow] == ["reviews"]
    assert got.relax.max_exposure == 5.0
    assert got.merge.method == "squash"
    assert got.watch is not None
    assert (got.watch.duration, got.watch.slos, got.watch.environment) == (
        7200.0,
        ("slo/a.yml", "slo/b.yml"),
        "production",
    )
    assert got.notify.comment == "never"
    assert got.loosened == ()
    # Each item of a list that was put together knows which file it is from.
    assert got.where("labels.require[0]") == "infra/base:7:20"
    assert got.where("labels.require[1]") == "rulepack/p.yml:8:20"
    assert got.where("files.only_all[1]") == "infra/base:4:9"
    assert got.where("rules[1]") == "rulepack/p.yml:14:3"


LOOSER = [
    ("mode: auto\n", "4:1: `mode`: `auto` goes beyond the template's `guarded` (infra/base:3:1)"),
    (
        "match: {files: [x], branches: [main, develop]}\n",
        "4:38: `match.branches`: `develop` is allowed as well; the template allows only `main`, `release/*`"
        " (infra/base:4:30)",
    ),
    (
        "files: {special: [modes]}\n",
        "4:19: `files.special`: `modes` is allowed as well; the template allows none (its default)",
    ),
    (
        "authors: {allow: [octo-dev, mallory]}\n",
        "4:29: `authors.allow`: `mallory` is allowed as well; the template allows only `octo-dev`, `renovate[bot]`",
    ),
    ("size: {files: 21}\n", "4:8: `size.files`: `21` goes beyond the template's `20` (infra/base:10:8)"),
    ("size: {lines: 401}\n", "4:8: `size.lines`: `401` goes beyond the template's `400`"),
    ("size: {commits: 6}\n", "4:8: `size.commits`: `6` goes beyond the template's `5`"),
    ("forks: {allow: true}\n", "4:9: `forks.allow`: `true` goes beyond the template's `false` (its default)"),
    (
        "rules: [{id: no-destroy, use: infra/actions, deny: [replace]}]\n",
        "4:9: `rules`: the rule `no-destroy` is not the template's (infra/base:11:9)",
    ),
    (
        'schedule: {merge: "Mon-Sat 09:00-17:00", timezone: Europe/Berlin}\n',
        "4:19: `schedule`: `Mon-Sat 09:00-17:00 Europe/Berlin` is not within the template's",
    ),
    ('schedule: {merge: "Mon 10:00-11:00"}\n', "4:19: `schedule`: `Mon 10:00-11:00 UTC` is not within the template's"),
    ("relax: {allow: [reviews, lock]}\n", "4:26: `relax.allow`: `lock` is allowed as well; the template allows only"),
    ("relax: {max_exposure: 11s}\n", "4:9: `relax.max_exposure`: `11s` goes beyond the template's `10s`"),
    ("merge: {method: merge}\n", "4:9: `merge.method`: `merge` is not the template's `squash`"),
    ("watch: {after: merge}\n", "4:9: `watch.after`: `merge` is not the template's `deployment`"),
    ("watch: {environment: staging}\n", "4:9: `watch.environment`: `staging` is not the template's `production`"),
    ("watch: {for: 59m}\n", "4:9: `watch.for`: `59m` goes beyond the template's `1h`"),
    ("watch: {rollback: off}\n", "4:9: `watch.rollback`: `off` goes beyond the template's `auto`"),
]


@pytest.mark.parametrize(("line", "expected"), LOOSER)
def test_loosening_needs_a_reason(line: str, expected: str, problems: Problems) -> None:
    found = problems(HEAD + line)
    assert len(found) == 1, found
    assert found[0].startswith(expected)
    assert found[0].endswith("keep to the template, or give the reason for everybody to read: loosen: <reason>")


@pytest.mark.parametrize(("line", "expected"), LOOSER)
def test_with_a_reason_it_is_looser_and_says_so(line: str, expected: str, pack: Pack) -> None:
    got = pack(HEAD + line + "loosen: we agreed on it in May\n")
    sentence = expected.partition(": ")[2].replace("`", "", 2)
    assert got.loosen == "we agreed on it in May"
    assert any(s.startswith(sentence.partition("; ")[0]) for s in got.loosened), got.loosened


def test_with_a_reason_lists_are_replaced_and_what_is_lost_is_listed(pack: Pack) -> None:
    got = pack(
        HEAD + "loosen: another team owns this\nlabels: {require: [mine]}\nrules: []\n"
        'match: {files: ["other/**"]}\nfiles: {only: ["other/*.tf"], deny: []}\n'
    )
    assert got.labels.require == ("mine",)
    assert got.labels.deny == ("hold",)
    assert (got.rules, got.files.deny, got.files.sets) == ((), (), (("other/*.tf",),))
    assert [s.partition(" (")[0] for s in got.loosened] == [
        "files.deny: `infra/prod/**` is no longer asked for, as the template does",
        "labels.require: `change:safe` is no longer asked for, as the template does",
        "rules: `rule no-destroy` is no longer asked for, as the template does",
        "files.only: paths need no longer match `**/*.tf`, as the template asks",
        "match.files: paths need no longer match `infra/**`, as the template asks",
    ]


def test_with_a_reason_for_something_else_a_rule_more_loses_none(pack: Pack) -> None:
    more = "loosen: bigger changes are fine\nsize: {files: 50}\nrules: [{id: b, use: infra/actions, deny: [replace]}]\n"
    got = pack(HEAD + more)
    assert {r.id for r in got.rules} == {"b", "no-destroy"}
    assert got.loosened == ("size.files: `50` goes beyond the template's `20` (infra/base:10:8)",)
    other = pack(HEAD + "loosen: we agreed\nrules: [{id: no-destroy, use: infra/actions, deny: [replace]}]\n")
    assert [r.params["deny"] for r in other.rules] == [["replace"]]


def test_with_a_reason_what_is_not_stated_stays(pack: Pack) -> None:
    got = pack(HEAD + "loosen: bigger changes are fine\nsize: {files: 50}\n")
    assert (got.size.files, got.size.lines) == (50, 400)
    assert got.labels.require == ("change:safe",)
    assert got.loosened == ("size.files: `50` goes beyond the template's `20` (infra/base:10:8)",)


def test_what_a_template_leaves_open_is_open(pack: Pack) -> None:
    got = pack(
        'version: 1\nscenario: infra\nextends: [infra/open]\nmatch: {files: ["**"]}\nmode: auto\n'
        "relax: {allow: [reviews]}\nmerge: {method: merge}\n"
    )
    assert got.mode is Mode.AUTO
    assert [k.value for k in got.relax.allow] == ["reviews"]


def test_a_silent_template_still_refuses_forks_and_unusual_entries(problems: Problems) -> None:
    found = problems(
        'version: 1\nscenario: infra\nextends: [infra/open]\nmatch: {files: ["**"]}\n'
        "forks: {allow: true}\nfiles: {special: [modes]}\n"
    )
    assert [f.split(": ")[1] for f in found] == ["`forks.allow`", "`files.special`"]


def test_several_templates_all_hold(pack: Pack, templates: dict[str, str]) -> None:
    templates["two"] = (
        "version: 1\nscenario: infra\nmode: auto\nmatch: {files: ['modules/**'], branches: [main]}\n"
        "files: {only: ['**/*.tf', '**/*.md'], special: [modes]}\nlabels: {require: [second]}\n"
        "authors: {allow: [octo-dev, mallory]}\nsize: {files: 3}\nforks: {allow: true}\n"
        'schedule: {merge: "Mon 10:00-11:00", timezone: Europe/Berlin}\nrelax: {allow: [reviews, lock]}\n'
    )
    got = pack("version: 1\nscenario: infra\nextends: [infra/base, infra/two]\n")
    assert got.mode is Mode.GUARDED
    assert got.match.files == ("infra/**", "modules/**")
    assert got.match.branches == ("main",)
    assert set(got.files.sets) == {("**/*.tf",), ("**/*.tf", "**/*.md"), ("infra/**",), ("modules/**",)}
    assert got.files.special == ()
    assert got.labels.require == ("change:safe", "second")
    assert got.authors.allow == ("octo-dev",)
    assert got.size.files == 3
    assert got.forks.allow is False
    assert got.schedule.merge == "Mon 10:00-11:00"
    assert [k.value for k in got.relax.allow] == ["reviews"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "merge: {method: rebase}",
            "the templates disagree about `merge.method`: `squash` (infra/base:14:9) and",
        ),
        ("authors: {allow: [mallory]}", "the templates disagree about `authors.allow`: their lists"),
        ("match: {files: [a], branches: [develop]}", "the templates disagree about `match.branches`: their lists"),
        (
            'schedule: {merge: "Sat 09:00-10:00", timezone: Europe/Berlin}',
            "the templates disagree about `schedule`: `Mon-Fri 09:00-17:00`",
        ),
        (
            "rules: [{id: no-destroy, use: infra/actions, deny: [replace]}]",
            "the templates disagree about `rules`: two rules are called `no-destroy`",
        ),
    ],
)
def test_templates_that_cannot_both_hold(
    line: str, expected: str, problems: Problems, templates: dict[str, str]
) -> None:
    templates["two"] = f"version: 1\nscenario: infra\n{line}\n"
    found = problems("version: 1\nscenario: infra\nextends: [infra/base, infra/two]\n")
    assert len(found) == 1
    assert found[0].startswith(f"3:23: {expected}")


def test_templates_extend_templates(pack: Pack, problems: Problems, templates: dict[str, str]) -> None:
    templates["strict"] = "version: 1\nscenario: infra\nextends: [infra/base]\nsize: {files: 2}\n"
    assert pack("version: 1\nscenario: infra\nextends: [infra/strict]\n").size.files == 2
    assert problems("version: 1\nscenario: infra\nextends: [infra/strict]\nsize: {files: 3}\n")[0].startswith("4:8:")
    templates["loop"] = "version: 1\nscenario: infra\nextends: [infra/pool]\n"
    templates["pool"] = "version: 1\nscenario: infra\nextends: [infra/loop]\n"
    found = problems("version: 1\nscenario: infra\nextends: [infra/loop]\nmatch: {files: [a]}\n")
    assert "infra/loop -> infra/pool -> infra/loop" in found[0]


def test_a_template_that_does_not_load_is_said_at_the_place_that_names_it(
    problems: Problems, templates: dict[str, str]
) -> None:
    templates["bad"] = "version: 1\nscenario: infra\nmode: loud\n"
    found = problems("version: 1\nscenario: infra\nextends: [infra/bad]\nmatch: {files: [a]}\n")
    assert found == [
        "3:11: the template `infra/bad` does not load: infra/bad:3:7: `loud` is not one of off, observe, propose,"
        " guarded, auto - tell the plugin's author, or extend another one"
    ]


def test_a_wider_match_claims_more_and_allows_no_more(pack: Pack) -> None:
    got = pack(HEAD + 'match: {files: ["**"]}\n')
    assert got.match.files == ("**",)
    assert set(got.files.sets) == {("**/*.tf",), ("infra/**",)}
