"""Which rehearsal gives which evidence."""

from __future__ import annotations

from collections.abc import Iterable

from bascule.types import Check, DryRunContext, Evidence
from bascule_deps.book import ADVISORIES, CHANGES, RELEASES, book


@book.rehearsal(CHANGES, RELEASES, ADVISORIES)
def changes(ctx: DryRunContext) -> Iterable[Evidence | Check]:
    """Read what the change does to dependencies; then, where the pack asks, what is known of the new versions."""
    from bascule_deps.rehearsal import rehearse

    return rehearse(ctx)
