"""Exchanges with the real GitHub, recorded by the makers of Octokit, replayed on the simulator.

The same requests in the same order; statuses are equal, and bodies are equal after `plain`, which takes away only what
no two servers could agree on: numbers given out, times, host names, and how many people watch a repository. What
GitHub has added to its replies since the recording (2022) is listed by name, and what the simulator does not keep too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import requests
from attrs import Factory, define

from bascule.simulator.process import SimulatorProcess

from ..support.octokit import recorded
from .conftest import Client

TEAM = {
    "members": ["octokit-fixture-user-a"],
    "name": "A-Team",
    # Only so that the reply can be compared whole.
    "description": "If you have a problem, if no one else can help you, then if you can find them, maybe you can hire "
    "the A-Team!",
}
ORG, USER = "octokit-fixture-org", "octokit-fixture-user-a"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
#: The recordings were made in repositories with throw-away names; in some places those were left in.
THROW_AWAY = re.compile(r"tmp-scenario-([^/]+)-\d{17}-\w{5}")
HOSTS = re.compile(
    r"(?:https?|git)://(?:[\w.-]+\.)?(?:github\.com|githubusercontent\.com|127\.0\.0\.1:\d+)|git@(?:github\.com|127\.0\.0\.1:\d+):"
)
#: What the recorders put in place of commits and trees.
PLACEHOLDER = re.compile(r"0{30}\d{10}")
#: Numbers that a server gives out, in addresses.
NUMBERS = re.compile(r"(/(?:u|repositories|organizations|team)/)\d+|\d+(?=\+[\w-]+@users\.noreply)")
#: Counts that the recording sets to 42 throughout.
COUNTS = {"stargazers_count", "watchers_count", "forks_count", "open_issues_count", "forks", "open_issues", "watchers",
          "network_count", "subscribers_count", "comments"}  # fmt: skip
#: Addresses of documentation pages have moved since.
DOCS = "documentation_url"

ADDED_SINCE = {
    "status",  # in error bodies
    "lock_branch",
    "allow_fork_syncing",
    "require_last_push_approval",
    "user_view_type",
    "squash_merge_commit_title",
    "squash_merge_commit_message",
    "merge_commit_title",
    "merge_commit_message",
    "has_discussions",
    "notification_setting",
    "closed_by",
    "verified_at",
}
#: What GitHub showed then and the simulator does not keep.
NOT_KEPT = {"temp_clone_token"}


@define
class Exchange:
    """A recorded exchange under way: who asks, and which of our commits stand for the recorded ones."""

    sim: SimulatorProcess
    client: Client
    #: Recorded commit -> ours.
    commits: dict[str, str] = Factory(dict)

    def ours(self, text: str) -> str:
        """A recorded text as the simulator would be asked."""
        for theirs, own in self.commits.items():
            text = text.replace(theirs, own)
        return text

    def ask(self, row: Any) -> requests.Response:
        body = row["body"] if isinstance(row["body"], dict | list) else None
        mapped = None if body is None else _mapped(body, self.ours)
        path = self.ours(row["path"])
        if match := re.match(r"/repositories/\d+", path):
            (repo,) = self.sim.control("state")["repos"]
            path = path.replace(match[0], f"/repositories/{repo['id']}", 1)
        return self.client.call(row["method"].upper(), path, mapped)

    def learn(self, theirs: Any, ours: Any) -> None:
        """Which of our new objects stand for the recorded ones."""
        if isinstance(theirs, dict) and isinstance(ours, dict):
            for key in theirs.keys() & ours.keys():
                self.learn(theirs[key], ours[key])
        elif isinstance(theirs, str) and PLACEHOLDER.fullmatch(theirs) and isinstance(ours, str):
            self.commits.setdefault(theirs, ours)

    def plain(self, value: Any, key: str = "") -> Any:
        """A reply without what no two servers could agree on."""
        if isinstance(value, dict):
            return {k: self.plain(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [self.plain(v) for v in value]
        if key in ("id", "node_id") or key in COUNTS or key == DOCS:
            return f"<{key}>"
        if isinstance(value, str):
            for theirs, own in self.commits.items():
                value = value.replace(own, theirs)
            value = THROW_AWAY.sub(r"\1", value)
            value = HOSTS.sub("", value.replace("/avatars/", "/u/").replace("?v=4", ""))
            # One server has no second host for raw contents.
            value = re.sub(r"^(/[^/]+/[^/]+)/raw/", r"\1/", value)
            return TIME.sub("<time>", NUMBERS.sub(r"\1<n>", value))
        return value


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {k: _mapped(v, change) for k, v in value.items()}
    if isinstance(value, list):
        return [_mapped(v, change) for v in value]
    return change(value) if isinstance(value, str) else value


def differences(theirs: Any, ours: Any, path: str = "") -> list[str]:
    """Where two plain replies differ, as `path: recorded / simulated`."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        found = [f"{path}.{k}: {theirs[k]!r} / absent" for k in theirs if k not in ours and k not in NOT_KEPT]
        found += [f"{path}.{k}: absent / {ours[k]!r}" for k in ours if k not in theirs and k not in ADDED_SINCE]
        return found + [d for k in theirs if k in ours for d in differences(theirs[k], ours[k], f"{path}.{k}")]
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        return [d for i, (a, b) in enumerate(zip(theirs, ours, strict=True)) for d in differences(a, b, f"{path}[{i}]")]
    return [] if theirs == ours else [f"{path}: {theirs!r} / {ours!r}"]


