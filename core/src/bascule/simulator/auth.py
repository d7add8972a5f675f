"""Who is asking: tokens in headers."""

import base64
import binascii
import hashlib

from bascule.simulator.http import Ctx, HttpError
from bascule.simulator.model import Token, User
from bascule.simulator.world import Actor, World

_CLASSIC_SCOPES = ["admin:org", "delete_repo", "repo", "user", "workflow"]


def digest(secret: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def secret_of(authorization: str) -> str | None:
    """The token inside an Authorization header (token, Bearer or Basic); None if there is none."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() in ("token", "bearer"):
        return rest.strip() or None
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(rest).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    # git takes the token as password, some clients as user name with `x-oauth-basic` or nothing.
    return name if password in ("", "x-oauth-basic") else password


def authenticate(world: World, headers: dict[str, str]) -> Actor | None:
    """The actor of a request; None for anonymous. 401 `Bad credentials` for a token that is unknown or expired."""
    authorization = headers.get("authorization")
    if not authorization:
        return None
    secret = secret_of(authorization)
    token = world.store.tokens.find(digest=digest(secret)) if secret else None
    if token is None or (token.expires_at and token.expires_at <= world.clock.iso()):
        raise HttpError(401, "Bad credentials")
    return Actor(user=world.store.users[token.user_id], token=token)


def require_user(ctx: Ctx) -> Actor:
    """The actor, or 401 `Requires authentication`."""
    if ctx.actor is None:
        raise HttpError(401, "Requires authentication")
    return ctx.actor


def add_user(world: World, login: str, **fields: object) -> User:
    """The account with that login, made if it does not exist."""
    for user in world.store.users:
        if user.login.lower() == login.lower():
            return user
    user = User(id=world.store.next_id(), login=login, created_at=world.clock.iso(), **fields)  # type: ignore[arg-type]
    return world.store.users.save(user)


def add_token(world: World, user: User, secret: str, *, admin: bool = False, **fields: object) -> Token:
    """A credential for an account; giving the same secret again changes the stored one."""
    known = world.store.tokens.find(digest=digest(secret))
    token = Token(
        id=known.id if known else world.store.next_id(),
        digest=digest(secret),
        user_id=user.id,
        admin=admin,
        **{"scopes": _CLASSIC_SCOPES, **fields},  # type: ignore[arg-type]
    )
    if admin and not user.site_admin:
        user.site_admin = True
        world.store.users.save(user)
    return world.store.tokens.save(token)
