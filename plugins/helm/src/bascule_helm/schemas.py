"""Objects against the schemas of the Kubernetes API that ``kubernetes-validate`` carries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from bascule.kit import step_text

LATEST = ""


@lru_cache(maxsize=8)
def version_for(wanted: str) -> str | None:
    """Return the newest version of schemas (``1.35.0``) not newer than ``wanted``; None where there is none."""
    from kubernetes_validate.utils import all_versions

    have = {tuple(int(n) for n in v.split(".")[:2]): v for v in all_versions()}
    if not wanted:
        return str(have[max(have)])
    asked = tuple(int(n) for n in re.findall(r"\d+", wanted)[:2])
    return str(have[asked]) if asked in have else None


def problems(body: Mapping[str, Any], version: str) -> list[str] | None:
    """Return what is wrong with an object, each as path and what is expected there; None for an unknown kind.

    No value is part of it. Unknown fields are wrong as well (the strict schemas).
    """
    validator = _validator(str(body["kind"]), str(body["apiVersion"]), version)
    if validator is None:
        return None
    return sorted({_said(error) for error in validator.iter_errors(body)})[:50]


@lru_cache(maxsize=256)
def _validator(kind: str, api_version: str, version: str) -> Any:
    from jsonschema import Draft202012Validator
    from kubernetes_validate.utils import schema_contents
    from referencing import Registry, Resource

    if not re.fullmatch(r"[A-Za-z0-9]{1,100}", kind) or not re.fullmatch(r"[A-Za-z0-9./-]{1,200}", api_version):
        return None
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    try:
        schema = schema_contents(f"kubernetes-json-schema/v{version}-local-strict/{kind.lower()}-{group}.json", version)
    except FileNotFoundError:
        return None
    # A group that only shares its first word with one of Kubernetes' own (`apps.example.com`) is not that group.
    stated = [g for g in schema.get("x-kubernetes-group-version-kind", ()) if isinstance(g, dict)]
    own, _, served = api_version.rpartition("/")
    if stated and not any((g.get("group"), g.get("version")) == (own, served) for g in stated):
        return None
    registry: Any = Resource.from_contents(schema) @ (_definitions(version) @ Registry())
    return Draft202012Validator(schema, registry=registry)


@lru_cache(maxsize=4)
def _definitions(version: str) -> Any:
    from kubernetes_validate.utils import schema_contents
    from referencing import Resource

    return Resource.from_contents(
        schema_contents(f"kubernetes-json-schema/v{version}-local-strict/_definitions.json", version)
    )


def _said(error: Any) -> str:
    path = step_text(tuple(error.absolute_path)) or "the object"
    expected = error.validator_value
    if error.validator == "additionalProperties":
        known = set(error.schema.get("properties", ()))
        extra = sorted(str(k)[:60] for k in error.instance if k not in known)
        return f"{path}: unknown field {', '.join(extra[:3])}"
    if error.validator == "required":
        missing = [k for k in expected if k not in error.instance]
        return f"{path}: {', '.join(missing[:3])} is missing"
    if error.validator == "type":
        kinds = expected if isinstance(expected, list) else [expected]
        return f"{path}: not {' or '.join(str(k) for k in kinds)}"
    if error.validator == "enum":
        return f"{path}: none of {', '.join(str(v) for v in expected[:8])}"
    return f"{path}: breaks `{error.validator}`"
