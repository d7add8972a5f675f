"""What tools print is quoted without what looks like a secret, and says the rest."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bascule.kit import RehearsalError, redact, tool
from bascule.testing import make_change, make_pack
from bascule.types import DryRunContext

SECRET = "n0T-f0r-Y0u-9f3a"


@pytest.mark.parametrize(
    "text",
    [
        "remote: ghp_" + "a1B2" * 9,
        "gho_" + "x" * 36 + " is no token",
        "github_pat_" + "11ABCDEFG0" * 5,
        "Access key AKIAIOSFODNN7EXAMPLE was refused",
        "key ASIAIOSFODNN7EXAMPLE",
        "glpat-" + "aB3-" * 6,
        "xoxb-123456789012-abcdefABCDEF",
        "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
        "hvs." + "CAESIJ" * 5,
    ],
)
def test_tokens_by_their_form(text: str) -> None:
    told = redact(text)
    assert "***" in told
    assert max(len(word) for word in told.split()) < 12


@pytest.mark.parametrize(
    "text",
    [
        f"password={SECRET}",
        f"Password: {SECRET}",
        f'db_password = "{SECRET}"',
        f"'api-key': '{SECRET}'",
        f'{{"client_secret":"{SECRET}","a":1}}',
        f"AWS_SECRET_ACCESS_KEY={SECRET}",
        f"aws_secret_access_key => {SECRET}",
        f"postgres://admin:{SECRET}@db.example.com/app",
        f"https://example.com/x?sig={SECRET}&se=1",
        f"Authorization: Bearer {SECRET}",
        f"authorization: token {SECRET}",
        f"curl -H 'Authorization: Basic {SECRET}'",
        f"helm login --password {SECRET}",
        f'tool --registry-token "{SECRET}"',
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{SECRET} and then cut",
        f'token: "a \\" {SECRET}"',
    ],
)
def test_values_by_their_name(text: str) -> None:
    told = redact(text)
    assert SECRET not in told
    assert "***" in told
    assert redact(told) == told


@pytest.mark.parametrize(
    "text",
    [
        "Error: Unsupported argument on main.tf line 3",
        "chart acme/shop 1.2.3: values don't meet the specifications of the schema",
        "exit status 1: tokens are counted, passwords are not",
        "signal: killed",
        "basic authentication failed",
        "author: octo-dev, secrets: found 3",
        "sha256:4be1f0247e9ac01d5f11c3b8f7f4c1b2ad0e",
        "https://example.com:8443/path?page=2",
        "open /tmp/x/.home/key.txt: no such file or directory",
    ],
)
def test_the_rest_is_left_alone(text: str) -> None:
    assert redact(text) == text


def test_what_stands_around_a_secret_stays() -> None:
    assert redact(f'db "a": password = "{SECRET}", size = 3') == 'db "a": password = "***", size = 3'
    assert redact(f"a: b, env: API_TOKEN={SECRET} size=3") == "a: b, env: API_TOKEN=*** size=3"


def test_a_failing_tool_is_quoted_without_its_secrets(tmp_path: Path) -> None:
    change = make_change()
    ctx = DryRunContext(
        change=change, pack=make_pack(), now=change.read_at, objects="", workdir=str(tmp_path),
        tools={"python": sys.executable},
    )  # fmt: skip
    python = tool(ctx, "python", install="install it")
    # The secret lies where the quotation is cut: what is left of it would have lost the name in front.
    code = f"import sys; sys.exit('x' * 50 + ' password={SECRET} ' + 'y ' * 195)"
    with pytest.raises(RehearsalError) as told:
        python.run("-c", code)
    assert SECRET not in told.value.answer.found  # neither in the command nor in what it said
    assert "password=***" in told.value.answer.found
    assert SECRET[-6:] not in told.value.answer.found
    assert "y y y" in told.value.answer.found
