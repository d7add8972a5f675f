"""The judge of ratios (errors of requests): a capped likelihood-ratio CUSUM against what was normal before the merge.

For each block the log likelihood ratio of "the error rate is p1" against "it is p0" is added to a running sum that
never falls below zero, for several p1 at once, and the sums are averaged as likelihoods. Page (Biometrika 1954) gave
the CUSUM, Lorden (Ann. Math. Stat. 1971) its optimality, Siegmund (*Sequential Analysis*, 1985, ch. II) the bound
"false alarms are at least 1/alpha blocks apart" for a threshold of ln(1/alpha). The mixture over p1 follows Robbins
(Ann. Math. Stat. 1970). What is our own:

- **p0 is not the objective where the service was already burning**, but the upper bound of the rate just before the
  merge: a merge is blamed for what got worse.
- **Each block is capped** at ln 12, so that no single block, however bad, decides.
- **Counts vary more than a coin** (retries, one bad client): the sums are divided by the dispersion that was seen
  before the merge (quasi-likelihood, Wedderburn, Biometrika 1974), taken from successive differences (von Neumann,
  Ann. Math. Stat. 1941) so that a step in the rate does not count as noise.
- **Still burning**: it fires only on a block that brings the evidence to a new height, when errors have been spread
  over the hold time and the last two minutes are bad.

Every step costs the same, whatever came before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache, partial
from math import ceil

from attrs import evolve, frozen

from bascule.messages import slo as say
from bascule.slo.before import BURNING, breach, dispersion, half, trend, under_way, upper
from bascule.slo.records import Answer, Judgement, RatioBlock, Seen

FACTORS = (2.0, 4.0, 10.0, 30.0, 100.0, 300.0)
"""The alternatives, as multiples of p0."""
CAP = math.log(12.0)
"""The most that one block may add."""
ALPHA = 1e-3
"""False alarms a watch, shared among its objectives (Bonferroni)."""
WORTH = 14.4
"""The burn rate that is worth a rollback: it takes 2 % of a 30-day budget in an hour (SRE Workbook, ch. 5)."""
WORTH_SHARE = 0.02
"""A share of errors that is worth a rollback whatever the budget, as long as it is four times the budget."""
HOLD_SECONDS = 300.0
"""How long errors must last; what recovers sooner is a blip."""
STILL_SECONDS = 120.0
"""How fresh the last errors must be."""
BEFORE_SECONDS = 600.0
"""The stretch before the merge that tells of an incident under way."""
LEAST = 3
"""Least number of blocks with errors, and of errors."""
SPREAD = 2.0
"""Evidence that must be there without the three worst blocks: a blip has no more than those."""
CALM = 1.0
"""Evidence up to which a block says nothing against the merge."""


@frozen(kw_only=True)
class RatioPlan:
    """What is fixed when a watch begins.

    Args:
        budget: share of errors that the objective allows, 0..1.
        null: p0, the share of errors that is not held against the merge.
        dispersion: variance of the counts over that of a coin, at least 1.
        total, errors: what was counted before the merge.
        burning: share of errors of an incident that was under way when the merge came, 0 when there was none.
        end, grows: share of errors that a growth from before the merge had come to, and its growth a block, which is
            expected to go on; 0 where there was none.
        threshold: evidence that is needed, a natural logarithm.
        hold, still: blocks that errors must last, and blocks that count as "now".
    """

    budget: float
    null: float
    dispersion: float
    total: float
    errors: float
    burning: float
    end: float
    grows: float
    threshold: float
    hold: int
    still: int


@frozen
class RatioState:
    """What is kept of a watched ratio.

    Args:
        plan: what was fixed at the beginning.
        sums: the running sum of each alternative.
        now: the evidence, a natural logarithm.
        most: the three blocks of this rise that brought most of it.
        peak: the highest evidence since the sums were last all zero.
        first: index of the first block with too many errors of this rise, -1 when there is none.
        blocks, errors: blocks with too many errors, and errors, of this rise.
        ring: total and errors of the last ``plan.still`` blocks with data, oldest first, flattened.
        seen, missing: blocks so far, and those without data.
        total, bad: requests and errors after the merge.
        calm_blocks, calm_total, calm_bad: the same in blocks at which nothing spoke against the merge.
        fired: index of the block at which it fired, -1 before.
    """

    plan: RatioPlan
    sums: tuple[float, ...] = (0.0,) * len(FACTORS)
    now: float = 0.0
    most: tuple[float, ...] = (0.0, 0.0, 0.0)
    peak: float = 0.0
    first: int = -1
    blocks: int = 0
    errors: float = 0.0
    ring: tuple[float, ...] = ()
    seen: int = 0
    missing: int = 0
    total: float = 0.0
    bad: float = 0.0
    calm_blocks: int = 0
    calm_total: float = 0.0
    calm_bad: float = 0.0
    fired: int = -1


def begin(
    objective: float, before: Sequence[RatioBlock], *, step_seconds: float, planned: int, objectives: int = 1
) -> RatioState:
    """Return the state of a watch that begins now.

    Args:
        objective: share of good requests that is asked, 0 < objective < 1.
        before: blocks before the merge, oldest first, same length as those to come; an hour is enough.
        step_seconds: length of a block.
        planned: blocks that the watch will have.
        objectives: how many objectives this watch has.
    """
    budget = 1.0 - objective
    data = [b for b in before if b.seen is Seen.DATA and b.total > 0]
    phi = dispersion(data)
    incident = under_way(data, budget, phi)
    null, burning = budget, 0.0
    for stretch in (data, data[-max(3, round(BEFORE_SECONDS / step_seconds)) :], incident):
        n, e = sum(b.total for b in stretch), sum(b.errors for b in stretch)
        if e >= 2 and e / n > BURNING * budget:
            spread = dispersion(stretch) if stretch is incident and len(stretch) >= 8 else phi
            burning = max(burning, e / n)
            null = max(null, min(0.9, upper(e / spread, n / spread)))
    lines = [trend(stretch, phi) for stretch in (data, data[-len(data) // 2 :], data[-len(data) // 4 :], incident)]
    end, grows = max(lines, key=lambda line: line[0] + line[1] * planned)
    hold = max(LEAST, min(round(HOLD_SECONDS / step_seconds), ceil(planned**0.5)))
    return RatioState(
        RatioPlan(
            budget=budget,
            null=null,
            dispersion=phi,
            total=sum(b.total for b in data),
            errors=sum(b.errors for b in data),
            burning=burning,
            end=end,
            grows=grows,
            threshold=math.log(objectives / ALPHA),
            hold=hold,
            still=max(2, min(round(STILL_SECONDS / step_seconds), hold)),
        )
    )


@lru_cache(maxsize=4096)
def weights(null: float) -> tuple[tuple[float, float], ...]:
    """Return what an error and a good request add to each alternative's sum."""
    out = []
    for factor in FACTORS:
        p1 = 1.0 - (1.0 - null) * (1.0 - null) if null * factor >= 0.95 else null * factor
        p1 = min(max(p1, null + 1e-12), 0.99)
        out.append((math.log(p1 / null), math.log((1.0 - p1) / (1.0 - null))))
    return tuple(out)


