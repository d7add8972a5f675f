"""What is said of evidence from workflows' runs: the workflow, the run, its artifact, the archive."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from bascule.config import duration
from bascule.messages.wording import code, count, listed, phrases, short
from bascule.types import Status

_AGAIN = "run the workflow again"
_ALL_JOBS = f"{_AGAIN}: re-run all jobs"
_ONLY_IT = "upload only the file that is read"
_RAISE = "raise `max_size` in the pack"
_SUCCEEDED = "a run that has succeeded"


@frozen
class Say:
    """What was found and expected, what to do next, and whether it waits, blocks, or cannot be judged."""

    found: str
    expected: str
    fix: str
    status: Status = Status.BLOCK


def no_workflow(path: str, branch: str) -> Say:
    """The file that the pack names is not on the base branch."""
    return Say(
        f"there is no file {code(path)} on {code(branch)}",
        "the workflow that makes the evidence, on the base branch",
        "add it, or correct `workflow` in the pack",
    )


def changed_workflow(path: str, branch: str) -> Say:
    """The change brings its own workflow, or an old one."""
    return Say(
        f"{code(path)} is not the same on {code(branch)} and at the change's head",
        "evidence by the workflow as it is on the base branch",
        f"take the workflow out of the change, or update the branch from {code(branch)}; the workflow then runs anew",
    )


def moved_workflow(path: str, branch: str) -> Say:
    """It was another one in between."""
    return Say(
        f"{code(path)} was changed on {code(branch)} after the change branched off",
        "a run that cannot have used another workflow",
        f"update the branch from {code(branch)}; the workflow then runs anew",
    )


def no_run(path: str, event: str, sha: str, others: Sequence[str]) -> Say:
    """Nothing ran yet, or not for this event."""
    also = f"; it ran for {listed(others)}" if others else ""
    return Say(
        f"no run of {code(path)} for {code(event)} on {code(short(sha))} yet{also}",
        "a run that has succeeded on exactly this head",
        "wait for it; if none comes, see whether the workflow's `on:` fits the change's files and branch",
        Status.WAIT,
    )


def foreign_run(path: str, url: str) -> Say:
    """A run on the same commit, of another repository's branch."""
    return Say(
        f"{code(path)} ran on this commit only for a branch of another repository: {code(url)}",
        "a run for the change's own branch",
        "push a commit to the change's branch, so that it runs there",
    )


def fork(name: str) -> Say:
    """A change from a fork, where the pack lets none in."""
    return Say(
        f"the change comes from a fork, so no run of it can give {code(name)}",
        "a change from a branch of this repository, or a pack that says `forks: {allow: true}`",
        "push the branch to this repository, or merge by hand",
    )


def unfinished(path: str, state: str, attempt: int, url: str) -> Say:
    """It runs, or waits for a runner or an approval."""
    again = f", attempt {attempt}" if attempt > 1 else ""
    return _of_run(path, f"is {state.replace('_', ' ')}{again}", url, _SUCCEEDED, "wait for it", Status.WAIT)


def not_approved(path: str, url: str) -> Say:
    """A run that somebody must let start."""
    return Say(
        f"the run of {code(path)} waits for an approval: {code(url)}",
        _SUCCEEDED,
        "read the change, then approve the run",
        Status.WAIT,
    )


def failed(path: str, conclusion: str, attempt: int, url: str) -> Say:
    """It ended otherwise than well."""
    again = f" at attempt {attempt}" if attempt > 1 else ""
    ended = f"ended as {conclusion.replace('_', ' ')}{again}"
    return _of_run(path, ended, url, _SUCCEEDED, f"see its log, mend the cause, and {_AGAIN}")


def old(path: str, age: float, most: float, url: str) -> Say:
    """Longer ago than the pack takes."""
    return _of_run(
        path, f"began {age / 3600:.1f} h ago", url, f"a run that began at most {duration.show(most)} ago", _ALL_JOBS
    )


def other_pulls(path: str, numbers: Sequence[int], own: int, url: str) -> Say:
    """The run may have been for a merge with another base."""
    named = ", ".join(f"#{n}" for n in numbers)
    return Say(
        f"the run of {code(path)} may be that of {named}, which has the same head: {code(url)}",
        f"a run for #{own} alone",
        f"close {named}, then push a commit to the change's branch",
    )


def loose_call(path: str, name: str) -> Say:
    """A reusable workflow that can change under its name."""
    return Say(
        f"{code(path)} calls {code(name)}",
        "reusable workflows of this repository by their path, others by a full commit SHA",
        "write `uses: OWNER/REPO/PATH@SHA` in the workflow on the base branch",
    )


def no_artifact(name: str, url: str) -> Say:
    """The run left nothing by that name."""
    return Say(
        f"the run has no artifact {code(name)}: {code(url)}",
        f"one artifact {code(name)}",
        "see whether its upload step ran, and whether `artifact` in the pack is the name that it gives",
    )


