"""Releases: titles and texts that are hung on tags."""

from typing import ClassVar

from attrs import define

from bascule.simulator.model.ids import node_id


@define(kw_only=True)
class Release:
    """A release of a repository. A draft may name a tag that does not exist yet."""

    PREFIX: ClassVar[str] = "RE"

    id: int
    repo_id: int
    author_id: int
    tag_name: str
    target_commitish: str
    name: str | None = None
    body: str | None = None
    draft: bool = False
    prerelease: bool = False
    created_at: str = ""
    published_at: str | None = None

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)
