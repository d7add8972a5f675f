"""`bascule slo explain` and `bascule slo import`, as a user runs them."""

import json
import subprocess
from pathlib import Path

from tests.slo.test_imported import SLOTH
from tests.slo.test_openslo import GAUGE, RATIO
from tests.support import warm


def run(*args: str) -> subprocess.CompletedProcess[str]:
    return warm.run("slo", *args)


def test_explain_shows_queries_and_what_can_be_seen(tmp_path: Path) -> None:
    file = tmp_path / "slo.yml"
    file.write_text(RATIO + "---\n" + GAUGE)
    done = run("explain", str(file), "--traffic", "600")
    assert done.returncode == 0, done.stderr
    assert "99.9 % good requests: 0.1 % may fail" in done.stdout
    assert "last_over_time(http_requests_total[30s])" in done.stdout
    assert "36,000 requests in the watch" in done.stdout
    assert "`spec.timeWindow` is not used" in done.stdout
    rows = json.loads(run("explain", str(file), "--traffic", "1", "--json").stdout)
    one, two = rows["objectives"]
    assert (one["detectable"]["enough"], two["kind"], two["limit"]) == (False, "gauge", 0.5)
    assert "depends on the traffic" in run("explain", str(file)).stdout


def test_a_wrong_file_lists_its_problems(tmp_path: Path) -> None:
    file = tmp_path / "slo.yml"
    file.write_text(RATIO.replace("target: 0.999", "target: 9"))
    done = run("explain", str(file))
    assert done.returncode == 2
    assert f"{file}:14:16: the target is 9" in done.stderr
    assert "Traceback" not in done.stderr
    assert run("explain", str(tmp_path / "no.yml")).returncode == 2


def test_import_prints_what_explain_reads(tmp_path: Path) -> None:
    file, out = tmp_path / "sloth.yml", tmp_path / "slo.yml"
    file.write_text(SLOTH)
    done = run("import", str(file))
    assert done.returncode == 0, done.stderr
    out.write_text(done.stdout)
    assert run("explain", str(out)).returncode == 0
    assert len(json.loads(run("import", str(file), "--json").stdout)["slos"]) == 2
    file.write_text("kind: Pod\n")
    done = run("import", str(file))
    assert done.returncode == 2
    assert "give a Sloth file" in done.stderr