@pytest.fixture
def exchange(sim: SimulatorProcess) -> Any:
    """The organization and the person of the recordings."""
    sim.control("users", {"login": USER, "token": "tok-fixture"})
    sim.control("orgs", {"login": ORG, "members": {USER: "admin"}, "teams": {"a-team": TEAM}})
    client = Client(sim, "tok-fixture")
    yield Exchange(sim=sim, client=client)
    client.session.close()


# -- what the recorders had done before the first recorded request ------------------------------------


def _repository(at: Exchange, name: str) -> str:
    return str(at.client.ok("POST", f"/orgs/{ORG}/repos", {"name": name}, 201)["full_name"])


def _protection(at: Exchange) -> None:
    repo = _repository(at, "branch-protection")
    at.client.put_file(repo, "README.md", "# branch-protection")
    at.client.ok("PUT", f"/orgs/{ORG}/teams/a-team/repos/{repo}", {"permission": "push"}, 204)


def _two_commits(at: Exchange) -> None:
    repo = _repository(at, "git-refs")
    first = at.client.put_file(repo, "1.md", "# git-refs")["commit"]["sha"]
    second = at.client.put_file(repo, "2.md", "# git-refs")["commit"]["sha"]
    at.commits = {f"{1:040}": second, f"{2:040}": first}


def _one_commit(at: Exchange) -> None:
    repo = _repository(at, "create-status")
    at.commits = {f"{1:040}": at.client.put_file(repo, "README.md", "# create-status")["commit"]["sha"]}


def _issue(at: Exchange) -> None:
    at.client.ok("POST", f"/repos/{_repository(at, 'lock-issue')}/issues", {"title": "Issue to lock"}, 201)


def _thirteen_issues(at: Exchange) -> None:
    repo = _repository(at, "paginate-issues")
    for number in range(1, 14):
        at.client.ok("POST", f"/repos/{repo}/issues", {"title": f"Test issue {number}", "body": None}, 201)


PREPARED: dict[str, Callable[[Exchange], Any]] = {
    "branch-protection": _protection,
    "git-refs": _two_commits,
    "create-status": _one_commit,
    "lock-issue": _issue,
    "paginate-issues": _thirteen_issues,
    "create-file": lambda at: _repository(at, "create-file"),
    "labels": lambda at: _repository(at, "labels"),
    "errors": lambda at: _repository(at, "errors"),
    "rename-repository": lambda at: _repository(at, "rename-repository"),
    "add-labels-to-issue": lambda at: _repository(at, "add-labels-to-issue"),
}


@pytest.mark.parametrize("scenario", PREPARED)
def test_recorded_exchange(exchange: Exchange, scenario: str) -> None:
    rows = recorded(scenario)
    PREPARED[scenario](exchange)
    assert rows
    for row in rows:
        reply = exchange.ask(row)
        asked = f"{scenario}: {row['method']} {row['path']}"
        assert reply.status_code == row["status"], f"{asked}: {reply.text[:300]}"
        theirs, ours = row["response"] or None, reply.json() if reply.content else None
        exchange.learn(theirs, ours)
        found = differences(exchange.plain(theirs), exchange.plain(ours))
        assert not found, f"{asked}:\n" + "\n".join(found)
        for header in ("location", "link"):
            told = [exchange.plain(headers.get(header)) for headers in (row["headers"], reply.headers)]
            assert told[0] == told[1], f"{asked}: {header}"


@pytest.mark.parametrize(
    ("ours", "found"),
    [
        ({"a": 1, "b": [{"c": "x"}]}, []),
        ({"a": 1, "b": [{"c": "x"}], "lock_branch": {}}, []),
        ({"a": 2, "b": [{"c": "x"}]}, [".a: 1 / 2"]),
        ({"a": 1, "b": [{}]}, [".b[0].c: 'x' / absent"]),
        ({"a": 1, "b": [{"c": "x", "d": 0}]}, [".b[0].d: absent / 0"]),
        ({"a": 1, "b": []}, [".b: [{'c': 'x'}] / []"]),
        (None, [": {'a': 1, 'b': [{'c': 'x'}]} / None"]),
    ],
)
def test_a_difference_is_noticed(ours: Any, found: list[str]) -> None:
    assert differences({"a": 1, "b": [{"c": "x"}]}, ours) == found
