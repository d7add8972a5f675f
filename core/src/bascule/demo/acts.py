"""The acts: each asks Bascule for something and then looks at GitHub, not at Bascule's word, for what became of it."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from itertools import groupby
from typing import Any

from attrs import frozen

from bascule.demo.stage import BASCULE, ORG_REPO, OWN_REPO, Ran, Stage

_ENABLE = """mutation Arm($id: ID!) {
  enablePullRequestAutoMerge(input: {pullRequestId: $id, mergeMethod: SQUASH}) { pullRequest { number } }
}"""
MERGE_PATH = r"/pulls/\d+/merge"
RELAX_PATH = "/protection/required_pull_request_reviews"


@frozen(kw_only=True)
class Outcome:
    """What came of an act. ``good``: GitHub's state is what it must be. ``exposure``: seconds of openness, or None.

    ``evidence`` is what rehearsals produced, a line each.
    """

    good: bool
    got: str
    why: str = ""
    exposure: float | None = None
    steps: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()


@frozen(kw_only=True)
class Act:
    """One act: ``title`` for people, ``expected`` in one or two words, ``repo`` whose protection is compared."""

    title: str
    expected: str
    repo: str
    play: Callable[[Stage, Callable[[str], None]], Outcome]


Say = Callable[[str], None]


def _state(stage: Stage, repo: str, number: int) -> dict[str, Any]:
    found: dict[str, Any] = stage.call("GET", f"/repos/{repo}/pulls/{number}")
    return found


def _steps(calls: list[dict[str, Any]]) -> tuple[str, ...]:
    """Return GitHub's log of a run as words, in order."""
    words: list[str] = []
    relaxed = False
    for call in calls:
        if call["user"] not in BASCULE and call["user"] is not None:
            continue
        method, path, operation = call["method"], call["path"], call["operation"]
        if method in {"PATCH", "DELETE", "POST", "PUT"} and "/protection" in path:
            words.append("restore" if relaxed else "relax")
            relaxed = True
        elif method == "PUT" and path.endswith("/merge"):
            words.append(
                {200: "merge", None: "merge (no reply)", 0: "merge (no reply)"}.get(call["status"], "merge refused")
            )
        elif method in {"POST", "PATCH"} and "/git/refs" in path:
            words.append("journal")
        elif method == "GET" and path.endswith("/protection"):
            words.append("read protection")
        elif operation in {"Snapshot", "PullState"}:
            words.append("read" if operation == "Snapshot" else "read again")
    return tuple(_counted(words))


def _counted(words: list[str]) -> list[str]:
    """Return ``words`` with neighbours that are alike as one, counted."""
    found: list[str] = []
    for word, alike in groupby(words):
        number = len(list(alike))
        found.append(word if number == 1 else f"{number} × {word}")
    return found


def judged(stage: Stage, repo: str, number: int, ran: Ran, *, code: int, merged: bool, since: int) -> Outcome:
    """Compare exit code and GitHub's own state with what must be."""
    pull = _state(stage, repo, number)
    status = str(ran.document.get("status", f"exit {ran.code}"))
    why = ""
    if ran.code != code:
        said = ran.err.strip() or ran.document.get("summary", "")
        why = f"exit code {ran.code}, expected {code}: {said}"
    elif pull["merged"] != merged:
        why = f"GitHub says merged={pull['merged']}"
    window = ran.document.get("window") or {}
    return Outcome(
        good=not why,
        got=status,
        why=why or _reason(ran),
        exposure=window.get("exposure_seconds"),
        steps=_steps(stage.requests()[since:]),
    )


def _reason(ran: Ran) -> str:
    """Return the first thing that stood in the way, from the verdict's tree, or the summary."""
    failed = failed_checks(ran)
    if failed and ran.document.get("status") == "blocked":
        return f"{failed[0]['rule']}: {failed[0]['found']}"
    return str(ran.document.get("summary", ""))


