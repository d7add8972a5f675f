"""What a change alters in configuration beyond its resources' arguments, as findings by category, without values."""

from __future__ import annotations

import json
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from bascule.kit import RehearsalError, Tree, Trees
from bascule.types import FileKind, Status
from bascule_terraform.hcl import Block, literal, parse
from bascule_terraform.text import constraint

CATEGORIES: Mapping[str, str] = {
    "backend": "where state is kept, or which cloud workspace runs it",
    "settings": "other settings of the terraform block (experiments, required_version)",
    "provider-source": "a provider is new, or comes from elsewhere",
    "provider-version": "a provider constraint admits versions that it did not admit",
    "provider": "a provider's own configuration",
    "prevent-destroy": "prevent_destroy goes away",
    "ignore-changes": "ignore_changes covers more",
    "lifecycle": "another lifecycle argument or condition",
    "provisioner": "a provisioner, connection or action runs commands",
    "data-source": "a data source that runs a program or calls an address",
    "moved": "a moved block",
    "removed": "a removed block",
    "import": "an import block",
    "module-source": "a module call is new or comes from elsewhere",
    "module-local": "a module call is new and calls a folder of this repository",
    "module-version": "a module call takes another version",
    "lock-provider": "the lock file gains or loses a provider",
    "lock-version": "the lock file takes another version of a provider",
    "lock-hashes": "the lock file takes other hashes for the same version",
}
_RUNS = frozenset({"external", "http"})
_LOCK = ".terraform.lock.hcl"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing a person would look at twice."""

    what: str
    path: str
    found: str


def is_configuration(path: str) -> bool:
    """Return whether Terraform reads the file at ``path`` as configuration, values or locks."""
    return path.endswith((".tf", ".tf.json", ".tfvars", ".tfvars.json")) or PurePosixPath(path).name == _LOCK


def evidence(trees: Trees, changed: Iterable[str], everything: bool = False) -> dict[str, Any]:
    """Return ``files``, ``findings`` and ``modules`` (calls, with ``status`` same, added or changed).

    Args:
        trees: both sides.
        changed: paths that differ.
        everything: list the calls of all modules, not only of those with changed files.

    Raises:
        RehearsalError: a file cannot be read.
    """
    files = [p for p in changed if is_configuration(p)]
    for tree in (trees.before, trees.after):
        links = [p for p in files if p in tree.entries and tree.entries[p].kind is FileKind.SYMLINK]
        if links and tree is trees.after:
            raise RehearsalError(
                f"{links[0]} is a symbolic link", expected="configuration in regular files",
                fix="put the content in its place", status=Status.BLOCK, paths=links,
            )  # fmt: skip
    for path in (p for p in files if p.endswith((".tfvars", ".tfvars.json"))):
        if (text := trees.after.text(path)) is not None:
            parse(text, path)  # values are the plan's to judge, but they must be values
    findings: list[Finding] = []
    modules: list[dict[str, str]] = []
    folders = {str(PurePosixPath(p).parent) for p in files if p.endswith((".tf", ".tf.json"))}
    all_folders = {str(PurePosixPath(p).parent) for p in trees.after.files("**/*.tf", "**/*.tf.json")}
    for folder in sorted(folders | (all_folders if everything else set())):
        old, new = (_folder(tree, folder) for tree in (trees.before, trees.after))
        shown = next((p for p in files if str(PurePosixPath(p).parent) == folder), folder)
        findings += _compare(old, new, shown)
        modules += _modules(old, new, folder)
    for path in (p for p in files if PurePosixPath(p).name == _LOCK):
        findings += _locks(_file(trees.before, path), _file(trees.after, path), path)
    unique = list(dict.fromkeys(findings))
    if len(unique) > 5000 or len(modules) > 10000:
        raise RehearsalError(
            f"{len(unique)} findings and {len(modules)} module calls", expected="at most 5,000 and 10,000",
            fix="split the change", status=Status.BLOCK,
        )  # fmt: skip
    return {
        "files": files[:3000],
        "findings": [{"what": f.what, "path": f.path, "found": f.found} for f in unique],
        "modules": modules,
    }


def _file(tree: Tree, path: str) -> tuple[Block, ...]:
    text = tree.text(path)
    if text is None:
        return ()
    try:
        return parse(text, path).blocks
    except RehearsalError:
        if tree.side == "before":
            return ()  # what was broken before is judged as if it were all new
        raise


def _folder(tree: Tree, folder: str) -> tuple[Block, ...]:
    paths = [
        p for p in tree.files() if p.endswith((".tf", ".tf.json")) and str(PurePosixPath(p).parent) == folder
    ]  # fmt: skip
    tree.read_all(paths)
    return tuple(b for p in paths for b in _file(tree, p))


def has_resources(tree: Tree, folder: str) -> bool:
    """Return whether configuration in ``folder`` has resources or calls modules."""
    return any(b.type in {"resource", "module"} for b in _folder(tree, folder))


def _grouped(blocks: Iterable[Block]) -> dict[tuple[str, ...], list[Block]]:
    found: dict[tuple[str, ...], list[Block]] = {}
    for block in blocks:
        found.setdefault((block.type, *block.labels), []).append(block)
    return found


def _texts(blocks: Iterable[Block]) -> Counter[str]:
    return Counter(b.text() for b in blocks)


def _compare(old: tuple[Block, ...], new: tuple[Block, ...], path: str) -> Iterator[Finding]:
    before, after = _grouped(old), _grouped(new)
    for key in sorted({*before, *after}):
        was, now = before.get(key, []), after.get(key, [])
        if _texts(was) == _texts(now):
            continue
        name, kind = ".".join(key), key[0]
        if kind == "terraform":
            yield from _settings(was, now, path)
        elif kind in {"provider", "moved", "removed", "import"}:
            yield Finding(what=kind, path=path, found=f"{name} {_did(was, now)}")
        elif kind == "action":
            yield Finding(what="provisioner", path=path, found=f"{name} {_did(was, now)}")
        elif kind in {"resource", "data", "ephemeral", "module", "check"}:
            yield from _resource(was, now, name, path)
            # A check may hold a data source of its own.
            inner = [b for side in (was, now) for block in side for b in block.of("data")]
            if (kind == "data" and now and key[1:2] and key[1] in _RUNS) or any(b.labels[:1] and b.labels[0] in _RUNS
                                                                              for b in inner):  # fmt: skip
                yield Finding(what="data-source", path=path, found=f"{name} {_did(was, now)}")
        if kind == "module":
            yield from _call(was, now, name, path)


def _did(was: object, now: object) -> str:
    return "added" if not was else "removed" if not now else "changed"


def _nested(blocks: Iterable[Block], *types: str) -> tuple[Block, ...]:
    return tuple(n for b in blocks for n in b.of(*types))


def _settings(was: list[Block], now: list[Block], path: str) -> Iterator[Finding]:
    sides = [_nested(side, "backend", "cloud") for side in (was, now)]
    if _texts(sides[0]) != _texts(sides[1]):
        yield Finding(what="backend", path=path, found=f"the backend {_did(*sides)}")
    old, new = ({k: v for b in _nested(side, "required_providers") for k, v in b.attrs.items()} for side in (was, now))
    for name in sorted({*old, *new}):
        yield from _provider(name, old.get(name), new.get(name), path)

    def rest(side: list[Block]) -> list[str]:
        known = {"backend", "cloud", "required_providers"}
        return sorted(
            [f"{k}={v}" for b in side for k, v in b.attrs.items()]
            + [n.text() for b in side for n in b.blocks if n.type not in known]
        )

    if rest(was) != rest(now):
        versions = [[literal(b.attrs.get("required_version")) for b in side if "required_version" in b.attrs]
                    for side in (was, now)]  # fmt: skip
        others = [[t for t in rest(side) if not t.startswith("required_version=")] for side in (was, now)]
        if others[0] != others[1] or len(versions[1]) != 1 or _admits_more(
            versions[0][0] if versions[0] else "", versions[1][0]
        ):  # fmt: skip
            yield Finding(what="settings", path=path, found="required_version or another setting of terraform changed")


def _provider(name: str, old: str | None, new: str | None, path: str) -> Iterator[Finding]:
    if new is None or old == new:
        return  # a requirement less; the lock file and the plan tell the rest
    was, now = _requirement(old), _requirement(new)
    if old is None or now is None or was is None or was.get("source") != now.get("source"):
        yield Finding(what="provider-source", path=path, found=f"the provider {name} {_did(old, new)} its source")
        return
    if {k: v for k, v in was.items() if k != "version"} != {k: v for k, v in now.items() if k != "version"}:
        yield Finding(what="provider", path=path, found=f"the requirement of provider {name} changed")
    if was.get("version") != now.get("version") and _admits_more(was.get("version", ""), now.get("version", "")):
        yield Finding(
            what="provider-version", path=path,
            found=f"provider {name}: `{now.get('version', '')}` admits versions that `{was.get('version', '')}` "
            "did not",
        )  # fmt: skip


def _requirement(text: str | None) -> dict[str, str] | None:
    """Return the fields of ``{ source = "a/b" version = "~> 1" }`` or of the bare version; None: not literal."""
    if text is None:
        return {}
    if (bare := literal(text)) is not None:
        return {"version": bare}
    pairs = re.findall(r'"?(\w+)"?\s*[=:]\s*("(?:[^"\\]|\\.)*"|\[[^\]]*\])', text)
    left = re.sub(r'"?(\w+)"?\s*[=:]\s*("(?:[^"\\]|\\.)*"|\[[^\]]*\])', "", text)
    if re.sub(r"[{},\s]", "", left) or len({k for k, _ in pairs}) != len(pairs):
        return None
    return {k: literal(v) or v for k, v in pairs}


def _admits_more(old: str | None, new: str | None) -> bool:
    if not old:
        return False  # anything was admitted
    was, now = constraint(old), constraint(new or ">= 0")
    return was is None or now is None or not now.within(was)


def _resource(was: list[Block], now: list[Block], name: str, path: str) -> Iterator[Finding]:
    old, new = (_nested(side, "provisioner", "connection") for side in (was, now))
    if _texts(old) != _texts(new):
        yield Finding(what="provisioner", path=path, found=f"a provisioner or connection of {name} {_did(old, new)}")
    life, lives = (_nested(side, "lifecycle") for side in (was, now))
    if _texts(life) == _texts(lives):
        return
    guards = [{b.attrs.get("prevent_destroy", "false") for b in side} - {"false"} for side in (life, lives)]
    if guards[0] and guards[1] != guards[0]:
        gone = "went with its resource, which is then destroyed" if not now else "is off"
        yield Finding(what="prevent-destroy", path=path, found=f"prevent_destroy of {name} {gone}")
    ignored = [_items([b.attrs["ignore_changes"] for b in side if "ignore_changes" in b.attrs])
               for side in (life, lives)]  # fmt: skip
    if "all" not in ignored[0] and not ignored[1] <= ignored[0]:
        yield Finding(what="ignore-changes", path=path, found=f"ignore_changes of {name} covers more")

    def rest(side: tuple[Block, ...]) -> list[str]:
        known = {"prevent_destroy", "ignore_changes"}
        return sorted(
            [f"{k}={v}" for b in side for k, v in b.attrs.items() if k not in known]
            + [n.text() for b in side for n in b.blocks]
        )

    if now and rest(life) != rest(lives):
        yield Finding(what="lifecycle", path=path, found=f"the lifecycle of {name} changed")


def _items(texts: Iterable[str]) -> set[str]:
    return {i.strip().strip('"') for t in texts for i in t.strip("[] ").split(",") if i.strip()}


def split_source(source: str) -> tuple[str, str]:
    """Return a module's source without user, password and query, and the ``ref`` that its query states."""
    place, _, query = source.partition("?")
    ref = next((v for k, _, v in (p.partition("=") for p in query.split("&")) if k == "ref"), "")
    return re.sub(r"(?<=://)[^/@]*@", "", place)[:300], ref[:200]


