"""Running the simulator as a process of its own."""

import argparse
import json
import os
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn

from bascule.simulator.app import create_app
from bascule.simulator.beginning import UserSpec
from bascule.simulator.store import Store
from bascule.simulator.world import create_world

__all__ = ["UserSpec", "main", "serve"]

Announce = Callable[[str, int, int], None]


def _write_ready(path: Path, url: str, port: int) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps({"url": url, "port": port, "pid": os.getpid()}))
    part.replace(path)


class _Server(uvicorn.Server):
    """Tells when it accepts connections."""

    def __init__(
        self, config: uvicorn.Config, ready_file: Path | None, url: str, port: int, announce: Announce | None
    ) -> None:
        super().__init__(config)
        self._ready = (ready_file, url, port)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Announce the address once the sockets are served."""
        await super().startup(sockets)
        ready_file, url, port = self._ready
        if ready_file is not None and self.started:
            _write_ready(ready_file, url, port)
        if self._announce is not None and self.started:
            self._announce(url, port, os.getpid())


def _unix_listener(path: Path) -> socket.socket:
    if path.is_socket():
        path.unlink()  # left behind by a killed server
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    return listener


def serve(
    root: Path,
    port: int,
    users: Sequence[UserSpec],
    ready_file: Path | None = None,
    host: str = "127.0.0.1",
    *,
    announce: Announce | None = None,
    unix_socket: Path | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT. Port 0 = any free one; the ready file holds {"url", "port", "pid"}.

    `announce` is told the same three once requests are served. `unix_socket` is served beside the port, for clients
    that reach a plain HTTP server only so (gh: `http_unix_socket`); it is open to this account alone.

    OSError if the port is taken, or if something else than a socket lies at `unix_socket`.
    """
    store = Store(root)
    world = create_world(store)
    app = create_app(world, users)
    store.flush()
    # Named TCP: only then does asyncio turn Nagle's algorithm off, which else costs 40 ms a reply (head and body are
    # two writes, and the client delays its acknowledgement).
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    chosen = int(listener.getsockname()[1])
    url = f"http://{host}:{chosen}"
    listeners = [listener, *([_unix_listener(unix_socket)] if unix_socket else [])]
    config = uvicorn.Config(
        app,
        http="httptools",
        loop="uvloop",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=5,
        backlog=512,
    )
    try:
        _Server(config, ready_file, url, chosen, announce).run(sockets=listeners)
    finally:
        world.pool.close()
        store.close()
        for each in listeners:
            each.close()
        if unix_socket is not None:
            unix_socket.unlink(missing_ok=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line: `python -m bascule.simulator --root DIR --port N --user LOGIN:TOKEN[:admin] --ready-file F`."""
    parser = argparse.ArgumentParser(prog="bascule sim", description="A GitHub that runs here.")
    parser.add_argument("--root", type=Path, required=True, help="where state and repositories are kept")
    parser.add_argument("--port", type=int, default=0, help="0 = any free port")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--user", action="append", default=[], metavar="LOGIN:TOKEN[:admin]")
    parser.add_argument("--ready-file", type=Path, help="JSON {url, port, pid}, written once it serves")
    parser.add_argument("--socket", type=Path, help="a unix socket to serve too, for clients such as gh")
    options = parser.parse_args(argv)
    try:
        users = [UserSpec.parse(text) for text in options.user]
        serve(options.root, options.port, users, options.ready_file, options.host, unix_socket=options.socket)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"bascule sim: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 0
    return 0
