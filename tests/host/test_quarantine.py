"""A plugin that cannot be trusted to work is a row that says why, and the others live on."""

import re

import pytest

from bascule.host.driver import Hosts
from bascule.testing import make_context, make_pack
from bascule.types import PluginReport, Status


def bad_row(site, name: str) -> PluginReport:
    """The row of ``name``, after making sure that ``good`` lives on and that ``name`` blocks."""
    with site.hosts("good", name) as hosts:
        rows = {r.name: r for r in hosts.reports()}
        assert rows["good"].status == "ok"
        checks = hosts.gate(make_context(pack=make_pack(scenario="good")), [name])
        by_rule = {c.rule: c for c in checks}
        assert by_rule["good/always"].status is Status.ALLOW
        blocked = by_rule[f"{name}/plugin"]
        assert blocked.status is Status.BLOCK
        assert f"pip install --force-reinstall {rows[name].distribution}" in blocked.fix
        assert name not in hosts.scenarios()
    assert rows[name].status == "quarantined"
    assert rows[name].fix
    return rows[name]


def test_what_is_off_blocks_and_says_why(good) -> None:
    with Hosts.discover(chosen=(), path=[str(good.root)]) as hosts:
        checks = {c.rule: c for c in hosts.gate(make_context(pack=make_pack(scenario="good")))}
        assert set(hosts.scenarios()) == {"allowlist", "cel"}
    assert checks["good/plugin"].status is Status.BLOCK
    assert "is off: `BASCULE_PLUGINS` does not name it" in checks["good/plugin"].found
    assert checks["good/plugin"].fix == "Add `good` to `BASCULE_PLUGINS`, or unset the variable."


BAD_CODE = [
    ("raise RuntimeError('no plan')", r"RuntimeError: no plan \(plugin_.*\.py:\d+\)"),
    ("import a_module_that_is_not_there", "ModuleNotFoundError"),
    ("raise SystemExit(0)", "SystemExit: 0"),
    ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    ("def f(): f()\nf()", "RecursionError"),
    ("import os; print('going'); os._exit(0)", "ended with exit code 0 during load; it last printed: going"),
    ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "killed by SIGSEGV during load"),
    ("def", "SyntaxError: invalid syntax"),
    ("@hookimpl(wrapper=True)\ndef gate(ctx):\n    return (yield)", "wraps the hook `gate`"),
    ("@hookimpl(hookwrapper=True)\ndef gate(ctx):\n    yield", "wraps the hook `gate`"),
    ("@hookimpl(tryfirst=True)\ndef gate(ctx): ...", "asks for a place in the order of `gate`"),
    ("@hookimpl(trylast=True)\ndef merge(ctx): ...", "asks for a place in the order of `merge`"),
    ("@hookimpl\ndef gate(ctx=None): ...", "declares `ctx=None` in `gate`"),
    ("@hookimpl\ndef gate(ctx, *, fast=True): ...", r"declares `fast=True` in `gate`"),
    ("@hookimpl\ndef gate(*ctx): ...", r"declares `\*ctx` in `gate`"),
    ("@hookimpl\nasync def gate(ctx): ...", "implements `gate` as a coroutine"),
    ("@hookimpl\ndef gates(ctx): ...", "not a hook.*unknown hook 'gates'"),
    ("@hookimpl\ndef gate(context): ...", "not a hook.*context"),
]  # fmt: skip


def test_code_that_cannot_be_used(good, subtests) -> None:
    """All at once: the more broken plugins, the more there is that could stop a good one."""
    names = [f"bad{n}" for n in range(len(BAD_CODE))]
    for name, (source, _) in zip(names, BAD_CODE, strict=True):
        good.add(name, source)
    with good.hosts("good", *names) as hosts:
        rows = {r.name: r for r in hosts.reports()}
        checks = {c.rule: c for c in hosts.gate(make_context(pack=make_pack(scenario="good")), names)}
    assert (rows["good"].status, checks["good/always"].status) == ("ok", Status.ALLOW)
    assert len(checks) == 1 + len(names)
    for name, (source, reason) in zip(names, BAD_CODE, strict=True):
        with subtests.test(source):
            assert rows[name].status == "quarantined"
            assert re.search(reason, rows[name].reason)
            assert rows[name].fix
            blocked = checks[f"{name}/plugin"]
            assert blocked.status is Status.BLOCK
            assert f"pip install --force-reinstall bascule-{name}" in blocked.fix


