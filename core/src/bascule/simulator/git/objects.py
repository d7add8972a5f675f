"""Git objects as records, and the bytes they are made of."""

import re
from datetime import UTC, datetime, timedelta, timezone

from attrs import frozen

_ZONE = re.compile(r"([+-])(\d\d)(\d\d)")


@frozen(kw_only=True)
class Signature:
    """Who and when, as a commit holds it."""

    name: str
    email: str
    when: datetime

    def encode(self) -> bytes:
        """The form inside a commit: `Name <mail> 1700000000 +0000`."""
        name = re.sub(r"[<>\n\0]", "", self.name).strip() or "unknown"
        email = re.sub(r"[<>\n\0]", "", self.email).strip()
        zone = self.when.strftime("%z") or "+0000"
        return f"{name} <{email}> {int(self.when.timestamp())} {zone}".encode()

    @classmethod
    def decode(cls, data: str) -> "Signature":
        """The reverse of `encode`; lenient about odd old commits."""
        who, _, rest = data.rpartition("> ")
        name, _, email = who.partition("<")
        stamp, _, zone = rest.partition(" ")
        match = _ZONE.fullmatch(zone)
        offset = timedelta(0)
        if match:
            offset = timedelta(hours=int(match[2]), minutes=int(match[3])) * (1 if match[1] == "+" else -1)
        seconds = int(stamp) if stamp.lstrip("-").isdigit() else 0
        return cls(
            name=name.strip(), email=email, when=datetime.fromtimestamp(seconds, UTC).astimezone(timezone(offset))
        )

    def iso(self) -> str:
        """The moment as GitHub's REST shows it, in UTC."""
        return self.when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@frozen(kw_only=True)
class TreeEntry:
    """One line of a tree; `path` is relative to the tree that was asked for."""

    mode: str
    type: str
    sha: str
    path: str
    size: int | None = None


@frozen(kw_only=True)
class CommitInfo:
    """A commit read back."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str
    #: The armoured signature, and the bytes that it signs; None for unsigned commits.
    signature: str | None
    payload: str


def encode_commit(
    *,
    tree: str,
    parents: tuple[str, ...],
    author: Signature,
    committer: Signature,
    message: str,
    signature: str | None = None,
) -> bytes:
    """The bytes of a commit object; the message is kept to the byte, as GitHub does."""
    lines = [f"tree {tree}".encode(), *(f"parent {p}".encode() for p in parents)]
    lines += [b"author " + author.encode(), b"committer " + committer.encode()]
    if signature:
        lines.append(b"gpgsig " + signature.strip().replace("\n", "\n ").encode())
    return b"\n".join(lines) + b"\n\n" + message.encode()


def decode_commit(sha: str, data: bytes) -> CommitInfo:
    """A commit from its bytes."""
    text = data.decode("utf-8", "replace")
    head, _, message = text.partition("\n\n")
    headers: list[tuple[str, str]] = []
    for line in head.split("\n"):
        if line.startswith(" ") and headers:
            headers[-1] = (headers[-1][0], headers[-1][1] + "\n" + line[1:])
        else:
            key, _, value = line.partition(" ")
            headers.append((key, value))
    one = dict(headers)
    signed = [(k, v) for k, v in headers if k != "gpgsig"]
    payload = "\n".join(f"{k} {v}".replace("\n", "\n ") for k, v in signed) + "\n\n" + message
    return CommitInfo(
        sha=sha,
        tree=one["tree"],
        parents=tuple(v for k, v in headers if k == "parent"),
        author=Signature.decode(one["author"]),
        committer=Signature.decode(one["committer"]),
        message=message,
        signature=one.get("gpgsig"),
        payload=payload,
    )


@frozen(kw_only=True)
class TagInfo:
    """An annotated tag read back; old ones may lack a tagger."""

    sha: str
    name: str
    target: str
    target_type: str
    tagger: Signature | None
    message: str


def decode_tag(sha: str, data: bytes) -> TagInfo:
    """A tag from its bytes."""
    head, _, message = data.decode("utf-8", "replace").partition("\n\n")
    fields = dict(line.split(" ", 1) for line in head.split("\n"))
    return TagInfo(
        sha=sha,
        name=fields["tag"],
        target=fields["object"],
        target_type=fields["type"],
        tagger=Signature.decode(fields["tagger"]) if "tagger" in fields else None,
        message=message,
    )
