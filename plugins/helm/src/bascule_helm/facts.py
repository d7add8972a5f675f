"""What is kept of an object's values: images, counts, amounts, and what weakens its isolation. Nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bascule.kit import step_text
from bascule_helm.quantities import quantity
from bascule_helm.tags import reference

Path = tuple[str | int, ...]
_DATA = {"ConfigMap", "Secret", "CustomResourceDefinition"}
"""Kinds whose content is data of somebody else: an ``image`` in it is no image."""
_COUNTS: Mapping[tuple[str, ...], str] = {
    ("spec", "replicas"): "replicas",
    ("spec", "parallelism"): "replicas",
    ("spec", "minReplicas"): "hpa_min",
    ("spec", "maxReplicas"): "hpa_max",
    ("spec", "minReplicaCount"): "hpa_min",
    ("spec", "maxReplicaCount"): "hpa_max",
}


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every mapping and list in ``value`` with its path; items of lists by their ``name`` where all have one."""
    if isinstance(value, Mapping):
        yield path, value
        for key, item in value.items():
            yield from walk(item, (*path, str(key)))
    elif isinstance(value, list):
        names = [i.get("name") if isinstance(i, Mapping) else None for i in value]
        named = all(isinstance(n, str) for n in names) and len(set(names)) == len(names)
        for at, item in enumerate(value):
            yield from walk(item, (*path, f"[{names[at]}]" if named else at))


def images(kind: str, body: Mapping[str, Any]) -> dict[str, str]:
    """Return every image of an object by its path, as it stands there; :func:`shown_image` is what may be kept."""
    found: dict[str, str] = {}
    for path, value in walk(body) if kind not in _DATA else ():
        stated = value.get("image")
        if isinstance(stated, str):
            found[step_text((*path, "image"))] = stated
        elif isinstance(stated, Mapping) and isinstance(stated.get("repository"), str) and "tag" in stated:
            registry = stated.get("registry")
            name = (
                f"{registry}/{stated['repository']}" if isinstance(registry, str) and registry else stated["repository"]
            )
            text = f"{name}:{stated['tag']}" if stated["tag"] else name
            found[step_text((*path, "image"))] = text
    return found


def numbers(kind: str, body: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return counts and amounts by path as (what, text as it stands there): ``replicas``, ``requests.cpu``."""
    found: dict[str, tuple[str, str]] = {}
    if kind in _DATA:
        return found
    for steps, what in _COUNTS.items():
        value: Any = body
        for step in steps:
            value = value.get(step) if isinstance(value, Mapping) else None
        if value is not None:
            found[step_text(steps)] = (what, _text(value))
    for path, value in walk(body):
        if not path or path[-1] != "resources":
            continue
        for part in ("requests", "limits"):
            amounts = value.get(part)
            for name, amount in amounts.items() if isinstance(amounts, Mapping) else ():
                if amount is not None:
                    found[step_text((*path, part, str(name)))] = (f"{part}.{name}", _text(amount))
    return found


def _text(value: Any) -> str:
    return "?" if isinstance(value, bool) else str(value)


def shown_image(text: str | None) -> str | None:
    """Return an image as it may be kept: what is no reference is ``?``."""
    return text if text is None or reference(text) else "?"


def shown_number(text: str | None) -> str | None:
    """Return a count or amount as it may be kept: what is no quantity is ``?``."""
    return text if text is None or quantity(text) is not None else "?"


def weaknesses(kind: str, body: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return what lets an object out of its sandbox, as (category, path). After the Pod Security Standards."""
    found: set[tuple[str, str]] = set()
    for path, value in walk(body) if kind not in _DATA else ():
        found |= {(what, step_text(at)) for what, at in _weak(path, value)}
    return found


def _weak(path: Path, value: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    for key, what in (("hostNetwork", "host-namespace"), ("hostPID", "host-namespace"), ("hostIPC", "host-namespace"),
                      ("privileged", "privileged"), ("allowPrivilegeEscalation", "escalation"),
                      ("shareProcessNamespace", "host-namespace")):  # fmt: skip
        if value.get(key) is True:
            yield what, (*path, key)
    if isinstance(value.get("hostPath"), Mapping):
        yield "host-path", (*path, "hostPath")
    ports = value.get("ports")
    for at, port in enumerate(ports) if isinstance(ports, list) else ():
        if isinstance(port, Mapping) and port.get("hostPort"):
            yield "host-port", (*path, "ports", at, "hostPort")
    added = value.get("capabilities")
    for name in (added.get("add") or ()) if isinstance(added, Mapping) else ():
        yield "capabilities", (*path, "capabilities", "add", f"[{str(name)[:40]}]")
    if value.get("runAsUser") == 0 or value.get("runAsNonRoot") is False:
        yield "root", (*path, "runAsUser" if value.get("runAsUser") == 0 else "runAsNonRoot")
    if value.get("procMount") == "Unmasked":
        yield "privileged", (*path, "procMount")
    for profile in ("seccompProfile", "appArmorProfile"):
        stated = value.get(profile)
        if isinstance(stated, Mapping) and stated.get("type") == "Unconfined":
            yield "unconfined", (*path, profile)


STRONG: Mapping[str, Any] = {
    "runAsNonRoot": True, "readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False,
    "automountServiceAccountToken": False,
}  # fmt: skip


def strengths(kind: str, body: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the safeguards that an object states, as (``safeguard``, path): losing one is a weakening."""
    found: set[tuple[str, str]] = set()
    for path, value in walk(body) if kind not in _DATA else ():
        found |= {("safeguard", step_text((*path, k))) for k, v in STRONG.items() if value.get(k) is v}
        dropped = value.get("capabilities")
        for name in (dropped.get("drop") or ()) if isinstance(dropped, Mapping) else ():
            found.add(("safeguard", step_text((*path, "capabilities", "drop", f"[{str(name)[:40]}]"))))
        if isinstance(value.get("seccompProfile"), Mapping):
            found.add(("safeguard", step_text((*path, "seccompProfile"))))
    return found
