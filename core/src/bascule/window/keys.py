"""Ed25519 keys of the journal, each with the role that says which entries it may sign.

Text form, private (``BASCULE_JOURNAL_KEY``) and public (``BASCULE_JOURNAL_PUBKEY``, one or several, separated by white
space or commas): ``role:keyid:base64`` of the 32 raw bytes. The key id is derived from the public key, so that a
mistyped or swapped key is noticed where it is read. No message here ever repeats what was read: it might be a secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from enum import Enum

from attrs import field, frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bascule.errors import UsageError
from bascule.messages import keys as say

PRIVATE_VARIABLE = "BASCULE_JOURNAL_KEY"
PUBLIC_VARIABLE = "BASCULE_JOURNAL_PUBKEY"
_RAW_BYTES = 32


class Role(Enum):
    """What a key may sign: ``window`` everything, ``outcome`` only entries of runs without a window."""

    WINDOW = "window"
    OUTCOME = "outcome"


@frozen(kw_only=True)
class SigningKey:
    """A private key. ``repr`` shows the id and never the key."""

    role: Role
    id: str
    _private: Ed25519PrivateKey = field(repr=False, eq=False, alias="private")

    def sign(self, data: bytes) -> str:
        """Return the base64 Ed25519 signature of ``data``."""
        return base64.b64encode(self._private.sign(data)).decode()

    @property
    def public(self) -> PublicKey:
        """Return the public half, with the same role and id."""
        return PublicKey(role=self.role, id=self.id, raw=self._private.public_key().public_bytes_raw())

    def to_text(self) -> str:
        """Return the secret text form, for ``BASCULE_JOURNAL_KEY``."""
        return f"{self.role.value}:{self.id}:{base64.b64encode(self._private.private_bytes_raw()).decode()}"


@frozen(kw_only=True)
class PublicKey:
    """A public key of 32 raw bytes."""

    role: Role
    id: str
    raw: bytes = field(repr=False)

    def verify(self, data: bytes, signature: str) -> bool:
        """Return whether ``signature`` (base64) over ``data`` was made with the private half."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(base64.b64decode(signature, validate=True), data)
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True

    def to_text(self) -> str:
        """Return the text form, for ``BASCULE_JOURNAL_PUBKEY``."""
        return f"{self.role.value}:{self.id}:{base64.b64encode(self.raw).decode()}"


@frozen(kw_only=True)
class Keys:
    """The public keys that are believed, by id, and the private key of this process, if it has one."""

    ring: Mapping[str, PublicKey]
    signer: SigningKey | None = None

    def may_sign(self, role: Role) -> bool:
        """Return whether this process can write entries that need ``role``."""
        return self.signer is not None and (self.signer.role is Role.WINDOW or self.signer.role is role)


def key_id(raw_public: bytes) -> str:
    """Return the id of a public key: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(raw_public).hexdigest()[:16]


def generate(role: Role) -> SigningKey:
    """Return a new key from the system's random source."""
    return _signing(role, Ed25519PrivateKey.generate())


def parse_private(text: str, *, where: str = PRIVATE_VARIABLE) -> SigningKey:
    """Return the private key of a text form.

    Raises:
        UsageError: not ``role:keyid:base64``, unknown role, wrong length, or an id that is not this key's.
    """
    role, stated, raw = _split(text.strip(), where)
    key = _signing(role, Ed25519PrivateKey.from_private_bytes(raw))
    if key.id != stated:
        raise UsageError(say.KEY_ID_DIFFERS, hint=say.KEY_HINT, where=where)
    return key


def parse_public(text: str, *, where: str = PUBLIC_VARIABLE) -> dict[str, PublicKey]:
    """Return the public keys of one or several text forms, by id.

    Raises:
        UsageError: as :func:`parse_private`; also when one id is given twice with different roles.
    """
    found: dict[str, PublicKey] = {}
    for number, part in enumerate((p for p in re.split(r"[\s,]+", text) if p), 1):
        at = f"{where}, key {number}"
        role, stated, raw = _split(part, at)
        if key_id(raw) != stated:
            raise UsageError(say.KEY_ID_DIFFERS, hint=say.PUBLIC_KEY_HINT, where=at)
        if stated in found and found[stated].role is not role:
            raise UsageError(say.KEY_TWO_ROLES, hint=say.PUBLIC_KEY_HINT, where=at)
        found[stated] = PublicKey(role=role, id=stated, raw=raw)
    return found


def from_environment(environ: Mapping[str, str], *, private: str | None = None) -> Keys:
    """Return the keys that ``BASCULE_JOURNAL_KEY`` and ``BASCULE_JOURNAL_PUBKEY`` give.

    ``private`` is the private key's text where it was taken out of the environment already. A private key's own
    public half is always believed. With neither variable the ring is empty: nothing is authentic.

    Raises:
        UsageError: a variable cannot be read as keys, or states another role for the private key.
    """
    ring = parse_public(environ.get(PUBLIC_VARIABLE, ""))
    private = (environ.get(PRIVATE_VARIABLE, "") if private is None else private).strip()
    if not private:
        return Keys(ring=ring)
    signer = parse_private(private)
    if signer.id in ring and ring[signer.id].role is not signer.role:
        raise UsageError(say.KEY_TWO_ROLES, hint=say.PUBLIC_KEY_HINT, where=PUBLIC_VARIABLE)
    return Keys(ring={**ring, signer.id: signer.public}, signer=signer)


def _signing(role: Role, private: Ed25519PrivateKey) -> SigningKey:
    return SigningKey(role=role, id=key_id(private.public_key().public_bytes_raw()), private=private)


def _split(text: str, where: str) -> tuple[Role, str, bytes]:
    parts = text.split(":")
    if len(parts) != 3:
        raise UsageError(say.KEY_SHAPE, hint=say.KEY_HINT, where=where)
    role_text, stated, encoded = parts
    roles = {role.value: role for role in Role}
    if role_text not in roles:
        raise UsageError(say.KEY_ROLE, hint=say.KEY_HINT, where=where)
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        # "from None": the underlying error may quote the key.
        raise UsageError(say.KEY_BASE64, hint=say.KEY_HINT, where=where) from None
    if len(raw) != _RAW_BYTES:
        raise UsageError(say.KEY_LENGTH, hint=say.KEY_HINT, where=where)
    return roles[role_text], stated, raw
