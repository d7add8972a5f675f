"""Addresses that rehearsals may ask come from the machine's owner, and a bad one is refused without being repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from bascule.errors import UsageError
from bascule.pipeline.services import clients, public, services


def test_addresses_by_name() -> None:
    environ = {
        "BASCULE_SERVICE_NPM": "https://npm.example/base/",
        "BASCULE_SERVICE_GO_PROXY": " http://127.0.0.1:8080 ",
        "BASCULE_SERVICE_OSV": "",
        "BASCULE_SERVICES": "public",
        "BASCULE_TOOL_HELM": "/bin/helm",
    }
    assert services(environ) == {"npm": "https://npm.example/base", "go-proxy": "http://127.0.0.1:8080"}
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


def test_how_a_service_is_asked_is_a_file_whose_path_alone_is_known(tmp_path: Path) -> None:
    file = tmp_path / "http.yml"
    file.write_text("authorization: {credentials: s3cret}\n")
    environ = {"BASCULE_SERVICE_GO_PROXY": "https://go.example", "BASCULE_HTTP_CONFIG_GO_PROXY": str(file)}
    assert clients(environ) == {"go-proxy": str(file)}
    with pytest.raises(UsageError, match="BASCULE_HTTP_CONFIG_GO_PROXY is set, and BASCULE_SERVICE_GO_PROXY is not"):
        clients({"BASCULE_HTTP_CONFIG_GO_PROXY": str(file)})
    file.unlink()
    with pytest.raises(UsageError, match="cannot be read") as caught:
        clients(environ)
    assert caught.value.hint
