"""What every plugin must keep, as tests to subclass. Needs pytest; nothing else of the kit does.

In a plugin's own tests::

    from bascule.testing.contract import PluginContract

    class TestContract(PluginContract):
        plugin = "acme"

Every example of the plugin's templates is a case, together with changes that are odd in a way that GitHub really shows;
override :meth:`PluginContract.contexts` to add more.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any, ClassVar

import pytest

from bascule import gates, globs, wire
from bascule.host.driver import Hosts
from bascule.host.loading import import_entry_point, register
from bascule.host.settings import Limits
from bascule.rulepack import trial
from bascule.rulepack.catalog import Catalog
from bascule.rulepack.example import case_of
from bascule.rulepack.load import load_template
from bascule.rulepack.rehearsing import rehearsed
from bascule.testing.builders import make_change, make_files
from bascule.testing.installed import entry_point
from bascule.types import CAUSES, Check, Failure, GateContext, PluginReport, Rulepack, Scenario, Status

_SLOW = Limits(spawn=120, gate=60, relax=60, merge=60, restore=60, watch=60, classify=60)
"""A loaded machine must not fail a contract; how long a gate takes is measured elsewhere."""
_REHEARSED: dict[tuple[str, str, str], GateContext] = {}
"""By plugin, template and example. Gates must leave what they are given alone; a test holds them to it."""


class PluginContract:
    """The contract of the installed plugin called :attr:`plugin`."""

    plugin: ClassVar[str]
    path: ClassVar[tuple[str, ...]] = ()
    """Extra directories to find plugins in."""

    # -- what the tests work with -------------------------------------------------------------------------------------

    @pytest.fixture(scope="class")
    @classmethod
    def hosts(cls) -> Iterator[Hosts]:
        """Yield the plugin behind a host of its own."""
        with Hosts.discover({cls.plugin}, path=cls.path, limits=_SLOW) as hosts:
            yield hosts

    def report(self, hosts: Hosts) -> PluginReport:
        """Return the plugin's row."""
        (row,) = hosts.reports()
        return row

    def scenarios(self, hosts: Hosts) -> tuple[Scenario, ...]:
        """Return what the plugin offers."""
        assert self.report(hosts).status == "ok", self.report(hosts).reason
        return tuple(hosts.scenarios().values())

    def packs(self, hosts: Hosts) -> tuple[Rulepack, ...]:
        """Return the plugin's templates as packs."""
        catalog = Catalog.of(self.scenarios(hosts))
        return tuple(load_template(name, catalog) for name in catalog.templates)

    def contexts(self, hosts: Hosts) -> Iterator[GateContext]:
        """Yield what gates are asked about: every example, and odd changes under every template.

        Examples are rehearsed once for all tests of one plugin: real tools take their time.
        """
        for pack in self.packs(hosts):
            for example in pack.examples:
                at = (self.plugin, pack.sha256, example.name)
                if at not in _REHEARSED:
                    case = case_of(example, pack)
                    done = rehearsed(case, pack, hosts.rehearse)
                    _REHEARSED[at] = GateContext(change=done.change, pack=pack, now=case.now, evidence=done.evidence)
                yield _REHEARSED[at]
            for files in (
                (),
                make_files("old name.md -> docs/new name.md"),
                make_files("caf\udce9.md", "docs/\u202egnp.md", status="added"),
                make_files(*(f"docs/{n}.md" for n in range(3000))),
            ):
                change = make_change(files=files, files_complete=len(files) < 3000, body="", labels=())
                yield GateContext(change=change, pack=pack, now=change.read_at)

    def module(self) -> ModuleType:
        """Return the plugin's module, imported here: only so can a test see what it does to its argument."""
        point = entry_point(self.plugin)
        return import_entry_point(point.name, point.value)

    def answers(self, ctx: GateContext) -> list[Check]:
        """Return what the plugin's gates say when they are called here, untouched by the driver."""
        found: list[Check] = []
        for implementation in register(self.plugin, self.module()).hook.gate.get_hookimpls():
            arguments: tuple[Any, ...] = (ctx,) if implementation.argnames else ()
            answer: Any = implementation.function(*arguments)
            found += answer or ()
        return found

    # -- the contract -------------------------------------------------------------------------------------------------

    def test_it_loads(self, hosts: Hosts) -> None:
        """It is not quarantined and offers a scenario, each with a sentence on what it is for."""
        assert self.report(hosts).status == "ok", self.report(hosts).reason
        for scenario in self.scenarios(hosts):
            assert scenario.summary
            assert all(rule.summary for rule in scenario.rules)

    def test_it_offers_the_same_again(self, hosts: Hosts) -> None:
        """A second process, with other hash seeds, offers the same in the same order."""
        with Hosts.discover({self.plugin}, path=self.path, limits=_SLOW) as again:
            assert wire.dump(again.scenarios()) == wire.dump(hosts.scenarios())

    def test_it_fits_files_that_can_exist(self, hosts: Hosts) -> None:
        """What a scenario says it fits are globs of this project's kind."""
        for scenario in self.scenarios(hosts):
            assert {glob: globs.problems(glob) for glob in scenario.fits} == dict.fromkeys(scenario.fits)

    def test_its_rules_have_schemas(self, hosts: Hosts) -> None:
        """Every rule's schema is a JSON Schema of an object that refuses unknown parameters."""
        from jsonschema import Draft202012Validator

        for scenario in self.scenarios(hosts):
            for rule in scenario.rules:
                Draft202012Validator.check_schema(rule.schema)
                assert rule.schema.get("type") == "object", rule.name
                assert rule.schema.get("additionalProperties") is False, rule.name

    def test_its_gate_gives_the_same_answer_again(self, hosts: Hosts) -> None:
        """Same input, same answer: in this process, and in a fresh one with other hash seeds."""
        contexts = list(self.contexts(hosts))
        first = [hosts.gate(ctx, [self.plugin]) for ctx in contexts]
        for _ in range(2):
            assert [hosts.gate(ctx, [self.plugin]) for ctx in contexts] == first
            hosts.stop()
        assert not hosts.faults

    def test_its_gate_leaves_its_argument_alone(self, hosts: Hosts) -> None:
        """A gate looks; it changes nothing."""
        for ctx in self.contexts(hosts):
            before = wire.dump(ctx)
            self.answers(ctx)
            assert wire.dump(ctx) == before

    def test_its_refusals_say_what_was_found_expected_and_to_do(self, hosts: Hosts) -> None:
        """No check that does not allow leaves a person alone."""
        for ctx in self.contexts(hosts):
            for check in self.answers(ctx):
                assert check.found, check
                if check.status is not Status.ALLOW:
                    assert check.expected, check
                    assert check.fix, check

    def test_its_templates_keep_their_promises(self, hosts: Hosts) -> None:
        """There is a default; every template has an example that passes and one that does not, and they hold."""
        packs = self.packs(hosts)
        for scenario in self.scenarios(hosts):
            assert f"{scenario.name}/default" in {pack.name for pack in packs}

        def judge(ctx: GateContext, claimed: tuple[str, ...]) -> tuple[Check, ...]:
            return (*gates.run(ctx, claimed=claimed), *hosts.gate(ctx))

        for pack in packs:
            outcomes = trial.run((pack,), judge, hosts.rehearse)
            assert {(o.example, o.verdict.status.value, o.reasons) for o in outcomes if not o.ok} == set(), pack.name
            assert {o.expected == "allow" for o in outcomes} == {True, False}, pack.name

    def test_it_names_only_causes_that_exist(self, hosts: Hosts) -> None:
        """Asked about a failure of another kind, it is silent or names a cause, and does not fail."""
        failure = Failure(run="r-0", stage="gate", scenario=self.plugin, message="\x00 odd", status=418, exit_code=137)
        found = hosts.classify(failure)
        assert found is None or found.cause in CAUSES
        assert not [fault for fault in hosts.faults if fault.hook == "classify"]
