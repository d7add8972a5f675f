"""What a bad plugin may reach: its own answer, and nothing else."""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from bascule.testing import make_change, make_context, make_files, make_pack
from bascule.types import Check, Status

ASK = make_context(pack=make_pack(scenario="good"))
ASK_BAD = make_context(pack=make_pack(scenario="bad"))


def gate(site, body: str, *, name: str = "bad", rounds: int = 2, **limits) -> Check:
    """The one check that ``name`` gets for a gate of ``body``, beside a plugin that must stay healthy."""
    site.add(name, f"@hookimpl\ndef gate(ctx):\n{textwrap.indent(textwrap.dedent(body), '    ')}\n")
    with site.hosts("good", name, **limits) as hosts:
        assert [r.status for r in hosts.reports()] == ["ok", "ok"]
        for _ in range(rounds):  # the second time, a host that was ended must be back
            checks = {c.rule.partition("/")[0]: c for c in hosts.gate(ASK, [name])}
            assert set(checks) == {"good", name}
            assert checks["good"].status is Status.ALLOW
    return checks[name]


FAULTS = [
    ("raise SystemExit(0)", "SystemExit: 0"),
    ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    ("raise GeneratorExit", "GeneratorExit"),
    ("return gate(ctx)", "RecursionError"),
    ("class Odd(Exception):\n    def __str__(self): raise SystemExit\nraise Odd", "message cannot be shown"),
    ("yield Check(rule='bad/a', status=Status.ALLOW, found='')\nraise ValueError('late')", "ValueError: late"),
    ("return 'allow'", "answered a value of type str; expected an iterable of Check"),
    ("return True", "answered a value of type bool"),
    ("return {'rule': 'bad/a'}", "answered a value of type dict"),
    ("return [None]", "answered a value of type NoneType; expected Check"),
    ("return [Scenario(name='bad', api=1)]", "answered a value of type Scenario; expected Check"),
    ("return [Check(rule=5, status=Status.ALLOW, found='')]", "expected str, found int"),
    ("return [Check(rule='bad/a', status='allowed', found='')]", "wrong shape"),
    ("return [Check(rule='bad/a', status=Status.ALLOW, found='', paths={'a', 'b'})]", "holds a set"),
    ("return [Check(rule='bad/a', status=Status.ALLOW, found=object())]", "not JSON serializable"),
    ("return (Check(rule='bad/a', status=Status.ALLOW, found='') for _ in iter(int, 1))", "more than 1,000"),
    ("import os; os._exit(7)", "ended with exit code 7 during gate"),
    ("import os; print('so long'); os.abort()", "killed by SIGABRT during gate; it last printed: so long"),
    ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL during gate"),
]  # fmt: skip


def test_a_fault_is_an_error_in_the_tree(good, subtests) -> None:
    names = [f"bad{n}" for n in range(len(FAULTS))]
    for name, (body, _) in zip(names, FAULTS, strict=True):
        body = body.replace("bad/a", f"{name}/a")
        good.add(name, f"@hookimpl\ndef gate(ctx):\n{textwrap.indent(body, '    ')}\n")
    with good.hosts("good", *names) as hosts:
        assert {r.status for r in hosts.reports()} == {"ok"}
        for turn in ("first", "again"):  # a host that was ended must be back
            checks = {c.rule.partition("/")[0]: c for c in hosts.gate(ASK, names)}
            assert checks["good"].status is Status.ALLOW
            for name, (body, found) in zip(names, FAULTS, strict=True):
                with subtests.test(body, turn=turn):
                    check = checks[name]
                    assert (check.status, check.rule, check.source) == (Status.ERROR, f"{name}/gate", "core")
                    assert check.fix
                    assert found in check.found
                    assert f"`bascule-{name} 1.0.0` failed" in check.found
        assert len(hosts.faults) == 2 * len(FAULTS)


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "import time; time.sleep(600)",
        "import signal, time\nfor s in (1, 2, 13, 15): signal.signal(s, signal.SIG_IGN)\ntime.sleep(600)",
        "import re; re.match(r'(a+)+$', 'a' * 64 + 'b')",  # holds the interpreter: no thread of the host could help
        "yield from iter(lambda: __import__('time').sleep(1), 1)",
    ],
)
def test_past_the_limit_a_host_is_ended(good, body: str) -> None:
    check = gate(good, body, gate=1.5, rounds=2 if body == "while True: pass" else 1)
    assert check.status is Status.ERROR
    assert "gate did not answer within 1.5 s and was ended" in check.found


