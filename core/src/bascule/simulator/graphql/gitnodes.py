"""Git objects, refs and what machines said of a commit."""

from typing import Any

from attrs import frozen

from bascule.simulator.access import full_name
from bascule.simulator.enforce import rule_for
from bascule.simulator.git import CommitInfo, Signature
from bascule.simulator.graphql import people
from bascule.simulator.graphql.scope import Connection, Scope, connect
from bascule.simulator.greenness import Rollup, rollup
from bascule.simulator.model import CheckRun, CommitStatus, Repo, node_id

MOST_TEXT = 512_000
_PREFIX = {"commit": "C", "tree": "T", "blob": "B", "tag": "TA"}


@frozen(kw_only=True)
class GitNode:
    """Blob, Tree or Tag, and what a Commit shares with them."""

    scope: Scope
    repo: Repo
    oid: str
    kind: str

    @property
    def typename(self) -> str:
        """The object's type."""
        return self.kind.capitalize()

    @property
    def id(self) -> str:
        """Global id."""
        return node_id(_PREFIX[self.kind], f"{self.repo.id}:{self.oid}")

    @property
    def abbreviated_oid(self) -> str:
        """Seven characters."""
        return self.oid[:7]

    @property
    def entries(self) -> list["EntryNode"]:
        """What a tree holds, one level."""
        rows = self.scope.world.git(self.repo).tree(self.oid)
        return [
            EntryNode(scope=self.scope, repo=self.repo, mode=int(r.mode, 8), type=r.type, oid=r.sha, path=r.path)
            for r in rows
        ]

    def _data(self) -> bytes:
        return self.scope.world.git(self.repo).blob(self.oid)

    @property
    def byte_size(self) -> int:
        """A blob's length."""
        return len(self._data())

    @property
    def is_binary(self) -> bool:
        """Whether GitHub takes a blob for binary."""
        return b"\0" in self._data()[:8000]

    @property
    def is_truncated(self) -> bool:
        """Whether `text` is cut."""
        return len(self._data()) > MOST_TEXT

    @property
    def text(self) -> str | None:
        """A blob's text; None for a binary one."""
        data = self._data()
        return None if self.is_binary else data[:MOST_TEXT].decode("utf-8", "replace")


@frozen(kw_only=True)
class EntryNode:
    """TreeEntry; `mode` is a decimal number of the octal mode, as GitHub has it."""

    scope: Scope
    repo: Repo
    mode: int
    type: str
    oid: str
    path: str

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def object(self) -> "GitNode | CommitNode | None":
        """What it points at; None for a submodule."""
        return None if self.type == "commit" else git_object(self.scope, self.repo, self.oid)


@frozen(kw_only=True)
class GitActorNode:
    """Who a commit names, and whose account that is."""

    scope: Scope
    who: Signature

    @property
    def name(self) -> str:
        """The name in the commit."""
        return self.who.name

    @property
    def email(self) -> str:
        """The address in the commit."""
        return self.who.email

    @property
    def date(self) -> str:
        """The moment."""
        return self.who.iso()

    @property
    def user(self) -> people.UserNode | None:
        """The account; GitHub's own committer is `web-flow`."""
        if self.who.email == "noreply@github.com":
            row = next((u for u in self.scope.world.store.users if u.login == "web-flow"), None)
            return people.UserNode(scope=self.scope, row=row) if row else None
        return people.person_of_email(self.scope, self.who.email)


@frozen(kw_only=True)
class CommitNode(GitNode):
    """Commit."""

    info: CommitInfo

    @property
    def message(self) -> str:
        """The whole message."""
        return self.info.message

    @property
    def message_headline(self) -> str:
        """Its first line."""
        return self.info.message.partition("\n")[0]

    @property
    def message_body(self) -> str:
        """What follows the first line."""
        return self.info.message.partition("\n")[2].strip()

    @property
    def committed_date(self) -> str:
        """When it was committed."""
        return self.info.committer.iso()

    @property
    def authored_date(self) -> str:
        """When it was written."""
        return self.info.author.iso()

    @property
    def url(self) -> str:
        """Its page."""
        return f"{self.scope.html}/{full_name(self.scope.world, self.repo)}/commit/{self.oid}"

    @property
    def tree(self) -> GitNode:
        """Its tree."""
        return GitNode(scope=self.scope, repo=self.repo, oid=self.info.tree, kind="tree")

    @property
    def author(self) -> GitActorNode:
        """Who wrote it."""
        return GitActorNode(scope=self.scope, who=self.info.author)

    @property
    def committer(self) -> GitActorNode:
        """Who committed it."""
        return GitActorNode(scope=self.scope, who=self.info.committer)

    def parents(self, **page: Any) -> Connection:
        """What it stands on."""
        return connect(self.info.parents, lambda s: commit(self.scope, self.repo, s), name="parents", **page)

    def history(self, **page: Any) -> Connection:
        """It and what came before."""
        shas = self.scope.world.git(self.repo).rev_list(self.oid)
        return connect(shas, lambda s: commit(self.scope, self.repo, s), name="history", **page)

    @property
    def signature(self) -> dict[str, Any] | None:
        """Its signature; None for an unsigned one."""
        if self.info.signature is None:
            return None
        valid = self.scope.world.signer.verification(self.info)["verified"]
        return {"__typename": "GpgSignature", "isValid": valid, "signer": None}

    @property
    def status_check_rollup(self) -> "RollupNode | None":
        """What machines said; None where nobody did."""
        found = rollup(self.scope.world, self.repo, self.oid)
        return RollupNode(scope=self.scope, oid=self.oid, found=found) if found.state else None


