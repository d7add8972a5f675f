"""Who hears of a rollback: the original pull request, its labels, an issue where one is wanted, and the webhook.

What cannot be told is an alarm in the result; it never changes what was done.
"""

from __future__ import annotations

from attrs import evolve

from bascule import wire
from bascule.errors import BasculeError
from bascule.forge.identity import Identity
from bascule.messages import notify as texts
from bascule.messages import rollback as say
from bascule.notify.notice import Event, Notice
from bascule.pipeline.decide import who_merges
from bascule.pipeline.noticing import deliver, now
from bascule.pipeline.run import run_url
from bascule.pipeline.session import Session
from bascule.pipeline.undoing.asked import Undo
from bascule.pipeline.undoing.found import Target, find
from bascule.render import markdown
from bascule.render import rollback as shown
from bascule.render.facts import facts, headline, not_restored
from bascule.render.spans import plain
from bascule.types import MergeReport, Result, RollbackReport, RunStatus, Status, TimelineRow, Viewer


def tell(
    session: Session, target: Target, result: Result, report: RollbackReport, who: Viewer, *, late: str = ""
) -> Result:
    """Report ``result`` and return it with an alarm for what could not be told.

    ``late`` is the commit of a rollback that an earlier run landed and could not report any more.
    """
    seen = evolve(result, status=RunStatus.MERGED, merge=MergeReport(sha=late)) if late else result
    if seen.status not in {RunStatus.MERGED, RunStatus.BLOCKED, RunStatus.FAILED} and not (
        not_restored(seen) or _proposed(seen, report)
    ):
        return result
    failed = _written(session, target, seen, report, who)
    unheard = deliver(session, _notice(session, seen, report))
    if failed is None and seen.status is RunStatus.MERGED:
        failed = _labelled(session, report.of)
    alarms = tuple(text for text in (failed, unheard) if text is not None)
    return evolve(result, alarms=(*result.alarms, *alarms)) if alarms else result


def tell_more(session: Session, result: Result, later: tuple[TimelineRow, ...]) -> str | None:
    """Renew the comment on a rolled back merge with what came ``later``; return why it could not be, or None.

    The comment of a rollback that another run made keeps its words: this run does not know its window.
    """
    if result.status not in {RunStatus.MERGED, RunStatus.NOOP}:
        return None
    report = wire.load(result.details["rollback"], RollbackReport)
    try:
        target = find(session, Undo(number=report.of))
        who = who_merges(session, target.snapshot)
        if result.status is RunStatus.NOOP:
            _added(session, target, who, later)
            return None
    except BasculeError as error:
        return say.not_told(error.message)
    report = evolve(report, facts=evolve(report.facts, rows=(*report.facts.rows, *later)))
    return _written(session, target, result, report, who)


def _added(session: Session, target: Target, who: Viewer, later: tuple[TimelineRow, ...]) -> None:
    """Add moments to the comment that an earlier run wrote, if it did.

    Raises:
        BasculeError: GitHub cannot be read or refuses.
    """
    if not session.connection.has(Identity.MERGER):
        return
    reporter, known = session.connection.reporter, target.snapshot.stickies
    body = reporter.written(known, who.login)
    if body is not None:
        reporter.sticky(target.change.number, shown.with_later(body, later), known=known, me=who.login)


def _written(session: Session, target: Target, result: Result, report: RollbackReport, who: Viewer) -> str | None:
    """Write on GitHub what is to be read there; return why it could not be, or None."""
    try:
        if session.connection.has(Identity.MERGER):
            _write(session, target, result, report, who)
    except BasculeError as error:
        return say.not_told(error.message)
    return None


def _labelled(session: Session, number: int) -> str | None:
    """Put the label on, which is the last word: where it is missing, a later run tells it all again."""
    try:
        if session.connection.has(Identity.MERGER):
            session.connection.reporter.label(number, say.LABEL)
    except BasculeError as error:
        return say.not_told(error.message)
    return None


def _proposed(result: Result, report: RollbackReport) -> bool:
    """Return whether a machine has opened the pull request and only a person may merge it: somebody has to hear."""
    waits = result.verdict.of(Status.WAIT) if result.verdict is not None else ()
    return result.status is RunStatus.WAITING and not report.by and any(c.rule == "mode" for c in waits)


def _notice(session: Session, result: Result, report: RollbackReport) -> Notice:
    repository, why = session.connection.address.full_name, report.facts.headline or report.reason
    sha = result.merge.sha if result.merge is not None else ""
    if not_restored(result):
        branch = result.plan.branch if result.plan is not None else ""
        event, text = Event.NOT_RESTORED, texts.not_restored(repository, branch, result.run)
    elif result.status is RunStatus.MERGED:
        event, text = Event.ROLLED_BACK, texts.rolled_back(repository, report.of, sha, plain(why))
    else:
        found = "; ".join(c.found for c in facts(result).open[:2]) or headline(result)
        event, text = Event.ROLLBACK_BLOCKED, texts.rollback_blocked(repository, report.of, plain(found))
    return Notice(
        event=event,
        repository=repository,
        text=text,
        run=result.run,
        at=now(session),
        number=report.of,
        title=report.title,
        url=result.change.url if result.change is not None else "",
        pull=report.pull,
        sha=sha,
        undoes=report.undoes,
        reason=why,
        by=report.by,
        alarms=result.alarms,
        timeline=(TimelineRow(at=report.merged_at, text=f"merged {report.landed[:7]}"), *report.facts.rows),
        next=result.next,
    )


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
    if result.status is RunStatus.MERGED and target.settings.notify.issue:
        mark = f"<!-- bascule:rollback {report.undoes} -->"
        title = say.title(number, report.title)
        session.connection.reverter.issue(
            title=title, body=shown.issue_body(report, result, mark), label=say.LABEL, mark=mark
        )
