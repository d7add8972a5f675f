"""Ports are made when needed, each with its identity's token; a window is not slowed down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from forge_answers import snapshot

from bascule.clock import ManualClock
from bascule.errors import UsageError
from bascule.forge import Connection, Secret, Tokens, connect, resolve
from bascule.forge.github import Spacing
from bascule.forge.identity import Identity
from bascule.forge.ports import LostReplyError
from bascule.forge.retrying import RetryPolicy

KEPT = {"url": "x", "enforce_admins": {"enabled": True}}


def secret(value: str) -> Secret:
    return Secret(value=value, origin="BASCULE_KEEPER_TOKEN")


def opened(script: Any, tmp_path: Path, clock: ManualClock, tokens: Tokens, **more: Any) -> Connection:
    environ = {"BASCULE_API_URL": script.url, "XDG_CACHE_HOME": str(tmp_path)}
    target = resolve("octo/box#5", environ=environ, folder=tmp_path)
    return connect(target, tokens, clock=clock, environ=environ, retry=RetryPolicy(jitter=0.0), **more)


def test_each_identity_uses_its_own_token(script: Any, tmp_path: Path, clock: ManualClock) -> None:
    gh = opened(script, tmp_path, clock, Tokens(observer=secret("o"), keeper=secret("k"), sweeper=secret("s")))
    script.graphql(snapshot()).say(200, KEPT)
    gh.observer.snapshot(5)
    gh.keeper.protection("main")
    assert [s.headers["authorization"] for s in script.seen] == ["token o", "token k"]
    assert [c.identity for c in gh.calls] == [Identity.OBSERVER, Identity.KEEPER]
    assert not gh.same(Identity.OBSERVER, Identity.KEEPER)
    gh.close()


def test_a_sweeper_uses_the_sweepers(script: Any, tmp_path: Path, clock: ManualClock) -> None:
    tokens = Tokens(keeper=secret("k"), sweeper=secret("s"))
    gh = opened(script, tmp_path, clock, tokens, administrator=Identity.SWEEPER)
    script.say(200, KEPT)
    gh.keeper.protection("main")
    assert script.seen[0].headers["authorization"] == "token s"
    assert [c.identity for c in gh.calls] == [Identity.SWEEPER]
    gh.close()


def test_a_port_without_a_token_says_so_when_it_is_used(script: Any, tmp_path: Path, clock: ManualClock) -> None:
    gh = opened(script, tmp_path, clock, Tokens(observer=secret("o")))
    assert gh.has(Identity.OBSERVER)
    assert not gh.has(Identity.MERGER)
    for port in ("merger", "keeper", "journal"):
        with pytest.raises(UsageError, match="no token for the"):
            getattr(gh, port)
    with pytest.raises(UsageError, match="no token for the merger"):
        gh.reporter.sticky(5, "x")
    assert script.seen == []


def test_the_name_learnt_by_one_port_serves_all(script: Any, tmp_path: Path, clock: ManualClock) -> None:
    gh = opened(script, tmp_path, clock, Tokens(observer=secret("o"), keeper=secret("k")))
    script.graphql(snapshot(nameWithOwner="octo/crate")).say(200, KEPT)
    gh.observer.snapshot(5)
    gh.keeper.protection("main")
    assert script.lines[1] == "GET /repos/octo/crate/branches/main/protection"
    gh.close()


def test_a_window_waits_for_nothing(script: Any, tmp_path: Path, clock: ManualClock) -> None:
    spacing = Spacing(calls=1.0, writes=5.0)
    gh = opened(script, tmp_path, clock, Tokens(keeper=secret("k")), spacing=spacing)
    with gh.unspaced():
        script.say(200, KEPT).say(200, KEPT).say(502, {})
        gh.keeper.protection("main")
        gh.keeper.protection("main")
        with pytest.raises(LostReplyError):
            gh.keeper.protection("main")
    assert clock.sleeps == []
    assert len(script.seen) == 3
    script.say(502, {}).say(200, KEPT)
    gh.keeper.protection("main")
    assert clock.sleeps == [1.0, 0.5, 0.5]  # spaced; then repeated, and spaced again
    gh.close()


def test_loopback_is_not_spaced(script: Any, tmp_path: Path, clock: ManualClock) -> None:
    gh = opened(script, tmp_path, clock, Tokens(keeper=secret("k")))
    for _ in range(3):
        script.say(200, KEPT)
        gh.keeper.protection("main")
    assert clock.sleeps == []
    gh.close()


def test_nothing_of_a_connection_shows_a_token(script: Any, tmp_path: Path, clock: ManualClock) -> None:
    gh = opened(script, tmp_path, clock, Tokens(keeper=secret("hunter2")))
    script.say(200, KEPT)
    gh.keeper.protection("main")
    shown = [repr(gh), repr(gh.calls), str(list(gh.calls)), repr(gh.keeper), *gh.calls.lines()]
    assert not [s for s in shown if "hunter2" in s]
    gh.close()
