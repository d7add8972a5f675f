"""What the window, the journal, the sweeper and the audit say. Each text says what was found and what to do next."""

from __future__ import annotations

JOURNAL_REF = "refs/bascule/journal"

# Journal.
NO_KEY_HINT = "set BASCULE_JOURNAL_KEY (make a pair with `bascule keygen`); without a signed entry nothing is relaxed"
JOURNAL_REWRITTEN_HINT = (
    "nothing is relaxed; see who pushed to refs/bascule/journal (repository activity), restore protection with "
    "`bascule restore --all --force` from a process that still knows the window, or by hand"
)
JOURNAL_NOT_WRITTEN = "the journal cannot be written: its tip does not move and nobody else moves it"
JOURNAL_NOT_WRITTEN_HINT = "check that the token may write refs (Contents: write) and try again; nothing was relaxed"
FORGED_HINT = (
    "see who pushed to refs/bascule/journal; a sweeper's next heartbeat (`bascule restore --expired`) acknowledges it"
)


def no_key(role: str) -> str:
    """There is no private key whose role may sign the entry."""
    return f"no journal key of role {role}: the entry cannot be signed"


def journal_rewritten(seen: str | None) -> str:
    """The tip does not descend from the newest entry that was seen."""
    return f"the journal was rewritten or deleted: its tip does not descend from {(seen or 'nothing')[:12]}"


def journal_gap(sha: str) -> str:
    """A commit that the chain needs is not there."""
    return f"the journal was cut: commit {sha[:12]}, which a signed entry builds on, cannot be read"


def forged(found: tuple[str, ...]) -> str:
    """Commits in the chain that are not authentic."""
    return f"the journal has {len(found)} item(s) that nobody with a key wrote: {'; '.join(found)}"


def flaw(sha: str, reason: str, detail: str) -> str:
    """One item that is not believed."""
    return f"{sha[:12]} {reason}" + (f" ({detail})" if detail else "")


# The run.
def busy(run: str, branch: str, seconds: float) -> str:
    """A window is open and its deadline has not passed."""
    return f"a window is open on {branch}: run {run}, for at most {max(0, round(seconds))} s more"


BUSY_FIX = "nothing to do: the change is tried again on the next event, or run the command again"
OVERTAKEN = "somebody else's window came first"


def leaked(branch: str, fields: tuple[str, ...], run: str) -> str:
    """Protection is looser than the last snapshot by one of our own relaxations."""
    return f"{branch} is looser than when its last window closed ({', '.join(fields)}; last window: run {run})"


LEAKED_FIX = "run `bascule restore --expired`: it restores once and raises an alarm"
LEAKED_AGAIN_FIX = (
    "it was restored once and is loose again, so a person did it: put it back, "
    "or accept it with `bascule baseline accept --reason ...`"
)


def moved(what: str, found: str, expected: str) -> str:
    """The pull request is not what the gates judged."""
    return f"{what} moved since the gates: found {found}, expected {expected}"


MOVED_FIX = "nothing to do: gates and rehearsal run again for what is there now"


def armed(numbers: tuple[int, ...], branch: str) -> str:
    """Others would be merged by GitHub the moment protection is relaxed."""
    names = ", ".join(f"#{n}" for n in numbers)
    return f"auto-merge is armed on {branch} for {names}: relaxing would let it through"


ARMED_FIX = "wait until it has merged, or turn its auto-merge off"


def no_heartbeat(minutes: float, last: str | None) -> str:
    """No sweeper has shown a sign of life."""
    tail = f"; the last one is from {last}" if last else ""
    return f"no sweeper's heartbeat within {minutes:g} min in the journal{tail}"


NO_HEARTBEAT_FIX = "run `bascule-restore --expired --loop 2s` (or on a schedule), or pass --attended and stay"


def token_ends(seconds: float, needed: float) -> str:
    """The token would end before a late restore."""
    return f"the Keeper's token lives for {seconds:.0f} s more; {needed:.0f} s are needed to restore late"


LIFE_FIX = "run again with a fresh token"


def quota_low(left: int, needed: int) -> str:
    """The token's quota might not last for the restore."""
    return f"{left} calls are left in the token's quota; {needed} are kept for the restore"


QUOTA_FIX = "wait for the quota's reset, or use an App's token, whose quota is larger"


