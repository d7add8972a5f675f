"""Labels of a repository, and on issues and pull requests."""

import re
from typing import Any

from bascule.simulator import conversation
from bascule.simulator.access import find_repo
from bascule.simulator.auth import require_user
from bascule.simulator.http import (
    Ctx,
    HttpError,
    Reply,
    bad_request_shape,
    created,
    invalid,
    not_found,
    paginate,
    route,
)
from bascule.simulator.model import Label, Repo
from bascule.simulator.rest.issues import find_subject, labels_in
from bascule.simulator.talk_views import label_json

_COLOR = re.compile(r"[0-9a-fA-F]{6}")


def _named(ctx: Ctx, repo: Repo) -> Label:
    label = conversation.label_by_name(ctx.world, repo, ctx.params["name"])
    if label is None:
        raise not_found()
    return label


def _color(ctx: Ctx, default: str) -> str:
    color = ctx.take("color", str, default)
    if not _COLOR.fullmatch(color):
        raise invalid("Label", "color")
    return color


def _free(ctx: Ctx, repo: Repo, name: str, label: Label | None = None) -> str:
    known = conversation.label_by_name(ctx.world, repo, name)
    if known is not None and known is not label:
        raise invalid("Label", "name", "already_exists")
    return name


def _list(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="issues")
    found = sorted(ctx.world.store.labels.where(repo_id=repo.id), key=lambda x: x.name.lower())
    return paginate(ctx, found, lambda x: label_json(ctx, repo, x))


def _create(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write", grant="issues")
    name = _free(ctx, repo, ctx.take("name", str, resource="Label"))
    label = Label(
        id=ctx.world.store.next_id(),
        repo_id=repo.id,
        name=name,
        color=_color(ctx, "ededed"),
        description=ctx.json().get("description"),
    )
    body = label_json(ctx, repo, ctx.world.store.labels.save(label))
    return created(body)


def _get(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="issues")
    return Reply(body=label_json(ctx, repo, _named(ctx, repo)))


def _patch(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write", grant="issues")
    label = _named(ctx, repo)
    name = _free(ctx, repo, ctx.take("new_name", str, label.name), label)
    color = _color(ctx, label.color)
    label.name, label.color = name, color
    label.description = ctx.json().get("description", label.description)
    ctx.world.store.labels.save(label)
    return Reply(body=label_json(ctx, repo, label))


def _delete(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write", grant="issues")
    conversation.forget_label(ctx.world, repo, _named(ctx, repo))
    return Reply(status=204)


# -- on issues and pull requests ---------------------------------------------------------------------


def _wanted(ctx: Ctx, repo: Repo) -> list[Label]:
    """`{"labels": [...]}` or a bare array."""
    value: Any = ctx.json_value()
    if isinstance(value, dict):
        if "labels" not in value:
            raise bad_request_shape('"labels" wasn\'t supplied.')
        value = value["labels"]
    return labels_in(ctx, repo, value)


def _on(ctx: Ctx) -> Reply:
    repo, subject = find_subject(ctx)
    return paginate(ctx, conversation.labels_of(ctx.world, subject), lambda x: label_json(ctx, repo, x))


def _add(ctx: Ctx) -> Reply:
    repo, subject = find_subject(ctx, "triage")
    conversation.add_labels(ctx.world, repo, require_user(ctx), subject, _wanted(ctx, repo))
    return Reply(body=[label_json(ctx, repo, x) for x in conversation.labels_of(ctx.world, subject)])


def _set(ctx: Ctx) -> Reply:
    repo, subject = find_subject(ctx, "triage")
    conversation.set_labels(ctx.world, repo, require_user(ctx), subject, _wanted(ctx, repo))
    return Reply(body=[label_json(ctx, repo, x) for x in conversation.labels_of(ctx.world, subject)])


def _clear(ctx: Ctx) -> Reply:
    repo, subject = find_subject(ctx, "triage")
    conversation.set_labels(ctx.world, repo, require_user(ctx), subject, [])
    return Reply(status=204)


def _take_off(ctx: Ctx) -> Reply:
    repo, subject = find_subject(ctx, "triage")
    label = conversation.label_by_name(ctx.world, repo, ctx.params["name"])
    if label is None or label.id not in subject.labels:
        raise HttpError(404, "Label does not exist")
    conversation.remove_labels(ctx.world, repo, require_user(ctx), subject, [label])
    return Reply(body=[label_json(ctx, repo, x) for x in conversation.labels_of(ctx.world, subject)])


_ISSUE = "/repos/{owner}/{repo}/issues/{number:int}/labels"
routes = [
    route("GET", "/repos/{owner}/{repo}/labels", _list),
    route("POST", "/repos/{owner}/{repo}/labels", _create),
    route("GET", "/repos/{owner}/{repo}/labels/{name:path}", _get),
    route("PATCH", "/repos/{owner}/{repo}/labels/{name:path}", _patch),
    route("DELETE", "/repos/{owner}/{repo}/labels/{name:path}", _delete),
    route("GET", _ISSUE, _on),
    route("POST", _ISSUE, _add),
    route("PUT", _ISSUE, _set),
    route("DELETE", _ISSUE, _clear),
    route("DELETE", _ISSUE + "/{name:path}", _take_off),
]
