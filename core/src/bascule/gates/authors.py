"""May everyone who wrote it have written it? The opener, every commit's author, every commit's committer.

Entries of ``authors.allow`` and ``authors.deny``:

- ``octo-dev``: a user of that login. ``renovate[bot]``: a bot of that login; a user never matches it.
- ``octo-dev#583231``, ``renovate[bot]#29139614``: login *and* numeric id; a login that changed hands no longer matches.
- ``@org/team``: whoever is a member now, by numeric id.

Logins are compared without regard to case, as GitHub does. One account is neutral: ``web-flow``, in whose name GitHub
commits what is done on its pages, and only as committer of a commit whose signature GitHub verified. Anybody can write
the same name into an unsigned commit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bascule.gates._ask import Answer, allow, block
from bascule.messages import gate_people as say
from bascule.messages.wording import code, short
from bascule.types import Actor, Change, Check, Commit, GateContext

RULE = "authors"
WEB_FLOW_LOGIN = "web-flow"
WEB_FLOW_ID = 19864447


def judge(ctx: GateContext, claimed: frozenset[str]) -> Answer:  # noqa: ARG001 - the whole change, claimed or not
    """Block unknown accounts, whoever is denied or not allowed; an empty ``allow`` asks only for known accounts."""
    change, rule, pack = ctx.change, ctx.pack.authors, ctx.pack
    failed: list[Check] = []
    if not change.commits_complete or not change.commits:
        failed.append(block(RULE, say.commits_incomplete(len(change.commits))))
    teams = {name.removeprefix("@").casefold(): frozenset(ids) for name, ids in change.teams.items()}
    unread = [e for e in (*rule.allow, *rule.deny) if e.startswith("@") and e[1:].casefold() not in teams]

    unknown: list[str] = []
    denied: list[str] = []
    strangers: list[str] = []
    names: list[str] = []
    seen: set[tuple[Actor, str]] = set()
    for actor, role, name in _people(change):
        if actor is None:
            unknown.append(f"{code(name)}, {role}" if name else role)
            continue
        kind = role.partition(" ")[0]
        if (actor, kind) in seen:  # one line a person and role, however many commits
            continue
        seen.add((actor, kind))
        names.append(actor.login)
        if any(_matches(entry, actor, teams, deny=True) for entry in rule.deny):
            denied.append(f"{code(actor.login)}, {role}")
        elif rule.allow and not any(_matches(entry, actor, teams) for entry in rule.allow):
            strangers.append(f"{code(actor.login)}, {role}")
    if unknown:
        failed.append(block(RULE, say.unknown_people(unknown)))
    if denied:
        failed.append(block(RULE, say.denied_people(denied), where=pack.where("authors.deny")))
    if strangers:
        failed.append(block(RULE, say.strangers(strangers, rule.allow), where=pack.where("authors.allow")))
    # A team that nobody could read admits nobody and would deny nobody: the first is safe, the second is not.
    if unread and (strangers or any(e in rule.deny for e in unread)):
        failed.append(block(RULE, say.unread_teams(unread), where=pack.where("authors")))
    if failed:
        return tuple(failed)
    return (
        allow(RULE, say.people_ok(names, len(change.commits)), where=pack.where("authors") if rule.allow else None),
    )


def _people(change: Change) -> Iterator[tuple[Actor | None, str, str]]:
    """Yield (account, role, name as written) of everyone involved, neutral committers left out."""
    yield change.author, "opened it", ""
    for commit in change.commits:
        at = code(short(commit.sha))
        yield commit.author, f"author of {at}", commit.author_name
        if not _is_neutral(commit):
            yield commit.committer, f"committer of {at}", commit.committer_name


def _is_neutral(commit: Commit) -> bool:
    who = commit.committer
    return who is not None and commit.verified and who.id == WEB_FLOW_ID and who.login == WEB_FLOW_LOGIN


def _matches(entry: str, actor: Actor, teams: Mapping[str, frozenset[int]], *, deny: bool = False) -> bool:
    """Return whether ``entry`` names ``actor``; with ``deny``, a pinned id is enough whatever the login is now."""
    if entry.startswith("@"):
        return actor.id is not None and actor.id in teams.get(entry[1:].casefold(), ())
    login, pinned, number = entry.partition("#")
    same_login = login.casefold() == actor.login.casefold()
    if pinned:
        same_id = number == str(actor.id)
        if deny:
            return same_id or (same_login and actor.id is None)
        return same_id and same_login
    if deny:
        return same_login
    return same_login and actor.type == ("Bot" if login.endswith("[bot]") else "User")
