"""Who hears of a rollback: the original pull request, its labels, an issue where one is wanted, and the webhook.

What cannot be told is an alarm in the result; it never changes what was done.
"""

from __future__ import annotations

from attrs import evolve

from bascule.errors import BasculeError
from bascule.forge.ports import Identity
from bascule.messages import rollback as say
from bascule.pipeline.run import run_url
from bascule.pipeline.session import Session
from bascule.pipeline.undoing.found import Target
from bascule.render import markdown
from bascule.render import rollback as shown
from bascule.render.facts import not_restored
from bascule.types import MergeReport, Result, RollbackReport, RunStatus, Viewer


def tell(
    session: Session, target: Target, result: Result, report: RollbackReport, who: Viewer, *, late: str = ""
) -> Result:
    """Report ``result`` and return it with an alarm for what could not be told.

    ``late`` is the commit of a rollback that an earlier run landed and could not report any more.
    """
    seen = evolve(result, status=RunStatus.MERGED, merge=MergeReport(sha=late)) if late else result
    if seen.status not in {RunStatus.MERGED, RunStatus.BLOCKED, RunStatus.FAILED} and not not_restored(seen):
        return result
    try:
        if session.connection.has(Identity.MERGER):
            _write(session, target, seen, report, who)
    except BasculeError as error:
        result = evolve(result, alarms=(*result.alarms, say.not_told(error.message)))
    return result


def _write(session: Session, target: Target, result: Result, report: RollbackReport, who: Viewer) -> None:
    session.progress("comment")
    reporter, number = session.connection.reporter, report.of
    url = run_url(session)
    loose = not_restored(result)
    body = markdown.comment(result, run_url=url) if loose else shown.comment(report, result, run_url=url)
    mention = target.settings.notify.mention
    if mention and (result.alarms or loose or result.status is not RunStatus.MERGED):
        body = f"{body}\n\n{' '.join(mention)}"
    reporter.sticky(number, body, known=target.snapshot.stickies, me=who.login)
    if result.status is RunStatus.MERGED:
        reporter.label(number, say.LABEL)
