"""Running git without any of the machine's own configuration."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

#: Identity for the few commands that insist on one; real identities are passed in objects.
_FIXED = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_AUTHOR_NAME": "GitHub",
    "GIT_AUTHOR_EMAIL": "noreply@github.com",
    "GIT_COMMITTER_NAME": "GitHub",
    "GIT_COMMITTER_EMAIL": "noreply@github.com",
    "LC_ALL": "C",
    "TZ": "UTC",
}


class GitError(Exception):
    """A git command failed; the text is what git said."""


class GitObjectMissing(GitError):
    """No object of that name."""


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for git: PATH and HOME only, plus fixed settings and `extra`."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR")}
    return {**kept, **_FIXED, **(extra or {})}


def run_git(
    directory: Path,
    args: Sequence[str],
    *,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    ok: Sequence[int] = (0,),
) -> tuple[int, bytes]:
    """Run git on a bare repository; returns exit code and output. GitError for a code that is not in `ok`."""
    done = subprocess.run(
        ["git", "--git-dir", str(directory), *args],
        input=stdin,
        capture_output=True,
        env=clean_environment(env),
        check=False,
    )
    if done.returncode not in ok:
        raise GitError(done.stderr.decode("utf-8", "replace").strip() or f"git {args[0]} failed ({done.returncode})")
    return done.returncode, done.stdout
