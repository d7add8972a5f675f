"""Generated protections, relaxations of them, and what people do to them meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from attrs import frozen
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from bascule.protection import blockers, canonical, choose
from bascule.types import (
    Admits,
    Change,
    CheckResult,
    Relaxation,
    RelaxKind,
    Repo,
    Viewer,
)

from .protection_server import FLAGS, KINDS, UNIVERSE, Server, copied, nobody

BRANCH = "main"
OBJECT = "classic:main"
RULE = {
    "id": "BPR_1",
    "pattern": BRANCH,
    "matchingRefs": {"totalCount": 1},
    "bypassForcePushAllowances": {"totalCount": 0},
    "requiresDeployments": False,
    "requiredDeploymentEnvironments": [],
}
USER = Viewer(login="bascule-bot", id=100, type="User", can_write=True)
ADMIN = Viewer(login="bascule-bot", id=100, type="User", can_write=True, admin=True)
APP = Viewer(login="bascule-app[bot]", id=9001, type="Bot", can_write=True, app_slug="bascule-app")
KEEPER = Viewer(login="octo-admin", id=101, type="User", admin=True)

PROFILE = settings(
    derandomize=True, database=None, deadline=None, max_examples=300, suppress_health_check=list(HealthCheck)
)
"""The same examples on every machine and in every run."""

_NAMES = [(kind, name) for kind in KINDS for name in UNIVERSE[kind]]
_CHECKS = [(context, app) for context in ("build", "lint", "test") for app in (-1, 15368)]
_SWITCHES = ("enforce_admins", "required_signatures", *FLAGS)


def subset(items: list[Any]) -> st.SearchStrategy[list[Any]]:
    """Any subset, drawn as one number: many times cheaper than a set."""
    return st.integers(0, 2 ** len(items) - 1).map(lambda bits: [item for n, item in enumerate(items) if bits >> n & 1])


def _actors(listed: list[tuple[str, str]]) -> dict[str, set[str]]:
    return {kind: {name for k, name in listed if k == kind} for kind in KINDS}


def _reviews(bits: int, count: int, dismissal: Any, bypass: Any) -> dict[str, Any]:
    names = ("dismiss_stale_reviews", "require_code_owner_reviews", "require_last_push_approval")
    flags = {name: bool(bits >> n & 1) for n, name in enumerate(names)}
    return {**flags, "required_approving_review_count": count, "dismissal": dismissal, "bypass": bypass}


def _state(checks: Any, reviews: Any, restrictions: Any, switches: list[str]) -> dict[str, Any]:
    groups = {"required_status_checks": checks, "required_pull_request_reviews": reviews, "restrictions": restrictions}
    return {**groups, **{name: name in switches for name in _SWITCHES}}


actors = subset(_NAMES).map(_actors)
check_group = st.builds(lambda strict, held: {"strict": strict, "checks": set(held)}, st.booleans(), subset(_CHECKS))
review_group = st.builds(_reviews, st.integers(0, 7), st.integers(0, 4), st.none() | actors, st.builds(nobody) | actors)
states = st.builds(
    _state, st.none() | check_group, st.none() | review_group, st.none() | actors, subset(list(_SWITCHES))
)


def read(state: dict[str, Any] | None) -> Any:
    """What the client reads of ``state``."""
    return canonical(Server(state).get(), branch=BRANCH, rule=RULE)


def change(**about: Any) -> Change:
    """A change with nothing reviewed and nothing checked, unless told otherwise."""
    repo = Repo(id=1, node_id="R_1", full_name="octo-org/box", owner_type="Organization", default_branch="main")
    known: dict[str, Any] = {
        "repo": repo, "number": 7, "title": "t", "head_sha": "a" * 40, "base_sha": "b" * 40, "merge_base": "b" * 40,
        "base_ref": BRANCH, "author": None, "files": (), "read_at": datetime(2026, 1, 5, tzinfo=UTC),
        "mergeable": "MERGEABLE",
    }  # fmt: skip
    return Change(**{**known, **about})


@frozen(kw_only=True)
class Case:
    """A protected branch, what we relax of it, and what people do while it is relaxed."""

    state: dict[str, Any]
    relaxations: tuple[Relaxation, ...]
    edits: tuple[tuple[Any, ...], ...] = ()
    by_ladder: bool = False


def element(kind: str, name: str) -> dict[str, Any]:
    return {"name": name, "id": 100 if name == "bascule-bot" else None, "node_id": ""}


def possible(state: dict[str, Any]) -> list[Relaxation]:
    """Every relaxation of ``state`` on its own; whoever is let through, an App or a user."""
    made: list[Relaxation] = []

    def add(field: str, op: str, kind: RelaxKind, **about: Any) -> None:
        made.append(
            Relaxation(object=OBJECT, field=field, op=op, kinds=(kind,), rung=3, admits=Admits.EVERYONE, **about)
        )

    reviews, group = state["required_pull_request_reviews"], state["required_status_checks"]
    for kind, name in (("users", "bascule-bot"), ("apps", "bascule-app")):
        if reviews is not None and name not in reviews["bypass"][kind]:
            field = f"required_pull_request_reviews.bypass_pull_request_allowances.{kind}"
            add(field, "add", RelaxKind.REVIEWS, elements=(element(kind, name),))
        if state["restrictions"] is not None and name not in state["restrictions"][kind]:
            add(f"restrictions.{kind}", "add", RelaxKind.RESTRICTIONS, elements=(element(kind, name),))
    if reviews is not None:
        for path, kind, off in (
            ("required_approving_review_count", RelaxKind.REVIEWS, 0),
            ("require_code_owner_reviews", RelaxKind.CODE_OWNER_REVIEWS, False),
            ("require_last_push_approval", RelaxKind.LAST_PUSH_APPROVAL, False),
        ):
            if reviews[path]:
                add(f"required_pull_request_reviews.{path}", "set", kind, before=reviews[path], after=off)
    if group is not None and group["strict"]:
        add("required_status_checks.strict", "set", RelaxKind.STRICT, before=True, after=False)
    if group is not None and group["checks"]:
        first = sorted(group["checks"])[: 1 + len(group["checks"]) // 2]
        gone = tuple({"context": context, "app_id": app} for context, app in first)
        add("required_status_checks.checks", "remove", RelaxKind.CHECKS, elements=gone)
    if state["enforce_admins"]:
        add("enforce_admins", "set", RelaxKind.REVIEWS, before=True, after=False)
    return made


def chosen(state: dict[str, Any], merger: Viewer, owner_type: str, failing: set[str]) -> tuple[Relaxation, ...]:
    """What the ladder itself chooses for a change that meets none of the requirements it may waive."""
    p = read(state)
    results = tuple(
        CheckResult(name=c, state="failure" if c in failing else "success", app_id=15368)
        for c in ("build", "lint", "test")
    )
    asked = change(review_decision="REVIEW_REQUIRED", merge_base="c" * 40, checks=results)
    found = blockers(p, asked, merger, method="squash")
    waivable = tuple(b for b in found if b.kind not in {RelaxKind.LOCK, RelaxKind.CONVERSATIONS, None})
    choice = choose(
        p, waivable, merger=merger, keeper=KEEPER, allow=tuple(RelaxKind), owner_type=owner_type, proposals=None
    )
    return choice.relaxations


@cache
def edits_of(field: str) -> st.SearchStrategy[tuple[Any, ...]]:
    """What a person may do to the very field at ``field``, its group or the rule."""
    head, *rest = field.split(".")
    name = rest[-1] if rest else head
    group: st.SearchStrategy[tuple[Any, ...]] = st.tuples(st.just("group"), st.just(head), st.none())
    if head == "required_pull_request_reviews":
        group |= st.tuples(st.just("group"), st.just(head), review_group)
    elif head == "required_status_checks":
        group |= st.tuples(st.just("group"), st.just(head), check_group)
    elif head == "restrictions":
        group |= st.tuples(st.just("group"), st.just(head), actors)
    else:
        group = st.tuples(st.just("switch"), st.just(head), st.booleans())
    if name == "required_approving_review_count":
        own: Any = st.tuples(st.just("scalar"), st.just(head), st.just(name), st.integers(0, 5))
    elif name in {"strict", "require_code_owner_reviews", "require_last_push_approval", "dismiss_stale_reviews"}:
        own = st.tuples(st.just("scalar"), st.just(head), st.just(name), st.booleans())
    elif name == "checks":
        one = st.tuples(st.sampled_from(["build", "lint", "test"]), st.sampled_from([-1, 15368]))
        own = st.tuples(st.sampled_from(["require", "unrequire"]), one)
    elif name in KINDS:
        which = "restrictions" if head == "restrictions" else rest[0].split("_")[0]
        verb = st.sampled_from(["list", "unlist"])
        own = st.tuples(verb, st.just(which), st.just(name), st.sampled_from(UNIVERSE[name]))
    else:
        own = group
    return own | own | group | st.just(("delete",)) | st.tuples(st.just("replace"), states)


_ANYWHERE = [
    "enforce_admins", "required_status_checks.strict", "required_status_checks.checks", "restrictions.users",
    "restrictions.teams", "required_pull_request_reviews.required_approving_review_count",
    "required_pull_request_reviews.dismiss_stale_reviews",
    "required_pull_request_reviews.bypass_pull_request_allowances.users",
    "required_pull_request_reviews.dismissal_restrictions.users", *FLAGS, "required_signatures",
]  # fmt: skip


def edited(state: dict[str, Any] | None, edits: tuple[tuple[Any, ...], ...]) -> dict[str, Any] | None:
    """``state`` after people's ``edits``; an edit of what is off does nothing."""
    now = copied(state)
    for edit in edits:
        match edit:
            case ("delete",):
                now = None
            case ("replace", whole):
                now = copied(whole)
            case _ if now is None:
                pass
            case ("switch", name, held) | ("group", name, held):
                now[name] = copied(held)
            case ("scalar", group, name, held) if now[group] is not None:
                now[group][name] = held
            case ("require", check) if now["required_status_checks"] is not None:
                now["required_status_checks"]["checks"].add(check)
            case ("unrequire", check) if now["required_status_checks"] is not None:
                now["required_status_checks"]["checks"].discard(check)
            case ("list" | "unlist" as verb, where, kind, name):
                reviews = now["required_pull_request_reviews"]
                held = now["restrictions"] if where == "restrictions" else reviews and reviews[where]
                if held is not None:
                    (held[kind].add if verb == "list" else held[kind].discard)(name)
    return now


