"""The ``bascule`` command. Importing this module imports nothing heavy; commands load when they are called."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code (see :class:`bascule.errors.ExitCode`)."""
    args = list(sys.argv[1:] if argv is None else argv)
    if args in (["--version"], ["-V"]):
        from bascule import __version__

        print(f"bascule {__version__}")
        return 0
    from bascule.cli.root import process, run

    return run(args) if argv is not None else process(args)


if __name__ == "__main__":
    sys.exit(main())
