"""What is said when workflow runs or artifacts cannot be read; every function returns message and hint.

Of a signed address only scheme and host are ever named: the rest is a permission.
"""

from __future__ import annotations

from bascule.messages.forge import Text


def too_many_rows(what: str, limit: int) -> Text:
    """A list that goes on longer than it is read."""
    return (
        f"{what}: more than {limit:,} entries for one commit",
        "start fewer runs on one commit, or merge by hand: an entry that was not read could be the one that counts",
    )


def odd_store(where: str) -> Text:
    """A download's address that nothing is fetched from. Only scheme and host are shown: the rest is a permission."""
    return (
        f"GitHub's answer points to {where}, which is not an https address elsewhere",
        "nothing was fetched; see whether something between here and GitHub answers in its place",
    )


def store_refused(where: str, status: int) -> Text:
    """The store does not give the file out."""
    return (f"{where} answered {status} for the artifact", "run again: the address that GitHub gives holds one minute")


def store_unreachable(where: str, reason: str) -> Text:
    """The store cannot be reached, or broke off."""
    return (
        f"{where}: the artifact could not be fetched ({reason})",
        "check the network and a proxy (HTTPS_PROXY): artifacts lie on another host than GitHub's API",
    )


def store_too_large(where: str, limit: int) -> Text:
    """More than was agreed."""
    return f"{where} sends more than {limit:,} bytes", "make the artifact smaller"


def store_too_slow(where: str, seconds: float) -> Text:
    """It does not end."""
    return f"{where} did not send the artifact within {seconds:g} s", "run again, or make the artifact smaller"
