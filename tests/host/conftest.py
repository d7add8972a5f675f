"""Real distributions, made on the fly: a module and a dist-info on a directory of their own."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bascule.host.driver import Hosts
from bascule.host.settings import Limits

CORE = "bascule>=0.1,<0.2"
HEAD = """
from bascule import HOOK_API, hookimpl
from bascule.types import *
"""


class Site:
    """A directory of distributions that is on the search path of the hosts it hands out."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()

    def add(
        self,
        name: str,
        source: str = "",
        *,
        distribution: str | None = None,
        version: str = "1.0.0",
        requires: Sequence[str] = (CORE,),
        points: Mapping[str, str] | None = None,
        scenarios: str | None = None,
    ) -> str:
        """Install a plugin ``name``: ``source`` after a ``scenarios`` hook that offers ``name``."""
        dist = distribution or f"bascule-{name}"
        module = f"plugin_{dist}_{name}".replace("-", "_")
        if scenarios is None:
            scenarios = f"@hookimpl\ndef scenarios():\n    return [Scenario(name={name!r}, api=HOOK_API)]\n"
        (self.root / f"{module}.py").write_text(HEAD + scenarios + textwrap.dedent(source))
        info = self.root / f"{dist.replace('-', '_')}-{version}.dist-info"
        info.mkdir(exist_ok=True)
        needs = "".join(f"Requires-Dist: {r}\n" for r in requires)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: {version}\n{needs}")
        lines = "".join(f"{k} = {v}\n" for k, v in (points or {name: module}).items())
        (info / "entry_points.txt").write_text(f"[bascule]\n{lines}")
        return module

    def hosts(self, *only: str, env: Mapping[str, str] | None = None, **limits: Any) -> Hosts:
        """Return hosts for the plugins ``only`` of this site; generous with time unless told otherwise."""
        slow = dict.fromkeys(("spawn", "gate", "relax", "merge", "restore", "watch", "classify"), 60.0)
        return Hosts.discover(set(only), path=[str(self.root)], limits=Limits(**{**slow, **limits}), env=env)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


GOOD_GATE = """
@hookimpl
def gate(ctx):
    return [Check(rule="good/always", status=Status.ALLOW, found=f"{len(ctx.change.files)} files")]
"""


@pytest.fixture
def good(site: Site) -> Site:
    """A site with one healthy plugin, ``good``, that no broken one may stop."""
    site.add("good", GOOD_GATE)
    return site
