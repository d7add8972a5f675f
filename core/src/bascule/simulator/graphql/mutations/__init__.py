"""Writes: the root type `Mutation`, put together from one part per subject."""

from attrs import frozen

from bascule.simulator.graphql.mutations.pulls import PullMutations
from bascule.simulator.graphql.mutations.refs import RefMutations
from bascule.simulator.graphql.mutations.rules import RuleMutations
from bascule.simulator.graphql.mutations.talk import TalkMutations


@frozen(kw_only=True)
class MutationRoot(PullMutations, TalkMutations, RefMutations, RuleMutations):
    """Mutation."""
