"""``bascule rulepack``: validate, explain and test rulepacks, and print their JSON Schema."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bascule import streams
from bascule.cli import rulepack_show as show
from bascule.errors import ConfigError, ExitCode, Problem, UsageError

if TYPE_CHECKING:
    from bascule.host.driver import Hosts
    from bascule.rulepack.catalog import Catalog
    from bascule.rulepack.load import Loaded
    from bascule.rulepack.trial import Judge
    from bascule.types import Rulepack

_VALIDATE = """Check rulepacks and .github/bascule.yml, and list every problem with its place.

PATH is a file or a folder; without one, rulepack/, .github/rulepack/ and .github/bascule.yml of this repository.
Exit code 0 when all is well, 2 when there is a problem.

\b
Example:
  bascule rulepack validate
  bascule rulepack validate --json .github/rulepack/docs.yml
"""
_EXPLAIN = """Say in plain sentences what holds under a rulepack, and where each of them was written.

TARGET is a file, a folder, or a packaged template such as allowlist/default; without one, all packs of this repository.

\b
Example:
  bascule rulepack explain .github/rulepack/docs.yml
  bascule rulepack explain allowlist/default
"""
_TEST = """Run the examples of rulepacks: does each change get the verdict that its pack promises?

Judged by the core's gates and the plugins' gates, without GitHub. Exit code 0 when all are as expected, 1 when one is
not, 2 when a pack has a problem.

\b
Example:
  bascule rulepack test
  bascule rulepack test --templates
"""
_SCHEMA = """Print the JSON Schema of rulepacks, or of .github/bascule.yml, for editors.

\b
Example:
  bascule rulepack schema > rulepack/rulepack.schema.json
  # and on top of each pack:
  # yaml-language-server: $schema=./rulepack.schema.json
