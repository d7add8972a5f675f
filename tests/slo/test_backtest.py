"""`bascule slo backtest`: one verdict a line, in order, and nothing lost when a line is bad."""

import json
import subprocess
import sys
from pathlib import Path

GAUGE = {"id": "g", "kind": "gauge", "direction": "up", "step_seconds": 300}
RATIO = {"id": 7, "kind": "ratio", "objective": 0.999, "step_seconds": 30}
QUIET = [10, 11, 10, 12, 11, 10, 11, 12, 10, 11, 12, 11, 10, 11, 12, 10, 11, 11, 10, 12]


def run(*args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bascule", "slo", "backtest", *args]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)


def lines(*cases: object) -> str:
    return "".join(json.dumps(c) + "\n" for c in cases)


def test_one_verdict_a_line_in_order(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text(
        lines(
            {**GAUGE, "before": QUIET, "after": [11, 40, 42, 41, 40]},
            {**RATIO, "before": [[200, 0]] * 60, "after": [[200, 0]] * 60},
            {**GAUGE, "id": "none", "before": [], "after": [1, 2, 3]},
        )
    )
    done = run(str(file))
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(r["id"], r["verdict"], r["fired_at"]) for r in rows] == [
        ("g", "violation", 3),
        (7, "ok", None),
        ("none", "undecided", None),
    ]
    assert all(set(r) == {"id", "verdict", "fired_at", "reason"} and r["reason"] for r in rows)


def test_a_bad_line_is_named_and_the_others_are_judged() -> None:
    good = {**GAUGE, "before": QUIET, "after": QUIET[:5]}
    bad = [
        '{"id": 1',
        "[]",
        lines({**good, "direction": "left"}).strip(),
        lines({**good, "after": [1, "x"]}).strip(),
        '{"id": "n", "kind": "gauge", "direction": "up", "step_seconds": 1, "before": [NaN], "after": []}',
        lines({**RATIO, "before": [[1, 2]], "after": []}).strip(),
        lines({"id": 1, "kind": "gauge"}).strip(),
    ]
    done = run("-", stdin=lines(good) + "".join(f"{b}\n" for b in bad) + "\n" + lines(good))
    assert done.returncode == 2
    assert [json.loads(line)["verdict"] for line in done.stdout.splitlines()] == ["ok", "ok"]
    for number in range(2, 2 + len(bad)):
        assert f"stdin:{number}:" in done.stderr
    assert "7 lines are no cases" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    done = run(str(tmp_path / "no.jsonl"))
    assert done.returncode == 2
    assert "no.jsonl" in done.stderr
    assert "Traceback" not in done.stderr
