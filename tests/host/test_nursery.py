"""Hosts that are forks of one process are what hosts started by themselves are."""

import json
import os
import signal
from pathlib import Path

import pytest

from bascule.host.nursery import Nursery
from bascule.testing import make_context, make_pack

pytestmark = [
    pytest.mark.cold,
    pytest.mark.skipif(not Nursery.possible(), reason="hosts are started directly on this system"),
]

LOOK = """
import json, os, sys

@hookimpl
def gate(ctx):
    links = sorted(os.readlink(f"/proc/self/fd/{n}").partition(":")[0] for n in os.listdir("/proc/self/fd")
                   if os.path.exists(f"/proc/self/fd/{n}"))
    with open("/proc/self/environ", "rb") as file:
        marked = [v for v in file.read().split(b"\\0") if v.startswith(b"BASCULE_HOST=")]
    told = dict(home=os.environ["HOME"], here=os.getcwd(), fds=links, pid=os.getpid(), parent=os.getppid(),
                group=os.getpgrp(), session=os.getsid(0), marks=[m.decode() for m in marked], env=sorted(os.environ),
                mark=os.environ["BASCULE_HOST"], seed=hash("bascule"), argv=sys.argv[1:])
    return [Check(rule="NAME/look", status=Status.ALLOW, found=json.dumps(told))]
"""


@pytest.fixture
def both(site):
    for name in ("one", "two"):
        site.add(name, LOOK.replace("NAME", name))
    return site


def looked(hosts, *names: str) -> dict[str, dict]:
    asked = make_context(pack=make_pack(scenario="one"))
    return {c.rule.partition("/")[0]: json.loads(c.found) for c in hosts.gate(asked, names or ("one", "two"))}


def test_each_fork_has_its_own_session_home_mark_and_nothing_of_the_other(both) -> None:
    with both.hosts("one", "two") as hosts:
        seen = looked(hosts)
        one, two = seen["one"], seen["two"]
        for host in (one, two):
            assert host["pid"] == host["group"] == host["session"]
            assert host["home"] == host["here"]
            # What finds strays is /proc, where a fork would otherwise show the environment it was forked with.
            assert host["marks"] == [f"BASCULE_HOST={host['mark']}"]
            # /dev/null, requests, answers, life, and output twice; the listing itself is gone.
            assert host["fds"] == ["/dev/null", *["pipe"] * 5]
        assert one["parent"] == two["parent"] != os.getpid()
        assert one["home"] != two["home"]
        assert one["mark"] != two["mark"]


def test_the_environment_is_that_of_a_host_started_by_itself(both) -> None:
    with both.hosts("one", "two", env={"EXTRA": "x"}) as forked, both.hosts("one", env={"EXTRA": "x"}) as direct:
        assert looked(forked)["one"]["env"] == looked(direct, "one")["one"]["env"]


def test_after_a_stop_hashes_have_other_seeds(both) -> None:
    with both.hosts("one", "two") as hosts:
        first = looked(hosts)["one"]["seed"]
        hosts.stop()
        assert looked(hosts)["one"]["seed"] != first


def test_who_kills_what_hosts_are_forked_from_gains_nothing_and_stops_nobody(both) -> None:
    both.add("bad", "@hookimpl\ndef gate(ctx):\n    import os\n    os.kill(os.getppid(), 9)\n    os._exit(0)\n")
    with both.hosts("one", "two", "bad") as hosts:
        before = looked(hosts)
        (check,) = (c for c in hosts.gate(make_context(pack=make_pack(scenario="bad")), ["bad"]))
        assert check.status.value == "error"
        assert "ended with" in check.found or "killed by" in check.found
        assert looked(hosts)["one"]["pid"] == before["one"]["pid"]
        hosts.stop()
        assert looked(hosts)["one"]["parent"] != before["one"]["parent"]


def test_nothing_is_left_after_a_stop(both) -> None:
    with both.hosts("one", "two") as hosts:
        seen = looked(hosts)
    gone = {host[key] for host in seen.values() for key in ("pid", "parent")}
    for pid in gone:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert not any(Path(host["home"]).exists() for host in seen.values())


def test_what_it_forked_dies_with_a_nursery_that_is_stopped_by_hand(both) -> None:
    with both.hosts("one", "two") as hosts:
        parent = looked(hosts)["one"]["parent"]
        os.kill(parent, signal.SIGKILL)
        # The next question to a living host is answered; a new host comes from a new nursery.
        assert set(looked(hosts)) == {"one", "two"}
