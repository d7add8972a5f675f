"""Quantities and tags: tables, because no renderer is needed to compare them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bascule_helm.quantities import quantity
from bascule_helm.tags import reference, step


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", "1"), ("0.5", "0.5"), ("500m", "0.5"), ("1Ki", "1024"), ("1.5Gi", "1610612736"), ("128M", "128000000"),
        ("1e3", "1000"), ("2E2", "200"), ("1E", "1000000000000000000"), ("1Ei", "1152921504606846976"), ("-1", "-1"),
        (".5", "0.5"), ("100n", "0.0000001"), ("+1", "1"), ("5.", "5"),
    ],
)  # fmt: skip
def test_quantities(text: str, number: str) -> None:
    assert quantity(text) == Decimal(number)


@pytest.mark.parametrize("text", ["", "m", "1 Gi", "1gi", "1KB", "much", "1e", "--1", "1_000", "١", "1" * 30, "0x10"])
def test_no_quantities(text: str) -> None:
    assert quantity(text) is None


@pytest.mark.parametrize(
    ("before", "after", "far"),
    [
        ("1.2.3", "1.2.3", "same"), ("1.2.3", "1.2.4", "patch"), ("1.2.3", "1.3.0", "minor"),
        ("1.9.0", "1.10.0", "minor"),
        ("v1.2.3", "2.0.0", "major"), ("1.2.3", "1.2.2", "backward"), ("1.25", "1.25.1", "patch"), ("7", "8", "major"),
        ("1.2.3-rc.1", "1.2.3", "patch"), ("1.2.3", "1.2.3-rc.1", "backward"), ("1.2.3-rc.1", "1.2.3-rc.2", "patch"),
        ("1.2.3-beta.2", "1.2.3-rc.1", "patch"), ("1.2.3rc1", "1.2.3", "patch"), ("2.0a1", "2.0b1", "patch"),
        ("1.2.3-alpine", "1.2.4-alpine", "patch"), ("1.2.3-alpine", "1.2.4", "unknown"),
        ("1.2.3", "1.2.4-slim", "unknown"),
        ("1.2.3-alpine3.19", "1.2.3-alpine3.20", "build"), ("1.2.3-debian-12-r5", "1.2.3-debian-12-r4", "backward"),
        ("1.2.3-debian-12-r5", "1.2.4-debian-12-r0", "patch"), ("20240131", "20240201", "major"),
        ("2024-01-31", "2024-02-01", "build"), ("2024-02-01", "2024-01-31", "backward"),
        ("2024.1.31", "2024.2.1", "minor"),
        ("RELEASE.2024-01-31T05-46-38Z", "RELEASE.2024-02-04T22-36-13Z", "build"), ("1.2.3", "20240131", "unknown"),
        ("main-20240131", "main-20240201", "major"), ("main-20240131", "dev-20240201", "unknown"),
        ("abc1234", "def5678", "unknown"), ("1.2.3-abcdef1", "1.2.3-fedcba2", "unknown"),
        ("1.2.3-abcdef1", "1.2.4-fedcba2", "patch"),
        ("latest", "1.2.3", "unknown"), ("1.2.3", "1.2.3abc", "unknown"), ("", "1", "unknown"),
        ("1.2.3-1", "1.2.3-2", "build"),
    ],
)  # fmt: skip
def test_steps(before: str, after: str, far: str) -> None:
    assert step(before, after) == far


@pytest.mark.parametrize(
    ("text", "name", "tag"),
    [
        ("nginx", "docker.io/library/nginx", ""), ("nginx:1", "docker.io/library/nginx", "1"),
        ("acme/shop:1", "docker.io/acme/shop", "1"), ("ghcr.io/acme/shop:v1", "ghcr.io/acme/shop", "v1"),
        ("localhost:5000/a:1", "localhost:5000/a", "1"), ("localhost/a", "localhost/a", ""),
        ("r.example:443/a/b@sha256:" + "a" * 64, "r.example:443/a/b", ""),
    ],
)  # fmt: skip
def test_references(text: str, name: str, tag: str) -> None:
    found = reference(text)
    assert found is not None
    assert (found.name, found.tag) == (name, tag)


@pytest.mark.parametrize(
    "text", ["", "not an image", "a b:1", "UPPER/Case:1", "a:", "a@sha256:1", "http://a/b", "a//b", "x" * 600]
)
def test_no_references(text: str) -> None:
    assert reference(text) is None
