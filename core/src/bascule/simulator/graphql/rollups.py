"""What machines said of a commit."""

from typing import Any

from attrs import frozen

from bascule.simulator.enforce import rule_for
from bascule.simulator.graphql import people
from bascule.simulator.graphql.scope import Connection, RowNode, Scope, connect, same
from bascule.simulator.greenness import Rollup, rollup
from bascule.simulator.model import CheckRun, CommitStatus, PullRequest, Repo, node_id, parse_node_id


@frozen(kw_only=True)
class RollupNode:
    """StatusCheckRollup."""

    scope: Scope
    repo: Repo
    oid: str
    found: Rollup
    typename: str = "StatusCheckRollup"

    @property
    def id(self) -> str:
        """Global id."""
        return node_id("SCR", f"{self.repo.id}:{self.oid}")

    @property
    def state(self) -> str | None:
        """The worst of all."""
        return self.found.state

    @property
    def commit(self) -> Any:
        """Of what."""
        from bascule.simulator.graphql.gitnodes import commit

        return commit(self.scope, self.repo, self.oid)

    def contexts(self, **page: Any) -> Connection:
        """Check runs, then statuses."""

        def made(row: CheckRun | CommitStatus) -> RunNode | StatusNode:
            if isinstance(row, CheckRun):
                return RunNode(scope=self.scope, repo=self.repo, row=row)
            return StatusNode(scope=self.scope, repo=self.repo, row=row)

        runs, statuses = self.found.runs, self.found.statuses
        return connect(
            [*runs, *statuses],
            made,
            name="contexts",
            check_run_count=len(runs),
            status_context_count=len(statuses),
            **page,
        )


@frozen(kw_only=True)
class _Said(RowNode):
    """What check runs and statuses share."""

    repo: Repo

    def _context(self) -> tuple[str, int | None]:
        raise NotImplementedError

    def is_required(self, pull_request_id: str | None = None, pull_request_number: int | None = None) -> bool:
        """Whether protection of that pull request's base branch asks for this context."""
        pull = self._pull(pull_request_id, pull_request_number)
        rule = rule_for(self.scope.world, self.repo, pull.base_ref) if pull else None
        group = rule.required_status_checks if rule else None
        name, app_id = self._context()
        return group is not None and any(c.context == name and c.app_id in (None, app_id) for c in group.checks)

    def _pull(self, text: str | None, number: int | None) -> PullRequest | None:
        pulls = self.scope.world.store.pulls
        if text is None:
            return pulls.find(repo_id=self.repo.id, number=number)
        parsed = parse_node_id(text)
        return pulls.get(int(parsed[1])) if parsed and parsed[0] == "PR" and parsed[1].isdigit() else None


@frozen(kw_only=True)
class RunNode(_Said):
    """CheckRun."""

    SAME = same("name", "started_at", "completed_at", "title", "summary", id="node_id", database_id="id")

    row: CheckRun
    typename: str = "CheckRun"

    def _context(self) -> tuple[str, int | None]:
        return self.row.name, self.row.app_id

    @property
    def status(self) -> str:
        """Where it stands."""
        return self.row.status.upper()

    @property
    def conclusion(self) -> str | None:
        """How it ended."""
        return self.row.conclusion.upper() if self.row.conclusion else None

    @property
    def details_url(self) -> str:
        """Its page."""
        return self.row.details_url or f"{self.scope.html}/runs/{self.row.id}"

    @property
    def check_suite(self) -> dict[str, Any]:
        """The suite and its app."""
        suite_id = self.row.suite_id
        return {
            "id": node_id("CS", suite_id),
            "databaseId": suite_id,
            "app": people.app(self.scope, self.row.app_id),
            "workflowRun": None,
        }


@frozen(kw_only=True)
class StatusNode(_Said):
    """StatusContext."""

    SAME = same("context", "target_url", "description", "created_at", id="node_id")

    row: CommitStatus
    typename: str = "StatusContext"

    def _context(self) -> tuple[str, int | None]:
        return self.row.context, self.row.app_id

    @property
    def state(self) -> str:
        """The word."""
        return self.row.state.upper()

    @property
    def creator(self) -> people.UserNode | None:
        """Who posted it."""
        return people.user(self.scope, self.row.creator_id)

    @property
    def commit(self) -> Any:
        """Of what."""
        from bascule.simulator.graphql.gitnodes import commit

        return commit(self.scope, self.repo, self.row.sha)


def rollup_node(scope: Scope, repo: Repo, oid: str) -> RollupNode | None:
    """What machines said of a commit; None where nobody did."""
    found = rollup(scope.world, repo, oid)
    return RollupNode(scope=scope, repo=repo, oid=oid, found=found) if found.state else None