def rehearsal_failed(why: str) -> str:
    """Relax and restore do not lead back, on paper."""
    return f"the rehearsal of relaxing and restoring failed: {why}"


def wildcard(pattern: str, branch: str) -> str:
    """The branch is protected by a rule for a pattern."""
    return f"{branch} is protected by the rule {pattern!r}; a write for the branch would make a second rule for good"


REHEARSAL_FIX = "merge by hand; the snapshot and the planned relaxation are in the journal and this report"
DEADLINE = "the deadline came too close before the merge was asked for"
DEADLINE_FIX = "run again; if it happens often, GitHub or this machine is slow"
EXPOSED = "protection would have been open longer than the pack's max_exposure"


def exposure(seconds: float, limit: float) -> str:
    """The window stood open for longer than the pack wanted."""
    return f"protection was relaxed for {seconds:.1f} s; max_exposure is {limit:g} s"


def stopped(signal: str) -> str:
    """A signal ended the run."""
    return f"{signal} came: the run stopped and put protection back"


def stopped_early(signal: str) -> str:
    """A signal came before a window was open."""
    return f"{signal} came: nothing was relaxed"


def relax_failed(why: str) -> str:
    """The relaxation was refused or is not visible."""
    return f"the relaxation did not take effect: {why}"


RELAX_FIX = "check the Keeper's permission (Administration: write); protection was put back"


def merge_refused(status: int, text: str) -> str:
    """GitHub refused the merge."""
    return f"GitHub refused the merge ({status}): {text}"


MERGE_FIX = "see the reason above; protection was put back and nothing was merged"
HEAD_MOVED = "the head moved between gate and merge; the new head was not judged"
HEAD_FIX = "nothing to do: the new head is gated from the start"
BASE_MOVED_FIX = "nothing to do: the base moved, so gates and rehearsal run again"


def merged_by_other(who: str | None, sha: str | None) -> str:
    """Somebody else merged it while we were at it."""
    return f"merged by {who or 'somebody else'} as {(sha or 'unknown')[:12]}, not by this run"


def whose_unclear(sha: str | None, who: str | None) -> str:
    """A merged pull request that cannot be attributed."""
    return f"merged as {(sha or 'unknown')[:12]} by {who or 'unknown'}; whether by this run cannot be told"


MERGE_LOST = "the merge call's reply was lost and the pull request is not merged"
MERGE_LOST_FIX = "run again; a late merge would be refused, because protection is back"
SUPERSEDED = "somebody took this run's window over before it was closed"
TAKEN_OPEN = "another owner's window is open: this run does not touch protection any more"
NOT_JOURNALLED_FIX = "protection is back; the sweeper closes the entry (`bascule restore --expired`)"


def not_journalled(why: str) -> str:
    """The closing entry could not be written."""
    return f"the window is restored, but that could not be written to the journal: {why}"


def outcome_not_journalled(why: str) -> str:
    """The outcome of a run without a window could not be written."""
    return f"the outcome could not be written to the journal: {why}"


def inspection_failed(why: str) -> str:
    """The landed commit could not be looked at."""
    return f"what landed could not be compared with what was gated: {why}"


# Restoring.
def landed_late(branch: str, field: str) -> str:
    """A late write of an earlier window came inside this one."""
    return (
        f"a late write of an earlier window had loosened {field} of {branch}; it was undone with this window's restore"
    )


def not_restored(branch: str, why: str) -> str:
    """Protection is not back."""
    return f"protection of {branch} is NOT restored: {why}"


def not_restored_hint(run: str) -> str:
    """What to do at once about a window of this run that is still open."""
    return (
        f"run `bascule restore --run {run}` here, or elsewhere `bascule restore --expired` when a minute has passed; "
        "if that fails too, send the inverse by hand with `gh api` as `bascule audit --last 5` shows it"
    )


NOT_RESTORED_HINT = (
    "run `bascule restore --expired`; if that fails too, send the inverse by hand with `gh api` as "
    "`bascule audit --last 5` shows it"
)
NOT_EQUAL = "reads still show another state than the one that was restored"
GONE = "the branch or repository cannot be reached any more (404)"


