"""What GitHub does with protection writes, told a second time and independently of the code under test.

State is plain dicts and sets of names. Nothing here imports bascule.protection; only its writes arrive, by duck typing.
"""

from __future__ import annotations

from typing import Any

KINDS = ("users", "teams", "apps")
UNIVERSE = {
    "users": ("bascule-bot", "octo-admin", "octo-dev", "octo-lead"),
    "teams": ("platform", "sre"),
    "apps": ("bascule-app", "ci-app"),
}
IDS = {(kind, name): 100 + n for n, (kind, name) in enumerate((k, m) for k in KINDS for m in UNIVERSE[k])}
FLAGS = {
    "required_linear_history": True,
    "block_creations": True,
    "required_conversation_resolution": True,
    "lock_branch": True,
    "allow_force_pushes": False,
    "allow_deletions": False,
    "allow_fork_syncing": False,
}
"""Each switch with the value that demands more."""
SCALARS = (
    "dismiss_stale_reviews",
    "require_code_owner_reviews",
    "required_approving_review_count",
    "require_last_push_approval",
)


def nobody() -> dict[str, set[str]]:
    return {kind: set() for kind in KINDS}


def lists(body: dict[str, list[str]] | None) -> dict[str, set[str]]:
    return {kind: {name.casefold() for name in (body or {}).get(kind, [])} for kind in KINDS}


def copied(held: Any) -> Any:
    """A copy of a state or a part of it (far cheaper than `deepcopy`, and there are hundreds of thousands)."""
    if isinstance(held, dict):
        return {key: copied(inner) for key, inner in held.items()}
    return set(held) if isinstance(held, set) else held


class NotFound(AssertionError):
    """404."""


class Server:
    """One branch. ``state`` None: not protected."""

    def __init__(self, state: dict[str, Any] | None) -> None:
        self.state = copied(state)

    def need(self, group: str) -> dict[str, Any]:
        if self.state is None or self.state[group] is None:
            raise NotFound(f"404 for {group}")
        found: dict[str, Any] = self.state[group]
        return found

    def apply(self, write: Any) -> None:
        parts = [part for part in write.path.split("/") if part]
        match [write.method, *parts]:
            case ["PUT"]:
                self._put(write.body)
            case ["PATCH", "required_pull_request_reviews"]:
                self._patch_reviews(self.need("required_pull_request_reviews"), write.body)
            case ["PATCH", "required_status_checks"]:
                self._patch_checks(self.need("required_status_checks"), write.body)
            case ["POST" | "DELETE" as method, "enforce_admins" | "required_signatures" as name]:
                if self.state is None:
                    raise NotFound("404: no rule")
                self.state[name] = method == "POST"
            case ["POST" | "DELETE" as method, "restrictions", kind]:
                members = self.need("restrictions")[kind]
                named = {name.casefold() for name in write.body[kind]}
                assert named <= set(UNIVERSE[kind])
                self.need("restrictions")[kind] = members | named if method == "POST" else members - named
            case _:
                raise AssertionError(f"no such endpoint: {write}")

    def _patch_reviews(self, group: dict[str, Any], body: dict[str, Any]) -> None:
        assert set(body) <= {*SCALARS, "dismissal_restrictions", "bypass_pull_request_allowances"}
        assert body
        for name in SCALARS:
            if name in body:
                assert body[name] is not None
                group[name] = body[name]
        if "dismissal_restrictions" in body:
            given = body["dismissal_restrictions"]
            group["dismissal"] = None if given == {} else lists(given)
        if "bypass_pull_request_allowances" in body:
            group["bypass"] = lists(body["bypass_pull_request_allowances"])

    def _patch_checks(self, group: dict[str, Any], body: dict[str, Any]) -> None:
        assert set(body) <= {"strict", "checks"}
        if "strict" in body:
            group["strict"] = body["strict"]
        if "checks" in body:
            # A check sent without app_id, or with null, would bind to the last App that reported it.
            assert all(isinstance(check["app_id"], int) for check in body["checks"])
            group["checks"] = {(check["context"], check["app_id"]) for check in body["checks"]}

    def _put(self, body: dict[str, Any]) -> None:
        required = {"required_status_checks", "enforce_admins", "required_pull_request_reviews", "restrictions"}
        assert required <= set(body) <= required | set(FLAGS)
        assert all(isinstance(body[name], bool) for name in FLAGS if name in body)
        signatures = bool(self.state and self.state["required_signatures"])
        self.state = empty_state()
        self.state["required_signatures"] = signatures
        self.state["enforce_admins"] = body["enforce_admins"]
        for name in FLAGS:
            self.state[name] = body.get(name, False)
        if body["required_status_checks"] is not None:
            self.state["required_status_checks"] = {"strict": False, "checks": set()}
            self._patch_checks(self.state["required_status_checks"], body["required_status_checks"])
        if body["required_pull_request_reviews"] is not None:
            group = {**dict.fromkeys(SCALARS, False), "required_approving_review_count": 1}
            self.state["required_pull_request_reviews"] = {**group, "dismissal": None, "bypass": nobody()}
            if body["required_pull_request_reviews"]:
                self._patch_reviews(self.state["required_pull_request_reviews"], body["required_pull_request_reviews"])
        if body["restrictions"] is not None:
            assert {"users", "teams"} <= set(body["restrictions"])
            self.state["restrictions"] = lists(body["restrictions"])

    def get(self, *, any_app: int | None = None, url: bool = False, flip: bool = False) -> dict[str, Any] | None:
        """GET's body, or None for 404. ``flip``: other order and other case of the same names."""
        if self.state is None:
            return None
        state = self.state

        def actors(held: dict[str, set[str]]) -> dict[str, list[Any]]:
            key = {"users": "login", "teams": "slug", "apps": "slug"}
            return {
                kind: [
                    {key[kind]: n.upper() if flip else n, "id": IDS[kind, n], "node_id": f"N{IDS[kind, n]}", "url": "u"}
                    for n in sorted(held[kind], reverse=flip)
                ]
                for kind in KINDS
            }

        raw: dict[str, Any] = {
            name: {"enabled": state[name]} for name in ("enforce_admins", "required_signatures", *FLAGS)
        }
        checks, reviews = state["required_status_checks"], state["required_pull_request_reviews"]
        if checks is not None:
            listed = sorted(checks["checks"], reverse=flip)
            raw["required_status_checks"] = {
                "strict": checks["strict"],
                "contexts": [context for context, _ in listed],
                "checks": [{"context": c, "app_id": any_app if app == -1 else app} for c, app in listed],
                "contexts_url": "u",
            }
        if reviews is not None:
            raw["required_pull_request_reviews"] = {name: reviews[name] for name in SCALARS}
            if reviews["dismissal"] is not None:
                raw["required_pull_request_reviews"]["dismissal_restrictions"] = actors(reviews["dismissal"])
            if any(reviews["bypass"].values()) or flip:
                raw["required_pull_request_reviews"]["bypass_pull_request_allowances"] = actors(reviews["bypass"])
        if state["restrictions"] is not None:
            raw["restrictions"] = {**actors(state["restrictions"]), "users_url": "u"}
        if url:
            raw["url"] = "u"
            for held in raw.values():
                if isinstance(held, dict):
                    held["url"] = "u"
        return raw


