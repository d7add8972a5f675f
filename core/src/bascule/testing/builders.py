"""Records with healthy defaults, for tests: say only what your test is about.

Every builder takes its record's fields as keyword arguments. The defaults describe a small, green pull request by a
known user that the default pack allows, so that one override makes exactly one thing wrong::

    from bascule.testing import make_change, make_context, make_files, make_pack

    ctx = make_context(change=make_change(files=make_files("docs/a.md")), pack=make_pack(files={"only": ["docs/**"]}))
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from bascule import wire
from bascule.types import (
    Actor,
    Blocker,
    Change,
    Check,
    CheckResult,
    Commit,
    FileChange,
    FileKind,
    GateContext,
    MergePlan,
    MergeReport,
    PackRef,
    Plan,
    Repo,
    Result,
    Review,
    Rulepack,
    RunStatus,
    Status,
    Verdict,
    Way,
    WindowReport,
    verdict,
)

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""The builders' time: a Monday, 09:00 UTC. Also where :class:`bascule.clock.ManualClock` starts."""
HEAD = "4be1f02a" * 5
DEV_ID = 583231
"""Numeric id of ``octo-dev``."""
BASE = "c01d5a3e" * 5
DEV = Actor(login="octo-dev", id=DEV_ID, type="User")


def make_actor(login: str = "octo-dev", *, id: int | None = DEV_ID, type: str | None = None) -> Actor:
    """Return an account; a login that ends in ``[bot]`` is a Bot unless ``type`` says otherwise."""
    return Actor(login=login, id=id, type=type or ("Bot" if login.endswith("[bot]") else "User"))


def make_files(*paths: str | FileChange, **fields: Any) -> tuple[FileChange, ...]:
    """Return modified files of one added and one removed line.

    ``old.md -> new.md`` makes a rename; a :class:`FileChange` is taken as it is. ``fields`` (``status``,
    ``kind_after``, ``additions``, ...) apply to all that are made from a string; kinds follow ``added`` and
    ``removed``.
    """
    made = []
    for path in paths:
        if isinstance(path, FileChange):
            made.append(path)
            continue
        old, arrow, new = path.partition(" -> ")
        values: dict[str, Any] = {
            "status": "renamed" if arrow else "modified",
            "additions": 1,
            "deletions": 1,
            **fields,
        }
        if arrow:
            values.setdefault("previous_path", old)
        if values["status"] == "added":
            values.setdefault("kind_before", FileKind.ABSENT)
        if values["status"] == "removed":
            values.setdefault("kind_after", FileKind.ABSENT)
        made.append(FileChange(path=new or old, **values))
    return tuple(made)


def make_commit(author: Actor | None = DEV, committer: Actor | None = None, **fields: Any) -> Commit:
    """Return a commit; ``committer`` defaults to its author (pass fields ``sha``, ``verified``, ... as needed)."""
    values: dict[str, Any] = {
        "sha": HEAD,
        "author": author,
        "committer": committer if committer is not None else author,
        "author_name": author.login if author else "Jane Roe",
        "committer_name": (committer or author).login if (committer or author) else "Jane Roe",  # type: ignore[union-attr]
        "message": "Update the documentation",
        **fields,
    }
    return Commit(**values)


def make_check_result(
    name: str = "test", state: str = "success", *, app: str = "github-actions", **fields: Any
) -> CheckResult:
    """Return a check on the head; ``app`` ``status/LOGIN`` makes a commit status by that login."""
    if app.startswith("status/"):
        return CheckResult(name=name, state=state, creator=app.removeprefix("status/"), is_status=True, **fields)
    return CheckResult(name=name, state=state, app=app, **fields)


def make_review(state: str = "APPROVED", author: Actor | None = None, *, can_write: bool = True) -> Review:
    """Return a review of the head by ``author`` (``octo-reviewer`` by default)."""
    return Review(
        author=author or make_actor("octo-reviewer", id=9919), state=state, commit_sha=HEAD, can_write=can_write
    )


def make_repo(**fields: Any) -> Repo:
    """Return ``acme/shop``, an organisation's public repository with id 1296269."""
    values: dict[str, Any] = {
        "id": 1296269,
        "node_id": "R_kgDOABPHBQ",
        "full_name": "acme/shop",
        "owner_type": "Organization",
        "default_branch": "main",
        **fields,
    }
    return Repo(**values)


