"""What the judge says of one objective: what was measured before and after, and what was concluded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from bascule.messages.wording import code, listed

if TYPE_CHECKING:
    from bascule.slo.gauge import GaugeState
    from bascule.slo.ratio import RatioState


def percent(share: float) -> str:
    """Return a share (0..1) as a percentage with three significant digits."""
    return f"{share * 100:.3g} %"


def _rates(state: RatioState) -> str:
    plan = state.plan
    after = state.bad / state.total if state.total else 0.0
    if not plan.total:
        return f"{percent(after)} errors after the merge, nothing known from before"
    before = plan.errors / plan.total
    return (
        f"{percent(before)} errors of {plan.total:,.0f} before the merge, "
        f"{percent(after)} of {state.total:,.0f} after it"
    )


NOBODY = "no installed plugin answered for it; `bascule plugins list` shows what is there"


def unknown_source(name: str) -> str:
    """Nobody answers for a source by its name."""
    variable = f"BASCULE_SERVICE_{name.upper().replace('-', '_')}"
    return f"nobody answers for the source {code(name)}: set {variable} to its address"


def no_data(blocks: int) -> str:
    """No block had data."""
    return f"none of {blocks} blocks after the merge has data; no data is not health"


def too_little(got: int, blocks: int) -> str:
    """Most blocks had no data."""
    return f"only {got} of {blocks} blocks after the merge have data"


def ratio_fired(state: RatioState) -> str:
    """Errors rose and stayed."""
    plan = state.plan
    burn = f"the objective allows {percent(plan.budget)}"
    if plan.burning:
        burn += f", and the incident before the merge explains {percent(plan.null)}"
    return f"{_rates(state)}; {burn}; {state.errors:,.0f} errors in {state.blocks} blocks since block {state.first}"


def ratio_rising(state: RatioState, now: float) -> str:
    """Errors were rising when the watch ended."""
    return f"{_rates(state)}; rising at the end, with evidence {now:.1f} of {state.plan.threshold:.1f} that is needed"


def ratio_worse(state: RatioState) -> str:
    """An incident from before the merge got worse, and too few requests say how much."""
    return (
        f"{_rates(state)}; an incident with {percent(state.plan.burning)} errors was under way when the merge came, "
        f"and up to {percent(state.plan.null)} may be its own"
    )


def ratio_thin(state: RatioState, bound: float, worth: float) -> str:
    """Too few requests to exclude a regression."""
    return (
        f"{_rates(state)}; so few requests leave up to {percent(bound)} possible, and {percent(worth)} would be worth "
        "a rollback"
    )


def ratio_ok(state: RatioState, bound: float, worth: float) -> str:
    """No regression that would be worth a rollback."""
    text = f"{_rates(state)}; at most {percent(bound)} now, below the {percent(worth)} that is worth a rollback"
    return f"{text}; it was burning before the merge" if state.plan.burning else text


def gauge_no_baseline(got: int, least: int) -> str:
    """Too few values before the merge."""
    return f"only {got} values before the merge; {least} are needed to know what is normal"


def gauge_fired(state: GaugeState, worse: str, values: Sequence[float]) -> str:
    """The gauge moved and stayed."""
    shown = ", ".join(f"{v:.4g}" for v in values[-5:])
    return (
        f"{worse} what the time before the merge explains since {len(values)} values, the last {shown}; "
        f"it was {state.normal:.4g} when the merge came"
    )


def gauge_rising(state: GaugeState, run: int) -> str:
    """The gauge was beyond the bar when the watch ended, for too short a time."""
    return f"the last {run} values are beyond the bar, and {state.hold} in a row are needed"


def gauge_ok(state: GaugeState, most: int) -> str:
    """The gauge stayed where it was, or came back."""
    if most:
        return f"beyond the bar for {most} values, and came back by itself; normal before: {state.normal:.4g}"
    return f"stayed within what the time before the merge explains; normal before: {state.normal:.4g}"


def target_gone(blocks: int) -> str:
    """The target stopped reporting after the merge, and was there before."""
    return f"no target has reported for {blocks} blocks in a row, and one did before the merge"


def unreachable(blocks: int, seen: int) -> str:
    """The metrics source did not answer."""
    return f"the metrics source did not answer for {blocks} of {seen} blocks; that says nothing about the merge"


def not_begun(blank: int) -> str:
    """Only the roll-out has been seen so far."""
    return f"the first {blank} blocks are the roll-out and are not judged; nothing was seen after them"


def shared(reason: str, others: Iterable[str]) -> str:
    """A violation that several merges may have caused."""
    return f"{reason}; {listed(others)} landed in the same time, so a person decides whose it is"
