"""Which charts are rendered, with what, and what happens where one cannot be."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.helm.kit import DEPLOYMENT, HELMS, SECRET, VALUES, Judge, bumped, chart, metadata

from bascule.testing import Bench, make_change
from bascule.testing.bench import Outcome
from bascule.types import DryRunContext, Evidence, Status
from bascule_helm import rehearsals

V = "charts/shop/values.yaml"
T = "charts/shop/templates/deployment.yaml"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {a: %s}\n"


def data(outcome: Outcome) -> dict[str, Any]:
    """Return the evidence of the rendering."""
    return dict(outcome.proof("helm/render").data)


def shown(outcome: Outcome) -> set[tuple[str, str, str]]:
    """Return kind, name and status of what differs."""
    return {(o["kind"], o["name"], o["status"]) for o in data(outcome)["objects"]}


def renders(outcome: Outcome) -> dict[tuple[str, str], tuple[str, str]]:
    """Return before and after by chart and values."""
    return {(r["chart"], r["values"]): (r["before"], r["after"]) for r in data(outcome)["renders"]}


def test_every_environment_is_rendered(judge: Judge) -> None:
    before = {
        **chart(), "charts/shop/values-prod.yaml": "replicas: 5\n",
        "charts/shop/environments/eu/x.yaml": "replicas: 6\n",
        "charts/shop/ci/a-values.yaml": "{}\n", "deploy/shop/values-staging.yaml": "replicas: 7\n",
        "deploy/other/values.yaml": "a: 1\n", "charts/shop/files/values.yaml": "a: 1\n",
    }  # fmt: skip
    outcome = judge(before, {T: DEPLOYMENT.replace("app: shop", "app: shop2")}, "render")
    assert outcome.status is Status.ALLOW, outcome
    assert {v for _, v in renders(outcome)} == {
        "", "values-prod.yaml", "environments/eu/x.yaml", "ci/a-values.yaml", "deploy/shop/values-staging.yaml"
    }  # fmt: skip
    one = judge(before, {"deploy/shop/values-staging.yaml": "replicas: 8\n"}, "render")
    assert set(renders(one)) == {("charts/shop", "deploy/shop/values-staging.yaml")}
    (item,) = data(one)["objects"]
    assert [n["after"] for n in item["numbers"]] == ["8"]


def test_a_new_trial_is_held_against_what_it_would_have_been(judge: Judge) -> None:
    """Values in ci/ are no installation: a new file creates nothing, and one that goes deletes nothing."""
    at = "charts/shop/ci/a-values.yaml"
    new = judge(chart(), {at: "replicas: 5\n"}, "paths", create=[])
    assert (new.status, shown(new)) == (Status.ALLOW, set()), new
    both = judge(chart(), {at: "replicas: 5\n", T: DEPLOYMENT.replace("name: shop", "name: s")}, "render")
    assert shown(both) == {("Deployment", "shop", "changed")}
    assert judge({**chart(), at: "replicas: 5\n"}, {at: None}, "paths", delete=[]).status is Status.ALLOW
    # A new environment is an installation.
    prod = judge(chart(), {"charts/shop/values-prod.yaml": "replicas: 5\n"}, "paths", create=[])
    assert "would create Deployment/shop (with values-prod.yaml)" in prod.blocked_by("r").found


def test_problems_block_without_the_rule_on_rendering(judge: Judge) -> None:
    outcome = judge(chart(), {V: "replicas: [\n"}, "kinds")
    assert "does not render" in outcome.blocked_by("rehearsal").found


def test_values_elsewhere_by_the_pack(judge: Judge) -> None:
    template = MAP % ("{{ .Release.Name }}", "{{ .Release.Namespace }}-{{ .Capabilities.KubeVersion.Minor }}")
    more = '{{ if .Capabilities.APIVersions.Has "example.com/v1" }}\nextra: "{{ .Values.x }}{{ .Values.y }}"\n{{ end }}'
    before = {
        **chart(map=template + more), "env/a.yaml": "x: 1\n", "env/b.yaml": "x: 2\n", "env/all.yaml": "y: 1\n"
    }  # fmt: skip
    entry = {
        "chart": "charts/shop", "values": ["env/[ab].yaml"], "common": ["env/all.yaml"], "release": "r", "only": True,
        "namespace": "n", "kube_version": "1.30", "api_versions": ["example.com/v1"],
    }  # fmt: skip
    outcome = judge(before, {"env/a.yaml": "x: 3\n"}, "render", charts=[entry])
    assert set(renders(outcome)) == {("charts/shop", "env/a.yaml")}
    assert shown(outcome) == {("ConfigMap", "r", "changed")}
    both = judge(before, {"env/all.yaml": "y: 2\n"}, "render", charts=[entry])
    assert set(renders(both)) == {("charts/shop", "env/a.yaml"), ("charts/shop", "env/b.yaml")}


def test_values_of_no_chart_block(judge: Judge, tmp_path: Path) -> None:
    outcome = judge(
        {**chart(), "deploy/grafana/values.yaml": "a: 1\n"}, {"deploy/grafana/values.yaml": "a: 2\n"}, "render"
    )
    check = outcome.blocked_by("r")
    assert "nothing says which chart deploy/grafana/values.yaml holds values for" in check.found
    assert "`charts`" in check.fix
    path = "deploy/grafana/values.yaml"
    # Another pack's values are another pack's.
    (tmp_path / "other").mkdir()
    bench = Bench("helm", tmp_path / "other")
    pack = bench.pack([{"use": "helm/render"}], match={"files": ["charts/**"]})
    files = {**chart(), path: "a: 1\n"}
    assert bench.run(files, {path: "a: 2\n", V: MORE}, pack=pack).status is Status.ALLOW


def test_a_new_chart_a_deleted_one_and_one_that_moves(judge: Judge) -> None:
    new = judge({}, dict(chart()), "render")
    assert new.status is Status.ALLOW, new
    assert (shown(new), renders(new)) == ({("Deployment", "shop", "added")}, {("charts/shop", ""): ("absent", "ok")})
    gone = judge(chart(), dict.fromkeys(chart()), "paths", delete=[])
    assert "would delete Deployment/shop" in gone.blocked_by("r").found
    moved = judge(
        chart(),
        {**dict.fromkeys(chart()), **chart("deploy/shop"), "deploy/shop/values.yaml": VALUES.replace("2", "3", 1)},
        "paths", allow={"*": ["spec.replicas"]},
    )  # fmt: skip
    assert moved.status is Status.ALLOW, moved
    assert shown(moved) == {("Deployment", "shop", "changed")}
    assert "the chart at charts/shop is now at deploy/shop" in data(moved)["notes"]


def test_a_head_that_does_not_render_blocks_without_values(judge: Judge) -> None:
    outcome = judge(
        {**chart(), V: VALUES + "password: hunter2222\n"},
        {T: DEPLOYMENT + '{{ fail (printf "no %s" .Values.password) }}\n'}, "render",
    )  # fmt: skip
    check = outcome.blocked_by("r")
    assert "charts/shop does not render: " in check.found
    assert "templates/deployment.yaml" in check.found
    assert "helm template" in check.fix
    assert "hunter2222" not in str(outcome) + json.dumps(data(outcome))
    for odd in ("replicas: [\n", "replicas: {{ . }}\n"):
        assert judge(chart(), {V: VALUES + odd}, "render").blocked_by("r")
    invalid = judge(chart(), {T: DEPLOYMENT + "   bad: [indent\n"}, "render")
    assert "YAML" in invalid.blocked_by("r").found


def test_a_base_that_does_not_render_makes_everything_new(judge: Judge) -> None:
    outcome = judge(chart(deployment="{{ fail `x` }}"), {T: DEPLOYMENT}, "render")
    assert outcome.status is Status.ALLOW, outcome
    assert shown(outcome) == {("Deployment", "shop", "added")}
    assert "does not render at the base: everything in it counts as new" in outcome.of("r")[0].found


def test_a_chart_that_asks_for_values_is_judged_by_those_that_give_them(judge: Judge) -> None:
    asks = DEPLOYMENT + '{{ required "a token is needed" .Values.token }}\n'
    asks = asks.replace("{{ required", "# {{ required")
    before = {**chart(deployment=asks), "charts/shop/ci/a-values.yaml": "token: t\n"}
    outcome = judge(before, {V: MORE}, "render")
    assert outcome.status is Status.ALLOW, outcome
    assert "needs values that it does not have itself" in outcome.of("r")[0].found
    assert shown(outcome) == {("Deployment", "shop", "changed")}
    # Without any values that are enough, or where they were enough before, it is a failure.
    alone = judge(chart(deployment=asks), {V: MORE}, "render")
    assert "a token is needed" in alone.blocked_by("r").found
    spoilt = judge({**before, T: DEPLOYMENT}, {T: asks}, "render")
    assert "a token is needed" in spoilt.blocked_by("r").found


def test_the_release_s_own_namespace_needs_no_saying(judge: Judge) -> None:
    said = DEPLOYMENT.replace("  labels:", "  namespace: {{ .Release.Namespace }}\n  labels:", 1)
    outcome = judge(chart(), {T: said}, "paths", deny={"*": ["**"]})
    assert outcome.status is Status.ALLOW, outcome
    assert shown(outcome) == set()
    elsewhere = judge(chart(), {T: said.replace("{{ .Release.Namespace }}", "other")}, "paths", deny={"*": ["spec"]})
    assert "would delete Deployment/shop" in str(elsewhere)


def test_a_template_that_shows_nowhere_is_told(judge: Judge) -> None:
    hidden = DEPLOYMENT + "{{- if .Values.more }}\n---\n" + MAP % ("m", "1") + "{{- end }}\n"
    outcome = judge(chart(), {T: hidden}, "render")
    assert "no values show what changes in shop/templates/deployment.yaml" in outcome.of("r")[0].found
    check = judge(chart(), {T: hidden}, "render", unseen="block").blocked_by("r")
    assert "without showing it: shop/templates/deployment.yaml" in check.found
    with_it = {T: hidden, "charts/shop/ci/a-values.yaml": "more: true\n"}
    assert judge(chart(), with_it, "render", unseen="block").status is Status.ALLOW


def test_the_digest_of_another_template_shows_nothing(judged: Judge) -> None:
    """Charts note the digest of a Secret or ConfigMap beside it, and it follows the chart's version."""
    note = 'annotations: {checksum/map: {{ include (print $.Template.BasePath "/map.yaml") . | sha256sum }}}'
    noted = DEPLOYMENT.replace(
        "metadata: {labels: {app: shop}}", f"metadata:\n      {note}\n      labels: {{app: shop}}"
    )
    label = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, labels: {helm.sh/chart: "{{ .Chart.Version }}"}}\n'
    before = chart(deployment=noted, map=label)
    hidden = noted + "{{ if .Values.debug }}\n# more\n{{ end }}\n"
    check = judged(before, {**bumped(), T: hidden}, "render", unseen="block").blocked_by("r")
    assert check.found == "templates or values that change without showing it: shop/templates/deployment.yaml"
    shown = noted.replace("name: shop\n", "name: shop-new\n", 1)
    assert judged(before, {**bumped(), T: shown}, "render", unseen="block").status is Status.ALLOW


