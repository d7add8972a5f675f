"""What every rendering says about a result, found once: rows, counts, policy, plan."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

from attrs import frozen

from bascule.errors import ExitCode
from bascule.messages import result as words
from bascule.messages import tagging
from bascule.messages.wording import code, listed, short
from bascule.types import Blocker, Check, Plan, Relaxation, Result, RunStatus, Status

PROTECTION = "protection of "
"""How the source of a check begins that stands for a blocker."""


def not_restored(result: Result) -> bool:
    """Return whether protection was not put back, or a later read showed that it did not stay so.

    Without a window of its own the run found an earlier one open and could not close it.
    """
    window = result.window
    if window is None:
        return result.details.get("reason") == "not_restored"
    return not window.restored or window.verified is False


def left_open_by(result: Result) -> str:
    """Return the run whose window is open; an empty string where it is not this result's own."""
    return result.run if result.window is not None else ""


def exit_code(result: Result) -> ExitCode:
    """Return what the process tells its caller. An open window outranks everything, a successful merge included."""
    if not_restored(result):
        return ExitCode.NOT_RESTORED
    return {
        RunStatus.MERGED: ExitCode.DONE,
        RunStatus.MERGEABLE: ExitCode.DONE,
        RunStatus.NOOP: ExitCode.DONE,
        RunStatus.BLOCKED: ExitCode.BLOCKED,
        RunStatus.WAITING: ExitCode.WAITING,
        RunStatus.FAILED: ExitCode.OUTSIDE,
    }[result.status]


@frozen(kw_only=True)
class Facts:
    """The rows of a result. A check that several packs gave alike stands here once."""

    checks: tuple[Check, ...]
    blockers: tuple[Check, ...]
    """Unmet requirements of protection that nothing waives, as checks."""
    waived: tuple[Blocker, ...]

    @property
    def open(self) -> tuple[Check, ...]:
        """Return what stands in the way: checks that do not allow, then blockers that nothing waives."""
        rows = (*(c for c in self.checks if c.status is not Status.ALLOW), *self.blockers)
        return tuple(sorted(rows, key=lambda c: c.status is Status.WAIT))  # stable: what a person must do comes first

    @property
    def passed(self) -> tuple[Check, ...]:
        """Return the checks that allow."""
        return tuple(c for c in self.checks if c.status is Status.ALLOW)

    @property
    def failed(self) -> int:
        """Return how many rows somebody has to do something about."""
        return sum(1 for c in self.open if c.status is not Status.WAIT)

    @property
    def waiting(self) -> int:
        """Return how many rows only wait."""
        return sum(1 for c in self.open if c.status is Status.WAIT)


def facts(result: Result) -> Facts:
    """Return the rows of ``result``."""
    checks = tuple(dict.fromkeys(result.verdict.walk())) if result.verdict else ()
    waived = tuple(b for b in result.blockers if is_waived(b, result.plan))
    return Facts(
        checks=checks,
        blockers=tuple(_as_check(b) for b in result.blockers if b not in waived),
        waived=waived,
    )


def is_waived(blocker: Blocker, plan: Plan | None) -> bool:
    """Return whether ``plan`` would override ``blocker``, by an edit or by a right that the token has anyway."""
    if plan is None or blocker.kind is None:
        return False
    edited = any(blocker.kind in r.kinds for r in plan.relaxations)
    return edited or any(b.kind is blocker.kind and b.branch == blocker.branch for b in plan.bypasses)


def _as_check(blocker: Blocker) -> Check:
    return Check(
        rule=blocker.name,
        status=Status.WAIT if blocker.waits else Status.BLOCK,
        found=blocker.found,
        expected=blocker.expected,
        fix=blocker.fix,
        source=f"{PROTECTION}{code(blocker.branch)}",
    )


def name(check: Check) -> str:
    """Return a rule's name as a person says it (``changes requested``); its id where the pack gave it one."""
    return (check.id or check.rule).replace("_", " ").strip() or "(no name)"


def place(where: str | None) -> str:
    """Return ``deps.yml:11`` for ``.github/rulepack/deps.yml:11:5``."""
    if not where:
        return ""
    path, line, _ = located(where)
    return f"{PurePosixPath(path).name}:{line}" if line else PurePosixPath(path).name


