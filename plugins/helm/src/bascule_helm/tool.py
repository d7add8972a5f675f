"""The real helm, run so that it finds no plugin, no repository, no cluster and no network of anybody's."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bascule.kit import RehearsalError, Tool, tool
from bascule.types import DryRunContext
from bascule_helm.memory import SAID, key
from bascule_helm.sets import ValuesSet

INSTALL = "install Helm 3 or 4 and put it on PATH, or name it in BASCULE_TOOL_HELM"
_NOWHERE = "http://127.0.0.1:9"
"""Where nothing listens: a chart that asks for something from elsewhere is told no, at once."""
_LINT = re.compile(r"^\[(WARNING|ERROR)\] (.*)$")


class HelmError(Exception):
    """Helm said no; the message is what it said, cut short and without values."""


@dataclass(frozen=True, kw_only=True)
class Helm:
    """The program, its version (``v4.3.1``), and where it works."""

    tool: Tool
    version: str

    @classmethod
    def of(cls, ctx: DryRunContext) -> Helm:
        """Return helm, ready to run.

        Raises:
            RehearsalError: it is not on this machine, or too old.
        """
        home = Path(ctx.workdir) / ".helm"
        home.mkdir(exist_ok=True)
        env = {
            "HELM_CACHE_HOME": str(home / "cache"), "HELM_CONFIG_HOME": str(home / "config"),
            "HELM_DATA_HOME": str(home / "data"), "HELM_PLUGINS": str(home / "plugins"), "HELM_NO_PLUGINS": "1",
            "HELM_REPOSITORY_CONFIG": str(home / "repositories.yaml"),
            "HELM_REPOSITORY_CACHE": str(home / "repository"),
            "HELM_REGISTRY_CONFIG": str(home / "registry.json"), "KUBECONFIG": str(home / "no-cluster"),
            "HTTP_PROXY": _NOWHERE, "HTTPS_PROXY": _NOWHERE, "NO_PROXY": "",
        }  # fmt: skip
        found = tool(ctx, "helm", install=INSTALL, env=env)
        version = found.about("version", "--template", "{{.Version}}").out.strip()
        if not re.match(r"v[34]\.", version):
            raise RehearsalError(f"helm says it is `{version[:40]}`", expected="Helm 3 or 4", fix=INSTALL)
        return cls(tool=found, version=version)

    def render(
        self, chart: Path, base: Path, values: ValuesSet, secrets: Redactor, limit: float, *, state: str = ""
    ) -> str:
        """Return what ``chart`` renders to; raises HelmError where helm refuses, RehearsalError where it is cut off.

        ``state`` stands for all files of the chart: what the same ones rendered to before, in this process, is not
        rendered again. Empty: it is rendered, and not remembered.
        """
        known = state and self._known("template", state, values, *(_content(base / f) for f in values.files))
        if known and (said := SAID.get(known)) is not None:
            return said
        args = ["template", values.release, str(chart), "--namespace", values.namespace, "--include-crds"]
        args += [a for f in values.files for a in ("--values", str(base / f))]
        args += ["--kube-version", values.kube_version] if values.kube_version else []
        args += [a for v in values.api_versions for a in ("--api-versions", v)]
        args += ["--is-upgrade"] if values.upgrade else []
        ran = self.tool.run(*args, timeout=limit, ok=(0, 1), blame=())
        if ran.code:
            raise HelmError(secrets.first_lines(ran.err, base))
        if known:
            SAID.put(known, ran.out)
        return ran.out

    def _known(self, *parts: object) -> str:
        """Return what this very helm's answer to ``parts`` is remembered under."""
        return key(self.tool.path, self.version, *parts)

    def lint(self, chart: Path, base: Path, values: ValuesSet, secrets: Redactor, limit: float) -> list[str]:
        """Return what ``helm lint --strict`` complains of, each as one line without line numbers or values."""
        args = ["lint", "--strict", str(chart), "--namespace", values.namespace]
        args += [a for f in values.files for a in ("--values", str(base / f))]
        args += ["--kube-version", values.kube_version] if values.kube_version else []
        ran = self.tool.run(*args, timeout=limit, ok=(0, 1))
        found: list[str] = []
        for line in ran.out.splitlines():
            if at := _LINT.match(line):
                found.append(f"{at[1].lower()}: {at[2]}")
            elif found and line.startswith(("- ", "  ")):
                found[-1] += f" {line.strip()}"
        if ran.code and not found:
            found.append(secrets.first_lines(ran.err, base))
        return list(dict.fromkeys(secrets.clean(re.sub(r":\d+(:\d+)?\b", "", f), base) for f in found))

    def package(self, chart: Path, to: Path, secrets: Redactor, base: Path) -> None:
        """Pack the chart in ``chart`` into the folder ``to``, as ``helm dependency build`` does for ``file://``."""
        ran = self.tool.run("package", str(chart), "--destination", str(to), ok=(0, 1))
        if ran.code:
            raise HelmError(secrets.first_lines(ran.err, base))

    def missing(self, chart: Path, secrets: Redactor, base: Path, *, state: str = "") -> list[tuple[str, str, str]]:
        """Return (name, repository, status) of the dependencies that helm would not render as they are stated.

        ``state`` as for :meth:`render`.
        """
        known = state and self._known("dependency list", state)
        said = SAID.get(known) if known else None
        if said is None:
            ran = self.tool.run("dependency", "list", str(chart), "--max-col-width", "500", ok=(0, 1))
            if ran.code:
                raise HelmError(secrets.first_lines(ran.err, base))
            said = ran.out
            if known:
                SAID.put(known, said)
        rows = [[c.strip() for c in line.split("\t")] for line in said.splitlines() if "\t" in line]
        return [(r[0], r[2], r[3]) for r in rows[1:] if len(r) > 3 and r[3] not in {"ok", "unpacked"}]


