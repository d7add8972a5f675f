"""Switches for what nobody has verified about GitHub, so that tests can run both ways."""

from typing import Any

from attrs import Factory, define, fields

from bascule.simulator.store import Store, converter


@define(kw_only=True)
class Switches:
    """Each default is the behaviour thought most likely; every switch can be set through `/_sim/switches`."""

    #: GET shows `app_id: null` for a check that was written with -1 (else it shows -1).
    any_app_shown_as_null: bool = True
    #: A REST PUT of protection turns required signatures off.
    put_resets_signatures: bool = False
    #: A REST PUT of protection resets the settings that only GraphQL shows.
    put_resets_hidden: bool = False
    #: A REST write to a branch that only a wildcard rule matches creates a new rule for that branch.
    write_on_wildcard_creates_rule: bool = True
    #: PUT drops teams without a word (octokit.rb#1024).
    put_drops_teams: bool = False
    #: Older servers refuse `required_approving_review_count: 0`.
    zero_reviews_rejected: bool = False
    #: Writing `contexts` binds each to the app that reported it last.
    contexts_bind_last_app: bool = True
    #: Refs outside heads and tags may be created through REST.
    custom_refs_allowed: bool = True
    #: GraphQL `updateRefs` accepts refs outside heads and tags.
    update_refs_custom_allowed: bool = True
    #: How many reads of a pull request answer `mergeable: null` after its head or base moved.
    mergeable_null_reads: int = 0
    #: How many reads show the old `mergeable_state` after protection was relaxed.
    mergeable_state_lag_reads: int = 0
    #: Administrators may push to a locked branch where enforce_admins is off.
    lock_branch_admin_bypass: bool = True
    #: GraphQL hides refs outside heads and tags.
    graphql_hides_custom_refs: bool = False
    #: GraphQL goes on with later root mutations after a nullable one failed.
    graphql_continues_after_failure: bool = True
    #: The owner of an enabled auto-merge is fired at once when protection allows it.
    auto_merge_fires_on_relax: bool = True
    #: `base.sha` of an open pull request is the branch's tip (else the tip of when its head or base last changed).
    pull_base_sha_follows_branch: bool = False
    #: `pull_requests[].base.sha` of a workflow's run is the base branch's tip (else the tip of when the run was made).
    run_base_sha_follows_branch: bool = False
    #: `pull_requests` of runs lists nothing, as for forks.
    run_pulls_hidden: bool = False
    #: Files that the list of a pull request's files holds at most.
    files_limit: int = 3000
    #: Rules that an organization's active ruleset puts on every branch, by GraphQL's type. No pull request meets them;
    #: administrators bypass them. Rulesets themselves are not played.
    ruleset_rules: list[str] = Factory(list)
    #: A new success in production leaves older deployments there as they are (else they become inactive, too).
    auto_inactive_spares_production: bool = True
    #: Requests per hour and user.
    rate_limit: int = 5000


class Settings:
    """The switches, kept in the store so that they survive a restart."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.switches = Switches()
        self.reload()

    def reload(self) -> None:
        """Take the switches as they are stored; the defaults for what is not."""
        known = {f.name for f in fields(Switches)}
        stored = {k: v for k, v in self._store.meta("switches", {}).items() if k in known}
        self.switches = converter.structure(stored, Switches)

    def update(self, changes: dict[str, Any]) -> None:
        """Set switches by name. KeyError for an unknown name, TypeError for a value of the wrong type."""
        for name, value in changes.items():
            if name not in {f.name for f in fields(Switches)}:
                raise KeyError(name)
            if type(value) is not type(getattr(self.switches, name)):
                raise TypeError(name)
        for name, value in changes.items():
            setattr(self.switches, name, value)
        self._store.set_meta("switches", converter.unstructure(self.switches))
