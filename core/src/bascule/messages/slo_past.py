"""What `bascule slo backtest --prometheus` prints, and what it cannot use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bascule.messages.wording import shown

NO_TIME = "a time such as 2026-01-05T09:00:00Z: date, time and time zone"
ONE_FILE = ("{count} files of cases", "give one file of cases; several OpenSLO files go with --prometheus and --at")
ALONE = "give both: --prometheus URL --at TIME; cases from a file need neither"
UNSAID = "with cases from a file it says nothing; it goes with --prometheus"
SOON = "give a time that is past; `bascule watch` judges a merge as it happens"


def lines(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines for a document of verdicts."""
    objectives: Sequence[Mapping[str, Any]] = document["objectives"]
    yield f"A merge live at {document['live_at']}, judged until {document['ends_at']}:"
    if document["so_far"]:
        yield "(that is still to come: judged as far as there is data)"
    for row in objectives:
        service = f" of {shown(row['service'])}" if row["service"] else ""
        yield ""
        yield f"{row['verdict']:12} {shown(row['name'])}{service}  [{row['where']}]"
        if row["fired_at"] is not None:
            yield f"  certain at {row['fired_at']}"
        if row["verdict"] != "unreachable":
            yield f"  {shown(row['reason'], limit=500)}"
        if row["note"]:
            yield f"  source: {shown(row['note'], limit=500)}"
        yield f"  {row['blocks']['seen']} of {row['blocks']['planned']} blocks judged"
    yield ""
    yield _SUMMARY[document["verdict"]]


_SUMMARY = {
    "ok": "ok: nothing speaks against it, and there is enough to say so",
    "violation": "violation: this merge would have been rolled back",
    "undecided": "undecided: the data cannot tell; nothing would have been rolled back",
    "unreachable": "unreachable: not all could be asked; nothing would have been rolled back",
}