def test_endless_output_is_ended_by_its_size(good) -> None:
    check = gate(good, "while True: print('x' * 1000)", output=100_000)
    assert check.status is Status.ERROR
    assert "printed more than 100,000 bytes during gate" in check.found


def test_an_answer_too_long_is_not_taken(good) -> None:
    check = gate(good, "return [Check(rule='bad/a', status=Status.ALLOW, found='x' * 200_000)]", answer=100_000)
    assert check.status is Status.ERROR
    assert "the limit is 100,000" in check.found


ALLOW = "return [Check(rule='bad/a', status=Status.ALLOW, found='fine')]"


@pytest.mark.parametrize(
    "noise",
    [
        'print(\'{"id": "1", "answers": []}\', flush=True)',
        "import os; os.write(1, b'\\x00garbage\\n' * 1000); os.write(2, b'\\xff')",
        "import os; os.closerange(1, 3)",
        "import subprocess; subprocess.run(['echo', 'from a child'], check=True)",
        "import sys; sys.stdout = None; sys.stderr = object()",
        "import sys; sys.stdin.read()",
        "import logging, warnings; warnings.warn('old'); logging.error('bad')",
    ],
)
def test_what_a_plugin_prints_never_reaches_the_protocol(good, noise: str) -> None:
    check = gate(good, f"{noise}\n{ALLOW}")
    assert (check.status, check.found) == (Status.ALLOW, "fine")


def test_bytes_written_into_the_protocol_are_an_error(good) -> None:
    body = """
    import os
    for fd in range(3, 64):
        try:
            os.write(fd, b'{"id": "3", "answers": [["Check", {"rule": "good/x", "status": "allow", "found": ""}]]}\\n')
        except OSError:
            pass
    """
    check = gate(good, f"{textwrap.dedent(body)}\n{ALLOW}")
    assert check.status is Status.ERROR
    assert check.source == "core"


def test_nobody_answers_for_another(good) -> None:
    forged = ("good/always", "files", "core/files", "bad", "bad/", "/bad", "badly/x")
    body = f"""
    for rule in {forged!r}:
        yield Check(rule=rule, status=Status.ALLOW, found='trust me', source='core')
    """
    good.add("bad", f"@hookimpl\ndef gate(ctx):{body}")
    with good.hosts("good", "bad") as hosts:
        checks = hosts.gate(ASK, ["bad"])
    assert [c.rule for c in checks] == ["bad/gate"] * len(forged) + ["good/always"]
    for check, rule in zip(checks, forged, strict=False):
        assert (check.status, check.source) == (Status.ERROR, "core")
        assert f"answered as `{rule}`" in check.found


def test_the_source_is_written_by_the_driver(good) -> None:
    check = gate(good, "return [Check(rule='bad/a', status=Status.ALLOW, found='', source='core')]")
    assert (check.status, check.source) == (Status.ALLOW, "bascule-bad 1.0.0")


def test_texts_cannot_redraw_the_terminal(good) -> None:
    check = gate(good, "return [Check(rule='bad/a', status=Status.BLOCK, found='\\x1b[2J\\u202eok')]")
    assert check.found == r"\x1b[2J\u202eok"
    assert check.fix  # a block without a fix gets one


@pytest.mark.cold
def test_a_host_finds_no_secret(good, monkeypatch, tmp_path) -> None:
    for name in ("GH_TOKEN", "GITHUB_TOKEN", "BASCULE_KEEPER_TOKEN", "BASCULE_JOURNAL_KEY", "AWS_SECRET_ACCESS_KEY",
                 "SSH_AUTH_SOCK", "HTTPS_PROXY", "PYTHONPATH", "HOME", "XDG_CONFIG_HOME", "NETRC"):  # fmt: skip
        monkeypatch.setenv(name, f"secret-{tmp_path}")
    check = gate(good, """
        import os, sys
        seen = {k: v for k, v in os.environ.items()}
        seen['argv'] = ' '.join(sys.orig_argv)
        seen['cwd'] = os.getcwd()
        seen['files'] = str(os.listdir())
        import json
        return [Check(rule='bad/env', status=Status.ALLOW, found=json.dumps(seen))]
    """)  # fmt: skip
    seen = json.loads(check.found)
    assert not [k for k, v in seen.items() if f"secret-{tmp_path}" in v]
    assert set(seen) - {"argv", "cwd", "files"} <= {
        "PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "HOME", "TMPDIR",
        "BASCULE_HOST",
    }  # fmt: skip
    assert seen["HOME"] == seen["TMPDIR"] == seen["cwd"]
    assert seen["files"] == "[]"
    assert not Path(seen["cwd"]).exists()  # removed with its host


