"""Every GraphQL operation that Bascule sends, by name, with what it costs.

A GraphQL call is one request and some *points* of an hourly 5,000: every connection counts one, each nested
connection one per parent node, the sum divided by 100, at least 1. The texts are constants, so that an allowlist
can compare them whole, and each begins with ``query``, so that nothing mistakes a read for a write.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from bascule.forge import fragments as parts


@frozen(kw_only=True)
class Operation:
    """One named operation. ``points``: what GitHub charges at most; ``why``: what it is for."""

    name: str
    text: str
    points: int
    why: str


# Rulepacks are asked for at HEAD, because the base branch is not known before this answer: for a pull request into
# the default branch (nearly all) they are the right ones, for others one more call (PacksAt) follows.
SNAPSHOT = Operation(
    name="Snapshot",
    points=4,
    why="everything the gates need, in one call",
    text="""query Snapshot($owner: String!, $name: String!, $number: Int!, $entries: Int = 20, $after: String) {
  viewer { login databaseId }
  rateLimit { cost remaining resetAt }
  repository(owner: $owner, name: $name) {
    id
    databaseId
    nameWithOwner
    isPrivate
    isArchived
    viewerPermission
    mergeCommitAllowed
    squashMergeAllowed
    rebaseMergeAllowed
    owner { __typename }
    defaultBranchRef { name target { oid } }
    journal: ref(qualifiedName: "refs/bascule/journal") { target { ...Chain } }
    packs: object(expression: "HEAD:rulepack") { ...Folder }
    dotPacks: object(expression: "HEAD:.github/rulepack") { ...Folder }
    settings: object(expression: "HEAD:.github/bascule.yml") {
      __typename
      ... on Blob { byteSize isBinary isTruncated text }
    }
    open: pullRequests(states: OPEN, first: 100) { ...Open }
    pullRequest(number: $number) {
      ...State
      id
      url
      body
      author { ...Who }
      headRefName
      headRepository { databaseId }
      changedFiles
      commits(first: 100) { ...Commits }
      files(first: 100) { ...Files }
      firstComments: comments(first: 20) { ...Comments }
      lastComments: comments(last: 30) { ...Comments }
      rule: baseRef {
        branchProtectionRule { ...Rule }
      }
    }
  }
}
fragment Comments on IssueCommentConnection {
  nodes { databaseId body author { ...Who } }
}
"""
    + parts.STATE
    + parts.COMMITS
    + parts.FILES
    + parts.OPEN
    + parts.FOLDER
    + parts.CHAIN
    + parts.RULE,
)

PACKS_AT = Operation(
    name="PacksAt",
    points=1,
    why="rulepacks and settings of a base branch that is not the default one",
    text="""query PacksAt($owner: String!, $name: String!, $packs: String!, $dotPacks: String!, $settings: String!) {
  repository(owner: $owner, name: $name) {
    packs: object(expression: $packs) { ...Folder }
    dotPacks: object(expression: $dotPacks) { ...Folder }
    settings: object(expression: $settings) { __typename ... on Blob { byteSize isBinary isTruncated text } }
  }
}
"""
    + parts.FOLDER,
)

MORE_FILES = Operation(
    name="MoreFiles",
    points=1,
    why="100 further changed files",
    text="""query MoreFiles($owner: String!, $name: String!, $number: Int!, $after: String!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) { headRefOid page: files(first: 100, after: $after) { ...Files } }
  }
}
"""
    + parts.FILES,
)

MORE_COMMITS = Operation(
    name="MoreCommits",
    points=1,
    why="100 further commits of the pull request",
    text="""query MoreCommits($owner: String!, $name: String!, $number: Int!, $after: String!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) { headRefOid page: commits(first: 100, after: $after) { ...Commits } }
  }
}
"""
    + parts.WHO
    + parts.COMMITS,
)

MORE_CONTEXTS = Operation(
    name="MoreContexts",
    points=1,
    why="100 further check runs and statuses of the head",
    text="""query MoreContexts($owner: String!, $name: String!, $number: Int!, $after: String!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      headRefOid
      headCommit: commits(last: 1) {
        nodes { commit { oid statusCheckRollup { page: contexts(first: 100, after: $after) { ...Contexts } } } }
      }
    }
  }
}
"""
    + parts.WHO
    + parts.CONTEXTS,
)

MORE_REVIEWS = Operation(
    name="MoreReviews",
    points=1,
    why="100 further reviewers",
    text="""query MoreReviews($owner: String!, $name: String!, $number: Int!, $after: String!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      headRefOid
      page: latestOpinionatedReviews(first: 100, after: $after) { ...Reviews }
    }
  }
}
"""
    + parts.WHO
    + parts.REVIEWS,
)

MORE_THREADS = Operation(
    name="MoreThreads",
    points=1,
    why="100 further conversations",
    text="""query MoreThreads($owner: String!, $name: String!, $number: Int!, $after: String!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) { headRefOid page: reviewThreads(first: 100, after: $after) { ...Threads } }
  }
}
"""
    + parts.THREADS,
)

OPEN_PULLS = Operation(
    name="OpenPulls",
    points=1,
    why="100 further open pull requests, to find those with auto-merge armed",
    text="""query OpenPulls($owner: String!, $name: String!, $base: String, $after: String) {
  repository(owner: $owner, name: $name) {
    databaseId
    open: pullRequests(states: OPEN, first: 100, baseRefName: $base, after: $after) { ...Open }
  }
}
"""
    + parts.WHO
    + parts.OPEN,
)

FIND_PULL = Operation(
    name="FindPull",
    points=1,
    why="the open pull requests that come from a branch",
    text="""query FindPull($owner: String!, $name: String!, $branch: String!) {
  repository(owner: $owner, name: $name) {
    pullRequests(states: OPEN, headRefName: $branch, first: 20) {
      nodes { number isCrossRepository headRepositoryOwner { login } }
    }
  }
}
""",
)

MERGEABLE = Operation(
    name="Mergeable",
    points=1,
    why="asked again while GitHub is still computing whether it merges",
    text="""query Mergeable($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) { headRefOid mergeable mergeStateStatus }
  }
}
""",
)

VIEWER = Operation(
    name="Viewer",
    points=1,
    why="who a token is and what it may do here; for whoever restores, where the journal is",
    text="""query Viewer($owner: String!, $name: String!) {
  viewer { login databaseId }
  repository(owner: $owner, name: $name) {
    databaseId
    nameWithOwner
    viewerPermission
    settings: object(expression: "HEAD:.github/bascule.yml") {
      __typename
      ... on Blob { byteSize isBinary isTruncated text }
    }
  }
}
""",
)

GUARD = Operation(
    name="Guard",
    points=1,
    why="what only the Keeper's token is shown: who it is, the branch's whole rule, and the journal on the way",
    text="""query Guard($owner: String!, $name: String!, $branch: String!, $entries: Int = 20, $after: String) {
  viewer { login databaseId }
  repository(owner: $owner, name: $name) {
    databaseId
    nameWithOwner
    viewerPermission
    journal: ref(qualifiedName: "refs/bascule/journal") { target { ...Chain } }
    branch: ref(qualifiedName: $branch) { branchProtectionRule { ...Rule } }
  }
}
"""
    + parts.CHAIN
    + parts.RULE,
)

# The armed list rides along: at most one page here, further pages through OpenPulls.
PULL_STATE = Operation(
    name="PullState",
    points=2,
    why="what may have moved, right before the merge and after an ambiguous reply",
    text="""query PullState($owner: String!, $name: String!, $number: Int!, $base: String) {
  repository(owner: $owner, name: $name) {
    databaseId
    nameWithOwner
    open: pullRequests(states: OPEN, first: 100, baseRefName: $base) { ...Open }
    pullRequest(number: $number) { ...State }
  }
}
"""
    + parts.STATE
    + parts.OPEN,
)

JOURNAL = Operation(
    name="Journal",
    points=1,
    why="the journal's tip and newest entries",
    text="""query Journal($owner: String!, $name: String!, $entries: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    databaseId
    nameWithOwner
    defaultBranchRef { target { ... on Commit { tree { oid } } } }
    journal: ref(qualifiedName: "refs/bascule/journal") { target { ...Chain } }
  }
}
"""
    + parts.CHAIN,
)

JOURNAL_CHAIN = Operation(
    name="JournalChain",
    points=1,
    why="100 entries of the journal from a given one backwards",
    text="""query JournalChain($owner: String!, $name: String!, $oid: GitObjectID!, $entries: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    databaseId
    object(oid: $oid) { ...Chain }
  }
}
"""
    + parts.CHAIN,
)

OPERATIONS: Mapping[str, Operation] = {
    operation.name: operation
    for operation in (
        SNAPSHOT,
        PACKS_AT,
        MORE_FILES,
        MORE_COMMITS,
        MORE_CONTEXTS,
        MORE_REVIEWS,
        MORE_THREADS,
        OPEN_PULLS,
        FIND_PULL,
        MERGEABLE,
        VIEWER,
        GUARD,
        PULL_STATE,
        JOURNAL,
        JOURNAL_CHAIN,
    )
}
"""Every operation by name."""
