"""Parts that several GraphQL operations share: what is asked of a person, a check, a commit, a rule."""

from __future__ import annotations

# A bot's login comes without its "[bot]" suffix here; reading.actor puts it back.
WHO = """
fragment Who on Actor {
  __typename
  login
  ... on User { databaseId }
  ... on Bot { databaseId }
  ... on Mannequin { databaseId }
  ... on Organization { databaseId }
}
"""

CONTEXTS = """
fragment Contexts on StatusCheckRollupContextConnection {
  totalCount
  pageInfo { hasNextPage endCursor }
  nodes {
    __typename
    ... on CheckRun { name status conclusion detailsUrl checkSuite { app { slug databaseId } } }
    ... on StatusContext { context state targetUrl creator { ...Who } }
  }
}
"""

REVIEWS = """
fragment Reviews on PullRequestReviewConnection {
  totalCount
  pageInfo { hasNextPage endCursor }
  nodes { state authorCanPushToRepository author { ...Who } commit { oid } }
}
"""

THREADS = """
fragment Threads on PullRequestReviewThreadConnection {
  totalCount
  pageInfo { hasNextPage endCursor }
  nodes { isResolved }
}
"""

# What may move under a run. The snapshot and the re-read share it, so that their fingerprints can be compared.
STATE = (
    """
fragment State on PullRequest {
  number
  state
  isDraft
  title
  merged
  mergeCommit { oid }
  mergedBy { ...Who }
  headRefOid
  baseRefName
  baseRefOid
  baseRef { target { oid ... on Commit { tree { oid } } } rules(first: 100) { totalCount nodes { type } } }
  isMergeQueueEnabled
  mergeable
  mergeStateStatus
  reviewDecision
  autoMergeRequest { mergeMethod enabledBy { ...Who } }
  labels(first: 100) { totalCount nodes { name } }
  latestOpinionatedReviews(first: 100) { ...Reviews }
  reviewThreads(first: 100) { ...Threads }
  headCommit: commits(last: 1) {
    nodes { commit { oid statusCheckRollup { state contexts(first: 100) { ...Contexts } } } }
  }
}
"""
    + WHO
    + CONTEXTS
    + REVIEWS
    + THREADS
)

COMMITS = """
fragment Commits on PullRequestCommitConnection {
  totalCount
  pageInfo { hasNextPage endCursor }
  nodes {
    commit {
      oid
      message
      author { name user { ...Who } }
      committer { name user { ...Who } }
      parents(first: 10) { nodes { oid } }
      signature { isValid }
    }
  }
}
"""

FILES = """
fragment Files on PullRequestChangedFileConnection {
  totalCount
  pageInfo { hasNextPage endCursor }
  nodes { path additions deletions changeType }
}
"""

OPEN = """
fragment Open on PullRequestConnection {
  totalCount
  pageInfo { hasNextPage endCursor }
  nodes { number baseRefName autoMergeRequest { mergeMethod enabledBy { ...Who } } }
}
"""

FOLDER = """
fragment Folder on GitObject {
  __typename
  ... on Tree {
    entries { name type mode object { __typename ... on Blob { byteSize isBinary isTruncated text } } }
  }
}
"""

CHAIN = """
fragment Chain on GitObject {
  oid
  ... on Commit {
    history(first: $entries, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { oid message tree { oid } parents(first: 3) { nodes { oid } } }
    }
  }
}
"""

# With the settings that REST hides; only administrators are shown a rule.
RULE = """
fragment Rule on BranchProtectionRule {
  id
  databaseId
  pattern
  isAdminEnforced
  requiresApprovingReviews
  requiredApprovingReviewCount
  requireLastPushApproval
  requiresCodeOwnerReviews
  dismissesStaleReviews
  requiresStatusChecks
  requiresStrictStatusChecks
  requiresCommitSignatures
  requiresConversationResolution
  requiresLinearHistory
  requiresDeployments
  requiredDeploymentEnvironments
  restrictsPushes
  restrictsReviewDismissals
  blocksCreations
  allowsDeletions
  allowsForcePushes
  lockBranch
  lockAllowsFetchAndMerge
  bypassForcePushAllowances(first: 1) { totalCount }
  matchingRefs(first: 2) { totalCount }
}
"""