def test_a_misspelt_hook_is_answered_with_the_right_name(good) -> None:
    good.add("bad", "@hookimpl\ndef clasify(failure): ...")
    assert "did you mean `classify`?" in bad_row(good, "bad").fix


BAD_SCENARIOS = [
    ("", "offers no scenario"),
    ("@hookimpl\ndef scenarios(): return []", "offers no scenario"),
    ("@hookimpl\ndef scenarios(): return None", "offers no scenario"),
    ("@hookimpl\ndef scenarios(): return 'bad'", "answered a value of type str"),
    ("@hookimpl\ndef scenarios(): return ['bad']", "answered a value of type str; expected Scenario"),
    ("@hookimpl\ndef scenarios(): return [Scenario(name='bad', api=99)]", "was written for hook API 99"),
    ("@hookimpl\ndef scenarios(): return [Scenario(name='bad', api=None)]", "was written for hook API None"),
    ("@hookimpl\ndef scenarios(): return [Scenario(name='Bad One', api=1)]", "the name 'Bad One'"),
    ("@hookimpl\ndef scenarios(): return [Scenario(name='bad', api=1, scope='mine')]", "scope of bad is 'mine'"),
    ("@hookimpl\ndef scenarios(): return [Scenario(name='bad', api=1, fits='**/*.tf')]", "a list, found str"),
    ("@hookimpl\ndef scenarios(): return [Scenario(name='bad', api=1)] * 2", "two of the name 'bad'"),
    (
        "@hookimpl\ndef scenarios():\n"
        "    yield Scenario(name='bad', api=1, rules=(RuleSpec(name='bad/x', summary=''),))",
        "the name 'bad/x' of a rule of bad",
    ),
    ("@hookimpl\ndef scenarios():\n    while True: yield Scenario(name='bad', api=1)", "more than 1,000 records"),
]  # fmt: skip


def test_scenarios_that_cannot_be_used(good, subtests) -> None:
    names = [f"bad{n}" for n in range(len(BAD_SCENARIOS))]
    for name, (scenarios, _) in zip(names, BAD_SCENARIOS, strict=True):
        good.add(name, scenarios=scenarios)
    with good.hosts("good", *names) as hosts:
        rows = {r.name: r for r in hosts.reports()}
        assert list(hosts.scenarios()) == ["good"]
    for name, (scenarios, reason) in zip(names, BAD_SCENARIOS, strict=True):
        with subtests.test(scenarios):
            assert rows[name].status == "quarantined"
            assert reason in rows[name].reason
            assert rows[name].fix


@pytest.mark.parametrize(
    ("requires", "reason", "fix"),
    [
        (["bascule>=99"], "needs `bascule>=99`; found bascule 0.1", "pip install --upgrade bascule-bad"),
        (["bascule>=0.1", "no-such-thing>=2"], "`no-such-thing` is not installed", "pip install 'no-such-thing>=2'"),
        (["bascule>=0.1", "pluggy<1"], "needs `pluggy<1`; found pluggy 1", "install pluggy <1"),
        (["bascule >= "], "not a requirement", "Requires-Dist"),
        ([], "does not say which bascule", "bascule>=0.1,<0.2"),
    ],
)
def test_requirements_are_compared_before_anything_is_imported(good, tmp_path, requires, reason, fix) -> None:
    touched = tmp_path / "imported"
    good.add("bad", f"open({str(touched)!r}, 'w').close()", requires=requires)
    row = bad_row(good, "bad")
    assert reason in row.reason
    assert fix in row.fix
    assert not touched.exists()


