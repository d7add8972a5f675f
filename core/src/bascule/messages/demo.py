"""What the demo says where it replays what was recorded."""

from __future__ import annotations

NOT_RECORDED = "this query was not recorded"
NO_RANGE = "query, start, end and step are needed, times in unix seconds"
WHOLE_SECONDS = "the recording has one value a second: start, end and step are whole seconds"
NOT_DEPLOYED = "nothing is deployed yet that the recording could be told by"
ONLY_RANGES = "only range queries were recorded"


def recording_ends(seconds: int) -> str:
    """Asked for a time that the recording does not have."""
    return f"the recording ends {seconds} s after this deployment"


def replayed(day: str, version: str) -> str:
    """The numbers are not this run's."""
    return (
        f"prometheus is not on this machine: recorded answers of {day} (prometheus {version}) are replayed; "
        "`make tools` brings it"
    )
