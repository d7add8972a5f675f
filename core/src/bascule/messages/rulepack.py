"""What is said about rulepacks: their words, the templates they extend, what they bind, their examples.

Functions that return :data:`Said` give what is wrong and what to do, in that order.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from bascule.messages.config import closest, did_you_mean, listed_twice
from bascule.messages.wording import code, listed

Said = tuple[str, str]

__all__ = ["Said", "closest", "did_you_mean", "listed_twice"]


# --- texts of a certain kind ---


@frozen
class Say:
    """What a kind of text is called, how it looks, and an example of it."""

    title: str
    looks: str
    example: str

    def of(self, text: str) -> Said:
        """Say that ``text`` is not one."""
        return f"{code(text)} is not a {self.title}: {self.looks}", f"write it like {self.example}"


NAME = Say("name", "lower-case letters, digits and single dashes", "`no-destroy`")
QUALIFIED = Say("qualified name", "the plugin's name, a slash, and the name in it", "`terraform/default`")
PERSON = Say(
    "person, bot or team",
    "a login, a bot's login with [bot], either with #ID, or @org/team",
    '`octo-dev`, `"renovate[bot]"`',
)
ACCOUNT = Say("login", "a login, a bot's login with [bot], either with #ID", '`octo-dev` or `"renovate[bot]"`')
TEAM = Say("team", "the organisation and the team's short name", '`"@acme/platform"`')
APP = Say(
    "check's app",
    "the short name of a GitHub App, or status/LOGIN for commit statuses",
    "`github-actions` or `status/ci-bot`",
)


WORKFLOW = Say(
    "workflow's file", "the whole path of one YAML file in .github/workflows", "`.github/workflows/plan.yml`"
)
ARTIFACT = Say("name of an artifact", 'up to 256 characters without \\ / : < > | * ? "', "`tfplan`")
MEMBER = Say("path in an artifact", "names divided by single slashes, without .. and backslashes", "`out/plan.json`")

_EVENTS = {
    "pull_request_target": "GitHub runs it on the base branch, with its secrets, and not on the change's head",
    "workflow_run": "GitHub runs it on the default branch, and not on the change's head",
    "workflow_dispatch": "whoever starts it chooses its inputs, so its artifact is that person's word",
    "repository_dispatch": "whoever sends it chooses its payload, and it runs on the default branch",
    "schedule": "it runs on the default branch, and not on the change's head",
}


def not_an_event(text: str) -> Said:
    """An event whose runs say nothing about a change's head."""
    why = _EVENTS.get(text, "its runs do not stand for a change's head")
    return f"{code(text)} is not an event that can give evidence: {why}", "write `pull_request` or `push`"


def not_a_size(text: str) -> Said:
    """Not a number of bytes with its unit."""
    return f"{code(text)} is not a size", "write a whole number with its unit, such as `5MiB` or `200KiB`"


def too_big(text: str) -> Said:
    """More than any evidence may have."""
    return f"{code(text)} is more than any evidence may have", "write at most `64MiB`"


def only_actions(key: str, source: str) -> Said:
    """A key of workflows' artifacts beside another source."""
    return f"`{key}` says nothing with `from: {source}`", f"remove `{key}`, or write `from: actions`"


def actions_needs(key: str, example: str) -> Said:
    """A source that is not said whole."""
    return f"`from: actions` needs `{key}`", f"add it, such as {key}: {example}"


def looser_limit(name: str, key: str, where: str) -> str:
    """Evidence with a wider limit than the template's."""
    return f"`{key}` of the evidence {code(name)} is above the template's ({where})"


def not_a_glob(text: str, reason: str) -> Said:
    """A glob that is not one, with the reason of :func:`bascule.globs.problems`."""
    reason, _, fix = reason.partition("; ")
    return f"{code(text)}: {reason}", fix or "see the grammar of globs in the rulepack reference"


def not_an_expression(reason: str) -> Said:
    """A regular expression that RE2 does not compile."""
    return reason, "write it in RE2's syntax; a literal character that means something is escaped with a backslash"


def not_a_label(text: str) -> Said:
    """A label with blanks around it, line breaks, or far too long."""
    return f"{code(text)} cannot be a label", "write the label as GitHub shows it, at most 100 characters in one line"


