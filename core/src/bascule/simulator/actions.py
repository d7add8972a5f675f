"""What runners do on GitHub and nobody can ask for through its API: runs begin, end, and leave artifacts."""

import hashlib
import hmac
from datetime import timedelta
from pathlib import Path
from typing import Any

from bascule.simulator import model as m
from bascule.simulator.store import Store
from bascule.simulator.world import World

#: Seconds that a download's address holds.
ADDRESS_HOLDS = 60
RETENTION_DAYS = 90


def workflow_id(world: World, repo: m.Repo, path: str) -> int:
    """The number of a workflow's file; the same for all its runs."""
    known = world.store.workflow_runs.find(repo_id=repo.id, path=path)
    return known.workflow_id if known else world.store.next_id()


def begin_run(world: World, repo: m.Repo, head_repo: m.Repo, body: dict[str, Any], actor_id: int) -> m.WorkflowRun:
    """A run on a commit, in the state that `body` says; finished well unless it says otherwise.

    ValueError where the commit is not in the repository that it is said to be from.
    """
    store, now = world.store, world.clock.iso()
    sha, path = body["head_sha"], body["workflow"]
    if world.git(head_repo).resolve(sha, "commit") != sha:
        raise ValueError(f"no commit {sha}")
    pulls = [p for p in store.pulls.where(repo_id=repo.id, state="open") if p.head_sha == sha]
    run = m.WorkflowRun(
        id=store.next_id(),
        repo_id=repo.id,
        workflow_id=workflow_id(world, repo, path),
        name=body.get("name", Path(path).stem),
        path=path,
        event=body.get("event", "pull_request"),
        head_sha=sha,
        head_branch=body.get("head_branch", pulls[0].head_ref if pulls else None),
        head_repo_id=head_repo.id,
        run_number=1 + max((r.run_number for r in store.workflow_runs.where(repo_id=repo.id, path=path)), default=0),
        actor_id=actor_id,
        created_at=now,
        attempts=[],
        referenced=body.get("referenced_workflows", []),
        bases={str(p.number): world.git(repo).ref(f"refs/heads/{p.base_ref}") or p.base_sha for p in pulls},
    )
    add_attempt(world, run, body)
    return store.workflow_runs.save(run)


def add_attempt(world: World, run: m.WorkflowRun, body: dict[str, Any]) -> None:
    """One more attempt of a run."""
    now = world.clock.iso()
    run.attempts.append(
        m.RunAttempt(number=len(run.attempts) + 1, status="queued", conclusion=None, started_at=now, updated_at=now)
    )
    settle(world, run, {"conclusion": "success", **body} if "status" not in body else body)


def settle(world: World, run: m.WorkflowRun, body: dict[str, Any]) -> None:
    """The latest attempt goes on or ends."""
    last = run.last
    last.conclusion = body.get("conclusion")
    last.status = "completed" if last.conclusion else body.get("status", last.status)
    last.updated_at = world.clock.iso()
    world.store.workflow_runs.save(run)


def upload(world: World, run: m.WorkflowRun, body: dict[str, Any], content: bytes) -> m.Artifact:
    """What `upload-artifact` does; `digest` in `body` replaces the true one, as if GitHub stated another or none."""
    now = world.clock.now()
    store = world.store
    artifact = m.Artifact(
        id=store.next_id(),
        repo_id=run.repo_id,
        run_id=run.id,
        name=body["name"],
        size=body.get("size", len(content)),
        digest=body.get("digest", f"sha256:{hashlib.sha256(content).hexdigest()}"),
        created_at=world.clock.iso(),
        expires_at=(now + timedelta(days=body.get("retention_days", RETENTION_DAYS))).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    path = archive(store, artifact)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return store.artifacts.save(artifact)


def archive(store: Store, artifact: m.Artifact) -> Path:
    """Where the bytes lie."""
    return store.root / "artifacts" / f"{artifact.id}.zip"


def expired(world: World, artifact: m.Artifact) -> bool:
    """Whether its time is over."""
    return artifact.expires_at <= world.clock.iso()


def sign(world: World, artifact: m.Artifact) -> str:
    """The query of an address from which anybody can fetch the artifact for a minute."""
    until = int(world.clock.now().timestamp()) + ADDRESS_HOLDS
    return f"se={until}&sig={_signature(world, artifact.id, until)}"


def signed(world: World, artifact_id: int, query: dict[str, str]) -> bool:
    """Whether an address was given out here, and still holds."""
    until = query.get("se", "")
    if not until.isdigit() or int(until) < world.clock.now().timestamp():
        return False
    return hmac.compare_digest(query.get("sig", ""), _signature(world, artifact_id, int(until)))


def _signature(world: World, artifact_id: int, until: int) -> str:
    secret = world.store.meta("artifact_key")
    if secret is None:
        import secrets

        secret = secrets.token_hex(16)
        world.store.set_meta("artifact_key", secret)
    return hmac.new(bytes.fromhex(secret), f"{artifact_id} {until}".encode(), hashlib.sha256).hexdigest()
