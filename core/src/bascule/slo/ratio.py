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
from itertools import pairwise

from attrs import evolve, frozen

from bascule.messages import slo as say
from bascule.slo.records import Answer, Judgement, RatioBlock, Seen

FACTORS = (2.0, 4.0, 10.0, 30.0, 100.0, 300.0)
"""The alternatives, as multiples of p0."""
CAP = math.log(12.0)
"""The most that one block may add."""
ALPHA = 1e-3
"""False alarms a watch, shared among its objectives (Bonferroni)."""
BURNING = 2.0
"""A burn rate (error rate over budget) that is a breach."""
WORTH = 14.4
"""The burn rate that is worth a rollback: it takes 2 % of a 30-day budget in an hour (SRE Workbook, ch. 5)."""
HOLD_SECONDS = 300.0
"""How long errors must last; what recovers sooner is a blip."""
STILL_SECONDS = 120.0
"""How fresh the last errors must be."""
BEFORE_SECONDS = 600.0
"""The stretch before the merge that tells of an incident under way."""
LEAST = 3
"""Least number of blocks with errors, and of errors."""
RING = 32
"""Most blocks that the hold time may have."""
Z99 = 2.326


@frozen(kw_only=True)
class RatioState:
    """What is kept of a watched ratio; the first part is fixed when the watch begins.

    Args:
        budget: share of errors that the objective allows, 0..1.
        null: p0, the share of errors that is not held against the merge.
        dispersion: variance of the counts over that of a coin, at least 1.
        before_total, before_errors: what was counted before the merge.
        burning: whether the objective was burning before the merge.
        threshold: evidence that is needed, a natural logarithm.
        hold, still: blocks that errors must last, and blocks that count as "now".
        sums: the running sum of each alternative.
        peak: the highest evidence since the sums were last all zero.
        first: index of the first block with errors of this rise, -1 when there is none.
        blocks, errors: blocks with errors, and errors, of this rise.
        ring: total and errors of the last ``still`` blocks with data, oldest first, flattened.
        seen, missing: blocks so far, and those without data.
        total, bad: requests and errors after the merge.
        calm_total, calm_bad: the same since the last rise ended.
        fired: index of the block at which it fired, -1 before.
    """

    budget: float
    null: float
    dispersion: float
    before_total: float
    before_errors: float
    burning: bool
    threshold: float
    hold: int
    still: int
    sums: tuple[float, ...] = (0.0,) * len(FACTORS)
    peak: float = 0.0
    first: int = -1
    blocks: int = 0
    errors: float = 0.0
    ring: tuple[float, ...] = ()
    seen: int = 0
    missing: int = 0
    total: float = 0.0
    bad: float = 0.0
    calm_total: float = 0.0
    calm_bad: float = 0.0
    fired: int = -1


def upper(errors: float, total: float, *, z: float = Z99) -> float:
    """Return the upper confidence bound of a rate (Wilson and Hilferty's cube root for Poisson counts), at most 1."""
    if total <= 0:
        return 1.0
    k = errors + 1.0
    return min(1.0, k * (1.0 - 1.0 / (9.0 * k) + z / (3.0 * math.sqrt(k))) ** 3 / total)


