"""Examples that state contents, rehearsed in a repository that is made for them."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from attrs import evolve, frozen

from bascule.rulepack.example import HEAD, Case
from bascule.scratch import Pair, pair
from bascule.types import Binding, Change, Check, DryRunContext, Evidence, EvidenceInput, Rulepack


class Rehearse(Protocol):
    """Whoever can rehearse: the hosts of plugins."""

    def __call__(self, ctx: DryRunContext) -> Iterable[Evidence | Check]:
        """Return the evidence and the checks of every plugin that has to do with the context's pack."""
        ...


@frozen(kw_only=True)
class Rehearsed:
    """An example after its rehearsal: the change with real commits, all evidence, what the rehearsal itself says."""

    change: Change
    evidence: tuple[Evidence, ...]
    checks: tuple[Check, ...] = ()


def rehearsed(case: Case, pack: Rulepack, rehearse: Rehearse | None) -> Rehearsed:
    """Return ``case`` after its rehearsal; as it is where it states nothing to rehearse, or nobody can.

    A rehearsal here never runs a change's own code: examples are read by many and run by many.
    """
    if rehearse is None or not case.rehearses:
        return Rehearsed(change=case.change, evidence=case.evidence)
    with tempfile.TemporaryDirectory(prefix="bascule-example-") as name:
        folder = Path(name)
        made = pair(folder / "objects", case.before, case.after, case.history)
        change = _change(case, made)
        workdir = folder / "work"
        workdir.mkdir()
        ctx = DryRunContext(
            change=change,
            pack=pack,
            now=case.now,
            objects=str(made.objects),
            workdir=str(workdir),
            inputs=tuple(_input(folder, at, n, t, case, made) for at, (n, t) in enumerate(case.inputs.items())),
        )
        said = tuple(rehearse(ctx))
    bound = Binding(head_sha=made.head, base_sha=made.base, pack_sha256=pack.sha256)
    given = (evolve(e, binding=bound) for e in case.evidence)
    return Rehearsed(
        change=change,
        evidence=(*given, *(e for e in said if isinstance(e, Evidence))),
        checks=tuple(c for c in said if isinstance(c, Check)),
    )


def _change(case: Case, made: Pair) -> Change:
    """Return the change with the commits that were made; files whose contents are stated are as git sees them."""
    stated = {f.path: f for f in case.change.files if f.path not in case.contents}
    files = tuple(stated.get(f.path, f) for f in made.files)
    commits = tuple(evolve(c, sha=made.head) if c.sha == HEAD else c for c in case.change.commits)
    return evolve(
        case.change, head_sha=made.head, base_sha=made.base, merge_base=made.base, merge_tree=made.tree,
        files=files or case.change.files, commits=commits,
    )  # fmt: skip


def _input(folder: Path, at: int, name: str, text: str, case: Case, made: Pair) -> EvidenceInput:
    raw = text.encode()
    path = folder / f"input-{at}"
    path.write_bytes(raw)
    return EvidenceInput(
        name=name, path=str(path), sha256=hashlib.sha256(raw).hexdigest(), size=len(raw), provenance="example",
        head_sha=made.head, base_sha=made.base, made_at=case.now,
    )  # fmt: skip
