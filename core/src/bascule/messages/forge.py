"""What a person reads when GitHub, a token, an address or the local clone is in the way.

Every function returns ``(message, hint)``: what was found and what was expected, then what to do next. None of them is
ever given a token's value.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

Text = tuple[str, str]

_WHEN = "%Y-%m-%d %H:%M:%S UTC"


# --- the network and GitHub's own state ---------------------------------------------------------------------------


def unreachable(what: str, reason: str, *, write: bool) -> Text:
    """The connection failed, broke, or timed out."""
    if write:
        return (
            f"{what}: no reply ({reason}); it may or may not have been applied",
            "nothing is sent twice blindly: the state is read before anything else is done",
        )
    return (
        f"{what}: no reply ({reason})",
        "check the network, a proxy (HTTPS_PROXY), and the address in BASCULE_API_URL or GH_HOST",
    )


def server_fault(what: str, status: int, *, write: bool) -> Text:
    """5xx."""
    tail = "; it may or may not have been applied" if write else ""
    return f"{what}: GitHub answered {status}{tail}", "try again in a minute; see githubstatus.com"


def not_json(what: str, status: int, kind: str) -> Text:
    """An answer that GitHub would not give: a proxy's page, a portal, a wrong address."""
    return (
        f"{what}: expected JSON, found {kind or 'no content type'} with status {status}",
        "something between here and GitHub answered, or BASCULE_API_URL does not name an API root",
    )


def wrong_shape(what: str, expected: str, found: str) -> Text:
    """A 2xx whose body is not what this call answers."""
    return (
        f"{what}: expected {expected}, found {found}",
        "the state is read again before anything is concluded; if it lasts, report it with `--verbose`",
    )


def limited(what: str, *, secondary: bool, seconds: float, until: datetime) -> Text:
    """A rate limit."""
    kind = "secondary rate limit" if secondary else "rate limit"
    return (
        f"{what}: GitHub's {kind} was hit; it works again at {until:{_WHEN}} (in {seconds:.0f} s)",
        "run again then; a GitHub App has a higher limit than a personal token",
    )


def moved(what: str, location: str) -> Text:
    """A redirect that was not followed."""
    return (
        f"{what}: GitHub redirects to {location}; the repository was renamed or transferred",
        "use the repository's new name",
    )


def moved_again(name: str) -> Text:
    """The canonical name redirects too."""
    return (
        f"{name} still redirects after its name was looked up again",
        "the repository is being transferred; run again when that is done",
    )


def refused(what: str, status: int, message: str) -> Text:
    """Any other 4xx, with the hint that fits its status."""
    hints = {
        401: "the token is wrong, expired or revoked: make a new one",
        403: "the token lacks a permission for this call, or an organisation asks for SSO or forbids it",
        404: "check the name; GitHub also answers 404 for what the token may not see",
        409: "something changed meanwhile: run again",
        410: "the feature is switched off in this repository",
        422: "GitHub could not process the values",
        451: "the repository is blocked for legal reasons",
    }
    found = f"GitHub answered {status}" + (f" ({message})" if message else "")
    return f"{what}: {found}", hints.get(status, "see GitHub's message")


def graphql_errors(what: str, messages: Iterable[str]) -> Text:
    """A GraphQL answer with errors that may not be passed over."""
    listed = "; ".join(messages) or "no data and no message"
    hint = "the token may lack a permission, or this GitHub Enterprise Server is too old"
    if "SAML" in listed:
        hint = "authorise the token for the organisation's single sign-on in the token's settings"
    return f"{what}: GitHub answered with errors: {listed}", hint


def other_repository(name: str, expected: int, found: int) -> Text:
    """The name now belongs to another repository."""
    return (
        f"{name} has id {found}, expected {expected}: another repository has this name now",
        "nothing was done to it; use the new name of the repository that you mean",
    )


def no_pull(number: int, name: str) -> Text:
    """No such pull request."""
    return f"no pull request #{number} in {name}", "check the number and the repository (-R owner/repo)"


def no_repository(name: str) -> Text:
    """No such repository, or not visible."""
    return f"no repository {name} that this token can see", "check the name, and that the token has access to it"


def kept_moving(number: int) -> Text:
    """The pull request was pushed to while its pages were read."""
    return f"#{number} was pushed to each time while it was being read", "run again when nobody is pushing"


def too_many_open(name: str, limit: int) -> Text:
    """Armed auto-merges cannot be ruled out."""
    return (
        f"{name} has more than {limit} open pull requests, so one with auto-merge armed cannot be ruled out",
        "close stale ones: a relaxation could let such a pull request pass",
    )


def team_too_big(team: str, limit: int) -> Text:
    """A team that a rulepack names cannot be read whole."""
    return (
        f"{team} has more than {limit:,} members, too many to tell who is in it",
        "name a smaller team in the rulepack's authors",
    )


# --- tokens ----------------------------------------------------------------------------------------------------------


def no_token(identity: str, names: Iterable[str], *, actions: bool) -> Text:
    """An identity without a token."""
    first, *rest = names
    hint = f"set {first}" + (f" (or {', '.join(rest)})" if rest else "")
    if actions:
        hint += "; inside Actions, GITHUB_TOKEN is enough only for reading"
    return f"no token for the {identity}", hint


def app_not_yet(identity: str, variable: str) -> Text:
    """App credentials are recognised, and refused."""
    return (
        f"{variable} is set, but signing in as a GitHub App is not supported yet",
        f"make an installation token outside and pass it as BASCULE_{identity.upper()}_TOKEN",
    )


