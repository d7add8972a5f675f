"""The one big reading: a pull request whole, its further pages, its rulepacks, and whether GitHub has settled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from attrs import evolve

from bascule.clock import Clock
from bascule.errors import UsageError
from bascule.forge import queries, reading
from bascule.forge.addresses import Api
from bascule.forge.graphql import Answer, ask
from bascule.forge.ports import Transport
from bascule.forge.queries import Operation
from bascule.forge.reading import Node, nodes, shaped
from bascule.forge.rest import RepoAddress
from bascule.forge.snapshot import JournalView, Snapshot
from bascule.messages import forge as text
from bascule.types import Change, FileChange, Repo

_RULE = "repository.pullRequest.rule.branchProtectionRule"
_ROLLUP = "repository.pullRequest.headCommit.nodes.commit.statusCheckRollup"
_FILE_PAGES = 30  # GitHub lists at most 3,000 files
_PAGES = 10
_STATUS = {"ADDED": "added", "DELETED": "removed", "RENAMED": "renamed", "COPIED": "copied"}


class PushedError(Exception):
    """The head moved between two pages of one reading: read again."""


class SnapshotReader:
    """Reads one pull request; see :meth:`bascule.forge.observer.Observer.snapshot`."""

    def __init__(self, transport: Transport, *, address: RepoAddress, api: Api, clock: Clock) -> None:
        self._transport = transport
        self._address = address
        self._api = api
        self._clock = clock

    def read(self, number: int, settle: float) -> Snapshot:
        """Return the snapshot, waiting up to ``settle`` seconds while GitHub computes whether it merges.

        Raises:
            PushedError: the head moved meanwhile.
            and what :meth:`~bascule.forge.observer.Observer.snapshot` raises.
        """
        answer = self._ask(
            queries.SNAPSHOT, {"number": number}, purpose="snapshot", optional=(_RULE, _ROLLUP, reading.RULES)
        )
        repository = answer.at("repository")
        if repository is None:
            message, hint = text.no_repository(self._address.full_name)
            raise UsageError(message, hint=hint)
        if repository.get("pullRequest") is None:
            message, hint = text.no_pull(number, self._address.full_name)
            raise UsageError(message, hint=hint)
        with shaped("GraphQL Snapshot"):
            self._address.observe(repository["databaseId"], repository["nameWithOwner"])
            return self._build(answer, repository, repository["pullRequest"], settle)

    def _build(self, answer: Answer, repository: Node, pull: Node, settle: float) -> Snapshot:
        base_sha, base_tree = reading.base_tip(pull)
        folders = repository
        if base_sha != ((repository["defaultBranchRef"] or {}).get("target") or {}).get("oid"):
            folders = self._packs_at(base_sha)
        packs, problem = reading.packs({"rulepack": folders["packs"], ".github/rulepack": folders["dotPacks"]})
        settings, settings_problem = reading.settings(folders["settings"])
        home_settings, home_problem = reading.settings(repository["settings"])
        lists = _Lists(self._page_reader(pull), pull, rollup_hidden=_ROLLUP in answer.missing)
        mergeable, merge_state = self._settled(pull, settle)
        repo = _repo(repository, self._api.host)
        change = _change(repo, pull, lists, base_sha, answer.date)
        change = evolve(change, mergeable=mergeable, merge_state=merge_state)
        target = (repository["journal"] or {}).get("target") or {}
        return Snapshot(
            change_without_git=change,
            viewer=reading.viewer(answer.data["viewer"], repository["viewerPermission"], answer.headers),
            repo=repo,
            date=answer.date,
            packs=packs,
            packs_commit=base_sha,
            packs_problem="; ".join(dict.fromkeys(p for p in (problem, settings_problem, home_problem) if p)) or None,
            settings_text=settings,
            home_settings_text=home_settings,
            protection_rule=(pull["rule"] or {}).get("branchProtectionRule"),
            protection_rule_hidden=_RULE in answer.missing,
            rules=reading.rules(pull),
            journal=JournalView(tip=target.get("oid"), commits=reading.chain(target.get("history")), date=answer.date),
            stickies=reading.stickies([*nodes(pull["firstComments"]), *nodes(pull["lastComments"])]),
            merge_methods=tuple(m for m in ("merge", "squash", "rebase") if repository[f"{m}{_ALLOWED[m]}"]),
            armed=reading.armed(nodes(repository["open"]), but=pull["number"]),
            armed_complete=not repository["open"]["pageInfo"]["hasNextPage"],
            base_tree=base_tree,
            changed_files=pull["changedFiles"],
            listed=reading.listed(lists.files),
            listed_complete=lists.files_complete,
            fingerprint=reading.fingerprint(pull),
            remaining=(answer.data["rateLimit"] or {}).get("remaining"),
            notes=answer.missing,
        )

    def _packs_at(self, sha: str) -> Node:
        variables = {
            "packs": f"{sha}:rulepack",
            "dotPacks": f"{sha}:.github/rulepack",
            "settings": f"{sha}:.github/bascule.yml",
        }
        found: Node = self._ask(queries.PACKS_AT, variables, purpose="snapshot").data["repository"]
        return found

    def _page_reader(self, pull: Node) -> Callable[[Operation, str], Node]:
        def read(operation: Operation, after: str) -> Node:
            answer = self._ask(operation, {"number": pull["number"], "after": after}, purpose="snapshot")
            page: Node = answer.data["repository"]["pullRequest"]
            if page["headRefOid"] != pull["headRefOid"]:
                raise PushedError
            return page

        return read

    def _settled(self, pull: Node, settle: float) -> tuple[str, str]:
        found, waited, pause = pull, 0.0, 0.5
        while found["mergeable"] == "UNKNOWN" and pull["state"] == "OPEN" and waited + pause <= settle:
            self._clock.sleep(pause)
            waited, pause = waited + pause, min(4.0, pause * 2)
            answer = self._ask(queries.MERGEABLE, {"number": pull["number"]}, purpose="snapshot")
            found = answer.data["repository"]["pullRequest"]
            if found["headRefOid"] != pull["headRefOid"]:
                raise PushedError
        return found["mergeable"], found["mergeStateStatus"]

    def _ask(
        self, operation: Operation, variables: Mapping[str, Any], *, purpose: str, optional: tuple[str, ...] = ()
    ) -> Answer:
        return ask(
            self._transport,
            operation,
            {**self._address.variables, **variables},
            purpose=purpose,
            optional=optional,
        )


_ALLOWED = {"merge": "CommitAllowed", "squash": "MergeAllowed", "rebase": "MergeAllowed"}


class _Lists:
    """The lists of a pull request with their further pages, and whether each is whole."""

    def __init__(self, read: Callable[[Operation, str], Node], pull: Node, *, rollup_hidden: bool) -> None:
        self.files, self.files_complete = _all(
            pull["files"], lambda after: read(queries.MORE_FILES, after)["page"], _FILE_PAGES
        )
        self.commits, self.commits_complete = _all(
            pull["commits"], lambda after: read(queries.MORE_COMMITS, after)["page"], _PAGES
        )
        self.reviews, self.reviews_complete = _all(
            pull["latestOpinionatedReviews"], lambda after: read(queries.MORE_REVIEWS, after)["page"], _PAGES
        )
        self.threads, self.threads_complete = _all(
            pull["reviewThreads"], lambda after: read(queries.MORE_THREADS, after)["page"], _PAGES
        )
        oid, rollup = reading.head_contexts(pull)

        def more_contexts(after: str) -> Node:
            _, further = reading.head_contexts(read(queries.MORE_CONTEXTS, after))
            page: Node = (further or {})["page"]
            return page

        empty: Node = {"nodes": [], "totalCount": 0, "pageInfo": {"hasNextPage": False}}
        self.contexts, whole = _all(rollup["contexts"] if rollup else empty, more_contexts, _PAGES)
        self.contexts_complete = whole and not rollup_hidden and oid == pull["headRefOid"]


def _all(first: Node | None, more: Callable[[str], Node], pages: int) -> tuple[list[Node], bool]:
    """Return a connection's nodes over at most ``pages`` pages, and whether all that GitHub counts are there."""
    if first is None:  # GitHub gives up on very large differences
        return [], False
    found, page = nodes(first), first
    for _ in range(pages - 1):
        if not page["pageInfo"]["hasNextPage"]:
            break
        page = more(page["pageInfo"]["endCursor"])
        found += nodes(page)
    return found, not page["pageInfo"]["hasNextPage"] and len(found) == first["totalCount"]


