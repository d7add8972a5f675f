"""All open watches at one desk: which series to ask for, and what each watch's objectives say. No clock, no network.

Blocks lie on one grid for everybody (multiples of a block's length since 1970), so that a series is asked for once,
whoever watches it, and twice asked gives the same blocks. The block in which a merge went live belongs to neither side.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import evolve

from bascule import wire
from bascule.messages import slo as say
from bascule.slo import judge
from bascule.slo.objective import BLOCK_SECONDS, Gauge, Objective, Ratio, queries
from bascule.slo.posts import Known, Post, Row, Watch, at_that_time, rest, share, within
from bascule.slo.records import Answer, Block, GaugeBlock, Judgement, RatioBlock, Seen
from bascule.types import Observation, Series, WatchRequest

RATIO_BEFORE = 3600.0
"""Seconds before the merge that a ratio is compared with."""
GAUGE_BEFORE = 86400.0
"""Seconds before the merge that a gauge is compared with: a whole day has its every hour in it."""
AGO = {"day": 86_400.0, "week": 604_800.0}
"""Seconds that the same clock time is ago with which a breach is compared."""
NEAR = 300.0
"""Seconds by which what comes every day may come sooner or later."""
LAG = 15.0
"""Seconds that a block is left alone after its end: samples are scraped and written before they can be read."""
PATIENCE = 120.0
"""Seconds after the last block for which a source that does not answer is waited for."""
SHOWN_BEFORE = 60
"""Blocks before the merge that a picture has."""
CALM_SECONDS = 600.0
"""How long an objective must be quiet to count as recovered (watch.md, "Rollback within 5 min")."""


class Desk:
    """All watches of one process. Not for two threads at once.

    Args:
        seconds: length of a block.
        blank: blocks after a merge went live that are not judged (the roll-out).
        rhythm: whether a series is read at the same clock time of earlier days, too; once, when a watch begins.
    """

    def __init__(self, seconds: int = BLOCK_SECONDS, *, blank: int = 2, rhythm: bool = True) -> None:
        self.seconds = seconds
        self._blank = blank
        self._lag = min(LAG, float(seconds))
        self._patience = min(PATIENCE, 4.0 * seconds)
        self._near = int(NEAR // seconds)
        self._ago = {word: int(length // seconds) for word, length in AGO.items()} if rhythm else {}
        self._known: dict[str, Known] = {}
        self._series_posts: dict[str, set[Post]] = {}
        self._shared: dict[Hashable, Post] = {}
        self._watches: dict[str, Watch] = {}
        self._posts: dict[str, tuple[Post, ...]] = {}
        self._named: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._names: dict[Objective, str] = {}

    def open(self, watch: Watch) -> None:
        """Begin to watch; a run that is watched already stays as it is."""
        if watch.run in self._watches:
            return
        self._watches[watch.run] = watch
        first = math.ceil(watch.live_at.timestamp() / self.seconds)
        until = math.floor((watch.before_at or watch.live_at).timestamp() / self.seconds)
        planned = max(1, int((watch.ends_at.timestamp() - first * self.seconds) // self.seconds))
        self._posts[watch.run] = tuple([self._post(watch, o, first, planned, until) for o in watch.objectives])

    def close(self, run: str) -> None:
        """Forget a watch, and the series that nobody else needs."""
        self._watches.pop(run, None)
        for post in self._posts.pop(run, ()):
            post.watches.pop(run, None)
            posts = self._series_posts.get(post.series, set())
            if not post.watches:
                posts.discard(post)
                if self._shared.get(post.key) is post:
                    del self._shared[post.key]
            if not posts:
                self._series_posts.pop(post.series, None)
                for name in (post.series, *(f"{post.series}-{word}" for word in self._ago)):
                    self._known.pop(name, None)

    def due(self, now: datetime) -> tuple[tuple[WatchRequest, ...], tuple[Series, ...]]:
        """Return who watches, and the series with blocks that are complete at ``now`` and not known yet."""
        complete = int((now.timestamp() - self._lag) // self.seconds)
        wanted = []
        for known in self._known.values():
            last = max(p.first + p.planned for p in self._series_posts[known.series])
            count = min(complete, last + (self._near - known.ago if known.ago else 0)) - known.end
            if count > 0:
                wanted.append(evolve(known.template, start=self._at(known.end), blocks=count))
        return tuple(map(self._request, self._watches.values())), tuple(wanted)

    def take(self, observations: Iterable[Observation], now: datetime) -> bool:
        """Learn of what came back and judge it; return whether a block was learned.

        A source that did not answer is asked again for the same blocks, until the watch is over and
        :data:`PATIENCE` has passed; then they count as silence.
        """
        best: dict[str, Observation] = {}
        for seen in observations:
            other = best.get(seen.series)
            if other is None or _data(seen) > _data(other):
                best[seen.series] = seen
        learned = False
        for name, seen in best.items():
            known = self._known.get(name)
            if known is None or round(seen.start.timestamp() / self.seconds) != known.end:
                continue
            known.note = seen.note
            if seen.seen != Seen.UNREACHABLE or _data(seen):
                known.blocks += [_block(known.template.kind, b, Seen(seen.seen)) for b in seen.blocks]
                learned = learned or bool(seen.blocks)
        for posts in self._series_posts.values():
            for post in posts:
                self._feed(post, now)
        self._mark_overlaps()
        return learned

    def rows(self, run: str) -> tuple[Row, ...]:
        """Return what every objective of ``run`` says now."""
        objectives = self._watches[run].objectives
        return tuple(self._row(run, o, p) for o, p in zip(objectives, self._posts[run], strict=True))

    def over(self, run: str) -> bool:
        """Return whether nothing more is to come for ``run``: a violation, or the end of its time."""
        posts = self._posts[run]
        return any(_fired_at(p) is not None for p in posts) or all(p.fed >= p.planned for p in posts)

    @property
    def states(self) -> int:
        """Return how many states are kept, however many watches share them."""
        return sum(len(posts) for posts in self._series_posts.values())

    # -- inside -------------------------------------------------------------------------------------------------------

    def _request(self, watch: Watch) -> WatchRequest:
        names = tuple([p.series for p in self._posts[watch.run]])
        return WatchRequest(
            run=watch.run, repository=watch.repository, number=watch.number, sha=watch.sha, started_at=watch.live_at,
            ends_at=watch.ends_at, series=self._named.setdefault(names, names), environment=watch.environment,
        )  # fmt: skip

    def _post(self, watch: Watch, objective: Objective, first: int, planned: int, until: int) -> Post:
        """Return the post of an objective; watches of which the judge would hear the same share one."""
        series, count, recovery = self._series(objective, until), len(watch.objectives), watch.before_at is not None
        key = (series, objective.sli, first, planned, until, count, recovery)
        post = self._shared.get(key)
        if post is None or post.silenced:
            post = self._shared[key] = Post(
                key=key, objective=objective, series=series, first=first, planned=planned,
                before=self._before(objective), until=until, objectives=count, recovery=recovery,
            )  # fmt: skip
            self._series_posts.setdefault(series, set()).add(post)
        post.watches[watch.run] = watch
        return post

    def _at(self, block: int) -> datetime:
        return datetime.fromtimestamp(block * self.seconds, UTC)

    def _before(self, objective: Objective) -> int:
        return int((RATIO_BEFORE if isinstance(objective.sli, Ratio) else GAUGE_BEFORE) // self.seconds)

    def _queries(self, objective: Objective) -> dict[str, str]:
        return {q.role: q.text for q in queries(objective, self.seconds)}

    def _series(self, objective: Objective, until: int) -> str:
        kind = "ratio" if isinstance(objective.sli, Ratio) else "gauge"
        name = self._names.get(objective, "")
        if not name:
            asked = {"kind": kind, "queries": self._queries(objective), "source": objective.source}
            name = f"s-{wire.sha256(asked)[:16]}"
            self._names[objective] = name
        begin = until - self._before(objective)
        known = self._known.get(name)
        if known is None or known.first > begin:
            # Whoever came first may not have needed as much of the past: it is asked for again, whole.
            template = Series(
                id=name, objective=objective.name, kind=kind, queries=self._queries(objective),
                step=float(self.seconds), start=self._at(begin), blocks=0, source=objective.source or "prometheus",
            )  # fmt: skip
            note = "" if template.source == "prometheus" else say.unknown_source(template.source)
            self._known[name] = Known(series=name, template=template, first=begin, note=note)
            for post in self._series_posts.get(name, ()):
                post.restart()
        self._pasts(name, until)
        return name

    def _pasts(self, name: str, until: int) -> None:
        """Know that a series is read at the same clock time of earlier days, too, from block ``until`` on."""
        for word, ago in self._ago.items():
            begin = until - ago - self._near
            known = self._known.get(f"{name}-{word}")
            if known is None or known.first > begin:
                template = evolve(self._known[name].template, id=f"{name}-{word}", start=self._at(begin), blocks=0)
                self._known[f"{name}-{word}"] = Known(series=name, template=template, first=begin, ago=ago)

    def _with_pasts(self, name: str, block: Block, at: int) -> Block:
        """Return ``block`` with what the series was at the same clock time of earlier days, where that is known."""
        if block.seen is not Seen.DATA:
            return block
        then = {w: at_that_time(self._known[f"{name}-{w}"], block, at, self._near) for w in self._ago}
        found: Any = {f"{word}_ago": value for word, value in then.items() if value is not None}
        return evolve(block, **found) if found else block

    def _feed(self, post: Post, now: datetime) -> None:
        known = self._known[post.series]
        if post.state is None:
            if known.end < post.first and not self._too_late(post, now):
                return
            post.state = self._begun(post, known)
        while post.fed < post.planned:
            at = post.first + post.fed
            if at < known.end:
                block = self._with_pasts(post.series, known.blocks[at - known.first], at)
            elif self._too_late(post, now):
                empty = RatioBlock if known.template.kind == "ratio" else GaugeBlock
                block = empty(seen=Seen.UNREACHABLE)
            else:
                return
            post.state = judge.step(post.state, block)
            post.fed += 1
            decision = judge.decide(post.state)
            rest(post, block, decision.judgement)
            if post.recovery and decision.judgement.answer is Answer.VIOLATION:
                # It may still recover, and a statistic that has fired stays so: it begins anew.
                post.state, post.beside = self._begun(post, known), {}
            if decision.prolong and not post.prolonged and post.fed >= post.planned:
                post.prolonged, post.planned = True, 2 * post.planned

    def _too_late(self, post: Post, now: datetime) -> bool:
        """Return whether the watch is over, and so is the time for which silence is waited out."""
        late = now.timestamp() >= (post.first + post.planned) * self.seconds + self._lag + self._patience
        post.silenced = post.silenced or late
        return late

    def _begun(self, post: Post, known: Known) -> judge.State:
        end = post.until - known.first  # the block in which it went live is neither before nor after
        before = known.blocks[max(0, end - post.before) : end]
        options: Mapping[str, Any] = {
            "step_seconds": float(self.seconds),
            "planned": max(1, post.planned - self._blank),
            "objectives": post.objectives,
            "blank": self._blank,
        }
        sli = post.objective.sli
        if isinstance(sli, Gauge):
            values = [b.value if isinstance(b, GaugeBlock) and b.seen is Seen.DATA else None for b in before]
            return judge.watch_gauge(sli.direction, values, limit=sli.limit, **options)
        return judge.watch_ratio(sli.target, [b for b in before if isinstance(b, RatioBlock)], **options)

    def _mark_overlaps(self) -> None:
        """Note for each post that has fired which watches of its series were open then; one note for one block."""
        for posts in self._series_posts.values():
            notes: dict[int, dict[str, str]] = {}
            for post in posts:
                fired = _fired_at(post)
                if fired is None:
                    continue
                at = post.first + fired
                if at not in notes:
                    when = self._at(at)
                    notes[at] = {
                        run: f"{w.repository}#{w.number}"
                        for p in posts
                        for run, w in p.watches.items()
                        if w.live_at <= when <= w.ends_at
                    }
                if any(run not in post.beside for run in notes[at]):
                    post.beside = {**post.beside, **notes[at]} if set(post.beside) - set(notes[at]) else notes[at]

    def _row(self, run: str, objective: Objective, post: Post) -> Row:
        known = self._known[post.series]
        begin = max(known.first, post.until - SHOWN_BEFORE)
        shown = known.blocks[begin - known.first : post.first + post.fed - known.first]
        decision = post.decision(run)
        if decision is None:
            judgement, person = Judgement(answer=Answer.UNDECIDED, reason=known.note or "nothing came back yet"), False
        else:
            judgement, person = decision.judgement, decision.person
        fired = judgement.fired_at
        return Row(
            objective=objective,
            judgement=judgement,
            person=person,
            seen=post.fed,
            planned=post.planned,
            values=tuple(share(b) for b in shown),
            values_from=self._at(begin),
            before=max(0, post.until - begin),
            fired_at=self._at(post.first + fired + 1) if fired is not None else None,
            calm=float(post.calm * self.seconds) if within(post) else 0.0,
            note=known.note,
        )


def recovered(rows: Iterable[Row], seconds: float = CALM_SECONDS) -> bool:
    """Return whether every objective has been quiet for so many ``seconds``."""
    return all(r.calm >= seconds for r in rows)


def _fired_at(post: Post) -> int | None:
    """Return the block, counted from the merge, at which the post has a violation, if it has."""
    state = post.state
    if state is None or (state.gone_at < 0 and state.fired < 0):
        return None
    return judge.decide(state).judgement.fired_at


def _data(seen: Observation) -> int:
    return sum(b is not None for b in seen.blocks)


def _block(kind: str, numbers: tuple[float, ...] | None, why: Seen) -> Block:
    if kind == "ratio":
        if numbers is None:
            return RatioBlock(seen=why)
        total, bad = max(0.0, numbers[0]), max(0.0, numbers[1])
        return RatioBlock(total=max(total, bad), errors=bad)
    return GaugeBlock(value=None, seen=why) if numbers is None else GaugeBlock(value=numbers[0])
