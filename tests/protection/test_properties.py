"""Properties of relax and restore over generated protections, relaxations and people's edits."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from bascule import wire
from bascule.protection import (
    Protection,
    Restoration,
    canonical,
    differences,
    digest,
    from_json,
    inverse,
    looser,
    looser_by,
    plan_restore,
    rehearse,
    relax,
    roundtrip,
    to_json,
    writes,
)
from bascule.protection.fields import BY_PATH, TABLE, present, same, value
from bascule.types import Relaxation

from .protection_cases import BRANCH, PROFILE, RULE, Case, cases, edited, read, relaxed_state, states
from .protection_server import Server, demands

Plan = Callable[[Protection, tuple[Relaxation, ...], Protection], Restoration]


def sent(state: dict[str, Any] | None, made: tuple[Any, ...]) -> dict[str, Any] | None:
    server = Server(state)
    for write in made:
        server.apply(write)
    return server.state


@PROFILE
@given(states, st.booleans(), st.booleans(), st.booleans())
def test_canonical_is_one_form_of_many_spellings(state: dict[str, Any], null: bool, url: bool, flip: bool) -> None:
    p = read(state)
    other = canonical(Server(state).get(any_app=None if null else -1, url=url, flip=flip), branch=BRANCH, rule=RULE)
    assert differences(p, other) == ()
    assert digest(p) == digest(other)


@PROFILE
@given(states)
def test_canonical_form_is_idempotent_and_survives_json(state: dict[str, Any]) -> None:
    p = read(state)
    again = from_json(json.loads(json.dumps(to_json(p))))
    assert again == p
    assert again.hidden == p.hidden
    assert to_json(again) == to_json(p)
    shown = canonical(Server(state).get(), branch=BRANCH)
    assert canonical(Server(state).get(), branch=BRANCH) == shown == p


@PROFILE
@given(states, states)
def test_digests_agree_exactly_where_no_difference_is_found(one: dict[str, Any], two: dict[str, Any]) -> None:
    a, b = read(one), read(two)
    assert (digest(a) == digest(b)) == (differences(a, b) == ()) == (one == two)


@PROFILE
@given(states | st.none(), states | st.none())
def test_the_order_agrees_with_the_set_of_demands(one: Any, two: Any) -> None:
    assert (looser(read(one), read(two)) != ()) == (not demands(one) >= demands(two))


@PROFILE
@given(states)
def test_a_protection_survives_its_own_put(state: dict[str, Any]) -> None:
    p = read(state)
    assert roundtrip(p) == ()
    made = writes(Protection(branch=BRANCH, protected=False), p)
    assert sent(None, made) == state


@PROFILE
@given(cases(edits=False))
def test_an_inverse_of_an_inverse_is_the_relaxation(case: Case) -> None:
    p = read(case.state)
    for r in case.relaxations:
        assert inverse(inverse(r)) == r
        assert wire.load(json.loads(json.dumps(wire.dump(r))), Relaxation) == r
    back = relax(relax(p, case.relaxations), [inverse(r) for r in reversed(case.relaxations)])
    assert digest(back) == digest(p)


@PROFILE
@given(cases(edits=False))
def test_relaxing_loosens_and_restoring_gives_back_the_same(case: Case) -> None:
    p = read(case.state)
    relaxed = relax(p, case.relaxations)
    after = sent(case.state, writes(p, relaxed))
    assert after == relaxed_state(case)
    assert differences(read(after), relaxed) == ()
    assert demands(after) < demands(case.state) if case.relaxations else after == case.state
    assert looser_by(read(after), p, case.relaxations) == case.relaxations
    assert looser_by(p, p, case.relaxations) == ()
    plan = plan_restore(p, case.relaxations, read(after))
    assert digest(plan.target) == digest(p)
    assert sent(after, plan.writes) == case.state
    assert (plan.notes, plan.human_edits, plan.unrestorable) == ((), (), ())
    assert rehearse(p, case.relaxations) == ()


@PROFILE
@given(cases(edits=False), st.data())
def test_a_stale_read_does_not_talk_us_out_of_restoring(case: Case, data: Any) -> None:
    p = read(case.state)
    some = data.draw(st.lists(st.sampled_from(case.relaxations), unique_by=id)) if case.relaxations else []
    seen = relax(p, [r for r in case.relaxations if any(r is s for s in some)])
    plan = plan_restore(p, case.relaxations, seen)
    assert digest(plan.target) == digest(p)
    assert sent(relaxed_state(case), plan.writes) == case.state
    assert sent(case.state, plan.writes) == case.state


def broken_promises(case: Case, plan: Plan) -> list[str]:
    """Which promises a restore breaks when people have edited what was relaxed."""
    p, live = read(case.state), edited(relaxed_state(case), case.edits)
    made = plan(p, case.relaxations, read(live))
    after = sent(live, made.writes)
    opened = demands(case.state) - demands(relaxed_state(case))
    broken = []
    if not demands(after) >= opened:
        broken.append("something of ours remains")
    if not demands(after) >= demands(edited(case.state, case.edits)):
        broken.append("looser than people's edits alone")
    if differences(read(after), made.target):
        broken.append("the writes do not lead to the target")
    if looser_by(made.target, p, case.relaxations):
        broken.append("the patrol would find it loose")
    if live is not None and any(not kept(read(live), made.target, path) for path in elsewhere(case, read(live))):
        broken.append("an edit elsewhere is lost")
    return broken


def elsewhere(case: Case, live: Protection) -> list[str]:
    """Fields that are none of ours: not relaxed, and not in a group around a relaxed one that was turned off."""
    relaxed = {r.field for r in case.relaxations}
    gone = {g for f in relaxed for g in BY_PATH[f].groups if not present(live, f)}
    return [row.path for row in TABLE if row.path not in relaxed | gone and not gone & set(row.groups)]


def kept(live: Protection, target: Protection, path: str) -> bool:
    if not present(live, path):
        return not present(target, path)
    then, now = value(live, path), value(target, path)
    if BY_PATH[path].is_set:
        return len(then) == len(now) and all(any(same(a, b) for b in now) for a in then)
    return bool((then is None) == (now is None) if BY_PATH[path].shape.value == "group" else then == now)


def hit(case: Case) -> bool:
    """Whether people changed a field that was relaxed (or turned its group off) while it was."""
    ours = read(relaxed_state(case))
    live = read(edited(relaxed_state(case), case.edits))
    changed = {d.field for d in differences(live, ours)}
    return any(r.field in changed or changed & set(BY_PATH[r.field].groups) for r in case.relaxations)


def test_restoring_after_peoples_edits(capsys: pytest.CaptureFixture[str]) -> None:
    seen: Counter[str] = Counter()

    @settings(PROFILE, max_examples=800)
    @given(cases(edits=True))
    def holds(case: Case) -> None:
        if not case.relaxations:
            return
        seen["n"] += 1
        seen["hit"] += hit(case)
        seen["ladder"] += case.by_ladder
        assert broken_promises(case, plan_restore) == []

    holds()
    share = seen["hit"] / seen["n"]
    with capsys.disabled():
        told = f"hit a relaxed field: {share:.0%} of n = {seen['n']} ({seen['ladder']} relaxed by the ladder's choice)"
        print(f"\npeople's edits that {told}", file=sys.stderr)
    assert seen["n"] >= 500
    assert seen["ladder"] >= 100
    assert share >= 0.30


def overwrite(base: Protection, relaxations: tuple[Relaxation, ...], live: Protection) -> Restoration:
    """The snapshot goes back whole, whatever people did."""
    plan = plan_restore(base, relaxations, live)
    if not live.protected:
        return plan
    target = evolve(live, **{name: getattr(base, name) for name in ("enforce_admins", "required_status_checks")})
    on = target.required_status_checks is not None or live.required_status_checks is None
    return Restoration(target=target, writes=writes(live, target)) if on else plan


def leave_alone(base: Protection, relaxations: tuple[Relaxation, ...], live: Protection) -> Restoration:
    """Nothing goes back once people have edited."""
    if digest(live) == digest(relax(base, relaxations)):
        return plan_restore(base, relaxations, live)
    return Restoration(target=live, writes=())


def set_back(base: Protection, relaxations: tuple[Relaxation, ...], live: Protection) -> Restoration:
    """Relaxed fields go back to the snapshot's value, even where people made them stricter."""
    plan = plan_restore(base, relaxations, live)
    target = plan.target
    for r in relaxations:
        if r.op == "set" and live.protected and present(live, r.field) and present(base, r.field):
            head, *rest = r.field.split(".")
            inner = r.before if not rest else evolve(getattr(target, head), **{rest[0]: r.before})
            target = evolve(target, **{head: inner})
    return evolve(plan, target=target, writes=writes(live, target))


@pytest.mark.parametrize(
    ("naive", "promise"),
    [
        (overwrite, "looser than people's edits alone"),
        (overwrite, "an edit elsewhere is lost"),
        (leave_alone, "something of ours remains"),
        (leave_alone, "the patrol would find it loose"),
        (set_back, "looser than people's edits alone"),
    ],
)
def test_a_naive_restore_is_caught(naive: Plan, promise: str) -> None:
    def caught(case: Case) -> bool:
        return bool(case.relaxations) and promise in broken_promises(case, naive)

    found = find(cases(edits=True), caught, settings=settings(PROFILE, max_examples=3000, phases=[Phase.generate]))
    assert broken_promises(found, plan_restore) == []
