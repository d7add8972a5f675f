"""One long-lived `git cat-file` per repository: reading an object costs a pipe round trip, not a process."""

import subprocess
from collections import OrderedDict
from pathlib import Path

from bascule.simulator.git.run import GitError, clean_environment

_CACHE_BYTES = 32 * 1024 * 1024


class CatFile:
    """Reads objects; not for use by two threads at once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._cache: OrderedDict[str, tuple[str, bytes]] = OrderedDict()
        self._cached_bytes = 0

    def _ask(self, line: str) -> tuple[subprocess.Popen[bytes], list[str]]:
        if "\n" in line:
            raise GitError("a name with a line break is no object")
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                ["git", "--git-dir", str(self._directory), "cat-file", "--batch-command"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=clean_environment(),
            )
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line.encode() + b"\n")
        process.stdin.flush()
        answer = process.stdout.readline().decode().rstrip("\n")
        return process, answer.split(" ")

    def info(self, name: str) -> tuple[str, str, int] | None:
        """Object id, type and size of whatever `name` resolves to; None if nothing."""
        if not name or name[0] in "-\0":
            return None
        _, words = self._ask(f"info {name}")
        if len(words) != 3 or not words[2].isdigit():
            return None
        return words[0], words[1], int(words[2])

    def read(self, name: str) -> tuple[str, str, bytes] | None:
        """Object id, type and content; None if missing."""
        if name in self._cache:
            self._cache.move_to_end(name)
            return name, *self._cache[name]
        process, words = self._ask(f"contents {name}")
        if len(words) != 3 or not words[2].isdigit():
            return None
        assert process.stdout is not None
        data = process.stdout.read(int(words[2]))
        process.stdout.read(1)
        self._keep(words[0], words[1], data)
        return words[0], words[1], data

    def _keep(self, sha: str, kind: str, data: bytes) -> None:
        # Keyed by object id only: a ref name would go stale.
        if sha in self._cache or len(data) > _CACHE_BYTES // 8:
            return
        self._cache[sha] = (kind, data)
        self._cached_bytes += len(data)
        while self._cached_bytes > _CACHE_BYTES:
            _, (_, dropped) = self._cache.popitem(last=False)
            self._cached_bytes -= len(dropped)

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        process.wait()