def expected(plan: RatioPlan, at: int) -> float:
    """Return p0 at block ``at``: what was there before the merge, and what it was growing to."""
    return min(0.9, max(plan.null, plan.end + plan.grows * (at + 1))) if plan.grows else plan.null


def mixture(sums: Sequence[float]) -> float:
    """Return the evidence: the logarithm of the mean of the alternatives' likelihood ratios, 0 or more."""
    top = max(sums)
    if top <= 0:
        return 0.0
    return max(0.0, top + math.log(sum([math.exp(s - top) for s in sums]) / len(sums)))


def step(state: RatioState, block: RatioBlock) -> RatioState:
    """Return the state after one more block; a state that has fired stays as it is.

    Errors that were as frequent at the same clock time 1 or 7 days ago, where that is given, speak against nobody.
    """
    if state.fired >= 0:
        return state
    plan, at = state.plan, state.seen
    if block.seen is not Seen.DATA or not 0 <= block.errors <= block.total or block.total <= 0:
        return evolve(state, seen=at + 1, missing=state.missing + 1)
    n, e = block.total, block.errors
    null = expected(plan, at)
    if block.day_ago is not None or block.week_ago is not None:
        null = min(0.9, max(null, block.day_ago or 0.0, block.week_ago or 0.0))
    good, phi = n - e, plan.dispersion
    sums = tuple(
        [
            max(0.0, s + min(CAP, (e * up + good * down) / phi))
            for s, (up, down) in zip(state.sums, weights(null), strict=True)
        ]
    )
    now = mixture(sums)
    rising = max(sums) > 0
    most = tuple(sorted((*state.most, now - state.now))[-3:]) if rising else (0.0, 0.0, 0.0)
    counts = e > 0 and e > null * n
    first = (at if counts and state.first < 0 else state.first) if rising else -1
    blocks, errors = (state.blocks + counts, state.errors + e) if rising else (0, 0.0)
    ring = (*state.ring, n, e)[-2 * plan.still :]
    fires = (
        counts
        and now >= plan.threshold
        and now >= state.peak
        and blocks >= LEAST
        and errors >= LEAST
        and at - first + 1 >= plan.hold
        and now - sum(most) >= SPREAD
        and _rate(ring) > max(breach(plan.budget), null)
    )
    calm = now <= CALM
    return RatioState(
        plan,
        sums,
        now,
        most,
        max(state.peak, now) if rising else 0.0,
        first,
        blocks,
        errors,
        ring,
        at + 1,
        state.missing,
        state.total + n,
        state.bad + e,
        state.calm_blocks + calm,
        state.calm_total + n * calm,
        state.calm_bad + e * calm,
        at if fires else -1,
    )


