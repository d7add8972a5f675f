"""What a watch tells people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bascule.messages.wording import code, count, listed


def clock(moment: datetime) -> str:
    """Return a moment as people read it."""
    return f"{moment:%d %b %H:%M:%S} UTC"


def nothing_to_watch(number: int, packs: Sequence[str]) -> str:
    """No pack that binds the change has objectives."""
    if not packs:
        return f"#{number} is not watched: no rulepack binds it."
    return f"#{number} is not watched: {listed(packs)} {'states' if len(packs) == 1 else 'state'} no objective."


NOTHING_NEXT = "name objectives in the pack that binds it: watch: {slos: [slo/checkout.yml], for: 60m}"


UNUSABLE = "these objectives cannot be used"
UNUSABLE_FIX = "mend what is listed below on the base branch"


def no_file(path: str, tip: str) -> tuple[str, str]:
    """An objective's file is not on the base branch."""
    return f"there is no {code(path)} at {tip[:7]}", "add it to the base branch, or take it out of `watch.slos`"


def two_environments(names: Sequence[str]) -> tuple[str, str]:
    """Two packs wait for deployments to different places."""
    return (
        f"the packs that bind it name different environments: {listed(names)}",
        "let them agree, or watch `after: merge`",
    )


def twice_named(name: str) -> tuple[str, str]:
    """Two different objectives have one name."""
    return f"two different objectives are called {code(name)}", "give one of them another name"


def no_deployment(environment: str, minutes: float) -> str:
    """Nobody deployed the merge in time."""
    return f"no deployment to {code(environment)} brought the merge live within {minutes:.0f} min"


NO_DEPLOYMENT_NEXT = "see whether the deployment ran and reports its status to GitHub; then watch again"


def waits_for_deployment(environment: str) -> str:
    """Looking for the deployment."""
    return f"waiting for a deployment to {environment}"


def begins(live_at: datetime, *, deployed: str, environment: str) -> str:
    """When the watch begins, and by what."""
    by = f"the deployment of {deployed[:7]} to {environment}" if deployed else "the merge"
    return f"{clock(live_at)}, {by}"


def verdict(answer: str, number: int, objectives: int) -> str:
    """The watch in one sentence."""
    if answer == "ok":
        return f"#{number} broke none of {count(objectives, 'objective')}."
    if answer == "violation":
        return f"#{number} broke an objective."
    return f"Whether #{number} broke an objective cannot be told."


def so_far(number: int, ends_at: datetime) -> str:
    """Looked at before the end of the watch."""
    return f"#{number} has broken no objective so far; the watch goes on until {clock(ends_at)}."


UNDECIDED_NEXT = "look at the objectives' graphs; a longer watch or more traffic may tell"


def person_next(number: int) -> str:
    """Others may have caused it."""
    return f"a person decides: bascule rollback {number} --attended, or mend what came at the same time"


def off_next(number: int, *, policy: bool) -> str:
    """A person undoes it: by the packs, or because this command was told so."""
    why = "watch.rollback is off in the rulepack" if policy else "--no-rollback only watches"
    return f"bascule rollback {number} --attended undoes it ({why})"


def unfinished_next(number: int, pull: int | None) -> str:
    """The rollback was proposed, or stopped."""
    look = f"look at #{pull}, which undoes it; " if pull is not None else ""
    return f"{look}bascule rollback {number} --attended finishes it"


def long_past(minutes: float) -> str:
    """The breach was seen too late for a machine."""
    return f"the breach is {minutes:.0f} min past, and somebody may have mended it since"


def undone(number: int, *, recovered: bool) -> str:
    """A rollback, and what it did for the objective."""
    after = "and the service recovered" if recovered else "and the service has not recovered"
    return f"#{number} broke an objective, was rolled back, {after}."


def revert_undeployed(number: int, environment: str, minutes: float) -> str:
    """The rollback landed, and nobody deployed it."""
    return (
        f"#{number} broke an objective and was rolled back, and no deployment to {code(environment)} brought the "
        f"rollback live within {minutes:.0f} min."
    )


def waits_for_recovery(seconds: float) -> str:
    """Looking for the objective to be quiet again."""
    return f"the rollback is live; waiting for {span(seconds)} of quiet"


def span(seconds: float) -> str:
    """A duration as people read it."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def headline(objectives: Sequence[str]) -> str:
    """The half sentence after "Rolled back:"."""
    return f"{listed(objectives)} got worse after it went live"


NOT_RECOVERED = "the objective has not recovered after the rollback"
NOT_RECOVERED_NEXT = "somebody look now: the rollback is in place and the objective is still worse than before"


def paged_undecided(repository: str, number: int, why: str) -> str:
    """The notice's text."""
    return f"{repository}#{number}: the watch cannot tell whether it broke an objective: {why}"


def paged_person(repository: str, number: int, why: str) -> str:
    """The notice's text where a violation is a person's to decide."""
    return f"{repository}#{number} broke an objective, and a person has to decide: {why}"


def paged_not_recovered(repository: str, number: int) -> str:
    """The notice's text after a rollback that did not help."""
    return f"{repository}#{number} was rolled back, and the objective has not recovered"


def landed_too(subjects: Sequence[str]) -> tuple[str, ...]:
    """Commits that landed between the merge and the breach."""
    return tuple(f"{code(s)} on the same branch" for s in subjects)


def deployed_too(subjects: Sequence[str]) -> tuple[str, ...]:
    """Commits that one deployment brought live together with the merge."""
    return tuple(f"{code(s)} in the same deployment" for s in subjects)


def nothing_replaced(environment: str) -> str:
    """What ran before the deployment is not known, nor what else the deployment brought."""
    return f"no earlier deployment to {code(environment)} tells what else this one brought"


def watched_already(number: int, answer: str, run: str, *, recovered: bool | None) -> str:
    """The journal has the watch's end."""
    after = {True: ", rolled back, recovered", False: ", rolled back, not recovered", None: ""}[recovered]
    return f"#{number} was watched already: {answer}{after} (run {run})."


WATCHED_NEXT = "--again watches it once more"


NO_JOURNAL = "which watches are open is in the journal, and this process cannot read it"
NO_JOURNAL_HINT = (
    "set BASCULE_KEEPER_TOKEN and BASCULE_JOURNAL_KEY or BASCULE_JOURNAL_PUBKEY, or name one: bascule watch 42"
)
NOTHING_OPEN = "Nothing is open: no merge of the last hours has a watch that has not ended."


def reads_open(count_: int) -> str:
    """Looking at what may be open."""
    return f"the journal has {count(count_, 'merge')} to look at"


def not_watchable(number: int, why: str) -> str:
    """An error before the watch of one of several merges."""
    return f"#{number} cannot be watched: {why}"


def not_concluded(number: int, why: str) -> str:
    """An error at the end of one of several watches."""
    return f"what follows from the watch of #{number} could not be done: {why}"


def again_next(number: int) -> str:
    """The journal has no end of this watch."""
    return f"its watch is still open: bascule watch {number}, or --open again, goes on"


def begin_next(number: int) -> str:
    """The watch has not begun, as far as the journal knows."""
    return f"its watch has not begun: bascule watch {number}, or --open again, tries once more"


NEITHER = "nothing says what to watch"
BOTH = "found a merge and --open, expected one of them"
ONE_HINT = "bascule watch 42 watches one merge, bascule watch --open all that are open"


def not_with_open(option: str) -> tuple[str, str]:
    """An option that is for one merge."""
    return f"{option} is for one merge, and --open watches all that are open", (
        f"leave {option} out, or name the merge: bascule watch 42 {option}"
    )
