"""What the kit says in a scenario's name."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from bascule.messages.wording import code, count, listed


@frozen
class Say:
    """What was found and expected, and what to do next."""

    found: str
    expected: str
    fix: str


NO_RULES = "the pack has no rules of this scenario; the core's gates judge alone"


def unknown_rule(use: str, offered: Sequence[str]) -> Say:
    """A rule that this version does not have."""
    return Say(
        f"the rule {code(use)}, which this version does not have",
        f"one of {listed(offered)}" if offered else "a rule that it offers; it offers none",
        "upgrade the plugin, or take the rule out of the pack",
    )


def no_evidence(kind: str) -> Say:
    """The rehearsal has not said anything yet."""
    return Say(
        f"no evidence {code(kind)} yet",
        "the rehearsal's result for exactly this head, base and pack",
        "look at the rehearsal's own check; where evidence comes from a workflow, wait for its run",
    )


def silent(use: str) -> Say:
    """A rule that answered nothing."""
    return Say(f"the rule {code(use)} answered nothing", "at least one answer", "report it to the plugin's authors")


def missing_tool(name: str, install: str) -> Say:
    """A program that is not on this machine."""
    return Say(f"{code(name)} is not installed where Bascule runs", f"{code(name)} on PATH", install)


def tool_failed(command: str, code_: int, said: str) -> Say:
    """A program that exits with what nobody expected."""
    return Say(
        f"{code(command)} exited with {code_}: {said}" if said else f"{code(command)} exited with {code_}",
        "exit status 0",
        "run the command on the change's head and mend what it says",
    )


def tool_slow(command: str, seconds: float) -> Say:
    """A program that did not end in time."""
    return Say(
        f"{code(command)} did not end within {seconds:g} s",
        f"an answer within {seconds:g} s",
        "make what it does smaller, or merge by hand",
    )


def tool_loud(command: str, limit: int) -> Say:
    """A program that wrote too much."""
    return Say(
        f"{code(command)} wrote more than {limit:,} bytes", f"at most {limit:,} bytes", "make what it prints smaller"
    )


def unreadable(path: str, why: str) -> Say:
    """A file that is not what its name says."""
    return Say(f"{code(path)} cannot be read: {why}", "a file that can be read", f"mend {code(path)}")


def no_object(side: str, tree: str) -> Say:
    """A tree that is not in the local store."""
    return Say(
        f"the tree {side} the change ({tree[:12]}) is not here",
        "a clone with every object of head and base",
        "fetch the missing objects: git fetch --unshallow --refetch --no-filter",
    )


def unsafe_link(path: str) -> Say:
    """A symbolic link out of the exported folder."""
    return Say(
        f"the symbolic link {code(path)} leads out of its folder", "links that stay inside", f"replace {code(path)}"
    )


def too_large(what: str, limit: int, unit: str) -> Say:
    """More than a rehearsal looks at."""
    return Say(
        f"{what} is larger than {count(limit, unit)}", f"at most {count(limit, unit)}", "split it, or merge by hand"
    )
