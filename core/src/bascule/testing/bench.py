"""A bench for a scenario: files before, files after, and what the whole way from rehearsal to gate says of it.

Everything is real but GitHub and the process boundary: a git repository with two commits, the plugin's hooks called as
its host calls them, answers checked as the driver checks them::

    from bascule.testing import Bench

    def test_a_migration_may_not_be_removed(tmp_path):
        outcome = Bench("acme", tmp_path).run(
            before={"migrations/1.sql": "CREATE TABLE a (id int);"}, after={},
            rules=[{"id": "additive", "use": "acme/additive"}],
        )
        assert outcome.blocked_by("additive").fix
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from bascule import wire
from bascule.host import answers, serving
from bascule.host.loading import Loaded, import_entry_point, load
from bascule.host.table import HOOKS
from bascule.scratch import Contents, Past, pair
from bascule.testing.builders import make_change, make_pack
from bascule.testing.installed import entry_point
from bascule.types import (
    Change,
    Check,
    DryRunContext,
    Evidence,
    EvidenceInput,
    GateContext,
    Rulepack,
    Status,
    worst,
)


@frozen(kw_only=True)
class Outcome:
    """What came of one change: the checks of the last round of gates and of the rehearsal, and the evidence."""

    change: Change
    checks: tuple[Check, ...]
    evidence: tuple[Evidence, ...]

    @property
    def status(self) -> Status:
        """Return the worst status; no checks at all block."""
        return worst(c.status for c in self.checks)

    def of(self, name: str) -> tuple[Check, ...]:
        """Return the checks of the rule (``acme/additive``, ``additive``) or the rule id ``name``."""
        return tuple(c for c in self.checks if name in {c.id, c.rule, c.rule.rpartition("/")[2]})

    def blocked_by(self, name: str) -> Check:
        """Return the first check of ``name`` that blocks; fail where there is none, or where it does not say why."""
        found = [c for c in self.of(name) if c.status in {Status.BLOCK, Status.ERROR}]
        assert found, f"{name} does not block: {[(c.rule, c.id, c.status.value, c.found) for c in self.checks]}"
        check = found[0]
        assert check.found, check
        assert check.expected, check
        assert check.fix, check
        return check

    def proof(self, kind: str) -> Evidence:
        """Return the evidence of ``kind``; fail where there is none."""
        found = [e for e in self.evidence if e.kind == kind]
        assert found, f"no evidence {kind}: {[e.kind for e in self.evidence]}, {[c.found for c in self.checks]}"
        return found[0]

    def __str__(self) -> str:
        return "\n".join(
            f"{c.status.value:5} {c.id or c.rule}: {c.found} | {c.expected} | {c.fix}" for c in self.checks
        )


class Bench:
    """A bench for the installed plugin ``name``, working in ``folder``.

    Args:
        name: the entry point's name in the group ``bascule``.
        folder: an empty directory; repositories and rehearsals live in it.
        tools: paths of programs by name, before PATH is searched.
        services: addresses by name that the rehearsal may ask.
        clients: paths of files by name that say how.
        public_services: whether the rehearsal may ask public addresses that it knows.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        tools: Mapping[str, str] | None = None,
        services: Mapping[str, str] | None = None,
        clients: Mapping[str, str] | None = None,
        *,
        public_services: bool = False,
    ) -> None:
        self.name = name
        self._folder = folder
        self._tools = dict(tools or {})
        self._services = dict(services or {})
        self._clients = dict(clients or {})
        self._public = public_services
        self._made = 0

    @cached_property
    def plugin(self) -> Loaded:
        """Return the plugin, loaded and checked as its host does it."""
        point = entry_point(self.name)
        import_entry_point(point.name, point.value)
        return load({"plugin": point.name, "value": point.value}, 1000, serving.call)

    def run(
        self,
        before: Contents,
        after: Contents,
        rules: Iterable[Mapping[str, Any]] = (),
        *,
        whole: bool = False,
        pack: Rulepack | None = None,
        inputs: Mapping[str, EvidenceInput | Path | str | bytes] | None = None,
        history: Iterable[str | tuple[str, str]] = (),
        run_code: bool = False,
        **change: Any,
    ) -> Outcome:
        """Return what the plugin says of the change from ``before`` to ``after``.

        Args:
            before: files at the base.
            after: files at the head that differ from ``before``; None removes one. With ``whole``, all files.
            rules: the pack's rules, as in YAML; ``id`` may be left out and is then the rule's own name.
            whole: ``after`` is everything there is.
            pack: a whole pack instead of ``rules``.
            inputs: evidence files by name: a path, their content, or the whole record.
            history: commits of the base branch before the change, oldest first: messages, or (message, tag).
            run_code: whether the rehearsal may run code of the change.
            change: fields of the change (``title``, ``labels``, ``author``, ...).
        """
        made = self.change(before, after, whole=whole, history=history, **change)
        return self.judge(made, pack or self.pack(rules), inputs or {}, run_code=run_code)

    def change(
        self,
        before: Contents,
        after: Contents,
        *,
        whole: bool = False,
        history: Iterable[str | tuple[str, str]] = (),
        **fields: Any,
    ) -> Change:
        """Return the change from ``before`` to ``after`` as a record, its objects in :attr:`objects`."""
        old = {p: c for p, c in before.items() if c is not None}
        new = {p: c for p, c in (after if whole else {**old, **after}).items() if c is not None}
        self._made += 1
        past = [Past(message=p) if isinstance(p, str) else Past(message=p[0], tags=(p[1],)) for p in history]
        made = pair(self.objects, old, new, past)
        values: dict[str, Any] = {
            "head_sha": made.head,
            "base_sha": made.base,
            "merge_base": made.base,
            "merge_tree": made.tree,
            "files": made.files,
            **fields,
        }
        return make_change(**values)

    @property
    def objects(self) -> Path:
        """Return the repository of the newest change."""
        return self._folder / f"objects-{self._made}"

    def pack(self, rules: Iterable[Mapping[str, Any]] = (), **fields: Any) -> Rulepack:
        """Return a pack of this plugin's scenario with ``rules`` as in YAML."""
        made = []
        for at, rule in enumerate(rules):
            params = {k: v for k, v in rule.items() if k not in {"id", "use"}}
            name = rule.get("id") or rule["use"].rpartition("/")[2]
            made.append({"id": name, "use": rule["use"], "params": params, "where": f"pack.yml:{at + 1}:1"})
        values = {"scenario": self.plugin.scenarios[0][1]["name"], "match": {"files": ["**"]}, "rules": made, **fields}
        pack = make_pack(**values)
        return evolve(pack, sha256=pack.sha256 or wire.sha256(wire.dump(pack)))

    def judge(
        self,
        change: Change,
        pack: Rulepack,
        inputs: Mapping[str, EvidenceInput | Path | str | bytes] | None = None,
        *,
        run_code: bool = False,
    ) -> Outcome:
        """Return what the plugin says of ``change``, whose objects are in :attr:`objects`, under ``pack``."""
        workdir = self._folder / f"work-{self._made}"
        shutil.rmtree(workdir, ignore_errors=True)
        workdir.mkdir()
        ctx = DryRunContext(
            change=change, pack=pack, now=change.read_at, objects=str(self.objects), workdir=str(workdir),
            tools=self._tools, inputs=tuple(self._input(n, v) for n, v in (inputs or {}).items()), run_code=run_code,
            services=self._services,
            clients=self._clients,
            public_services=self._public,
        )  # fmt: skip
        speaker = answers.Speaker(
            plugin=self.name, source=f"{self.name} under test", names=tuple(s["name"] for _, s in self.plugin.scenarios)
        )
        said: list[Evidence | Check] = []
        for record in self._call("dry_run", ctx):
            if isinstance(record, Check):
                said.append(answers.check(record, speaker, "dry_run", pack, None))
            else:
                said.append(answers.evidence(record, speaker, ctx, None))
        evidence = tuple(e for e in said if isinstance(e, Evidence))
        # As in a real run: no clock may be asked, so the same question gets the same answer.
        question = GateContext(change=change, pack=pack, now=change.read_at, evidence=evidence)
        first, second = (
            [answers.check(c, speaker, "gate", pack, None) for c in self._call("gate", question)] for _ in range(2)
        )
        assert first == second, "the gate answers the same question differently"
        checks = [*first, *answers.unanswered(first, speaker, pack, None), *(c for c in said if isinstance(c, Check))]
        return Outcome(change=change, checks=tuple(checks), evidence=evidence)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _call(self, hook: str, argument: Any) -> list[Any]:
        found = json.loads(json.dumps(serving.call(self.plugin, HOOKS[hook], wire.dump(argument), 1000)))
        return answers.records(HOOKS[hook], found, 1000)

    def _input(self, name: str, value: EvidenceInput | Path | str | bytes) -> EvidenceInput:
        if isinstance(value, EvidenceInput):
            return value
        if isinstance(value, Path):
            raw, path = value.read_bytes(), value
        else:
            raw = value.encode() if isinstance(value, str) else value
            path = self._folder / f"input-{self._made}-{name}"
            path.write_bytes(raw)
        return EvidenceInput(
            name=name, path=str(path), sha256=_sha256(raw), size=len(raw), provenance=f"file:{path.name}"
        )


def _sha256(raw: bytes) -> str:
    import hashlib

    return hashlib.sha256(raw).hexdigest()
