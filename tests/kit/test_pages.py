"""What the pages on the kit show runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from attrs import evolve

from bascule.scratch import pair
from bascule.testing import make_change, make_context, make_pack
from bascule.types import DryRunContext, Evidence, Status

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def shown(page: str, word: str) -> dict[str, Any]:
    """Return the names that the page's block with ``word`` defines."""
    blocks = re.findall(r"(?ms)^```python\n(.*?)^```$", (REFERENCE / page).read_text())
    (block,) = [b for b in blocks if word in b]
    names: dict[str, Any] = {"__name__": page}
    exec(compile(block, page, "exec"), names)
    return names


def test_the_kits_page(tmp_path: Path) -> None:
    book = shown("kit.md", "Book(")["book"]
    pack = make_pack(scenario="acme", rules=[{"id": "x", "use": "acme/additive", "params": {}}])
    pack = evolve(pack, sha256="ab" * 32)
    for at, (after, status) in enumerate([("CREATE TABLE b (id int);", Status.ALLOW), ("DROP TABLE a;", Status.BLOCK)]):
        made = pair(tmp_path / str(at), {"migrations/1.sql": "CREATE TABLE a (id int);"}, {"migrations/2.sql": after})
        change = make_change(head_sha=made.head, base_sha=made.base, merge_tree=made.tree, files=made.files)
        ctx = DryRunContext(
            change=change, pack=pack, now=change.read_at, objects=str(made.objects), workdir=str(tmp_path)
        )
        proofs = tuple(e for e in book.dry_run(ctx) if isinstance(e, Evidence))
        (check,) = book.gate(make_context(change, pack, evidence=proofs))
        assert check.status is status, check


def test_the_benchs_page(tmp_path: Path) -> None:
    shown("testing.md", "Bench(")["test_a_major_step_is_refused"](tmp_path)


def test_the_test_kits_page_runs_the_command_line(bascule_run: Any) -> None:
    shown("testing.md", "bascule_run(")["test_the_packaged_examples_hold"](bascule_run)
