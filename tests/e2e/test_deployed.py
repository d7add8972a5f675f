"""Is a merge live in its environment, and since when: by the simulator's deployments and real git."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from tests.e2e.kit import ADMIN, BOT, DEV, TOKENS, Repo, World

from bascule.clock import SystemClock
from bascule.forge import Secret, Tokens, connect, resolve
from bascule.git import Git
from bascule.pipeline.deployed import Deployed, live
from bascule.pipeline.session import Session


def merged(repo: Repo, name: str = "topic") -> tuple[int, str]:
    """Merge a change by hand; return its number and the landed commit."""
    number = repo.pull({f"docs/{name}.md": "x\n"}, head=name)
    sha = repo.call("PUT", f"/pulls/{number}/merge", {"merge_method": "squash"}, by=ADMIN)["sha"]
    return number, str(sha)


def deploy(repo: Repo, ref: str, *states: str, environment: str = "production", **body: Any) -> int:
    """Deploy ``ref`` and report ``states`` one after the other; return the deployment."""
    sent = {"ref": ref, "environment": environment, "required_contexts": [], "auto_merge": False, **body}
    number = int(repo.call("POST", "/deployments", sent, by=DEV)["id"])
    for state in states:
        repo.world.sim.control("clock", {"advance": 10})
        repo.call("POST", f"/deployments/{number}/statuses", {"state": state}, by=DEV)
    return number


@contextmanager
def looking(repo: Repo, number: int) -> Iterator[tuple[Session, Git]]:
    """Yield what :func:`live` needs of a session, and the clone."""
    world = repo.world
    environ = {"BASCULE_API_URL": world.url, "HOME": str(world.folder), "XDG_CACHE_HOME": str(world.folder / "cache")}
    target = resolve(None, repo=repo.full, environ=environ, folder=world.folder, pull=False)
    tokens = Tokens(observer=Secret(value=TOKENS[BOT], origin="test"))
    connection = connect(target, tokens, clock=SystemClock(), environ=environ)
    try:
        git, _ = connection.merged(connection.observer.snapshot(number, settle=0.0))
        yield cast(Session, SimpleNamespace(connection=connection)), git
    finally:
        connection.close()


def seen(repo: Repo, number: int, sha: str, *, environment: str = "production", back: float = 300.0) -> Deployed | None:
    """Return where ``sha`` is live."""
    now = datetime.fromisoformat(repo.world.sim.control("clock")["now"]).astimezone(UTC)
    with looking(repo, number) as (session, git):
        return live(session, sha, environment, since=now - timedelta(seconds=back), git=git)


def test_not_before_a_success_and_only_in_its_environment(world: World) -> None:
    repo = world.repo()
    number, sha = merged(repo)
    assert seen(repo, number, sha) is None
    deploy(repo, sha, "success", environment="staging")
    running = deploy(repo, sha, "queued", "in_progress")
    assert seen(repo, number, sha) is None
    before = seen(repo, number, sha, environment="staging")
    assert before is not None
    repo.call("POST", f"/deployments/{running}/statuses", {"state": "success"}, by=DEV)
    found = seen(repo, number, sha)
    assert found is not None
    assert (found.deployment, found.sha, found.environment) == (running, sha, "production")
    assert found.at > before.at
    said = repo.call("GET", f"/deployments/{running}/statuses", by=DEV)[0]
    assert found.at == datetime.fromisoformat(said["created_at"])


def test_a_later_commit_that_contains_it_counts_and_an_older_one_does_not(world: World) -> None:
    repo = world.repo()
    old = repo.head()
    number, sha = merged(repo)
    deploy(repo, old, "success")
    assert seen(repo, number, sha) is None
    _, later = merged(repo, "other")
    deploy(repo, later, "success")
    found = seen(repo, number, sha)
    assert found is not None
    assert found.sha == later


def test_the_first_success_counts_though_a_newer_one_replaced_it(world: World) -> None:
    repo = world.repo()
    number, sha = merged(repo)
    with world.switched(auto_inactive_spares_production=False):
        first = deploy(repo, sha, "success")
        at = datetime.fromisoformat(repo.call("GET", f"/deployments/{first}/statuses", by=DEV)[0]["created_at"])
        _, later = merged(repo, "other")
        deploy(repo, later, "success")
    assert [s["state"] for s in repo.call("GET", f"/deployments/{first}/statuses", by=DEV)] == ["inactive", "success"]
    found = seen(repo, number, sha)
    assert found is not None
    assert (found.deployment, found.at) == (first, at)


def test_a_failed_deployment_is_passed_over(world: World) -> None:
    repo = world.repo()
    number, sha = merged(repo)
    deploy(repo, sha, "in_progress", "failure")
    assert seen(repo, number, sha) is None
    again = deploy(repo, sha, "success")
    found = seen(repo, number, sha)
    assert found is not None
    assert found.deployment == again


def test_what_was_deployed_before_the_merge_is_not_looked_at(world: World) -> None:
    repo = world.repo()
    number, sha = merged(repo)
    deploy(repo, sha, "success")
    world.sim.control("clock", {"advance": 3600})
    assert seen(repo, number, sha, back=60.0) is None
