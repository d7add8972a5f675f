"""Bascule's own configuration of a repository: ``.github/bascule.yml`` on the base branch.

It never says which key verifies the journal: whoever can change this file could then forge entries. The public key
comes from ``BASCULE_JOURNAL_PUBKEY`` or the machine's configuration; ``journal.key`` only names the one expected, so
that a mix-up is noticed.
"""

# ruff: noqa: RUF009 - key() declares a field, as attrs.field() does

from __future__ import annotations

import re
from typing import Annotated, Literal

from attrs import frozen

from bascule.config.reader import read
from bascule.config.shape import Kind, key
from bascule.config.structure import structure
from bascule.errors import ConfigError
from bascule.messages import config as say

PATH = ".github/bascule.yml"
"""Where the file is, on the base branch."""


def _matching(title: str, pattern: str, example: str) -> Kind:
    compiled = re.compile(pattern)
    return Kind(
        title, lambda t: None if compiled.fullmatch(t) else say.not_written_like(t, title, example), f"^(?:{pattern})$"
    )


Repository = Annotated[
    str, _matching("repository", r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+", "acme/bascule-journal")
]
KeyId = Annotated[str, _matching("key id", r"[0-9a-f]{16}", "9f86d081884c7d65, as `bascule keygen` prints it")]
Mention = Annotated[
    str,
    _matching(
        "person or team to mention", r"@[A-Za-z0-9][A-Za-z0-9-]*(?:/[A-Za-z0-9][A-Za-z0-9_-]*)?", '"@acme/on-call"'
    ),
]


@frozen(kw_only=True)
class JournalSettings:
    """Where windows and outcomes are written down."""

    repository: Repository | None = key(
        doc="Another repository that holds the journal, for a private one; without it, this repository's "
        "`refs/bascule/journal`.",
        default=None,
        example="acme/bascule-journal",
    )
    key_id: KeyId | None = key(
        name="key",
        doc="The id of the key that signs the journal; another key is an alarm. Never the key itself.",
        default=None,
        example='"9f86d081884c7d65"',
    )


@frozen(kw_only=True)
class NotifySettings:
    """Who hears of an alarm."""

    mention: tuple[Mention, ...] = key(
        doc="People and teams mentioned when protection is not restored or somebody else's commit slipped through.",
        default=(),
        example='["@acme/on-call"]',
    )
    issue: bool = key(
        doc="Whether a rollback opens an issue with its timeline, labelled `bascule:rolled-back`.",
        default=False,
        example="true",
    )


@frozen(kw_only=True)
class Settings:
    """``.github/bascule.yml``. A repository without the file has the defaults."""

    version: Literal[1] = key(doc="Version of this format.", default=1, example="1")
    journal: JournalSettings = key(doc="Where windows and outcomes are written down.", default=JournalSettings())
    notify: NotifySettings = key(doc="Who hears of an alarm.", default=NotifySettings())


def load(text: str | bytes, path: str = PATH) -> Settings:
    """Return the settings in ``text``.

    Raises:
        ConfigError: with every problem of the file.
    """
    settings, problems = structure(read(text, path), Settings)
    if settings is None:
        raise ConfigError(f"{path} cannot be used", problems, hint="mend what is listed below")
    return settings
