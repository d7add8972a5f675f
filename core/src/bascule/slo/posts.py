"""What a desk keeps: its watches, the blocks of each series, how far each objective is, and how long it was quiet."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import datetime

from attrs import define, field, frozen

from bascule.slo import judge
from bascule.slo.objective import Objective
from bascule.slo.ratio import CALM
from bascule.slo.records import Answer, Block, Judgement, RatioBlock, Seen
from bascule.types import Series


@frozen(kw_only=True)
class Watch:
    """One merge that is watched. ``live_at``: from when on users met it; times are aware, UTC.

    ``before_at``: what came before this is what was normal; None: before ``live_at``.
    """

    run: str
    repository: str
    number: int
    sha: str
    live_at: datetime
    ends_at: datetime
    objectives: tuple[Objective, ...]
    environment: str = ""
    before_at: datetime | None = None


@frozen(kw_only=True)
class Row:
    """What one objective of one watch says now, and the numbers for a picture.

    ``values`` are the blocks since ``values_from``, a share of bad requests or a gauge's value; None: no data.
    ``fired_at`` is when a violation was certain; ``calm`` the seconds for which nothing spoke against it.
    """

    objective: Objective
    judgement: Judgement
    person: bool
    seen: int
    planned: int
    values: tuple[float | None, ...]
    values_from: datetime
    before: int
    fired_at: datetime | None
    calm: float
    note: str = ""


@define(kw_only=True)
class Known:
    """The blocks of one series; ``first`` is the number of the block at index 0, counted from 1970.

    ``series`` is the name of the series that it belongs to. ``ago``: what is read is so many blocks older than what it
    is compared with; 0 for the series itself. ``then`` are the answers of :func:`at_that_time` so far.
    """

    series: str
    template: Series
    first: int
    ago: int = 0
    blocks: list[Block] = field(factory=list)
    note: str = ""
    then: dict[int, float | None] = field(factory=dict)

    @property
    def end(self) -> int:
        """Return the number of the first block that is not known."""
        return self.first + len(self.blocks)


@define(kw_only=True, eq=False)
class Post:
    """One objective from one block on, for every watch of which the judge would hear the same.

    Blocks lie on one grid, so that merges that went live in the same block, and are watched for as long and beside as
    many objectives, have the same blocks before and after: their states are one state. ``watches`` has them by run.
    ``beside`` are all watches of the series, by run, in whose time it fired. ``silenced``: blocks that nobody waits
    for any more were counted as silence; who comes later asks for them.
    """

    key: Hashable
    objective: Objective
    series: str
    first: int
    planned: int
    before: int
    until: int
    objectives: int
    recovery: bool
    watches: dict[str, Watch] = field(factory=dict)
    state: judge.State | None = None
    fed: int = 0
    calm: int = 0
    calm_total: float = 0.0
    calm_bad: float = 0.0
    prolonged: bool = False
    silenced: bool = False
    beside: Mapping[str, str] = field(factory=dict)

    def restart(self) -> None:
        """Let the judge begin anew."""
        self.state, self.fed, self.beside = None, 0, {}
        unrest(self)

    def decision(self, run: str) -> judge.Decision | None:
        """Return what follows for the watch of ``run``; None where nothing was learned yet."""
        if self.state is None:
            return None
        names = [name for other, name in self.beside.items() if other != run]
        return judge.decide(judge.overlapped(self.state, names) if names else self.state)


def rest(post: Post, block: Block, judgement: Judgement) -> None:
    """Count the quiet: a block in which something was measured and nothing spoke against the merge.

    A block without traffic says nothing: it neither counts nor ends the quiet. Silence of any other kind ends it.
    """
    state = post.state
    assert state is not None
    loud = judgement.answer is Answer.VIOLATION or judgement.evidence >= CALM
    if loud or block.seen in {Seen.GONE, Seen.UNREACHABLE}:
        unrest(post)
    elif state.seen > state.blank and share(block) is not None:
        post.calm += 1
        if isinstance(block, RatioBlock):
            post.calm_total += block.total
            post.calm_bad += block.errors


def unrest(post: Post) -> None:
    """Let the quiet begin anew."""
    post.calm, post.calm_total, post.calm_bad = 0, 0.0, 0.0


def within(post: Post) -> bool:
    """Return whether the quiet was within the objective, or within what was there before the merge."""
    ratio = post.state.ratio if post.state is not None else None
    return ratio is None or post.calm_bad <= ratio.plan.null * post.calm_total


def share(block: Block) -> float | None:
    """Return the share of bad requests (0..1) or the gauge's value, None where nothing was measured."""
    if block.seen is not Seen.DATA:
        return None
    if isinstance(block, RatioBlock):
        return block.errors / block.total if block.total > 0 else None
    return block.value


def at_that_time(past: Known, block: Block, at: int, near: int) -> float | None:
    """Return what the series was when ``past`` was read, at the clock time of ``block``; None where nobody knows.

    A ratio is counted over ``near`` blocks on either side, since one has few errors. Of a gauge it is the value nearest
    to this one, because what comes every day does not come to the second.
    """
    if at not in past.then:
        middle = at - past.ago - past.first
        around = past.blocks[max(0, middle - near) : max(0, middle + near + 1)]
        if isinstance(block, RatioBlock):
            counted = [b for b in around if isinstance(b, RatioBlock) and b.seen is Seen.DATA]
            total = sum(b.total for b in counted)
            past.then[at] = sum(b.errors for b in counted) / total if total > 0 else None
        else:
            values = [v for b in around if (v := share(b)) is not None]
            here = share(block)
            past.then[at] = None if here is None else min(values, key=lambda v: abs(v - here), default=None)
    return past.then[at]
