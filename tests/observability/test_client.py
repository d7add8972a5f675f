"""How a Prometheus is asked, in the form of its own tools' configuration."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from tests.support.loopback import Quiet, listening

from bascule_observability.client import ClientError, session


class Recorder(Quiet):
    """Remembers what it was sent."""

    seen: list[dict[str, str]] = []  # noqa: RUF012 - one server, one list

    def do_GET(self) -> None:
        self.seen.append({k.lower(): v for k, v in self.headers.items()})
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture
def server() -> Iterator[str]:
    Recorder.seen.clear()
    with listening(Recorder) as address:
        yield address


def sent(server: str, folder: Path, text: str) -> dict[str, str]:
    file = folder / "http.yml"
    file.write_text(text)
    with session(str(file)) as made:
        made.get(server, timeout=10)
    return Recorder.seen[-1]


def test_bearer_basic_and_headers_are_sent(server: str, tmp_path: Path) -> None:
    (tmp_path / "word").write_text("w0rd\n")
    assert sent(server, tmp_path, "authorization: {credentials_file: word}\n")["authorization"] == "Bearer w0rd"
    typed = "authorization: {type: Token, credentials: abc}\n"
    assert sent(server, tmp_path, typed)["authorization"] == "Token abc"
    basic = "basic_auth: {username: u, password_file: word}\n"
    assert sent(server, tmp_path, basic)["authorization"] == "Basic dTp3MHJk"
    many = "http_headers: {X-Scope-OrgID: {values: [shop, web]}, X-Key: {files: [word]}}\n"
    got = sent(server, tmp_path, many)
    assert (got["x-scope-orgid"], got["x-key"]) == ("shop, web", "w0rd")


def test_without_a_file_nothing_is_added_and_no_environment_is_believed(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with session() as made:
        assert made.get(server, timeout=10).ok
    assert "authorization" not in Recorder.seen[-1]


def test_no_other_server_gets_what_is_sent(server: str, tmp_path: Path) -> None:
    file = tmp_path / "http.yml"
    file.write_text("authorization: {credentials: abc}\n")
    with session(str(file)) as made, pytest.raises(requests.TooManyRedirects):
        made.get(f"{server}/away", timeout=10)


def test_a_certificate_is_held_against_the_ca_that_is_named(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text(ssl.DER_cert_to_PEM_cert(b"\x30\x00"))
    file = tmp_path / "http.yml"
    file.write_text("tls_config: {ca_file: ca.pem, cert_file: ca.pem, key_file: ca.pem}\n")
    with session(str(file)) as made:
        assert made.verify == str(ca)
        assert made.cert == (str(ca), str(ca))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("authorization: {credentials: S3CR}\nbasic_auth: {username: u, password: S3CR}\n", "exclude each other"),
        ("authorization: {}\n", "one of `credentials`"),
        ("authorization: S3CR\n", "`authorization` is no mapping"),
        ("basic_auth: {username: u}\n", "one of `password`"),
        ("basic_auth: {username: u, password_file: nowhere}\n", "`password_file` is not there"),
        ("tls_config: {insecure_skip_verify: true}\n", "has `insecure_skip_verify`"),
        ("tls_config: {cert_file: a}\n", "go together"),
        ("oauth2: {client_secret: S3CR}\n", "has `oauth2`; there is `authorization`"),
        ("http_headers: {X-A: {values: [\"S3CR\\nX-B: c\"]}}\n", "more than one line"),
        ("a: [S3CR\n", "no YAML"),
        ("- S3CR\n", "it is no mapping"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said_without_its_values(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "http.yml"
    file.write_text(text)
    with pytest.raises(ClientError) as caught:
        session(str(file))
    assert said in str(caught.value)
    assert "S3CR" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="cannot be read"):
        session(str(tmp_path / "none"))