def test_a_requirement_for_another_system_or_extra_does_not_count(site) -> None:
    others = ["bascule>=0.1", "no-such-thing; sys_platform == 'plan9'", "no-such-thing; extra == 'dev'"]
    site.add("fine", requires=others)
    with site.hosts("fine") as hosts:
        assert [r.status for r in hosts.reports()] == ["ok"]


def test_a_hanging_import_is_ended_and_its_neighbour_lives(good) -> None:
    bad = good.add("bad", "import time; time.sleep(600)", distribution="bascule-pair")
    good.add("beside", distribution="bascule-pair", points={"bad": bad, "beside": "plugin_bascule_pair_beside"})
    with good.hosts("bad", "beside", "good", spawn=4.0) as hosts:
        rows = {r.name: r for r in hosts.reports()}
    assert "load did not answer within 4 s and was ended" in rows["bad"].reason
    assert rows["beside"].status == rows["good"].status == "ok"


def test_a_name_from_two_distributions_is_refused_naming_both(good) -> None:
    good.add("bad", distribution="acme-one")
    good.add("bad", distribution="acme-two", version="2.1")
    with good.hosts("bad", "good") as hosts:
        rows = [r for r in hosts.reports() if r.name == "bad"]
        assert hosts.running == ("bascule-good",)  # nothing of either was started
        assert hosts.missing("bad").status is Status.BLOCK
    assert [r.distribution for r in rows] == ["acme-one", "acme-two"]
    for row in rows:
        assert row.status == "quarantined"
        assert "`bad` is offered by `acme-one 1.0.0` and `acme-two 2.1`" in row.reason
        assert "pip uninstall acme-one" in row.fix
        assert "pip uninstall acme-two" in row.fix


def test_a_scenario_from_two_distributions_is_refused_naming_both(good) -> None:
    take = "@hookimpl\ndef scenarios(): return [Scenario(name='good', api=1)]"
    good.add("thief", scenarios=take)
    with good.hosts("thief", "good") as hosts:
        rows = {r.name: r for r in hosts.reports()}
        assert hosts.scenarios() == {}
        assert hosts.missing("good").status is Status.BLOCK
    for row in rows.values():
        assert "`good` is offered by `bascule-good 1.0.0` and `bascule-thief 1.0.0`" in row.reason


def test_damaged_metadata_is_a_row(good) -> None:
    info = good.root / "bascule_torn-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[bascule]\ntorn = torn\n")
    (info / "METADATA").write_bytes(b"\xff\xfe not metadata")
    with good.hosts("good", "bascule_torn-1.0") as hosts:
        rows = {r.name: r for r in hosts.reports()}
    assert rows["good"].status == "ok"
    assert rows["bascule_torn-1.0"].status == "quarantined"
    assert "metadata cannot be read" in rows["bascule_torn-1.0"].reason


@pytest.mark.parametrize("value", ["plugin:object", "os.path; print(1)", ".relative"])
def test_an_entry_point_names_a_module(good, value: str) -> None:
    good.add("bad", points={"bad": value})
    assert "expected a module" in bad_row(good, "bad").reason


def test_an_odd_entry_point_name_is_refused(good) -> None:
    good.add("bad", points={"Bad_Name": "plugin_bascule_bad_bad"})
    with good.hosts("Bad_Name") as hosts:
        (row,) = hosts.reports()
    assert "expected lower-case letters" in row.reason


def test_what_is_not_installed_names_the_install_command(site) -> None:
    with site.hosts("absent") as hosts:
        check = hosts.missing("absent", ".github/rulepack/a.yml:2:11")
        assert [c.status for c in hosts.gate(make_context(pack=make_pack(scenario="absent")))] == [Status.BLOCK]
    assert check.status is Status.BLOCK
    assert "pip install bascule-absent" in check.fix
    assert check.where == ".github/rulepack/a.yml:2:11"
