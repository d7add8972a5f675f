"""Texts about notices, and the texts that they carry."""

from __future__ import annotations

from bascule.messages.wording import short

NO_ADDRESS = "what it holds is not an address that a notice can be sent to"
NOT_ENCRYPTED = "its address is not encrypted (http): whoever listens could read the notices and write into the channel"
NO_ADDRESS_HINT = "give it an https:// address, or remove the variable"
NOT_DELIVERED_HINT = "look at the receiver; what was to be told stands in the journal and on the pull request"


def not_delivered(why: str) -> str:
    """The receiver did not take it."""
    return f"a notice could not be delivered: {why}"


def no_answer(kind: str) -> str:
    """Nobody answered."""
    return f"no answer ({kind})"


def answered(status: int) -> str:
    """An answer that is no success."""
    return f"the receiver answered {status}"


def rolled_back(repository: str, number: int, sha: str, why: str) -> str:
    """A merge was undone."""
    because = f": {why}" if why else ""
    return f"{repository}#{number} was rolled back as {short(sha)}{because}"


def rollback_blocked(repository: str, number: int, why: str) -> str:
    """A person has to do it."""
    return f"{repository}#{number} must be rolled back by a person: {why}"


def not_restored(repository: str, branch: str, run: str) -> str:
    """Protection is loose."""
    where = f" of {branch}" if branch else ""
    return f"{repository}: protection{where} is NOT restored (run {run}). Run: bascule-restore --run {run}"


def undecided(repository: str, number: int, why: str) -> str:
    """The watch has no answer."""
    return f"{repository}#{number}: the watch could not tell whether the merge is healthy: {why}"
