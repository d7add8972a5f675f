"""Whatever people, plugins and GitHub put into a result, its renderings stay what they are.

The oracle for Markdown is a CommonMark parser with GitHub's tables, not a second look at our own escapes.
"""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.cells import cell_len

from bascule import render
from bascule.messages.wording import shown
from bascule.render.spans import inline_html, markdown, plain, terminal
from bascule.testing import make_change, make_check, make_files, make_pack, make_result
from bascule.types import PackRef, Result, Status, verdict

NASTY = [
    "`", "``", "|", "\\", "\\|", "*x*", "_x_", "~~x~~", "[a](http://evil.example)", "![i](http://evil.example/i.png)",
    "<b>", "</summary>", "</details>", "<!-- bascule:sticky -->", "<script>", "&lt;", "&#64;octo-dev", "@octo-dev",
    "@acme/everyone", "#1", "GH-1", "acme/shop#1", "http://evil.example", "www.evil.example", "a@evil.example", "$x$",
    "# x", "- x", "1. x", "> x", "---", "+ x", "=", "\n", "\r\n", "\t", "\x1b[31m", "\x07", "\u202e", "\u200b",
    "\udce9", "::error::x", "##[group]x", "%0A", "✓", "漢字", "é", "e\u0301", "👩‍💻", " ",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(NASTY) | st.text(max_size=8), min_size=1, max_size=8).map("".join)
PARSER = MarkdownIt("commonmark").enable("table").enable("strikethrough")
PLAIN = {"text", "code_inline", "text_special"}
OURS = {*PLAIN, "strong_open", "strong_close"}
relaxed = settings(deadline=None, max_examples=80)
"""No deadline: machines are busy."""


def inline(source: str) -> list[Token]:
    return [t for block in PARSER.parse(source) for t in block.children or []]


def result_with(text: str, status: Status = Status.BLOCK) -> Result:
    check = make_check(text or "x", status, found=text, expected=text, fix=text, where=f"{text}:1:2", paths=(text,))
    pack = make_pack(name=text, path=text, commit="")
    return make_result(
        "blocked",
        change=make_change(title=text, files=make_files("docs/a.md")),
        verdict=verdict(text, children=(verdict(text, checks=(check,)),)),
        packs=(PackRef.of(pack),),
        summary=text,
        alarms=(text,),
        next=text,
    )


@relaxed
@given(TEXTS)
def test_a_message_in_markdown_is_text_and_code_and_nothing_else(text: str) -> None:
    tokens = inline(f"| a | b |\n|---|---|\n| x {markdown(text)} | y |")
    assert {t.type for t in tokens} <= PLAIN
    assert [t.content for t in tokens if t.type == "text"][-1:] == ["y"]  # the next cell is still the next cell
    assert {t.type for t in inline(markdown(text, cell=False))} <= PLAIN
    blocks = [t.type for t in PARSER.parse(markdown(text, cell=False))]
    assert blocks in ([], ["paragraph_open", "inline", "paragraph_close"])


@relaxed
@given(TEXTS)
def test_nothing_pings_or_links(text: str) -> None:
    for source in (f"| x {markdown(text)} |\n|---|", markdown(text, cell=False)):
        said = "\n".join(t.content for t in inline(source) if t.type in {"text", "text_special"})
        assert not re.search(r"@\w", said)
        assert not re.search(r"#\d", said)
        assert not re.search(r"(?i)\bgh-\d", said)
        assert not re.search(r"\b(?:https?|ftp)://\w", said)
        assert not re.search(r"\bwww\.\w", said)
    html = re.sub(r"<code>.*?</code>", "", inline_html(text))
    assert not re.search(r"@\w", html)
    assert "<" not in html