def earlier_artifact(name: str, url: str) -> Say:
    """Only an earlier attempt left one."""
    return _of_artifact(
        name,
        "is not from the run's latest attempt",
        url,
        "an artifact that the latest attempt made",
        f"{_ALL_JOBS}, not only the failed ones",
    )


def two_artifacts(name: str, number: int, url: str) -> Say:
    """Which of them is meant?"""
    return Say(
        f"the run has {number} artifacts {code(name)}: {code(url)}",
        "exactly one",
        "give each job's artifact its own name",
    )


def foreign_artifact(name: str, url: str) -> Say:
    """GitHub states another commit or repository for it than for the run."""
    what = "is stated to be of another commit or repository than its run"
    return _of_artifact(name, what, url, "an artifact of this run", _AGAIN)


def expired(name: str, url: str) -> Say:
    """Its time is over."""
    return _of_artifact(name, "has expired", url, "an artifact that is still there", _ALL_JOBS)


def no_digest(name: str, url: str) -> Say:
    """Nothing to hold the download against."""
    return Say(
        f"GitHub states no digest of the artifact {code(name)}: {code(url)}",
        "an artifact with a SHA-256 digest",
        "upload it with `actions/upload-artifact` 4.4 or newer",
    )


def other_digest(name: str, stated: str, found: str) -> Say:
    """What came is not what was uploaded."""
    return Say(
        f"the artifact {code(name)} has the digest {code(short_digest(found))}, and GitHub states "
        f"{code(short_digest(stated))}",
        "the archive that the run uploaded",
        f"run Bascule again; if it stays, {_AGAIN} and find out what answers in the store's place",
    )


def large_artifact(name: str, size: int, most: int) -> Say:
    """Larger than the pack or Bascule takes."""
    return _large(f"the artifact {code(name)}", size, most, _ONLY_IT)


def refused(name: str, what: str, status: int) -> Say:
    """The token may not read Actions."""
    return Say(
        f"the Observer's token cannot read {what} for {code(name)}: GitHub answered {status}",
        "a token that may read workflow runs and artifacts",
        "give the Observer's token the permission Actions: read",
        Status.ERROR,
    )


def no_archive() -> Say:
    """Not a zip file, or a broken one."""
    return Say(
        "the artifact is no zip archive that can be read",
        "the archive that `actions/upload-artifact` makes",
        f"upload it without `archive: false`, and {_AGAIN}",
    )


def many_files(number: int, most: int) -> Say:
    """An archive of everything."""
    return Say(
        f"the artifact holds {count(number, 'entry', 'entries')}",
        f"at most {most:,}",
        _ONLY_IT,
    )


def odd_entry(name: str, what: str) -> Say:
    """An entry that no upload of a file makes."""
    return Say(
        f"the artifact's entry {code(name)} {what}",
        "plain files with plain names, each once",
        f"{_ONLY_IT}, and {_AGAIN}",
    )


def no_member(member: str, names: Sequence[str]) -> Say:
    """The file is not there, or nobody said which."""
    holds = f"it holds {listed(names)}" if names else "it is empty"
    if member:
        return Say(
            f"the artifact has no file {code(member)}: {holds}",
            f"the file {code(member)}",
            "correct `file` in the pack, or the path in the workflow's upload step",
        )
    return Say(
        f"the artifact holds {count(len(names), 'file')}: {phrases([holds])}",
        "one file, or a pack that says which",
        "add `file: NAME` to the pack, or upload one file",
    )


def large_member(name: str, size: int, most: int) -> Say:
    """Larger than the pack or Bascule takes."""
    return _large(f"{code(name)} in the artifact", size, most, "make what it tells smaller")


def packed_member(name: str, ratio: int, most: int) -> Say:
    """A file that grows without end."""
    return Say(
        f"{code(name)} in the artifact is {ratio:,} times its packed size",
        f"at most {most} times",
        "see what the workflow writes; merge by hand if it is right",
    )


def _of_run(path: str, what: str, url: str, expected: str, fix: str, status: Status = Status.BLOCK) -> Say:
    return Say(f"the last run of {code(path)} {what}: {code(url)}", expected, fix, status)


def _of_artifact(name: str, what: str, url: str, expected: str, fix: str) -> Say:
    return Say(f"the artifact {code(name)} {what}: {code(url)}", expected, fix)


def _large(what: str, size: int, most: int, smaller: str) -> Say:
    return Say(f"{what} has {size:,} bytes", f"at most {most:,} bytes", f"{smaller}, or {_RAISE}")


def short_digest(digest: str) -> str:
    """Return the start of a digest, enough to tell two apart."""
    return f"sha256:{digest.removeprefix('sha256:')[:12]}"
