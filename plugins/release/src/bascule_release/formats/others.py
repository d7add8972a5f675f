"""Charts, Maven, Gradle, MSBuild, Mix, Ruby, and files that hold nothing but a version."""

from __future__ import annotations

import re
from xml.parsers import expat

from bascule.kit import RehearsalError, UnreadableError, yaml_documents
from bascule_release.formats.common import MASK, Reading, Stated, by_pattern, masked, text_of

_GRADLE = re.compile(r"^[ \t]*(?:version|VERSION_NAME)[ \t]*[=:][ \t]*(?P<version>\S+)[ \t]*$", re.MULTILINE)
_MIX = re.compile(r"""(?:\bversion:|@version)[ \t]+"(?P<version>[^"\r\n]{1,100})\"""")
_RUBY = re.compile(r"""^[ \t]*VERSION[ \t]*=[ \t]*(?P<q>["'])(?P<version>[^"'\r\n]{1,100})(?P=q)""", re.MULTILINE)
_GEMSPEC = re.compile(r"""\.version[ \t]*=[ \t]*(?P<q>["'])(?P<version>[^"'\r\n]{1,100})(?P=q)""")
_VERSION = re.compile(r"\s*v?(?P<version>\d[0-9A-Za-z.+!_-]{0,99})\s*")


def chart(text: str) -> Reading:
    """Read a Chart.yaml; ``appVersion`` is another matter."""
    try:
        (data,) = yaml_documents(text, "Chart.yaml")
    except (RehearsalError, ValueError) as error:
        raise UnreadableError(str(error)) from error
    if not isinstance(data, dict):
        raise UnreadableError("a mapping was expected")
    version = data.get("version")
    if not isinstance(version, str):
        return Reading(stated=(), rest=data)
    stated = Stated(what="version", version=version, scheme="semver", name=text_of(data.get("name")))
    return Reading(stated=(stated,), rest={**data, "version": MASK})


def pom(text: str) -> Reading:
    """Read a pom.xml: ``/project/version`` and the parent's, which moves with it in a build of several modules."""
    return _xml(text, {"project/version": True, "project/parent/version": False}, "project/artifactId")


def msbuild(text: str) -> Reading:
    """Read a project file of MSBuild: ``Version``, ``VersionPrefix``, ``PackageVersion``."""
    names = ("Version", "VersionPrefix", "PackageVersion")
    return _xml(text, {f"Project/PropertyGroup/{n}": True for n in names}, "Project/PropertyGroup/PackageId")


def _xml(text: str, wanted: dict[str, bool], named: str) -> Reading:
    """Return what stands at the paths ``wanted`` (element names without namespaces); entities are refused."""
    raw = text.encode()
    parser = expat.ParserCreate()
    path: list[str] = []
    found: list[tuple[str, int, int]] = []
    name, start = "", 0

    def begin(tag: str, _: dict[str, str]) -> None:
        nonlocal start
        path.append(tag.rpartition(":")[2])
        start = raw.index(b">", parser.CurrentByteIndex) + 1

    def end(_: str) -> None:
        nonlocal name
        here = "/".join(path)
        if here in wanted:
            found.append((here, start, parser.CurrentByteIndex))
        elif here == named and not name:
            name = raw[start : parser.CurrentByteIndex].decode().strip()
        path.pop()

    def refuse(*_: object) -> None:
        raise UnreadableError("it declares entities")

    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(raw, True)
    except (expat.ExpatError, ValueError) as error:
        raise UnreadableError(str(error)) from error
    stated, spans = [], []
    for here, first, last in found:
        version = raw[first:last].decode().strip()
        if version and "$(" not in version and "${" not in version and "<" not in version:
            what = here.partition("/")[2]
            stated.append(Stated(what=what, version=version, scheme="loose", name=name, own=wanted[here]))
            # Offsets of bytes; the rest is compared as text, so everything is masked in bytes first.
            spans.append((first, last))
    for first, last in sorted(spans, reverse=True):
        raw = raw[:first] + MASK.encode() + raw[last:]
    return Reading(stated=tuple(stated), rest=raw.decode())


def gradle(text: str) -> Reading:
    """Read a gradle.properties."""
    return by_pattern(text, _GRADLE, "version", "loose", most=1)


def mix(text: str) -> Reading:
    """Read a mix.exs: ``version: "..."`` or ``@version "..."``."""
    return by_pattern(text, _MIX, "version", "semver", most=1)


def ruby(text: str) -> Reading:
    """Read a version.rb."""
    return by_pattern(text, _RUBY, "VERSION", "loose")


def gemspec(text: str) -> Reading:
    """Read a literal version of a gemspec."""
    return by_pattern(text, _GEMSPEC, "version", "loose")


def plain(text: str) -> Reading:
    """Read a file that holds a version and nothing else."""
    found = _VERSION.fullmatch(text)
    if found is None:
        return Reading(stated=(), rest=text)
    stated = Stated(what="the whole file", version=found["version"], scheme="loose")
    return Reading(stated=(stated,), rest=masked(text, [found.span("version")]))