def test_values_that_nothing_shows(judged: Judge) -> None:
    before = {**chart(), V: VALUES + "proxy: {enabled: false, tag: v1}\n"}
    hidden = judged(before, {**bumped(), V: VALUES + "proxy: {enabled: false, tag: v2}\n"}, "render", unseen="block")
    assert hidden.blocked_by("r").found.endswith("without showing it: charts/shop/values.yaml")
    comment = judged(before, {**bumped(), V: "# told\n" + before[V]}, "render", unseen="block")
    assert comment.status is Status.ALLOW, comment
    assert judged(before, {**bumped(), V: before[V] + "replicas: 4\n"}, "render", unseen="block").status is Status.ALLOW


REMOTE = 'dependencies:\n  - {name: db, version: 1.x, repository: "https://charts.example.com"}\n'
LOCAL = 'dependencies:\n  - {name: db, version: 1.x, repository: "file://../db", condition: db.enabled}\n'


def test_a_remote_dependency_that_is_not_vendored_blocks(judge: Judge) -> None:
    check = judge(chart(more=REMOTE), {V: VALUES.replace("2", "3", 1)}, "render").blocked_by("r")
    assert "db (missing, from https://charts.example.com)" in check.found
    assert "helm dependency build" in check.fix
    vendored = {
        **chart(more=REMOTE),
        **chart("charts/shop/charts/db", "db", map=MAP % ("db", "{{ .Values.replicas }}")),
    }
    fine = judge(vendored, {V: VALUES + "db: {replicas: 3}\n"}, "render")
    assert fine.status is Status.ALLOW, fine
    assert shown(fine) == {("ConfigMap", "db", "changed")}
    old = {**vendored, "charts/shop/charts/db/Chart.yaml": metadata("db", "2.0.0")}
    assert "db (wrong version" in judge(old, {V: VALUES + "a: 1\n"}, "render").blocked_by("r").found