def odd_token(variable: str) -> Text:
    """A token with characters that no token has."""
    return (
        f"the value of {variable} contains spaces, line breaks or control characters",
        "paste the bare token; its value is not shown here",
    )


def not_protected(reason: str) -> Text:
    """The process could not shut its memory and environment from its children."""
    return (
        f"the tokens cannot be kept from child processes: {reason}",
        "nothing was done; run on a Linux where prctl(PR_SET_DUMPABLE) is permitted",
    )


# --- addresses -------------------------------------------------------------------------------------------------------


def plain_http(url: str) -> Text:
    """The token would cross a network in clear."""
    return (
        f"{url} is plain http: the token would cross the network in clear",
        "use https (plain http is accepted for loopback; elsewhere only with BASCULE_ALLOW_HTTP=1)",
    )


def bad_address(url: str, reason: str) -> Text:
    """Not an API root."""
    return (
        f"{url!r} is not an address of a GitHub API: {reason}",
        "for example https://api.github.com, https://github.example.com/api/v3 or http://127.0.0.1:8020",
    )


def foreign_host(found: str, expected: str) -> Text:
    """The selector names a host for which the token is not meant."""
    return (
        f"{found} is not {expected}, for which the token is meant",
        f"if the token is for {found}, set GH_HOST={found} (or BASCULE_API_URL to its API)",
    )


def bad_selector(text: str) -> Text:
    """Not a pull request, in any known form."""
    return (
        f"{text!r} does not name a pull request",
        "a number (42), a branch, owner/repo#42, or https://HOST/OWNER/REPO/pull/42",
    )


def bad_repository(text: str) -> Text:
    """Not a repository, in any known form."""
    return f"{text!r} does not name a repository", "owner/repo, HOST/owner/repo, or its address"


def two_repositories(selector: str, option: str) -> Text:
    """-R contradicts the selector."""
    return f"{selector} is not in {option}", "leave out -R, or name a pull request of that repository"


def no_remote(folder: str, host: str) -> Text:
    """The folder does not say which repository is meant."""
    return f"no git remote in {folder} points to {host}", "name the repository: -R owner/repo"


def many_remotes(folder: str, names: Iterable[str]) -> Text:
    """The folder names several."""
    return (
        f"the git remotes of {folder} name several repositories: {', '.join(names)}",
        "name the one that you mean: -R owner/repo",
    )


def no_branch(folder: str) -> Text:
    """Detached."""
    return f"{folder} is not on a branch, so it does not say which pull request is meant", "name a number or a branch"


# --- the local clone ------------------------------------------------------------------------------------------------


def head_moved(number: int, expected: str, found: str) -> Text:
    """The pull request's ref is not the SHA that was judged."""
    return (
        f"#{number} was read at {expected[:12]}, but its ref is at {found[:12]} now",
        "somebody pushed meanwhile; run again to judge the new head",
    )


def cache_busy(path: str, seconds: float) -> Text:
    """Another run holds the clone's lock."""
    return f"another run has held {path} for {seconds:.0f} s", "wait for it, or set XDG_CACHE_HOME to another folder"


def cache_unwritable(path: str, why: str) -> Text:
    """There is no place for clones."""
    return f"{path}, where clones are kept, cannot be written: {why}", "set XDG_CACHE_HOME to a folder that can"


FILES_UNCHECKED = "GitHub's list was not compared with git's yet"


def files_differ(only_github: Iterable[str], only_git: Iterable[str], listed: int, counted: int) -> str:
    """GitHub's list of changed files and git's disagree; the note that blocks the files gate."""
    parts = []
    if gone := _some(only_github):
        parts.append(f"GitHub lists {gone}, git does not")
    if extra := _some(only_git):
        parts.append(f"git finds {extra}, GitHub does not")
    if listed != counted:
        parts.append(f"GitHub counts {counted} changed files and lists {listed}")
    return "; ".join(parts)


def files_differ_somehow(found: int, counted: int) -> str:
    """The lists disagree, and no single path shows how."""
    return f"git finds {found} changed paths, GitHub counts {counted}, and renames do not explain it"


def no_common_history() -> str:
    """The head shares no commit with the base."""
    return "base and head share no history, so there is no list of changes"


def _some(paths: Iterable[str], shown: int = 3) -> str:
    ordered = sorted(paths)
    more = f" and {len(ordered) - shown} more" if len(ordered) > shown else ""
    return ", ".join(ordered[:shown]) + more


# --- rulepacks as found on the base branch -----------------------------------------------------------------------


def pack_unreadable(path: str, reason: str) -> str:
    """A rulepack that cannot be taken as text."""
    return f"{path}: {reason}"


PACK_TOO_BIG = "is cut short by GitHub; a rulepack must stay below 512 KB"
PACK_BINARY = "is not text"
PACK_NOT_A_FILE = "is not a regular file (a link or a submodule can point anywhere)"
PACK_SUFFIX = "ends in .yaml and would not be read; rename it to .yml"
PACK_NO_FOLDER = "is not a folder"

STICKY_MARK = "<!-- bascule:sticky -->"
"""First line of the one comment that Bascule keeps on a pull request."""

REPORT_NAME = "bascule"
"""Name of Bascule's own check run or status; never an input of a gate."""


# --- the journal ----------------------------------------------------------------------------------------------------


def no_entry(sha: str) -> Text:
    """A commit of the journal's chain is not there."""
    return (
        f"the journal has no commit {sha}",
        "it was rewritten or deleted: run `bascule audit --verify`, and treat it as an alarm",
    )


def no_tree(name: str) -> Text:
    """The journal's repository has no commit at all."""
    return f"{name} has no default branch, so the journal cannot be stored in it", "push a first commit to it"
