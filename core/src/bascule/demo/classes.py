"""What the second half of the demo asks: per scenario one change that may pass and one that may not.

Data only. Every change is judged by the scenario's packaged template ``default`` and by evidence that a real tool gave.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen


@frozen(kw_only=True)
class Proposal:
    """One pull request: ``because`` names the rule id that must refuse it; empty: it must be merged."""

    title: str
    files: Mapping[str, str]
    because: str = ""


@frozen(kw_only=True)
class Class:
    """A scenario: its pack, the files at the base, a change that passes and one that does not.

    ``tools`` are programs without which nothing can be shown. ``plans``: the folder whose Terraform plan, made from
    the head by a workflow, is the change's evidence.
    """

    scenario: str
    pack: str
    base: Mapping[str, str]
    passes: Proposal
    refused: Proposal
    tools: tuple[str, ...] = ()
    plans: str = ""


def _pack(scenario: str, files: str, *more: str) -> str:
    return "\n".join(
        (
            "version: 1",
            f"scenario: {scenario}",
            f"extends: [{scenario}/default]",
            "mode: guarded",
            f"match: {{files: [{files}]}}",
            "checks: {require: [{name: test, app: ci}]}",
            "relax: {allow: [reviews]}",
            "loosen: what passes these rules may do without the one review",
            *more,
            "",
        )
    )


DEPS = Class(
    scenario="deps",
    pack=_pack("deps", '"web/**"'),
    base={"web/package.json": '{"name": "shop", "dependencies": {"lodash": "^4.17.20", "dayjs": "^1.11.0"}}\n'},
    passes=Proposal(
        title="Bump lodash from 4.17.20 to 4.17.21",
        files={"web/package.json": '{"name": "shop", "dependencies": {"lodash": "^4.17.21", "dayjs": "^1.11.0"}}\n'},
    ),
    refused=Proposal(
        title="Bump dayjs from 1.11.0 to 1.11.1",
        files={
            "web/package.json": '{"name": "shop", "scripts": {"postinstall": "node x.js"}, '
            '"dependencies": {"lodash": "^4.17.21", "dayjs": "^1.11.1"}}\n'
        },
        because="nothing-new",
    ),
)

_TF = """\
variable "size" {{ default = {size} }}

resource "terraform_data" "cache" {{
  input = var.size
}}

resource "terraform_data" "database" {{
  input            = "orders"
  triggers_replace = ["{engine}"]
}}
"""
PLAN_WORKFLOW = ".github/workflows/plan.yml"
TERRAFORM = Class(
    scenario="terraform",
    pack=_pack(
        "terraform",
        '"infra/**"',
        f"evidence: [{{name: plan, from: actions, workflow: {PLAN_WORKFLOW}, artifact: tfplan, file: plan.json}}]",
    ),
    base={
        "infra/main.tf": _TF.format(size=1, engine="pg-15"),
        PLAN_WORKFLOW: "on: pull_request\njobs: {plan: {runs-on: ubuntu-latest, steps: [{run: terraform plan}]}}\n",
    },
    passes=Proposal(title="A larger cache", files={"infra/main.tf": _TF.format(size=2, engine="pg-15")}),
    refused=Proposal(
        title="A newer database", files={"infra/main.tf": _TF.format(size=2, engine="pg-16")}, because="keeps"
    ),
    tools=("terraform",),
    plans="infra",
)

_CHART = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - {name: shop, image: "ghcr.io/acme/shop:{{ .Values.tag }}"}
"""
HELM = Class(
    scenario="helm",
    pack=_pack("helm", '"charts/**", "deploy/**"'),
    base={
        "charts/shop/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.2.3\nappVersion: 1.0.0\n",
        "charts/shop/values.yaml": "replicas: 2\ntag: 1.0.0\n",
        "charts/shop/templates/deployment.yaml": _CHART,
        "deploy/shop/values-staging.yaml": "replicas: 2\n",
    },
    passes=Proposal(title="One more replica in staging", files={"deploy/shop/values-staging.yaml": "replicas: 3\n"}),
    refused=Proposal(
        title="An older image in staging",
        files={"deploy/shop/values-staging.yaml": "replicas: 3\ntag: 0.9.0\n"},
        because="images",
    ),
    tools=("helm",),
)

_ALERT = """\
groups:
  - name: checkout
    rules:
      - alert: CheckoutErrors
        expr: sum(rate(http_errors_total{{app="checkout"}}[5m])) > {threshold}
        for: 10m
        labels: {{severity: critical}}
"""
OBSERVABILITY = Class(
    scenario="observability",
    pack=_pack("observability", '"prometheus/**"', "rules: [{id: valid, use: observability/prom-check}]"),
    base={"prometheus/rules/checkout.yml": _ALERT.format(threshold=5)},
    passes=Proposal(title="Hear of errors sooner", files={"prometheus/rules/checkout.yml": _ALERT.format(threshold=3)}),
    refused=Proposal(
        title="Hear of errors later",
        files={"prometheus/rules/checkout.yml": _ALERT.format(threshold=50)},
        because="alerts",
    ),
    tools=("promtool",),
)

_PROJECT = '[project]\nname = "shop"\nversion = "{version}"\n'
_WISHES = "## 1.3.0 - 2026-01-05\n- Wish lists\n\n"
_CHANGES = "## 1.2.0 - 2025-11-03\n- Baskets\n"
RELEASE = Class(
    scenario="release",
    pack=_pack(
        "release",
        '"app/**"',
        'rules: [{id: tagged, use: release/tag, tag: "v{version}"}]',
    ),
    base={
        "app/pyproject.toml": _PROJECT.format(version="1.2.0"),
        "app/src/shop/__init__.py": '__version__ = "1.2.0"\n',
        "app/CHANGELOG.md": _CHANGES,
    },
    passes=Proposal(
        title="Release 1.3.0",
        files={
            "app/pyproject.toml": _PROJECT.format(version="1.3.0"),
            "app/src/shop/__init__.py": '__version__ = "1.3.0"\n',
            "app/CHANGELOG.md": f"{_WISHES}{_CHANGES}",
        },
    ),
    refused=Proposal(
        title="Release 1.4.0",
        files={
            "app/pyproject.toml": _PROJECT.format(version="1.4.0"),
            "app/CHANGELOG.md": f"## 1.4.0 - 2026-01-06\n- Vouchers\n\n{_WISHES}{_CHANGES}",
        },
        because="agree",
    ),
)

CLASSES: tuple[Class, ...] = (TERRAFORM, HELM, OBSERVABILITY, RELEASE, DEPS)
