"""One whole run: decide, act, report. A report that cannot be written never changes what was decided."""

from __future__ import annotations

from attrs import evolve

from bascule.errors import BasculeError
from bascule.forge.identity import Identity
from bascule.forge.reporter import Report
from bascule.messages import pipeline as say
from bascule.pipeline import tagging
from bascule.pipeline.act import act, journal_of
from bascule.pipeline.configured import configured
from bascule.pipeline.decide import Decision, decide
from bascule.pipeline.noticing import alarmed
from bascule.pipeline.session import Session
from bascule.pipeline.sweeping import sweep_first
from bascule.render import markdown
from bascule.render.facts import not_restored
from bascule.types import Mode, Result, RunStatus
from bascule.window.journal import Journal


def run(session: Session, number: int) -> Result:
    """Decide about pull request ``number``, act, and report on it.

    Raises:
        BasculeError: something failed before anything was changed.
    """
    decision = decide(session, number)
    journal = _journal(session, decision)
    if journal is None:
        late = _late_tag(session, decision)
        if late is not None:
            return report(session, decision, late)
        return report(session, decision, act(session, decision))
    found = sweep_first(session, decision, journal)
    if isinstance(found, Result):
        return report(session, decision, found)
    if isinstance(found, Decision):
        return report(session, found, act(session, found))
    # What was decided was decided while protection was loose.
    decision = decide(session, number)
    result = act(session, decision)
    return report(session, decision, evolve(result, alarms=(*found.alarms, *result.alarms)))


def _journal(session: Session, decision: Decision) -> Journal | None:
    """Return the journal where this run has to do with it."""
    change = decision.result.change
    if change is None or decision.result.status is RunStatus.NOOP:
        return None
    return journal_of(session, change.repo.id, seen=decision.tip)


def _late_tag(session: Session, decision: Decision) -> Result | None:
    """Return what became of a tag that an earlier run left due on this merged change; None where none is."""
    change = decision.result.change
    if decision.result.status is not RunStatus.NOOP or change is None or change.merged_sha is None:
        return None
    _, problems = configured(session, decision.snapshot)  # it says where the journal is
    if problems:
        return None
    if session.connection.journal_elsewhere:
        decision = evolve(decision, tip=None)  # the first query looked into this repository
    journal = journal_of(session, change.repo.id, seen=decision.tip)
    return None if journal is None else tagging.due(session, decision, journal)


def report(session: Session, decision: Decision, result: Result, *, comment: bool | None = None) -> Result:
    """Write the sticky comment where it is wanted (``comment`` forces or forbids it) and the tree on the head commit.

    A change that is none of Bascule's business, or was merged before, is left alone.
    """
    united, change = decision.united, result.change
    if change is None or (result.status is RunStatus.NOOP and not result.alarms and comment is None):
        return result
    notify = united.comment if united is not None else "problems"
    mode = united.mode if united is not None else Mode.OBSERVE
    speaks = mode not in {Mode.OFF, Mode.OBSERVE}
    wanted = markdown.wanted(result, notify) and speaks if comment is None else comment
    try:
        if wanted and session.connection.has(Identity.MERGER):
            session.progress("comment")
            body = markdown.comment(result, run_url=run_url(session)) + _mentions(decision, result)
            me = decision.merger.login if decision.merger is not None else ""
            session.connection.reporter.sticky(change.number, body, known=decision.snapshot.stickies, me=me)
        if united is not None:
            _status(session, decision, result, advisory=not speaks)
    except BasculeError as error:
        result = evolve(result, alarms=(*result.alarms, say.not_reported(error.message)))
    return alarmed(session, result)


def _mentions(decision: Decision, result: Result) -> str:
    """Call those who want to hear of alarms (`notify.mention`); nobody for anything less."""
    mention = decision.settings.notify.mention
    return f"\n\n{' '.join(mention)}" if mention and (result.alarms or not_restored(result)) else ""


def _status(session: Session, decision: Decision, result: Result, *, advisory: bool) -> None:
    """Put the tree on the head commit: a check run where the token is an App's, else a status."""
    change = result.change
    assert change is not None
    output = markdown.check_output(result, advisory=advisory, run_url=run_url(session))
    reporter = session.connection.reporter
    if decision.snapshot.viewer.app_slug is not None:  # only an App's token can: the job's own, or a bot's
        shown = Report(title=output.title, summary=output.summary, conclusion=output.conclusion, url=run_url(session))
        reporter.check_run(change.head_sha, shown)
    elif session.connection.has(Identity.MERGER):
        word = {"success": "success", "failure": "failure", "error": "failure"}.get(output.state, "pending")
        shown = Report(title=output.title, summary=output.summary, conclusion=word, url=run_url(session))
        reporter.status(change.head_sha, shown)


def run_url(session: Session) -> str:
    """Return the address of this job's log inside Actions, or an empty string."""
    env = session.environ
    if not session.in_actions or "GITHUB_RUN_ID" not in env:
        return ""
    return f"{env.get('GITHUB_SERVER_URL', '')}/{env.get('GITHUB_REPOSITORY', '')}/actions/runs/{env['GITHUB_RUN_ID']}"
