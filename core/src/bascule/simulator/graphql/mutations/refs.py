"""Refs: one at a time, or several at once with their expected values."""

from attrs import frozen

from bascule.simulator import ref_writes
from bascule.simulator.enforce import RefUpdate
from bascule.simulator.git.repository import ZERO
from bascule.simulator.graphql.lookup import ref_of, repo_of
from bascule.simulator.graphql.mutations.base import Input, Mutations, done
from bascule.simulator.graphql.refs import RefNode
from bascule.simulator.graphql.scope import GraphqlFault
from bascule.simulator.http import HttpError
from bascule.simulator.model import Repo
from bascule.simulator.refs import update_together


@frozen(kw_only=True)
class RefMutations(Mutations):
    """What git would do with a push."""

    def create_ref(self, input: Input) -> Input:
        """Make a ref."""
        repo = self._writable(repo_of(self.scope, input["repositoryId"]), "contents")
        name = input["name"]
        try:
            ref_writes.create(self.scope.world, repo, self.scope.actor, name, input["oid"])
        except HttpError as error:
            if str(error) == ref_writes.EXISTS and self.scope.world.git(repo).ref(name) is not None:
                text = f'A ref named "{name}" already exists in the repository.'
                raise GraphqlFault("UNPROCESSABLE", text) from error
            if str(error) == ref_writes.EXISTS:
                # A folder of refs has that name, or a ref the name of one of its folders.
                raise GraphqlFault("UNPROCESSABLE", "Ref cannot be created.") from error
            raise
        return done(input, ref=RefNode(scope=self.scope, repo=repo, full=name))

    def update_ref(self, input: Input) -> Input:
        """Point a ref elsewhere."""
        node = ref_of(self.scope, input["refId"])
        repo = self._writable(node.repo, "contents")
        world, actor = self.scope.world, self.scope.actor
        ref_writes.move(world, repo, actor, node.full, input["oid"], force=bool(input["force"]))
        return done(input, ref=node)

    def delete_ref(self, input: Input) -> Input:
        """Remove a ref."""
        node = ref_of(self.scope, input["refId"])
        repo = self._writable(node.repo, "contents")
        ref_writes.delete(self.scope.world, repo, self.scope.actor, node.full)
        return done(input)

    def update_refs(self, input: Input) -> Input:
        """Create, move and delete several refs, all or none."""
        repo = self._writable(repo_of(self.scope, input["repositoryId"]), "contents")
        named = [row["name"] for row in input["refUpdates"]]
        twice = next((name for name in named if named.count(name) > 1), None)
        if twice is not None:
            raise GraphqlFault("UNPROCESSABLE", f"{twice} is named twice.")
        updates = [update for row in input["refUpdates"] if (update := self._update(repo, row))]
        refused = next((r for r in update_together(self.scope.world, repo, self.scope.actor, updates) if r), None)
        if refused is not None:
            raise GraphqlFault("FORBIDDEN" if refused.status == 403 else "UNPROCESSABLE", refused.message)
        return done(input)

    def _update(self, repo: Repo, row: Input) -> RefUpdate | None:
        """One of them, checked; None where nothing is to be done."""
        git, name = self.scope.world.git(repo), row["name"]
        allowed = self.scope.world.switches.update_refs_custom_allowed
        if not name.startswith("refs/") or name.count("/") < 2 or not git.valid_ref_name(name):
            raise GraphqlFault("UNPROCESSABLE", f"{name} is not the full name of a ref.")
        if name.startswith("refs/pull/") or (ref_writes.is_custom(name) and not allowed):
            raise GraphqlFault("UNPROCESSABLE", f"{name} is neither a branch nor a tag.")
        old, before = git.ref(name), row.get("beforeOid")
        new = None if row["afterOid"] == ZERO else row["afterOid"]
        if before is not None and before != (old or ZERO):
            raise GraphqlFault("UNPROCESSABLE", f"{name} does not point at {before}.")
        if old == new:
            return None
        if new is None and name == f"refs/heads/{repo.default_branch}":
            raise GraphqlFault("UNPROCESSABLE", "Cannot delete the default branch")
        if new is not None:
            ref_writes.object_kind(git, name, new)
        forward = old is None or new is None or ref_writes.is_forward(git, old, new)
        if not forward and not row["force"]:
            raise GraphqlFault("UNPROCESSABLE", f"{name}: {ref_writes.NO_FORWARD}")
        return RefUpdate(ref=name, old=old, new=new, forced=not forward)
