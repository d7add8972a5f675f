"""The reference page: complete, current, and every block in it is a pack that loads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import attrs
import pytest

from bascule.config.reader import read
from bascule.config.settings import Settings
from bascule.config.shape import keys_of
from bascule.config.structure import structure
from bascule.rulepack.catalog import Catalog
from bascule.rulepack.load import load
from bascule.rulepack.reference import END, START, keys, written_into
from bascule.rulepack.schema import PackShape
from bascule.scenarios.allowlist.rules import scenario

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rulepack.md"
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_tables_are_those_of_the_schema() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == written_into(page), "run: python -m bascule.rulepack.reference docs/reference/rulepack.md"


@pytest.mark.parametrize(("subject", "root"), [("keys", PackShape), ("settings", Settings)])
def test_every_key_is_documented(subject: str, root: type) -> None:
    page = PAGE.read_text(encoding="utf-8")
    tables = page.partition(START.format(subject))[2].partition(END.format(subject))[0]
    sections = dict(re.findall(r"^### (.+?)\n(.*?)(?=^### |\Z)", tables, re.DOTALL | re.MULTILINE))
    for key in keys(root):
        parent, _, name = key.rpartition(".")
        section = sections[f"`{parent}`" if parent else "The file"]
        assert f"\n| `{name}` | " in section, key


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_every_block_loads(block: str) -> None:
    pack = load(block, "rulepack/docs.yml", catalog=Catalog.of([scenario()]))
    assert pack.scenario == "allowlist"


def test_there_are_blocks() -> None:
    assert len(BLOCKS) >= 3


def shapes(cls: type) -> Iterator[type]:
    """Yield a shape and every shape below it."""
    yield cls
    for key in keys_of(cls):
        for part in (key.type, *get_args(key.type), *(a for t in get_args(key.type) for a in get_args(t))):
            if isinstance(part, type) and attrs.has(part):
                yield from shapes(part)


def test_every_example_of_a_key_is_accepted() -> None:
    # An example that the loader refuses would teach the mistake.
    tried = 0
    for cls in {c.__name__: c for c in (*shapes(PackShape), *shapes(Settings))}.values():
        for key in (k for k in keys_of(cls) if k.example):
            _, problems = structure(read(f"{key.name}: {key.example}\n", "page"), cls)
            assert [p for p in problems if "is missing" not in p.message] == [], (cls.__name__, key.name)
            tried += 1
    assert tried > 40


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="the page needs"):
        written_into(f"{START.format('keys')} but no end")
