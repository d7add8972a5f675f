"""What the title says, held against the difference."""

from __future__ import annotations

from bascule.kit import Answer, Ask, allow, block
from bascule_deps.book import CHANGES, book
from bascule_deps.rules.common import listed, summary, unread


@book.rule(
    "title-matches",
    "What the title says is what the difference does.",
    {"unparsable": {"enum": ["block", "allow"], "description": "For titles of no known form; `block` without it."}},
    needs=CHANGES,
)
def title_matches(ask: Ask) -> Answer:
    """Block a title that names another package or version than those that move."""
    from bascule_deps.titles import claim, lies

    if (unreadable := unread(ask)) is not None:
        return unreadable
    said = claim(ask.change.title)
    if said is None:
        if ask.params.get("unparsable", "block") == "allow":
            return allow("the title has no form that says what moves")
        return block(
            f"the title {ask.change.title!r} does not say what moves",
            expected="a title such as `Bump lodash from 4.17.20 to 4.17.21`",
            fix="say in the title which package moves from where to where",
        )
    wrong = lies(said, list(ask.evidence["updates"]))
    if wrong:
        return block(
            f"the title says {ask.change.title!r}, but {listed(wrong)}",
            expected="a difference that does what the title says, and no more",
            fix="find out why they disagree; a bot's title is made from its difference",
        )
    return allow(f"the title is true of {summary(ask)}")
