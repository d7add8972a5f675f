"""The host's side: import, register, refuse what could cheat. Requirements were compared before."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pluggy
from attrs import frozen

from bascule import hookspecs
from bascule.host.table import GROUP, HOOKS, Hook
from bascule.messages import host as texts


class PluginRefused(Exception):
    """The plugin cannot be used: ``reason`` says what was found and expected, ``fix`` what to do."""

    def __init__(self, text: texts.Text) -> None:
        super().__init__(text.reason)
        self.reason = text.reason
        self.fix = text.fix


@frozen(kw_only=True)
class Loaded:
    """A plugin that is ready to be called. ``scenarios`` are ``[tag, data]`` pairs."""

    name: str
    manager: pluggy.PluginManager
    hooks: tuple[str, ...]
    scenarios: list[list[Any]]
    api: int

    def implementations(self, hook: str) -> list[pluggy.HookImpl]:
        """Return the implementations of ``hook``, in the order of their names in the module."""
        caller: pluggy.HookCaller = getattr(self.manager.hook, hook)
        return caller.get_hookimpls()

    def row(self) -> dict[str, Any]:
        """Return what the driver is told."""
        return {"hooks": list(self.hooks), "scenarios": self.scenarios, "api": self.api}


Caller = Callable[[Loaded, Hook, Any, int], list[list[Any]]]


def load(request: dict[str, Any], items: int, call: Caller) -> Loaded:
    """Load the plugin of a ``load`` request: its name (``plugin``) and its module (``value``).

    Raises:
        PluginRefused: with the reason. Whatever the plugin's own code raises passes through.
    """
    name = request["plugin"]
    module = import_entry_point(name, request["value"])
    manager = register(name, module)
    hooks = tuple(h for h in HOOKS if getattr(manager.hook, h).get_hookimpls())
    if "scenarios" not in hooks:
        raise PluginRefused(texts.no_scenarios(name))
    ready = Loaded(name=name, manager=manager, hooks=hooks, scenarios=[], api=hookspecs.HOOK_API)
    offered = call(ready, HOOKS["scenarios"], None, items)
    if not offered:
        raise PluginRefused(texts.no_scenarios(name))
    for _, scenario in offered:
        if scenario["api"] != hookspecs.HOOK_API:
            raise PluginRefused(texts.wrong_api(name, scenario["name"], scenario["api"], hookspecs.HOOK_API))
    return Loaded(name=name, manager=manager, hooks=hooks, scenarios=offered, api=hookspecs.HOOK_API)


def import_entry_point(name: str, value: str) -> ModuleType:
    """Import the module that an entry point names.

    Raises:
        PluginRefused: where it names something else, or is not there; other errors of the import pass through.
    """
    target = value.strip()
    if not all(part.isidentifier() for part in target.split(".")):
        raise PluginRefused(texts.not_a_module(name, value))
    return importlib.import_module(target)


def register(name: str, module: ModuleType) -> pluggy.PluginManager:
    """Register ``module`` in a manager of its own and look at every implementation.

    Raises:
        PluginRefused: for a hook that does not exist, a wrapper, an order, or an argument that would never be filled.
    """
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(module, name=name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginRefused(texts.invalid_hook(name, str(error), tuple(HOOKS))) from error
    for hook in HOOKS:
        caller: pluggy.HookCaller = getattr(manager.hook, hook)
        for implementation in caller.get_hookimpls():
            check_implementation(name, hook, implementation)
    return manager


def check_implementation(name: str, hook: str, implementation: pluggy.HookImpl) -> None:
    """Refuse an implementation that could bend another's answer or would not get its argument.

    Raises:
        PluginRefused: with the reason.
    """
    if implementation.wrapper or implementation.hookwrapper:
        raise PluginRefused(texts.wrapper(name, hook))
    if implementation.tryfirst or implementation.trylast:
        raise PluginRefused(texts.ordered(name, hook))
    function = implementation.function
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise PluginRefused(texts.asynchronous(name, hook))
    for parameter in inspect.signature(function).parameters.values():
        plain = parameter.kind in {parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD}
        if not plain or parameter.default is not parameter.empty:
            raise PluginRefused(texts.odd_argument(name, hook, str(parameter)))
