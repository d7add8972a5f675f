"""What a run says of the tag and the release that a plan asks for."""

from __future__ import annotations

from bascule.messages.wording import short

BY_HAND = "look at the commit, then tag it by hand or leave it"
ELSEWHERE_FIX = "find out whose tag it is; Bascule never moves one"


def odd_tag(name: str, kind: str) -> tuple[str, str]:
    """A tag stands for something that is no commit: what was found, what to do."""
    return f"the tag {name} stands for a {kind}", "only a tag of a commit can say what was released"


def due(name: str, number: int) -> str:
    """Journal: the tag is to be made once the change is merged."""
    return f"tag {name} is due once #{number} is merged"


def done(name: str, sha: str) -> str:
    """Journal: it is there."""
    return f"tagged {name} at {short(sha)}"


def tagged(name: str, sha: str) -> str:
    """Return what a summary adds; both are shown as code."""
    return f"Tagged {name} at {sha}."


def finished(sha: str, name: str) -> str:
    """A later run made what an earlier one had left due."""
    return f"Already merged as {short(sha)}; the tag {name}, which was due, is there now."


def again(number: int) -> str:
    """Return how to make what is due."""
    return f"run `bascule merge {number}` again: it makes what is due, once"


def not_made(name: str, sha: str, why: str) -> str:
    """GitHub did not take the tag."""
    return f"the tag {name} on {short(sha)} was not made: {why}"


def elsewhere(name: str, there: str, sha: str) -> str:
    """The tag stands somewhere else."""
    return f"the tag {name} exists already, at {short(there)}; the merged commit is {short(sha)}"


def no_release(name: str, why: str) -> str:
    """The tag is there, the release is not."""
    return f"{name} is tagged, and its release was not made: {why}"


def not_while_open(name: str) -> str:
    """A window is open."""
    return f"the tag {name} was not made, because protection is not proven to be back"


def not_what_was_judged(name: str, sha: str) -> str:
    """The landed commit is not what the gates judged."""
    return f"the tag {name} was not made, because {short(sha)} was not found to be what was judged"


def not_noted(why: str) -> str:
    """The journal does not say that it is done."""
    return f"the tag is there, and the journal does not say so: {why}"


def cannot_look(why: str) -> str:
    """Whether a tag is due cannot be known."""
    return f"whether a tag is due on the merged commit cannot be known: {why}"


def plan_line(name: str, *, annotated: bool) -> str:
    """Return the plan's line."""
    return f"{name} on the merged commit, {'annotated' if annotated else 'lightweight'}"


def release_line(name: str, *, draft: bool, prerelease: bool) -> str:
    """Return the plan's line of a release."""
    kind = " ".join(w for w, on in (("draft", draft), ("prerelease", prerelease)) if on)
    return f"{kind or 'published'}, of {name}"
