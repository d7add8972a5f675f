"""GitHub's GraphQL answers into records. Pure; every function takes JSON objects as the queries shape them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from bascule import wire
from bascule.errors import OutsideError
from bascule.forge.ports import PullState, RawCommit
from bascule.forge.snapshot import Armed, ListedFile, Sticky
from bascule.messages import forge as text
from bascule.types import Actor, AutoMerge, CheckResult, Commit, Review, Viewer

Node = Mapping[str, Any]
_CONCLUSIONS = {
    "SUCCESS", "NEUTRAL", "SKIPPED", "FAILURE", "CANCELLED", "TIMED_OUT", "ACTION_REQUIRED", "STALE",
}  # fmt: skip
_STATUS_STATES = {"SUCCESS": "success", "FAILURE": "failure", "ERROR": "error"}
RULES = "repository.pullRequest.baseRef.rules"
"""Where an error only means that the token is not shown them."""
_WRITERS = {"ADMIN", "MAINTAIN", "WRITE"}


@contextmanager
def shaped(what: str) -> Iterator[None]:
    """Turn a missing or odd field into an error that names the call instead of a traceback."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError) as odd:
        message, hint = text.wrong_shape(what, "the fields that were asked for", f"{type(odd).__name__}: {odd}")
        raise OutsideError(message, hint=hint) from odd


def nodes(connection: Node | None) -> list[Node]:
    """Return a connection's nodes; GitHub may put null among them for what the token must not see."""
    return [n for n in (connection or {}).get("nodes") or () if n is not None]


def actor(node: Node | None) -> Actor | None:
    """Return who ``node`` is, or None for a deleted account; a bot gets the ``[bot]`` suffix that REST shows."""
    if node is None:
        return None
    login, kind = str(node["login"]), str(node.get("__typename") or "User")
    if kind == "Bot" and not login.endswith("[bot]"):
        login += "[bot]"
    elif login.endswith("[bot]"):
        kind = "Bot"  # commits name a bot's account as a plain user
    return Actor(login=login, id=node.get("databaseId"), type=kind)


def viewer(node: Node, permission: str | None, headers: Mapping[str, str]) -> Viewer:
    """Return who the token is. ``permission``: the repository's ``viewerPermission`` (None for Apps)."""
    who = actor({"__typename": "User", **node})
    assert who is not None
    is_app = who.type == "Bot"
    return Viewer(
        login=who.login,
        id=who.id,
        type=who.type,
        admin=permission == "ADMIN" and not is_app,
        can_write=permission in _WRITERS,
        app_slug=who.login.removesuffix("[bot]") if is_app else None,
        expires_at=_expiry(headers.get("github-authentication-token-expiration", "")),
    )


def commits(found: Iterable[Node]) -> tuple[Commit, ...]:
    """Return the commits of a pull request, oldest first as GitHub lists them."""
    return tuple(_commit(n["commit"]) for n in found)


def reviews(found: Iterable[Node]) -> tuple[Review, ...]:
    """Return the latest opinionated review of each reviewer."""
    return tuple(
        Review(
            author=actor(n["author"]),
            state=n["state"],
            commit_sha=(n["commit"] or {}).get("oid", ""),
            can_write=n["authorCanPushToRepository"],
        )
        for n in found
    )


def checks(found: Iterable[Node]) -> tuple[CheckResult, ...]:
    """Return check runs and statuses of the head."""
    return tuple(_status(n) if n["__typename"] == "StatusContext" else _run(n) for n in found)


def listed(found: Iterable[Node]) -> tuple[ListedFile, ...]:
    """Return GitHub's list of changed files."""
    return tuple(
        ListedFile(path=n["path"], change=n["changeType"], additions=n["additions"], deletions=n["deletions"])
        for n in found
    )


def auto_merge(node: Node | None) -> AutoMerge | None:
    """Return the auto-merge that somebody armed, or None."""
    return AutoMerge(enabled_by=actor(node["enabledBy"]), method=node["mergeMethod"].lower()) if node else None


def armed(found: Iterable[Node], *, but: int) -> tuple[Armed, ...]:
    """Return those of the open pull requests that have auto-merge armed, without ``but``."""
    return tuple(
        Armed(
            number=n["number"],
            base_ref=n["baseRefName"],
            method=n["autoMergeRequest"]["mergeMethod"].lower(),
            enabled_by=actor(n["autoMergeRequest"]["enabledBy"]),
        )
        for n in found
        if n["autoMergeRequest"] is not None and n["number"] != but
    )


