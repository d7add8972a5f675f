"""From GitHub's GET to the canonical record, to JSON and to a digest.

The whole GET is read: what is not understood is kept under ``extra`` rather than dropped, so that it takes part in
every comparison. Only addresses and what GitHub derives from other fields are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cattrs import BaseValidationError

from bascule import wire
from bascule.errors import OutsideError
from bascule.protection.fields import (
    BYPASS,
    CHECKS,
    DISMISSAL,
    RESTRICTIONS,
    REVIEWS,
    TABLE,
    Shape,
    present,
    raw_value,
    value,
)
from bascule.protection.model import (
    ANY_APP,
    KINDS,
    Actors,
    Hidden,
    Member,
    Protection,
    RequiredCheck,
    Reviews,
    StatusChecks,
)

RULE_FIELDS = """id pattern matchingRefs { totalCount } bypassForcePushAllowances { totalCount }
requiresDeployments requiredDeploymentEnvironments"""
"""What to ask of GraphQL's ``ref.branchProtectionRule`` for :func:`canonical`'s ``rule``."""

_WRAPPED = (
    "required_signatures",
    "required_linear_history",
    "allow_force_pushes",
    "allow_deletions",
    "block_creations",
    "required_conversation_resolution",
    "lock_branch",
    "allow_fork_syncing",
)
_REVIEW_FLAGS = ("dismiss_stale_reviews", "require_code_owner_reviews", "require_last_push_approval")
_COUNT = "required_approving_review_count"
_DERIVED = frozenset({"name", "enabled", "enforcement_level"})


def _address(key: str) -> bool:
    return key == "url" or key.endswith("_url")


def _scrubbed(held: Any) -> Any:
    if isinstance(held, Mapping):
        return {key: _scrubbed(inner) for key, inner in held.items() if not _address(str(key))}
    return [_scrubbed(inner) for inner in held] if isinstance(held, list) else held


def _brief(found: Any) -> str:
    text = "absent" if found is None else repr(found)
    return text if len(text) <= 80 else f"{text[:77]}..."


class _Reader:
    """Reads one GET body, collects what nobody asked for, and names the field in every complaint."""

    def __init__(self, branch: str) -> None:
        self.where = f"classic:{branch}"
        self.extra: dict[str, Any] = {}

    def fail(self, path: str, found: Any, expected: str) -> OutsideError:
        return OutsideError(
            f"field {path or 'protection'!r} of branch protection is {_brief(found)}, expected {expected}",
            where=self.where,
            hint="protection that cannot be read is not touched; report this answer of the server",
        )

    def mapping(self, found: Any, path: str, known: Iterable[str]) -> Mapping[str, Any]:
        """Return ``found`` as an object; keys that are not ``known``, no address and not derived go to ``extra``."""
        if not isinstance(found, Mapping):
            raise self.fail(path, found, "an object")
        for key, held in found.items():
            if key not in known and not _address(key):
                self.extra[f"{path}.{key}" if path else str(key)] = _scrubbed(held)
        return found

    def flag(self, found: Any, path: str) -> bool | None:
        if found is None or isinstance(found, bool):
            return found
        raise self.fail(path, found, "true or false")

    def wrapped(self, found: Any, path: str) -> bool | None:
        if found is None:
            return None
        enabled = self.flag(self.mapping(found, path, {"enabled"}).get("enabled"), f"{path}.enabled")
        if enabled is None:
            raise self.fail(f"{path}.enabled", None, "true or false")
        return enabled

    def text(self, found: Any, path: str) -> str:
        if isinstance(found, str) and found:
            return found
        raise self.fail(path, found, "a text")

    def number(self, found: Any, path: str, *, least: int = 0) -> int:
        if isinstance(found, int) and not isinstance(found, bool) and found >= least:
            return found
        raise self.fail(path, found, f"a number from {least}")

    def items(self, found: Any, path: str) -> list[Any]:
        if isinstance(found, list):
            return found
        raise self.fail(path, found, "a list")

    def member(self, found: Any, path: str, name: str) -> Member:
        # A user object has some twenty keys that describe the account, not the protection: only the identity is kept.
        if not isinstance(found, Mapping):
            raise self.fail(path, found, "an object")
        node = found.get("node_id") or ""
        return Member(
            name=self.text(found.get(name), f"{path}.{name}"),
            id=None if found.get("id") is None else self.number(found["id"], f"{path}.id"),
            node_id=self.text(node, f"{path}.node_id") if node else "",
        )

    def actors(self, found: Any, path: str) -> Actors:
        group = self.mapping(found, path, KINDS)
        lists = {}
        for kind in KINDS:
            at = f"{path}.{kind}"
            name = "login" if kind == "users" else "slug"
            listed = group.get(kind)
            lists[kind] = tuple(
                self.member(m, f"{at}[{n}]", name)
                for n, m in enumerate(self.items([] if listed is None else listed, at))
            )
        return Actors(**lists)

    def checks(self, found: Any) -> StatusChecks:
        group = self.mapping(found, CHECKS, {"strict", "contexts", "checks", *_DERIVED})
        required = []
        if group.get("checks") is not None:
            for n, item in enumerate(self.items(group["checks"], f"{CHECKS}.checks")):
                at = f"{CHECKS}.checks[{n}]"
                if not isinstance(item, Mapping):
                    raise self.fail(at, item, "an object")
                context, app = self.text(item.get("context"), f"{at}.context"), item.get("app_id")
                # Named by its context, not its place: a server may list the same checks in another order.
                self.mapping(item, f"{CHECKS}.checks[{context}]", {"context", "app_id"})
                app = ANY_APP if app is None else self.number(app, f"{at}.app_id", least=ANY_APP)
                required.append(RequiredCheck(context=context, app_id=app))
        # `contexts` repeats the names of `checks`; old servers have only `contexts`. A name that stands only there is
        # still required.
        named = {c.context for c in required}
        contexts = group.get("contexts")
        for n, item in enumerate(self.items([] if contexts is None else contexts, f"{CHECKS}.contexts")):
            context = self.text(item, f"{CHECKS}.contexts[{n}]")
            if context not in named:
                required.append(RequiredCheck(context=context))
        return StatusChecks(strict=bool(self.flag(group.get("strict"), f"{CHECKS}.strict")), checks=required)

    def reviews(self, found: Any) -> Reviews:
        known = {*_REVIEW_FLAGS, _COUNT, "dismissal_restrictions", "bypass_pull_request_allowances", *_DERIVED}
        group = self.mapping(found, REVIEWS, known)
        count, dismissal = group.get(_COUNT), group.get("dismissal_restrictions")
        bypass = group.get("bypass_pull_request_allowances")
        flags = {name: self.flag(group.get(name), f"{REVIEWS}.{name}") for name in _REVIEW_FLAGS}
        return Reviews(
            **flags,
            required_approving_review_count=None if count is None else self.number(count, f"{REVIEWS}.{_COUNT}"),
            dismissal_restrictions=None if dismissal is None else self.actors(dismissal, DISMISSAL),
            bypass_pull_request_allowances=Actors() if bypass is None else self.actors(bypass, BYPASS),
        )


def canonical(raw: Mapping[str, Any] | None, *, branch: str, rule: Mapping[str, Any] | None = None) -> Protection:
    """Return the canonical record of ``GET /repos/O/R/branches/BRANCH/protection``.

    Args:
        raw: the GET body; None for 404 "Branch not protected".
        branch: the branch's name.
        rule: GraphQL's ``branchProtectionRule`` of the branch with :data:`RULE_FIELDS`; None when not asked or none.

    Raises:
        OutsideError: the body does not have the shape of branch protection; the message names the field. A redirect's
            or an error's body is refused too: read as protection it would seem to have everything off.
    """
    read = _Reader(branch)
    hidden = None if rule is None else _hidden(read, rule)
    if raw is None:
        return Protection(branch=branch, protected=False, hidden=hidden)
    known = {"enforce_admins", CHECKS, REVIEWS, RESTRICTIONS, *_WRAPPED, *_DERIVED, "protection_url"}
    body = read.mapping(raw, "", known)
    if body.get("enforce_admins") is None:
        raise read.fail("enforce_admins", body.get("message", "absent"), "an object, as every protected branch has it")
    # PyGithub puts a `url` into whatever object lacks one; `mapping` drops it everywhere.
    checks, reviews, restrictions = (body.get(key) for key in (CHECKS, REVIEWS, RESTRICTIONS))
    flags: dict[str, Any] = {name: read.wrapped(body.get(name), name) for name in _WRAPPED}
    return Protection(
        branch=branch,
        enforce_admins=read.wrapped(body["enforce_admins"], "enforce_admins"),
        required_status_checks=None if checks is None else read.checks(checks),
        required_pull_request_reviews=None if reviews is None else read.reviews(reviews),
        restrictions=None if restrictions is None else read.actors(restrictions, RESTRICTIONS),
        **flags,
        extra=dict(sorted(read.extra.items())),
        hidden=hidden,
    )


def _hidden(read: _Reader, rule: Mapping[str, Any]) -> Hidden:
    at = "branchProtectionRule"
    deployments = read.flag(rule.get("requiresDeployments"), f"{at}.requiresDeployments")
    if deployments is None:
        raise read.fail(f"{at}.requiresDeployments", None, "true or false")
    environments = rule.get("requiredDeploymentEnvironments")
    names = read.items([] if environments is None else environments, f"{at}.requiredDeploymentEnvironments")
    refs = rule.get("matchingRefs")
    return Hidden(
        rule_id=read.text(rule.get("id"), f"{at}.id"),
        pattern=read.text(rule.get("pattern"), f"{at}.pattern"),
        bypass_force_push=_total(read, rule.get("bypassForcePushAllowances"), f"{at}.bypassForcePushAllowances"),
        requires_deployments=deployments,
        deployment_environments=tuple(sorted(read.text(n, f"{at}.requiredDeploymentEnvironments") for n in names)),
        matching_refs=None if refs is None else _total(read, refs, f"{at}.matchingRefs"),
    )


def _total(read: _Reader, found: Any, path: str) -> int:
    if not isinstance(found, Mapping):
        raise read.fail(path, found, "a connection with totalCount")
    return read.number(found.get("totalCount"), f"{path}.totalCount")


def to_json(p: Protection) -> dict[str, Any]:
    """Return ``p`` whole, as the journal's snapshot keeps it."""
    data: dict[str, Any] = wire.dump(p)
    return data


