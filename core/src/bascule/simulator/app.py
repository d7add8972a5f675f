"""The application: resource modules behind the gateway."""

import asyncio
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from bascule.simulator import control, smart_http
from bascule.simulator.beginning import UserSpec, add_first_users
from bascule.simulator.faults import FaultPlan
from bascule.simulator.gateway import Gateway
from bascule.simulator.graphql import engine
from bascule.simulator.http import error_response, not_found
from bascule.simulator.merging import recover
from bascule.simulator.rest import ROUTES
from bascule.simulator.world import World


async def _unknown(_request: Request, _error: Exception) -> Response:
    # GitHub answers 404 for unknown addresses and for methods that an address does not have.
    return error_response(not_found())


def create_app(world: World, users: Sequence[UserSpec] = ()) -> ASGIApp:
    """The whole simulator over one world, ready for an ASGI server.

    `users` exist from the start, and again after `/_sim/reset`.
    """
    add_first_users(world, users)
    recover(world)
    starlette = Starlette(
        routes=[*control.routes, *ROUTES, *engine.routes, *smart_http.routes],
        exception_handlers={HTTPException: _unknown, 404: _unknown, 405: _unknown},
    )
    # Addresses differ by a trailing slash on GitHub; a redirect would be a lie.
    starlette.router.redirect_slashes = False
    gateway = Gateway(starlette, world, FaultPlan(), first_users=users)
    starlette.state.world = world
    starlette.state.lock = asyncio.Lock()
    starlette.state.gateway = gateway
    return gateway