def chain(history: Node | None) -> tuple[RawCommit, ...]:
    """Return the commits of a history page, in GitHub's order."""
    return tuple(
        RawCommit(
            sha=n["oid"],
            parents=tuple(p["oid"] for p in nodes(n["parents"])),
            message=n["message"],
            tree=n["tree"]["oid"],
        )
        for n in nodes(history)
    )


def stickies(comments: Iterable[Node]) -> tuple[Sticky, ...]:
    """Return the comments that begin with Bascule's mark, each once, oldest first."""
    found: dict[int, Sticky] = {}
    for n in comments:
        body, who = str(n["body"]), actor(n["author"])
        if body.lstrip().startswith(text.STICKY_MARK) and who is not None and n["databaseId"] is not None:
            found[n["databaseId"]] = Sticky(id=n["databaseId"], author=who.login, sha256=digest(body))
    return tuple(found[i] for i in sorted(found))


def digest(body: str) -> str:
    """Return the hex SHA-256 of a comment's body, line ends as GitHub may change them left out of account."""
    return hashlib.sha256(body.replace("\r\n", "\n").strip().encode()).hexdigest()


def packs(folders: Mapping[str, Node | None]) -> tuple[dict[str, str], str | None]:
    """Return rulepacks by path, and None or what is wrong with the first that cannot be read as text.

    Only ``*.yml`` directly in a folder; other names are left alone, but ``*.yaml`` is a mistake worth stopping for.
    """
    found: dict[str, str] = {}
    problems: list[str] = []
    for folder, node in folders.items():
        if node is None:
            continue
        if node["__typename"] != "Tree":
            problems.append(text.pack_unreadable(folder, text.PACK_NO_FOLDER))
            continue
        for entry in node["entries"] or ():
            path = f"{folder}/{entry['name']}"
            if entry["name"].endswith(".yaml"):
                problems.append(text.pack_unreadable(path, text.PACK_SUFFIX))
            if not entry["name"].endswith(".yml"):
                continue
            reason = _pack_problem(entry)
            if reason is None:
                found[path] = entry["object"]["text"]
            else:
                problems.append(text.pack_unreadable(path, reason))
    return found, "; ".join(problems) or None


def settings(node: Node | None) -> tuple[str | None, str | None]:
    """Return the text of `.github/bascule.yml` (None when there is none), and None or what is wrong with it."""
    if node is None:
        return None, None
    reason = text.PACK_NOT_A_FILE if node["__typename"] != "Blob" else _blob_problem(node)
    return (node["text"], None) if reason is None else (None, text.pack_unreadable(".github/bascule.yml", reason))


def head_contexts(pull: Node) -> tuple[str | None, Node | None]:
    """Return the SHA of the last listed commit and its status roll-up, each None when absent."""
    last = nodes(pull["headCommit"])
    commit = last[-1]["commit"] if last else {}
    return commit.get("oid"), commit.get("statusCheckRollup")


def base_tip(pull: Node) -> tuple[str, str | None]:
    """Return the tip of the base branch and its tree; GitHub's ``baseRefOid`` lags and serves only when there is
    no ref."""
    target = (pull["baseRef"] or {}).get("target") or {}
    return target.get("oid") or pull["baseRefOid"], (target.get("tree") or {}).get("oid")


def rules(pull: Node) -> tuple[str, ...]:
    """Return the types of the rules that active rulesets put on the base branch, sorted; ``MERGE_QUEUE`` also for a
    queue that classic protection asks for, ``UNREADABLE`` where GitHub did not show all of them."""
    base, found = pull["baseRef"], set()
    if base is not None:
        shown = nodes(base["rules"])
        found = {n["type"] for n in shown}
        if base["rules"] is None or base["rules"]["totalCount"] != len(shown):
            found.add("UNREADABLE")
    return tuple(sorted(found | ({"MERGE_QUEUE"} if pull["isMergeQueueEnabled"] else set())))