def located(where: str) -> tuple[str, int | None, int | None]:
    """Return file, line and column of ``file:line:column``; the numbers are None where they are not given."""
    path = where
    numbers: list[int] = []
    while len(numbers) < 2:
        head, colon, tail = path.rpartition(":")
        if not colon or not tail.isascii() or not tail.isdigit():
            break
        path, numbers = head, [int(tail), *numbers]
    return path, numbers[0] if numbers else None, numbers[1] if len(numbers) > 1 else None


def policy(result: Result) -> str:
    """Return the packs with the commit they were read from: `` `.github/rulepack/deps.yml@c01d5a3` ``."""
    return listed((f"{p.path}@{short(p.commit)}" if p.commit else p.path) for p in result.packs)


def scenarios(result: Result) -> str:
    """Return the scenarios that judged, each once."""
    return ", ".join(dict.fromkeys(p.scenario for p in result.packs))


@frozen(kw_only=True)
class Proof:
    """Evidence as a person reads it: what kind, what it says, where it came from."""

    kind: str
    summary: str
    origin: str


def proofs(result: Result) -> tuple[Proof, ...]:
    """Return the evidence that the rules were asked about, in the order in which rehearsals gave it."""
    return tuple(
        Proof(
            kind=str(p["kind"]),
            summary=str(p["summary"]),
            origin=", ".join(
                part
                for part in (words.origin(str(p["provenance"])), str(p["tool"]), f"sha256:{str(p['sha256'])[:12]}")
                if part
            ),
        )
        for p in result.details.get("evidence", ())
    )


def setting(relaxation: Relaxation) -> str:
    """Return what is edited: ``main · branch protection`` or ``ruleset 20314``."""
    kind, _, rest = relaxation.object.partition(":")
    return f"{rest} · branch protection" if kind == "classic" else f"{kind} {rest}".strip()


def edit(relaxation: Relaxation) -> str:
    """Return the edit: ``1 → 0``, ``+ a``, ``− a, b``."""
    if relaxation.op == "set":
        return f"{_value(relaxation.before)} → {_value(relaxation.after)}"
    sign = "+" if relaxation.op == "add" else "−"
    return f"{sign} {', '.join(_value(e) for e in relaxation.elements)}"


def _value(value: object) -> str:
    """Return a setting's value in one short line; strings without quotes, members of a set by their name."""
    if isinstance(value, dict):
        named = value.get("name") or value.get("context")
        value = named if isinstance(named, str) else value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return code(text, limit=60) if isinstance(value, str | dict | list) else text


def tag_lines(plan: Plan) -> tuple[tuple[str, str], ...]:
    """Return (name, text) of the tag and the release that ``plan`` asks for; they come last, after the restore."""
    merge = plan.merge
    if merge.tag is None:
        return ()
    rows = [("tag", tagging.plan_line(code(merge.tag), annotated=bool(merge.tag_message)))]
    if merge.release is not None:
        line = tagging.release_line(code(merge.tag), draft=merge.release.draft, prerelease=merge.release.prerelease)
        rows.append(("release", line))
    return tuple(rows)


def tagged(result: Result) -> str:
    """Return the sentence on the tag that was made, empty without one."""
    merge = result.merge
    if merge is None or not merge.tag:
        return ""
    return tagging.tagged(code(merge.tag), code(short(merge.sha)))


def seconds(value: float) -> str:
    """Return ``80 ms``, ``1.3 s``, ``12 s``."""
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"


def headline(result: Result) -> str:
    """Return the one sentence after the status: the run's own summary, or what the rows say."""
    found = facts(result)
    if not_restored(result):
        branch = result.plan.branch if result.plan else result.change.base_ref if result.change else ""
        done = result.summary or (words.landed(result.merge.sha, "") if result.merge else "")
        return f"{done} {words.left_open(branch, left_open_by(result))}".strip()
    if result.summary:
        return f"{result.summary} {tagged(result)}".strip() if result.status is RunStatus.MERGED else result.summary
    if result.status is RunStatus.MERGED and result.merge is not None:
        landed = words.landed(result.merge.sha, result.plan.merge.method if result.plan else "")
        return f"{landed} {tagged(result)}".strip()
    tally = words.tally(found.failed, found.waiting) or words.gates_pass(len(found.passed))
    return f"{tally}. {words.NOTHING_CHANGED}" if untouched(result) else f"{tally}."


def untouched(result: Result) -> bool:
    """Return whether nothing at all was changed on GitHub."""
    return result.window is None and result.merge is None
