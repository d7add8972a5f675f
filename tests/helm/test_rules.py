"""Every rule on what a real helm renders: one change that passes, and those that do not, with what to do."""

from __future__ import annotations

import pytest
from tests.helm.kit import DEPLOYMENT, SECRET, VALUES, Judge, bumped, chart

from bascule.types import Status

V = "charts/shop/values.yaml"
PROD = "charts/shop/values-prod.yaml"
ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: shop}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
"""


def test_paths_that_are_listed_pass_and_others_do_not(judged: Judge) -> None:
    only = {"Deployment": ["spec.replicas", "spec.template.spec.containers[*].image"]}
    fine = judged(chart(), {PROD: "replicas: 3\nimage: ghcr.io/acme/shop:1.0.1\n"}, "paths", allow=only, create=["*"])
    assert fine.status is Status.ALLOW, fine
    more = VALUES.replace("500m", "1")
    check = judged(chart(), {V: more + "args: [--debug]\n"}, "paths", allow=only).blocked_by("r")
    assert "Deployment/shop: spec.template.spec.containers[shop].args[0] (added)" in check.found
    assert "containers[shop].resources.limits.cpu" in check.found
    assert "spec.replicas" in check.expected
    denied = judged(chart(), {V: VALUES.replace("2", "3", 1)}, "paths", deny={"apps/*": ["spec.replicas"]})
    assert "denied paths: Deployment/shop: spec.replicas" in denied.blocked_by("r").found


def test_a_chart_s_version_in_labels_is_no_difference(judged: Judge) -> None:
    assert judged(chart(), bumped(), "paths", allow={"*": ["spec.replicas"]}).status is Status.ALLOW
    seen = judged(chart(), bumped(), "paths", allow={"*": ["spec.replicas"]}, ignore=[])
    assert 'metadata.labels["helm.sh/chart"]' in seen.blocked_by("r").found


def test_objects_come_and_go_only_by_permission(judged: Judge) -> None:
    both = chart(deployment=DEPLOYMENT, role=ROLE)
    new = {"charts/shop/templates/role.yaml": ROLE}
    gone: dict[str, str | None] = {"charts/shop/templates/role.yaml": None}
    found = judged(chart(), new, "paths", create=["ConfigMap"]).blocked_by("r")
    assert "would create Role/shop" in found.found
    assert "add the kind to `create`" in found.fix
    assert judged(chart(), new, "paths", create=["rbac.authorization.k8s.io/*"]).status is Status.ALLOW
    assert "would delete Role/shop" in judged(both, gone, "paths", create=[]).blocked_by("r").found
    assert judged(both, gone, "paths", delete=["Role"]).status is Status.ALLOW


def test_order_of_what_is_named_is_a_change(judged: Judge) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  initContainers: %s\n"
    one, other = "{name: a, image: a:1}", "{name: b, image: b:1}"
    before = chart(pod=pod % f"[{one}, {other}]")
    after: dict[str, str | None] = {"charts/shop/templates/pod.yaml": pod % f"[{other}, {one}]"}
    found = judged(before, after, "paths", allow={"*": ["metadata"]}).blocked_by("r").found
    assert "Pod/p: spec.initContainers (reordered)" in found


@pytest.mark.parametrize(
    ("before", "after", "params", "words"),
    [
        ("ghcr.io/acme/shop:1.0.0", "ghcr.io/acme/shop:1.0.1", {}, None),
        ("ghcr.io/acme/shop:1.0.1", "ghcr.io/acme/shop:1.0.0", {}, "goes back"),
        ("ghcr.io/acme/shop:1.0.0", "ghcr.io/acme/shop:2.0.0", {"max": "minor"}, "is a major step"),
        ("ghcr.io/acme/shop:1.0.0", "ghcr.io/acme/shop:latest", {}, "points to whatever is newest"),
        ("ghcr.io/acme/shop:1.0.0", "ghcr.io/acme/shop", {}, "has no tag"),
        ("ghcr.io/acme/shop:1.0.0", "ghcr.io/other/shop:1.0.1", {}, "another repository"),
        ("ghcr.io/acme/shop:1.0.0", "ghcr.io/other/shop:1.0.1", {"repository": "any"}, None),
        ("ghcr.io/acme/shop:1.0.0", "ghcr.io/acme/shop:1.0.1", {"registries": ["quay.io/*"]}, "is from elsewhere"),
        ("ghcr.io/acme/shop:1.0.0", "ghcr.io/acme/shop:1.0.1", {"registries": ["ghcr.io/acme"]}, None),
        ("ghcr.io/acme/shop:1.0.0", "ghcr.io/acme/shop:1.0.1", {"digest": "required"}, "has no digest"),
        ("ghcr.io/acme/shop:1.0.0", "ghcr.io/acme/shop:abc1234", {}, "nothing says which is later"),
        ("a:1@sha256:" + "0" * 64, "a:1@sha256:" + "1" * 64, {}, "the same tag, another image"),
        ("a:1@sha256:" + "0" * 64, "a:2@sha256:" + "1" * 64, {"digest": "required"}, None),
        ("a:1@sha256:" + "0" * 64, "a:2", {}, "the digest goes away"),
        ("ghcr.io/acme/shop:1.0.0", "not an image", {}, "is no image reference"),
    ],
)
def test_images(judged: Judge, before: str, after: str, params: dict[str, object], words: str | None) -> None:
    old, new = (VALUES.replace("ghcr.io/acme/shop:1.0.0", i) for i in (before, after))
    outcome = judged({**chart(), V: old}, {V: new}, "image", **params)
    if words is None:
        assert outcome.status is Status.ALLOW, outcome
    else:
        assert words in outcome.blocked_by("r").found


def test_images_by_both_helms(judged: Judge) -> None:
    later = VALUES.replace("shop:1.0.0", "shop:1.10.0")
    assert judged(chart(), {V: later}, "image").status is Status.ALLOW
    assert "1.10.0 → ghcr.io/acme/shop:1.0.0 goes back" in judged(
        {**chart(), V: later}, {V: VALUES}, "image"
    ).blocked_by("r").found.replace("ghcr.io/acme/shop:1.10.0", "1.10.0")


def test_kinds_that_a_person_looks_at(judged: Judge) -> None:
    both = chart(deployment=DEPLOYMENT, role=ROLE, secret=SECRET)
    check = judged(both, {V: VALUES + "password: hunter2222\n"}, "kinds").blocked_by("r")
    assert "Secret/shop changed at stringData.password" in check.found
    assert judged(both, {V: VALUES + "password: x\n"}, "kinds", allow=["Secret"]).status is Status.ALLOW
    more = ROLE.replace("[get]", "[get, list]")
    assert "Role/shop changed" in judged(both, {"charts/shop/templates/role.yaml": more}, "kinds").blocked_by("r").found
    scaled = {V: VALUES.replace("2", "3", 1)}
    assert judged(both, scaled, "kinds").status is Status.ALLOW
    assert "not among ConfigMap" in judged(both, scaled, "kinds", only=["ConfigMap"]).blocked_by("r").found
    assert judged(both, scaled, "kinds", deny=["apps/Deploy*"]).blocked_by("r")
    labelled = {**both, "charts/shop/templates/role.yaml": ROLE.replace("{name: shop}", (
        '{name: shop, labels: {helm.sh/chart: "shop-{{ .Chart.Version }}"}}'))}  # fmt: skip
    assert judged(labelled, bumped(), "kinds").status is Status.ALLOW


@pytest.mark.parametrize(
    ("after", "params", "words"),
    [
        ("replicas: 4", {"replicas": {"min": 1, "max": 5}, "factor": 2}, None),
        ("replicas: 6", {"replicas": {"max": 5}}, "spec.replicas 2 → 6 is above 5"),
        ("replicas: 5", {"factor": 2}, "more than 2 times more"),
        ("replicas: 0", {}, "spec.replicas 2 → 0 is nothing left"),
        ("replicas: 0", {"zero": True}, None),
        ("resources: {limits: {cpu: 1, memory: 300Mi}}", {"limits": {"cpu": {"max": 1}}}, None),
        ("resources: {limits: {cpu: 1001m, memory: 256Mi}}", {"limits": {"cpu": {"max": 1}}}, "1001m is above 1"),
        ("resources: {limits: {cpu: 0.5, memory: 64M}}", {"limits": {"memory": {"min": "64Mi"}}}, "64M is below 64Mi"),
        ("resources: {limits: {cpu: 500m}}", {"limits": {"cpu": {"max": 1}}}, None),  # helm merges maps: memory stays
        ("resources: {limits: {memory: null, cpu: 500m}}", {}, "limits.memory 256Mi goes away"),
        ("resources: {limits: {memory: null, cpu: 500m}}", {"removal": "allow"}, None),
        ("resources: {limits: {cpu: much}}", {}, "limits.cpu is no quantity"),
    ],
)
def test_bounds(judged: Judge, after: str, params: dict[str, object], words: str | None) -> None:
    base = {**chart(), PROD: "env: []\n"}
    outcome = judged(base, {PROD: after + "\n"}, "bounds", **params)
    if words is None:
        assert outcome.status is Status.ALLOW, outcome
    else:
        assert words in outcome.blocked_by("r").found


def test_bounds_of_autoscaling_by_both_helms(judged: Judge) -> None:
    kind = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: s}\n"
    hpa = kind + "spec: {minReplicas: %s, maxReplicas: %s}\n"
    at = "charts/shop/templates/hpa.yaml"
    before = chart(hpa=hpa % (2, 4))
    assert judged(before, {at: hpa % (2, 6)}, "bounds", hpa_max={"max": 6}, factor=2).status is Status.ALLOW
    over = judged(before, {at: hpa % (2, 7)}, "bounds", hpa_max={"max": 6})
    assert "spec.maxReplicas 4 → 7 is above 6" in over.blocked_by("r").found
    assert (
        "spec.minReplicas 2 → 0 is nothing left" in judged(before, {at: hpa % (0, 4)}, "bounds").blocked_by("r").found
    )
    # Replicas that give way to an autoscaler are taken away by every chart.
    template = DEPLOYMENT.replace("  replicas: {{ .Values.replicas }}\n", "")
    swap: dict[str, str | None] = {"charts/shop/templates/deployment.yaml": template}
    assert "spec.replicas 2 goes away" in judged(chart(), swap, "bounds").blocked_by("r").found
    assert judged(chart(), {**swap, at: hpa % (2, 4)}, "bounds").status is Status.ALLOW


@pytest.mark.parametrize(
    ("context", "words"),
    [
        ("{runAsNonRoot: true, privileged: true}", "privileged (privileged)"),
        ("{runAsNonRoot: true, capabilities: {add: [NET_ADMIN]}}", "capabilities.add[NET_ADMIN] (capabilities)"),
        ("{runAsNonRoot: true, runAsUser: 0}", "runAsUser (root)"),
        ("{runAsNonRoot: null}", "runAsNonRoot (lost)"),
        ("{runAsNonRoot: true, seccompProfile: {type: Unconfined}}", "seccompProfile (unconfined)"),
        ("{runAsNonRoot: true, readOnlyRootFilesystem: true}", None),
    ],
)
def test_isolation(judged: Judge, context: str, words: str | None) -> None:
    before = {**chart(), V: VALUES + "security: {runAsNonRoot: true}\n"}
    outcome = judged(before, {V: VALUES + f"security: {context}\n"}, "security")
    if words is None:
        assert outcome.status is Status.ALLOW, outcome
    else:
        assert words in outcome.blocked_by("r").found


def test_isolation_of_what_is_new_by_both_helms(judged: Judge) -> None:
    spec = "{hostNetwork: true, volumes: [{name: v, hostPath: {path: /}}]}"
    pod = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {spec}\n"
    new: dict[str, str | None] = {"charts/shop/templates/pod.yaml": pod}
    found = judged(chart(), new, "security").blocked_by("r").found
    assert "Pod/p: spec.hostNetwork (host-namespace), Pod/p: spec.volumes[v].hostPath (host-path)" in found.replace(
        "Pod/p: spec.volumes[v].hostPath (host-path), Pod/p: spec.hostNetwork (host-namespace)",
        "Pod/p: spec.hostNetwork (host-namespace), Pod/p: spec.volumes[v].hostPath (host-path)",
    )
    assert judged(chart(), new, "security", allow=["host-namespace", "host-path"]).status is Status.ALLOW


SCHEMA = '{"type": "object", "properties": {"replicas": {"type": "integer", "maximum": 9}}}'


def test_values_fit_their_schema(judged: Judge) -> None:
    before = {**chart(), "charts/shop/values.schema.json": SCHEMA}
    assert judged(before, {V: VALUES.replace("2", "3", 1)}, "schema").status is Status.ALLOW
    check = judged(before, {V: VALUES.replace("replicas: 2", "replicas: many-a-one")}, "schema").blocked_by("r")
    assert "replicas" in check.found
    assert "many-a-one" not in check.found
    assert check.fix == "make the values fit values.schema.json"


def test_objects_fit_the_schemas_of_kubernetes(judged: Judge) -> None:
    assert judged(chart(), {V: VALUES.replace("2", "3", 1)}, "schema").status is Status.ALLOW
    wrong = judged(chart(), {V: VALUES.replace("replicas: 2", "replicas: hunter2222")}, "schema").blocked_by("r")
    assert "Deployment/shop: spec.replicas: not integer" in wrong.found
    assert "hunter" not in wrong.found
    strange = DEPLOYMENT.replace("  selector:", "  replcas: 3\n  selector:")
    at: dict[str, str | None] = {"charts/shop/templates/deployment.yaml": strange}
    assert "spec: unknown field replcas" in judged(chart(), at, "schema", kubernetes="1.30").blocked_by("r").found
    # It was there before: told, and no reason to block.
    old = judged({**chart(), **at}, {V: VALUES.replace("2", "3", 1)}, "schema")
    assert old.status is Status.ALLOW
    assert "1 have problems that they had before" in old.of("r")[0].found
    ancient = judged(chart(), {V: VALUES + "a: 1\n"}, "schema", kubernetes="1.3")
    assert "no schemas of Kubernetes 1.3 here" in ancient.blocked_by("r").found


def test_kinds_without_a_schema(judged: Judge) -> None:
    custom = "apiVersion: apps.example.com/v1\nkind: Deployment\nmetadata: {name: c}\nspec: {size: 1}\n"
    new: dict[str, str | None] = {"charts/shop/templates/c.yaml": custom}
    assert judged(chart(), new, "schema").status is Status.ALLOW
    assert "without a schema: Deployment/c" in judged(chart(), new, "schema", unknown="block").blocked_by("r").found
    assert judged(chart(), new, "schema", unknown="block", known=["apps.example.com/*"]).status is Status.ALLOW


def test_lint_tells_what_is_new(judged: Judge) -> None:
    assert judged(chart(), {V: VALUES.replace("2", "3", 1)}, "lint").status is Status.ALLOW
    broken = bumped(version="1.2")
    check = judged(chart(), broken, "lint").blocked_by("r")
    assert "version" in check.found
    assert "helm lint --strict" in check.fix
    old = judged({**chart(), **broken}, {V: VALUES.replace("2", "3", 1)}, "lint")
    assert old.status is Status.ALLOW, old
    assert "as before" in old.of("r")[0].found