def test_local_dependencies_are_built_and_rendered_with_their_users(judge: Judge) -> None:
    db = chart("charts/db", "db", map=MAP % ("db", "{{ .Values.replicas }}"))
    both = {**chart(more=LOCAL), **db}
    outcome = judge(both, {"charts/db/templates/map.yaml": MAP % ("db", "9")}, "render")
    assert outcome.status is Status.ALLOW, outcome
    assert set(renders(outcome)) == {("charts/shop", ""), ("charts/db", "")}
    assert {o["chart"] for o in data(outcome)["objects"]} == {"charts/shop", "charts/db"}
    off = judge(both, {V: VALUES + "db: {enabled: false}\n"}, "paths", delete=[])
    assert "would delete ConfigMap/db" in off.blocked_by("r").found
    lost = judge(both, dict.fromkeys(db), "render").blocked_by("r")
    assert "its dependency db is at file://../db, where there is no chart" in lost.found
    ring = {**both, "charts/db/Chart.yaml": metadata("db", more=LOCAL.replace("db", "shop"))}
    assert "lead back to itself" in judge(ring, {V: VALUES + "a: 1\n"}, "render").blocked_by("r").found


def test_a_library_chart_is_rendered_through_its_users(judge: Judge) -> None:
    lib = {
        "charts/lib/Chart.yaml": metadata("lib", more="type: library\n"),
        "charts/lib/templates/_m.tpl": '{{ define "m" }}' + MAP % ("m", "1") + "{{ end }}",
    }
    user = chart(more=LOCAL.replace("db", "lib").replace(", condition: lib.enabled", ""), map='{{ include "m" . }}')
    change = {"charts/lib/templates/_m.tpl": '{{ define "m" }}' + MAP % ("m", "2") + "{{ end }}"}
    outcome = judge({**lib, **user}, change, "render")
    assert outcome.status is Status.ALLOW, outcome
    assert shown(outcome) == {("ConfigMap", "m", "changed")}
    assert "charts/lib is a library chart" in outcome.of("r")[0].found


