"""What is said about files of objectives, and about the short form in a rulepack."""

from __future__ import annotations

from collections.abc import Iterable

from bascule.messages.config import Said, did_you_mean
from bascule.messages.wording import code, listed


def not_openslo(found: object) -> Said:
    """The document is no OpenSLO of a known version."""
    return (
        f"`apiVersion` is {code(str(found))}",
        "write `apiVersion: openslo/v1`; files of Sloth and Pyrra are turned into it by `bascule slo import FILE`",
    )


def kind_ignored(kind: str) -> str:
    """A kind of OpenSLO that the watch has no use for."""
    return f"a {code(kind)} is not used"


def unknown_kind(kind: object) -> Said:
    """No kind of OpenSLO."""
    return f"`kind` is {code(str(kind))}", "write `kind: SLO`, `SLI` or `DataSource`"


def key_ignored(key: str) -> str:
    """A key that the watch has no use for."""
    return f"{code(key)} is not used"


def no_slo() -> Said:
    """A file without an objective."""
    return "there is no `kind: SLO` in the file", "write one; docs/reference/slo.md shows it"


def twice(name: str, where: str) -> Said:
    """One name for two things."""
    return f"{code(name)} is there already, at {where}", "give it another name"


def no_such(what: str, name: str, known: Iterable[str]) -> Said:
    """A reference leads nowhere in the file."""
    return f"there is no {what} {code(name)} in this file", did_you_mean(name, known)


def one_of_two(one: str, two: str, *, both: bool) -> Said:
    """One of two keys, not none and not both."""
    found = "both are there" if both else "neither is there"
    return f"`{one}` or `{two}`: {found}", f"write one of `{one}` and `{two}`"


def not_prometheus(kind: str) -> Said:
    """A metric source of another type."""
    return (
        f"the metric source is of type {code(kind)}",
        "only `prometheus` can be queried; name it, or leave `type` out",
    )


def bad_target(value: float) -> Said:
    """A target that is no share."""
    return f"the target is {value:g}", "write a share above 0 and below 1, such as `target: 0.999`"


def one_objective(count: int) -> Said:
    """Several objectives in one SLO."""
    return f"{count} objectives in one SLO", "a watch needs one; write an SLO for each of them"


def needs_op() -> Said:
    """A threshold without a comparison."""
    return "a `thresholdMetric` needs `op` and `value`", "write `op: lte` and `value: 0.5`: what is worse is beyond it"


def bad_query(query: str, why: str) -> Said:
    """A query that is not PromQL."""
    return f"{code(query, limit=80)} is not PromQL: {why}", "mend the query; `promtool` or Prometheus says where"


def bad_counts(why: str, fix: str) -> Said:
    """A query that gives no counts."""
    return why, fix


def short_form(text: str) -> Said:
    """One line that is no objective."""
    return (
        f"{code(text, limit=80)} is neither a file nor an objective",
        'write a path ending in .yml, or one of "NAME: 99.9% of GOOD / TOTAL", "NAME: at most 0.1% of BAD / TOTAL", '
        '"NAME: QUERY < 0.5", "NAME: QUERY (up is worse)"',
    )


def unknown_format(found: str) -> Said:
    """A file that cannot be imported."""
    return (
        f"found {found}",
        "give a Sloth file (`version: prometheus/v1`, or kind PrometheusServiceLevel) or a Pyrra file "
        "(kind ServiceLevelObjective of pyrra.dev/v1alpha1)",
    )


def plugin_sli(plugin: str) -> Said:
    """Sloth's plugins generate queries that are not in the file."""
    return f"the SLI comes from the plugin {code(plugin)}", "write its queries as `events`"


def unusable(count: int, names: Iterable[str]) -> tuple[str, str]:
    """Objectives that cannot be used."""
    return f"{count} problems in {listed(names)}", "mend what is listed below, then run this again"


NO_PARSER = "The queries were not parsed here: install bascule[watch] to have them checked as PromQL."
