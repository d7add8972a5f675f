"""What `bascule audit` and `bascule keygen` say."""

from __future__ import annotations

NO_WINDOW = "no window yet"
NEVER_RELAXED = "nothing was relaxed"
EQUAL = "protection read again, identical"
NOTHING_OF_OURS = "nothing of ours left; a person has changed something else since"
EMPTY = "{repository} has no journal yet: no run has been recorded."
NEVER_CHECKED = "No public key is configured, so nothing here could be checked: set BASCULE_JOURNAL_PUBKEY."
NO_PUBLIC_KEY = "no public key is configured, so no journal entry can be believed"
NO_PUBLIC_KEY_HINT = "set BASCULE_JOURNAL_PUBKEY to the line that `bascule keygen` printed"
KEY_FILES = "wrote {private} (secret, mode 0600) and {public}"
KEY_NEXT = (
    "BASCULE_JOURNAL_KEY is a secret: role window beside the Keeper's and the Sweeper's token and nowhere else, role "
    "outcome beside the Merger's. BASCULE_JOURNAL_PUBKEY is public and goes wherever the journal is read."
)
KEY_EXISTS_HINT = "choose another folder with --out, or move the old key away; keys are never overwritten"


def not_believed(flaw: str, detail: str) -> str:
    """An item that is not to be believed."""
    return f"not believed: {flaw}" + (f" ({detail})" if detail else "")


def alarms(number: int) -> str:
    """An entry carries alarms."""
    return f"{number} alarm{'s' if number != 1 else ''}"


def state_open(run: str, branch: str, deadline: str, *, expired: bool) -> str:
    """A window is open."""
    tail = "EXPIRED: run `bascule restore --expired`" if expired else f"until {deadline}"
    return f"a window is open on {branch}: run {run}, {tail}"


def state_closed(run: str, branch: str, kind: str, at: str) -> str:
    """No window is open."""
    return f"no window is open; the last one was on {branch}: run {run}, {kind} {at}"


def counted(authentic: int, wrong: int, foreign: int, *, whole: bool) -> str:
    """The last line of ``--verify``."""
    link = "every signature and link back to the first entry" if whole else "every signature and link shown"
    tail = f", {foreign} of another repository" if foreign else ""
    return f"checked {link}: {authentic} authentic, {wrong} not{tail}"


def key_exists(path: str) -> str:
    """A key file is there already."""
    return f"{path} exists already"


def key_not_written(path: str, why: str) -> str:
    """A key file cannot be written."""
    return f"{path} cannot be written: {why}"


HOME_HINT = "say where the journal is: --journal-repo OWNER/REPO"


def home_unknown(problem: str) -> str:
    """The settings that say where the journal is cannot be read."""
    return f"nobody can say where the journal is: {problem}"


def two_homes(named: str, configured: str) -> str:
    """Environment and settings name two journals."""
    return f"BASCULE_JOURNAL_REPO names {named} as the journal, and .github/bascule.yml names {configured}"