DRAWN = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: m}
data:
  a: "{{ randAlphaNum 12 }}"
  b: {{ .Values.replicas | quote }}
"""
JOB = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: "j-{{ randAlphaNum 6 | lower }}"}
data: {n: {{ .Values.replicas | quote }}}
"""
MORE = VALUES.replace("2", "3", 1)


def test_what_is_drawn_is_not_a_difference(judge: Judge) -> None:
    before = chart(map=DRAWN)
    rendered = {"id": "s", "use": "helm/render"}
    outcome = judge(before, {V: MORE}, "paths", rendered, allow={"*": ["data.b"]})
    assert outcome.status is Status.ALLOW, outcome
    assert "drawn anew each time: charts/shop: ConfigMap/m data.a" in outcome.of("s")[0].found
    blocked = judge(before, {V: MORE}, "render", random="block").blocked_by("r")
    assert "ConfigMap/m data.a" in blocked.found
    # What was fixed before and is drawn now is a difference.
    at = "charts/shop/templates/map.yaml"
    fixed = DRAWN.replace("{{ randAlphaNum 12 }}", "x")
    now = judge({**before, at: fixed}, {at: DRAWN}, "paths", allow={"*": ["data.b"]})
    assert "ConfigMap/m: data.a" in now.blocked_by("r").found


def test_names_keys_and_times_that_are_drawn(judge: Judge) -> None:
    time = MAP % ("t", "{{ now | unixEpoch | quote }}")
    cert = "{{ $c := genCA `x` 9 }}" + MAP % ("c", "{{ $c.Cert | b64enc | quote }}")
    before = chart(job=JOB, time=time, cert=cert)
    same = judge(before, {"charts/shop/NOTES.md": "x"}, "paths", allow={"*": ["data.n"]})
    assert (same.status, shown(same)) == (Status.ALLOW, set()), same
    found = judge(before, {V: MORE}, "paths", allow={"*": ["data.n"]})
    assert found.status is Status.ALLOW, found
    assert [e["path"] for o in data(found)["objects"] for e in o["edits"]] == ["data.n"]


