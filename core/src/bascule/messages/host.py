"""What is said about plugins and their hosts: why one is quarantined, why a call failed, what to do next."""

from __future__ import annotations

import difflib
import signal
from collections.abc import Sequence

from attrs import frozen

from bascule.messages.wording import code, shown


@frozen
class Text:
    """Why, and what to do next. ``fix`` is never empty."""

    reason: str
    fix: str


# -- quarantine: what a plugin's row says -----------------------------------------------------------------------------


def _author(text: str) -> str:
    return f"Tell the plugin's authors: {text}"


def distribution_of(name: str) -> str:
    """Return the distribution that a plugin or scenario of that name is looked for in."""
    return f"bascule-{name}"


def unreadable_distribution(where: str, problem: str) -> Text:
    """A distribution on the search path whose metadata cannot be read."""
    return Text(f"its metadata cannot be read: {shown(problem)}", f"Reinstall it: {code(where)} is damaged.")


def name_clash(name: str, sources: Sequence[str]) -> Text:
    """One name from two distributions: neither is used, because which one comes first is chance."""
    return Text(
        f"{code(name)} is offered by {' and '.join(code(s) for s in sources)}; expected one distribution per name",
        f"Uninstall one of them: {' or '.join(f'`pip uninstall {s.split()[0]}`' for s in sources)}.",
    )


def left_out(name: str, variable: str) -> Text:
    """An installed plugin that the machine's owner did not choose."""
    return Text(f"{code(variable)} does not name it", f"Add {code(name)} to {code(variable)}, or unset the variable.")


def chosen_not_installed(name: str) -> Text:
    """A plugin that was chosen and is not there."""
    return Text(
        f"the plugin {code(name)} is not installed",
        f"`pip install {distribution_of(name)}`, or take the name out; `bascule plugins list` shows what is installed",
    )


def odd_name(name: str, kind: str) -> Text:
    """A name that cannot be written in a rulepack."""
    return Text(
        f"the {kind} is called {code(name)}; expected lower-case letters, digits and dashes, a letter first",
        _author(f"rename the {kind}."),
    )


def unreadable_requirement(distribution: str, text: str) -> Text:
    """A Requires-Dist line that is not one."""
    return Text(
        f"{code(distribution)} requires {code(text)}, which is not a requirement", _author("mend Requires-Dist.")
    )


def missing_requirement(distribution: str, name: str, text: str) -> Text:
    """A requirement that is not installed."""
    return Text(
        f"{code(distribution)} needs {code(text)}; {code(name)} is not installed", f"`pip install '{shown(text)}'`"
    )


def wrong_version(distribution: str, name: str, found: str, wanted: str) -> Text:
    """A requirement that is installed in another version."""
    return Text(
        f"{code(distribution)} needs {code(name + wanted)}; found {name} {found}",
        f"`pip install --upgrade {distribution}`, or install {name} {wanted}.",
    )


def no_core_requirement(distribution: str, core: str) -> Text:
    """The distribution does not say which core it was written for, so nothing can be promised."""
    major, minor = core.split(".")[:2]
    return Text(
        f"{code(distribution)} does not say which bascule it was written for; expected a requirement on it",
        _author(f"declare the dependency `bascule>={major}.{minor},<{major}.{int(minor) + 1}`."),
    )


def not_a_module(name: str, value: str) -> Text:
    """An entry point that names an object instead of a module."""
    return Text(
        f"the entry point is {code(f'{name} = {value}')}; expected a module, such as `bascule_{name}.plugin`",
        _author("name the module that holds the marked functions."),
    )


def invalid_hook(name: str, problem: str, hooks: Sequence[str]) -> Text:
    """A marked function that is no hook, or takes what the hook does not give."""
    words = problem.replace("'", " ").split()
    near = next((m[0] for w in words if w not in hooks and (m := difflib.get_close_matches(w, hooks, 1, 0.75))), "")
    said = " ".join(problem.split())
    hint = f"did you mean `{near}`?" if near else f"the hooks are {', '.join(hooks)}."
    return Text(f"{code(name)} marks a function that is not a hook: {shown(said, limit=300)}", _author(hint))


