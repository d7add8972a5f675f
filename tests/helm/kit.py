"""Charts for tests, and a bench that judges with one of the two helms."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bascule.testing import Bench
from bascule.testing.bench import Outcome

HELMS = ("helm", "helm3")
Judge = Callable[..., Outcome]
Files = Mapping[str, str | None]

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  labels: {helm.sh/chart: "{{ .Chart.Name }}-{{ .Chart.Version }}"}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: shop
          image: "{{ .Values.image }}"
          {{- with .Values.args }}
          args: {{ toJson . }}
          {{- end }}
          {{- with .Values.env }}
          env: {{ toJson . }}
          {{- end }}
          {{- with .Values.resources }}
          resources: {{ toJson . }}
          {{- end }}
          {{- with .Values.security }}
          securityContext: {{ toJson . }}
          {{- end }}
"""
VALUES = "replicas: 2\nimage: ghcr.io/acme/shop:1.0.0\nresources: {limits: {cpu: 500m, memory: 256Mi}}\n"
SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: shop}
stringData:
  password: {{ .Values.password | quote }}
"""


def metadata(name: str = "shop", version: str = "1.2.3", more: str = "") -> str:
    """Return a Chart.yaml."""
    return (
        f"apiVersion: v2\nname: {name}\nversion: {version}\nappVersion: 1.0.0\nicon: https://example.com/i.png\n{more}"
    )


def chart(root: str = "charts/shop", name: str = "shop", more: str = "", **files: str) -> dict[str, str]:
    """Return the files of a chart; keys of ``files`` are template names without their ending."""
    found = {f"{root}/Chart.yaml": metadata(name, more=more), f"{root}/values.yaml": VALUES}
    templates = files or {"deployment": DEPLOYMENT}
    return {**found, **{f"{root}/templates/{n}.yaml": text for n, text in templates.items()}}


def bumped(root: str = "charts/shop", name: str = "shop", version: str = "1.2.4", more: str = "") -> dict[str, str]:
    """Return the Chart.yaml of a later version."""
    return {f"{root}/Chart.yaml": metadata(name, version, more)}


def judge_with(helm: str, folder: Path) -> Judge:
    """Return a function from files before and after, and a rule with its parameters, to the outcome."""
    bench = Bench("helm", folder, tools={"helm": shutil.which(helm) or helm})

    def judge(before: Files, after: Files, use: str, *more: Mapping[str, Any], **params: Any) -> Outcome:
        rules = [{"id": "r", "use": f"helm/{use}", **{k.rstrip("_"): v for k, v in params.items()}}, *more]
        return bench.run({k: v for k, v in before.items() if v is not None}, after, rules=rules)

    return judge