def _content(file: Path) -> str:
    """Return what stands for the content of ``file``; where helm will not find it, that it is not there."""
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "not there"


class Redactor:
    """Takes values out of what helm says: every scalar of the values files, but for words of the charts' own paths.

    Args:
        texts: the contents of values files; what cannot be parsed is taken line by line.
        paths: paths that may be named.
    """

    def __init__(self, texts: Iterable[str], paths: Iterable[str]) -> None:
        named = " ".join(paths)
        found: set[str] = set()
        keys: set[str] = set()
        for text in texts:
            values, names = _scalars(text)
            found, keys = found | values, keys | names
        self._values = sorted(
            (v for v in found if len(v) > 3 and v not in named and v not in keys), key=lambda v: (-len(v), v)
        )

    def clean(self, text: str, base: Path) -> str:
        """Return ``text`` in one line of at most 300 characters, without values and without paths of this machine."""
        text = re.sub(rf"{re.escape(str(base.parent))}/(before|after)/", "", text).replace(str(base.parent), "")
        text = re.sub(r"(can't iterate over|invalid value|cannot unmarshal) .*", r"\1 …", text)
        for value in self._values:
            if value in text:
                text = text.replace(value, "…")
        line = " ".join(text.split())
        return line if len(line) <= 300 else f"{line[:299]}…"

    def first_lines(self, said: str, base: Path) -> str:
        """Return the first lines of an error of helm's, cleaned."""
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        at = next((i for i, line in enumerate(lines) if line.startswith("Error:")), 0)
        kept = [line for line in lines[at : at + 6] if not line.startswith(("Use --debug", "helm.go"))]
        return self.clean("; ".join(kept[:5]), base).removeprefix("Error: ") or "without saying why"


def _scalars(text: str) -> tuple[set[str], set[str]]:
    """Return the values in a YAML text, multi-line ones also line by line, and its keys."""
    values: set[str] = set()
    keys: set[str] = set()
    seen: set[int] = set()
    try:
        waiting: list[Any] = list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
        while waiting:
            node = waiting.pop()
            if node is None or id(node) in seen:
                continue  # an alias: its anchor was read
            seen.add(id(node))
            if isinstance(node, yaml.MappingNode):
                keys |= {k.value for k, _ in node.value if isinstance(k, yaml.ScalarNode)}
                waiting += [v for _, v in node.value]
            elif isinstance(node, yaml.SequenceNode):
                waiting += node.value
            else:
                values |= {node.value, *node.value.split("\n")}
    except (yaml.YAMLError, ValueError, RecursionError):
        values |= {line.partition(":")[2].strip(" \"'") or line.strip() for line in text.splitlines()}
        values |= {word for line in text.splitlines() for word in re.split(r"[\s,\[\]{}\"']+", line.partition(":")[2])}
    return {v.strip() for v in values if v.strip()}, keys