def make_change(**fields: Any) -> Change:
    """Return pull request 42 of ``acme/shop``: one Markdown file, one commit by its author, one green check."""
    repo = fields.pop("repo", None) or make_repo()
    number = fields.get("number", 42)
    values: dict[str, Any] = {
        "repo": repo,
        "number": number,
        "title": "Describe the checkout",
        "url": f"https://{repo.host}/{repo.full_name}/pull/{number}",
        "head_sha": HEAD,
        "base_sha": BASE,
        "base_ref": "main",
        "head_ref": "describe-checkout",
        "head_repo_id": repo.id,
        "author": DEV,
        "files": make_files("docs/a.md"),
        "commits": (make_commit(),),
        "labels": ("change:safe", "auto-relax-merge"),
        "checks": (make_check_result(),),
        "mergeable": "MERGEABLE",
        "merge_state": "CLEAN",
        "read_at": NOW,
        **fields,
    }
    return Change(**values)


def make_pack(data: Mapping[str, Any] | None = None, **fields: Any) -> Rulepack:
    """Return a pack for ``docs/**`` of the scenario ``allowlist`` in mode ``auto``.

    Fields are records or plain data as in YAML: ``make_pack(files={"only": ["docs/**"]}, mode="guarded")``. Nothing is
    looked up or extended: this is the effective pack.

    Raises:
        cattrs.BaseValidationError: when a value does not have its field's shape.
    """
    values = {
        "name": "docs.yml",
        "path": ".github/rulepack/docs.yml",
        "scenario": "allowlist",
        "commit": BASE,
        "mode": "auto",
        "match": {"files": ["docs/**"]},
        **(data or {}),
        **fields,
    }
    return wire.load({key: wire.dump(value) for key, value in values.items()}, Rulepack)


def make_context(change: Change | None = None, pack: Rulepack | None = None, **fields: Any) -> GateContext:
    """Return what a gate is given; ``now`` is :data:`NOW`."""
    return GateContext(change=change or make_change(), pack=pack or make_pack(), **{"now": NOW, **fields})


def make_check(rule: str = "files", status: Status | str = Status.ALLOW, **fields: Any) -> Check:
    """Return a check; one that does not allow gets ``expected`` and ``fix``, as every such check must have."""
    state = Status(status)
    values: dict[str, Any] = {"found": "as it should be"}
    if state is not Status.ALLOW:
        values = {"found": "not as it should be", "expected": "as it should be", "fix": "make it so"}
    return Check(rule=rule, status=state, **{**values, **fields})


def make_verdict(checks: Iterable[Check] | None = None, *, pack: Rulepack | None = None, title: str = "") -> Verdict:
    """Return the tree of one change judged by one pack."""
    own = (make_check(),) if checks is None else tuple(checks)
    name = (pack or make_pack()).name
    return verdict(title or "acme/shop#42", children=(verdict(name, checks=own),))


def make_blocker(**fields: Any) -> Blocker:
    """Return "one approving review is missing on main"."""
    values: dict[str, Any] = {
        "kind": "reviews",
        "name": "reviews",
        "branch": "main",
        "found": "0 of 1 approving reviews",
        "expected": "1 approving review",
        "fix": "ask a reviewer with write access",
        "waits": True,
        **fields,
    }
    return wire.load({key: wire.dump(value) for key, value in values.items()}, Blocker)


def make_plan(**fields: Any) -> Plan:
    """Return a plan that squashes pull request 42 without relaxing anything."""
    values: dict[str, Any] = {
        "change_number": 42,
        "head_sha": HEAD,
        "base_sha": BASE,
        "branch": "main",
        "merge": MergePlan(method="squash"),
        "way": Way.STEPWISE if fields.get("relaxations") else Way.NONE,
        **fields,
    }
    return Plan(**values)


def make_window(**fields: Any) -> WindowReport:
    """Return a stepwise window that was open for 1.3 s and is restored, not yet verified."""
    values: dict[str, Any] = {
        "way": Way.STEPWISE,
        "relaxations": (),
        "exposure_seconds": 1.3,
        "calls": 9,
        "restored": True,
        "verified": None,
        "snapshot_sha256": "91ab" * 16,
        "live_sha256": "91ab" * 16,
        **fields,
    }
    return WindowReport(**values)


def make_result(status: RunStatus | str = RunStatus.MERGEABLE, **fields: Any) -> Result:
    """Return the answer of a run over the default change and pack; verdict and plan follow ``status``."""
    state = RunStatus(status)
    bad = {RunStatus.BLOCKED: Status.BLOCK, RunStatus.WAITING: Status.WAIT}.get(state)
    values: dict[str, Any] = {
        "run": "r-8f2c",
        "status": state,
        "summary": "",
        "change": make_change(),
        "verdict": make_verdict([make_check("files"), *([make_check("checks", bad)] if bad else [])]),
        "packs": (PackRef.of(make_pack()),),
    }
    if state in {RunStatus.MERGEABLE, RunStatus.MERGED}:
        values["plan"] = make_plan()
    if state is RunStatus.MERGED:
        values["merge"] = MergeReport(sha="9c3e110b" * 5)
    return Result(**{**values, **fields})
