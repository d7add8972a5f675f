"""The control plane: clock, faults, log, state; and what survives a crash."""

from __future__ import annotations

import socket
import urllib.error
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests


def test_clock_moves_dates_and_survives_a_restart(sim: Any, dev: Any) -> None:
    before = parsedate_to_datetime(dev.call("GET", "/meta").headers["Date"])
    sim.control("clock", {"advance": 86400})
    after = parsedate_to_datetime(dev.call("GET", "/meta").headers["Date"])
    assert (after - before).total_seconds() >= 86400
    sim.restart()
    assert sim.control("clock")["offset"] == 86400
    made = dev.ok("POST", "/user/repos", {"name": "later"}, 201)
    assert datetime.fromisoformat(made["created_at"]) >= before.replace(microsecond=0)


def test_state_survives_kill(sim: Any, dev: Any) -> None:
    repo = dev.make_repo()
    dev.ok("POST", f"/repos/{repo}/git/refs", {"ref": "refs/bascule/lock", "sha": dev.head(repo)}, 201)
    dev.ok("PUT", f"/repos/{repo}/collaborators/octo-reader", {"permission": "maintain"}, 201)
    before = sim.control("state")
    sim.kill()
    sim.start()
    assert sim.control("state") == before
    assert dev.ok("GET", f"/repos/{repo}/collaborators/octo-reader/permission")["role_name"] == "maintain"
    assert dev.ok("GET", f"/repos/{repo}/git/ref/bascule/lock")["object"]["sha"] == dev.head(repo)


def test_the_state_of_one_repository(sim: Any, dev: Any) -> None:
    one, other = (dev.ok("POST", "/user/repos", {"name": name, "auto_init": True}, 201) for name in ("one", "two"))
    whole, found = sim.control("state"), sim.control("state", {"repo": one["id"]})
    assert {r["id"] for r in whole["repos"]} >= {one["id"], other["id"]}
    assert [r["id"] for r in found["repos"]] == [one["id"]]
    assert found["labels"] == [r for r in whole["labels"] if r["repo_id"] == one["id"]] != []
    assert found["refs"] == {str(one["id"]): whole["refs"][str(one["id"])]}
    assert found["users"] == []
    with pytest.raises(urllib.error.HTTPError) as refused:
        sim.control("state", {"repo": 1})
    with refused.value as error:
        assert error.code == 422


def test_state_and_log_hold_no_tokens(sim: Any, dev: Any) -> None:
    dev.make_repo()
    for text in (str(sim.control("state")), str(sim.control("requests"))):
        assert "tok-dev" not in text
        assert "digest" not in text


def test_request_log(sim: Any, dev: Any) -> None:
    repo = dev.make_repo()
    sim.control("requests", method="DELETE")
    dev.call("GET", f"/api/v3/repos/{repo}/branches?per_page=5")
    dev.call("GET", "/repos/no/where")
    rows = [(r["method"], r["path"], r["query"], r["status"], r["user"]) for r in sim.control("requests")]
    assert rows == [
        ("GET", f"/repos/{repo}/branches", "per_page=5", 200, "octo-dev"),
        ("GET", "/repos/no/where", "", 404, "octo-dev"),
    ]


def test_fail_before_acting_on_the_nth_request(sim: Any, dev: Any) -> None:
    repo = dev.make_repo()
    sim.control(
        "faults",
        [
            {
                "action": "fail",
                "method": "POST",
                "path": "/git/refs$",
                "nth": 2,
                "status": 503,
                "body": {"message": "no"},
            }
        ],
    )
    sha = dev.head(repo)
    codes = [
        dev.call("POST", f"/repos/{repo}/git/refs", {"ref": f"refs/heads/{name}", "sha": sha}).status_code
        for name in "abc"
    ]
    assert codes == [201, 503, 201]
    assert [b["name"] for b in dev.ok("GET", f"/repos/{repo}/branches")] == ["a", "c", "main"]


@pytest.mark.parametrize("drop", [False, True])
def test_lost_reply_was_applied(sim: Any, dev: Any, drop: bool) -> None:
    repo = dev.make_repo()
    sim.control("faults", {"action": "lose", "method": "POST", "path": "/git/refs$", "drop": drop})
    body = {"ref": "refs/heads/x", "sha": dev.head(repo)}
    if drop:
        with pytest.raises(requests.exceptions.ConnectionError):
            dev.call("POST", f"/repos/{repo}/git/refs", body)
    else:
        assert dev.call("POST", f"/repos/{repo}/git/refs", body).status_code == 502
    assert dev.head(repo, "x") == dev.head(repo)


def test_dropped_request_was_not_applied(sim: Any, dev: Any) -> None:
    repo = dev.make_repo()
    sim.control("faults", {"action": "drop", "method": "POST", "path": "/git/refs$"})
    with pytest.raises(requests.exceptions.ConnectionError):
        dev.call("POST", f"/repos/{repo}/git/refs", {"ref": "refs/heads/x", "sha": dev.head(repo)})
    assert dev.call("GET", f"/repos/{repo}/git/ref/heads/x").status_code == 404


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("retry_after", [7, None])
def test_rate_limits(sim: Any, dev: Any, status: int, retry_after: int | None) -> None:
    sim.control("faults", {"action": "rate_limit", "path": "/user", "status": status, "retry_after": retry_after})
    reply = dev.call("GET", "/user")
    assert reply.status_code == status
    assert reply.headers.get("Retry-After") == (None if retry_after is None else "7")
    assert "secondary rate limit" in reply.json()["message"]
    assert dev.call("GET", "/user").status_code == 200


