"""Conversations on the code: review comments stand in threads, and threads are resolved."""

import re
from collections.abc import Callable
from typing import Literal

from attrs import frozen

from bascule.simulator import reactions, timeline
from bascule.simulator.access import level_at_least, permission_of
from bascule.simulator.git import FileChange
from bascule.simulator.http import HttpError
from bascule.simulator.model import PullRequest, Repo, Review, ReviewComment, ReviewThread
from bascule.simulator.pull_content import content
from bascule.simulator.world import Actor, World

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
Side = Literal["LEFT", "RIGHT"]


@frozen(kw_only=True)
class Place:
    """Where a comment goes; `line` None is for the whole file."""

    path: str
    line: int | None = None
    side: Side = "RIGHT"
    start_line: int | None = None


@frozen(kw_only=True)
class DiffLine:
    """One line of a patch: its numbers on both sides (None where it does not exist), its text, its hunk so far."""

    left: int | None
    right: int | None
    text: str
    hunk: str


def diff_lines(patch: str) -> list[DiffLine]:
    """The lines of a patch as GitHub sends it."""
    found: list[DiffLine] = []
    left = right = 0
    hunk: list[str] = []
    for row in patch.split("\n"):
        if match := _HUNK.match(row):
            left, right, hunk = int(match[1]), int(match[2]), [row]
            continue
        hunk.append(row)
        sign, so_far = row[:1], "\n".join(hunk)
        if sign == "\\":
            continue
        found.append(
            DiffLine(
                left=None if sign == "+" else left, right=None if sign == "-" else right, text=row[1:], hunk=so_far
            )
        )
        left += sign != "+"
        right += sign != "-"
    return found


def _line_at(lines: list[DiffLine], number: int, side: Side) -> DiffLine | None:
    return next((line for line in lines if (line.left if side == "LEFT" else line.right) == number), None)


def position_of(change: FileChange, position: int) -> Place | None:
    """The place that the older `position` (lines below the first hunk header) means."""
    rows = (change.patch or "").split("\n")
    lines = iter(diff_lines(change.patch or ""))
    for number, row in enumerate(rows):
        if row.startswith(("@@", "\\")):
            continue
        line = next(lines)
        if number == position:
            if line.right is not None:
                return Place(path=change.path, line=line.right)
            return Place(path=change.path, line=line.left, side="LEFT")
    return None


def _bad(field: str, message: str) -> HttpError:
    error = {"resource": "PullRequestReviewComment", "code": "custom", "field": f"pull_request_review_thread.{field}"}
    return HttpError(
        422,
        "Validation Failed",
        errors=[{**error, "message": f"pull_request_review_thread.{field} {message}"}],
    )


def check_place(world: World, repo: Repo, pull: PullRequest, place: Place) -> str:
    """422 if the place is not part of the pull request's diff; otherwise the hunk down to it."""
    change = next((f for f in content(world, repo, pull).files if f.path == place.path), None)
    if change is None:
        raise _bad("path", "is invalid")
    if place.line is None:
        return ""
    lines = diff_lines(change.patch or "")
    found = _line_at(lines, place.line, place.side)
    if found is None:
        raise _bad("line", "must be part of the diff")
    if place.start_line is not None and _line_at(lines, place.start_line, place.side) is None:
        raise _bad("start_line", "must be part of the same hunk as the line.")
    return found.hunk


def start_thread(
    world: World, repo: Repo, actor: Actor, pull: PullRequest, review: Review, place: Place, body: str
) -> ReviewComment:
    """Open a thread with its first comment, inside a review. 422 if the place is not part of the diff."""
    hunk = check_place(world, repo, pull, place)
    thread = world.store.review_threads.save(
        ReviewThread(
            id=world.store.next_id(),
            repo_id=repo.id,
            pull_id=pull.id,
            path=place.path,
            line=place.line,
            start_line=place.start_line,
            side=place.side,
            subject_type="file" if place.line is None else "line",
        )
    )
    return _comment(world, repo, actor, pull, thread, review, body, hunk, None)