def failed_checks(ran: Ran) -> list[dict[str, Any]]:
    """Return the checks of the verdict's tree that block, in the order in which they were added."""

    def walk(node: dict[str, Any]) -> list[dict[str, Any]]:
        found = list(node.get("checks", []))
        for child in node.get("children", []):
            found += walk(child)
        return found

    checks = walk(ran.document["verdict"]) if ran.document.get("verdict") else []
    return [c for c in checks if c["status"] in {"block", "error"}]


def safe(stage: Stage, say: Say) -> Outcome:
    """A page, a green check, the labels: merged through a window."""
    number = stage.pull(ORG_REPO, "Explain the on-call rota", {"docs/rota.md": "# Rota\n"}, branch="rota")
    since = len(stage.requests())
    say(f"bascule merge {number} -R {ORG_REPO}")
    ran = stage.run("merge", str(number), "-R", ORG_REPO, "--json")
    found = judged(stage, ORG_REPO, number, ran, code=0, merged=True, since=since)
    stage.merged = number
    return found


def outside(stage: Stage, say: Say) -> Outcome:
    """A page and a program: blocked, and nothing touched."""
    files = {"docs/tool.md": "# Tool\n", "src/tool.py": "print('hi')\n"}
    number = stage.pull(ORG_REPO, "Document the tool, and mend it", files, branch="tool")
    since = len(stage.requests())
    say(f"bascule merge {number} -R {ORG_REPO}")
    ran = stage.run("merge", str(number), "-R", ORG_REPO, "--json")
    return judged(stage, ORG_REPO, number, ran, code=1, merged=False, since=since)


def fork(stage: Stage, say: Say) -> Outcome:
    """A page from somebody's fork: blocked."""
    number = stage.pull(ORG_REPO, "Fix a typo", {"docs/typo.md": "fixed\n"}, branch="typo", fork=True)
    since = len(stage.requests())
    say(f"bascule merge {number} -R {ORG_REPO}")
    ran = stage.run("merge", str(number), "-R", ORG_REPO, "--json")
    return judged(stage, ORG_REPO, number, ran, code=1, merged=False, since=since)


def moving_head(stage: Stage, say: Say) -> Outcome:
    """Somebody pushes after the gates, while protection is being relaxed: GitHub refuses the old SHA, we restore."""
    number = stage.pull(ORG_REPO, "Describe the backup", {"docs/backup.md": "# Backup\n"}, branch="backup")
    stage.sim.control("faults", {"action": "delay", "method": "PATCH", "path": RELAX_PATH, "seconds": 1.5})
    since = len(stage.requests())
    say(f"bascule merge {number} -R {ORG_REPO}")
    process = stage.start("merge", str(number), "-R", ORG_REPO, "--json")
    if stage.wait_for(
        lambda: any(c["method"] == "PATCH" and RELAX_PATH in c["path"] for c in stage.requests()[since:])
    ):
        say("... and now somebody pushes another commit to the branch")
        stage.write(ORG_REPO, {"docs/late.md": "not reviewed by anything\n"}, branch="backup", who="octo-dev")
    ran = stage.finish(process)
    stage.sim.control("faults", method="DELETE")
    return judged(stage, ORG_REPO, number, ran, code=8, merged=False, since=since)


