"""Whose token is taken, that it is gone from the environment, and that nothing ever shows it."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from bascule.errors import UsageError
from bascule.forge.identity import Identity
from bascule.forge.tokens import SECRETS, Secret, Tokens, present, select, take

ACTIONS = {"GITHUB_ACTIONS": "true"}


def origins(tokens: Tokens) -> dict[str, str | None]:
    found = {i.value: getattr(tokens, i.value) for i in Identity}
    return {name: secret.origin if secret else None for name, secret in found.items()}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, (None, None, None, None)),
        ({"GITHUB_TOKEN": "a"}, ("GITHUB_TOKEN",) * 4),
        ({"GH_TOKEN": "a", "GITHUB_TOKEN": "b"}, ("GH_TOKEN",) * 4),
        (
            {"BASCULE_KEEPER_TOKEN": "k", "GH_TOKEN": "a"},
            ("GH_TOKEN", "GH_TOKEN", "BASCULE_KEEPER_TOKEN", "GH_TOKEN"),
        ),
        ({**ACTIONS, "GITHUB_TOKEN": "a"}, ("GITHUB_TOKEN", None, None, None)),
        ({**ACTIONS, "GH_TOKEN": "a", "GITHUB_TOKEN": "b"}, ("GH_TOKEN", "GH_TOKEN", None, None)),
        # The job's own token, passed on under the other name.
        ({**ACTIONS, "GH_TOKEN": "a", "GITHUB_TOKEN": "a"}, ("GH_TOKEN", None, None, None)),
        ({**ACTIONS, "BASCULE_KEEPER_TOKEN": "k"}, (None, None, "BASCULE_KEEPER_TOKEN", None)),
        ({"GH_TOKEN": "  ", "GITHUB_TOKEN": "b"}, ("GITHUB_TOKEN",) * 4),
    ],
)
def test_which_token_each_identity_gets(environ: dict[str, str], expected: tuple[str | None, ...]) -> None:
    assert tuple(origins(take(dict(environ))).values()) == expected


def test_taking_removes_every_secret() -> None:
    environ = {name: f"value-of-{name}" for name in SECRETS} | {"PATH": "/bin", "BASCULE_JOURNAL_PUBKEY": "public"}
    tokens = take(environ)
    assert environ == {"PATH": "/bin", "BASCULE_JOURNAL_PUBKEY": "public"}
    assert not present(environ)
    assert tokens.any
    assert tokens.journal_key is not None
    assert tokens.journal_key.reveal() == "value-of-BASCULE_JOURNAL_KEY"


def test_the_sweeper_may_use_the_keepers_token() -> None:
    tokens = take({**ACTIONS, "BASCULE_KEEPER_TOKEN": "k"})
    assert tokens.require(Identity.SWEEPER).origin == "BASCULE_KEEPER_TOKEN"


def test_a_token_is_stripped() -> None:
    assert take({"GH_TOKEN": " abc\n"}).require(Identity.OBSERVER).reveal() == "abc"


@pytest.mark.parametrize("value", ["hunter2 hunter2", "hunter2\nx", "hunter2\x00", "hünter2"])
def test_a_malformed_token_is_refused_without_showing_it(value: str) -> None:
    with pytest.raises(UsageError) as refused:
        take({"BASCULE_MERGER_TOKEN": value})
    assert "BASCULE_MERGER_TOKEN" in refused.value.message
    assert "nter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("identity", "environ", "hint"),
    [
        (Identity.MERGER, {}, "set BASCULE_MERGER_TOKEN (or GH_TOKEN, GITHUB_TOKEN)"),
        (Identity.KEEPER, ACTIONS, "set BASCULE_KEEPER_TOKEN; inside Actions, GITHUB_TOKEN is enough only for reading"),
        (Identity.MERGER, ACTIONS, "set BASCULE_MERGER_TOKEN (or GH_TOKEN); inside Actions"),
    ],
)
def test_a_missing_token_says_what_to_set(identity: Identity, environ: dict[str, str], hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        take(dict(environ)).require(identity)
    assert refused.value.message == f"no token for the {identity.value}"
    assert refused.value.hint.startswith(hint)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("suffix", ["APP_ID", "APP_KEY"])
def test_an_app_is_refused_and_not_replaced_by_a_general_token(suffix: str) -> None:
    tokens = take({f"BASCULE_KEEPER_{suffix}": "1234", "GH_TOKEN": "a"})
    assert tokens.require(Identity.MERGER).origin == "GH_TOKEN"
    with pytest.raises(UsageError, match="not supported yet") as refused:
        tokens.require(Identity.KEEPER)
    assert "BASCULE_KEEPER_TOKEN" in refused.value.hint


def test_a_secret_does_not_show() -> None:
    secret = Secret(value="hunter2", origin="GH_TOKEN")
    tokens = select({"GH_TOKEN": "hunter2", "BASCULE_JOURNAL_KEY": "hunter2"}, actions=False)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>80}", repr(tokens), str(vars_of(tokens))]
    try:
        raise RuntimeError(secret, tokens)
    except RuntimeError as error:
        shown += traceback.format_exception(error)
    assert not [s for s in shown if "hunter2" in s]


def vars_of(tokens: Tokens) -> dict[str, Any]:
    return {i.value: tokens.get(i) for i in Identity}