def not_a_check(text: str) -> Said:
    """A check's name with blanks around it or line breaks."""
    return f"{code(text)} cannot be a check's name", "write the name as GitHub shows it under the pull request"


def short_reason(text: str) -> Said:
    """A reason that explains nothing."""
    return f"{code(text)} is too short to be a reason", "say why, for the person who reads it in a year"


def not_a_zone(text: str) -> Said:
    """Not a time zone."""
    return f"{code(text)} is not an IANA time zone", "write one like Europe/Berlin or UTC"


def not_a_schedule(reason: str) -> Said:
    """Weekly hours that cannot be read."""
    return reason, 'write it like "Mon-Thu 09:00-16:00; Fri 09:00-12:00"'


def zone_without_hours() -> Said:
    """``timezone`` without ``merge``."""
    return (
        "`timezone` says nothing without `merge`",
        'add the hours, such as merge: "Mon-Thu 09:00-16:00", or remove it',
    )


def empty_list(key: str, means: str) -> Said:
    """A list that means something else than what it looks like when empty."""
    return f"`{key}` is an empty list, and that would mean {means}", "list what is allowed, or remove the key"


def same_id(rule_id: str, first: str) -> Said:
    """Two rules or examples of one name."""
    return f"{code(rule_id)} is here twice (first at {first})", "give each its own name"


def because_of_nothing(expect: str) -> Said:
    """``because`` beside ``expect: allow``."""
    return f"`because` names a reason, but the example expects {expect}", "remove `because`"


def not_a_time(text: str) -> Said:
    """Not an ISO time with a zone."""
    return f"{code(text)} is not a time with its zone", 'write it like "2026-01-05T09:00:00Z"'


def not_a_tag(text: str) -> Said:
    """A name that git takes for no tag."""
    return f"{code(text)} cannot be the name of a tag", "write it as git takes it, such as v1.2.3"


# --- plugins, templates and rules ---


def missing_plugin(name: str, what: str, installed: Iterable[str]) -> Said:
    """A plugin that is not installed. ``what`` names the thing that would need it."""
    near = closest(name, installed)
    install = f"pip install bascule-{name}"
    fix = f"did you mean `{near}`? if not: {install}" if near else f"install it: {install}"
    return f"{what} needs the plugin {code(name)}, which is not installed", fix


def broken_plugin(name: str, what: str, reason: str, fix: str = "") -> Said:
    """A plugin that is installed and was refused; ``fix`` is what its own row says."""
    reason = reason.rstrip(".")
    fix = fix or f"see `bascule plugins list`; a newer version may help: pip install --upgrade bascule-{name}"
    return f"{what} needs the plugin {code(name)}, which cannot be used: {reason}", fix


def missing_part(plugin: str, kind: str, name: str, known: Iterable[str]) -> Said:
    """A plugin without the template or rule that was named."""
    known = [f"{plugin}/{k}" for k in known]
    full = f"{plugin}/{name}"
    fix = did_you_mean(full, known) if known else f"the plugin {code(plugin)} has no {kind}s"
    return f"the plugin {code(plugin)} has no {kind} {code(full)}", fix


def bad_rule_schema(name: str, reason: str) -> Said:
    """A rule whose own JSON Schema is broken."""
    return f"the plugin's description of {code(name)} is not a JSON Schema: {reason}", "tell the plugin's author"


def bad_params(rule: str, reason: str) -> Said:
    """Parameters that the rule's JSON Schema refuses, in the words of the validator."""
    return f"{rule}: {reason}", f"see `bascule plugins list --json` for the parameters of {rule}"


def loops(chain: Iterable[str]) -> Said:
    """Templates that extend each other."""
    return f"these templates extend each other: {' -> '.join(chain)}", "tell the plugin's author"


def broken_template(name: str, reason: str) -> Said:
    """A packaged template that does not load."""
    return f"the template {code(name)} does not load: {reason}", "tell the plugin's author, or extend another one"


# --- extending ---


def needs_reason(sentence: str) -> Said:
    """Something became looser than the template and no reason is given."""
    return sentence, "keep to the template, or give the reason for everybody to read: loosen: <reason>"


