"""How an entry is written down, signed and read back.

A commit message is a summary line for people, an empty line, and the canonical JSON (RFC 8785) of the entry. Above
:data:`INLINE_LIMIT` the JSON stands in the commit's tree and the message carries its hash. ``sig`` is the base64
Ed25519 signature over the canonical JSON without ``sig``. Only what :func:`read` returns as an :class:`Entry` is ever
believed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from attrs import frozen

from bascule import wire
from bascule.forge.ports import RawCommit
from bascule.window.entries import KIND_OF, TYPE_OF, Body, Entry, Flaw, Flawed, Kind, Opened, Outcome, Restored
from bascule.window.keys import Keys, Role, SigningKey

VERSION = 1
INLINE_LIMIT = 32 * 1024


@frozen(kw_only=True)
class Written:
    """A signed entry, ready to be stored: commit message, and the JSON when it is too long for one."""

    message: str
    blob: bytes | None = None


def write(
    body: Body, *, repository: int, run: str, nonce: str, parent: str | None, at: datetime, key: SigningKey
) -> Written:
    """Return the signed commit message of an entry; everything that is random or timed is an argument.

    Raises:
        ValueError: the key's role may not sign this kind (a bug of the caller, who must ask :meth:`Keys.may_sign`).
    """
    kind = KIND_OF[type(body)]
    if not _may(key.role, kind):
        raise ValueError(f"a key of role {key.role.value} may not sign {kind.value}")
    data = {
        "v": VERSION,
        "kind": kind.value,
        "repository": repository,
        "run": run,
        "nonce": nonce,
        "parent": parent,
        "at": at.isoformat(),
        "key": key.id,
        "body": wire.dump(body),
    }
    text = wire.canonical({**data, "sig": key.sign(wire.canonical(data))})
    head = summary(kind, run, body)
    if len(text) <= INLINE_LIMIT:
        return Written(message=f"{head}\n\n{text.decode()}")
    pointer = wire.canonical({"in_tree": hashlib.sha256(text).hexdigest()})
    return Written(message=f"{head}\n\n{pointer.decode()}", blob=text)


def summary(kind: Kind, run: str, body: Body) -> str:
    """Return the line that ``git log`` shows; for people only, never read back."""
    if isinstance(body, Opened):
        numbers = ", ".join(f"#{c.number}" for c in body.changes) or "no pull request"
        return f"{kind.value} {run}: {body.branch}, {numbers} ({body.reason})"
    if isinstance(body, Restored):
        return f"{kind.value} {run}: {body.outcome}"
    if isinstance(body, Outcome):
        return f"{kind.value} {run}: {body.status}"
    return f"{kind.value} {run}"


def read(commit: RawCommit, *, repository: int, keys: Keys, blob: Callable[[RawCommit], bytes]) -> Entry | Flawed:
    """Return the entry in ``commit``, or why it is none. ``blob`` fetches a long entry's JSON and is called only for
    one.

    The order of the checks is from what anybody can forge to what only a key's holder can: a foreign repository id is
    reported (and ignored) only when the signature is good.
    """
    parent = commit.parents[0] if commit.parents else None

    def flawed(flaw: Flaw, detail: str = "") -> Flawed:
        return Flawed(sha=commit.sha, parent=parent, flaw=flaw, detail=detail)

    try:
        data = _json(commit, blob)
    except _MalformedError as error:
        return flawed(Flaw.MALFORMED, str(error))
    signature = data.pop("sig", None)
    if not isinstance(signature, str):
        return flawed(Flaw.UNSIGNED)
    key = keys.ring.get(str(data.get("key")))
    if key is None:
        return flawed(Flaw.UNKNOWN_KEY)
    if not key.verify(wire.canonical(data), signature):
        return flawed(Flaw.BAD_SIGNATURE, key.id)
    try:
        kind = Kind(data.get("kind"))
    except ValueError:
        return flawed(Flaw.MALFORMED, "unknown kind")
    if not _may(key.role, kind):
        return flawed(Flaw.ROLE, f"{key.role.value} key {key.id} signed {kind.value}")
    if data.get("repository") != repository:
        return flawed(Flaw.FOREIGN, str(data.get("repository")))
    if len(commit.parents) > 1 or data.get("parent") != parent:
        return flawed(Flaw.PARENT, f"says {data.get('parent')}, is {parent}")
    try:
        return Entry(
            sha=commit.sha,
            repository=repository,
            run=data["run"],
            nonce=data["nonce"],
            parent=parent,
            at=datetime.fromisoformat(data["at"]),
            key=key.id,
            body=wire.load(data["body"], TYPE_OF[kind]),
        )
    except Exception as error:  # cattrs raises groups of many kinds; each means the same here
        return flawed(Flaw.MALFORMED, type(error).__name__)


class _MalformedError(ValueError):
    """The commit's text is not an entry's."""


def _json(commit: RawCommit, blob: Callable[[RawCommit], bytes]) -> dict[str, Any]:
    _, gap, text = commit.message.partition("\n\n")
    if not gap:
        raise _MalformedError("no entry in the message")
    raw = text.strip().encode()
    data = _strict(raw)
    if set(data) == {"in_tree"}:
        raw = blob(commit)
        if hashlib.sha256(raw).hexdigest() != data["in_tree"]:
            raise _MalformedError("the tree's entry is not the one that the message names")
        data = _strict(raw)
    return data


def _strict(raw: bytes) -> dict[str, Any]:
    try:
        data = json.loads(raw)
        # One meaning only: duplicate keys, other spellings of a number or unsorted keys are not canonical.
        canonical = wire.canonical(data)
    except (ValueError, RecursionError) as error:
        raise _MalformedError("not JSON") from error
    if not isinstance(data, dict) or canonical != raw:
        raise _MalformedError("not a canonical JSON object")
    return data


def _may(role: Role, kind: Kind) -> bool:
    return role is Role.WINDOW or kind is Kind.OUTCOME