@st.composite
def cases(draw: Any, *, edits: bool) -> Case:
    """A case whose relaxations come from the ladder where it finds any, else straight from the table."""
    state = draw(states)
    relaxations: tuple[Relaxation, ...] = ()
    if draw(st.booleans()):
        failing = draw(st.sets(st.sampled_from(["build", "lint", "test"])))
        merger = draw(st.sampled_from([USER, ADMIN, APP]))
        relaxations = chosen(state, merger, draw(st.sampled_from(["Organization", "User"])), failing)
    by_ladder, choices = bool(relaxations), possible(state)
    if not relaxations and choices:
        picked = draw(st.sets(st.integers(0, len(choices) - 1), min_size=1, max_size=3))
        relaxations = tuple(choices[n] for n in sorted(picked))
    if not edits:
        return Case(state=state, relaxations=relaxations, by_ladder=by_ladder)
    made = []
    for n in range(draw(st.integers(1, 3))):
        aimed = relaxations and (n == 0) and draw(st.integers(0, 3)) > 0
        fields = [r.field for r in relaxations] if aimed else _ANYWHERE
        made.append(draw(edits_of(draw(st.sampled_from(fields)))))
    return Case(state=state, relaxations=relaxations, edits=tuple(made), by_ladder=by_ladder)


def relaxed_state(case: Case) -> dict[str, Any]:
    """The server's state after the relaxations, made by hand: not by the code under test."""
    state = copied(case.state)
    for r in case.relaxations:
        head, *rest = r.field.split(".")
        if r.field == "enforce_admins":
            state[head] = r.after
        elif r.op == "set":
            state[head][rest[0]] = r.after
        elif r.field == "required_status_checks.checks":
            state[head]["checks"] -= {(e["context"], e["app_id"]) for e in r.elements}
        elif head == "restrictions":
            state[head][rest[0]] |= {e["name"] for e in r.elements}
        else:
            state[head]["bypass"][rest[1]] |= {e["name"] for e in r.elements}
    return state
