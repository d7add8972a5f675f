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

    There is one journal for all branches of a repository, or whoever restores would look into the wrong one: the
    default branch says where it is, and nothing else may say otherwise. The key that the settings name must be the one
    that this process signs with or believes: a mix-up is noticed before anything is written (the file never says what
    the key *is*).
    """
    try:
        found, home = _load(snapshot.settings_text), _load(snapshot.home_settings_text)
    except ConfigError as error:
        return Settings(), error.problems
    journal, environment = home.journal.repository, session.environ.get("BASCULE_JOURNAL_REPO", "")
    for other in (found.journal.repository or "", environment):
        if other and other.lower() != (journal or environment).lower():
            here = journal or snapshot.repo.full_name
            return found, (
                Problem(where=configuration.PATH, message=say.other_journal(other, here), fix=say.OTHER_JOURNAL_FIX),
            )
    if journal is not None:
        session.connection.keep_journal_in(journal)
    named = found.journal.key_id
    ring = keys.from_environment(key_variables(session)).ring
    if named is not None and ring and not any(known.startswith(named) or named.startswith(known) for known in ring):
        return found, (
            Problem(where=configuration.PATH, message=say.other_key(named, sorted(ring)), fix=say.OTHER_KEY_FIX),
        )
    return found, ()


def _load(text: str | None) -> Settings:
    return Settings() if text is None else configuration.load(text)


def key_variables(session: Session) -> dict[str, str]:
    """Return the journal's keys as :func:`bascule.window.keys.from_environment` reads them."""
    kept = session.tokens.journal_key
    public = session.environ.get(keys.PUBLIC_VARIABLE, "")
    return {keys.PUBLIC_VARIABLE: public, keys.PRIVATE_VARIABLE: kept.reveal() if kept is not None else ""}
