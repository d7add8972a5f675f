"""``bascule demo``: the whole main job on the embedded simulator."""

from __future__ import annotations

import click

from bascule.errors import UsageError

_HELP = """Watch Bascule at work on a GitHub that runs here: merge, refuse, survive a kill, and close behind itself.

Seven acts against a real git server that speaks GitHub's API; no network, no token, nothing is left behind. The end
compares protection before and after as an administrator reads it. Takes under a minute.

\b
Example:
  bascule demo
  bascule demo --json

Exit codes: 0 as promised, 1 an act went wrong, 4 protection differs at the end.
"""


@click.command(help=_HELP)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout; the show goes to stderr.")
@click.option("--act", "only", type=int, multiple=True, hidden=True, help="Play this act only; for tests.")
def demo(as_json: bool, only: tuple[int, ...]) -> int:
    """Play the demonstration."""
    try:
        from bascule.demo.run import play
        from bascule.simulator import server  # noqa: F401 - only whether it can be imported
    except ImportError as missing:
        raise UsageError(
            f"the demo needs {missing.name}, which is not installed", hint="pip install 'bascule[sim]'"
        ) from missing
    return play(as_json=as_json, only=only)
