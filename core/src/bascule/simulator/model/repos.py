"""Repositories and their labels."""

from typing import ClassVar

from attrs import Factory, define

from bascule.simulator.model.ids import node_id


@define(kw_only=True)
class Repo:
    """A repository; its git data lies in ROOT/repos/<id>.git."""

    PREFIX: ClassVar[str] = "R"

    id: int
    owner_id: int
    name: str
    private: bool = False
    description: str | None = None
    default_branch: str = "main"
    archived: bool = False
    disabled: bool = False
    #: Parent of a fork, and the root of its network.
    parent_id: int | None = None
    source_id: int | None = None
    allow_merge_commit: bool = True
    allow_squash_merge: bool = True
    allow_rebase_merge: bool = True
    allow_auto_merge: bool = False
    allow_update_branch: bool = False
    allow_forking: bool = True
    delete_branch_on_merge: bool = False
    squash_merge_commit_title: str = "COMMIT_OR_PR_TITLE"
    squash_merge_commit_message: str = "COMMIT_MESSAGES"
    merge_commit_title: str = "MERGE_MESSAGE"
    merge_commit_message: str = "PR_TITLE"
    has_issues: bool = True
    #: user id -> read | triage | write | maintain | admin
    collaborators: dict[int, str] = Factory(dict)
    #: The last issue or pull request number given out.
    last_number: int = 0
    #: Earlier `owner/name` in lower case; they answer with redirects.
    former_names: list[str] = Factory(list)
    topics: list[str] = Factory(list)
    created_at: str = ""
    updated_at: str = ""
    pushed_at: str = ""

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)


@define(kw_only=True)
class Label:
    """A label of a repository; pull requests refer to it by id, so that renames carry over."""

    PREFIX: ClassVar[str] = "LA"

    id: int
    repo_id: int
    name: str
    color: str = "ededed"
    description: str | None = None
    default: bool = False

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)
