"""The runbook's way by hand, carried out: real windows are killed, and only what the page says puts protection back."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from attrs import frozen
from tests.e2e.kit import BOT, DEV, JOURNAL_KEY, OWNER, TOKENS, Repo, World, pack
from tests.meta.killing import Killed, killed
from tests.meta.markdown import ROOT, Block, blocks

from bascule.messages import journal, landed, window
from bascule.window import keys

PAGE = ROOT / "docs" / "AUTO_RELAX_MERGE_RUNBOOK.md"
PUBLIC = keys.parse_private(JOURNAL_KEY).public.to_text()


# -- the page's commands ----------------------------------------------------------------------------------------------


def by_hand() -> tuple[Block, ...]:
    return tuple(b for b in blocks(PAGE) if b.mark.startswith("hand: "))


def commands(*kinds: str) -> str:
    """The page's blocks of these kinds, in the page's order, in one script."""
    found = [b.text for b in by_hand() if b.mark.removeprefix("hand: ") in kinds]
    assert found, kinds
    return "\n".join(found)


@frozen
class Hand:
    """A person's shell. ``api`` None: the real ``gh``; else the stand-in, against that address."""

    folder: Path
    env: dict[str, str]
    stand_in: bool

    def run(self, repo: Repo, script: str) -> subprocess.CompletedProcess[str]:
        where = commands("where")
        for placeholder, value in (
            ("REPO=acme/shop", f"REPO={repo.full}"),
            ("GH_TOKEN=...", f"GH_TOKEN={TOKENS[repo.admin]}"),
        ):
            assert placeholder in where
            where = where.replace(placeholder, value)
        if self.stand_in:
            where = where.replace("\ngh api", "\n: gh api") + commands("stand-in")
        whole = f"set -o pipefail\n{where}\n{script}"
        return subprocess.run(
            ["bash", "-euc", whole], cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=120,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip


@contextmanager
def hand(world: World, folder: Path, *, stand_in: bool) -> Iterator[Hand]:
    folder.mkdir(parents=True, exist_ok=True)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {"PATH": path, "HOME": str(folder), "GH_NO_UPDATE_NOTIFIER": "1", "BASCULE_PLUGINS": ""}
    if stand_in:
        yield Hand(folder, {**env, "API": world.url}, stand_in)
        return
    with socket_to(world.url) as address:
        config = folder / "gh"
        config.mkdir(exist_ok=True)
        (config / "config.yml").write_text(f"http_unix_socket: {address}\n")
        yield Hand(folder, {**env, "GH_CONFIG_DIR": str(config)}, stand_in)


@contextmanager
def socket_to(url: str) -> Iterator[str]:
    """Let ``gh``, which speaks only HTTPS to addresses, reach the simulator through a socket on this machine."""
    host, _, port = url.removeprefix("http://").partition(":")
    # A socket's path may be no longer than about a hundred characters, which a test's own folder can exceed.
    with tempfile.TemporaryDirectory(prefix="gh-") as folder, closing(socket.socket(socket.AF_UNIX)) as server:
        address = f"{folder}/s"
        server.bind(address)
        server.listen()

        def pump(source: socket.socket, sink: socket.socket) -> None:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

        def serve(client: socket.socket) -> None:
            with client, socket.create_connection((host, int(port))) as upstream:
                back = threading.Thread(target=quietly(pump), args=(upstream, client))
                back.start()
                quietly(pump)(client, upstream)
                back.join()

        def accept() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=quietly(serve), args=(client,)).start()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield address
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def quietly(act: Callable[..., None]) -> Callable[..., None]:
    def run(*args: socket.socket) -> None:
        with suppress(OSError):
            act(*args)

    return run


# -- windows that were killed -----------------------------------------------------------------------------------------


def bypass(world: World) -> Killed:
    repo = world.repo()
    bypassing = {"users": [DEV], "teams": [], "apps": []}
    repo.protect(
        required_pull_request_reviews={
            "required_approving_review_count": 2,
            "bypass_pull_request_allowances": bypassing,
        }
    )
    return killed(repo, repo.pull())


def count(world: World) -> Killed:
    repo = world.repo(owner=OWNER)
    repo.reviews(1)
    return killed(repo, repo.pull())


def administrators(world: World) -> Killed:
    repo = world.repo(owner=OWNER)
    repo.reviews(1)
    return killed(repo, repo.pull(), env=repo.env(shared=True))


def many_checks(world: World) -> Killed:
    # So many that the entry has to stand in the commit's tree.
    repo = world.repo(rulepack=pack(relax="checks"))
    names = (*(f"never reported, and with a long name {n:03} {'x' * 60}" for n in range(150)), "test")
    repo.protect(required_status_checks=repo.required(*names))
    return killed(repo, repo.pull())


