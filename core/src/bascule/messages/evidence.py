"""What is said of the files that rehearsals need."""

from __future__ import annotations

import stat

from bascule.messages.actions import Say
from bascule.messages.wording import code, listed
from bascule.types import Check, Status

RULE = "evidence"


def not_given(name: str, where: str) -> Check:
    """A file that the pack asks for and nobody gave."""
    return Check(
        rule=RULE,
        status=Status.WAIT,
        found=f"nobody gave the file {code(name)}",
        expected=f"the file {code(name)}, made from this head",
        fix=f"give it with the command: --evidence {name}=FILE",
        where=where or None,
    )


NO_LINK = "it is a symbolic link"
_KINDS = {
    stat.S_IFDIR: "it is a folder",
    stat.S_IFLNK: NO_LINK,
    stat.S_IFIFO: "it is a pipe",
    stat.S_IFSOCK: "it is a socket",
    stat.S_IFCHR: "it is a device",
    stat.S_IFBLK: "it is a device",
}


def kind_of(mode: int) -> str:
    """Return what is there instead of a plain file, from its mode."""
    return _KINDS.get(stat.S_IFMT(mode), "it is no plain file")


def slow(seconds: float) -> str:
    """Say that reading does not end."""
    return f"it could not be read within {seconds:g} s"


def unreadable(name: str, why: str, where: str) -> Check:
    """A given file that cannot be copied."""
    return Check(
        rule=RULE,
        status=Status.BLOCK,
        found=f"the file {code(name)} cannot be taken: {why}",
        expected="a plain file that can be read",
        fix=f"write it to a file and give that: --evidence {name}=FILE",
        where=where or None,
    )


def check(told: Say, where: str) -> Check:
    """What stands between evidence and the run that makes it."""
    return Check(
        rule=RULE,
        status=told.status,
        found=told.found,
        expected=told.expected,
        fix=told.fix,
        where=where or None,
    )


def too_large(name: str, size: int, most: int, where: str) -> Check:
    """A file that is larger than a rehearsal reads."""
    return Check(
        rule=RULE,
        status=Status.BLOCK,
        found=f"the file {code(name)} has {size:,} bytes",
        expected=f"at most {most:,} bytes",
        fix="make what it tells smaller, or merge by hand",
        where=where or None,
    )


def from_elsewhere(name: str, place: str) -> tuple[str, str]:
    """A file that the pack takes from somewhere else, and the hint."""
    return (
        f"the rulepack does not take the evidence {name!r} from a file, but from {place}",
        "leave the option out; only the pack on the base branch says where evidence comes from",
    )


def nobody_asks(name: str, asked: tuple[str, ...]) -> tuple[str, str]:
    """A file that no bound pack asks for, and the hint."""
    return (
        f"no rulepack that binds this change asks for the evidence {name!r}",
        f"they ask for {listed(asked)}" if asked else "leave the option out, or name it in the pack: evidence: [...]",
    )


NO_ADDRESS = ("is no http(s) address", "write it as https://host/path")
CREDENTIALS = (
    "carries a user, a password, a query or a fragment",
    "give the bare address of something that may be read without credentials: plugins hold no secret",
)
PLAIN_HTTP = (
    "is plain http to another machine",
    "use https (plain http is accepted for loopback; elsewhere only with BASCULE_ALLOW_HTTP=1)",
)


def bad_service(variable: str, found: str, fix: str) -> tuple[str, str]:
    """An address that cannot be asked, and the hint. The address itself is not repeated: it may hold a secret."""
    return f"the address in {variable} {found}", fix


def bad_services(word: str) -> tuple[str, str]:
    """Another word than those that ``BASCULE_SERVICES`` takes, and the hint."""
    return f"BASCULE_SERVICES is {word!r}", "it takes `public`, or `none` (as without it)"


def no_client(variable: str, path: str) -> tuple[str, str]:
    """A file that says how a service is asked and is not there, and the hint."""
    return (
        f"the file {path} of {variable} cannot be read",
        "name a file in the form of Prometheus' HTTP client configuration: authorization, basic_auth, tls_config",
    )


def client_alone(variable: str, address: str) -> tuple[str, str]:
    """A file for a service without an address, and the hint."""
    return f"{variable} is set, and {address} is not", f"set {address} too, or neither"
