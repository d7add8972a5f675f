"""``.github/bascule.yml``."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bascule.config import duration, settings
from bascule.errors import ConfigError
from bascule.rulepack.jsonschema import settings_schema

_FULL = """\
version: 1
journal: {repository: acme/bascule-journal, key: 9f86d081884c7d65}
notify: {mention: ["@acme/on-call", "@octo-dev"]}
"""


def test_defaults_and_all_keys() -> None:
    assert settings.load("version: 1\n") == settings.Settings()
    full = settings.load(_FULL)
    assert (full.journal.repository, full.journal.key_id) == ("acme/bascule-journal", "9f86d081884c7d65")
    assert full.notify.mention == ("@acme/on-call", "@octo-dev")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "journal: {repository: nowhere}\n",
            ".github/bascule.yml:1:23: `nowhere` is not a repository - write it like acme/",
        ),
        ("journal: {key: abc}\n", ".github/bascule.yml:1:16: `abc` is not a key id"),
        ("journal: {public_key: abc}\n", ".github/bascule.yml:1:11: unknown key `public_key`"),
        ("notify: {mention: [octo-dev]}\n", ".github/bascule.yml:1:20: `octo-dev` is not a person or team to mention"),
        ("notfy: {}\n", ".github/bascule.yml:1:1: unknown key `notfy` - did you mean `notify`?"),
    ],
)
def test_each_refusal_has_its_place_and_the_schema_agrees(text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings.load(text)
    assert len(caught.value.problems) == 1
    assert str(caught.value.problems[0]).startswith(expected)
    from bascule.config.reader import read

    assert not Draft202012Validator(settings_schema()).is_valid(read(text, "p").data)


def test_the_key_of_the_journal_is_never_in_the_file() -> None:
    # A public key in the repository would let whoever can push here forge the journal.
    names = {name for d in settings_schema()["$defs"].values() for name in d["properties"]}
    assert names == {"repository", "key", "mention", "issue"}
    assert not Draft202012Validator(settings_schema()).is_valid({"journal": {"key": "window:9f86:" + "A" * 43}})


@given(st.integers(0, 10**9))
def test_durations_round_trip(milliseconds: int) -> None:
    assert duration.parse(duration.show(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)


@pytest.mark.parametrize("text", ["", "10", "s", "1s1m", "1m1m", "-1s", "1.5h", "1 h", "1h ", "1w", "99999999999s"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="written with its unit"):
        duration.parse(text)
