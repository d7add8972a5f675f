"""Rules over configuration itself, before there is a plan."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bascule.kit import Answer, Ask, allow, block
from bascule_terraform.book import book
from bascule_terraform.compare import CATEGORIES
from bascule_terraform.rules.common import GLOBS, listed
from bascule_terraform.text import any_match, constraint

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_TAG = re.compile(r"(?:[\w.-]+[-/])?v?\d+\.\d+(?:\.\d+)*(?:[-+.][\w.]+)*")
_EXACT = re.compile(r"\s*=?\s*\d+\.\d+\.\d+[\w.+-]*\s*")
_REGISTRY = re.compile(r"(?:[\w.-]+\.[\w.-]+/)?[\w-]+/[\w-]+/[\w-]+(?://.*)?")


@book.rule(
    "hcl",
    "The configuration changes in no way that deserves a person's eyes, but those allowed.",
    {"allow": {"type": "array", "uniqueItems": True, "items": {"enum": list(CATEGORIES)}}},
    needs="terraform/hcl",
)
def hcl(ask: Ask) -> Answer:
    """Judge findings by category."""
    allowed = set(ask.params.get("allow", ()))
    bad = [f for f in ask.evidence["findings"] if f["what"] not in allowed]
    if bad:
        words = list(dict.fromkeys(f["what"] for f in bad))
        return block(
            f"{listed(f['found'] for f in bad)}",
            expected=f"no change of: {'; '.join(f'{w} ({CATEGORIES[w]})' for w in words)}",
            fix=f"take it out of this change or let a person review it; `allow: [{', '.join(words)}]` in the rule "
            "lets such changes pass",
            paths=dict.fromkeys(f["path"] for f in bad),
        )
    if not ask.evidence["files"]:
        return allow("no Terraform file changed")
    return allow(f"{len(ask.evidence['files'])} Terraform files, nothing in them that is not allowed")


@book.rule(
    "modules-pinned",
    "Every added or changed module call names one version of its module.",
    {
        "registry": {"enum": ["exact", "constraint"]},
        "git": {"enum": ["sha", "tag"]},
        "all": {"type": "boolean"},
        "except": GLOBS,
    },
    needs="terraform/hcl",
)
def modules_pinned(ask: Ask) -> Answer:
    """Judge the sources of module calls; ``except`` are globs of sources that need no pin."""
    calls = [
        m for m in ask.evidence["modules"]
        if (ask.params.get("all") or m["status"] != "same") and not any_match(ask.params.get("except", ()), m["source"])
    ]  # fmt: skip
    bad = [f"{m['name']} in {m['folder']}: {why}" for m in calls if (why := _loose(m, ask.params))]
    if bad:
        return block(
            f"module calls that are not pinned: {listed(bad)}",
            expected="a registry version, or a git ref that is a "
            + ("full commit SHA" if ask.params.get("git", "tag") == "sha" else "tag or a full commit SHA"),
            fix='state `version = "1.2.3"`, or `?ref=` with a tag or commit, in the module call',
        )
    return allow(f"{len(calls)} module calls, all pinned" if calls else "no module call is new or changed")


def _loose(call: Mapping[str, str], params: Mapping[str, object]) -> str:
    """Return why a call is not pinned, empty where it is."""
    source, ref, version = call["source"], call["ref"], call["version"]
    if not source:
        return "its source is not a literal"
    if source.startswith(("./", "../")):
        return ""
    if source.startswith("git::") or re.match(r"(git@|(www\.)?(github|bitbucket)\.(com|org)/)", source):
        if not ref:
            return "a git source without a ref"
        if _SHA.fullmatch(ref):
            return ""
        if params.get("git", "tag") == "sha":
            return f"ref `{ref}` is not a full commit SHA"
        return "" if _TAG.fullmatch(ref) else f"ref `{ref}` looks like a branch"
    if _REGISTRY.fullmatch(source):
        if not version:
            return "a registry module without a version"
        if params.get("registry", "exact") == "exact":
            return "" if _EXACT.fullmatch(version) else f"version `{version}` is a range"
        ceiling = constraint(version)
        return "" if ceiling is not None and ceiling.high is not None else f"version `{version}` has no upper end"
    return f"`{source}` cannot be pinned"
