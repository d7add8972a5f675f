"""GitHub's `mergeable_state` may show the old word for a while after protection was relaxed."""

from typing import Any

from bascule.simulator.model import PullRequest, Repo
from bascule.simulator.store import converter
from bascule.simulator.world import World


def rules_text(world: World, repo: Repo) -> str:
    """The repository's protection as one text, to see whether it changed."""
    return repr([converter.unstructure(rule) for rule in world.store.protection_rules.where(repo_id=repo.id)])


def lagging(world: World, repo: Repo, pull: PullRequest, state: str) -> str:
    """The word that a read shows: for `mergeable_state_lag_reads` reads after a change of protection the former one."""
    reads = world.switches.mergeable_state_lag_reads
    key, rules = f"shown_state:{pull.id}", rules_text(world, repo)
    shown: dict[str, Any] | None = world.store.meta(key)
    if shown is None or (reads == 0 and shown["left"] == 0):
        world.store.set_meta(key, {"state": state, "rules": rules, "left": 0})
        return state
    if shown["rules"] != rules:
        shown = {**shown, "rules": rules, "left": reads}
    if shown["left"] > 0 and shown["state"] != state:
        world.store.set_meta(key, {**shown, "left": shown["left"] - 1})
        return str(shown["state"])
    world.store.set_meta(key, {"state": state, "rules": rules, "left": 0})
    return state