def templates_disagree(key: str, sentence: str) -> Said:
    """Two templates state values of which neither is the stricter."""
    return f"the templates disagree about `{key}`: {sentence}", "extend only one of them"


def no_match() -> Said:
    """A pack that says nowhere which files it judges."""
    return "nothing says which files this pack judges", 'add match: {files: ["docs/**"]} with your own globs'


def same_name(name: str, other: str) -> Said:
    """Two packs of one name."""
    return f"there is a pack called {code(name)} already: {other}", "rename one of the two files"


def loosen_without_extends() -> Said:
    """``loosen`` in a pack that extends nothing."""
    return "`loosen` says nothing in a pack that extends no template", "remove it"


# --- binding ---


def unclaimed(paths: Iterable[str]) -> tuple[str, str, str]:
    """Return found, expected and fix for files that no pack claims."""
    return (
        f"no rulepack claims {listed(paths)}",
        "every changed file claimed by a rulepack",
        "split the pull request, merge by hand, or widen `match.files` of the pack that should judge them",
    )


def methods_conflict(packs: Iterable[tuple[str, str]]) -> tuple[str, str, str]:
    """Return found, expected and fix for packs that want different merge methods; pairs of pack and method."""
    said = ", ".join(f"{code(pack)} wants {method}" for pack, method in packs)
    return (
        f"the rulepacks disagree: {said}",
        "one merge method",
        "split the pull request, or set the same `merge.method` in both packs",
    )


GOOD_PACKS = "rulepacks without problems"
VALIDATE = "run `bascule rulepack validate` and mend what it lists"


# --- in which way a pack is looser than a template; the key comes first, added by the caller ---


def beyond(own: str, base: str, where: str) -> str:
    """A limit above the template's."""
    return f"{code(own)} goes beyond the template's {code(base)} ({where})"


def other_than(own: str, base: str, where: str) -> str:
    """A value where the template states another."""
    return f"{code(own)} is not the template's {code(base)} ({where})"


def also_allows(item: str, base: Iterable[str], where: str) -> str:
    """A permission that the template does not give."""
    base = list(base)
    gives = f"only {listed(base, limit=6)}" if base else "none"
    return f"{code(item)} is allowed as well; the template allows {gives}" + (f" ({where})" if where else "")


def no_longer(item: str, where: str) -> str:
    """A requirement of the template that is gone."""
    return f"{code(item)} is no longer asked for, as the template does ({where})"


def no_longer_within(globs: Iterable[str], where: str) -> str:
    """A list of globs of the template that paths need not match any more."""
    return f"paths need no longer match {listed(globs, limit=6)}, as the template asks ({where})"


def replaced_rule(rule_id: str, where: str) -> str:
    """A rule that would be another one of the same id."""
    return f"the rule {code(rule_id)} is not the template's ({where})"


def two_sources(name: str, a_where: str, b_where: str) -> str:
    """Two templates with one evidence from two places."""
    return f"the evidence {code(name)} comes from two places ({a_where} and {b_where})"


def another_source(name: str, source: str, where: str) -> str:
    """Evidence that would come from elsewhere than the template says."""
    return f"the evidence {code(name)} no longer comes from {code(source)}, as the template says ({where})"


def outside_hours(own: str, base: str, where: str) -> str:
    """Hours that are not within the template's."""
    return f"{code(own)} is not within the template's {code(base)} ({where})"


def differ(a: str, a_where: str, b: str, b_where: str) -> str:
    """Two templates, two values, and neither is the stricter."""
    return f"{code(a)} ({a_where}) and {code(b)} ({b_where})"


def nothing_in_common(a_where: str, b_where: str) -> str:
    """Two templates whose permissions exclude each other."""
    return f"their lists ({a_where} and {b_where}) have nothing in common"


def two_rules(rule_id: str, a_where: str, b_where: str) -> str:
    """Two templates with two rules of one id."""
    return f"two rules are called {code(rule_id)} ({a_where} and {b_where})"


def skips_checks() -> Said:
    """`watch.rollback.checks: skip` without `checks` in `relax.allow`."""
    return (
        "`watch.rollback.checks: skip` passes by required checks, and `relax.allow` does not name `checks`",
        "add `checks` to relax.allow, or write `checks: wait`",
    )