def strict(world: World) -> Killed:
    repo = world.repo(rulepack=pack(relax="strict"))
    repo.protect(required_status_checks=repo.required(strict=True))
    number = repo.pull()
    repo.protect(required_status_checks=repo.required(strict=True), enforce_admins=False)
    repo.commit("main", {"docs/later.md": "the base goes on\n"}, by=repo.admin)
    repo.protect(required_status_checks=repo.required(strict=True))
    return killed(repo, number)


def restrictions(world: World) -> Killed:
    repo = world.repo(rulepack=pack(relax="restrictions"))
    repo.protect(restrictions={"users": [DEV], "teams": [], "apps": []})
    return killed(repo, repo.pull())


WINDOWS = (bypass, count, administrators, many_checks, strict, restrictions)


# -- the tests --------------------------------------------------------------------------------------------------------


def chosen(tool: str) -> str:
    """Return ``tool`` where it can be had: without ``gh`` the page's stand-in does its work."""
    if tool == "gh" and shutil.which("gh") is not None:
        return tool
    if shutil.which("curl") is None:
        pytest.skip("neither gh nor curl on this machine")
    return "stand-in"


@pytest.fixture(params=["gh", "stand-in"])
def tool(request: pytest.FixtureRequest) -> str:
    return chosen(str(request.param))


@pytest.fixture(scope="module")
def left_open(shared_world: World) -> Killed:
    """A window that tests only read."""
    shared_world.quiet()
    return count(shared_world)


