"""From files to rulepacks: read strictly, extend, check what packs name, and report every problem at once."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from bascule.config.reader import Document, Path, read
from bascule.config.structure import in_file_order, structure
from bascule.errors import ConfigError, Problem
from bascule.messages import rulepack as say
from bascule.rulepack import params
from bascule.rulepack.build import build
from bascule.rulepack.catalog import Catalog
from bascule.rulepack.evidence_shape import EvidenceShape
from bascule.rulepack.extend import MATCH, Policy, Template, extend
from bascule.rulepack.layer import layer_of
from bascule.rulepack.schema import PackShape
from bascule.types import RelaxKind, Rulepack, RuleSpec
from bascule.types import Template as PackagedTemplate

FOLDERS = ("rulepack", ".github/rulepack")
"""Where packs live in a repository; only files directly in these are read."""


@frozen(kw_only=True)
class Loaded:
    """The packs that can be used, by path, and every problem. One problem anywhere blocks (DESIGN, invariant 8)."""

    packs: tuple[Rulepack, ...]
    problems: tuple[Problem, ...] = ()


def is_pack_path(path: str) -> bool:
    """Return whether ``path`` is where a pack would be: ``rulepack/NAME.yml`` or ``.github/rulepack/NAME.yml``."""
    folder, _, name = path.rpartition("/")
    return folder in FOLDERS and name.endswith((".yml", ".yaml")) and not name.startswith(".")


def load(text: str | bytes, path: str, *, catalog: Catalog, commit: str = "") -> Rulepack:
    """Return the rulepack in ``text``.

    Args:
        text: the file's content.
        path: how the file is called in messages and in the pack.
        catalog: what packs may name.
        commit: the base commit that the file was read from; empty for a file of the work tree.

    Raises:
        ConfigError: with every problem of the file.
    """
    pack, problems = _load(text, path, catalog=catalog, commit=commit)
    if pack is None or problems:
        raise ConfigError(f"{path} is not a usable rulepack", problems, hint="mend what is listed below")
    return pack


def load_all(files: Mapping[str, str | bytes], catalog: Catalog, commit: str = "", *, anywhere: bool = False) -> Loaded:
    """Return all packs of a repository.

    Two packs of one name are a problem, because reports call packs by name.

    Args:
        files: paths to contents; what is no pack by its path is ignored.
        catalog: what packs may name.
        commit: the base commit that the files were read from.
        anywhere: take every file for a pack, wherever it is.
    """
    packs: list[Rulepack] = []
    problems: list[Problem] = []
    names: dict[str, str] = {}
    for path in sorted(files):
        if not anywhere and not is_pack_path(path):
            continue
        pack, found = _load(files[path], path, catalog=catalog, commit=commit)
        problems += found
        name = _name(path)
        if name in names:
            message, fix = say.same_name(name, names[name])
            problems.append(Problem(where=f"{path}:1:1", message=message, fix=fix))
        elif pack is not None and not found:
            packs.append(pack)
        names.setdefault(name, path)
    return Loaded(packs=tuple(packs), problems=tuple(problems))


def load_template(name: str, catalog: Catalog) -> Rulepack:
    """Return the packaged template ``plugin/template``; unlike a pack of a repository it need not match any file.

    Raises:
        ConfigError: when there is none of that name, or with every problem in it.
    """
    found = catalog.template(name)
    if not isinstance(found, PackagedTemplate):
        raise ConfigError(found[0], (), hint=found[1])
    loader = _Loader(catalog)
    pack = loader.pack(found.text, name, name=name, template=True, chain=(name,))
    if pack is None or loader.problems:
        raise ConfigError(f"the template {name} is not usable", loader.problems, hint="tell the plugin's author")
    return pack


def _name(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


def _load(
    text: str | bytes, path: str, *, catalog: Catalog, commit: str
) -> tuple[Rulepack | None, tuple[Problem, ...]]:
    loader = _Loader(catalog)
    pack = loader.pack(text, path, name=_name(path), commit=commit)
    return pack, in_file_order(loader.problems)


class _Loader:
    """Loads one file with the templates below it, collecting problems."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.problems: list[Problem] = []

    def pack(
        self,
        text: str | bytes,
        path: str,
        *,
        name: str,
        commit: str = "",
        template: bool = False,
        chain: tuple[str, ...] = (),
    ) -> Rulepack | None:
        """Return the pack, None when the file itself cannot be read; other problems leave it incomplete."""
        loaded = self._file(text, path, chain=chain)
        if loaded is None:
            return None
        doc, shape, policy = loaded
        if not template and MATCH not in policy.stated:
            self._say(doc, ("scenario",), say.no_match(), key=True)
        self._check_skipping(policy)
        return build(name=name, path=path, commit=commit, doc=doc, shape=shape, policy=policy)

    def _file(
        self, text: str | bytes, path: str, *, chain: tuple[str, ...]
    ) -> tuple[Document, PackShape, Policy] | None:
        doc = read(text, path)
        shape, problems = structure(doc, PackShape)
        self.problems += problems
        if shape is None:
            return None
        self._check(doc, shape)
        templates = self._templates(doc, shape, chain)
        policy, problems = extend(layer_of(doc, shape), templates, loosen=shape.loosen or "")
        self.problems += problems
        return doc, shape, policy

    def _say(self, doc: Document, path: Path, said: say.Said, *, key: bool = False) -> None:
        self.problems.append(doc.problem(path, said, key=key))

    def _templates(self, doc: Document, shape: PackShape, chain: tuple[str, ...]) -> list[Template]:
        out = []
        for at, name in enumerate(shape.extends):
            place: Path = ("extends", at)
            if name in chain:
                self._say(doc, place, say.loops([*chain, name]))
                continue
            found = self._catalog.template(name)
            if not isinstance(found, PackagedTemplate):
                self._say(doc, place, found)
                continue
            if name not in self._catalog.loaded:
                below = _Loader(self._catalog)
                loaded = below._file(found.text, name, chain=(*chain, name))
                if loaded is None or below.problems:
                    problem = f"{below.problems[0].where}: {below.problems[0].message}"
                    self._say(doc, place, say.broken_template(name, problem))
                    continue
                self._catalog.loaded[name] = loaded[2]
            out.append(Template(name=name, policy=self._catalog.loaded[name], where=doc.at(place)))
        return out

    def _check(self, doc: Document, shape: PackShape) -> None:
        """Check what the shape alone cannot: names of plugins, hours, lists whose emptiness would mean everything."""
        said = self._catalog.missing(shape.scenario, f"the scenario `{shape.scenario}`")
        if said is not None:
            self._say(doc, ("scenario",), said)
        if shape.loosen and not shape.extends:
            self._say(doc, ("loosen",), say.loosen_without_extends(), key=True)
        self._check_lists(doc, shape)
        self._check_hours(doc, shape)
        self._check_rules(doc, shape)
        self._check_examples(doc, shape)

    def _check_skipping(self, policy: Policy) -> None:
        """Refuse a rollback that passes by checks in a pack that lets nobody pass by checks."""
        skip, allow = policy.stated.get("watch.rollback.checks"), policy.stated.get("relax.allow")
        if skip is None or skip.value != "skip" or (allow is not None and RelaxKind.CHECKS in allow.value):
            return
        message, fix = say.skips_checks()
        self.problems.append(Problem(where=skip.where, message=message, fix=fix))

    def _check_lists(self, doc: Document, shape: PackShape) -> None:
        everything = (
            (("match", "files"), shape.match and shape.match.files, "no file at all"),
            (("match", "branches"), shape.match and shape.match.branches, "every branch"),
            (("files", "only"), shape.files and shape.files.only, "every file"),
            (("authors", "allow"), shape.authors and shape.authors.allow, "everybody"),
        )
        for path, value, means in everything:
            if value == ():
                self._say(doc, path, say.empty_list(".".join(path), means))
        seen: set[tuple[str, str]] = set()
        for at, check in enumerate((shape.checks and shape.checks.require) or ()):
            if (check.name, check.app) in seen:
                self._say(doc, ("checks", "require", at), say.listed_twice(f"{check.name} ({check.app})"))
            seen.add((check.name, check.app))

    def _check_hours(self, doc: Document, shape: PackShape) -> None:
        if shape.schedule is None:
            return
        if shape.schedule.merge is None:
            if shape.schedule.timezone is not None:
                self._say(doc, ("schedule", "timezone"), say.zone_without_hours(), key=True)
            return
        from bascule.gates.weekly import Weekly

        try:
            Weekly.parse(shape.schedule.merge, shape.schedule.timezone or "UTC")
        except ValueError as error:
            self._say(doc, ("schedule", "merge"), say.not_a_schedule(str(error)))

    def _check_rules(self, doc: Document, shape: PackShape) -> None:
        named: dict[str, str] = {}
        for at, entry in enumerate(shape.evidence or ()):
            if entry.name in named:
                self._say(doc, ("evidence", at, "name"), say.same_id(entry.name, named[entry.name]))
            named.setdefault(entry.name, doc.at(("evidence", at, "name")))
            self._check_source(doc, at, entry)
        first: dict[str, str] = {}
        for at, rule in enumerate(shape.rules or ()):
            if rule.id in first:
                self._say(doc, ("rules", at, "id"), say.same_id(rule.id, first[rule.id]))
            first.setdefault(rule.id, doc.at(("rules", at, "id")))
            spec = self._catalog.rule(rule.use)
            if not isinstance(spec, RuleSpec):
                self._say(doc, ("rules", at, "use"), spec)
                continue
            for path, said, at_key in params.check(rule.use, spec.schema, rule.params):
                self._say(doc, ("rules", at, *path), said, key=at_key)

    def _check_source(self, doc: Document, at: int, entry: EvidenceShape) -> None:
        """Check that the keys of workflows' artifacts stand where they mean something, and are all there."""
        place: Path = ("evidence", at)
        if entry.source == "actions":
            for name, value, example in (
                ("workflow", entry.workflow, ".github/workflows/plan.yml"),
                ("artifact", entry.artifact, "tfplan"),
            ):
                if value is None:
                    self._say(doc, place, say.actions_needs(name, example))
            return
        for name in ("workflow", "artifact", "file", "event", "max_age"):
            if getattr(entry, name) is not None:
                self._say(doc, (*place, name), say.only_actions(name, entry.source), key=True)
        if entry.source == "local" and entry.max_size is not None:
            self._say(doc, (*place, "max_size"), say.only_actions("max_size", entry.source), key=True)

    def _check_examples(self, doc: Document, shape: PackShape) -> None:
        first: dict[str, str] = {}
        for at, example in enumerate(shape.examples):
            if example.name in first:
                self._say(doc, ("examples", at, "name"), say.same_id(example.name, first[example.name]))
            first.setdefault(example.name, doc.at(("examples", at, "name")))
            if example.because is not None and example.expect == "allow":
                self._say(doc, ("examples", at, "because"), say.because_of_nothing(example.expect), key=True)
