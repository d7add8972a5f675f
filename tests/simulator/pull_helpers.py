"""Steps that many tests of pull requests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bascule.simulator.access import user_by_login
from bascule.simulator.model import MergeMethod, Repo
from bascule.simulator.process import SimulatorProcess
from bascule.simulator.store import Store
from bascule.simulator.world import Actor, World, create_world

PROTECTION = {
    "required_status_checks": None,
    "enforce_admins": True,
    "required_pull_request_reviews": None,
    "restrictions": None,
}
ONE_REVIEW = {"required_approving_review_count": 1}


def branch_off(client: Any, repo: str, branch: str = "topic", **files: str) -> str:
    """A branch from main with one commit per file (`a="text"` writes a.txt); its head."""
    client.ok("POST", f"/repos/{repo}/git/refs", {"ref": f"refs/heads/{branch}", "sha": client.head(repo)}, 201)
    for name, text in (files or {"a": "one\n"}).items():
        client.put_file(repo, f"{name}.txt", text, branch=branch)
    return str(client.head(repo, branch))


def open_pull(client: Any, repo: str, head: str = "topic", **fields: Any) -> Any:
    body = {"title": "Add a thing", "head": head, "base": "main", **fields}
    return client.ok("POST", f"/repos/{repo}/pulls", body, 201)


def pull(client: Any, repo: str, number: int = 1) -> Any:
    return client.ok("GET", f"/repos/{repo}/pulls/{number}")


def protect(client: Any, repo: str, branch: str = "main", **groups: Any) -> None:
    client.ok("PUT", f"/repos/{repo}/branches/{branch}/protection", {**PROTECTION, **groups})


def review(client: Any, repo: str, event: str = "APPROVE", number: int = 1, **fields: Any) -> Any:
    return client.ok("POST", f"/repos/{repo}/pulls/{number}/reviews", {"event": event, **fields})


def give(client: Any, repo: str, login: str, permission: str = "push") -> None:
    client.ok("PUT", f"/repos/{repo}/collaborators/{login}", {"permission": permission}, 201)


def merge(client: Any, repo: str, number: int = 1, **fields: Any) -> Any:
    return client.call("PUT", f"/repos/{repo}/pulls/{number}/merge", fields)


def refused(reply: Any) -> tuple[int, str]:
    """Status and message of a refusal."""
    return reply.status_code, reply.json()["message"]


def events(client: Any, repo: str, number: int = 1) -> list[str]:
    return [e["event"] for e in client.ok("GET", f"/repos/{repo}/issues/{number}/events")]


def inside(sim: SimulatorProcess, work: Callable[[World, Repo], Any]) -> Any:
    """Do something to the stopped simulator's state that REST has no address for, on its first repository."""
    sim.stop()
    store = Store(sim.root)
    world = create_world(store)
    try:
        return work(world, next(iter(store.repos)))
    finally:
        world.pool.close()
        store.close()
        sim.start()


def as_user(world: World, login: str) -> Actor:
    """An account as it would act by itself."""
    user = user_by_login(world, login)
    assert user is not None
    return Actor(user=user)


ARM = """
mutation Arm($id: ID!, $method: PullRequestMergeMethod!) {
  enablePullRequestAutoMerge(input: {pullRequestId: $id, mergeMethod: $method}) { clientMutationId }
}
"""


def arm(client: Any, repo: str, method: MergeMethod = "merge", number: int = 1) -> list[str]:
    """Enable auto-merge as that client; what GitHub says against it, if anything."""
    answer = client.graphql(ARM, id=pull(client, repo, number)["node_id"], method=method.upper())
    return [error["message"] for error in answer.get("errors", ())]
