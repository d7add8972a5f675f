"""REST resources, one module each; a module exports `routes`.

Order matters where one address is a prefix pattern of another: `/branches/{branch:path}` would swallow
`/branches/main/protection`, so the narrower module comes first.
"""

from starlette.routing import Route

from bascule.simulator.rest import (
    accounts,
    actions,
    branches,
    checks,
    collaborators,
    comments,
    commits,
    contents,
    deployments,
    forks,
    git_objects,
    git_refs,
    issues,
    labels,
    merges,
    protection,
    pulls,
    reactions,
    releases,
    repositories,
    review_comments,
    reviews,
    root,
    statuses,
    timeline,
)

ROUTES: list[Route] = [
    *root.routes,
    *accounts.routes,
    *forks.routes,
    *collaborators.routes,
    *git_refs.routes,
    *git_objects.routes,
    *releases.routes,
    *contents.routes,
    *protection.routes,
    *branches.routes,
    *statuses.routes,
    *checks.routes,
    *actions.routes,
    *deployments.routes,
    *pulls.routes,
    *merges.routes,
    *reviews.routes,
    *review_comments.routes,
    *issues.routes,
    *labels.routes,
    *comments.routes,
    *reactions.routes,
    *timeline.routes,
    *commits.routes,
    *repositories.routes,
]
