"""Conventional Commits (conventionalcommits.org, 1.0.0): what a commit's message says of the next version."""

from __future__ import annotations

import re

from attrs import frozen

_HEADER = re.compile(r"(?P<type>[A-Za-z][A-Za-z0-9_-]*)(?:\([^()\r\n]*\))?(?P<bang>!)?: +\S.*")
_BREAKING = re.compile(r"^BREAKING[ -]CHANGES?(?::| #)", re.MULTILINE)
_MERGE = re.compile(r"Merge (?:pull request #\d+|branch|branches|tag|remote-tracking branch|commit) ")
_REVERT = re.compile(r'Revert "')
TYPES = {"feat": "minor", "feature": "minor", "fix": "patch", "perf": "patch", "revert": "patch", "deps": "patch"}
"""What a type asks for; types that are not here ask for nothing."""
KNOWN = frozenset(
    {*TYPES, "build", "chore", "ci", "docs", "doc", "refactor", "style", "test", "tests", "release", "wip"}
)


@frozen(kw_only=True)
class Said:
    """What one commit says. ``type`` is empty where its subject has no conventional form."""

    sha: str
    subject: str
    type: str = ""
    breaking: bool = False

    def data(self) -> dict[str, object]:
        """Return it as JSON."""
        return {"sha": self.sha[:10], "subject": self.subject[:120], "type": self.type, "breaking": self.breaking}


def said(sha: str, message: str, parents: int = 1) -> Said | None:
    """Return what ``message`` says; None for a merge, which only repeats what its commits say.

    GitHub's merge of a pull request carries the title as its body's first line, which is looked at all the same where
    it has the form: some repositories write nothing else in that form.
    """
    subject, _, body = message.partition("\n")
    if parents > 1 or _MERGE.match(subject):
        title = next((line.strip() for line in body.splitlines() if line.strip()), "")
        found = _HEADER.fullmatch(title)
        if found is None:
            return None
        subject = title
    else:
        found = _HEADER.fullmatch(subject.strip())
    breaking = _BREAKING.search(message) is not None or (found is not None and found["bang"] is not None)
    kind = found["type"].lower() if found is not None else "revert" if _REVERT.match(subject) else ""
    return Said(sha=sha, subject=subject.strip(), type=kind, breaking=breaking)
