"""Evidence that is bound to what it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bascule import wire
from bascule.types import Binding, DryRunContext, Evidence, EvidenceInput


def prove(
    ctx: DryRunContext,
    kind: str,
    data: Mapping[str, Any],
    summary: str,
    *,
    tool: str = "",
    version: str = "",
    provenance: str = "local",
) -> Evidence:
    """Return evidence of this rehearsal, bound to head, base and pack.

    Args:
        ctx: the rehearsal's context.
        kind: ``name/kind``.
        data: JSON; secrets must already be out of it: it crosses to the driver.
        summary: one line for reports, without secrets.
        tool: what made it, with its ``version``.
        version: see ``tool``.
        provenance: ``local``, or that of the input it was made from.
    """
    bound = Binding(
        head_sha=ctx.change.head_sha, base_sha=ctx.change.base_sha, pack_sha256=ctx.pack.sha256, tool=tool,
        tool_version=version,
    )  # fmt: skip
    return Evidence(
        kind=kind, binding=bound, provenance=provenance, summary=summary, sha256=wire.sha256(dict(data)), data=data
    )


def given(ctx: DryRunContext, name: str) -> EvidenceInput | None:
    """Return the evidence file that the core brought under ``name`` (the pack's ``evidence:``), or None."""
    return next((i for i in ctx.inputs if i.name == name), None)


def service(ctx: DryRunContext, name: str, public: str = "") -> str | None:
    """Return the address of the service ``name``, without a trailing slash, or None where it may not be asked.

    The one that the machine's owner states (``BASCULE_SERVICE_NAME``) counts; else ``public``, where the owner lets
    plugins ask the public addresses that they know (``BASCULE_SERVICES=public``). Never in a replay.
    """
    return ctx.services.get(name) or (public.rstrip("/") if ctx.public_services and public else None)
