"""Archives that strangers pack: the one file comes out, and nothing else ever does."""

from __future__ import annotations

import hashlib
import os
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bascule.messages.actions import Say
from bascule.pipeline.unzip import MOST_FILES, Unpacked, unpack

LIMIT = 4 * 1024 * 1024


def packed(to: Path, *files: tuple[str | zipfile.ZipInfo, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(to, "w", how) as made:
        for name, content in files:
            made.writestr(name, content)
    return to


def with_mode(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    return entry


def told(tmp_path: Path, archive: Path, member: str = "plan.json", limit: int = LIMIT) -> str:
    """Return what is said against the archive; nothing may have been written."""
    before = sorted(p.name for p in tmp_path.iterdir())
    found = unpack(archive, member, tmp_path / "out", limit=limit)
    assert isinstance(found, Say), found
    assert sorted(p.name for p in tmp_path.iterdir()) == before
    assert found.fix
    return found.found


def test_the_named_file_comes_out_for_reading_only(tmp_path: Path) -> None:
    content = os.urandom(300_000)
    archive = packed(tmp_path / "a.zip", ("dir/", b""), ("dir/plan.json", content), ("log.txt", b"x"))
    found = unpack(archive, "dir/plan.json", tmp_path / "out", limit=LIMIT)
    assert found == Unpacked(name="dir/plan.json", size=300_000, sha256=hashlib.sha256(content).hexdigest())
    assert (tmp_path / "out").read_bytes() == content
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o400
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zip", "out"]


def test_the_only_file_needs_no_name(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", ("whatever.json", b"{}"))
    found = unpack(archive, "", tmp_path / "out", limit=LIMIT)
    assert isinstance(found, Unpacked)
    assert found.name == "whatever.json"
    two = packed(tmp_path / "b.zip", ("a", b"1"), ("b", b"2"))
    (tmp_path / "out").unlink()
    assert told(tmp_path, two, "") == "the artifact holds 2 files: it holds `a`, `b`"
    assert told(tmp_path, packed(tmp_path / "c.zip"), "").endswith("it is empty")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../x", "leads elsewhere"),
        ("a/../../x", "leads elsewhere"),
        ("/etc/x", "leads elsewhere"),
        ("C:/x", "leads elsewhere"),
        ("a//x", "leads elsewhere"),
        ("./x", "leads elsewhere"),
        ("a\\..\\x", "odd characters"),
        ("a\x1b[2J", "odd characters"),
        ("a\u202egpj", "odd characters"),
    ],
)
def test_names_that_are_no_plain_names_refuse_the_whole(tmp_path: Path, name: str, said: str) -> None:
    assert said in told(tmp_path, packed(tmp_path / "a.zip", ("plan.json", b"{}"), (name, b"x")))


@pytest.mark.parametrize(
    ("mode", "said"), [(0o120777, "is a symbolic link"), (0o020666, "is no plain file"), (0o010666, "is no plain file")]
)
def test_links_and_devices_refuse_the_whole(tmp_path: Path, mode: int, said: str) -> None:
    assert said in told(tmp_path, packed(tmp_path / "a.zip", ("plan.json", b"{}"), (with_mode("x", mode), b"/etc")))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_refuses_the_whole(tmp_path: Path) -> None:
    assert "is there twice" in told(tmp_path, packed(tmp_path / "a.zip", ("plan.json", b"{}"), ("plan.json", b"[]")))


def test_bombs_do_not_go_off(tmp_path: Path) -> None:
    bomb = packed(tmp_path / "a.zip", ("plan.json", bytes(3 * 1024 * 1024)))
    assert bomb.stat().st_size < 10_000
    assert "times its packed size" in told(tmp_path, bomb)
    assert "has 3,145,728 bytes" in told(tmp_path, bomb, limit=1024)
    many = packed(tmp_path / "b.zip", *((f"f{n}", b"") for n in range(MOST_FILES + 1)))
    assert f"holds {MOST_FILES + 1:,} entries" in told(tmp_path, many)


def directory(archive: bytes) -> int:
    """Return where the first entry of the archive's directory begins."""
    return archive.index(b"PK\x01\x02")


def encrypted(raw: bytearray) -> None:
    at = directory(bytes(raw))
    raw[at + 8] |= 1


def shrunk(raw: bytearray) -> None:
    """State a smaller size than the packed data unpack to."""
    struct.pack_into("<I", raw, directory(bytes(raw)) + 24, 10)


def odd_method(raw: bytearray) -> None:
    struct.pack_into("<H", raw, directory(bytes(raw)) + 10, 97)


def flipped(raw: bytearray) -> None:
    raw[60] ^= 0xFF


def cut(raw: bytearray) -> None:
    del raw[len(raw) // 2 :]


@pytest.mark.parametrize(
    ("bend", "said"),
    [
        (encrypted, "is encrypted"),
        (shrunk, "no zip archive"),
        (odd_method, "unusual method"),
        (flipped, "no zip archive"),
        (cut, "no zip archive"),
    ],
)
def test_a_bent_archive(tmp_path: Path, bend: Callable[[bytearray], None], said: str) -> None:
    raw = bytearray(packed(tmp_path / "a.zip", ("plan.json", os.urandom(5000))).read_bytes())
    bend(raw)
    (tmp_path / "a.zip").write_bytes(raw)
    assert said in told(tmp_path, tmp_path / "a.zip")


def test_whatever_is_in_it_is_answered_in_words(tmp_path: Path) -> None:
    """A thousand bent archives: each unpacks to what was packed, or is refused; none is a fault of ours."""
    content = b'{"format_version": "1.2"}' * 40
    whole = packed(tmp_path / "a.zip", ("plan.json", content), ("b/", b""), ("b/log", b"x" * 50)).read_bytes()
    chance = random.Random(7)
    refused = 0
    for _ in range(1000):
        raw = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        (tmp_path / "a.zip").write_bytes(raw)
        found = unpack(tmp_path / "a.zip", "plan.json", tmp_path / "out", limit=LIMIT)
        if isinstance(found, Say):
            refused += 1
            assert not (tmp_path / "out").exists()
        else:
            assert (tmp_path / "out").read_bytes() == content
            (tmp_path / "out").unlink()
    assert 100 < refused < 1000


def test_what_is_no_archive_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b'{"format_version": "1.2"}')
    assert "no zip archive" in told(tmp_path, tmp_path / "a.zip")
