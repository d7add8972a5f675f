"""Records to JSON and back, and what is kept between two of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from cattrs import Converter

from bascule import wire
from bascule.host import answers
from bascule.testing import make_change, make_context, make_files
from bascule.types import GateContext, Scenario

CONTEXT = make_context(make_change(files=make_files("docs/a.md"), teams={"@acme/all": (1, 2)}))


def test_a_record_comes_back_as_it_was() -> None:
    assert wire.load(wire.dump(CONTEXT), GateContext) == CONTEXT


def test_the_functions_of_a_record_are_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    written: Counter[tuple[str, str]] = Counter()

    def counting(name: str) -> Callable[[Converter, Any], Any]:
        of = getattr(Converter, name)

        def counted(self: Converter, kind: Any) -> Any:
            written[name, kind.__name__] += 1
            return of(self, kind)

        return counted

    for name in ("gen_structure_attrs_fromdict", "gen_unstructure_attrs_fromdict"):
        monkeypatch.setattr(Converter, name, counting(name))
    made = wire.converter.__wrapped__()
    for _ in range(2):
        data = made.unstructure(CONTEXT)
        assert made.structure(data, GateContext) == CONTEXT
    assert {"GateContext", "Change", "Rulepack"} <= {kind for _, kind in written}
    assert set(written.values()) == {1}


def test_what_a_plugin_says_is_still_read_strictly() -> None:
    """Its converter is a copy, and must not take the functions of the one that it is copied from."""
    wire.load({"name": 5, "api": "1"}, Scenario)
    with pytest.raises(Exception, match="structuring Scenario") as wrong:
        answers._strict().structure({"name": 5, "api": 1}, Scenario)
    assert "expected str, found int" in answers._first(wrong.value)