def banner(branch: str, loose: tuple[str, ...], since: str, by_hand: tuple[str, ...]) -> str:
    """The text of exit 4: what is loose, since when, how to restore by hand."""
    lines = [
        "!" * 78,
        f"PROTECTION OF {branch} IS NOT PROVEN TO BE RESTORED",
        f"  since   {since}",
        *(f"  loose   {item}" for item in loose or ("unknown: live protection could not be read",)),
        "  next    run `bascule-restore --expired` with a working Keeper token; if that fails, by hand:",
        *(f"          {line}" for line in by_hand),
        "!" * 78,
    ]
    return "\n".join(lines)


# The sweeper.
NOTHING_OPEN = "no window is open and nothing has leaked"


def still_open(run: str, branch: str, seconds: float) -> str:
    """A window is open whose owner may still be at work, so a sweep left it alone."""
    return (
        f"a window is open on {branch} and was left alone: run {run} may be at work for {max(0, round(seconds))} s "
        f"more; `bascule restore --run {run}` restores it at once where that run was, `--all --force` anywhere"
    )


def swept(run: str, branch: str) -> str:
    """An expired window was restored."""
    return f"run {run} left its window on {branch} open; protection is restored and read back"


def rescued(branch: str) -> str:
    """A window was restored from memory."""
    return f"the journal was rewritten while {branch} was relaxed; it is restored from this sweeper's memory"


def recovered(branch: str, fields: tuple[str, ...]) -> str:
    """A leak was undone."""
    return f"a late write had loosened {branch} again ({', '.join(fields)}); it is restored and read back"


def leaked_again(branch: str, fields: tuple[str, ...]) -> str:
    """A leak came back after it had been undone once."""
    return f"{branch} is loose again after it was restored ({', '.join(fields)}): a person did it"


def unrestorable(branch: str, why: str) -> str:
    """What was relaxed cannot be reached."""
    return f"the window on {branch} can never be restored: {why}"


def given_up(hours: float) -> str:
    """The horizon has passed."""
    return f"tried for {hours:.0f} h, to the horizon"


def not_yours(run: str, seconds: float) -> str:
    """``--run`` without the secret, before the deadline."""
    return f"run {run} may still be alive for {max(0, round(seconds))} s, and its owner's secret is not on this machine"


NOT_YOURS_HINT = "wait for the deadline, or run this step in the same job; `--all --force` restores at once"
RUN_CLOSED = "the window of run {run} is closed already: nothing to do"
RUN_UNKNOWN = "run {run} has no open window: nothing to do"
FORCE_HINT = "add --force to restore windows whose owners may still be alive"
FORCE_NEEDED = "--all restores every open window, also one whose owner is at work"
VERIFIED = "protection of {branch} is verified {seconds:.0f} s after its restore"

BASELINE_OPEN = "a window is open or was just written: protection may be relaxed right now, so it is no baseline"
BASELINE = "protection of {branch} as it is now ({digest}) is the truth from here on"

# bascule-restore.
RESTORE_DESCRIPTION = (
    "Put branch protection back after a run that died. Loads no plugin. Exit codes: 0 done or nothing to do, 2 usage, "
    "3 GitHub is out of reach, 4 NOT restored or not proven to be, 8 the window's owner may still be alive."
)
RESTORE_EXAMPLES = """examples:
  bascule-restore --run r-8f2c -R acme/shop        the last step of a job (if: always())
  bascule-restore --expired -R acme/shop           on a schedule
  bascule-restore --expired --loop 2s -R acme/shop as a service
  bascule-restore --all --force -R acme/shop       whatever is open, also while its owner works

environment: BASCULE_SWEEPER_TOKEN or BASCULE_KEEPER_TOKEN, BASCULE_JOURNAL_KEY (role window)"""
LOOPING = "sweeping {repository} every {seconds:g} s; stop with Ctrl-C"
LOOP_ENDED = "{signal}: stopped sweeping"
RETRYING = "{error}; trying again in {seconds:g} s"
FORCE_USELESS = "--force goes with --all"
LOOP_USELESS = "--loop goes with --expired"
LOOP_HINT = "for example: bascule-restore --expired --loop 2s"
ONE_MODE = "found none or several of --run, --expired and --all; expected one"
ONE_MODE_HINT = "for example: bascule-restore --expired"
NO_WINDOW_KEY = "BASCULE_JOURNAL_KEY is not a key of role window: nothing could be written ahead or closed"


def memory_hint(path: str) -> str:
    """What this machine remembers contradicts the journal."""
    return f"if the journal was reset on purpose, remove {path}"


# Landed commits.