def _repo(node: Node, host: str) -> Repo:
    return Repo(
        id=node["databaseId"],
        node_id=node["id"],
        full_name=node["nameWithOwner"],
        owner_type=node["owner"]["__typename"],
        default_branch=(node["defaultBranchRef"] or {}).get("name", ""),
        private=node["isPrivate"],
        archived=node["isArchived"],
        host=host,
    )


def _change(repo: Repo, pull: Node, lists: _Lists, base_sha: str, date: datetime) -> Change:
    return Change(
        repo=repo,
        number=pull["number"],
        node_id=pull["id"],
        title=pull["title"],
        body=pull["body"],
        url=pull["url"],
        head_sha=pull["headRefOid"],
        head_ref=pull["headRefName"],
        head_repo_id=(pull["headRepository"] or {}).get("databaseId"),
        base_sha=base_sha,
        base_ref=pull["baseRefName"],
        author=reading.actor(pull["author"]),
        state=pull["state"].lower(),
        draft=pull["isDraft"],
        merged_sha=(pull["mergeCommit"] or {}).get("oid") if pull["merged"] else None,
        merged_by=reading.actor(pull["mergedBy"]),
        files=tuple(
            FileChange(
                path=f.path, status=_STATUS.get(f.change, "modified"), additions=f.additions, deletions=f.deletions
            )
            for f in reading.listed(lists.files)
        ),
        files_complete=False,
        files_note=text.FILES_UNCHECKED,
        commits=reading.commits(lists.commits),
        commits_complete=lists.commits_complete,
        labels=tuple(sorted(n["name"] for n in nodes(pull["labels"]))),
        reviews=reading.reviews(lists.reviews),
        reviews_complete=lists.reviews_complete,
        review_decision=pull["reviewDecision"],
        unresolved_threads=sum(not n["isResolved"] for n in lists.threads),
        threads_complete=lists.threads_complete,
        checks=reading.checks(lists.contexts),
        checks_complete=lists.contexts_complete,
        auto_merge=reading.auto_merge(pull["autoMergeRequest"]),
        read_at=date,
    )
