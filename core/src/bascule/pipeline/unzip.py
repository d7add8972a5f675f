"""One file out of an artifact's archive, which a stranger may have made: checked before anything is unpacked."""

from __future__ import annotations

import errno
import hashlib
import stat
import struct
import zipfile
import zlib
from pathlib import Path

from attrs import frozen

from bascule.messages import actions as say
from bascule.messages.actions import Say

MOST_FILES = 1000
"""Entries of an archive that are looked at."""
RATIO = 200
"""How many times its packed size a file may have; JSON text packs to a tenth, seldom to a fiftieth."""
_FREE = 1024 * 1024
"""Bytes below which the ratio does not matter."""
_BLOCK = 256 * 1024
_ENCRYPTED = 0x1 | 0x40
_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, EOFError, NotImplementedError, OverflowError,
    RuntimeError, ValueError,
)  # fmt: skip
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@frozen(kw_only=True)
class Unpacked:
    """What was written: ``name`` in the archive, ``size`` in bytes, ``sha256`` in hexadecimal."""

    name: str
    size: int
    sha256: str


def unpack(archive: Path, member: str, to: Path, *, limit: int) -> Unpacked | Say:
    """Write the file ``member`` of ``archive`` (empty: its only one) to the new file ``to``, for reading only.

    The whole archive is refused where any entry of it is a link or a device, is encrypted, is there twice, or has a
    name that leads elsewhere: who packs such a thing does not pack evidence. Returns what was written, or what is
    wrong with it.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            chosen = _chosen(opened.infolist(), member, limit)
            if isinstance(chosen, Say):
                return chosen
            return _write(opened, chosen, to, limit)
    except _BROKEN:
        to.unlink(missing_ok=True)
        return say.no_archive()  # without the library's own words: they may quote the archive
    except OSError as odd:
        to.unlink(missing_ok=True)
        if odd.errno != errno.EINVAL:  # to look before the beginning of a file is the archive's idea
            raise
        return say.no_archive()


def _chosen(entries: list[zipfile.ZipInfo], member: str, limit: int) -> zipfile.ZipInfo | Say:
    if len(entries) > MOST_FILES:
        return say.many_files(len(entries), MOST_FILES)
    seen: set[str] = set()
    for entry in entries:
        if (odd := _odd(entry)) is not None:
            return say.odd_entry(entry.filename, odd)
        if entry.filename in seen:
            return say.odd_entry(entry.filename, "is there twice")
        seen.add(entry.filename)
    files = [e for e in entries if not e.is_dir()]
    found = [e for e in files if e.filename == member] if member else files
    if len(found) != 1:
        return say.no_member(member, [e.filename for e in files])
    (one,) = found
    if one.file_size > limit:
        return say.large_member(one.filename, one.file_size, limit)
    if one.file_size > _FREE and one.file_size > RATIO * max(one.compress_size, 1):
        return say.packed_member(one.filename, one.file_size // max(one.compress_size, 1), RATIO)
    return one


def _odd(entry: zipfile.ZipInfo) -> str | None:
    """Return what is wrong with an entry, or None."""
    name = entry.filename
    # ``orig_filename`` still has what the library cuts off: everything after a NUL.
    parts = name.rstrip("/").split("/")
    if "\0" in entry.orig_filename or "\\" in entry.orig_filename or not name.isprintable():
        return "has a name with odd characters"
    if name.startswith("/") or ":" in parts[0] or any(p in ("", ".", "..") for p in parts):
        return "has a name that leads elsewhere"
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a symbolic link" if kind == stat.S_IFLNK else "is no plain file"
    if entry.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if entry.compress_type not in _PACKED:
        return "is packed by an unusual method"
    return None


def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, to: Path, limit: int) -> Unpacked | Say:
    hashed, size = hashlib.sha256(), 0
    with opened.open(entry) as source, to.open("xb") as out:
        while block := source.read(_BLOCK):
            size += len(block)
            if size > min(limit, entry.file_size):  # what the directory of the archive says is the packer's word
                break
            hashed.update(block)
            out.write(block)
    if size != entry.file_size:
        to.unlink()
        return say.no_archive()
    to.chmod(0o400)
    return Unpacked(name=entry.filename, size=size, sha256=hashed.hexdigest())
