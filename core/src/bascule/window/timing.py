"""Every time limit of the window, in seconds, in one record that tests and rulepacks can change."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class Timing:
    """Limits of protocol.md. ``longest_request`` must not be shorter than the transport's own time-out."""

    deadline: float = 60.0
    """From the server's ``Date`` on the read of the tip to the moment when a sweeper may take over."""
    longest_request: float = 15.0
    """No relaxation or merge is sent with less than this left before the deadline."""
    settle: float = 35.0
    """How long GitHub may answer reads with an older state; ``verified`` needs a read later than that."""
    horizon: float = 24 * 3600.0
    """How long after its window a late write of a token without a known end is still expected."""
    heartbeat_limit: float = 15 * 60.0
    """A sweeper whose newest sign of life is older does not count."""
    heartbeat_every: float = 5 * 60.0
    """How often a sweeper writes one."""
    patrol_every: float = 30.0
    """How often a looping sweeper compares live protection with the last snapshot."""
    token_margin: float = 600.0
    """A token must outlive the deadline by this much."""
    fresh_tip: float = 20.0
    """A tip that was read longer ago is read again before a window is opened on it."""
    fresh_protection: float = 10.0
    """Likewise for live protection that is to become the snapshot."""
    restore_budget: float = 180.0
    """How long a run itself tries to restore (waits included) before it leaves the rest to the sweeper."""
    quota_reserve: int = 20
    """Calls that must be left in the token's quota before anything is relaxed."""
