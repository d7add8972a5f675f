"""Evidence: what a rehearsal produced, bound to what it was produced from."""

from __future__ import annotations

from collections.abc import Mapping
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
    ``provenance`` says where it came from (``local``, ``file:PATH``, ``actions:RUN/ARTIFACT``).
    """

    kind: str
    binding: Binding
    provenance: str
    summary: str
    sha256: str
    data: Mapping[str, Any] = field(factory=dict)
    source: str = "core"