def empty_state() -> dict[str, Any]:
    groups = dict.fromkeys(("required_status_checks", "required_pull_request_reviews", "restrictions"))
    return {**groups, "enforce_admins": False, "required_signatures": False, **dict.fromkeys(FLAGS, False)}


def demands(state: dict[str, Any] | None) -> frozenset[tuple[Any, ...]]:
    """Everything that a state demands, as a set: one state is looser than another where it lacks one of its demands."""
    if state is None:
        return frozenset()
    found: set[tuple[Any, ...]] = {("protected",)}
    found |= {(name,) for name in ("enforce_admins", "required_signatures") if state[name]}
    found |= {(name,) for name, more in FLAGS.items() if state[name] == more}
    checks, reviews, restrictions = (
        state[g] for g in ("required_status_checks", "required_pull_request_reviews", "restrictions")
    )
    if checks is not None:
        found |= {("checks",), *((("strict",),) if checks["strict"] else ())}
        found |= {("check", context, bound) for context, app in checks["checks"] for bound in (app, -1)}
    if reviews is not None:
        found |= {("reviews",)} | {(name,) for name in SCALARS if isinstance(reviews[name], bool) and reviews[name]}
        found |= {("approvals", n) for n in range(1, reviews["required_approving_review_count"] + 1)}
        found |= binds("reviewed", reviews["bypass"])
        if reviews["dismissal"] is not None:
            found |= {("dismissal",)} | binds("may not dismiss", reviews["dismissal"])
    if restrictions is not None:
        found |= {("restrictions",)} | binds("may not push", restrictions)
    return frozenset(found)


def binds(what: str, let_off: dict[str, set[str]]) -> set[tuple[Any, ...]]:
    return {(what, kind, name) for kind in KINDS for name in UNIVERSE[kind] if name not in let_off[kind]}
