"""Tokens by identity, taken out of the environment and never shown.

Order per identity: ``BASCULE_<IDENTITY>_TOKEN``, then ``GH_TOKEN``, then ``GITHUB_TOKEN``. Inside Actions the two
general ones are for reading: ``GITHUB_TOKEN`` is the Observer only (it has no Administration scope and what it merges
starts no workflow), and no general token is ever the Keeper or the Sweeper.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping

from attrs import field, frozen

from bascule.errors import UsageError
from bascule.forge.identity import Identity
from bascule.messages import forge as text

GENERAL = ("GH_TOKEN", "GITHUB_TOKEN")
JOURNAL_KEY = "BASCULE_JOURNAL_KEY"
NOTIFY_URL = "BASCULE_NOTIFY_URL"
# Nothing in Bascule needs these, and no child process should find them.
_BYSTANDERS = (
    "GH_ENTERPRISE_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
)
_ODD = re.compile(r"[^\x21-\x7e]")


def variable(identity: Identity, suffix: str = "TOKEN") -> str:
    """Return the name of an identity's own variable (``BASCULE_KEEPER_TOKEN``)."""
    return f"BASCULE_{identity.name}_{suffix}"


SECRETS: tuple[str, ...] = (
    *(variable(i, s) for i in Identity for s in ("TOKEN", "APP_ID", "APP_KEY")),
    *GENERAL,
    JOURNAL_KEY,
    NOTIFY_URL,
    *_BYSTANDERS,
)
"""Every variable that :func:`take` removes."""


@frozen(kw_only=True, repr=False)
class Secret:
    """A value that no log, message or traceback shows. ``origin`` is the variable it came from."""

    _value: str
    origin: str

    def reveal(self) -> str:
        """Return the value; only what writes an Authorization header or a signature calls this."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret(origin={self.origin!r})"

    __str__ = __repr__


@frozen(kw_only=True)
class Tokens:
    """One token per identity, or None; and the journal's private key (its text names its role), or None."""

    observer: Secret | None = None
    merger: Secret | None = None
    keeper: Secret | None = None
    sweeper: Secret | None = None
    journal_key: Secret | None = None
    notify_url: Secret | None = None
    """The address that notices go to: who knows it can write there."""
    actions: bool = False
    """Whether this runs inside GitHub Actions."""
    refused: Mapping[str, str] = field(factory=dict)
    """Identity name to the App variable that was found and cannot be used yet."""

    def get(self, identity: Identity) -> Secret | None:
        """Return the token of ``identity``; the Sweeper may use the Keeper's."""
        found: Secret | None = getattr(self, identity.value)
        return self.keeper if found is None and identity is Identity.SWEEPER else found

    def require(self, identity: Identity) -> Secret:
        """Return the token of ``identity``.

        Raises:
            UsageError: there is none; the hint names the variables to set.
        """
        found = self.get(identity)
        if found is not None:
            return found
        if app := self.refused.get(identity.value):
            message, hint = text.app_not_yet(identity.value, app)
            raise UsageError(message, hint=hint)
        message, hint = text.no_token(identity.value, _names(identity, actions=self.actions), actions=self.actions)
        raise UsageError(message, hint=hint)

    @property
    def any(self) -> bool:
        """Return whether there is any secret at all."""
        return any((self.observer, self.merger, self.keeper, self.sweeper, self.journal_key))


def present(environ: Mapping[str, str]) -> bool:
    """Return whether ``environ`` holds any of :data:`SECRETS`."""
    return any(environ.get(name) for name in SECRETS)


def take_raw(environ: MutableMapping[str, str]) -> dict[str, str]:
    """Remove every secret from ``environ`` and return those that had a value, by variable."""
    found = {name: environ.pop(name, "") for name in SECRETS}
    return {name: value for name, value in found.items() if value.strip()}


def take(environ: MutableMapping[str, str]) -> Tokens:
    """Remove every secret from ``environ`` and return the tokens of the identities.

    Raises:
        UsageError: a token has characters that no token has.
    """
    actions = environ.get("GITHUB_ACTIONS", "").lower() == "true"
    return select(take_raw(environ), actions=actions)


def select(raw: Mapping[str, str], *, actions: bool) -> Tokens:
    """Return the tokens of the identities from variables and values.

    Raises:
        UsageError: as :func:`take`.
    """
    chosen: dict[str, Secret | None] = {}
    refused: dict[str, str] = {}
    for identity in Identity:
        names = [n for n in _names(identity, actions=actions) if raw.get(n, "").strip()]
        if actions and identity is not Identity.OBSERVER:
            # Workflows often pass the job's own token as GH_TOKEN: it is GITHUB_TOKEN by another name.
            job = raw.get("GITHUB_TOKEN", "").strip()
            names = [n for n in names if n not in GENERAL or raw[n].strip() != job]
        app = next((variable(identity, s) for s in ("APP_ID", "APP_KEY") if raw.get(variable(identity, s))), None)
        own = variable(identity)
        if app is not None and own not in names:
            refused[identity.value] = app  # a general token would not be who the person asked for
            names = []
        chosen[identity.value] = _secret(names[0], raw[names[0]]) if names else None
    return Tokens(
        **chosen,
        journal_key=_key(raw, JOURNAL_KEY),
        notify_url=_key(raw, NOTIFY_URL),
        actions=actions,
        refused=refused,
    )


def _names(identity: Identity, *, actions: bool) -> list[str]:
    """Return the variables that may hold the token of ``identity``, best first."""
    own = [variable(identity)]
    if not actions:
        return [*own, *GENERAL]
    if identity is Identity.OBSERVER:
        return [*own, *GENERAL]
    return [*own, "GH_TOKEN"] if identity is Identity.MERGER else own


def _secret(name: str, value: str) -> Secret:
    value = value.strip()
    if _ODD.search(value):
        message, hint = text.odd_token(name)
        raise UsageError(message, hint=hint)
    return Secret(value=value, origin=name)


def _key(raw: Mapping[str, str], name: str) -> Secret | None:
    value = raw.get(name, "").strip()
    return Secret(value=value, origin=name) if value else None