@pytest.mark.parametrize("helm", [pytest.param(h, marks=pytest.mark.tool(h)) for h in HELMS])
def test_a_link_leads_to_what_changed(tmp_path: Path, helm: str) -> None:
    """Helm follows links; what they lead to is a part of the chart, wherever it lies."""
    repo = tmp_path / "repo"
    for path, text in {**chart(map='{{ include "m" . }}'), "shared/_m.tpl": '{{ define "m" }}%s{{ end }}'}.items():
        (repo / path).parent.mkdir(parents=True, exist_ok=True)
        (repo / path).write_text(text)
    (repo / "charts/shop/templates/_m.tpl").symlink_to("../../../shared/_m.tpl")
    subprocess.run(["git", "init", "-q", str(repo)], check=True)
    shas = []
    for number in "12":
        (repo / "shared/_m.tpl").write_text('{{ define "m" }}' + MAP % ("m", number) + "{{ end }}")
        who = ["-c", "user.name=octo-dev", "-c", "user.email=octo-dev@example.com"]
        for words in (["add", "."], [*who, "commit", "-qm", number]):
            subprocess.run(["git", "-C", str(repo), *words], check=True)
        head = subprocess.run(["git", "-C", str(repo), "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
        shas.append(head.stdout.strip())
    change = make_change(base_sha=shas[0], merge_base=shas[0], head_sha=shas[1])
    (tmp_path / "work").mkdir()
    ctx = DryRunContext(
        change=change, pack=Bench("helm", tmp_path).pack([{"use": "helm/render"}]), now=change.read_at,
        objects=str(repo / ".git"), workdir=str(tmp_path / "work"), tools={"helm": shutil.which(helm) or ""},
    )  # fmt: skip
    (proof,) = [e for e in rehearsals.rendered(ctx) if isinstance(e, Evidence)]
    assert [(o["name"], o["status"]) for o in proof.data["objects"]] == [("m", "changed")]


def test_a_key_twice_in_values_is_helm_s_last(judge: Judge) -> None:
    outcome = judge(chart(), {V: VALUES + "replicas: 7\n"}, "paths", allow={"*": ["spec.replicas"]})
    assert outcome.status is Status.ALLOW, outcome
    assert [n["after"] for o in data(outcome)["objects"] for n in o["numbers"]] == ["7"]


def test_a_chart_at_the_root_and_one_of_helm_2_s_kind(judge: Judge) -> None:
    root = {k.removeprefix("charts/shop/"): v for k, v in chart().items()}
    outcome = judge(root, {"values.yaml": MORE}, "paths", allow={"*": ["spec.replicas"]})
    assert outcome.status is Status.ALLOW, outcome
    assert set(renders(outcome)) == {(".", "")}
    old = metadata().replace("apiVersion: v2", "apiVersion: v1")
    needs = "dependencies:\n- {name: db, version: 1.x, repository: https://charts.example.com}\n"
    legacy = {**chart(), "charts/shop/Chart.yaml": old, "charts/shop/requirements.yaml": needs}
    assert "db (missing" in judge(legacy, {V: MORE}, "render").blocked_by("r").found


def test_lookup_is_told(judge: Judge) -> None:
    template = '{{ $s := lookup "v1" "Secret" "x" "y" }}' + MAP % ("m", "{{ len $s | quote }}")
    outcome = judge(chart(map=template), {V: VALUES + "a: 1\n"}, "render")
    assert "use `lookup`, which sees no cluster here" in outcome.of("r")[0].found
    assert judge(chart(map=template), {V: VALUES + "a: 1\n"}, "render", lookup="block").blocked_by("r")


def test_odd_documents(judge: Judge) -> None:
    item = '- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: "%s"}}'
    listed = f"apiVersion: v1\nkind: List\nitems:\n{item}\n"
    rest = "---\n---\n# nothing\n---\n" + MAP % ("b", "{{ .Values.replicas | quote }}") + "---\n"
    hook = MAP.replace("{name: %s}", "{name: %s, annotations: {helm.sh/hook: test}}") % ("h", "1")
    before = chart(list=listed % "{{ .Values.replicas }}", rest=rest, hook=hook)
    before["charts/shop/templates/NOTES.txt"] = "{{ .Values.replicas }}"
    before["charts/shop/crds/c.yaml"] = MAP % ("crd", "1")
    outcome = judge(before, {V: VALUES.replace("2", "3", 1), "charts/shop/crds/c.yaml": MAP % ("crd", "2")}, "render")
    assert outcome.status is Status.ALLOW, outcome
    assert shown(outcome) == {("ConfigMap", n, "changed") for n in ("a", "b", "crd")}
    changed = judge(before, {"charts/shop/templates/hook.yaml": hook.replace("a: 1", "a: 2")}, "render")
    assert [o["hook"] for o in data(changed)["objects"]] == ["test"]


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("- just\n- a list\n", ""),
        ("a: 1\n", "without `kind` or `apiVersion`"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n", "a ConfigMap without a name"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: x, a: y}\n", "the key 'a' twice"),
    ],
)
def test_what_is_no_object_blocks(judge: Judge, template: str, words: str) -> None:
    check = judge(chart(), {"charts/shop/templates/odd.yaml": template}, "render").blocked_by("r")
    assert words in check.found