def killed(stage: Stage, say: Say) -> Outcome:
    """SIGKILL right after the relaxation: the sweeper closes the window once its deadline has passed."""
    number = stage.pull(ORG_REPO, "List the runbooks", {"docs/runbooks.md": "# Runbooks\n"}, branch="runbooks")
    before = stage.protection(ORG_REPO)
    # The merge call is held and then cut, so that the owner dies with protection relaxed and nothing merged.
    hold = {"method": "PUT", "path": MERGE_PATH}
    stage.sim.control("faults", [{**hold, "action": "delay", "seconds": 3}, {**hold, "action": "drop"}])
    since = len(stage.requests())
    say(f"bascule merge {number} -R {ORG_REPO}")
    process = stage.start("merge", str(number), "-R", ORG_REPO, "--json")
    asked = stage.wait_for(
        lambda: any(c["method"] == "PUT" and c["path"].endswith("/merge") for c in stage.requests()[since:])
    )
    process.send_signal(signal.SIGKILL)
    stage.finish(process)
    stage.sim.control("faults", method="DELETE")
    loose = stage.protection(ORG_REPO) != before
    say(f"... SIGKILL; protection is {'loose' if loose else 'not loose'}, its owner is dead")
    stage.sim.control("clock", {"advance": 75})
    say("... the simulator's clock goes 75 s ahead, past the deadline; the sweeper does the rest")
    restored = stage.wait_for(lambda: stage.protection(ORG_REPO) == before)
    merged = _state(stage, ORG_REPO, number)["merged"]
    why = ""
    if not asked:
        why = "the run never came to the merge"
    elif not loose:
        why = "protection was never relaxed, so nothing was shown"
    elif not restored:
        why = "the sweeper did not restore within 30 s"
    elif merged:
        why = "GitHub says merged=True"
    return Outcome(
        good=not why,
        got="swept" if restored else "left open",
        why=why or "loose when its owner died; identical again after the sweep",
        steps=_steps(stage.requests()[since:]),
    )


def armed(stage: Stage, say: Say) -> Outcome:
    """Where a relaxation would open to everyone, somebody else's armed auto-merge makes Bascule wait."""
    other = stage.pull(OWN_REPO, "Unreviewed", {"src/evil.py": "x = 1\n"}, branch="unreviewed", labels=())
    node = stage.call("GET", f"/repos/{OWN_REPO}/pulls/{other}")["node_id"]
    stage.graphql(_ENABLE, {"id": node}, who="octo-dev")
    number = stage.pull(OWN_REPO, "Note the meeting", {"docs/meeting.md": "# Meeting\n"}, branch="meeting")
    since = len(stage.requests())
    say(f"auto-merge is armed on #{other}; bascule merge {number} -R {OWN_REPO} --attended")
    ran = stage.run("merge", str(number), "-R", OWN_REPO, "--attended", "--json")
    found = judged(stage, OWN_REPO, number, ran, code=8, merged=False, since=since)
    if _state(stage, OWN_REPO, other)["merged"]:
        return Outcome(good=False, got="slipped through", why=f"#{other} was merged through our window")
    return found


def twice(stage: Stage, say: Say) -> Outcome:
    """`/auto-merge` on a change that is merged already: nothing happens, and it says so."""
    number = stage.merged
    body = {"body": "/auto-merge"}
    comment = stage.call("POST", f"/repos/{ORG_REPO}/issues/{number}/comments", body, who="octo-dev")
    event = {
        "action": "created",
        "comment": comment,
        "issue": stage.call("GET", f"/repos/{ORG_REPO}/issues/{number}"),
        "repository": stage.call("GET", f"/repos/{ORG_REPO}"),
        "sender": comment["user"],
    }
    path = stage.root / "event.json"
    path.write_text(json.dumps(event))
    since = len(stage.requests())
    say(f"`/auto-merge` on #{number}; bascule comment event.json")
    ran = stage.run("comment", str(path), "--json")
    return judged(stage, ORG_REPO, number, ran, code=0, merged=True, since=since)


WINDOW_ACTS: tuple[Act, ...] = (
    Act(title="a safe change", expected="merged", repo=ORG_REPO, play=safe),
    Act(title="outside the allowlist", expected="blocked", repo=ORG_REPO, play=outside),
    Act(title="from a fork", expected="blocked", repo=ORG_REPO, play=fork),
    Act(title="head moves under the run", expected="waiting", repo=ORG_REPO, play=moving_head),
    Act(title="killed inside the window", expected="swept", repo=ORG_REPO, play=killed),
    Act(title="another's armed auto-merge", expected="waiting", repo=OWN_REPO, play=armed),
    Act(title="/auto-merge on a merged change", expected="noop", repo=ORG_REPO, play=twice),
)