@pytest.mark.parametrize(
    ("tool", "window_of"),
    [*(("gh", w) for w in WINDOWS), ("stand-in", bypass), ("stand-in", many_checks)],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_protection_is_restored_by_hand_from_the_journal(
    world: World, tmp_path: Path, tool: str, window_of: Callable[[World], Killed]
) -> None:
    left = window_of(world)
    with hand(world, tmp_path / "hand", stand_in=chosen(tool) == "stand-in") as person:
        done = person.run(left.repo, commands("step"))
        assert done.returncode == 0, done.stderr + done.stdout
        assert done.stdout.splitlines()[-1] == "identical"
    assert (tmp_path / "hand" / "blob.json").exists() == (window_of is many_checks)
    assert left.repo.protection() == left.before


FIND = commands("step").partition("python3 journal.py commands")[0]
CHECK = commands("signature").replace("BASCULE_JOURNAL_PUBKEY=...", f"BASCULE_JOURNAL_PUBKEY={PUBLIC}")


@pytest.mark.parametrize("forge", [False, True], ids=["authentic", "forged"])
def test_the_signature_is_checked_without_bascule(
    world: World, left_open: Killed, tmp_path: Path, tool: str, forge: bool
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine")
    assert PUBLIC in CHECK
    tamper = "sed -i 's/required_approving_review_count..:1/required_approving_review_count\\\\\":0/' commit.json\n"
    with hand(world, tmp_path / "hand", stand_in=tool == "stand-in") as person:
        found = person.run(left_open.repo, FIND + (tamper if forge else "") + CHECK)
    signed = (tmp_path / "hand" / "entry.bin").read_text()
    if forge:
        assert '"required_approving_review_count":0' in signed
        assert found.returncode != 0
        assert "Signature Verified Successfully" not in found.stdout
    else:
        assert found.returncode == 0, found.stderr
        assert "Signature Verified Successfully" in found.stdout


def test_a_copy_of_an_entry_at_another_place_in_the_chain_is_not_authentic(world: World, tmp_path: Path) -> None:
    left = count(world)
    repo = left.repo
    opened = repo.call("GET", "/git/ref/bascule/journal", by=repo.admin)["object"]["sha"]
    copied = repo.call("GET", f"/git/commits/{opened}", by=repo.admin)
    body = {"message": copied["message"], "tree": copied["tree"]["sha"], "parents": [opened]}
    again = repo.call("POST", "/git/commits", body, by=DEV)["sha"]
    repo.call("PATCH", "/git/refs/bascule/journal", {"sha": again}, by=DEV)
    with hand(world, tmp_path / "hand", stand_in=chosen("stand-in") == "stand-in") as person:
        found = person.run(repo, FIND + CHECK)
    assert found.returncode != 0
    assert "NOT AUTHENTIC" in found.stderr


KINDS: dict[str, tuple[str, str, object, object]] = {
    # what the page's line begins to say -> (write that loosens, its path, body; body that makes the tight state)
    '{"required_approving_review_count"': (
        "PATCH", "/required_pull_request_reviews", {"required_approving_review_count": 0},
        {"required_pull_request_reviews": {"required_approving_review_count": 1}},
    ),
    '{"require_code_owner_reviews"': (
        "PATCH", "/required_pull_request_reviews", {"require_code_owner_reviews": False},
        {"required_pull_request_reviews": {"require_code_owner_reviews": True, "required_approving_review_count": 1}},
    ),
    '{"require_last_push_approval"': (
        "PATCH", "/required_pull_request_reviews", {"require_last_push_approval": False},
        {"required_pull_request_reviews": {"require_last_push_approval": True, "required_approving_review_count": 1}},
    ),
    '{"bypass_pull_request_allowances"': (
        "PATCH", "/required_pull_request_reviews",
        {"bypass_pull_request_allowances": {"users": [BOT, DEV], "teams": [], "apps": []}},
        {"required_pull_request_reviews": {
            "required_approving_review_count": 1, "bypass_pull_request_allowances": {"users": [DEV]},
        }},
    ),
    "enforce_admins": ("DELETE", "/enforce_admins", None, {}),
    '"checks"': (
        "PATCH", "/required_status_checks", {"strict": False, "checks": []},
        {"required_status_checks": {"strict": False, "checks": [{"context": "test", "app_id": -1}]}},
    ),
    '{"strict": true}': (
        "PATCH", "/required_status_checks", {"strict": False},
        {"required_status_checks": {"strict": True, "checks": [{"context": "test", "app_id": -1}]}},
    ),
    '{"users": ["acme-bascule"]}': (
        "POST", "/restrictions/users", {"users": [BOT]}, {"restrictions": {"users": [DEV], "teams": [], "apps": []}},
    ),
    "required_signatures": ("DELETE", "/required_signatures", None, {}),
}  # fmt: skip


def test_each_kind_of_relaxation_has_its_call(world: World, tmp_path: Path, tool: str) -> None:
    text = commands("kinds").replace("release-bot", DEV)
    setting, calls = text.split("\n", 1)
    lines = [line for line in calls.splitlines() if line and not line.startswith("#")]
    assert len(lines) == len(KINDS)
    with hand(world, tmp_path / "hand", stand_in=tool == "stand-in") as person:
        for key, (method, path, loosening, tight) in KINDS.items():
            (line,) = (c for c in lines if key in c.replace(f"$P{path}", "") or c.endswith(f"$P/{key}"))
            repo = world.repo()
            repo.protect(**tight)
            if key == "required_signatures":
                repo.call("POST", "/branches/main/protection/required_signatures")
            before = repo.protection()
            repo.call(method, f"/branches/main/protection{path}", loosening)
            assert repo.protection() != before, key
            done = person.run(repo, f"{setting}\n{line}")
            assert done.returncode == 0, done.stderr
            assert repo.protection() == before, key


def test_a_change_by_a_person_is_told_apart(world: World, tmp_path: Path) -> None:
    left = count(world)
    reviews = {"dismiss_stale_reviews": True}
    left.repo.call("PATCH", "/branches/main/protection/required_pull_request_reviews", reviews, by=left.repo.admin)
    with hand(world, tmp_path / "hand", stand_in=chosen("gh") == "stand-in") as person:
        done = person.run(left.repo, commands("step"))
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "dismiss_stale_reviews: is True, was False"
    now = json.loads(left.repo.protection())["required_pull_request_reviews"]
    assert now["required_approving_review_count"] == 1
    assert now["dismiss_stale_reviews"] is True


# -- the rest of the page ---------------------------------------------------------------------------------------------


def test_every_alarm_that_the_page_explains_is_said_by_the_code_and_no_other_is_missing() -> None:
    section = PAGE.read_text().partition("## The alarms")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    source = "".join(
        (ROOT / "core/src/bascule/messages" / f"{name}.py").read_text() for name in ("window", "journal", "landed")
    )
    plain = re.sub(r'"\s*\n\s*f?"', "", re.sub(r"\{[^{}]*\}", "…", source))
    for text in (t for row in rows for t in re.findall(r"`([^`]+)`", row)):
        pattern = ".{0,80}?".join(re.escape(part) for part in text.split("…"))
        assert re.search(pattern, plain), f"nothing says {text!r}"
    explained = section.replace("`", "")
    for said in (
        window.SUPERSEDED, window.TAKEN_OPEN, window.not_restored("…", ""), window.exposure(1, 2), window.forged(("",)),
        window.journal_rewritten(""), window.journal_gap(""), window.recovered("…", ()), window.leaked_again("", ()),
        landed.strangers(""), landed.other_run(""), landed.tree(""), window.unrestorable("", ""),
        window.whose_unclear(None, None), window.not_journalled(""),
    ):  # fmt: skip
        words = [t for row in rows for t in re.findall(r"`([^`]+)`", row)]
        assert any(all(part.strip() in said for part in w.split("…")) for w in words), f"the page lacks {said!r}"
    assert explained


def test_what_the_page_shows_of_the_journal_are_its_words() -> None:
    text = PAGE.read_text()
    assert "EXPIRED" in text
    assert "EXPIRED" in journal.state_open("", "", "", expired=True)
    for kind in ("open", "restored", "verified", "unrestorable"):
        assert re.search(rf"(?m)^\| `{kind}`", text), kind
