"""`/`, `/meta`, `/rate_limit`."""

from bascule.simulator.http import Ctx, Reply, route


def _root(ctx: Ctx) -> Reply:
    names = {
        "current_user_url": "/user",
        "repository_url": "/repos/{owner}/{repo}",
        "user_url": "/users/{user}",
        "rate_limit_url": "/rate_limit",
        "organization_url": "/orgs/{org}",
    }
    return Reply(body={name: ctx.api + path for name, path in names.items()})


def _meta(ctx: Ctx) -> Reply:
    body = {
        "verifiable_password_authentication": False,
        "ssh_key_fingerprints": {},
        "ssh_keys": [],
        "hooks": [],
        "web": [],
    }
    if ctx.api != ctx.html:
        body["installed_version"] = "3.17.0"
    return Reply(body=body)


def _rate_limit(ctx: Ctx) -> Reply:
    limit = ctx.world.switches.rate_limit
    used, reset = ctx.rate_window()
    rate = {"limit": limit, "used": used, "remaining": max(limit - used, 0), "reset": reset}
    return Reply(body={"resources": {"core": rate, "search": rate, "graphql": rate}, "rate": rate})


routes = [
    route("GET", "/", _root),
    route("GET", "/meta", _meta),
    route("GET", "/rate_limit", _rate_limit),
]
