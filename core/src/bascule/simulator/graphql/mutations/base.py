"""What all mutations share: finding what they act on, and who may."""

from typing import Any

from attrs import frozen

from bascule.simulator.access import level_at_least, permission_of, require_grant
from bascule.simulator.graphql.lookup import row_of
from bascule.simulator.graphql.scope import GraphqlFault, Scope
from bascule.simulator.model import PullRequest, Repo

Input = dict[str, Any]


@frozen(kw_only=True)
class Mutations:
    """A part of the root type `Mutation`."""

    scope: Scope

    def _pull(self, text: str, *grants: str) -> tuple[Repo, PullRequest]:
        """A pull request that the credential may write to: each of `grants` binds limited tokens."""
        row = row_of(self.scope, text, "PR", "pulls")
        return self._writable(self.scope.world.store.repos[row.repo_id], *grants), row

    def _writable(self, repo: Repo, *grants: str) -> Repo:
        for grant in grants:
            require_grant(self.scope.actor, grant, "write")
        if repo.archived:
            raise GraphqlFault("FORBIDDEN", "Repository was archived so is read-only.")
        return repo

    def _need(self, repo: Repo, level: str, mutation: str) -> None:
        """FORBIDDEN for who may do less than `level` in the repository."""
        actor = self.scope.actor
        if not level_at_least(permission_of(self.scope.world, repo, actor), level):
            text = f"{actor.user.login} does not have the correct permissions to execute `{mutation}`"
            raise GraphqlFault("FORBIDDEN", text)


def done(input: Input, **fields: Any) -> Input:
    """A payload: what changed, and the client's own mark given back."""
    return {"clientMutationId": input.get("clientMutationId"), **fields}