"""
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
_PATHS = click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))


@click.group(epilog="Start with: bascule rulepack validate")
def rulepack() -> None:
    """Validate, explain and test rulepacks."""


@rulepack.command(help=_VALIDATE, short_help="Check rulepacks and settings.")
@_PATHS
@_AS_JSON
def validate(paths: tuple[Path, ...], as_json: bool) -> int:
    """Check rulepacks and settings."""
    files = _pack_files(paths)
    with _hosts() as (_, catalog):
        loaded = _load(files, catalog)
    problems = [*loaded.problems, *(_settings_problems() if not paths else ())]
    if as_json:
        show.print_json(
            {"packs": [show.pack_row(p) for p in loaded.packs], "problems": [show.problem_row(p) for p in problems]}
        )
    else:
        for pack in loaded.packs:
            click.echo(f"ok       {pack.path}  {pack.scenario}, mode {pack.mode.value}")
        for problem in problems:
            click.echo(f"problem  {problem.where}: {problem.message}")
            if problem.fix:
                click.echo(f"         fix: {problem.fix}")
        show.annotate(problems)
        click.echo(f"{show.count(len(files), 'rulepack')}: {show.count(len(problems), 'problem')}")
    return ExitCode.USAGE if problems else ExitCode.DONE


@rulepack.command(help=_EXPLAIN, short_help="Say in plain sentences what holds.")
@click.argument("target", required=False)
@_AS_JSON
def explain(target: str | None, as_json: bool) -> int:
    """Say what holds under a rulepack."""
    from bascule.messages.explain import sentences

    with _hosts() as (_, catalog):
        packs = _packs_of(target, catalog)
    if as_json:
        rows = [
            {
                **show.pack_row(pack),
                "sentences": [{"key": s.key, "text": s.text, "where": list(s.where)} for s in sentences(pack)],
            }
            for pack in packs
        ]
        show.print_json({"packs": rows})
        return ExitCode.DONE
    for at, pack in enumerate(packs):
        extends = f", extends {', '.join(pack.extends)}" if pack.extends else ""
        click.echo(("\n" if at else "") + f"{pack.path}{extends}")
        for sentence in sentences(pack):
            origin = ", ".join(sentence.where) or "default"
            click.echo(f"  {sentence.text}  [{origin}]")
    return ExitCode.DONE


@rulepack.command(help=_TEST, short_help="Run the examples of rulepacks.")
@_PATHS
@click.option("--templates", is_flag=True, help="Run the examples of all packaged templates instead.")
@_AS_JSON
def test(paths: tuple[Path, ...], templates: bool, as_json: bool) -> int:
    """Run examples."""
    from bascule.rulepack import load, trial

    if templates and paths:
        raise UsageError("--templates and PATH exclude each other", hint="leave one of them out")
    with _hosts() as (hosts, catalog):
        if templates:
            packs = tuple(load.load_template(name, catalog) for name in catalog.templates)
        else:
            packs = _usable(_load(_pack_files(paths), catalog))
        outcomes = trial.run(packs, _judge(hosts), hosts.rehearse)
    if as_json:
        show.print_json({"examples": [show.outcome_row(o) for o in outcomes]})
    else:
        show.print_outcomes(packs, outcomes)
    return ExitCode.DONE if all(o.ok for o in outcomes) else ExitCode.BLOCKED


@rulepack.command(help=_SCHEMA, short_help="Print a JSON Schema for editors.")
@click.option("--settings", is_flag=True, help="The schema of .github/bascule.yml instead.")
@click.option("--json", "_as_json", is_flag=True, help="The schema is JSON either way.")
def schema(settings: bool, _as_json: bool) -> int:
    """Print a JSON Schema."""
    from bascule.rulepack.jsonschema import rulepack_schema, settings_schema

    click.echo(json.dumps(settings_schema() if settings else rulepack_schema(), indent=2))
    return ExitCode.DONE


# --- what is there ---


def _root() -> Path:
    """Return the root of the repository in which the command runs, or the working directory outside of one."""
    here = streams.folder()
    return next((p for p in (here, *here.parents) if (p / ".git").exists()), here)


def _pack_files(paths: tuple[Path, ...]) -> dict[str, bytes]:
    """Return the pack files to look at, by the path that messages use.

    Raises:
        UsageError: when there is none, or a path does not exist.
    """
    from bascule.rulepack.load import FOLDERS

    root = _root()
    found: dict[str, bytes] = {}
    for path in paths or tuple(root / folder for folder in FOLDERS):
        if path.is_dir():
            for file in sorted(p for p in path.iterdir() if p.suffix in {".yml", ".yaml"} and p.is_file()):
                found[_shown(file, root)] = _read(file)
        elif path.is_file():
            found[_shown(path, root)] = _read(path)
        elif paths:
            raise UsageError("no such file or folder", where=str(path), hint="check the path")
    if not found:
        looked = ", ".join(str(p) for p in paths) or " and ".join(f"{folder}/" for folder in FOLDERS)
        raise UsageError(
            f"no rulepack (*.yml) in {looked}",
            hint="write one; `bascule rulepack explain allowlist/default` shows what a packaged one says",
        )
    return found


def _read(path: Path) -> bytes:
    from bascule.config.reader import MAX_BYTES

    try:
        with path.open("rb") as file:
            # One byte more than is allowed, so that the reader can say that it is too much.
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(error.strerror or "cannot be read", where=str(path), hint="check its permissions") from error


def _shown(path: Path, root: Path) -> str:
    full = path.resolve()
    return full.relative_to(root.resolve()).as_posix() if full.is_relative_to(root.resolve()) else str(path)


def _settings_problems() -> tuple[Problem, ...]:
    from bascule.config import settings

    file = _root() / settings.PATH
    if not file.is_file():
        return ()
    try:
        settings.load(_read(file))
    except ConfigError as error:
        return error.problems
    return ()


@contextmanager
def _hosts() -> Iterator[tuple[Hosts, Catalog]]:
    """Yield the installed plugins and what packs may name of them."""
    from bascule.host.driver import Hosts
    from bascule.host.settings import PATIENT, chosen
    from bascule.rulepack.catalog import Catalog

    with Hosts.discover(chosen=chosen(os.environ), limits=PATIENT) as hosts:
        yield hosts, Catalog(scenarios=hosts.scenarios(), broken=hosts.broken(), fixes=hosts.fixes())


def _load(files: dict[str, bytes], catalog: Catalog) -> Loaded:
    from bascule.rulepack.load import load_all

    return load_all(files, catalog, anywhere=True)


def _usable(loaded: Loaded) -> tuple[Rulepack, ...]:
    if loaded.problems:
        raise ConfigError(
            "these rulepacks cannot be used", loaded.problems, hint="mend what is listed below, then run this again"
        )
    return loaded.packs


def _packs_of(target: str | None, catalog: Catalog) -> tuple[Rulepack, ...]:
    from bascule.rulepack.load import load_template

    if target is not None and not Path(target).exists():
        if re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+", target) is None:
            raise UsageError(
                "neither a file nor a template",
                where=target,
                hint=f"templates: {', '.join(catalog.templates) or 'none'}",
            )
        return (load_template(target, catalog),)
    return _usable(_load(_pack_files((Path(target),) if target else ()), catalog))


def _judge(hosts: Hosts) -> Judge:
    """Return the judge of examples: every core gate, then the gates of the plugins that the pack names."""
    from bascule import gates
    from bascule.types import Check, GateContext

    def judge(ctx: GateContext, claimed: tuple[str, ...]) -> tuple[Check, ...]:
        names = dict.fromkeys((ctx.pack.scenario, *(rule.use.partition("/")[0] for rule in ctx.pack.rules)))
        return (*gates.run(ctx, claimed=claimed), *hosts.gate(ctx, names))

    return judge
