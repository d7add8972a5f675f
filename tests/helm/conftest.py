"""Every test of rendering runs with both helms."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.helm.kit import HELMS, Judge, judge_with


@pytest.fixture(params=[pytest.param(h, marks=pytest.mark.tool(h)) for h in HELMS])
def judge(request: pytest.FixtureRequest, tmp_path: Path) -> Judge:
    """Return what judges a change with Helm 4, and again with Helm 3."""
    return judge_with(request.param, tmp_path)


@pytest.fixture
def judged(tmp_path: Path) -> Judge:
    """Return what judges where no helm is needed, or one of them is enough."""
    return judge_with("helm", tmp_path)
