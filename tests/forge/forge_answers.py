"""GraphQL answers as GitHub gives them, for the operations of :mod:`bascule.forge.queries`."""

from __future__ import annotations

from typing import Any

SHA, LANDED = "a" * 40, "b" * 40
"""Head of the pull request; tip of its base branch (and of the default branch)."""


def state(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "number": 5,
        "state": "OPEN",
        "isDraft": False,
        "title": "T",
        "merged": False,
        "mergeCommit": None,
        "mergedBy": None,
        "headRefOid": SHA,
        "baseRefName": "main",
        "baseRefOid": "0" * 40,
        "baseRef": {"target": {"oid": LANDED, "tree": {"oid": "7" * 40}}, "rules": ruleset()},
        "isMergeQueueEnabled": False,
        "mergeable": "MERGEABLE",
        "mergeStateStatus": "CLEAN",
        "reviewDecision": "APPROVED",
        "autoMergeRequest": None,
        "labels": {"totalCount": 2, "nodes": [{"name": "b"}, {"name": "a"}]},
        "latestOpinionatedReviews": {
            "totalCount": 0,
            "pageInfo": {"hasNextPage": False, "endCursor": None},
            "nodes": [],
        },
        "reviewThreads": {
            "totalCount": 1,
            "pageInfo": {"hasNextPage": False, "endCursor": None},
            "nodes": [{"isResolved": True}],
        },
        "headCommit": {"nodes": [{"commit": {"oid": SHA, "statusCheckRollup": rollup(run("test"))}}]},
    }
    return {**found, **changes}


def ruleset(*types: str, unseen: int = 0) -> dict[str, Any]:
    return {"totalCount": len(types) + unseen, "nodes": [{"type": name} for name in types]}


def run(name: str, conclusion: str = "SUCCESS", app: str = "github-actions") -> dict[str, Any]:
    return {
        "__typename": "CheckRun",
        "name": name,
        "status": "COMPLETED",
        "conclusion": conclusion,
        "detailsUrl": None,
        "checkSuite": {"app": {"slug": app, "databaseId": 15368}},
    }


def rollup(*contexts: Any, state: str = "SUCCESS") -> dict[str, Any]:
    page = {"hasNextPage": False, "endCursor": None}
    return {"state": state, "contexts": {"totalCount": len(contexts), "pageInfo": page, "nodes": list(contexts)}}


def armed(number: int, base: str = "main") -> dict[str, Any]:
    who = {"__typename": "User", "login": "octo-dev", "databaseId": 3}
    return {"number": number, "baseRefName": base, "autoMergeRequest": {"mergeMethod": "SQUASH", "enabledBy": who}}


def calm(number: int) -> dict[str, Any]:
    return {"number": number, "baseRefName": "main", "autoMergeRequest": None}


def answer(pull: Any, *opened: Any, more: str | None = None, repository_id: int = 7) -> dict[str, Any]:
    page = {"totalCount": len(opened), "pageInfo": {"hasNextPage": more is not None, "endCursor": more}}
    return {
        "repository": {
            "databaseId": repository_id,
            "nameWithOwner": "octo/box",
            "open": {**page, "nodes": list(opened)},
            "pullRequest": pull,
        }
    }


def who(login: str = "octo-dev", number: int | None = 3, kind: str = "User") -> dict[str, Any]:
    return {"__typename": kind, "login": login, "databaseId": number}


def page(*nodes: Any, more: str | None = None, total: int | None = None) -> dict[str, Any]:
    return {
        "totalCount": len(nodes) if total is None else total,
        "pageInfo": {"hasNextPage": more is not None, "endCursor": more},
        "nodes": list(nodes),
    }


def commit(oid: str = SHA, **changes: Any) -> dict[str, Any]:
    found = {
        "oid": oid,
        "message": "change",
        "author": {"name": "Octo", "user": who()},
        "committer": {"name": "GitHub", "user": who("web-flow", 19864447)},
        "parents": {"nodes": [{"oid": "0" * 40}]},
        "signature": {"isValid": True},
    }
    return {"commit": {**found, **changes}}


def file(path: str = "docs/a.md", change: str = "MODIFIED") -> dict[str, Any]:
    return {"path": path, "additions": 1, "deletions": 0, "changeType": change}


def comment(number: int, body: str, author: Any) -> dict[str, Any]:
    return {"databaseId": number, "body": body, "author": author}


def blob(text: str | None = "version: 1\n", **changes: Any) -> dict[str, Any]:
    size = len(text or "")
    return {"__typename": "Blob", "byteSize": size, "isBinary": False, "isTruncated": False, "text": text, **changes}


def tree_entry(name: str, found: Any = None, *, mode: int = 0o100644, kind: str = "blob") -> dict[str, Any]:
    return {"name": name, "type": kind, "mode": mode, "object": blob() if found is None else found}


def folder(*entries: Any) -> dict[str, Any]:
    return {"__typename": "Tree", "entries": list(entries)}


def protection_rule(**changes: Any) -> dict[str, Any]:
    flags = (
        "isAdminEnforced requiresApprovingReviews requireLastPushApproval requiresCodeOwnerReviews "
        "dismissesStaleReviews requiresStatusChecks requiresStrictStatusChecks requiresCommitSignatures "
        "requiresConversationResolution requiresLinearHistory requiresDeployments restrictsPushes "
        "restrictsReviewDismissals blocksCreations allowsDeletions allowsForcePushes lockBranch lockAllowsFetchAndMerge"
    )
    return {
        "id": "BPR_x",
        "databaseId": 12,
        "pattern": "main",
        **dict.fromkeys(flags.split(), False),
        "requiredApprovingReviewCount": 1,
        "requiredDeploymentEnvironments": [],
        "bypassForcePushAllowances": {"totalCount": 0},
        "matchingRefs": {"totalCount": 1},
        **changes,
    }


def pull(**changes: Any) -> dict[str, Any]:
    found = state(
        id="PR_x",
        url="https://github.com/octo/box/pull/5",
        body="why",
        author=who(),
        headRefName="topic",
        headRepository={"databaseId": 7},
        changedFiles=1,
        commits=page(commit()),
        files=page(file()),
        firstComments={"nodes": []},
        lastComments={"nodes": []},
        rule={"branchProtectionRule": protection_rule()},
    )
    return {**found, **changes}


def snapshot(pull_request: Any = None, *, viewer: Any = None, **changes: Any) -> dict[str, Any]:
    repository = {
        "id": "R_x",
        "databaseId": 7,
        "nameWithOwner": "octo/box",
        "isPrivate": False,
        "isArchived": False,
        "viewerPermission": "ADMIN",
        "mergeCommitAllowed": True,
        "squashMergeAllowed": True,
        "rebaseMergeAllowed": False,
        "owner": {"__typename": "Organization"},
        "defaultBranchRef": {"name": "main", "target": {"oid": LANDED}},
        "journal": None,
        "packs": folder(tree_entry("docs.yml")),
        "dotPacks": None,
        "settings": None,
        "open": page(calm(5)),
        "pullRequest": pull() if pull_request is None else pull_request,
    }
    return {
        "viewer": {"login": "octo-admin", "databaseId": 2} if viewer is None else viewer,
        "rateLimit": {"cost": 2, "remaining": 4990, "resetAt": "2026-01-05T10:00:00Z"},
        "repository": {**repository, **changes},
    }
