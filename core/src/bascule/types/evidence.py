"""Evidence: what a rehearsal produced, bound to what it was produced from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen


@frozen(kw_only=True)
class Binding:
    """What evidence is bound to; evidence whose binding differs from the change's is not evidence."""

    head_sha: str
    base_sha: str
    pack_sha256: str
    tool: str = ""
    tool_version: str = ""


@frozen(kw_only=True)
class Evidence:
    """The result of one rehearsal.

    ``data`` is JSON and is never stored whole: journal and reports carry ``sha256`` and ``summary``.
    ``provenance`` says where it came from (``local``, ``file:NAME``, ``actions:RUN/ATTEMPT/ARTIFACT``).
    """

    kind: str
    binding: Binding
    provenance: str
    summary: str
    sha256: str
    data: Mapping[str, Any] = field(factory=dict)
    source: str = "core"


@frozen(kw_only=True)
class EvidenceInput:
    """A file that the core brought for a rehearsal, under the name that the pack's ``evidence:`` gives it.

    ``path`` is on this machine, readable by the plugin's process, outside its working directory; ``size`` in bytes.
    It is a private copy, for reading only, which ``sha256`` is the hash of. ``provenance`` is ``file:NAME`` or
    ``actions:RUN/ATTEMPT/ARTIFACT``. ``head_sha`` and ``base_sha`` are what it was made from, as GitHub states it for a
    workflow's run; None where nobody states it, as for a given file or the base of a fork's run. ``made_at`` is when
    the run's attempt began (server time), None likewise.
    """

    name: str
    path: str
    sha256: str
    size: int
    provenance: str
    head_sha: str | None = None
    base_sha: str | None = None
    made_at: datetime | None = None
