"""The rule on what an object may do outside its sandbox."""

from __future__ import annotations

from bascule.kit import Answer, Ask, allow, block
from bascule_helm.book import book
from bascule_helm.rules.common import listed, named

CATEGORIES = (
    "privileged", "escalation", "host-namespace", "host-path", "host-port", "capabilities", "root", "unconfined",
    "safeguard",
)  # fmt: skip


@book.rule(
    "security",
    "No object gains a way out of its sandbox or loses a safeguard.",
    {"allow": {"type": "array", "uniqueItems": True, "items": {"enum": list(CATEGORIES)}}},
    needs="helm/render",
)
def security(ask: Ask) -> Answer:
    """Judge what is weaker than before, or weak in a new object."""
    passed = set(ask.params.get("allow", ()))
    bad = [
        named(item, f": {weak['path']} ({'lost' if weak['what'] == 'safeguard' else weak['what']})")
        for item in ask.evidence["objects"] for weak in item["weaker"] if weak["what"] not in passed
    ]  # fmt: skip
    if bad:
        return block(
            f"isolation gets weaker: {listed(bad)}", expected="containers as isolated as before",
            fix="take it out, or let a person who knows the workload review it",
        )  # fmt: skip
    return allow("nothing is less isolated than before")
