"""The guards around the statistic, and states as JSON."""

import json
import random

import pytest

from bascule import wire
from bascule.slo import judge
from bascule.slo.records import Answer, Direction, GaugeBlock, RatioBlock, Seen

QUIET = [RatioBlock(200, 0)] * 120
GONE, SILENT, EMPTY = (RatioBlock(seen=s) for s in (Seen.GONE, Seen.UNREACHABLE, Seen.EMPTY))


def watch(before: list[RatioBlock] = QUIET, *, planned: int = 120, blank: int = 2) -> judge.State:
    return judge.watch_ratio(0.999, before, step_seconds=30, planned=planned, blank=blank)


def fed(state: judge.State, blocks: list[RatioBlock]) -> judge.State:
    for block in blocks:
        state = judge.step(state, block)
    return state


def test_the_roll_out_is_not_judged() -> None:
    bad = [RatioBlock(200, 200)] * 8
    assert judge.decide(fed(watch(blank=8), bad + QUIET)).judgement.answer is Answer.OK
    assert judge.decide(fed(watch(blank=8), bad)).judgement.answer is Answer.UNDECIDED
    got = judge.decide(fed(watch(blank=8), bad + [RatioBlock(200, 20)] * 30)).judgement
    assert (got.answer, got.fired_at) == (Answer.VIOLATION, 8 + 9)


def test_a_target_that_is_gone_is_a_violation_where_it_was_there_before() -> None:
    got = judge.decide(fed(watch(), QUIET[:20] + [GONE] * 10)).judgement
    assert (got.answer, got.fired_at) == (Answer.VIOLATION, 29)
    assert "10 blocks in a row" in got.reason
    assert judge.decide(fed(watch(), QUIET[:20] + [GONE] * 9 + QUIET[:60])).judgement.answer is Answer.OK
    never = judge.decide(fed(watch([]), [GONE] * 60)).judgement
    assert never.answer is Answer.UNDECIDED, "nothing was there before either"


def test_a_source_that_is_gone_says_nothing_and_prolongs_the_watch_once() -> None:
    state = fed(watch(planned=40), [SILENT] * 42)
    got = judge.decide(state)
    assert (got.judgement.answer, got.prolong) == (Answer.UNDECIDED, True)
    assert "did not answer" in got.judgement.reason
    assert judge.decide(fed(state, QUIET[:60])).judgement.answer is Answer.OK
    late = judge.decide(fed(state, [SILENT] * 40))
    assert (late.judgement.answer, late.prolong) == (Answer.UNDECIDED, False)


def test_a_source_that_comes_and_goes_is_never_ok_with_half_the_data() -> None:
    mixed = [b for pair in zip(QUIET, [SILENT] * 120, strict=True) for b in pair]
    assert judge.decide(fed(watch(), mixed[:120])).judgement.answer is Answer.UNDECIDED
    assert judge.decide(fed(watch(), [EMPTY, *QUIET[:1]] * 30 + [EMPTY] * 5)).judgement.answer is Answer.UNDECIDED


def test_silence_between_errors_does_not_hide_them() -> None:
    bad = [RatioBlock(200, 20)] * 12
    state = fed(watch(), QUIET[:4] + bad[:6] + [SILENT] * 5 + bad)
    got = judge.decide(state).judgement
    assert got.answer is Answer.VIOLATION
    assert got.fired_at == 4 + 6 + 5 + 3, "counted from the merge, silent blocks included"


def test_an_overlapping_merge_makes_it_a_persons_decision() -> None:
    state = judge.overlapped(fed(watch(), QUIET[:4] + [RatioBlock(200, 20)] * 30), ["acme/shop#43", "acme/shop#43"])
    got = judge.decide(state)
    assert got.person
    assert got.judgement.answer is Answer.VIOLATION
    assert "`acme/shop#43` landed in the same time" in got.judgement.reason
    assert not judge.decide(judge.overlapped(fed(watch(), QUIET), ["x"])).person


def test_a_block_of_the_other_kind_is_a_bug() -> None:
    with pytest.raises(TypeError):
        fed(watch(), [GaugeBlock(1.0)] * 3)  # type: ignore[list-item]


@pytest.mark.parametrize("kind", ["ratio", "gauge"])
def test_a_watch_goes_on_from_its_journal(kind: str) -> None:
    rng = random.Random(1)
    blocks: list[RatioBlock] | list[GaugeBlock]
    if kind == "ratio":
        state = watch()
        blocks = [RatioBlock(200, float(rng.random() < 0.3)) for _ in range(40)] + [RatioBlock(200, 8)] * 30
    else:
        before = [rng.gauss(50, 2) for _ in range(300)]
        state = judge.watch_gauge(Direction.BOTH, before, step_seconds=30, planned=120)
        blocks = [GaugeBlock(rng.gauss(50, 2)) for _ in range(40)] + [GaugeBlock(rng.gauss(70, 2)) for _ in range(30)]
    whole = again = state
    for block in blocks:
        whole = judge.step(whole, block)
        again = judge.step(wire.load(json.loads(json.dumps(wire.dump(again))), judge.State), block)
    assert again == whole
    assert judge.decide(again) == judge.decide(whole)
    assert judge.decide(whole).judgement.answer is Answer.VIOLATION


def test_the_same_blocks_give_the_same_answer() -> None:
    blocks = QUIET[:10] + [RatioBlock(200, 2)] * 20
    assert fed(watch(), blocks) == fed(watch(), blocks)