def reply(
    world: World, repo: Repo, actor: Actor, pull: PullRequest, review: Review, first: ReviewComment, body: str
) -> ReviewComment:
    """Answer in a thread."""
    thread = world.store.review_threads[first.thread_id]
    return _comment(world, repo, actor, pull, thread, review, body, first.diff_hunk, first.in_reply_to_id or first.id)


def _comment(
    world: World,
    repo: Repo,
    actor: Actor,
    pull: PullRequest,
    thread: ReviewThread,
    review: Review,
    body: str,
    hunk: str,
    in_reply_to: int | None,
) -> ReviewComment:
    now = world.clock.iso()
    comment = ReviewComment(
        id=world.store.next_id(),
        repo_id=repo.id,
        pull_id=pull.id,
        thread_id=thread.id,
        review_id=review.id,
        author_id=actor.user.id,
        body=body,
        path=thread.path,
        commit_id=pull.head_sha,
        original_commit_id=review.commit_id,
        original_line=thread.line,
        diff_hunk=hunk,
        in_reply_to_id=in_reply_to,
        created_at=now,
        updated_at=now,
    )
    world.store.review_comments.save(comment)
    timeline.touch(world, pull)
    reactions.gate_changed(world, repo)
    return comment


def comments_of(world: World, thread: ReviewThread) -> list[ReviewComment]:
    """The comments of a thread, oldest first."""
    return world.store.review_comments.where(repo_id=thread.repo_id, thread_id=thread.id)


def threads_of(world: World, pull: PullRequest) -> list[ReviewThread]:
    """The threads of a pull request, oldest first."""
    return world.store.review_threads.where(repo_id=pull.repo_id, pull_id=pull.id)


def remove_comment(world: World, repo: Repo, comment: ReviewComment) -> None:
    """Delete a comment, and its thread with the last one."""
    world.store.review_comments.remove(comment)
    thread = world.store.review_threads[comment.thread_id]
    if not comments_of(world, thread):
        world.store.review_threads.remove(thread)
    reactions.gate_changed(world, repo)


def set_resolved(world: World, repo: Repo, actor: Actor, thread: ReviewThread, *, resolved: bool) -> ReviewThread:
    """Resolve or reopen a conversation (GraphQL only). 403 for others than the pull request's author and writers."""
    pull = world.store.pulls[thread.pull_id]
    if actor.user.id != pull.author_id and not level_at_least(permission_of(world, repo, actor), "write"):
        raise HttpError(403, "Resource not accessible by integration" if actor.app_id else "Must have push access.")
    thread.is_resolved = resolved
    thread.resolved_by_id = actor.user.id if resolved else None
    world.store.review_threads.save(thread)
    reactions.gate_changed(world, repo)
    return thread


def follow_head(world: World, repo: Repo, pull: PullRequest, old_head: str) -> None:
    """After the head moved: threads whose line is gone are outdated, the others move with their line."""
    threads = [t for t in threads_of(world, pull) if t.subject_type == "line" and not t.is_outdated]
    if not threads:
        return
    git = world.git(repo)
    files = {f.path: f for f in content(world, repo, pull).files}
    for thread in threads:
        if thread.side == "LEFT" or git.resolve(f"{old_head}:{thread.path}") == git.resolve(
            f"{pull.head_sha}:{thread.path}"
        ):
            continue
        change = files.get(thread.path)
        now = diff_lines(change.patch or "") if change else []
        line = _same_line(git.resolve(f"{old_head}:{thread.path}", "blob"), git.blob, thread.line, now)
        thread.is_outdated = line is None
        thread.line = line
        world.store.review_threads.save(thread)


def _same_line(blob: str | None, read: Callable[[str], bytes], number: int | None, now: list[DiffLine]) -> int | None:
    rows = read(blob).decode("utf-8", "replace").split("\n") if blob else []
    if number is None or number > len(rows):
        return None
    found = [line.right for line in now if line.right is not None and line.text == rows[number - 1]]
    return min(found, key=lambda right: abs(right - number), default=None)
