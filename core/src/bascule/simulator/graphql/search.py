"""GitHub's search for pull requests, as far as clients use it to find their own."""

import shlex
from collections.abc import Callable
from typing import Any

from bascule.simulator.access import full_name, permission_of, user_by_login
from bascule.simulator.conversation import labels_of
from bascule.simulator.graphql.pulls import PullNode
from bascule.simulator.graphql.scope import Connection, GraphqlFault, Scope, connect
from bascule.simulator.model import PullRequest
from bascule.simulator.reviewing import review_decision

Test = Callable[[PullRequest], bool]


def search(scope: Scope, query: str, **page: Any) -> Connection:
    """Pull requests that fit every word of the query, newest first.

    GraphqlFault for a qualifier that is not known here: a search that passes it over would find too much.
    """
    tests = [_test(scope, word) for word in _words(query)]
    store = scope.world.store
    rows = [
        row
        for row in sorted(store.pulls, key=lambda p: (p.created_at, p.id), reverse=True)
        if permission_of(scope.world, store.repos[row.repo_id], scope.actor) != "none" and all(t(row) for t in tests)
    ]
    return connect(rows, lambda r: PullNode(scope=scope, row=r), name="search", issue_count=len(rows), **page)


def _words(query: str) -> list[str]:
    try:
        return shlex.split(query)
    except ValueError:
        return query.split()


def _test(scope: Scope, word: str) -> Test:
    key, colon, value = word.partition(":")
    if not colon:
        return lambda p: word.lower() in f"{p.title} {p.body or ''}".lower()
    if key.startswith("-"):
        inner = _test(scope, word[1:])
        return lambda p: not inner(p)
    if key in ("is", "state", "type"):
        return _kind(value)
    world = scope.world
    login = scope.actor.user.login if value == "@me" else value
    user = user_by_login(world, login)
    known: dict[str, Test] = {
        "repo": lambda p: full_name(world, world.store.repos[p.repo_id]).lower() == value.lower(),
        "author": lambda p: user is not None and p.author_id == user.id,
        "assignee": lambda p: user is not None and user.id in p.assignees,
        "review-requested": lambda p: user is not None and _asked(scope, p, user.id),
        "head": lambda p: p.head_ref == value,
        "base": lambda p: p.base_ref == value,
        "label": lambda p: value.lower() in {x.name.lower() for x in labels_of(world, p)},
        "draft": lambda p: p.draft == (value == "true"),
        "review": lambda p: _decision(scope, p) == value,
    }
    if key not in known:
        raise GraphqlFault("UNPROCESSABLE", f"This simulator does not search by `{key}:`; leave it out of the query.")
    return known[key]


def _kind(value: str) -> Test:
    known: dict[str, Test] = {
        "pr": lambda _: True,
        "pull-request": lambda _: True,
        "issue": lambda _: False,
        "open": lambda p: p.state == "open",
        "closed": lambda p: p.state == "closed",
        "merged": lambda p: p.merged,
        "unmerged": lambda p: not p.merged,
        "draft": lambda p: p.draft,
    }
    if value not in known:
        raise GraphqlFault("UNPROCESSABLE", f"This simulator does not search by `is:{value}`; leave it out.")
    return known[value]


def _asked(scope: Scope, pull: PullRequest, user_id: int) -> bool:
    teams = [scope.world.store.teams.get(i) for i in pull.requested_teams]
    return user_id in pull.requested_reviewers or any(t is not None and user_id in t.members for t in teams)


def _decision(scope: Scope, pull: PullRequest) -> str:
    words = {"APPROVED": "approved", "CHANGES_REQUESTED": "changes_requested", "REVIEW_REQUIRED": "required"}
    found = review_decision(scope.world, scope.world.store.repos[pull.repo_id], pull)
    return words.get(found or "", "none")