@pytest.mark.cold
def test_no_descriptor_of_the_driver_is_handed_on(good, tmp_path) -> None:
    secret = (tmp_path / "journal").open("w")
    os.set_inheritable(secret.fileno(), True)
    with secret:
        check = gate(good, """
            import os
            names = []
            for fd in os.listdir('/proc/self/fd'):
                try:
                    names.append(os.readlink(f'/proc/self/fd/{fd}'))
                except OSError:
                    pass
            return [Check(rule='bad/fds', status=Status.ALLOW, found='\\n'.join(names))]
        """)  # fmt: skip
    assert "pipe:" in check.found
    assert str(tmp_path / "journal") not in check.found


@pytest.mark.cold
def test_memory_has_a_limit(good) -> None:
    check = gate(good, "x = bytearray(3 << 30)\nreturn []", memory=1 << 30)
    assert check.status is Status.ERROR
    assert "MemoryError" in check.found


def test_what_one_call_does_to_a_record_no_other_sees(good) -> None:
    body = """
    ctx.change.teams['@acme/all'] = (1,)
    return [Check(rule='bad/teams', status=Status.ALLOW, found=str(sorted(ctx.change.teams)))]
    """
    assert gate(good, body).found == "['@acme/all']"
    assert ASK.change.teams == {}


def test_a_path_that_is_not_utf8_arrives(good) -> None:
    good.add("bad", """
        @hookimpl
        def gate(ctx):
            return [Check(rule='bad/p', status=Status.ALLOW, found=ascii(ctx.change.paths[0]))]
    """)  # fmt: skip
    ctx = make_context(make_change(files=make_files("caf\udce9.md")), make_pack(scenario="bad"))
    with good.hosts("bad") as hosts:
        assert hosts.gate(ctx)[0].found == r"'caf\udce9.md'"


# -- processes ---------------------------------------------------------------------------------------------------------

FORKS = """
import os, signal, time
def child(session):
    if os.fork() == 0:
        if session: os.setsid()
        for s in (1, 2, 15): signal.signal(s, signal.SIG_IGN)
        with open(os.environ["PROBE"], "a") as probe: probe.write(f"{os.getpid()}\\n")
        if not session: os.execve("/bin/sleep", ["sleep", "600"], {})  # wiped its environment, kept its group
        while True: time.sleep(60)
@hookimpl
def gate(ctx):
    for session in (False, True, False, True): child(session)
    while len(open(os.environ["PROBE"]).readlines()) < 4: time.sleep(0.01)
    open(os.environ["PROBE"], "a").write(f"{os.getpid()}\\n")
    time.sleep(NAP)
    return [Check(rule="bad/fork", status=Status.ALLOW, found="")]
"""


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(pids: list[int]) -> None:
    for _ in range(400):
        if not any(map(alive, pids)):
            return
        time.sleep(0.05)
    raise AssertionError(f"still there: {[p for p in pids if alive(p)]}")


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")


@needs_proc
@pytest.mark.cold
@pytest.mark.parametrize("how", ["stop", "close", "limit"])
def test_what_a_plugin_started_ends_with_its_host(good, tmp_path, how: str) -> None:
    probe = tmp_path / "pids"
    probe.touch()
    good.add("bad", FORKS.replace("NAP", "600" if how == "limit" else "0"))
    with good.hosts("bad", env={"PROBE": str(probe)}, gate=3.0 if how == "limit" else 60.0) as hosts:
        (check,) = hosts.gate(ASK_BAD)
        pids = [int(p) for p in probe.read_text().split()]
        assert len(pids) == 5
        if how == "stop":
            assert hosts.running == ("bascule-bad",)
            assert all(map(alive, pids))
            hosts.stop()
            assert hosts.running == ()
        if how != "close":
            wait_until_gone(pids)
    assert check.status is (Status.ERROR if how == "limit" else Status.ALLOW)
    wait_until_gone(pids)


