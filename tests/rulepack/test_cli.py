"""``bascule rulepack`` as people call it, with the plugins that are installed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from bascule.cli.root import run
from bascule.config.reader import MAX_BYTES

PACK = """\
version: 1
scenario: allowlist
extends: [allowlist/default]
match: {files: ["docs/**"]}
examples:
  - {name: a page, change: {files: [docs/a.md]}, expect: allow}
  - {name: no page, change: {files: [docs/requirements.txt]}, expect: block, because: no-code}
"""

BAD = "version: 1\nscenario: allowlist\nmatch: {file: [a]}\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".github" / "rulepack").mkdir(parents=True)
    (tmp_path / "deep").mkdir()
    (tmp_path / ".github" / "rulepack" / "docs.yml").write_text(PACK)
    monkeypatch.chdir(tmp_path / "deep")
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return tmp_path


def test_validate_finds_the_packs_of_the_repository(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rulepack", "validate"]) == 0
    out = capsys.readouterr().out
    assert "ok       .github/rulepack/docs.yml  allowlist, mode guarded" in out
    assert out.endswith("1 rulepack: 0 problems\n")


def test_validate_lists_problems_of_packs_and_settings(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / ".github" / "rulepack" / "bad.yml").write_text(
        "version: 1\nscenario: allowlist\nmatch: {file: [a]}\n"
    )
    (repository / ".github" / "bascule.yml").write_text("journl: {}\n")
    assert run(["rulepack", "validate"]) == 2
    out = capsys.readouterr().out
    assert "problem  .github/rulepack/bad.yml:3:9: unknown key `file`\n         fix: did you mean `files`?" in out
    assert "problem  .github/bascule.yml:1:1: unknown key `journl`\n         fix: did you mean `journal`?" in out
    assert out.endswith("2 rulepacks: 2 problems\n")


def test_validate_as_json_and_for_actions(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = repository / "elsewhere.yml"
    bad.write_text(BAD)
    assert run(["rulepack", "validate", "--json", str(bad)]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["schema_version"] == 1
    assert document["packs"] == []
    assert document["problems"] == [
        {"where": "elsewhere.yml:3:9", "message": "unknown key `file`", "fix": "did you mean `files`?"}
    ]
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert run(["rulepack", "validate", str(bad)]) == 2
    assert (
        "::error file=elsewhere.yml,line=3,col=9,title=rulepack::unknown key `file` - did you mean `files`?\n"
        in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["validate", "nowhere.yml"], "nowhere.yml: no such file or folder"),
        (["validate", "."], "no rulepack (*.yml) in ."),
        (["explain", "no such thing"], "no such thing: neither a file nor a template"),
        (["explain", "allowlist/none"], "the plugin `allowlist` has no template `allowlist/none`"),
        (["test", "--templates", "x.yml"], "--templates and PATH exclude each other"),
    ],
)
def test_a_users_mistake_is_one_sentence_and_a_fix(
    args: list[str], said: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["rulepack", *args]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "fix: " in err
    assert "Traceback" not in err


def test_a_huge_file_is_refused_without_reading_it_whole(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    big = repository / "big.yml"
    big.write_text("# " + "x" * 400_000)
    assert run(["rulepack", "validate", str(big)]) == 2
    assert f"at most {MAX_BYTES} are read" in capsys.readouterr().out


def test_explain_says_where_each_sentence_is_from(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rulepack", "explain"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(".github/rulepack/docs.yml, extends allowlist/default\n")
    assert "  Claims files that match `docs/**`.  [.github/rulepack/docs.yml:4:9]\n" in out
    assert "  May not come from a fork.  [default]\n" in out
    assert run(["rulepack", "explain", "allowlist/default", "--json"]) == 0
    (pack,) = json.loads(capsys.readouterr().out)["packs"]
    assert pack["name"] == "allowlist/default"
    assert {"key", "text", "where"} == set(pack["sentences"][0])


def test_test_runs_the_examples_with_core_and_plugin_gates(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["rulepack", "test"]) == 0
    assert capsys.readouterr().out == "2 examples: 2 as expected\n"


def test_an_example_that_fails_shows_the_verdict(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack = repository / ".github" / "rulepack" / "docs.yml"
    pack.write_text(
        PACK.replace(
            "[docs/requirements.txt]}, expect: block, because: no-code", "[docs/requirements.txt]}, expect: allow"
        )
    )
    assert run(["rulepack", "test"]) == 1
    out = capsys.readouterr().out
    assert ".github/rulepack/docs.yml:7:5: docs, example 'no page'\n" in out
    assert "  expected allow, got block because of allowlist/paths, no-code\n" in out
    assert "✗ no-code: docs/requirements.txt" in out
    assert out.endswith("2 examples: 1 as expected, 1 not\n")
    assert run(["rulepack", "test", "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)["examples"]
    assert [(r["example"], r["ok"], r["got"]) for r in rows] == [("a page", True, "allow"), ("no page", False, "block")]


def test_a_pack_without_examples_is_mentioned(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / ".github" / "rulepack" / "docs.yml").write_text(PACK.partition("examples:")[0])
    assert run(["rulepack", "test"]) == 0
    assert "has no examples; add some under `examples:`" in capsys.readouterr().out


def test_a_pack_with_problems_is_not_tested(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / ".github" / "rulepack" / "bad.yml").write_text("version: 2\n")
    assert run(["rulepack", "test"]) == 2
    assert ".github/rulepack/bad.yml:1:10" in capsys.readouterr().err


def test_the_examples_of_every_packaged_template(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two scenarios: tests/contract goes through those of every plugin."""
    monkeypatch.setenv("BASCULE_PLUGINS", "deps")
    assert run(["rulepack", "test", "--templates", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["examples"]
    assert len(rows) >= 10
    assert {"allowlist/default", "deps/default"} <= {r["pack"] for r in rows}


def test_schema_prints_json_schemas(capsys: pytest.CaptureFixture[str]) -> None:
    for args, key in (([], "scenario"), (["--settings"], "journal")):
        assert run(["rulepack", "schema", *args]) == 0
        schema = json.loads(capsys.readouterr().out)
        Draft202012Validator.check_schema(schema)
        assert key in schema["properties"]


@pytest.mark.parametrize("command", ["validate", "explain", "test", "schema"])
def test_every_command_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rulepack", command, "--help"]) == 0
    assert f"Example:\n    bascule rulepack {command}" in capsys.readouterr().out
