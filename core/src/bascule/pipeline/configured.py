"""What the repository's own configuration asks of a run, read from the base branch and never from the change."""

from __future__ import annotations

from bascule.config import settings as configuration
from bascule.config.settings import Settings
from bascule.errors import ConfigError, Problem
from bascule.forge.snapshot import Snapshot
from bascule.messages import pipeline as say
from bascule.pipeline.session import Session
from bascule.window import keys


def configured(session: Session, snapshot: Snapshot) -> tuple[Settings, tuple[Problem, ...]]:
    """Return the settings with what is wrong with them; the journal is kept where they say from here on.

    The key that they name must be the one that this process signs with or believes: a mix-up is noticed before
    anything is written (the file never says what the key *is*).
    """
    if snapshot.settings_text is None:
        return Settings(), ()
    try:
        found = configuration.load(snapshot.settings_text)
    except ConfigError as error:
        return Settings(), error.problems
    if found.journal.repository is not None:
        session.connection.keep_journal_in(found.journal.repository)
    named = found.journal.key_id
    ring = keys.from_environment(key_variables(session)).ring
    if named is not None and ring and not any(known.startswith(named) or named.startswith(known) for known in ring):
        return found, (
            Problem(where=configuration.PATH, message=say.other_key(named, sorted(ring)), fix=say.OTHER_KEY_FIX),
        )
    return found, ()


def key_variables(session: Session) -> dict[str, str]:
    """Return the journal's keys as :func:`bascule.window.keys.from_environment` reads them."""
    kept = session.tokens.journal_key
    public = session.environ.get(keys.PUBLIC_VARIABLE, "")
    return {keys.PUBLIC_VARIABLE: public, keys.PRIVATE_VARIABLE: kept.reveal() if kept is not None else ""}
