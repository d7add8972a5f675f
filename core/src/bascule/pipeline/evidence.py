"""The files that rehearsals need, brought into a private folder: hashed as they are copied, and not touched again.

A plugin is given the copy, never the place that a file came from: what was hashed is what it reads.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from attrs import define, field

from bascule.forge.actions import EXPIRED, Artifact, WorkflowRun
from bascule.forge.download import TooLargeError
from bascule.forge.ports import RefusedError
from bascule.forge.snapshot import Snapshot
from bascule.git import Git
from bascule.messages import actions as on_actions
from bascule.messages import evidence as say
from bascule.messages.actions import Say
from bascule.pipeline import runs
from bascule.pipeline.session import Session
from bascule.pipeline.unzip import unpack
from bascule.rulepack.kinds import LARGEST
from bascule.types import Change, Check, EvidenceInput, EvidenceSource, Rulepack

SECONDS = 60.0
"""How long the reading of one file, or one download, may take."""
_BLOCK = 1024 * 1024


@define(kw_only=True)
class Bringer:
    """Brings the files of one decision. What GitHub said of the head's runs is asked once for all packs."""

    session: Session
    snapshot: Snapshot
    change: Change
    _runs: tuple[WorkflowRun, ...] | None = field(default=None, init=False)

    @contextmanager
    def inputs(self, pack: Rulepack) -> Iterator[tuple[tuple[EvidenceInput, ...], tuple[Check, ...]]]:
        """Yield the files that ``pack`` asks for, and a check for each that cannot be handed on.

        The files lie in a folder that only this user can enter; they can be read and not written, and are gone when
        the context ends.

        Raises:
            OutsideError: GitHub or the artifact's store failed.
        """
        folder = Path(tempfile.mkdtemp(prefix="bascule-evidence-"))
        try:
            found = [self._one(entry, pack, folder) for entry in pack.evidence.values() if entry.source != "local"]
            folder.chmod(0o500)
            yield (
                tuple(f for f in found if isinstance(f, EvidenceInput)),
                tuple(f for f in found if isinstance(f, Check)),
            )
        finally:
            folder.chmod(0o700)
            shutil.rmtree(folder, ignore_errors=True)

    def _one(self, entry: EvidenceSource, pack: Rulepack, folder: Path) -> EvidenceInput | Check:
        to = folder / entry.name
        if entry.source == "actions":
            found = self._from_actions(entry, pack, to)
            return found if isinstance(found, EvidenceInput) else say.check(found, entry.where)
        path = self.session.evidence.get(entry.name)
        return say.not_given(entry.name, entry.where) if path is None else self._given(entry, path, to)

    # -- given with the command ---------------------------------------------------------------------------------------

    def _given(self, entry: EvidenceSource, path: Path, to: Path) -> EvidenceInput | Check:
        limit = entry.max_size or LARGEST
        copied = copy(path, to, limit=limit, seconds=SECONDS, elapsed=self.session.clock.elapsed)
        if isinstance(copied, str):
            return say.unreadable(entry.name, copied, entry.where)
        size, sha256 = copied
        if size > limit:
            return say.too_large(entry.name, size, limit, entry.where)
        return EvidenceInput(name=entry.name, path=str(to), sha256=sha256, size=size, provenance=f"file:{path.name}")

    # -- from a workflow's run ----------------------------------------------------------------------------------------

    def _from_actions(self, entry: EvidenceSource, pack: Rulepack, to: Path) -> EvidenceInput | Say:
        change = self.change
        if change.from_fork and not pack.forks.allow:
            return on_actions.fork(entry.name)
        if (wrong := self._pinned(entry.workflow)) is not None:
            return wrong
        self.session.progress(f"runs of {entry.workflow}")
        try:
            run = runs.chosen(self._of_head(), entry, change, self.snapshot.date)
        except RefusedError as refused:
            return _refused(entry, "workflow runs", refused)
        if isinstance(run, Say):
            return run
        for path in runs.own_calls(run, change):
            if (wrong := self._pinned(path)) is not None:
                return wrong
        try:
            artifact = runs.picked(
                self.session.connection.actions.artifacts(run.id, entry.artifact), run, entry, entry.max_size or LARGEST
            )
            return artifact if isinstance(artifact, Say) else self._fetched(entry, run, artifact, to)
        except RefusedError as refused:
            if refused.response.status == EXPIRED:
                return on_actions.expired(entry.artifact, run.url)
            return _refused(entry, "the artifact", refused)

    def _of_head(self) -> tuple[WorkflowRun, ...]:
        if self._runs is None:
            self._runs = self.session.connection.actions.runs(self.change.head_sha)
        return self._runs

    def _fetched(self, entry: EvidenceSource, run: WorkflowRun, artifact: Artifact, to: Path) -> EvidenceInput | Say:
        limit = entry.max_size or LARGEST
        archive = to.with_name(f".{entry.name}.zip")
        self.session.progress(f"artifact {entry.artifact}")
        try:
            got = self.session.connection.actions.download(artifact, archive, limit=limit, seconds=SECONDS)
        except TooLargeError:
            return on_actions.large_artifact(entry.artifact, max(artifact.size, limit + 1), limit)
        try:
            if f"sha256:{got.sha256}" != artifact.digest:
                return on_actions.other_digest(entry.artifact, str(artifact.digest), got.sha256)
            made = unpack(archive, entry.file, to, limit=limit)
        finally:
            archive.unlink(missing_ok=True)
        if isinstance(made, Say):
            return made
        return EvidenceInput(
            name=entry.name,
            path=str(to),
            sha256=made.sha256,
            size=made.size,
            provenance=f"actions:{run.id}/{run.attempt}/{artifact.id}",
            head_sha=run.head_sha,
            base_sha=runs.base_of(run, self.change, self._base_since()),
            made_at=run.started_at,
        )

    def _git(self) -> Git:
        return Git(self.session.connection.objects(self.snapshot))

    def _base_since(self) -> datetime:
        """Return when the base's tip was committed: merges made on GitHub have GitHub's time."""
        seconds = self._git().text("show", "-s", "--format=%ct", self.change.base_sha)
        return datetime.fromtimestamp(int(seconds), UTC)

    def _pinned(self, path: str) -> Say | None:
        """Return what is wrong with the workflow's file, or None: then every merge of head and base holds the same.

        GitHub takes the workflow of a ``pull_request`` from the merge of the head with the base as it was then. Where
        head and base hold the same file and nothing on the base touched it since the change branched off, so does
        every merge in between.
        """
        git, change = self._git(), self.change
        base, head = (_entry(git, sha, path) for sha in (change.base_sha, change.head_sha))
        if base is None or not base.startswith("100"):
            return on_actions.no_workflow(path, change.base_ref)
        if base != head:
            return on_actions.changed_workflow(path, change.base_ref)
        literal = f":(literal){path}"
        touched = git.run("rev-list", "-1", "--full-history", f"{change.head_sha}..{change.base_sha}", "--", literal)
        return on_actions.moved_workflow(path, change.base_ref) if touched.strip() else None


