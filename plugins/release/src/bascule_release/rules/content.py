"""The rule on what may travel with a release."""

from __future__ import annotations

from bascule.globs import globs
from bascule.kit import Answer, Ask, allow, block
from bascule_release.book import book
from bascule_release.rehearsals import KIND
from bascule_release.rules.common import FILES, listed, unread


@book.rule(
    "only",
    "Nothing changes but statements of the version, changelogs and the files allowed.",
    {
        "allow": {
            "type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1, "maxLength": 512},
            "description": "Globs of other files that may change with a release, such as `changelog.d/**`.",
        },
        "files": FILES,
    },
    needs=KIND,
)  # fmt: skip
def only(ask: Ask) -> Answer:
    """Block whatever travels with a release."""
    bad = unread(ask)
    if bad is not None:
        return bad
    spared = globs(tuple(ask.params.get("allow", ())))
    others = [b for b in ask.evidence["beside"] if not spared.match(b["path"])]
    if others:
        return block(
            listed(f"`{b['path']}` {b['what']}" for b in others),
            expected="a release, and nothing else",
            fix="put the rest into a pull request of its own; `allow` in the rule names files that belong to a release",
            paths=[b["path"] for b in others],
        )
    logs = ask.evidence["changelogs"]
    return allow(f"versions and {listed(logs)}" if logs else "versions only")
