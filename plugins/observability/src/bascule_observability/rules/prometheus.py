"""Rules over what promtool says, and over what alerts would have done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bascule.kit import Answer, Ask, allow, block, error, wait
from bascule_observability.book import book
from bascule_observability.findings import listed

_COUNT = {"type": "integer", "minimum": 0}
_SHARE = {"type": "number", "minimum": 0, "maximum": 1}


@book.rule(
    "prom-check",
    "promtool finds nothing in rule files and configuration that it did not find before.",
    needs="observability/prom-check",
)
def prom_check(ask: Ask) -> Answer:
    """Judge what promtool says."""
    found = ask.evidence["findings"]
    if found:
        return block(
            listed(f["found"] for f in found), expected="files that `promtool check` accepts",
            fix="run `promtool check rules FILE` (or `check config`) on the change's head and mend what it says",
            paths=dict.fromkeys(f["path"] for f in found),
        )  # fmt: skip
    files = ask.evidence["files"]
    return allow(f"promtool accepts {len(files)} files" if files else "no rule file changed, and no configuration")


@book.rule(
    "prom-test",
    "Unit tests that name changed rule files pass, and changed alerts have some.",
    {"require": {"enum": ["changed", "all", "none"]}},
    needs="observability/prom-test",
)
def prom_test(ask: Ask) -> Iterator[Answer]:
    """Judge the tests that were run, and which alerts none of them asks for."""
    require = ask.params.get("require", "changed")
    bad = ask.evidence["findings"]
    if bad:
        yield block(
            listed((f["found"] for f in bad), 3), expected="every unit test of a changed rule file passes",
            fix="run `promtool test rules FILE` on the change's head; mend the rule or the test",
            paths=[f["path"] for f in bad],
        )  # fmt: skip
    wanted = [
        a for a in ask.evidence["alerts"] if require == "all" or (require, a["status"] != "same") == ("changed", True)
    ]
    bare = [a for a in wanted if not a["covered"]]
    if bare:
        yield block(
            f"alerts without a test: {listed(a['name'] for a in bare)}",
            expected="a unit test that names the rule file and asks for the alert in `alert_rule_test`",
            fix="add one beside the rules, such as `NAME_test.yml`; `require: none` in the rule asks for none",
            paths=dict.fromkeys(a["path"] for a in bare),
        )
    if not bad and not bare:
        yield allow(f"{len(ask.evidence['ran'])} test files pass, {len(wanted)} alerts that need one have one")


@book.rule(
    "prom-backtest",
    "New and changed alerts would have fired no more often over the past than the pack allows.",
    {
        "type": "object", "additionalProperties": False,
        "anyOf": [{"required": [k]} for k in ("max_fires", "max_share", "more_fires")],
        "properties": {
            "days": {"type": "number", "exclusiveMinimum": 0, "maximum": 90},
            "step": {"type": "integer", "minimum": 5, "maximum": 3600},
            "max_fires": _COUNT, "more_fires": _COUNT, "max_share": _SHARE, "min_coverage": _SHARE,
            "no_series": {"enum": ["wait", "block", "allow"]},
        },
    },
    needs="observability/backtest",
)  # fmt: skip
def prom_backtest(ask: Ask) -> Iterator[Answer]:
    """Judge each alert's past; where there is none to judge by, that is said and is no health."""
    ran = ask.evidence["rules"].get(ask.rule.id)
    if ran is None:
        if ask.evidence["rules"]:
            yield error("a rehearsal of another rule", expected="one of this rule", fix="give each rule its own id")
        else:
            yield allow("no alert is new or fires otherwise")
        return
    days, params = ask.params.get("days", 7), ask.params
    noisy = [f"{a['name']} {words}" for a in ran if (words := _noisy(a, params))]
    blind = [a for a in ran if a["coverage"] < max(params.get("min_coverage", 0.5), 1e-9)]
    if noisy:
        yield block(
            f"over the last {days:g} days: {listed(noisy)}",
            expected=", ".join(f"{k} {params[k]}" for k in ("max_fires", "max_share", "more_fires") if k in params),
            fix="raise the threshold or `for`, or let a person decide that so many are right",
            paths=dict.fromkeys(a["path"] for a in ran),
        )
    if blind and params.get("no_series", "wait") != "allow":
        shown = listed(f"{a['name']} ({_blind(a)})" for a in blind)
        expected = f"series in at least {params.get('min_coverage', 0.5):.0%} of the last {days:g} days"
        fix = "see that the names and matchers are right and the data is scraped; `no_series: allow` accepts silence"
        if params.get("no_series") == "block":
            yield block(f"no series to judge by: {shown}", expected=expected, fix=fix, paths=[a["path"] for a in blind])
        else:
            yield wait(f"no series to judge by: {shown}", expected=expected, fix=fix)
    elif not noisy:
        yield allow(f"over the last {days:g} days: " + listed(f"{a['name']} {_told(a)}" for a in ran))


def _noisy(alert: Mapping[str, Any], params: Mapping[str, Any]) -> str:
    old = alert["old_fires"]
    over = (
        alert["fires"] > params.get("max_fires", alert["fires"])
        or alert["share"] > params.get("max_share", 1)
        or ("more_fires" in params and alert["fires"] - (old or 0) > params["more_fires"])
    )
    return _told(alert) if over else ""


def _told(alert: Mapping[str, Any]) -> str:
    old = alert["old_fires"]
    before = f" (before the change {old})" if old is not None else ""
    minutes, share = alert["seconds"] / 60, alert["share"]
    return f"would have fired {alert['fires']} times{before}, {minutes:.0f} min, {share:.2%} of the time"


def _blind(alert: Mapping[str, Any]) -> str:
    return (
        f"nothing of {', '.join(alert['silent'])}" if alert["silent"] else f"data {alert['coverage']:.0%} of the time"
    )
