"""Examples: a change described by the little that matters about it, for ``bascule rulepack test``.

What an example does not say is healthy: one small edit by somebody the pack allows, with its labels and green checks,
at a time when the pack merges.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from attrs import field, frozen

from bascule import wire
from bascule.config.reader import Document
from bascule.config.structure import structure
from bascule.errors import ConfigError
from bascule.rulepack.example_shape import ExampleChange, ExampleCheck, ExampleCommit, ExampleEvidence, ExampleFile
from bascule.scratch import Past
from bascule.types import (
    Actor,
    AutoMerge,
    Binding,
    Change,
    CheckResult,
    Commit,
    Evidence,
    Example,
    FileChange,
    FileKind,
    Repo,
    Review,
    Rulepack,
)


@frozen(kw_only=True)
class Case:
    """An example as what gates are asked about. ``now`` is the time of judging (UTC).

    ``before`` and ``after`` are the files' contents by path, both empty where the example states none: then there is
    nothing to rehearse. ``inputs`` are evidence files by name, ``history`` the commits of the base branch.
    """

    change: Change
    evidence: tuple[Evidence, ...]
    now: datetime
    before: Mapping[str, str] = field(factory=dict)
    after: Mapping[str, str] = field(factory=dict)
    inputs: Mapping[str, str] = field(factory=dict)
    history: tuple[Past, ...] = ()
    contents: frozenset[str] = frozenset()
    """Paths of changed files whose contents are stated."""

    @property
    def rehearses(self) -> bool:
        """Return whether there is something that a rehearsal could look at."""
        return bool(self.before or self.after or self.inputs or self.history)


EPOCH = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""Monday morning; examples are judged then or, where a pack has a schedule, when it opens next."""
HEAD, BASE = "4be1f02a" * 5, "c01d5a3e" * 5
_REPO = Repo(id=1, node_id="R_example", full_name="acme/example", owner_type="Organization", default_branch="main")
_FORK = 2


def change_of(example: Example, pack: Rulepack) -> Change:
    """Return the whole change that ``example`` describes under ``pack``.

    Raises:
        ConfigError: when the example's ``change`` is not an :class:`ExampleChange`.
    """
    return case_of(example, pack).change


def case_of(example: Example, pack: Rulepack) -> Case:
    """Return change, evidence and time of ``example`` under ``pack``.

    Raises:
        ConfigError: when the example's ``change`` is not an :class:`ExampleChange`.
    """
    where = f"{pack.path}, example {example.name!r}"
    spec, problems = structure(Document(path=where, data=dict(example.change)), ExampleChange)
    if spec is None:
        raise ConfigError("an example does not describe a change", problems)
    now = _moment(spec, pack)
    change = _change(spec, pack, now)
    before, after = _contents(spec)
    inputs = {n: v if isinstance(v, str) else json.dumps(v) for n, v in spec.inputs.items()}
    evidence = tuple(_evidence(e, pack) for e in spec.evidence)
    contents = frozenset(f.path for f in spec.files if f.before is not None or f.after is not None)
    return Case(
        change=change, evidence=evidence, now=now, before=before, after=after, inputs=inputs, contents=contents,
        history=tuple(Past(message=p.message, tags=p.tags) for p in spec.history),
    )  # fmt: skip


def _contents(spec: ExampleChange) -> tuple[dict[str, str], dict[str, str]]:
    """Return the contents on both sides; a file whose contents are not stated differs somehow."""
    stated = any(f.before is not None or f.after is not None for f in spec.files)
    if not stated and not spec.tree:
        return {}, {}
    before, after = dict(spec.tree), dict(spec.tree)
    for file in spec.files:
        old, new = file.before, file.after
        if old is None and new is None:
            old = None if file.status == "added" else "before\n"
            new = None if file.status == "removed" else "after\n"
        for side, path, text in ((before, file.previous_path or file.path, old), (after, file.path, new)):
            if text is not None:
                side[path] = text
    return before, after


def _change(spec: ExampleChange, pack: Rulepack, now: datetime) -> Change:
    author = _actor(spec.author or _default_author(pack), pack)
    branch = spec.branch or next((b for b in pack.match.branches if not set(b) & set("*?[")), "main")
    return Change(
        repo=_REPO,
        number=1,
        title=spec.title,
        body=spec.body,
        head_sha=HEAD,
        base_sha=BASE,
        merge_base=BASE,
        merge_tree="e" * 40,
        base_ref=branch,
        head_ref="example",
        head_repo_id=_FORK if spec.fork else _REPO.id,
        author=author,
        files=tuple(_file(f) for f in spec.files),
        read_at=now,
        draft=spec.draft,
        commits=_commits(spec, author, pack),
        labels=pack.labels.require if spec.labels is None else spec.labels,
        reviews=tuple(
            Review(author=_actor(r.author, pack), state=r.state, commit_sha=HEAD, can_write=r.can_write)
            for r in spec.reviews
        ),
        unresolved_threads=spec.unresolved,
        checks=_checks(spec, pack),
        mergeable=spec.mergeable,
        merge_state="CLEAN" if spec.mergeable == "MERGEABLE" else "DIRTY",
        auto_merge=AutoMerge(enabled_by=author, method=spec.auto_merge) if spec.auto_merge else None,
        teams=_teams(spec, author, pack),
    )


