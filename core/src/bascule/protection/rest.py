"""Edits of classic protection as REST writes: the smallest sub-resource that does it (github-facts, section 2).

No write here deletes a rule or a group. Lists that a PATCH replaces are sent whole; a check is always sent with its
app id, because a bare context would bind to whichever App reported last; people go by login, teams and apps by slug.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from attrs import frozen

from bascule.errors import BasculeError
from bascule.protection.canonical import canonical
from bascule.protection.fields import (
    BY_PATH,
    BYPASS,
    CHECKS,
    DISMISSAL,
    ENFORCE_ADMINS,
    REQUIRED,
    RESTRICTIONS,
    REVIEWS,
    SIGNATURES,
    STRICT,
    Shape,
    raw_value,
    value,
    without,
)
from bascule.protection.model import KINDS, Actors, Member, Protection
from bascule.protection.order import Difference, differences

_PUT_FLAGS = (
    "required_linear_history",
    "allow_force_pushes",
    "allow_deletions",
    "block_creations",
    "required_conversation_resolution",
    "lock_branch",
    "allow_fork_syncing",
)
"""Flags that no REST sub-resource takes."""

_SCALARS = (
    "dismiss_stale_reviews",
    "require_code_owner_reviews",
    "required_approving_review_count",
    "require_last_push_approval",
)


@frozen(kw_only=True)
class Write:
    """One REST write. ``path`` is relative to ``/repos/O/R/branches/BRANCH/protection`` and may be empty."""

    method: str
    path: str
    body: Any = None


def writes(current: Protection, target: Protection, *, only: Collection[str] | None = None) -> tuple[Write, ...]:
    """Return the writes that lead from ``current`` to ``target``, fewest settings first touched; none when equal.

    Args:
        current: what the server holds.
        target: what it shall hold.
        only: paths of the fields to write, their groups included; None writes every field that differs.

    A full PUT is used only where nothing else can do it: to turn a group (or the whole rule) on, and for the flags
    without a sub-resource. It carries all of ``target``, whatever ``only`` says; required signatures, which PUT does
    not hold, are asserted after it.

    Raises:
        BasculeError: the target has a group or the rule off that is on now (never deleted from here), holds unknown
            fields that differ, or needs a PUT while settings are in force that REST does not show
            (:func:`put_refusal`).
    """
    changed = {d.field for d in differences(current, target) if only is None or _named(d.field, only)}
    unknown = sorted(changed - BY_PATH.keys())
    off = sorted(path for path in changed & BY_PATH.keys() if _turned_off(current, target, path))
    if unknown or off:
        what = f"unknown fields {', '.join(unknown)}" if unknown else f"turning {', '.join(f or 'it' for f in off)} off"
        raise BasculeError(
            f"branch protection cannot be written: {what}",
            where=target.object,
            hint="edit it by hand in the repository's settings, under Branches",
        )
    if any(_needs_put(current, path) for path in changed):
        refusal = put_refusal(current)
        if refusal:
            raise BasculeError(refusal, where=target.object, hint="restore by hand, from the snapshot in the journal")
        return _put(target)
    return (
        *_restrictions(current, target, changed),
        *_reviews(target, changed),
        *_checks(target, changed),
        *_toggle(target, changed, SIGNATURES),
        *_toggle(target, changed, ENFORCE_ADMINS),
    )


def put_refusal(current: Protection) -> str | None:
    """Return why a full PUT must not be sent over ``current``, or None when it may be."""
    settings = current.hidden.settings if current.protected and current.hidden is not None else ()
    if not settings:
        return None
    return f"a full PUT might reset {', '.join(settings)}, which REST neither shows nor takes"


def _named(path: str, only: Collection[str]) -> bool:
    return path in only or any(path in BY_PATH[o].groups or path.startswith(f"{o}.") for o in only if o in BY_PATH)


def _turned_off(current: Protection, target: Protection, path: str) -> bool:
    # Switching dismissal restrictions off has a PATCH of its own; every other group would have to be deleted.
    is_group = BY_PATH[path].shape is Shape.GROUP and path != DISMISSAL
    return is_group and raw_value(current, path) is not None and raw_value(target, path) is None


def _needs_put(current: Protection, path: str) -> bool:
    if path in _PUT_FLAGS:
        return True
    is_group = BY_PATH[path].shape is Shape.GROUP and path != DISMISSAL
    return is_group and raw_value(current, path) is None


def _put(target: Protection) -> tuple[Write, ...]:
    put = Write(method="PUT", path="", body=put_body(target))
    if value(target, SIGNATURES):
        return (put, Write(method="POST", path="/required_signatures"))
    return (put,)


def _restrictions(current: Protection, target: Protection, changed: Collection[str]) -> tuple[Write, ...]:
    made = []
    for kind in KINDS:
        if f"{RESTRICTIONS}.{kind}" in changed:
            now, then = (value(p, f"{RESTRICTIONS}.{kind}") for p in (current, target))
            for method, members in (("POST", without(then, now)), ("DELETE", without(now, then))):
                if members:
                    body = {kind: _names(members)}
                    made.append(Write(method=method, path=f"/{RESTRICTIONS}/{kind}", body=body))
    return tuple(made)


def _reviews(target: Protection, changed: Collection[str]) -> tuple[Write, ...]:
    group = target.required_pull_request_reviews
    if group is None:
        return ()
    body = {name: value(target, f"{REVIEWS}.{name}") for name in _SCALARS if f"{REVIEWS}.{name}" in changed}
    if any(path == DISMISSAL or path.startswith(f"{DISMISSAL}.") for path in changed):
        dismissal = group.dismissal_restrictions
        body["dismissal_restrictions"] = {} if dismissal is None else _lists(dismissal)
    if any(path.startswith(f"{BYPASS}.") for path in changed):
        body["bypass_pull_request_allowances"] = _lists(group.bypass_pull_request_allowances)
    return (Write(method="PATCH", path=f"/{REVIEWS}", body=body),) if body else ()


def _checks(target: Protection, changed: Collection[str]) -> tuple[Write, ...]:
    if target.required_status_checks is None or not {STRICT, REQUIRED} & set(changed):
        return ()
    # `strict` goes along even where only the list changes: a server that resets what a PATCH leaves out would loosen
    # it, and that would look like a person's edit.
    body: dict[str, Any] = {"strict": value(target, STRICT)}
    if REQUIRED in changed:
        body["checks"] = _required(target)
    return (Write(method="PATCH", path=f"/{CHECKS}", body=body),)


def _toggle(target: Protection, changed: Collection[str], path: str) -> tuple[Write, ...]:
    if path not in changed:
        return ()
    return (Write(method="POST" if value(target, path) else "DELETE", path=f"/{path}"),)


def _required(p: Protection) -> list[dict[str, Any]]:
    return [{"context": c.context, "app_id": c.app_id} for c in value(p, REQUIRED)]


def _names(members: tuple[Member, ...]) -> list[str]:
    return [m.name for m in members]


def _lists(actors: Actors) -> dict[str, list[str]]:
    return {kind: _names(getattr(actors, kind)) for kind in KINDS}


def put_body(p: Protection) -> dict[str, Any]:
    """Return the body of the full PUT that makes everything that GET shows, signatures apart.

    Groups that are off are null; flags that the server did not show are left out, never null; lists of actors are left
    out where they are off, because personal repositories refuse the very key.
    """
    reviews = p.required_pull_request_reviews
    body: dict[str, Any] = {
        CHECKS: None,
        ENFORCE_ADMINS: value(p, ENFORCE_ADMINS),
        REVIEWS: None,
        RESTRICTIONS: None if p.restrictions is None else _lists(p.restrictions),
    }
    if p.required_status_checks is not None:
        body[CHECKS] = {"strict": value(p, STRICT), "checks": _required(p)}
    if reviews is not None:
        group = {name: getattr(reviews, name) for name in _SCALARS if getattr(reviews, name) is not None}
        if reviews.dismissal_restrictions is not None:
            group["dismissal_restrictions"] = _lists(reviews.dismissal_restrictions)
        if not reviews.bypass_pull_request_allowances.empty:
            group["bypass_pull_request_allowances"] = _lists(reviews.bypass_pull_request_allowances)
        body[REVIEWS] = group
    body.update({name: getattr(p, name) for name in _PUT_FLAGS if getattr(p, name) is not None})
    return body


def applied(body: dict[str, Any], *, known: Protection) -> Protection:
    """Return what GET would show after ``PUT body``: the pure rehearsal's server.

    ``known`` gives the branch, the identities behind the names, and required signatures, which a PUT leaves alone.
    Whatever the body leaves out is off.
    """
    raw: dict[str, Any] = {ENFORCE_ADMINS: {"enabled": bool(body[ENFORCE_ADMINS])}}
    raw.update({name: {"enabled": bool(body.get(name))} for name in _PUT_FLAGS})
    raw[SIGNATURES] = {"enabled": value(known, SIGNATURES)}
    if body[CHECKS] is not None:
        checks = body[CHECKS]["checks"]
        raw[CHECKS] = {**body[CHECKS], "contexts": [c["context"] for c in checks]}
    if body[REVIEWS] is not None:
        raw[REVIEWS] = dict(body[REVIEWS])
        for key, path in (("dismissal_restrictions", DISMISSAL), ("bypass_pull_request_allowances", BYPASS)):
            if raw[REVIEWS].get(key):
                raw[REVIEWS][key] = _resolved(raw[REVIEWS][key], known, path)
            else:
                raw[REVIEWS].pop(key, None)
    if body[RESTRICTIONS] is not None:
        raw[RESTRICTIONS] = _resolved(body[RESTRICTIONS], known, RESTRICTIONS)
    return canonical(raw, branch=known.branch)


def _resolved(lists: dict[str, list[str]], known: Protection, path: str) -> dict[str, list[dict[str, Any]]]:
    shown: dict[str, list[dict[str, Any]]] = {}
    for kind, names in lists.items():
        ids = {m.name.casefold(): m for m in value(known, f"{path}.{kind}")}
        key = "login" if kind == "users" else "slug"
        members = [ids.get(name.casefold(), Member(name=name)) for name in names]
        shown[kind] = [{key: m.name, "id": m.id, "node_id": m.node_id} for m in members]
    return shown


def roundtrip(p: Protection) -> tuple[Difference, ...]:
    """Return how ``p`` would differ from itself after its own PUT (found: after it); empty means it can be remade.

    Unknown fields are differences: no PUT can carry them. An unprotected branch has nothing to remake.
    """
    return differences(applied(put_body(p), known=p), p) if p.protected else ()
