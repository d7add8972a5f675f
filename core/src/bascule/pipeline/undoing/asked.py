"""What is asked of a rollback, and by whom."""

from __future__ import annotations

from attrs import field, frozen

from bascule.pipeline.session import Session
from bascule.types import RollbackFacts, Viewer


@frozen(kw_only=True)
class Undo:
    """Undo the merge of pull request ``number``.

    ``by`` is the login of the person who asked, empty where a machine did: then the packs' policy decides. ``machine``
    keeps it empty even where a person typed the command that led here, such as a watch.
    ``anyway``: also a merge that the journal does not know. ``undo_rollback``: also a rollback. Both are for people.
    ``strict``: stop where later commits touched the same files, even if git merges it. ``facts``: what the watch saw.
    """

    number: int
    reason: str = ""
    by: str = ""
    machine: bool = False
    anyway: bool = False
    undo_rollback: bool = False
    strict: bool = False
    facts: RollbackFacts = field(factory=RollbackFacts)

    @property
    def by_person(self) -> bool:
        """Return whether a person asked."""
        return bool(self.by)


def typed_by(session: Session, viewer: Viewer) -> str:
    """Return the login of who typed the command, or an empty string where nobody did.

    A person is a user with write access and a token of their own, at a terminal or by ``--attended``, outside any
    runner; or who asked by a comment, whose live permission was checked.
    """
    if session.asked_by is not None:
        return session.asked_by
    person = viewer.type == "User" and viewer.can_write and session.typed and not session.automated
    return viewer.login if person else ""