def _source(blocks: list[Block]) -> tuple[str, str, str]:
    """Return a call's place, ref and version; a place that is not literal is empty."""
    if not blocks:
        return "", "", ""
    place, ref = split_source(literal(blocks[-1].attrs.get("source")) or "")
    return place, ref, (literal(blocks[-1].attrs.get("version")) or "") if "version" in blocks[-1].attrs else ""


def _call(was: list[Block], now: list[Block], name: str, path: str) -> Iterator[Finding]:
    if not now:
        return  # the plan tells what goes with it
    old, new = _source(was), _source(now)
    raw = [[b.attrs.get("source", "") for b in side] for side in (was, now)]
    if old[0] != new[0] or not was or (raw[0] != raw[1] and old == new):
        # A call that is there already and turns to a folder takes everything that it made with it: that is no new call.
        what = "module-local" if not was and _here(new[0], path) else "module-source"
        yield Finding(what=what, path=path, found=f"{name} comes from {new[0] or 'an expression'}")
    elif old != new:
        yield Finding(
            what="module-version", path=path,
            found=f"{name}: {old[1] or old[2] or 'no version'} → {new[1] or new[2] or 'no version'}",
        )  # fmt: skip


def _here(source: str, path: str) -> bool:
    """Return whether ``source``, as the file ``path`` states it, is a folder of the same repository."""
    if not source.startswith(("./", "../")):
        return False
    return not posixpath.normpath(posixpath.join(posixpath.dirname(path), source)).startswith("..")