def fingerprint(pull: Node) -> str:
    """Return a hash over what may move under a run: head, base and its rules, labels, reviews, checks, conversations,
    title, state.

    Bascule's own check run is left out: reporting must not look like a change. Equal hashes mean that nothing
    moved, as far as the first 100 of each list and the totals show.
    """
    oid, rollup = head_contexts(pull)
    contexts = (rollup or {}).get("contexts") or {}
    own = [n for n in nodes(contexts) if text.REPORT_NAME in (n.get("name"), n.get("context"))]
    threads = pull["reviewThreads"]
    found = {
        "state": [pull["state"], pull["isDraft"], pull["merged"], pull["title"]],
        "head": [pull["headRefOid"], oid],
        "base": [pull["baseRefName"], base_tip(pull)[0]],
        "rules": rules(pull),
        "labels": sorted(n["name"] for n in nodes(pull["labels"])),
        "decision": pull["reviewDecision"],
        "reviews": sorted(
            [(n["author"] or {}).get("login", ""), n["state"], (n["commit"] or {}).get("oid", "")]
            for n in nodes(pull["latestOpinionatedReviews"])
        ),
        "threads": [threads["totalCount"], sum(not n["isResolved"] for n in nodes(threads))],
        "checks": sorted(
            [c.name, c.state, str(c.app), str(c.creator)] for c in checks(n for n in nodes(contexts) if n not in own)
        ),
        "totals": [pull["latestOpinionatedReviews"]["totalCount"], contexts.get("totalCount", 0) - len(own)],
        "armed": pull["autoMergeRequest"] is not None,
    }
    return wire.sha256(found)


def pull_state(pull: Node, *, others: Iterable[Armed], date: datetime) -> PullState:
    """Return the record of a re-read."""
    merged_by = actor(pull["mergedBy"])
    _, rollup = head_contexts(pull)
    return PullState(
        number=pull["number"],
        state=pull["state"].lower(),
        merged=pull["merged"],
        merge_sha=(pull["mergeCommit"] or {}).get("oid"),
        merged_by=merged_by.login if merged_by else None,
        head_sha=pull["headRefOid"],
        base_ref=pull["baseRefName"],
        base_sha=base_tip(pull)[0],
        draft=pull["isDraft"],
        labels=tuple(sorted(n["name"] for n in nodes(pull["labels"]))),
        review_decision=pull["reviewDecision"],
        checks_state=rollup["state"] if rollup else None,
        armed=tuple(sorted(a.number for a in others)),
        date=date,
        fingerprint=fingerprint(pull),
    )


def _commit(node: Node) -> Commit:
    author, committer = node["author"] or {}, node["committer"] or {}
    return Commit(
        sha=node["oid"],
        author=actor(author.get("user")),
        committer=actor(committer.get("user")),
        author_name=author.get("name") or "",
        committer_name=committer.get("name") or "",
        message=node["message"],
        parents=tuple(p["oid"] for p in nodes(node["parents"])),
        verified=bool((node["signature"] or {}).get("isValid")),
    )


def _run(node: Node) -> CheckResult:
    app = (node["checkSuite"] or {}).get("app") or {}
    return CheckResult(
        name=node["name"],
        state=_run_state(node["status"], node["conclusion"]),
        app=app.get("slug"),
        app_id=app.get("databaseId"),
        url=node["detailsUrl"] or "",
    )


def _run_state(status: str, conclusion: str | None) -> str:
    if status == "COMPLETED":
        # An unknown conclusion (STARTUP_FAILURE and whatever comes) is not green.
        return conclusion.lower() if conclusion in _CONCLUSIONS else "failure"
    return "in_progress" if status == "IN_PROGRESS" else "queued"


def _status(node: Node) -> CheckResult:
    creator = actor(node["creator"])
    return CheckResult(
        name=node["context"],
        state=_STATUS_STATES.get(node["state"], "pending"),
        creator=creator.login if creator else None,
        url=node["targetUrl"] or "",
        is_status=True,
    )


def _pack_problem(entry: Node) -> str | None:
    # Modes as git writes them: 100644 and 100755; a link's "content" would be the path that it points to.
    if entry["type"] != "blob" or entry["mode"] not in {0o100644, 0o100755, 0o100664}:
        return text.PACK_NOT_A_FILE
    blob = entry["object"]
    return text.PACK_NOT_A_FILE if blob is None or blob["__typename"] != "Blob" else _blob_problem(blob)


def _blob_problem(blob: Node) -> str | None:
    if blob["isTruncated"]:
        return text.PACK_TOO_BIG
    return text.PACK_BINARY if blob["isBinary"] or blob["text"] is None else None


def _expiry(value: str) -> datetime | None:
    """Parse ``2026-03-01 12:00:00 UTC`` or ``... +0200``; None for anything else."""
    for form in ("%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H:%M:%S %z"):
        try:
            parsed = datetime.strptime(value.strip(), form)
        except ValueError:
            continue
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    return None
