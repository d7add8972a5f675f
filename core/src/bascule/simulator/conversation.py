"""What people put on an issue or pull request: comments, labels, reactions, assignees."""

from collections.abc import Sequence
from typing import TypeAlias

from bascule.simulator import reactions, timeline
from bascule.simulator.access import level_at_least, permission_of, role_of
from bascule.simulator.http import HttpError, invalid, not_found
from bascule.simulator.model import Issue, IssueComment, Label, PullRequest, Reaction, Repo, User
from bascule.simulator.model.pulls import SubjectKind
from bascule.simulator.world import Actor, World

#: Both are issues to the issues API, with one series of numbers.
Subject: TypeAlias = Issue | PullRequest
CONTENTS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")
_NEW_LABEL = "ededed"


def subject_by_number(world: World, repo: Repo, number: int) -> Subject:
    """The issue or pull request. 404."""
    found = world.store.pulls.find(repo_id=repo.id, number=number) or world.store.issues.find(
        repo_id=repo.id, number=number
    )
    if found is None:
        raise not_found()
    return found


def save(world: World, subject: Subject) -> None:
    """Store an issue or pull request as updated now."""
    subject.updated_at = world.clock.iso()
    if isinstance(subject, PullRequest):
        world.store.pulls.save(subject)
    else:
        world.store.issues.save(subject)


# -- comments ----------------------------------------------------------------------------------------


def add_comment(world: World, repo: Repo, actor: Actor, subject: Subject, body: str) -> IssueComment:
    """Comment on the timeline. 422 for an empty text, 403 where only collaborators may still speak."""
    if not body.strip():
        raise invalid("IssueComment", "body", "custom", "body can't be blank")
    if subject.locked and not level_at_least(permission_of(world, repo, actor), "write"):
        raise HttpError(403, "Unable to create comment because issue is locked.")
    now = world.clock.iso()
    comment = IssueComment(
        id=world.store.next_id(),
        repo_id=repo.id,
        number=subject.number,
        author_id=actor.user.id,
        body=body,
        app_id=actor.app_id,
        created_at=now,
        updated_at=now,
    )
    save(world, subject)
    return world.store.issue_comments.save(comment)


def edit_comment(world: World, comment: IssueComment, body: str) -> IssueComment:
    """Replace what a comment says. 422 for an empty text."""
    if not body.strip():
        raise invalid("IssueComment", "body", "custom", "body can't be blank")
    comment.body, comment.updated_at = body, world.clock.iso()
    return world.store.issue_comments.save(comment)


def may_change(world: World, repo: Repo, actor: Actor, author_id: int) -> bool:
    """Authors change what they wrote; so does who may write to the repository."""
    return actor.user.id == author_id or level_at_least(permission_of(world, repo, actor), "write")


# -- labels ------------------------------------------------------------------------------------------


def label_by_name(world: World, repo: Repo, name: str) -> Label | None:
    """Labels are found whatever their case."""
    return next((x for x in world.store.labels.where(repo_id=repo.id) if x.name.lower() == name.lower()), None)


def labels_of(world: World, subject: Subject) -> list[Label]:
    """The labels of an issue or pull request."""
    found = (world.store.labels.get(i) for i in subject.labels)
    return [label for label in found if label is not None]


def label_or_new(world: World, repo: Repo, name: str) -> Label:
    """The label of that name; a grey one is made if there is none, as GitHub does."""
    known = label_by_name(world, repo, name)
    return known or world.store.labels.save(
        Label(id=world.store.next_id(), repo_id=repo.id, name=name, color=_NEW_LABEL)
    )


def add_labels(world: World, repo: Repo, actor: Actor, subject: Subject, labels: Sequence[Label]) -> None:
    """Put labels on; those that are there already stay without an event."""
    for label in labels:
        if label.id not in subject.labels:
            subject.labels.append(label.id)
            _label_event(world, repo, actor, subject, "labeled", label)
    save(world, subject)
    reactions.gate_changed(world, repo)


def remove_labels(world: World, repo: Repo, actor: Actor, subject: Subject, labels: Sequence[Label]) -> None:
    """Take labels off; those that are not there are passed over."""
    for label in labels:
        if label.id in subject.labels:
            subject.labels.remove(label.id)
            _label_event(world, repo, actor, subject, "unlabeled", label)
    save(world, subject)
    reactions.gate_changed(world, repo)


def _label_event(world: World, repo: Repo, actor: Actor, subject: Subject, event: str, label: Label) -> None:
    known = {"label": label.name, "color": label.color, "label_id": str(label.id)}
    timeline.record(world, repo, subject.number, actor, event, **known)


def set_labels(world: World, repo: Repo, actor: Actor, subject: Subject, labels: Sequence[Label]) -> None:
    """Exactly these labels, in this order of arrival."""
    wanted = {label.id for label in labels}
    remove_labels(world, repo, actor, subject, [x for x in labels_of(world, subject) if x.id not in wanted])
    add_labels(world, repo, actor, subject, labels)


def forget_label(world: World, repo: Repo, label: Label) -> None:
    """Delete a label from the repository and from everything that has it."""
    subjects: list[Subject] = [*world.store.pulls.where(repo_id=repo.id), *world.store.issues.where(repo_id=repo.id)]
    for subject in subjects:
        if label.id in subject.labels:
            subject.labels.remove(label.id)
            save(world, subject)
    world.store.labels.remove(label)
    reactions.gate_changed(world, repo)


# -- assignees ---------------------------------------------------------------------------------------


def assign(world: World, repo: Repo, actor: Actor, subject: Subject, users: Sequence[User]) -> None:
    """Assign those who may write; others are passed over without a word, as GitHub does."""
    for user in users:
        if user.id not in subject.assignees and level_at_least(role_of(world, repo, user), "triage"):
            subject.assignees.append(user.id)
            timeline.record(world, repo, subject.number, actor, "assigned", assignee=user.login)
    save(world, subject)


def unassign(world: World, repo: Repo, actor: Actor, subject: Subject, users: Sequence[User]) -> None:
    """Take assignments back."""
    for user in users:
        if user.id in subject.assignees:
            subject.assignees.remove(user.id)
            timeline.record(world, repo, subject.number, actor, "unassigned", assignee=user.login)
    save(world, subject)


# -- reactions ---------------------------------------------------------------------------------------


def react(
    world: World, repo: Repo, actor: Actor, kind: SubjectKind, subject_id: int, content: str
) -> tuple[Reaction, bool]:
    """Add a reaction; it, and whether it is new. 422 for a content that GitHub does not know."""
    if content not in CONTENTS:
        raise invalid("Reaction", "content")
    known = world.store.reactions.find(
        repo_id=repo.id, subject=kind, subject_id=subject_id, user_id=actor.user.id, content=content
    )
    if known is not None:
        return known, False
    reaction = Reaction(
        id=world.store.next_id(),
        repo_id=repo.id,
        subject=kind,
        subject_id=subject_id,
        user_id=actor.user.id,
        content=content,
        created_at=world.clock.iso(),
    )
    return world.store.reactions.save(reaction), True


def reactions_to(world: World, repo: Repo, kind: SubjectKind, subject_id: int) -> list[Reaction]:
    """All reactions to one thing, oldest first."""
    return world.store.reactions.where(repo_id=repo.id, subject=kind, subject_id=subject_id)