def dispersion(blocks: Sequence[RatioBlock]) -> float:
    """Return how much more the counts of ``blocks`` vary than a coin's would: 1 or more, at most 50.

    From successive differences, and 1 where there are fewer than 5 errors or 8 blocks to tell from.
    """
    total = sum(b.total for b in blocks)
    errors = sum(b.errors for b in blocks)
    if errors < 5 or len(blocks) < 8:
        return 1.0
    rate = errors / total
    spread = rate * (1.0 - rate)
    if spread <= 0:
        return 1.0
    terms = 0.0
    for one, two in pairwise(blocks):
        n = one.total * two.total / (one.total + two.total)
        terms += n * (one.errors / one.total - two.errors / two.total) ** 2
    return min(50.0, max(1.0, terms / (len(blocks) - 1) / spread))


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
    total, bad = sum(b.total for b in data), sum(b.errors for b in data)
    phi = dispersion(data)
    last = data[-max(3, round(BEFORE_SECONDS / step_seconds)) :]
    null, burning = budget, False
    for stretch in (data, last):
        n, e = sum(b.total for b in stretch), sum(b.errors for b in stretch)
        if n > 0 and e >= 2 and e / n > BURNING * budget:
            burning = True
            null = max(null, min(0.9, upper(e / phi, n / phi)))
    hold = max(LEAST, min(round(HOLD_SECONDS / step_seconds), planned // 6, RING))
    return RatioState(
        budget=budget,
        null=null,
        dispersion=phi,
        before_total=total,
        before_errors=bad,
        burning=burning,
        threshold=math.log(objectives / ALPHA),
        hold=hold,
        still=max(2, min(round(STILL_SECONDS / step_seconds), hold)),
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


def evidence(state: RatioState) -> float:
    """Return the evidence so far: the logarithm of the mean of the alternatives' likelihood ratios, 0 or more."""
    top = max(state.sums)
    if top <= 0:
        return 0.0
    return max(0.0, top + math.log(sum(math.exp(s - top) for s in state.sums) / len(state.sums)))


def step(state: RatioState, block: RatioBlock) -> RatioState:
    """Return the state after one more block; a state that has fired stays as it is."""
    if state.fired >= 0:
        return state
    at = state.seen
    if block.seen is not Seen.DATA or block.total <= 0:
        return evolve(state, seen=at + 1, missing=state.missing + 1)
    n, e = block.total, block.errors
    sums = tuple(
        max(0.0, s + min(CAP, (e * up + (n - e) * down) / state.dispersion))
        for s, (up, down) in zip(state.sums, weights(state.null), strict=True)
    )
    rising = max(sums) > 0
    counts = e > 0 and e / n > state.null
    state = evolve(
        state,
        sums=sums,
        first=(state.first if state.first >= 0 else at) if rising and counts else state.first if rising else -1,
        blocks=(state.blocks + counts) if rising else 0,
        errors=(state.errors + e) if rising else 0.0,
        ring=(*state.ring, n, e)[-2 * state.still :],
        seen=at + 1,
        total=state.total + n,
        bad=state.bad + e,
        calm_total=0.0 if rising and state.peak == 0.0 else state.calm_total + n,
        calm_bad=0.0 if rising and state.peak == 0.0 else state.calm_bad + e,
    )
    now = evidence(state)
    peak = max(state.peak, now) if rising else 0.0
    fires = (
        counts
        and now >= state.threshold
        and now >= state.peak
        and state.blocks >= LEAST
        and state.errors >= LEAST
        and at - state.first + 1 >= state.hold
        and _burning_now(state)
    )
    return evolve(state, peak=peak, fired=at if fires else -1)


def _burning_now(state: RatioState) -> bool:
    n, e = sum(state.ring[::2]), sum(state.ring[1::2])
    return e > BURNING * state.budget * n and e > state.null * n


def verdict(state: RatioState) -> Judgement:
    """Return what can be said now; before the end of the watch, ``ok`` means "ok so far"."""
    now = evidence(state)
    say_it = partial(Judgement, evidence=now, needed=state.threshold)
    if state.fired >= 0:
        return say_it(answer=Answer.VIOLATION, fired_at=state.fired, reason=say.ratio_fired(state))
    got = state.seen - state.missing
    if got == 0 or state.total <= 0:
        return say_it(answer=Answer.UNDECIDED, reason=say.no_data(state.seen))
    if got < state.seen / 2:
        return say_it(answer=Answer.UNDECIDED, reason=say.too_little(got, state.seen))
    if now >= state.threshold / 2 and _burning_now(state):
        return say_it(answer=Answer.UNDECIDED, reason=say.ratio_rising(state, now))
    worth = min(0.5, max(WORTH * state.budget, 3.0 * state.null))
    phi = state.dispersion
    bounds = [upper(state.bad / phi, state.total / phi), upper(state.calm_bad / phi, state.calm_total / phi)]
    if min(bounds) > worth:
        return say_it(answer=Answer.UNDECIDED, reason=say.ratio_thin(state, min(bounds), worth))
    return say_it(answer=Answer.OK, reason=say.ratio_ok(state, min(bounds), worth))