def test_no_secret_is_evidence(judge: Judge) -> None:
    leak = "S3CRa-{n}"
    before = {**chart(deployment=DEPLOYMENT, secret=SECRET), V: VALUES + (
        "password: S3CRa-1\nargs: [--token=S3CRa-2]\nenv: [{name: API_TOKEN, value: S3CRa-3}]\n")}  # fmt: skip
    after: dict[str, str | None] = {V: before[V].replace("S3CRa", "S3CRb").replace("replicas: 2", "replicas: S3CRb-4")}
    every = [{"id": n, "use": f"helm/{n}"} for n in ("kinds", "image", "bounds", "security", "schema", "lint")]
    outcome = judge(before, after, "paths", *every, allow={"*": ["spec.replicas"]})
    text = str(outcome) + json.dumps([e.data for e in outcome.evidence]) + "".join(e.summary for e in outcome.evidence)
    assert "S3CR" not in text
    assert leak[:4] not in text
    assert "Secret/shop: stringData.password" in outcome.blocked_by("r").found
    assert "env[API_TOKEN].value" in outcome.blocked_by("r").found


def test_much_output_is_cut_off(judge: Judge) -> None:
    big = MAP % ("m", "{{ repeat 3000000 `a lot ` | quote }}")
    assert "more than" in judge(chart(), {"charts/shop/templates/m.yaml": big}, "render").blocked_by("r").found


def test_helm_sees_nothing_of_this_machine(
    judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """No plugin, no post-renderer, no variable of the caller is in reach; files outside the chart neither."""
    plugin = tmp_path / "plugins" / "p"
    plugin.mkdir(parents=True)
    (plugin / "plugin.yaml").write_text("name: p\nversion: 1.0.0\ncommand: touch ran\nhooks: {}\n")
    monkeypatch.setenv("HELM_PLUGINS", str(plugin.parent))
    monkeypatch.setenv("HELM_NAMESPACE", "stolen")
    monkeypatch.setenv("API_TOKEN", "S3CR")
    template = MAP % ("m", '"{{ .Release.Namespace }}{{ .Files.Get `../../outside.txt` }}{{ .Files.Get `in.txt` }}"')
    before = {**chart(map=template), "charts/shop/in.txt": "a", "outside.txt": "S3CR"}
    outcome = judge(before, {"charts/shop/in.txt": "b"}, "paths", allow={"ConfigMap": ["data.a"]})
    assert outcome.status is Status.ALLOW, outcome
    assert shown(outcome) == {("ConfigMap", "m", "changed")}
    assert not any("ran" in files for _, _, files in os.walk(tmp_path))


def test_a_missing_helm_is_the_machine_s_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = shutil.which("git")
    assert git is not None
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(git)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    rules = [{"id": "r", "use": "helm/render"}]
    (check,) = Bench("helm", tmp_path).run(chart(), bumped(), rules).of("rehearsal")
    assert (check.status, check.found) == (Status.ERROR, "`helm` is not installed where Bascule runs")
    assert "BASCULE_TOOL_HELM" in check.fix
    (other,) = Bench("helm", tmp_path, tools={"helm": git}).run(chart(), bumped(), rules).of("rehearsal")
    assert other.status is Status.ERROR


def test_the_helm_of_the_run_is_the_one_that_is_named(judge: Judge) -> None:
    proof = judge(chart(), bumped(), "render").proof("helm/render")
    assert (proof.binding.tool, proof.binding.tool_version[:2] in {"v3", "v4"}) == ("helm", True)