def from_json(data: Any) -> Protection:
    """Return the record of :func:`to_json`.

    Raises:
        OutsideError: the data is no such record.
    """
    try:
        return wire.load(data, Protection)
    except (BaseValidationError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise OutsideError(
            f"a snapshot of branch protection cannot be read ({type(error).__name__})",
            hint="it was written by another version or by hand; `bascule audit --verify` shows which entry",
        ) from error


def digest(p: Protection) -> str:
    """Return the hex SHA-256 of the canonical JSON (RFC 8785) of what ``p`` demands.

    Actors count by numeric id, so a renamed login is no difference; a value that GitHub did not show counts as its
    default; ``hidden`` does not count. Two records have one digest exactly where ``differences`` finds none.

    Raises:
        OutsideError: an unknown field holds a value that canonical JSON cannot express.
    """
    try:
        return wire.sha256(_demands(p))
    except (ValueError, TypeError) as error:
        raise OutsideError(
            f"unknown fields {', '.join(p.extra)} hold a value that has no canonical JSON: {error}",
            where=p.object,
            hint="protection that cannot be compared is not touched; report this answer of the server",
        ) from error


def _demands(p: Protection) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for row in TABLE:
        if not present(p, row.path):
            continue
        if row.shape is Shape.GROUP:
            fields[row.path] = raw_value(p, row.path) is not None
        elif row.shape is Shape.ACTORS:
            fields[row.path] = sorted(_identity(m) for m in value(p, row.path))
        elif row.shape is Shape.CHECKS:
            fields[row.path] = [[c.context, c.app_id] for c in value(p, row.path)]
        else:
            fields[row.path] = value(p, row.path)
    return {"object": p.object, "fields": fields, "extra": dict(p.extra)}


def _identity(member: Member) -> str:
    return f"#{member.id}" if member.id is not None else f"@{member.name.casefold()}"
