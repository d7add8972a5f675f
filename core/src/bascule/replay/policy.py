"""Which packs judge: those of the branch, those of a directory, or packaged defaults that fit its files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from attrs import evolve

from bascule.errors import ConfigError, OutsideError, Problem, UsageError
from bascule.git import Git
from bascule.globs import globs
from bascule.messages import replay as say
from bascule.replay.records import Policy
from bascule.replay.repository import Repository
from bascule.rulepack.catalog import Catalog
from bascule.rulepack.load import FOLDERS, is_pack_path, load, load_all, load_template
from bascule.types import Match, Rulepack, Scenario

DEFAULT = "default"
"""The template that a scenario offers to repositories without packs."""


def policy_of(repository: Repository, catalog: Catalog, directory: Path | None = None) -> Policy:
    """Return the policy to replay with.

    Args:
        repository: its packs are read at the branch's tip, from git, not from the work tree.
        catalog: the installed scenarios.
        directory: judge with the packs in this directory instead.

    Raises:
        ConfigError: one or more packs are wrong, with every problem.
        UsageError: ``directory`` holds no pack.
        OutsideError: the branch's packs cannot be read from this clone.
    """
    if directory is not None:
        return Policy(origin="directory", packs=_directory(directory, catalog), place=str(directory))
    files = _committed(repository)
    if files:
        loaded = load_all(files, catalog, repository.tip)
        if loaded.problems:
            raise ConfigError(say.broken_packs(repository.branch), loaded.problems, hint=say.MEND_OR_TRY)
        folders = sorted({path.rpartition("/")[0] for path in files})
        return Policy(origin="repository", packs=loaded.packs, place=", ".join(f"{f}/" for f in folders))
    paths = _paths(repository.git, repository.tip)
    packs = tuple(_defaults(catalog, paths))
    unready = tuple(name for p in packs if not catalog.scenarios[name := p.scenario].rules)
    return Policy(origin="defaults", packs=packs, unready=unready)


def _directory(directory: Path, catalog: Catalog) -> tuple[Rulepack, ...]:
    if not directory.is_dir():
        raise UsageError(say.not_a_folder(directory.exists()), where=str(directory), hint=say.GIVE_PACKS)
    inside = [folder for f in FOLDERS if (folder := directory / f).is_dir()]
    found = [p for folder in (directory, *inside) for p in sorted(folder.iterdir()) if _is_pack(p)]
    if not found:
        raise UsageError(say.NO_PACKS_THERE, where=str(directory), hint=say.GIVE_PACKS)
    packs: list[Rulepack] = []
    problems: list[Problem] = []
    names: dict[str, Path] = {}
    for path in found:
        if path.stem in names:
            problems.append(Problem(where=f"{path}:1:1", message=say.same_name(path.stem, str(names[path.stem]))))
            continue
        names[path.stem] = path
        try:
            packs.append(load(path.read_bytes(), str(path), catalog=catalog))
        except ConfigError as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigError(say.broken_packs(""), problems, hint=say.MEND)
    return tuple(packs)


def _is_pack(path: Path) -> bool:
    return path.is_file() and path.suffix in {".yml", ".yaml"} and not path.name.startswith(".")


def _committed(repository: Repository) -> dict[str, bytes]:
    """Return the pack files of the branch's tip.

    Raises:
        OutsideError: a partial clone has the name of a pack but not its content. Judging without it would be another
            policy than the repository's.
    """
    listed = repository.git.run("ls-tree", "-z", "--name-only", repository.tip, "--", *(f"{f}/" for f in FOLDERS))
    paths = [p for p in listed.decode("utf-8", "surrogateescape").split("\0") if is_pack_path(p)]
    contents = {path: repository.git.blob(repository.tip, path) for path in paths}
    missing = tuple(path for path, content in contents.items() if content is None)
    if missing:
        raise OutsideError(say.missing_packs(missing), where=repository.name, hint=say.HAVE_THEM)
    return {path: content for path, content in contents.items() if content is not None}


def _paths(git: Git, tip: str) -> tuple[str, ...]:
    listed = git.run("ls-tree", "-r", "-z", "--name-only", tip)
    return tuple(p for p in listed.decode("utf-8", "surrogateescape").split("\0") if p)


def _defaults(catalog: Catalog, paths: tuple[str, ...]) -> Iterable[Rulepack]:
    """Yield the default template of each scenario whose ``fits`` match a file, by the scenario's name."""
    for name in sorted(catalog.scenarios):
        scenario = catalog.scenarios[name]
        wanted = globs(scenario.fits)
        if f"{name}/{DEFAULT}" not in catalog.templates or not any(wanted.match(p) for p in paths):
            continue
        yield _bound(load_template(f"{name}/{DEFAULT}", catalog), scenario)


def _bound(pack: Rulepack, scenario: Scenario) -> Rulepack:
    """Return ``pack`` with files to bind: a template may leave them to the repository, and here nobody has said."""
    return pack if pack.match.files else evolve(pack, match=Match(files=scenario.fits, branches=pack.match.branches))