def _entry(git: Git, commit: str, path: str) -> str | None:
    """Return ``MODE TYPE ID`` of ``path`` at ``commit``, or None where it is not there. Contents are not needed."""
    line = git.run("ls-tree", "-z", commit, "--", path).split(b"\0")[0]
    return line.split(b"\t")[0].decode() or None


def _refused(entry: EvidenceSource, what: str, refused: RefusedError) -> Say:
    return on_actions.refused(entry.name, what, refused.response.status)


def copy(path: Path, to: Path, *, limit: int, seconds: float, elapsed: Callable[[], float]) -> tuple[int, str] | str:
    """Copy the plain file ``path`` to the new file ``to``, for reading only; return size and SHA-256 of the copy.

    A size above ``limit`` means that nothing was kept. Anything that is no plain file (a link, a folder, a device, a
    pipe) or cannot be read in time is not copied; then the answer says why.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags)
    except OSError as odd:
        return say.NO_LINK if path.is_symlink() else (odd.strerror or "it cannot be opened")
    kind = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(kind):
        os.close(descriptor)
        return say.kind_of(kind)
    with os.fdopen(descriptor, "rb", buffering=0) as source:
        hashed, size, deadline = hashlib.sha256(), 0, elapsed() + seconds
        try:
            with to.open("xb") as out:
                while block := source.read(_BLOCK):
                    size += len(block)
                    if size > limit:
                        break
                    if elapsed() > deadline:
                        return say.slow(seconds)
                    hashed.update(block)
                    out.write(block)
        except OSError as odd:
            return odd.strerror or "it cannot be read"
        if size > limit:
            with contextlib.suppress(OSError):
                to.unlink()
            return max(size, os.fstat(descriptor).st_size), ""
    to.chmod(0o400)
    return size, hashed.hexdigest()
