"""Building what would be released, and reading name and version out of what came of it.

A build runs code of the change. It gets a clean environment, a throw-away home, a time limit that ends all it started,
and, where the machine can, a network namespace without a network. It can still read what the user may read: that is why
the machine's owner has to let code run at all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from email.parser import HeaderParser
from functools import cache
from pathlib import Path, PurePosixPath
from typing import IO

from attrs import frozen

from bascule.kit import RehearsalError, Tool, find, tool
from bascule.types import DryRunContext, Status
from bascule_release.formats import others, structured

LARGEST = 1 << 20
"""Bytes of metadata inside a built file that are read."""
MOST_MEMBERS = 50_000
_HAS_PIP = "import importlib.util, sys; sys.exit(importlib.util.find_spec('pip') is None)"
_CUT = ("-r", "-n", "-p", "-f", "--kill-child=KILL")


@frozen(kw_only=True)
class Order:
    """One build: of what, where its files are, where the built file goes, and for how long, in seconds."""

    ctx: DryRunContext
    source: Path
    out: Path
    seconds: float
    version: str
    stated: bool
    """Whether a file states the version; else it comes from tags that the copy does not have."""
    blame: tuple[str, ...]


@frozen(kw_only=True)
class Built:
    """What a build made: the file's name, and the name and version that it says of itself."""

    file: str
    name: str
    version: str
    tool: str


def isolation() -> str:
    """Return how builds are kept apart here: ``no network`` or ``network``, as evidence and messages say it."""
    return "no network" if _can_cut() else "network"


