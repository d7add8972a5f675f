"""Writes docs/reference/hooks.md from the hookspecs and the records: ``python docs/pages/hooks.py``.

A test compares the page with what this gives, so neither can move alone.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import attrs

from bascule import hookspecs, types
from bascule.host.settings import INHERITED, Limits
from bascule.host.table import HOOKS

HERE = Path(__file__).parent
PAGE = HERE.parent / "reference" / "hooks.md"
SECTIONS = ("When", "Argument", "Returns", "None", "Several answers", "Fault", "Time limit")


def signature(name: str) -> str:
    """Return the exact signature of the hook ``name``, as it stands in hookspecs."""
    text = str(inspect.signature(getattr(hookspecs, name)))
    return f"def {name}{text.replace(chr(39), '')}"


def sections(name: str) -> dict[str, str]:
    """Return the parts of a hook's docstring: ``""`` (what it is for), those of :data:`SECTIONS`, and ``Example``."""
    doc = inspect.getdoc(getattr(hookspecs, name)) or ""
    parts = re.split(rf"(?m)^({'|'.join((*SECTIONS, 'Example'))}):[ \n]", doc)
    return {"": parts[0].strip(), **{k: v.rstrip() for k, v in zip(parts[1::2], parts[2::2], strict=True)}}


def records() -> list[type[Any]]:
    """Return every record that a hook is given or gives back, contexts first, then what they hold."""
    found: dict[type[Any], None] = {}
    for hook in HOOKS.values():
        for kind in (*([hook.argument[1]] if hook.argument else []), *hook.answers):
            found[kind] = None
    for kind in found.copy():
        for inner in _inside(kind, set()):
            found[inner] = None
    return list(found)


def _inside(kind: type[Any], seen: set[type[Any]]) -> Iterator[type[Any]]:
    if kind in seen:
        return
    seen.add(kind)
    yield kind
    names = inspect.get_annotations(kind).values() if attrs.has(kind) else ()
    for word in (w for text in names for w in re.findall(r"\w+", str(text))):
        other = getattr(types, word, None)
        if isinstance(other, type):
            yield from _inside(other, seen)


def fields(kind: type[Any]) -> list[tuple[str, str, str, str]]:
    """Return name, type, default and remark of each field of a record."""
    remarks, written = _remarks(kind), inspect.get_annotations(kind)  # attrs' own may have been resolved by now
    rows = []
    for field in attrs.fields(kind):
        default = field.default
        if default is attrs.NOTHING:
            text = ""
        elif isinstance(default, attrs.Factory):  # type: ignore[arg-type]
            text = "`{}`" if default.factory is dict else "made afresh"
        elif isinstance(default, Enum):
            text = f"`{type(default).__name__}.{default.name}`"
        else:
            text = f"`{type(default).__name__}()`" if attrs.has(type(default)) else f"`{default!r}`"
        rows.append((field.name, str(written[field.name]).replace("|", "\\|"), text, remarks.get(field.name, "")))
    return rows


def _remarks(kind: type[Any]) -> dict[str, str]:
    """Return the texts that stand below fields in the source."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for above, below in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(above, ast.AnnAssign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            assert isinstance(above.target, ast.Name)
            found[above.target.id] = plain(str(below.value.value))
    return found


def plain(text: str) -> str:
    """Return reStructuredText as Markdown."""
    text = re.sub(r":(?:class|data|func|attr|mod):`~?(?:[\w.]+\.)?(\w+)`", r"`\1`", text)
    return inspect.cleandoc(text).replace("``", "`")


def oneline(text: str) -> str:
    """Return ``text`` in one line."""
    return " ".join(plain(text).split())


def code(example: str) -> str:
    """Return a doctest as the program it is, its answers as comments."""
    lines = []
    for line in textwrap.dedent(example).strip().splitlines():
        if line.startswith((">>> ", "... ")):
            # A program has room where a session has none.
            lines += [""] * (
                line[4:].startswith("@") or (line[:3] == ">>>" and lines[-1:] != [] and lines[-1][:1] == " ")
            )
            lines.append(line[4:])
        elif line in (">>>", "..."):
            lines.append("")
        else:
            lines.append(f"# {line}")
    return "\n".join(lines)


def render() -> str:
    """Return the page."""
    out = [(HERE / "hooks-head.md").read_text(), "## The hooks\n"]
    head, _, rules = plain(hookspecs.__doc__ or "").partition("What holds for every hook:")
    out += [head.partition("\n\n")[2].strip(), f"\nWhat holds for every hook:\n{rules.rstrip()}\n"]
    for name in HOOKS:
        parts = sections(name)
        out.append(f"### {name}\n\n```python\n{signature(name)}\n```\n\n{plain(parts[''])}\n")
        out.append("| | |\n|---|---|\n" + "\n".join(f"| {s} | {oneline(parts[s])} |" for s in SECTIONS) + "\n")
        out.append(f"```python\n{code(parts['Example'])}\n```\n")
    out.append("## Records\n\nAll are frozen, and made with keywords: `from bascule.types import Check`.\n")
    for kind in records():
        out.append(f"### {kind.__name__}\n\n{plain(kind.__doc__ or '')}\n")
        if issubclass(kind, Enum):
            out.append("Values: " + ", ".join(f"`{kind.__name__}.{m.name}` (`{m.value}`)" for m in kind) + ".\n")
            continue
        rows = "\n".join(f"| `{n}` | `{t}` | {d} | {oneline(r)} |" for n, t, d, r in fields(kind))
        out.append(f"| field | type | default | |\n|---|---|---|---|\n{rows}\n")
    limits = "\n".join(f"| `{f.name}` | {f.default:,} |" for f in attrs.fields(Limits))
    environment = ", ".join(f"`{n}`" for n in INHERITED)
    tail = (HERE / "hooks-tail.md").read_text()
    out.append(tail.format(environment=environment, limits=limits, api=hookspecs.HOOK_API))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out))


if __name__ == "__main__":
    PAGE.write_text(render())
    print(f"wrote {PAGE.name}")