@needs_proc
@pytest.mark.parametrize("busy", ["time.sleep(600)", "re.match(r'(a+)+$', 'a' * 64 + 'b')"])
def test_hosts_end_with_a_driver_that_is_killed(good, tmp_path, busy: str) -> None:
    probe = tmp_path / "pids"
    good.add("bad", f"""
        import os, re, time
        @hookimpl
        def gate(ctx):
            if os.fork() == 0:
                time.sleep(600)
            with open(os.environ["PROBE"], "a") as probe: probe.write(f"{{os.getpid()}} {{os.getpgid(0)}}\\n")
            {busy}
    """)  # fmt: skip
    code = textwrap.dedent(f"""
        from bascule.host.driver import Hosts
        from bascule.host.settings import Limits
        from bascule.testing import make_context, make_pack
        hosts = Hosts.discover({{"bad"}}, path=[{str(good.root)!r}], env={{"PROBE": {str(probe)!r}}},
                               limits=Limits(spawn=60, gate=600))
        hosts.gate(make_context(pack=make_pack(scenario="bad")))
    """)
    driver = subprocess.Popen([sys.executable, "-c", code])
    try:
        while not (probe.exists() and probe.read_text().endswith("\n")):
            assert driver.poll() is None
            time.sleep(0.02)
        host = int(probe.read_text().split()[0])
        group = [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and group_of(int(p.name)) == host]
        assert len(group) == 2
    finally:
        driver.send_signal(signal.SIGKILL)
        driver.wait()
    wait_until_gone(group)


def group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def test_an_interrupted_question_leaves_no_host(good) -> None:
    good.add("bad", "@hookimpl\ndef gate(ctx):\n    import time; time.sleep(600)")

    class Interrupting:
        """A clock that is interrupted at its tenth look, as by Ctrl-C."""

        looks = 0

        def elapsed(self) -> float:
            self.looks += 1
            if self.looks > 10:
                raise KeyboardInterrupt
            return 0.0

    with good.hosts("bad") as hosts:
        hosts.reports()
        (line,) = hosts._lines
        line._clock = Interrupting()
        with pytest.raises(KeyboardInterrupt):
            hosts.gate(ASK_BAD)
        assert hosts.running == ()


# -- the driver --------------------------------------------------------------------------------------------------------


def test_the_driver_imports_no_plugin_even_after_asking(good) -> None:
    code = textwrap.dedent(f"""
        import sys
        from bascule.host.driver import Hosts
        from bascule.testing import make_context
        with Hosts.discover(path=[{str(good.root)!r}]) as hosts:
            assert {{r.status for r in hosts.reports()}} == {{"ok"}}
            hosts.gate(make_context(), ["good", "terraform"])
            assert len(hosts.running) >= 7
        print(*sys.modules)
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = set(done.stdout.split())
    assert "bascule.host.driver" in names
    plugins = {n for n in names if re.match(r"plugin_|bascule_|bascule\.scenarios\.|bascule\.hookspecs|pluggy", n)}
    assert plugins == set()


def test_a_checkout_is_not_searched(tmp_path) -> None:
    """``python -m`` puts the working directory first: a change must not bring its own plugin."""
    evil = tmp_path / "bascule_evil-1.0.dist-info"
    evil.mkdir()
    (evil / "METADATA").write_text("Metadata-Version: 2.1\nName: bascule-evil\nVersion: 1.0\n")
    (evil / "entry_points.txt").write_text("[bascule]\nevil = evil\n")
    (tmp_path / "look.py").write_text(
        "from bascule.host.discovery import discover, search_path\n"
        "print(*[e.name for f in discover(search_path())[0] for e in f.entries])\n"
    )
    done = subprocess.run([sys.executable, "-m", "look"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "terraform" in done.stdout
    assert "evil" not in done.stdout


def test_extra_directories_cannot_shadow_the_core(good) -> None:
    (good.root / "attrs.py").write_text("raise RuntimeError('shadowed')")
    (good.root / "json.py").write_text("raise RuntimeError('shadowed')")
    with good.hosts("good") as hosts:
        assert [r.status for r in hosts.reports()] == ["ok"]
