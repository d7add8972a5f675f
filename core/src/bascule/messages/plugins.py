"""What ``bascule plugins`` says: the table, the doctor's findings, and what a new scenario may be called."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bascule.messages.host import Text, distribution_of
from bascule.messages.wording import code, count, shown
from bascule.types import PluginReport, ToolSpec

# -- new --------------------------------------------------------------------------------------------------------------


def odd_name(name: str, longest: int) -> Text:
    """A name that no rulepack could write."""
    return Text(
        f"found the name {code(name)}, expected lower-case letters, digits and single dashes, a letter first, "
        f"at most {longest} characters",
        "for example: bascule plugins new migrations",
    )


def reserved_name(name: str) -> Text:
    """A word that means something else in YAML, in Python or to the core."""
    return Text(f"{code(name)} means something of its own in YAML, Python or Bascule", "choose another name")


def taken_name(name: str) -> Text:
    """A scenario of this name is installed: two of one name are both refused."""
    return Text(
        f"the name {code(name)} is taken by an installed plugin; two of one name are both refused",
        "choose another name; `bascule plugins list` shows those that are taken",
    )


def folder_taken(folder: Path) -> Text:
    """Something is there already."""
    what = "a folder that is not empty" if folder.is_dir() else "a file"
    return Text(f"found {what}, expected an empty folder or none", "nothing was written; choose another with --dir")


def not_written(problem: str) -> Text:
    """The disk refuses."""
    return Text(f"it cannot be written: {shown(problem)}", "choose a folder that can be written with --dir")


def next_steps(name: str, folder: str) -> tuple[str, ...]:
    """Return the commands that a person runs next, in order."""
    return (
        f"cd {folder}",
        "pip install --editable '.[test]'",
        "pytest",
        f"bascule plugins doctor {name}",
    )


# -- list -------------------------------------------------------------------------------------------------------------

NOTHING_INSTALLED = "No plugin is installed. Try: pip install bascule-terraform"


def summary(reports: Sequence[PluginReport]) -> str:
    """Return the sentence below the table."""
    bad, off = (sum(r.status == status for r in reports) for status in ("quarantined", "off"))
    said = ", ".join(f"{n} {what}" for n, what in ((bad, "quarantined"), (off, "off")) if n)
    tail = f", {said}: a rulepack that names one of these blocks" if said else ""
    return f"{count(len(reports), 'plugin')}{tail}."


# -- doctor -----------------------------------------------------------------------------------------------------------


def not_installed(name: str) -> Text:
    """No plugin and no scenario of that name."""
    return Text(
        f"no plugin or scenario {code(name)} is installed",
        f"pip install {distribution_of(name)}, or see `bascule plugins list`",
    )


def loads(report: PluginReport) -> str:
    """The plugin is usable."""
    offers = ", ".join(report.scenarios)
    return (
        f"hook API {report.api}; {count(len(report.scenarios), 'scenario')} ({offers}); hooks {', '.join(report.hooks)}"
    )


NO_GATE = Text("it has no gate", "implement `gate`: a pack that binds to this scenario blocks without one")


def requires(held: Sequence[str]) -> str:
    """Everything that the distribution declares is installed."""
    few = held[:5]
    rest = f" and {len(held) - len(few)} more" if len(held) > len(few) else ""
    return f"{', '.join(few)}{rest}"


def starts(seconds: float, limit: float) -> str:
    """Its process answered."""
    return f"answered in {seconds:.1f} s; the limit is {limit:g} s"


NO_TEMPLATES = Text("it packages no rulepack", "add rulepack/default.yml, so that teams can extend it")


def templates(number: int, examples: int) -> str:
    """All examples hold."""
    return f"{count(number, 'template')}, {count(examples, 'example')} as expected"


def broken_template(problem: str) -> Text:
    """A packaged rulepack that does not load."""
    return Text(f"a template does not load: {shown(problem, limit=600)}", "mend it, or upgrade the plugin")


def broken_examples(wrong: Sequence[str], of: int) -> Text:
    """Examples that got another verdict than they promise."""
    return Text(
        f"{len(wrong)} of {count(of, 'example')} not as expected: {'; '.join(wrong[:3])}"
        + (f"; + {len(wrong) - 3} more" if len(wrong) > 3 else ""),
        "run `bascule rulepack test --templates` for the whole verdict; where a tool is missing, install it first",
    )


def tool_here(spec: ToolSpec, version: str, path: str) -> str:
    """A program that is there and will do."""
    return f"{spec.name} {version} ({path})"


def tool_missing(spec: ToolSpec) -> Text:
    """A program that is not there."""
    need = "is used" if spec.optional else "is needed"
    return Text(f"{code(spec.name)} is not on PATH; it {need} for {spec.why}", f"{spec.install}.")


def tool_mute(spec: ToolSpec, problem: str) -> Text:
    """A program that is there and does not tell its version."""
    command = " ".join((spec.name, *spec.version))
    return Text(f"{code(command)} does not tell a version: {shown(problem)}", f"{spec.install}.")


def tool_old(spec: ToolSpec, version: str) -> Text:
    """A program that is too old."""
    return Text(
        f"{code(spec.name)} is {version}, expected {spec.at_least} or newer; it is needed for {spec.why}",
        f"{spec.install}.",
    )


def verdict(plugins: int, sick: int) -> str:
    """Return the sentence below the findings."""
    if not sick:
        return f"{count(plugins, 'plugin')}: nothing to mend."
    return f"{count(plugins, 'plugin')}: {sick} with something to mend."
