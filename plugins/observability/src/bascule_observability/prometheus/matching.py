"""Which rule of the new side is which of the old: by name, then by file, then by likeness."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from attrs import frozen

from bascule_observability.prometheus.rulefile import Rule


@frozen(kw_only=True)
class Matched:
    """Pairs that are one rule, those that are gone, those that are new, and pairs that only their names tell apart."""

    pairs: tuple[tuple[Rule, Rule], ...]
    gone: tuple[Rule, ...]
    new: tuple[Rule, ...]
    renamed: tuple[tuple[Rule, Rule], ...]


def match(before: Iterable[Rule], after: Iterable[Rule]) -> Matched:
    """Return which of ``after`` is which of ``before``. Moving a rule between groups or files makes it no other."""
    names: dict[tuple[bool, str], tuple[list[Rule], list[Rule]]] = {}
    for at, side in enumerate((before, after)):
        for rule in side:
            names.setdefault((rule.alert, rule.name), ([], []))[at].append(rule)
    pairs: list[tuple[Rule, Rule]] = []
    gone: list[Rule] = []
    new: list[Rule] = []
    for was, now in names.values():
        pairs += _of_one_name(was, now)
        gone += was
        new += now
    renamed = []
    for rule in tuple(gone):
        other = next((n for n in new if n.alert == rule.alert and _same(rule, n)), None)
        if other is not None:
            renamed.append((rule, other))
            gone.remove(rule)
            new.remove(other)
    return Matched(pairs=tuple(pairs), gone=tuple(gone), new=tuple(new), renamed=tuple(renamed))


def _same(old: Rule, new: Rule) -> bool:
    return old.node is not None and old.node == new.node


def _of_one_name(was: list[Rule], now: list[Rule]) -> list[tuple[Rule, Rule]]:
    """Take pairs out of both lists: the surest first, each rule once."""
    found: list[tuple[Rule, Rule]] = []
    for near in (_place, _file, lambda _: ""):
        for exact in (True, False):
            if len(was) == len(now) == 1 and near(was[0]) == near(now[0]):
                found.append((was.pop(), now.pop()))
            for old, new in _ranked(was, now, near, exact):
                if old in was and new in now:
                    found.append((old, new))
                    was.remove(old)
                    now.remove(new)
    return found


def _place(rule: Rule) -> str:
    return f"{rule.path}\0{rule.group}"


def _file(rule: Rule) -> str:
    return rule.path


def _ranked(was: Sequence[Rule], now: Sequence[Rule], near: object, exact: bool) -> list[tuple[Rule, Rule]]:
    place = near if callable(near) else _place
    possible = [(a, b) for a in was for b in now if place(a) == place(b)]
    if exact:
        return [(a, b) for a, b in possible if _same(a, b) and a.labels == b.labels]
    cheap = len(possible) > 400  # many of one name: their labels tell them apart, and comparing texts takes long
    return [pair for _, pair in sorted(((-_likeness(a, b, cheap), (a, b)) for a, b in possible), key=lambda i: i[0])]


def _likeness(old: Rule, new: Rule, cheap: bool) -> float:
    every = {*old.labels, *new.labels}
    labels = sum(old.labels.get(k) == new.labels.get(k) for k in every) / len(every) if every else 1.0
    text = float(_same(old, new)) if cheap else SequenceMatcher(None, old.expr, new.expr, autojunk=False).ratio()
    return labels + text