@frozen(kw_only=True)
class RollupNode:
    """StatusCheckRollup."""

    scope: Scope
    oid: str
    found: Rollup

    @property
    def id(self) -> str:
        """Global id."""
        return node_id("SCR", self.oid)

    @property
    def state(self) -> str | None:
        """The worst of all."""
        return self.found.state

    def contexts(self, **page: Any) -> Connection:
        """Check runs, then statuses."""

        def made(row: CheckRun | CommitStatus) -> RunNode | StatusNode:
            return (
                RunNode(scope=self.scope, row=row)
                if isinstance(row, CheckRun)
                else StatusNode(scope=self.scope, row=row)
            )

        return connect([*self.found.runs, *self.found.statuses], made, name="contexts", **page)


@frozen(kw_only=True)
class RunNode:
    """CheckRun."""

    scope: Scope
    row: CheckRun
    typename: str = "CheckRun"

    def __getattr__(self, name: str) -> Any:
        renamed = {"id": "node_id", "database_id": "id"}
        if name in {"name", "started_at", "completed_at", "title", "summary", *renamed}:
            return getattr(self.row, renamed.get(name, name))
        raise AttributeError(name)

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
        }


@frozen(kw_only=True)
class StatusNode:
    """StatusContext."""

    scope: Scope
    row: CommitStatus
    typename: str = "StatusContext"

    def __getattr__(self, name: str) -> Any:
        if name in {"context", "target_url", "description", "created_at"}:
            return getattr(self.row, name)
        if name == "id":
            return self.row.node_id
        raise AttributeError(name)

    @property
    def state(self) -> str:
        """The word."""
        return self.row.state.upper()

    @property
    def creator(self) -> people.UserNode | None:
        """Who posted it."""
        return people.user(self.scope, self.row.creator_id)


@frozen(kw_only=True)
class RefNode:
    """Ref."""

    scope: Scope
    repo: Repo
    full: str

    @property
    def id(self) -> str:
        """Global id."""
        return node_id("REF", f"{self.repo.id}:{self.full}")

    @property
    def prefix(self) -> str:
        """`refs/heads/`, or what comes before the name."""
        return "/".join(self.full.split("/")[:2]) + "/"

    @property
    def name(self) -> str:
        """Without the prefix."""
        return self.full.removeprefix(self.prefix)

    @property
    def target(self) -> GitNode | None:
        """What it points at."""
        sha = self.scope.world.git(self.repo).ref(self.full)
        return git_object(self.scope, self.repo, sha) if sha else None

    @property
    def repository(self) -> Any:
        """Where it lives."""
        from bascule.simulator.graphql.repositories import RepositoryNode

        return RepositoryNode(scope=self.scope, row=self.repo)

    @property
    def branch_protection_rule(self) -> Any:
        """The rule that holds for a branch; only administrators see it."""
        from bascule.simulator.graphql.protection import rule_node

        if not self.full.startswith("refs/heads/"):
            return None
        rule = rule_for(self.scope.world, self.repo, self.name)
        return rule_node(self.scope, self.repo, rule)


def git_object(scope: Scope, repo: Repo, name: str) -> "GitNode | CommitNode | None":
    """The object behind an id or an expression such as `HEAD:path`."""
    git = scope.world.git(repo)
    # Expressions speak of branches by their short names; HEAD is the default branch.
    for candidate in (name, f"refs/heads/{name}"):
        sha = git.resolve(candidate)
        if sha is not None:
            found = git.info(sha)
            if found is None:
                return None
            kind = found[1]
            return commit(scope, repo, sha) if kind == "commit" else GitNode(scope=scope, repo=repo, oid=sha, kind=kind)
    return None


def commit(scope: Scope, repo: Repo, sha: str) -> CommitNode:
    """A commit by id."""
    info = scope.world.git(repo).commit(sha)
    return CommitNode(scope=scope, repo=repo, oid=sha, kind="commit", info=info)


def ref(scope: Scope, repo: Repo, full: str) -> RefNode | None:
    """A ref by its full name; None where there is none."""
    return RefNode(scope=scope, repo=repo, full=full) if scope.world.git(repo).ref(full) else None
