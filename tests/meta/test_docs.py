"""The documents are true: links lead somewhere, commands parse, rulepacks load, names exist, pages are current."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import attrs
import pytest
from tests.meta import commands, tutorial_run
from tests.meta.markdown import ROOT, Block, anchors, blocks, documents, inline

from bascule import demo
from bascule.demo.run import ACTS
from bascule.errors import ExitCode
from bascule.forge import fetch, tokens
from bascule.host.settings import INHERITED
from bascule.pipeline.services import CLIENT, SERVICE
from bascule.pipeline.verdicts import TOOL
from bascule.window import entries

DOCS = ROOT / "docs"
OURS = [d for d in documents() if DOCS in d.parents or d.parent == ROOT or d.name == "README.md"]


def text_of(file: Path) -> str:
    return file.read_text()


def everything() -> list[Block]:
    return [b for d in documents() for b in blocks(d)]


# -- links ------------------------------------------------------------------------------------------------------------


def broken_links(file: Path) -> list[str]:
    found = []
    for line, token in inline(file):
        target = (
            token.attrGet("href")
            if token.type == "link_open"
            else token.attrGet("src")
            if token.type == "image"
            else None
        )
        if not isinstance(target, str) or re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (file.parent / path).resolve() if path else file
        if not place.exists():
            found.append(f"{file.name}:{line}: {target}: no such file")
        elif anchor and place.suffix == ".md" and anchor not in anchors(place):
            found.append(f"{file.name}:{line}: {target}: no such heading")
    return found


@pytest.mark.parametrize("file", documents(), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_leads_somewhere(file: Path) -> None:
    assert broken_links(file) == []


def test_a_broken_link_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Ab `c` d\n\n[a](#ab-c-d) [b](#nothing) [c](no.md) [d](page.md#ab-c-d)\n\n![e](no.svg)\n")
    assert len(broken_links(page)) == 3


def test_every_page_can_be_reached_from_the_index() -> None:
    linked = {DOCS / "index.md"}
    for _, token in inline(DOCS / "index.md"):
        if token.type == "link_open":
            linked.add((DOCS / str(token.attrGet("href")).partition("#")[0]).resolve())
    assert {d for d in documents() if DOCS in d.parents} - linked == set()


def test_the_picture_is_whole() -> None:
    picture = ElementTree.parse(DOCS / "pipeline.svg").getroot()
    assert picture.find("{http://www.w3.org/2000/svg}title") is not None
    assert "href" not in text_of(DOCS / "pipeline.svg"), "a picture that loads something"


# -- commands ---------------------------------------------------------------------------------------------------------


def test_every_command_line_is_one_that_the_commands_accept() -> None:
    seen = 0
    for block in everything():
        for line in commands.lines(block):
            for call in commands.calls(line):
                seen += 1
                assert commands.refusal(call) is None, f"{block.where}: {' '.join(call)}: {commands.refusal(call)}"
    assert seen > 60, "the search finds too little to be right"


def test_every_command_that_prose_names_exists() -> None:
    seen = 0
    for file in OURS:
        for line, token in inline(file):
            if token.type == "code_inline" and re.match(r"(bascule|bascule-restore) [a-z-]", token.content):
                seen += 1
                assert commands.named(token.content) is None, f"{file.name}:{line}: {token.content}"
    assert seen > 60


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("bascule merge 42 --attended", True),
        ("bascule merge 42 --nope", False),
        ("bascule nope", False),
        ("bascule rulepack", False),
        ("bascule replay --last many", False),
        ("bascule-restore --expired --loop 2s -R acme/shop", True),
        ("bascule-restore --run", False),
        ("bascule-restore --all", False),
        ('x=1 bascule check 1 | jq . && bascule merge "$N" > out 2>&1 &', True),
        ('echo a; eval "$(bascule keygen --role nothing)"', False),
    ],
)
def test_the_parser_of_command_lines_tells_right_from_wrong(line: str, right: bool) -> None:
    found = list(commands.calls(line))
    assert found
    assert all(commands.refusal(call) is None for call in found) is right


def test_no_page_names_a_command_that_does_not_exist_yet() -> None:
    assert commands.named("bascule doctor") is not None
    assert commands.named("bascule merge --attended") is None
    assert commands.named("bascule restore --nope") is not None
    assert commands.named("bascule-restore --nope") is not None


# -- rulepacks --------------------------------------------------------------------------------------------------------


def rulepacks() -> list[Block]:
    """Return every rulepack of the pages; those of a scenario that a page writes are run where it is installed."""
    packs = [b for b in everything() if b.language == "yaml" and re.search(r"(?m)^scenario:", b.text)]
    return [b for b in packs if not b.mark.startswith("scenario: ")]


def test_every_rulepack_loads_and_its_examples_come_out_as_they_say(tmp_path: Path) -> None:
    found = rulepacks()
    assert len(found) >= 8
    names = {}
    for number, block in enumerate(found):
        name = f"{number:02}-{block.file.stem}"
        names[name] = block.where
        (tmp_path / f"{name}.yml").write_text(block.text)
    for verb in ("validate", "test"):
        done = subprocess.run(
            [sys.executable, "-m", "bascule", "rulepack", verb, str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, f"{said}\n{ {n: w for n, w in names.items() if n in said} }"


# -- names ------------------------------------------------------------------------------------------------------------


def variables_of_the_code() -> set[str]:
    """Every environment variable that the code reads, found by how it is read."""
    found = {*tokens.SECRETS, *INHERITED, *(p.upper() for p in fetch._PROXIES)}
    for file in (ROOT / "core/src/bascule").rglob("*.py"):
        if {"simulator", "demo"} & set(file.parts):
            continue
        tree = ast.parse(file.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                by_name = re.fullmatch(r"(BASCULE|GH|GITHUB|XDG|RUNNER|ACTIONS)(_[A-Z]+)+", node.value)
                if by_name and file.name != "settings.py":
                    found.add(node.value)
            match node:  # environ.get("X"), environ["X"]
                case ast.Call(func=ast.Attribute(value=of, attr="get" | "pop"), args=[ast.Constant(value=name), *_]):
                    found |= {str(name)} if "environ" in ast.unparse(of) else set()
                case ast.Subscript(value=of, slice=ast.Constant(value=name)):
                    found |= {str(name)} if "environ" in ast.unparse(of) else set()
    kept = re.search(r"k in \{([^}]*)\}", text_of(ROOT / "core/src/bascule/git.py"))
    assert kept is not None
    found |= set(re.findall(r'"(\w+)"', kept[1]))
    # Each is one of a family: whatever comes after the prefix is the name of a program, or of a service.
    found |= {f"{TOOL}HELM", f"{SERVICE}PROMETHEUS", f"{CLIENT}PROMETHEUS"}
    # Set by Bascule for itself: the pipe to itself, and the mark of a host's children.
    return found - {"BASCULE_SECRETS_FD", "BASCULE_HOST"}


def test_the_page_of_environment_variables_is_the_code() -> None:
    page = text_of(DOCS / "reference" / "environment.md")
    said = set(re.findall(r"`([A-Z][A-Z_]+)`", page))
    code = variables_of_the_code()
    assert {"BASCULE_KEEPER_TOKEN", "BASCULE_API_URL", "NO_COLOR", "RUNNER_TEMP", "SSL_CERT_FILE"} <= code
    assert said - code == set(), "named and not read"
    assert code - said == set(), "read and not named"


def test_every_variable_of_ours_that_a_document_names_exists() -> None:
    known = variables_of_the_code() | {"BASCULE_FREEZE"}  # a repository variable that .github/bascule.yml names
    for file in documents():
        named = set(re.findall(r"\bBASCULE_[A-Z_]*[A-Z]\b", text_of(file)))
        named = {n for n in named if not n.startswith((TOOL, SERVICE, CLIENT))}  # any name may follow
        assert named - known == set(), file


def test_the_page_of_exit_codes_is_the_code() -> None:
    page = text_of(DOCS / "reference" / "exit-codes.md")
    rows = re.findall(r"(?m)^\| (\d) \| ([a-z ]+) \|", page)
    assert {(int(n), name.replace(" ", "_").upper()) for n, name in rows} == {(c.value, c.name) for c in ExitCode}
    runbook = text_of(DOCS / "AUTO_RELAX_MERGE_RUNBOOK.md")
    assert {int(n) for n in re.findall(r"(?m)^\| \**(\d)\** \|", runbook)} == {c.value for c in ExitCode}


def test_the_page_of_the_journal_is_the_code() -> None:
    page = text_of(DOCS / "reference" / "journal.md")
    sections = dict(re.findall(r"(?ms)^### (\w+)\n(.*?)(?=^##|\Z)", page))
    assert list(sections) == [k.value for k in entries.Kind]
    for kind, record in entries.TYPE_OF.items():
        said = re.findall(r"(?m)^\| `(\w+)` \|", sections[kind.value])
        assert sorted(said) == sorted(f.name for f in attrs.fields(record)), kind
    assert {f.name for f in attrs.fields(entries.Planned)} <= set(re.findall(r"`(\w+)`", sections["open"]))
    head = page.partition("## Kinds")[0]
    written = {"v", "kind", "repository", "run", "nonce", "parent", "at", "key", "body", "sig"}
    assert set(re.findall(r"(?m)^\| `(\w+)` \|", head)) == written


# -- pages that come from elsewhere -----------------------------------------------------------------------------------


GENERATE = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("docs_build", sys.argv[1])
build = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)
print(json.dumps({str(page): text for page, text in dict(build.pages()).items()}))
"""


