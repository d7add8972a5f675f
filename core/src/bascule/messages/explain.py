"""A rulepack in plain sentences, each with the places that it comes from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from attrs import frozen

from bascule.config import duration
from bascule.messages.wording import code, listed
from bascule.types import EvidenceSource, Mode, Rulepack

_MANY = 12

_MODES = {
    Mode.OFF: "off: judges nothing; the files it would claim are claimed by nobody",
    Mode.OBSERVE: "observe: writes down what would happen, and merges nothing",
    Mode.PROPOSE: "propose: says on the pull request what would happen, and merges nothing",
    Mode.GUARDED: "guarded: merges what passes when a person with write access asks for it",
    Mode.AUTO: "auto: merges what passes, unasked",
}


@frozen(kw_only=True)
class Sentence:
    """One thing that holds. ``key`` is the dotted key, ``where`` the places it was written; none: it is the default."""

    key: str
    text: str
    where: tuple[str, ...] = ()


def sentences(pack: Rulepack) -> tuple[Sentence, ...]:
    """Return what holds under ``pack``, templates included, in the order in which a person asks."""
    return tuple(_say(pack, key, text) for key, text in (*_scope(pack), *_gates(pack), *_acts(pack)))


def _say(pack: Rulepack, key: str, text: str) -> Sentence:
    own = {key: pack.lines[key]} if key in pack.lines else {}
    items = {k: v for k, v in pack.lines.items() if k.startswith(f"{key}[") and "." not in k.removeprefix(key)}
    # A list that was put together has items from several files; the list itself only has the first.
    files = {v.rsplit(":", 2)[0] for v in items.values()}
    chosen = items if len(files) > 1 else own or items
    return Sentence(key=key, text=text, where=tuple(dict.fromkeys(chosen.values())))


def _list(names: Iterable[str]) -> str:
    return listed(names, limit=_MANY, width=400)


def _scope(pack: Rulepack) -> Iterator[tuple[str, str]]:
    yield "scenario", f"Judges changes of the scenario {code(pack.scenario)}."
    if pack.match.files:
        yield "match.files", f"Claims files that match {_list(pack.match.files)}."
    else:
        yield "match.files", "Claims no files by itself: the pack that extends it says which."
    if pack.match.branches:
        yield "match.branches", f"Applies to base branches {_list(pack.match.branches)}."
    yield "mode", f"Mode {_MODES[pack.mode]}."
    if pack.loosen:
        yield "loosen", f"Is looser than its templates, because: {pack.loosen}"
    for text in pack.loosened:
        yield "loosen", f"Looser: {text}"


def _gates(pack: Rulepack) -> Iterator[tuple[str, str]]:
    files = pack.files
    if not files.sets:
        yield "files.only", "Every file that it claims may change."
    if files.only:
        yield "files.only", f"A changed file must match {_list(files.only)}."
    for at, globs in enumerate(files.only_all):
        yield f"files.only_all[{at}]", f"A changed file must also match {_list(globs)}."
    if files.deny:
        yield "files.deny", f"No changed file may match {_list(files.deny)}."
    refused = [s for s in ("symlinks", "submodules", "modes") if s not in files.special]
    if refused:
        yield "files.special", f"Refuses {', '.join(_SPECIAL[s] for s in refused)}."
    if files.special:
        yield "files.special", f"Permits {', '.join(_SPECIAL[s] for s in files.special)}."
    if pack.authors.allow:
        yield "authors.allow", f"Opener, authors and committers must be among {_list(pack.authors.allow)}."
    else:
        yield "authors.allow", "Anybody whose account GitHub knows may have written it."
    if pack.authors.deny:
        yield "authors.deny", f"None of them may be {_list(pack.authors.deny)}."
    if pack.labels.require:
        yield "labels.require", f"Needs the labels {_list(pack.labels.require)}."
    if pack.labels.deny:
        yield "labels.deny", f"May have none of the labels {_list(pack.labels.deny)}."
    if pack.checks.require:
        named = [f"{c.name} ({c.app})" for c in pack.checks.require]
        yield "checks.require", f"Needs these checks green: {_list(named)}."
    else:
        yield "checks.require", "Needs every check that reported to be green, and at least one."
    if pack.title.require:
        yield "title.require", f"The title must contain {_list(pack.title.require)}."
    if pack.title.deny:
        yield "title.deny", f"The title must not contain {_list(pack.title.deny)}."
    for name, limit in (("files", pack.size.files), ("lines", pack.size.lines), ("commits", pack.size.commits)):
        if limit is not None:
            yield f"size.{name}", f"At most {limit} {_SIZE[name]}."
    yield "forks.allow", "May come from a fork." if pack.forks.allow else "May not come from a fork."
    for name, entry in pack.evidence.items():
        yield "evidence", f"Evidence {code(name)} is {_origin(entry)}."
    for at, rule in enumerate(pack.rules):
        given = json.dumps(rule.params, ensure_ascii=False, sort_keys=True)
        yield f"rules[{at}]", f"Rule {code(rule.id)}: {code(rule.use)}" + (f" with {given}." if rule.params else ".")


def _origin(entry: EvidenceSource) -> str:
    """Return where evidence comes from, as the end of a sentence."""
    most = f", at most {entry.max_size:,} bytes" if entry.max_size is not None else ""
    if entry.source == "local":
        return "made here by the plugin"
    if entry.source == "file":
        return f"given with `--evidence {entry.name}=FILE`{most}"
    file = f"{code(entry.file)} in the artifact" if entry.file else "the only file of the artifact"
    age = f", started at most {duration.show(entry.max_age)} ago" if entry.max_age is not None else ""
    return (
        f"{file} {code(entry.artifact)} of the last run of {code(entry.workflow)} ({entry.event}) on the change's head"
        f"{age}{most}; that run must have succeeded, and the workflow must be the same at base and head"
    )


def _acts(pack: Rulepack) -> Iterator[tuple[str, str]]:
    if pack.schedule.merge:
        yield "schedule.merge", f"Merges only {pack.schedule.merge} ({pack.schedule.timezone})."
    else:
        yield "schedule.merge", "Merges at any time."
    if pack.relax.allow:
        kinds = _list(k.value for k in pack.relax.allow)
        yield "relax.allow", f"Of branch protection, may waive {kinds}, for at most {pack.relax.max_exposure:g} s."
    else:
        yield "relax.allow", "Waives nothing of branch protection."
    if pack.merge.method:
        yield "merge.method", f"Merges by {pack.merge.method}."
    else:
        yield "merge.method", "Merges by the repository's own method."
    if pack.watch is not None:
        watch = pack.watch
        start = f"the deployment to {code(watch.environment)}" if watch.environment else f"the {watch.after}"
        back = {"auto": "rolls back what the merge broke", "propose": "proposes to roll back what the merge broke"}.get(
            watch.rollback, "leaves a rollback to a person"
        )
        back += " without waiting for required checks" if watch.rollback_checks == "skip" else ""
        what = f" {_list(watch.slos)}" if watch.slos else ""
        yield "watch.for", f"Watches{what} for {watch.duration / 60:g} min after {start}, and {back}."
    yield "notify.comment", f"Comments: {pack.notify.comment}."


_SPECIAL = {
    "symlinks": "symbolic links",
    "submodules": "submodules",
    "modes": "changes of the executable bit",
    "binaries": "binaries that no limit of lines can measure",
}
_SIZE = {"files": "changed files", "lines": "lines added and removed", "commits": "commits"}
