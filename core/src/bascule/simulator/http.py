"""Requests, replies and GitHub's error bodies; every resource module is written in these terms."""

import json
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

import anyio.to_thread
from attrs import Factory, define, field, frozen
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bascule.simulator.model import Repo, User
from bascule.simulator.world import Actor, World

DOCS = "https://docs.github.com/rest"
T = TypeVar("T")


class HttpError(Exception):
    """A refusal: becomes GitHub's `{"message", "documentation_url", "status"}`, plus `extra` fields."""

    def __init__(
        self, status: int, message: str, *, headers: dict[str, str] | None = None, docs: str = DOCS, **extra: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body = {"message": message, **extra, "documentation_url": docs, "status": str(status)}


def not_found() -> HttpError:
    """404, also for what the caller may not see."""
    return HttpError(404, "Not Found")


def unprocessable(message: str) -> HttpError:
    """422 with a plain message, such as `Reference already exists`."""
    return HttpError(422, message)


def invalid(resource: str, field_name: str, code: str = "invalid", message: str | None = None) -> HttpError:
    """422 `Validation Failed` with one error; code: missing | missing_field | invalid | already_exists | custom."""
    error: dict[str, Any] = {"resource": resource, "code": code, "field": field_name}
    if message is not None:
        error["message"] = message
    return HttpError(422, "Validation Failed", errors=[error])


def bad_request_shape(message: str) -> HttpError:
    """422 as GitHub's schema check answers it: `Invalid request.` and what is wrong."""
    return HttpError(422, f"Invalid request.\n\n{message}")


@frozen(kw_only=True)
class Reply:
    """What a handler returns: a JSON value, or bytes with their content type, or nothing (204)."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = Factory(dict)
    raw: bytes | None = None
    content_type: str = "application/json; charset=utf-8"


def created(body: dict[str, Any]) -> Reply:
    """201 for something new that has an address of its own."""
    return Reply(status=201, body=body, headers={"Location": body["url"]})


@define(kw_only=True)
class Ctx:
    """One request, with the world it acts on."""

    world: World
    method: str
    path: str
    params: dict[str, Any]
    query: dict[str, str]
    headers: dict[str, str]
    content: bytes
    #: `http://host:port` + `/api/v3` if the client came that way.
    api: str
    html: str
    actor: Actor | None
    #: Requests used by this user in the present hour, and when it ends (Unix seconds).
    rate_window: Callable[[], tuple[int, int]]
    #: Set by `access.find_repo`.
    repo: Repo | None = None
    _json: Any = field(default=None, init=False)

    @property
    def user(self) -> User | None:
        """Who asks; None for anonymous."""
        return self.actor.user if self.actor else None

    def json(self) -> dict[str, Any]:
        """The JSON object in the body ({} for an empty body). 400 for anything else."""
        if self._json is None:
            if not self.content.strip():
                self._json = {}
                return {}
            try:
                self._json = json.loads(self.content)
            except ValueError as error:
                raise HttpError(400, "Problems parsing JSON") from error
            if not isinstance(self._json, dict):
                self._json = None
                raise HttpError(400, "Body should be a JSON object")
        return dict(self._json)

    def json_value(self) -> Any:
        """The JSON body of any shape (some endpoints take a bare array)."""
        try:
            return json.loads(self.content) if self.content.strip() else {}
        except ValueError as error:
            raise HttpError(400, "Problems parsing JSON") from error

    def take(self, name: str, kind: type[T], default: T | None = None, *, resource: str = "") -> T:
        """A typed field of the body. 422 if it is missing without default, or of the wrong type."""
        value = self.json().get(name)
        if value is None:
            if default is None:
                if resource:
                    raise invalid(resource, name, "missing_field")
                raise bad_request_shape(f'"{name}" wasn\'t supplied.')
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            words = {str: "a string", bool: "a boolean", int: "an integer", list: "an array", dict: "an object"}
            raise bad_request_shape(
                f"For '{'properties/' + name}', {json.dumps(value)} is not {words.get(kind, kind)}."
            )
        return value

    def accepts(self, word: str) -> bool:
        """Whether the Accept header names that media type, e.g. `raw`, `diff`, `html`."""
        return f".{word}" in self.headers.get("accept", "") or f"+{word}" in self.headers.get("accept", "")


Handler = Callable[[Ctx], Reply]


def paginate(
    ctx: Ctx, items: list[Any], render: Callable[[Any], Any] | None = None, *, key: str | None = None
) -> Reply:
    """One page of a list with its Link header. With `key` the body is {"total_count", key: page}."""
    per_page = min(max(_positive(ctx.query.get("per_page"), 30), 1), 100)
    page = max(_positive(ctx.query.get("page"), 1), 1)
    last = max((len(items) + per_page - 1) // per_page, 1)
    chosen = items[(page - 1) * per_page : page * per_page]
    rendered = [render(item) for item in chosen] if render else chosen

    # GitHub's own pages are under the repository's number, so that they outlive its name.
    path = re.sub(r"^/repos/[^/]+/[^/]+", f"/repositories/{ctx.repo.id}", ctx.path) if ctx.repo else ctx.path

    def link(number: int, rel: str) -> str:
        return f'<{ctx.api}{path}?{urlencode({**ctx.query, "page": str(number)})}>; rel="{rel}"'

    links = []
    if page > 1:
        links.append(link(min(page - 1, last), "prev"))
    if page < last:
        links += [link(page + 1, "next"), link(last, "last")]
    if page > 1:
        links.append(link(1, "first"))
    headers = {"Link": ", ".join(links)} if links else {}
    return Reply(body={"total_count": len(items), key: rendered} if key else rendered, headers=headers)


def _positive(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdigit() else default


def to_response(reply: Reply) -> Response:
    """A finished response, sent in one piece."""
    if reply.raw is not None:
        return Response(reply.raw, reply.status, {**reply.headers, "Content-Type": reply.content_type})
    if reply.body is None:
        return Response(b"", reply.status if reply.status != HTTPStatus.OK else 204, reply.headers)
    data = json.dumps(reply.body, ensure_ascii=False, separators=(",", ":"), default=str).encode()
    return Response(data, reply.status, {**reply.headers, "Content-Type": reply.content_type})


def error_response(error: HttpError) -> Response:
    """A refusal as GitHub sends it."""
    return to_response(Reply(body=error.body, status=error.status, headers=error.headers))


def route(method: str, path: str, handler: Handler) -> Route:
    """A Starlette route for a plain function.

    The function runs on a worker thread while the server's one lock is held, so it sees and changes the state alone;
    what it saved is on disk before the reply leaves.
    """

    async def endpoint(request: Request) -> Response:
        from bascule.simulator.auth import authenticate

        content = await request.body()
        world: World = request.app.state.world

        def work() -> Response:
            try:
                ctx = make_ctx(world, request, content)
                ctx.actor = authenticate(world, ctx.headers)
                if ctx.actor:
                    request.scope["sim_user"] = ctx.actor.user.login
                    if ctx.actor.token and ctx.actor.token.scopes:
                        request.scope["sim_scopes"] = ", ".join(ctx.actor.token.scopes)
                    _spend(ctx)
                return to_response(handler(ctx))
            except HttpError as error:
                return error_response(error)
            finally:
                world.store.flush()

        return await run_locked(request, work)

    return Route(path, endpoint, methods=[method])


def _spend(ctx: Ctx) -> None:
    used, reset = ctx.rate_window()
    if used >= ctx.world.switches.rate_limit and ctx.path != "/rate_limit" and ctx.user:
        raise HttpError(
            403,
            f"API rate limit exceeded for user ID {ctx.user.id}.",
            docs="https://docs.github.com/rest/overview/rate-limits-for-the-rest-api",
            headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)},
        )


async def run_locked(request: Request, work: Callable[[], T]) -> T:
    """Run `work` on a worker thread under the server's lock."""
    async with request.app.state.lock:
        result: Awaitable[T] = anyio.to_thread.run_sync(work)
        return await result


def make_ctx(world: World, request: Request, content: bytes) -> Ctx:
    """The context of a request, not yet authenticated."""
    host = request.headers.get("host", "localhost")
    html = f"{request.url.scheme}://{host}"
    return Ctx(
        world=world,
        method=request.method,
        path=request.url.path,
        params=dict(request.path_params),
        query=dict(parse_qsl(request.url.query, keep_blank_values=True)),
        headers=dict(request.headers),
        content=content,
        api=html + request.scope.get("sim_prefix", ""),
        html=html,
        actor=None,
        rate_window=lambda: request.app.state.gateway.rate_window(request.scope.get("sim_user") or "anonymous"),
    )
