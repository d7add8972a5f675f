"""``bascule sim``: a GitHub that runs on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from bascule.errors import UsageError

_HELP = """Run a GitHub on this machine: REST, GraphQL and git over real bare repositories.

It enforces branch protection as GitHub does, keeps its state in DIR across restarts, and listens on the loopback
only. State is created through GitHub's own API; /_sim/ has its clock, faults, latency and request log.

\b
Example:
  bascule sim --root /tmp/gh --port 8080 --user admin:s3cret:admin --user bot:t0ken
  export GH_TOKEN=s3cret BASCULE_API_URL=http://127.0.0.1:8080
  bascule check 1 -R acme/shop
"""


@click.command(help=_HELP)
@click.option("--root", required=True, type=click.Path(path_type=Path, file_okay=False), help="Where state is kept.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="0 takes any free port.")
@click.option("--user", "users", multiple=True, metavar="LOGIN:TOKEN[:admin]", help="A user to exist from the start.")
@click.option("--ready-file", type=click.Path(path_type=Path, dir_okay=False), help="JSON {url, port, pid} once ready.")
@click.option("--json", "as_json", is_flag=True, help="Print {url, port, pid} on stdout once ready.")
def sim(root: Path, port: int, users: tuple[str, ...], ready_file: Path | None, as_json: bool) -> int:
    """Start the simulator and serve until interrupted."""
    try:
        from bascule.simulator import server
    except ImportError as missing:
        raise UsageError(
            f"the simulator needs {missing.name}, which is not installed", hint="pip install 'bascule[sim]'"
        ) from missing
    try:
        specs = [server.UserSpec.parse(text) for text in users]
        server.serve(root, port, specs, ready_file, announce=_announce_json if as_json else _announce)
    except ValueError as error:
        raise UsageError(str(error), where="--user", hint="see bascule sim --help for an example") from error
    except OSError as error:
        raise UsageError(
            str(error), where=f"--port {port}", hint="choose another port, or 0 for any free one"
        ) from error
    except KeyboardInterrupt:
        return 0
    return 0


def _announce(url: str, port: int, pid: int) -> None:  # noqa: ARG001 - one shape for both
    click.echo(f"serving on {url}   (Ctrl-C ends)\n  export BASCULE_API_URL={url}", err=True)


def _announce_json(url: str, port: int, pid: int) -> None:
    import json

    click.echo(json.dumps({"url": url, "port": port, "pid": pid}))