def test_stale_read_shows_the_state_just_before_the_write(sim: Any, dev: Any) -> None:
    repo = dev.make_repo()
    rule = {
        "action": "stale",
        "method": "PATCH",
        "path": "/repos/",
        "read_path": "^/repos/[^/]+/[^/]+$",
        "reads": 2,
        "nth": 2,
    }
    sim.control("faults", rule)
    dev.ok("GET", f"/repos/{repo}")
    dev.ok("PATCH", f"/repos/{repo}", {"description": "one"})
    dev.ok("PATCH", f"/repos/{repo}", {"description": "two"})
    seen = [dev.ok("GET", f"/repos/{repo}")["description"] for _ in range(3)]
    assert seen == ["one", "one", "two"]


def test_faults_can_be_read_and_cleared_and_bad_ones_are_refused(sim: Any, dev: Any) -> None:
    sim.control("faults", {"action": "fail", "path": "/user", "times": 0})
    assert dev.call("GET", "/user").status_code == 502
    assert sim.control("faults")[0]["seen"] == 1
    sim.control("faults", method="DELETE")
    assert dev.call("GET", "/user").status_code == 200
    for bad in ({"action": "explode"}, {"action": "fail", "pathh": "x"}):
        with pytest.raises(urllib.error.HTTPError) as caught:
            sim.control("faults", bad)
        assert caught.value.code == 422
        caught.value.close()


def test_switches_are_typed_and_kept(sim: Any) -> None:
    assert sim.control("switches")["put_resets_signatures"] is False
    sim.control("switches", {"put_resets_signatures": True})
    for bad in ({"no_such": True}, {"put_resets_signatures": "yes"}):
        with pytest.raises(urllib.error.HTTPError) as caught:
            sim.control("switches", bad)
        caught.value.close()
    sim.restart()
    assert sim.control("switches")["put_resets_signatures"] is True


def test_hourly_limit_comes_back_with_the_clock(sim: Any, dev: Any) -> None:
    first = dev.call("GET", "/user")
    second = dev.call("GET", "/user")
    used = [int(r.headers["x-ratelimit-used"]) for r in (first, second)]
    assert used[1] == used[0] + 1
    sim.control("clock", {"advance": 3601})
    assert dev.call("GET", "/user").headers["x-ratelimit-used"] == "1"


def test_used_up_limit_refuses(sim: Any, dev: Any) -> None:
    sim.control("switches", {"rate_limit": 2})
    codes = [dev.call("GET", "/user") for _ in range(3)]
    assert [c.status_code for c in codes] == [200, 200, 403]
    assert "API rate limit exceeded for user ID" in codes[2].json()["message"]


def test_reset_begins_again(sim: Any, dev: Any) -> None:
    repo = dev.make_repo()
    number = dev.ok("GET", f"/repos/{repo}")["id"]
    sim.control("users", {"login": "octo-late", "token": "tok-late"})
    sim.control("switches", {"rate_limit": 7})
    sim.control("clock", {"advance": 3600})
    sim.control("faults", {"action": "fail", "path": "/user", "times": 0})
    sim.reset()
    state = sim.control("state")
    assert {u["login"] for u in state["users"]} == {"web-flow", "octo-dev", "octo-admin", "octo-reader"}
    assert (state["repos"], state["refs"], sim.control("requests"), sim.control("faults")) == ([], {}, [], [])
    assert sim.control("switches")["rate_limit"] == 5000
    assert sim.control("clock")["offset"] == 0
    assert not (sim.root / "repos" / f"{number}.git").exists()
    assert dev.ok("GET", "/user")["login"] == "octo-dev"
    sim.restart()
    assert sim.control("state") == state, "the file on disk began again as well"
    again = dev.ok("GET", f"/repos/{dev.make_repo()}")
    assert again["id"] > number, "an id from before finds nothing"


def test_a_unix_socket_is_served_beside_the_port(sim: Any, dev: Any) -> None:
    dev.make_repo()
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(sim.unix_socket))
        head = "Host: api.github.com\r\nAuthorization: token tok-dev\r\nConnection: close\r\n"
        line.sendall(f"GET /repos/octo-dev/box HTTP/1.1\r\n{head}\r\n".encode())
        reply = b"".join(iter(lambda: line.recv(65536), b"")).decode()
    assert reply.startswith("HTTP/1.1 200")
    assert '"url":"http://api.github.com/repos/octo-dev/box"' in reply.replace(": ", ":")
    assert sim.unix_socket.stat().st_mode & 0o777 == 0o600


def test_server_refuses_a_bad_user_spec(tmp_path: Any, capsys: Any) -> None:
    from bascule.simulator.server import main

    assert main(["--root", str(tmp_path), "--user", "nobody"]) == 2
    assert "expected LOGIN:TOKEN" in capsys.readouterr().err