def test_generated_pages_are_current() -> None:
    # A process of its own: click remembers in each command which help options it was first shown with.
    command = [sys.executable, "-c", GENERATE, str(DOCS / "build.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=DOCS.parent)
    pages = {Path(page): text for page, text in json.loads(done.stdout).items()}
    assert {p.name for p in pages} >= {"hooks.md", "cli.md", "security.md"}
    for page, text in pages.items():
        assert page.read_text() == text, f"{page.name} is old: make docs"


def test_both_restore_commands_have_the_same_options() -> None:
    from bascule.cli.root import cli

    command = cli.get_command(commands.click.Context(cli), "restore")
    assert command is not None
    click_options = {o for p in command.params for o in p.opts}
    assert commands._restore_options() - {"-h", "--help"} >= click_options - {"--help"}
    assert {o for o in commands._restore_options() if o.startswith("--")} - {"--help"} == {
        o for o in click_options if o.startswith("--")
    } - {"--help"}


def test_the_readme_shows_the_demo_that_there_is() -> None:
    assert demo is not None
    (shown,) = (b.text for b in blocks(ROOT / "README.md") if "As promised" in b.text)
    for number, act in enumerate(ACTS, 1):
        assert re.search(rf"(?m)^✓  {number} {re.escape(act.title)} +{act.expected} +{act.expected} ", shown), act.title
    assert f"{len(ACTS)} of {len(ACTS)} acts" in shown
    assert f"{ {18: 'eighteen'}[len(ACTS)] } acts" in text_of(ROOT / "README.md")


def test_the_readme_shows_a_check_that_the_tutorial_proves() -> None:
    (shown,) = (b.text for b in blocks(ROOT / "README.md") if "MERGEABLE" in b.text)
    proven = [b.text for b in blocks(tutorial_run.PAGE) if b.language == "text"]
    assert any(tutorial_run.matches(shown, text) for text in proven)


# -- words ------------------------------------------------------------------------------------------------------------

SYNONYMS = {
    "rulepack": ("policy file", "rule pack", "rule-pack", "ruleset file"),
    "journal": ("ledger", "event log", "audit trail"),
    "sweeper": ("janitor", "reaper", "watchdog", "garbage collector"),
    "snapshot": ("backup of protection", "saved protection"),
    "window": ("maintenance window", "merge slot", "bypass window"),
    "relaxation": ("downgrade of protection", "unprotection"),
    "dry run": ("trial run", "simulation run"),
    "host": ("plugin worker", "worker process", "plugin sandbox"),
    "driver": ("orchestrator", "main process"),
    "simulator": ("mock server", "fake github", "emulator"),
    "verdict": ("decision tree",),
    "change": ("merge request", "changeset"),
    "sticky comment": ("status comment",),
}
"""Words for which the project has one of its own (docs/index.md)."""


@pytest.mark.parametrize("file", OURS, ids=lambda p: str(p.relative_to(ROOT)))
def test_one_thing_has_one_word(file: Path) -> None:
    prose = " ".join(t.content for _, t in inline(file) if t.type == "text").casefold()
    found = {word: ours for ours, words in SYNONYMS.items() for word in words if word in prose}
    assert found == {}


def test_the_words_are_explained() -> None:
    table = text_of(DOCS / "index.md").partition("## Words")[2]
    explained = {w.strip() for row in re.findall(r"(?m)^\| ([^|]+) \|", table) for w in row.split(",")}
    assert set(SYNONYMS) - {"simulator", "sticky comment"} <= explained