def wrapper(name: str, hook: str) -> Text:
    """A hook wrapper: it could turn another plugin's answer into an allow."""
    return Text(
        f"{code(name)} wraps the hook {code(hook)}; wrappers are refused, they could change another plugin's answer",
        _author("use a plain `@hookimpl`."),
    )


def ordered(name: str, hook: str) -> Text:
    """``tryfirst`` or ``trylast``, which would have no effect."""
    return Text(
        f"{code(name)} asks for a place in the order of {code(hook)} (tryfirst, trylast); "
        "plugins are asked in the order of their names",
        _author("use a plain `@hookimpl`."),
    )


def asynchronous(name: str, hook: str) -> Text:
    """An ``async def``, which nothing would await."""
    return Text(
        f"{code(name)} implements {code(hook)} as a coroutine; expected a plain function", _author("use `def`.")
    )


def odd_argument(name: str, hook: str, parameter: str) -> Text:
    """An argument that would never be filled."""
    return Text(
        f"{code(name)} declares {code(parameter)} in {code(hook)}; expected the hook's own argument without a default",
        _author("take `ctx` (in `classify`: `failure`) or nothing."),
    )


def no_scenarios(name: str) -> Text:
    """A plugin that offers nothing a rulepack could name."""
    return Text(
        f"{code(name)} offers no scenario; expected the hook `scenarios` to answer at least one",
        _author("implement `scenarios`; its records also state the `api`."),
    )


def wrong_api(name: str, scenario: str, found: object, expected: int) -> Text:
    """A plugin that was written for another version of the hooks."""
    newer = isinstance(found, int) and found > expected
    return Text(
        f"{code(name)} was written for hook API {found} (scenario {code(scenario)}); this bascule speaks {expected}",
        "`pip install --upgrade bascule`" if newer else f"`pip install --upgrade {distribution_of(name)}`",
    )


def bad_scenario(name: str, problem: str) -> Text:
    """A scenario record that cannot be used."""
    return Text(f"{code(name)} offers a scenario that cannot be used: {shown(problem, limit=400)}", _author("mend it."))


def did_not_load(fault: str, source: str) -> Text:
    """The plugin's own code failed while it was imported or asked for scenarios."""
    return Text(
        f"it did not load: {shown(fault, limit=600)}",
        f"Upgrade or uninstall {code(source)}; its authors want to see the line above.",
    )


# -- faults of a call -------------------------------------------------------------------------------------------------


def timed_out(hook: str, seconds: float) -> str:
    """The time limit passed; the process group was killed."""
    return f"{hook} did not answer within {seconds:g} s and was ended"


def died(hook: str, returncode: int | None) -> str:
    """The process ended by itself."""
    if returncode is None:
        how = "closed its pipe"
    elif returncode < 0:
        how = f"was killed by {signal.Signals(-returncode).name}"
    else:
        how = f"ended with exit code {returncode}"
    return f"its process {how} during {hook}"


def cannot_start(problem: str) -> str:
    """The process could not be started."""
    return f"its process could not be started: {shown(problem)}"


def broke_protocol(hook: str) -> str:
    """Something other than the answer was written into the pipe."""
    return f"its process wrote something that is not an answer to {hook}"


def answer_too_long(hook: str, limit: int) -> str:
    """More bytes than an answer may have."""
    return f"its answer to {hook} is longer than {limit:,} bytes"


def printed_too_much(hook: str, limit: int) -> str:
    """More output than a call may print."""
    return f"it printed more than {limit:,} bytes during {hook} and was ended"


def wrong_shape(hook: str, problem: str) -> str:
    """An answer whose fields are not what the record says."""
    return f"its answer to {hook} has the wrong shape: {shown(problem, limit=400)}"


def last_output(fault: str, output: str) -> str:
    """Add the end of what was printed to a fault."""
    tail = shown(" ".join(output.split())[-200:])
    return f"{fault}; it last printed: {tail}" if tail else fault
