"""One watched merge, whole: when it went live, what objectives said, what was done about it, and whether it helped."""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve

from bascule.messages import watch as say
from bascule.pipeline.session import Session
from bascule.pipeline.watching.conclude import conclude
from bascule.pipeline.watching.loop import Shown, watch
from bascule.pipeline.watching.prepare import await_live, begin, look_up, others, undeployed
from bascule.pipeline.watching.records import Wanted, Watched


def watch_merge(
    session: Session, number: int, wanted: Wanted, *, shown: Shown, began: Callable[[Watched], None]
) -> Watched:
    """Watch the merge of pull request ``number`` and act on what is seen.

    Args:
        session: the run.
        number: a merged pull request.
        wanted: see there.
        shown: told the rows after each tick.
        began: told what is watched before the first tick.

    Raises:
        BasculeError: it is not merged, its objectives cannot be used, or GitHub, git or the journal cannot be read.
    """
    found = look_up(session, number, wanted)
    if isinstance(found, Watched):
        return found
    live = await_live(found, wanted)
    if live is None:
        return undeployed(found, wanted)
    ready = begin(found, live, wanted)
    began(ready.done)
    seen = watch(session, ready.one, wanted.pace, shown=shown, as_of=wanted.as_of, others=others(ready))
    if wanted.as_of is None:
        return conclude(ready, seen, wanted, shown)
    done = evolve(ready.done, answer=seen.answer, rows=seen.rows, person=seen.person)
    ends_at = ready.one.ends_at
    said = say.verdict(seen.answer.value, number, len(seen.rows))
    return evolve(done, summary=say.so_far(number, ends_at) if seen.early else said)