def _modules(old: tuple[Block, ...], new: tuple[Block, ...], folder: str) -> Iterator[dict[str, str]]:
    before, after = _grouped(old), _grouped(new)
    for key, blocks in sorted(after.items()):
        if key[0] != "module":
            continue
        place, ref, version = _source(blocks)
        was = before.get(key, [])
        same = "added" if not was else "same" if _texts(was) == _texts(blocks) else "changed"
        yield {
            "name": ".".join(key), "folder": folder, "source": place, "ref": ref, "version": version[:100],
            "status": same,
        }  # fmt: skip


def _locks(old: tuple[Block, ...], new: tuple[Block, ...], path: str) -> Iterator[Finding]:
    before, after = ({b.labels[0]: b for b in side if b.type == "provider" and b.labels} for side in (old, new))
    for name in sorted({*before, *after}):
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            yield Finding(what="lock-provider", path=path, found=f"{name} {_did(was, now)}")
        elif was.attrs.get("version") != now.attrs.get("version"):
            moved = " → ".join(json.dumps(literal(b.attrs.get("version")) or "?") for b in (was, now))
            yield Finding(what="lock-version", path=path, found=f"{name}: {moved}")
        elif _items([was.attrs.get("hashes", "")]) != _items([now.attrs.get("hashes", "")]):
            yield Finding(what="lock-hashes", path=path, found=f"other hashes for the same version of {name}")
