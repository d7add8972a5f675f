"""Every file that states a version, and what else is in it."""

from __future__ import annotations

import json

import pytest

from bascule.kit import UnreadableError
from bascule_release.formats import manifest, reader

LOCK = {
    "name": "shop", "version": "1.2.0", "lockfileVersion": 3,
    "packages": {
        "": {"name": "shop", "version": "1.2.0"},
        "packages/a": {"name": "@acme/a", "version": "1.2.0"},
        "node_modules/lodash": {"version": "1.2.0"},
    },
}  # fmt: skip
FILES = {
    "pyproject.toml": ('[project]\nname = "shop"\nversion = "{v}"\ndependencies = ["lodash==1.2.0"]\n', ["[project]"]),
    "a/pyproject.toml": ('[tool.poetry]\nname = "shop"\nversion = "{v}"\n[tool.commitizen]\nversion = "{v}"\n',
                         ["[tool.poetry]", "[tool.commitizen]"]),
    "setup.cfg": ("[metadata]\nname = shop\nversion = {v}\n[bumpversion]\ncurrent_version = {v}\n",
                  ["[metadata]", "[bumpversion]"]),
    "setup.py": ('from setuptools import setup\nsetup(name="shop", version="{v}", python_requires=">=3.8")\n',
                 ["version="]),
    "src/shop/__init__.py": ('"""Shop."""\n__version__ = "{v}"\nAPI_VERSION = "1.2.0"\n', ["__version__"]),
    "src/shop/_version.py": ("__version__: str = '{v}'\n", ["__version__"]),
    "shop/__version__.py": ('__version__ = "{v}"\n__author__ = "1.2.0"\n', ["__version__"]),
    "package.json": ('{{"name": "shop", "version": "{v}", "dependencies": {{"lodash": "1.2.0"}}}}', ["version"]),
    "Cargo.toml": ('[package]\nname = "shop"\nversion = "{v}"\n[dependencies]\nserde = "1.2.0"\n', ["[package]"]),
    "ws/Cargo.toml": ('[workspace.package]\nversion = "{v}"\n', ["[workspace.package]"]),
    "Chart.yaml": ("apiVersion: v2\nname: shop\nversion: {v}\nappVersion: 1.2.0\n", ["version"]),
    "pom.xml": ("<project><artifactId>shop</artifactId><version>{v}</version><dependencies><dependency>"
                "<version>1.2.0</version></dependency></dependencies></project>\n", ["version"]),
    "gradle.properties": ("group=acme\nversion={v}\nkotlin.version=1.2.0\n", ["version"]),
    "shop.csproj": ("<Project><PropertyGroup><Version>{v}</Version></PropertyGroup></Project>\n",
                    ["PropertyGroup/Version"]),
    "mix.exs": ('  def project do\n    [app: :shop, version: "{v}", elixir: "~> 1.2.0"]\n', ["version"]),
    "composer.json": ('{{"name": "acme/shop", "version": "{v}"}}', ["version"]),
    "shop.gemspec": ('Gem::Specification.new do |s|\n  s.version = "{v}"\nend\n', ["version"]),
    "lib/shop/version.rb": ('module Shop\n  VERSION = "{v}"\nend\n', ["VERSION"]),
    "VERSION": ("{v}\n", ["the whole file"]),
    ".bumpversion.cfg": ("[bumpversion]\ncurrent_version = {v}\n", ["[bumpversion]"]),
}  # fmt: skip


@pytest.mark.parametrize("path", FILES)
def test_a_version_is_found_and_the_rest_is_the_same(path: str) -> None:
    text, places = FILES[path]
    read = reader(path)
    assert read is not None
    old, new = read(text.format(v="1.2.0")), read(text.format(v="1.3.0"))
    assert [(s.what, s.version) for s in old.stated] == [(p, "1.2.0") for p in places]
    assert [(s.what, s.version) for s in new.stated] == [(p, "1.3.0") for p in places]
    assert old.rest == new.rest


@pytest.mark.parametrize("path", [p for p in FILES if "1.2.0" in FILES[p][0]])
def test_another_version_in_it_is_not_it(path: str) -> None:
    text, _ = FILES[path]
    read = reader(path)
    assert read is not None
    other = text.replace("1.2.0", "1.3.0").format(v="1.2.0")
    assert read(text.format(v="1.2.0")).rest != read(other).rest


def test_lockfiles_state_what_they_lock_for() -> None:
    read = reader("package-lock.json")
    assert read is not None
    found = read(json.dumps(LOCK))
    assert [(s.what, s.name, s.own) for s in found.stated] == [
        ("version", "shop", True), ('packages[""]', "shop", True), ('packages["packages/a"]', "@acme/a", False),
    ]  # fmt: skip
    cargo = reader("Cargo.lock")
    assert cargo is not None
    lock = (
        '[[package]]\nname = "shop"\nversion = "1.2.0"\n[[package]]\nname = "serde"\nversion = "1.2.0"\nsource = "r"\n'
    )
    assert [(s.name, s.version, s.own) for s in cargo(lock).stated] == [("shop", "1.2.0", False)]
    uv = reader("uv.lock")
    assert uv is not None
    own = '[[package]]\nname = "shop"\nversion = "1.2.0"\nsource = { editable = "." }\n'
    lock = own + '[[package]]\nname = "a"\nversion = "1"\n'
    assert [(s.name, s.version) for s in uv(lock).stated] == [("shop", "1.2.0")]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", '[project]\nname = "shop"\ndynamic = ["version"]\n'),
        ("setup.cfg", "[metadata]\nversion = attr: shop.__version__\n"),
        ("package.json", '{"private": true}'),
        ("pom.xml", "<project><version>${revision}</version></project>"),
        ("Cargo.toml", "[package]\nname = 'shop'\nversion.workspace = true\n"),
        ("VERSION", "see the tags\n"),
        ("shop/__init__.py", "from shop._version import __version__\n"),
    ],
)
def test_a_version_that_is_elsewhere_is_none(path: str, text: str) -> None:
    read = reader(path)
    assert read is not None
    assert read(text).stated == ()


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("pyproject.toml", "[project\n", "line 1"),
        ("package.json", '{"version": "1", "version": "2"}', "a key is there twice"),
        ("package.json", "[]", "a mapping was expected"),
        ("Chart.yaml", "version: 1.0.0\nversion: 2.0.0\n", "twice"),
        ("pom.xml", '<!DOCTYPE x [<!ENTITY a "b">]><project/>', "it declares entities"),
        ("setup.cfg", "version = 1\n", "no section headers"),
    ],
)
def test_what_cannot_be_read(path: str, text: str, why: str) -> None:
    read = reader(path)
    assert read is not None
    with pytest.raises(UnreadableError, match=why):
        read(text)


def test_names() -> None:
    assert manifest("packages/a/package.json")
    assert not manifest("src/shop/__init__.py")
    assert reader("README.md") is None


def test_the_version_as_a_tuple_and_as_a_number() -> None:
    read = reader("shop/__version__.py")
    assert read is not None
    text = '__version__ = "1.2.0"\n__version_info__ = (1, 2, 0)\n__build__ = 0x010200\n'
    old, new = read(text), read(text.replace("1.2.0", "1.3.0").replace("(1, 2, 0)", "(1, 3, 0)").replace("102", "103"))
    assert [(s.what, s.version) for s in new.stated] == [("__version__", "1.3.0"), ("__version_info__", "1.3.0")]
    assert old.rest == new.rest
    assert read(text).rest != read(text.replace("0x010200", "evil()")).rest