@cache
def _can_cut() -> bool:
    try:
        done = subprocess.run(["unshare", *_CUT, "true"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _apart(made: Tool) -> tuple[Tool, tuple[str, ...]]:
    """Return the tool to run, and the arguments that come first, so that ``made`` runs without a network."""
    if not _can_cut():
        return made, ()
    apart = Tool(name=made.name, path="unshare", home=made.home, limit=made.limit, env=made.env)
    return apart, (*_CUT, "--", made.path)


def _run(made: Tool, order: Order, *args: str, env: Mapping[str, str] | None = None) -> str:
    apart, before = _apart(made)
    ran = apart.run(
        *before, *args, cwd=order.source, timeout=order.seconds, env=env, ok=tuple(range(256)), blame=order.blame
    )
    if ran.code:
        said = " ".join((ran.err or ran.out).split())
        raise RehearsalError(
            f"the build failed: `{made.name} {args[0]}` ended with {ran.code}: {said[-300:] or 'it said nothing'}",
            expected="a version that builds", fix="build it from a clean copy and mend what it says",
            status=Status.BLOCK, paths=order.blame,
        )  # fmt: skip
    return ran.out


def python(order: Order) -> Built:
    """Build a wheel through the project's own backend; that and pip must be installed beside the Python."""
    path = find_python(order.ctx)
    home = Path(order.ctx.workdir) / ".home"
    home.mkdir(exist_ok=True)
    made = Tool(name="python", path=path, home=home, limit=order.ctx.output_limit)
    if made.run("-I", "-c", _HAS_PIP, ok=(0, 1)).code:
        raise RehearsalError(
            f"{path} has no pip, which builds wheels", expected="pip beside the project's build backend",
            fix="install pip for it (uv's environments have none), or name another Python in BASCULE_TOOL_PYTHON",
        )  # fmt: skip
    env = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INPUT": "1",
        "PYTHONNOUSERSITE": "1",
        "SOURCE_DATE_EPOCH": "315532800",
    }
    if not order.stated:
        env["SETUPTOOLS_SCM_PRETEND_VERSION"] = order.version
    _run(
        made, order, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index",
        "--no-cache-dir", "--disable-pip-version-check", "--wheel-dir", str(order.out), ".", env=env,
    )  # fmt: skip
    wheel = _only(order, "*.whl")
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [n for n in archive.namelist()[:MOST_MEMBERS] if n.endswith(".dist-info/METADATA")]
            if len(names) != 1:
                raise ValueError(f"{len(names)} METADATA files")
            with archive.open(names[0]) as file:
                told = HeaderParser().parsestr(_some(file).decode("utf-8", "replace"))
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise _odd(order, wheel, str(error)) from error
    return Built(file=wheel.name, name=str(told["Name"] or ""), version=str(told["Version"] or ""), tool="pip wheel")


def find_python(ctx: DryRunContext) -> str:
    """Return the Python that builds: the one the run was given (``BASCULE_TOOL_PYTHON``), else this one's own."""
    return ctx.tools.get("python") or sys.executable


def npm(order: Order) -> Built:
    """Pack for npm without writing anything and without running the package's scripts."""
    made = tool(order.ctx, "npm", install="install Node.js with npm")
    env = {"npm_config_update_notifier": "false", "npm_config_audit": "false", "npm_config_offline": "true"}
    out = _run(made, order, "pack", "--dry-run", "--json", "--ignore-scripts", env=env)
    try:
        found = json.loads(out)
        # A list until npm 11, a mapping by name in some later ones.
        (told,) = found.values() if isinstance(found, dict) else found
        return Built(file=str(told["filename"]), name=str(told["name"]), version=str(told["version"]), tool="npm pack")
    except (ValueError, KeyError, TypeError) as error:
        raise _odd(order, Path("npm pack"), str(error)) from error


def cargo(order: Order) -> Built:
    """Package a crate, offline and without compiling it."""
    made = tool(order.ctx, "cargo", install="install Rust with cargo")
    home = PurePosixPath(made.path).parent.parent
    env = {"CARGO_NET_OFFLINE": "true"}
    if home.name == ".cargo":  # rustup's: it looks for its toolchains beside
        env |= {"RUSTUP_HOME": str(home.parent / ".rustup"), "CARGO_HOME": str(order.out / ".cargo")}
    _run(
        made, order, "package", "--quiet", "--offline", "--allow-dirty", "--no-verify", "--target-dir", str(order.out),
        env=env,
    )  # fmt: skip
    crate = _only(order, "package/*.crate")
    text = _member(order, crate, "Cargo.toml")
    stated = next(iter(structured.cargo(text).stated), None)
    if stated is None:
        raise _odd(order, crate, "its Cargo.toml states no version")
    return Built(file=crate.name, name=stated.name, version=stated.version, tool="cargo package")


def helm(order: Order) -> Built:
    """Package a chart."""
    made = tool(order.ctx, "helm", install="install Helm")
    _run(made, order, "package", ".", "--destination", str(order.out))
    archive = _only(order, "*.tgz")
    stated = next(iter(others.chart(_member(order, archive, "Chart.yaml")).stated), None)
    if stated is None:
        raise _odd(order, archive, "its Chart.yaml states no version")
    return Built(file=archive.name, name=stated.name, version=stated.version, tool="helm package")


BUILDERS: Mapping[str, Callable[[Order], Built]] = {"python": python, "npm": npm, "cargo": cargo, "helm": helm}
MARKS: Mapping[str, tuple[str, ...]] = {
    "python": ("pyproject.toml", "setup.py", "setup.cfg"), "npm": ("package.json",), "cargo": ("Cargo.toml",),
    "helm": ("Chart.yaml",),
}  # fmt: skip
"""Files by which a folder's ecosystem is known, the first that fits."""


def ecosystem_of(folder: Path) -> str | None:
    """Return how ``folder`` is built, None where its files do not tell."""
    return next((name for name, marks in MARKS.items() if any((folder / m).is_file() for m in marks)), None)


def available(ctx: DryRunContext, name: str) -> bool:
    """Return whether the program behind an ecosystem is on this machine."""
    return name == "python" or find(ctx, name) is not None


def _only(order: Order, pattern: str) -> Path:
    found = sorted(order.out.glob(pattern))
    if len(found) != 1:
        raise _odd(order, order.out, f"{len(found)} files that could be it")
    return found[0]


def _member(order: Order, archive: Path, name: str) -> str:
    """Return the text of ``TOP/name`` inside a tar archive; nothing is unpacked."""
    try:
        with tarfile.open(archive) as tar:
            for at, member in enumerate(tar):
                if at >= MOST_MEMBERS:
                    break
                parts = PurePosixPath(member.name).parts
                if len(parts) == 2 and parts[1] == name and member.isfile():
                    file = tar.extractfile(member)
                    if file is not None:
                        return _some(file).decode("utf-8", "replace")
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise _odd(order, archive, str(error)) from error
    raise _odd(order, archive, f"no {name} in it")


def _some(file: IO[bytes]) -> bytes:
    raw = file.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise ValueError(f"metadata of more than {LARGEST:,} bytes")
    return raw


def _odd(order: Order, file: Path, why: str) -> RehearsalError:
    return RehearsalError(
        f"the build ended well, and {file.name} cannot be read: {why}", expected="one built file that states its name "
        "and version", fix="build it from a clean copy and look at what comes out", status=Status.BLOCK,
        paths=order.blame,
    )  # fmt: skip