def _default_author(pack: Rulepack) -> str:
    return next((entry for entry in pack.authors.allow if not entry.startswith("@")), "octo-dev")


def _actor(entry: str, pack: Rulepack) -> Actor:
    """Return the account; its id is the one given, else one pinned for it in the pack, else made up."""
    login, _, number = entry.partition("#")
    if not number:
        pinned = (e.partition("#") for e in (*pack.authors.allow, *pack.authors.deny))
        number = next((n for name, _, n in pinned if n and name.casefold() == login.casefold()), "")
    made_up = 1000 + sum(ord(c) * (at + 1) for at, c in enumerate(login.casefold()))
    return Actor(login=login, id=int(number or made_up), type="Bot" if login.endswith("[bot]") else "User")


def _teams(spec: ExampleChange, author: Actor, pack: Rulepack) -> dict[str, tuple[int, ...]]:
    named = [e for e in (*pack.authors.allow, *pack.authors.deny) if e.startswith("@")]
    if spec.teams is not None:
        mine = {t.casefold() for t in spec.teams}
    else:
        mine = {e.casefold() for e in pack.authors.allow if e.startswith("@")} if spec.author is None else set()
    member = (author.id,) if author.id is not None else ()
    return {e: member if e.casefold() in mine else () for e in named}


def _file(spec: ExampleFile) -> FileChange:
    status = spec.status or ("renamed" if spec.previous_path else _status(spec))
    kind = FileKind(spec.kind)
    before = FileKind(spec.kind_before) if spec.kind_before else kind
    return FileChange(
        path=spec.path,
        status=status,
        previous_path=spec.previous_path,
        additions=spec.additions,
        deletions=spec.deletions,
        kind_before=FileKind.ABSENT if status in {"added", "copied"} else before,
        kind_after=FileKind.ABSENT if status == "removed" else kind,
        binary=spec.binary,
    )


def _status(spec: ExampleFile) -> str:
    if (spec.before is None) == (spec.after is None):
        return "modified"
    return "added" if spec.before is None else "removed"


def _commits(spec: ExampleChange, author: Actor, pack: Rulepack) -> tuple[Commit, ...]:
    if spec.commits is None:
        own = ExampleCommit(author=f"{author.login}#{author.id}")
        return (_commit(own, HEAD, pack),)
    last = len(spec.commits) - 1
    return tuple(_commit(c, HEAD if at == last else f"{at + 1:040x}", pack) for at, c in enumerate(spec.commits))


def _commit(spec: ExampleCommit, sha: str, pack: Rulepack) -> Commit:
    author = _actor(spec.author, pack)
    committer = _actor(spec.committer, pack) if spec.committer else author
    return Commit(
        sha=sha,
        author=author if spec.known else None,
        committer=committer if spec.known else None,
        author_name=author.login,
        committer_name=committer.login,
        message=spec.message,
        parents=(BASE,),
        verified=True,
    )


def _checks(spec: ExampleChange, pack: Rulepack) -> tuple[CheckResult, ...]:
    stated = spec.checks
    if stated is None:
        required = tuple(ExampleCheck(name=r.name, app=r.app) for r in pack.checks.require)
        stated = required or (ExampleCheck(name="test"),)
    return tuple(_check(c, pack) for c in stated)


def _check(spec: ExampleCheck, pack: Rulepack) -> CheckResult:
    required = (r.app for r in pack.checks.require if r.name == spec.name)
    app = spec.app or next(required, "github-actions")
    if app.startswith("status/"):
        return CheckResult(name=spec.name, state=spec.state, creator=app.removeprefix("status/"), is_status=True)
    return CheckResult(name=spec.name, state=spec.state, app=app)


def _moment(spec: ExampleChange, pack: Rulepack) -> datetime:
    if spec.at is not None:
        return datetime.fromisoformat(spec.at).astimezone(UTC)
    if not pack.schedule.merge:
        return EPOCH
    from bascule.gates.weekly import Weekly

    opens = Weekly.parse(pack.schedule.merge, pack.schedule.timezone).opens(EPOCH)
    return opens + timedelta(minutes=1) if opens else EPOCH


def _evidence(spec: ExampleEvidence, pack: Rulepack) -> Evidence:
    return Evidence(
        kind=spec.kind,
        binding=Binding(head_sha=HEAD, base_sha=BASE, pack_sha256=pack.sha256),
        provenance="example",
        summary=spec.summary,
        sha256=wire.sha256(dict(spec.data)),
        data=spec.data,
    )
