"""Git objects: what refs point at and expressions name."""

from typing import Any

from attrs import frozen

from bascule.simulator.access import full_name
from bascule.simulator.git import CommitInfo, Signature
from bascule.simulator.graphql import people
from bascule.simulator.graphql.rollups import RollupNode, rollup_node
from bascule.simulator.graphql.scope import Connection, Scope, connect
from bascule.simulator.model import Repo, node_id

MOST_TEXT = 512_000
_PREFIX = {"commit": "C", "tree": "T", "blob": "B", "tag": "TA"}


@frozen(kw_only=True)
class GitNode:
    """Blob or Tree, and what every git object has."""

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
    def repository(self) -> Any:
        """Where it lies."""
        from bascule.simulator.graphql.repositories import RepositoryNode

        return RepositoryNode(scope=self.scope, row=self.repo)

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
    def object(self) -> GitNode | None:
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
        """The moment, in its own zone."""
        return self.who.when.isoformat().replace("+00:00", "Z")

    @property
    def user(self) -> people.UserNode | None:
        """The account; GitHub's own committer is `web-flow`."""
        if self.who.email == "noreply@github.com":
            return people.by_login(self.scope, "web-flow")
        return people.person_of_email(self.scope, self.who.email)


@frozen(kw_only=True)
class TagNode(GitNode):
    """Tag: an annotated one; a light one is only a ref."""

    @property
    def name(self) -> str:
        """The name in the tag itself."""
        return self.scope.world.git(self.repo).tag(self.oid).name

    @property
    def message(self) -> str:
        """What it says."""
        return self.scope.world.git(self.repo).tag(self.oid).message

    @property
    def tagger(self) -> GitActorNode | None:
        """Who made it; None in some old ones."""
        who = self.scope.world.git(self.repo).tag(self.oid).tagger
        return GitActorNode(scope=self.scope, who=who) if who else None

    @property
    def target(self) -> GitNode | None:
        """What it points at."""
        return git_object(self.scope, self.repo, self.scope.world.git(self.repo).tag(self.oid).target)


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
    def commit_url(self) -> str:
        """Its page once more."""
        return self.url

    @property
    def tree(self) -> GitNode:
        """Its tree."""
        return GitNode(scope=self.scope, repo=self.repo, oid=self.info.tree, kind="tree")

    @property
    def author(self) -> GitActorNode:
        """Who wrote it."""
        return GitActorNode(scope=self.scope, who=self.info.author)

    def authors(self, **page: Any) -> Connection:
        """Who wrote it; co-authors named in the message are not looked for."""
        return connect([self.author], lambda a: a, name="authors", **page)

    @property
    def committer(self) -> GitActorNode:
        """Who committed it."""
        return GitActorNode(scope=self.scope, who=self.info.committer)

    def parents(self, **page: Any) -> Connection:
        """What it stands on."""
        return connect(self.info.parents, lambda s: commit(self.scope, self.repo, s), name="parents", **page)

    def history(self, **page: Any) -> Connection:
        """It and what came before."""
        shas = self.scope.world.git(self.repo).between(None, self.oid)
        return connect(shas, lambda s: commit(self.scope, self.repo, s), name="history", **page)

    @property
    def signature(self) -> dict[str, Any] | None:
        """Its signature; None for an unsigned one."""
        if self.info.signature is None:
            return None
        valid = self.scope.world.signer.verification(self.info)["verified"]
        # Only this server's own commits can be verified here.
        signer = people.by_login(self.scope, "web-flow") if valid else None
        return {"__typename": "GpgSignature", "isValid": valid, "signer": signer}

    @property
    def status_check_rollup(self) -> RollupNode | None:
        """What machines said; None where nobody did."""
        return rollup_node(self.scope, self.repo, self.oid)


def git_object(scope: Scope, repo: Repo, name: str) -> GitNode | None:
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
            if kind == "commit":
                return commit(scope, repo, sha)
            made = TagNode if kind == "tag" else GitNode
            return made(scope=scope, repo=repo, oid=sha, kind=kind)
    return None


def commit(scope: Scope, repo: Repo, sha: str) -> CommitNode:
    """A commit by id."""
    info = scope.world.git(repo).commit(sha)
    return CommitNode(scope=scope, repo=repo, oid=sha, kind="commit", info=info)
