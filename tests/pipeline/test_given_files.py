"""Files given with the command: the copy is what was hashed, and only plain files are copied."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from bascule.pipeline.evidence import copy


def copied(path: Path, to: Path, limit: int = 1000) -> tuple[int, str] | str:
    return copy(path, to, limit=limit, seconds=10, elapsed=lambda: 0.0)


def test_the_copy_stays_when_the_file_changes(tmp_path: Path) -> None:
    given, to = tmp_path / "plan.json", tmp_path / "copy"
    given.write_bytes(b"one")
    assert copied(given, to) == (3, hashlib.sha256(b"one").hexdigest())
    given.write_bytes(b"two")
    assert to.read_bytes() == b"one"
    assert to.stat().st_mode & 0o777 == 0o400


def test_only_plain_files(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(b"{}")
    (tmp_path / "link").symlink_to("plan.json")
    os.mkfifo(tmp_path / "pipe")  # nobody writes to it: it is refused and not waited for
    to = tmp_path / "copy"
    assert copied(tmp_path / "link", to) == "it is a symbolic link"
    assert copied(tmp_path, to) == "it is a folder"
    assert copied(tmp_path / "pipe", to) == "it is a pipe"
    assert copied(Path("/dev/zero"), to) == "it is a device"
    assert copied(tmp_path / "none", to) == "No such file or directory"
    assert not to.exists()


def test_size_and_time_are_limited_while_it_is_read(tmp_path: Path) -> None:
    given, to = tmp_path / "plan.json", tmp_path / "copy"
    given.write_bytes(bytes(3_000_000))
    assert copied(given, to, limit=2_999_999) == (3_000_000, "")
    assert not to.exists()
    ticks = iter((0.0, 5.0, 11.0, 12.0))
    told = copy(given, to, limit=3_000_000, seconds=10, elapsed=lambda: next(ticks))
    assert told == "it could not be read within 10 s"


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_what_cannot_be_read(tmp_path: Path) -> None:
    given = tmp_path / "plan.json"
    given.write_bytes(b"{}")
    given.chmod(0)
    assert copied(given, tmp_path / "copy") == "Permission denied"