def _rate(ring: Sequence[float]) -> float:
    return sum(ring[1::2]) / n if (n := sum(ring[::2])) > 0 else 0.0


def verdict(state: RatioState) -> Judgement:
    """Return what can be said now; before the end of the watch, ``ok`` means "ok so far"."""
    plan, now = state.plan, state.now
    say_it = partial(Judgement, evidence=now, needed=plan.threshold)
    if state.fired >= 0:
        return say_it(answer=Answer.VIOLATION, fired_at=state.fired, reason=say.ratio_fired(state))
    got = state.seen - state.missing
    if got == 0 or state.total <= 0:
        return say_it(answer=Answer.UNDECIDED, reason=say.no_data(state.seen))
    if got < state.seen / 2:
        return say_it(answer=Answer.UNDECIDED, reason=say.too_little(got, state.seen))
    null = expected(plan, state.seen)
    if now >= plan.threshold / 2 and _rate(state.ring) > max(breach(plan.budget), null):
        return say_it(answer=Answer.UNDECIDED, reason=say.ratio_rising(state, now))
    rate = state.bad / state.total
    vague = plan.null > 1.6 * plan.burning and rate > 3.0 * plan.errors / max(1.0, plan.total)
    if plan.burning and (rate > 2.0 * plan.burning or vague) and _rate(state.ring) > 0.5 * plan.burning:
        return say_it(answer=Answer.UNDECIDED, reason=say.ratio_worse(state))
    calm = state.calm_blocks >= got / 2
    if now >= 2.0 * CALM and rate > BURNING * plan.budget and not calm and not plan.burning:
        return say_it(answer=Answer.UNDECIDED, reason=say.ratio_rising(state, now))
    phi = plan.dispersion
    worth = max(4.0 * plan.budget, min(WORTH * plan.budget, WORTH_SHARE))
    worth = (
        (1.0 if null >= 0.25 else min(0.5, max(worth, 3.0 * null))) if plan.burning else min(worth, half(plan.budget))
    )
    bound = upper(state.bad / phi, state.total / phi)
    if calm:
        bound = min(bound, upper(state.calm_bad / phi, state.calm_total / phi))
    if bound > worth:
        return say_it(answer=Answer.UNDECIDED, reason=say.ratio_thin(state, bound, worth))
    return say_it(answer=Answer.OK, reason=say.ratio_ok(state, bound, worth))
