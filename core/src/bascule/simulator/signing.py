"""Signatures of commits that GitHub itself makes (merges, edits in the browser, the contents API).

Real ones are PGP; here an HMAC over the same payload stands in an armoured block, under a key that only this
server has. A pushed commit that claims such a signature without the key is not verified.
"""

import base64
import hmac
import secrets
from datetime import datetime
from typing import Any

from bascule.simulator.git import CommitInfo, Signature
from bascule.simulator.git.objects import encode_commit
from bascule.simulator.store import Store

_BEGIN, _END = "-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----"


def web_flow(when: datetime) -> Signature:
    """The committer of everything that GitHub commits itself."""
    return Signature(name="GitHub", email="noreply@github.com", when=when)


class Signer:
    """Signs and verifies with this server's key."""

    def __init__(self, store: Store) -> None:
        if store.meta("signing_key") is None:
            store.set_meta("signing_key", secrets.token_hex(32))
        self._key = bytes.fromhex(store.meta("signing_key"))

    def _armour(self, payload: bytes) -> str:
        mac = base64.b64encode(hmac.digest(self._key, payload, "sha256")).decode()
        return f"{_BEGIN}\n\n{mac}\n{_END}"

    def sign(
        self, *, tree: str, parents: tuple[str, ...], author: Signature, committer: Signature, message: str
    ) -> str:
        """The signature for a commit that is about to be written with these values."""
        data = encode_commit(tree=tree, parents=parents, author=author, committer=committer, message=message)
        return self._armour(data)

    def is_verified(self, commit: CommitInfo) -> bool:
        """Whether this server signed the commit."""
        return commit.signature is not None and hmac.compare_digest(
            commit.signature.strip(), self._armour(commit.payload.encode())
        )

    def verification(self, commit: CommitInfo) -> dict[str, Any]:
        """GitHub's `verification` block."""
        if commit.signature is None:
            return {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
        good = self.is_verified(commit)
        return {
            "verified": good,
            "reason": "valid" if good else "unknown_key",
            "signature": commit.signature,
            "payload": commit.payload,
            "verified_at": commit.committer.iso() if good else None,
        }
