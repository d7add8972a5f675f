"""The merge call: what GitHub's answers mean, and whose merge a merged pull request is (github-facts, section 5)."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from attrs import evolve, frozen

from bascule.clock import Clock
from bascule.errors import OutsideError
from bascule.forge.ports import LostReplyError, MergeOutcome, Merger, PullState
from bascule.messages import window as say
from bascule.types import Change, MergePlan
from bascule.window.retry import pause, reading
from bascule.window.trailer import run_of, with_run

BASE_RETRIES = 3
WHOSE_READS = 4


@frozen(kw_only=True)
class Gated:
    """What the pull request looked like when the gates judged it.

    Labels and the checks' state are not compared where they are None, nor an empty fingerprint.

    ``fingerprint`` is :attr:`PullState.fingerprint` of that moment. It covers reviews, labels, checks and
    conversations.
    """

    number: int
    head_sha: str
    base_ref: str
    base_sha: str
    labels: tuple[str, ...] | None = None
    review_decision: str | None = None
    checks_state: str | None = None
    fingerprint: str = ""

    @classmethod
    def of(cls, change: Change, *, fingerprint: str = "", checks_state: str | None = None) -> Gated:
        """Return what to compare with ``change``."""
        return cls(
            number=change.number,
            head_sha=change.head_sha,
            base_ref=change.base_ref,
            base_sha=change.base_sha,
            labels=change.labels,
            review_decision=change.review_decision,
            checks_state=checks_state,
            fingerprint=fingerprint,
        )

    def moved(self, now: PullState) -> str | None:
        """Return the first thing that moved since, as a sentence, or None."""
        pairs: list[tuple[str, object, object]] = [
            ("the state", now.state.lower(), "open"),
            ("the head", now.head_sha, self.head_sha),
            ("the base branch", now.base_ref, self.base_ref),
            ("the base", now.base_sha, self.base_sha),
            ("the draft flag", now.draft, False),
            ("the review decision", now.review_decision, self.review_decision),
        ]
        if self.labels is not None:
            pairs.append(("the set of labels", sorted(now.labels), sorted(self.labels)))
        if self.checks_state is not None:
            pairs.append(("the checks' state", now.checks_state, self.checks_state))
        if self.fingerprint:
            pairs.append(("what reviews, checks or conversations say", now.fingerprint, self.fingerprint))
        for what, found, expected in pairs:
            if found != expected:
                return say.moved(what, str(found), str(expected))
        return None


class Answer(Enum):
    """What came of asking for the merge."""

    MERGED = "merged"
    NOOP = "noop"
    """Merged, but by somebody else."""
    HEAD_MOVED = "head_moved"
    BASE_MOVED = "base_moved"
    REFUSED = "refused"
    NOT_ASKED = "not_asked"
    UNCLEAR = "unclear"
    """The reply was lost, or the refusal may mean that it is merged already: read, once protection is back."""


@frozen(kw_only=True)
class Asked:
    """The answer, its sentence, the merged commit, and how we know that it is ours.

    ``proof`` is ``reply`` (GitHub's 200), ``trailer``, or ``actor`` (a rebase merge by our login: only the landed tree
    proves it, so the caller must check that).
    """

    answer: Answer
    found: str = ""
    sha: str | None = None
    proof: str = ""
    alarm: str | None = None


@frozen(kw_only=True)
class Ask:
    """One merge to ask for. ``may_go`` answers, right before every call, why not (None: go); it is asked anew each
    time.

    ``may_read`` tells whether there is time to read the pull request while protection is relaxed.
    """

    merger: Merger
    clock: Clock
    run: str
    gated: Gated
    plan: MergePlan
    actor: str
    may_go: Callable[[], str | None]
    may_read: Callable[[], bool]

    def send(self) -> Asked:
        """Ask for the merge; retry only what is known not to have happened.

        Raises:
            LostReplyError, RateLimitedError, RefusedError: the pull request cannot be read in between.
        """
        tries = 0
        while True:
            stop = self.may_go()
            if stop is not None:
                return Asked(answer=Answer.NOT_ASKED, found=stop)
            tries += 1
            try:
                reply = self.merger.merge(
                    self.gated.number,
                    sha=self.gated.head_sha,
                    method=self.plan.method,
                    title=self.plan.title,
                    message=with_run(self.plan.message, self.run),
                )
            except LostReplyError:
                reply = None
            except OutsideError as error:
                return Asked(answer=Answer.REFUSED, found=error.message)  # a limit, a redirect: it was not applied
            asked = self._meaning(reply)
            if asked is not None:
                return asked
            if tries > BASE_RETRIES or not self.may_read():
                return Asked(answer=Answer.UNCLEAR, found=self._text(reply))
            now = self.merger.pull(self.gated.number)
            if now.merged:
                return self.whose(now)
            if now.head_sha != self.gated.head_sha:
                return Asked(answer=Answer.HEAD_MOVED, found=say.HEAD_MOVED)
            if now.base_sha != self.gated.base_sha or now.base_ref != self.gated.base_ref:
                return Asked(answer=Answer.BASE_MOVED, found=say.moved("the base", now.base_sha, self.gated.base_sha))
            # A read has shown that it did not happen, head and base are where they were: ask again.

    def settle(self, asked: Asked) -> Asked:
        """Return what an unclear answer turned out to be, read after protection is back.

        A merge that is still in flight needs a moment to show, so a pull request that is not merged is read again.
        """
        if asked.answer not in {Answer.UNCLEAR, Answer.REFUSED}:
            return asked
        for attempt in range(1, WHOSE_READS + 1):
            now = reading(self.clock, lambda: self.merger.pull(self.gated.number))
            if now.merged:
                return self.whose(now)
            if asked.answer is Answer.REFUSED:
                return asked
            if attempt < WHOSE_READS:
                self.clock.sleep(pause(attempt + 1))
        return evolve(asked, answer=Answer.REFUSED, found=asked.found or say.MERGE_LOST)

    def whose(self, now: PullState) -> Asked:
        """Return whose merge a merged pull request is: the trailer on the landed commit decides."""
        if now.merge_sha is None:
            text = say.whose_unclear(None, now.merged_by)
            return Asked(answer=Answer.NOOP, found=text, alarm=text)
        sha = now.merge_sha
        message = reading(self.clock, lambda: self.merger.commit_message(sha))
        named = run_of(message)
        if named == self.run:
            return Asked(answer=Answer.MERGED, sha=sha, proof="trailer")
        if named is None and self.plan.method == "rebase" and now.merged_by == self.actor:
            return Asked(answer=Answer.MERGED, sha=sha, proof="actor")
        return Asked(answer=Answer.NOOP, found=say.merged_by_other(now.merged_by, sha), sha=sha)

    def _meaning(self, reply: MergeOutcome | None) -> Asked | None:
        """Return what a reply says by itself, or None when the pull request has to be read."""
        if reply is None:
            return None
        if reply.status == 200 and reply.sha is not None:
            return Asked(answer=Answer.MERGED, sha=reply.sha, proof="reply")
        if reply.status == 409:
            return Asked(answer=Answer.HEAD_MOVED, found=say.HEAD_MOVED)
        if reply.status == 405 and "base branch was modified" in reply.message.casefold():
            return None
        return Asked(answer=Answer.REFUSED, found=self._text(reply))

    def _text(self, reply: MergeOutcome | None) -> str:
        return say.MERGE_LOST if reply is None else say.merge_refused(reply.status, reply.message)
