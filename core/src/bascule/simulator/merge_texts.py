"""Default titles and messages of merges, as the repository's settings ask for them."""

from collections.abc import Sequence

from bascule.simulator.git import CommitInfo, Signature
from bascule.simulator.model import PullRequest, Repo


def joined(title: str, message: str | None) -> str:
    """A commit message from its two parts."""
    return f"{title}\n\n{message}" if message else title


def merge_text(repo: Repo, pull: PullRequest, title: str | None, message: str | None) -> str:
    """The message of a merge commit; what the caller gave comes before the settings."""
    own = f"Merge pull request #{pull.number} from {pull.head_owner}/{pull.head_ref}"
    if title is None:
        title = own if repo.merge_commit_title == "MERGE_MESSAGE" else f"{pull.title} (#{pull.number})"
    if message is None:
        message = {"PR_TITLE": pull.title, "PR_BODY": pull.body or "", "BLANK": ""}[repo.merge_commit_message]
    return joined(title, message)


def squash_text(
    repo: Repo,
    pull: PullRequest,
    commits: Sequence[CommitInfo],
    author: Signature,
    title: str | None,
    message: str | None,
) -> str:
    """The message of a squash; co-authors are named only where GitHub writes the message itself."""
    single = commits[0] if len(commits) == 1 else None
    if title is None:
        first = pull.title
        if repo.squash_merge_commit_title == "COMMIT_OR_PR_TITLE" and single is not None:
            first = _title(single)
        title = f"{first} (#{pull.number})"
    if message is None:
        message = _squash_body(repo, pull, commits, single)
        credits = _co_authors(commits, author)
        if credits:
            rule = "---------\n\n" if message and single is None else ""
            message = f"{message}\n\n{rule}{credits}" if message else credits
    return joined(title, message)


def _title(commit: CommitInfo) -> str:
    return commit.message.split("\n", 1)[0]


def _body(commit: CommitInfo) -> str:
    return commit.message.partition("\n")[2].strip()


def _squash_body(repo: Repo, pull: PullRequest, commits: Sequence[CommitInfo], single: CommitInfo | None) -> str:
    if repo.squash_merge_commit_message == "PR_BODY":
        return (pull.body or "").strip()
    if repo.squash_merge_commit_message == "BLANK":
        return ""
    if single is not None:
        return _body(single)
    return "\n\n".join(f"* {_title(c)}" + (f"\n\n{_body(c)}" if _body(c) else "") for c in commits)


def _co_authors(commits: Sequence[CommitInfo], author: Signature) -> str:
    seen = {author.email.lower()}
    lines = []
    for commit in commits:
        who = commit.author
        if who.email.lower() not in seen and f"<{who.email}>" not in commit.message:
            seen.add(who.email.lower())
            lines.append(f"Co-authored-by: {who.name} <{who.email}>")
    return "\n".join(lines)