@relaxed
@given(TEXTS)
def test_nothing_is_lost_in_markdown(text: str) -> None:
    """A reader sees the characters that were there, save for the invisible one that breaks links."""
    source = markdown(text, cell=False)
    seen = "".join(t.content for t in inline(source) if t.type in {"text", "code_inline", "text_special"})
    before = shown(" ".join(text.splitlines()), limit=10_000)
    assert re.sub(r"[\s\u200b`]", "", seen) == re.sub(r"[\s`]", "", before)
    assert re.sub(r"[\s`]", "", plain(text)) == re.sub(r"[\s`]", "", before)


@relaxed
@given(TEXTS, st.booleans())
def test_a_comment_keeps_its_shape(text: str, waits: bool) -> None:
    body = render.comment(result_with(text, Status.WAIT if waits else Status.BLOCK))
    body.encode()
    tokens = PARSER.parse(body)
    kinds = [t.type for t in tokens]
    assert kinds.count("heading_open") == 1
    assert kinds.count("table_open") == 2
    assert kinds.count("tr_open") == 4
    assert [t.content.split("<summary>")[0] for t in tokens if t.type == "html_block"] == [
        "<!-- bascule:sticky -->\n",
        "<details>",
        "</details>\n",
    ]
    inner = [t.type for block in tokens for t in block.children or []]
    assert set(inner) <= OURS
    assert inner.count("strong_open") == 1  # the rule's name


@relaxed
@given(TEXTS, st.sampled_from([40, 80, 120]), st.booleans(), st.booleans())
def test_a_terminal_gets_no_control_characters_and_no_commands(
    text: str, width: int, verbose: bool, ascii_only: bool
) -> None:
    out = render.text(result_with(text), width=width, verbose=verbose, ascii=ascii_only)
    out.encode()
    for line in out.split("\n"):
        assert line.isprintable()
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
        assert ascii_only or cell_len(line) <= width
    assert out.isascii() or not ascii_only
    assert terminal(text).isprintable()


@relaxed
@given(TEXTS)
def test_workflow_commands_are_one_line_each(text: str) -> None:
    for line in render.workflow_commands(result_with(text)):
        assert line.isprintable()
        kind, properties, _ = re.fullmatch(r"::(error|notice) (.*?)::(.*)", line).groups()  # type: ignore[union-attr]
        assert kind == "error"
        assert {p.partition("=")[0] for p in properties.split(",")} <= {"file", "line", "col", "title"}


@relaxed
@given(TEXTS)
def test_json_can_be_read_by_anybody(text: str) -> None:
    raw = render.dumps(result_with(text)).encode()  # lone surrogates would fail here
    assert json.loads(raw)["status"] == "blocked"


@pytest.mark.parametrize("number", [0, 1, 50, 5_000])
def test_a_comment_fits_and_says_what_it_left_out(number: int) -> None:
    checks = [
        make_check(f"rule-{n}", Status.BLOCK, found=f"`f{n}` " + "|@x <&" * 90, fix="y" * 900) for n in range(number)
    ]
    result = make_result(
        "blocked",
        verdict=verdict("all", checks=checks),
        alarms=tuple(f"alarm {n} " + "z" * 700 for n in range(30)),
        packs=tuple(PackRef.of(make_pack(path=f"rulepack/{n}.yml")) for n in range(200)),
    )
    for body in (render.comment(result), render.check_output(result).summary):
        assert len(body) <= 65_536
        assert body.rstrip().endswith("run `r-8f2c`")
        kinds = [t.type for t in PARSER.parse(body)]
        assert kinds.count("table_open") == (2 if number else 0)
        rows = kinds.count("tr_open") - kinds.count("table_open")
        left_out = [int(n.replace(",", "")) for n in re.findall(r"([\d,]+) rows? left out", body)]
        assert rows + sum(left_out) == 2 * number
        if number == 5_000:
            assert left_out
            assert rows > 20


def test_a_status_description_fits() -> None:
    checks = [make_check(f"rule-{n}", Status.BLOCK) for n in range(100)]
    title = render.check_output(make_result("blocked", verdict=verdict("x", checks=checks))).title
    assert len(title) == 140
    assert title.startswith("100 things to fix: rule-0, rule-1")
