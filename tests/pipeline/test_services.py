"""Addresses that rehearsals may ask come from the machine's owner, and a bad one is refused without being repeated."""

from __future__ import annotations

import pytest

from bascule.errors import UsageError
from bascule.pipeline.services import public, services


def test_addresses_by_name() -> None:
    environ = {
        "BASCULE_SERVICE_NPM": "https://npm.example/root/",
        "BASCULE_SERVICE_GO_PROXY": " http://127.0.0.1:8080 ",
        "BASCULE_SERVICE_OSV": "",
        "BASCULE_SERVICES": "public",
        "BASCULE_TOOL_HELM": "/bin/helm",
    }
    assert services(environ) == {"npm": "https://npm.example/root", "go-proxy": "http://127.0.0.1:8080"}
    assert services({}) == {}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("npm.example", "is no http(s) address"),
        ("ftp://npm.example", "is no http(s) address"),
        ("https://npm.example:port", "is no http(s) address"),
        ("https://", "is no http(s) address"),
        ("https://octo:s3cret@npm.example", "carries a user"),
        ("https://npm.example/?token=s3cret", "carries a user"),
        ("http://npm.example", "is plain http to another machine"),
    ],
)
def test_a_bad_address_is_refused_and_not_repeated(value: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        services({"BASCULE_SERVICE_NPM": value})
    assert f"the address in BASCULE_SERVICE_NPM {said}" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert caught.value.hint


def test_plain_http_elsewhere_is_the_owners_word() -> None:
    environ = {"BASCULE_SERVICE_PROMETHEUS": "http://prometheus.example:9090", "BASCULE_ALLOW_HTTP": "1"}
    assert services(environ) == {"prometheus": "http://prometheus.example:9090"}


def test_public_addresses_are_the_owners_word() -> None:
    assert [public({}), public({"BASCULE_SERVICES": "none"}), public({"BASCULE_SERVICES": "public"})] == [
        False, False, True,
    ]  # fmt: skip
    with pytest.raises(UsageError, match="BASCULE_SERVICES is 'yes'"):
        public({"BASCULE_SERVICES": "yes"})
