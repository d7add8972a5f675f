"""The state: records in memory, every change on disk before the reply leaves.

One sqlite file in WAL mode: a process killed at any moment loses nothing that was answered. Callers hold the
server's single lock (see `app`), so nothing here locks.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from cattrs.preconf.json import make_converter

from bascule.simulator import model as m

converter = make_converter()


class Row(Protocol):
    """What every record has."""

    id: int


T = TypeVar("T", bound=Row)


class Table(Generic[T]):
    """All records of one type, by id, and by repository where they have one."""

    def __init__(self, store: "Store", name: str, cls: type[T]) -> None:
        self.name = name
        self.cls = cls
        self._store = store
        self._rows: dict[int, T] = {}
        self._by_repo: dict[int, dict[int, T]] = {}

    def load(self, row: T) -> None:
        """Keep a record that is already on disk."""
        self._rows[row.id] = row
        repo_id = getattr(row, "repo_id", None)
        if repo_id is not None:
            self._by_repo.setdefault(repo_id, {})[row.id] = row

    def save(self, row: T) -> T:
        """Add a record, or note that it changed; written when the request ends. Returns it."""
        self.load(row)
        self._store.dirty[(self.name, row.id)] = row
        return row

    def remove(self, row: T) -> None:
        """Forget a record."""
        self._rows.pop(row.id, None)
        self._by_repo.get(getattr(row, "repo_id", -1), {}).pop(row.id, None)
        self._store.dirty[(self.name, row.id)] = None

    def clear(self) -> None:
        """Forget every record in memory; see `Store.clear`."""
        self._rows.clear()
        self._by_repo.clear()

    def get(self, row_id: int | None) -> T | None:
        """The record with that id, or None."""
        return None if row_id is None else self._rows.get(row_id)

    def __getitem__(self, row_id: int) -> T:
        return self._rows[row_id]

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._rows.values()))

    def __len__(self) -> int:
        return len(self._rows)

    def where(self, **equal: Any) -> list[T]:
        """Records whose attributes equal the given values, oldest first."""
        repo_id = equal.get("repo_id")
        rows = self._rows if repo_id is None else self._by_repo.get(repo_id, {})
        return [row for row in rows.values() if all(getattr(row, k) == v for k, v in equal.items())]

    def find(self, **equal: Any) -> T | None:
        """The first of `where`, or None."""
        return next(iter(self.where(**equal)), None)


class Store:
    """Tables plus a few single values (`meta`), backed by ROOT/state.sqlite."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self.dirty: dict[tuple[str, int], Any] = {}
        self._meta: dict[str, Any] = {}
        self._dirty_meta: set[str] = set()
        self._tables: dict[str, Table[Any]] = {}
        self.users = self._table("users", m.User)
        self.tokens = self._table("tokens", m.Token)
        self.apps = self._table("apps", m.App)
        self.installations = self._table("installations", m.Installation)
        self.teams = self._table("teams", m.Team)
        self.repos = self._table("repos", m.Repo)
        self.labels = self._table("labels", m.Label)
        self.issues = self._table("issues", m.Issue)
        self.pulls = self._table("pulls", m.PullRequest)
        self.reviews = self._table("reviews", m.Review)
        self.review_threads = self._table("review_threads", m.ReviewThread)
        self.review_comments = self._table("review_comments", m.ReviewComment)
        self.issue_comments = self._table("issue_comments", m.IssueComment)
        self.reactions = self._table("reactions", m.Reaction)
        self.issue_events = self._table("issue_events", m.IssueEvent)
        self.statuses = self._table("statuses", m.CommitStatus)
        self.check_suites = self._table("check_suites", m.CheckSuite)
        self.check_runs = self._table("check_runs", m.CheckRun)
        self.workflow_runs = self._table("workflow_runs", m.WorkflowRun)
        self.artifacts = self._table("artifacts", m.Artifact)
        self.environments = self._table("environments", m.Environment)
        self.deployments = self._table("deployments", m.Deployment)
        self.deployment_statuses = self._table("deployment_statuses", m.DeploymentStatus)
        self.protection_rules = self._table("protection_rules", m.BranchProtectionRule)
        self.releases = self._table("releases", m.Release)
        # Handlers run on worker threads, one at a time under the server's lock.
        self._db = sqlite3.connect(root / "state.sqlite", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS rows (tab TEXT, id INTEGER, doc TEXT, PRIMARY KEY (tab, id))")
        self._db.execute("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, doc TEXT)")
        self._load()

    def _table(self, name: str, cls: type[T]) -> Table[T]:
        table = Table(self, name, cls)
        self._tables[name] = table
        return table

    def _load(self) -> None:
        for name, doc in self._db.execute("SELECT tab, doc FROM rows ORDER BY id"):
            table = self._tables[name]
            table.load(converter.structure(json.loads(doc), table.cls))
        self._meta = {key: json.loads(doc) for key, doc in self._db.execute("SELECT key, doc FROM meta")}

    def next_id(self) -> int:
        """A database id that was never used before, for any kind of record."""
        value = int(self._meta.get("last_id", 1000)) + 1
        self.set_meta("last_id", value)
        return value

    def meta(self, key: str, default: Any = None) -> Any:
        """A single stored JSON value."""
        return self._meta.get(key, default)

    def set_meta(self, key: str, value: Any) -> None:
        """Store a single JSON value."""
        self._meta[key] = value
        self._dirty_meta.add(key)

    def flush(self) -> None:
        """Write everything that changed, in one transaction; called at the end of every request."""
        if not self.dirty and not self._dirty_meta:
            return
        self._db.execute("BEGIN")
        for (name, row_id), row in self.dirty.items():
            if row is None:
                self._db.execute("DELETE FROM rows WHERE tab = ? AND id = ?", (name, row_id))
            else:
                doc = json.dumps(converter.unstructure(row))
                self._db.execute("INSERT OR REPLACE INTO rows VALUES (?, ?, ?)", (name, row_id, doc))
        for key in self._dirty_meta:
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(self._meta[key])))
        self._db.execute("COMMIT")
        self.dirty.clear()
        self._dirty_meta.clear()

    def dump(self, repo_id: int | None = None) -> dict[str, list[dict[str, Any]]]:
        """All records as JSON by table, without tokens; with `repo_id`, what belongs to that repository."""
        found: dict[str, list[dict[str, Any]]] = {}
        for name, table in self._tables.items():
            if repo_id is None:
                rows = list(table)
            else:
                rows = [self.repos[repo_id]] if name == "repos" else table.where(repo_id=repo_id)
            if name != "tokens":
                found[name] = [converter.unstructure(row) for row in sorted(rows, key=lambda row: row.id)]
        return found

    def remove_repo(self, repo: m.Repo) -> None:
        """Forget a repository and everything that belongs to it."""
        for table in self._tables.values():
            for row in table.where(repo_id=repo.id) if hasattr(table.cls, "repo_id") else ():
                table.remove(row)
        self.repos.remove(repo)

    def clear(self, *, keep: Sequence[str] = ()) -> None:
        """Forget all records and all single values but those named; ids go on counting."""
        for table in self._tables.values():
            table.clear()
        self._meta = {k: v for k, v in self._meta.items() if k in {*keep, "last_id"}}
        self.dirty.clear()
        self._dirty_meta.clear()
        self._db.execute("BEGIN")
        self._db.execute("DELETE FROM rows")
        self._db.execute("DELETE FROM meta")
        for key, value in self._meta.items():
            self._db.execute("INSERT INTO meta VALUES (?, ?)", (key, json.dumps(value)))
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Flush and close the file."""
        self.flush()
        self._db.close()
