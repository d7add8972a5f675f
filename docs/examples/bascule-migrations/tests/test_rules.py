"""Every rule with a change that passes and one that does not, from files to verdict."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bascule.testing import Bench, CommandOutcome
from bascule.types import Status

FIRST = {"migrations/1_first.sql": "CREATE TABLE a (id int);\n"}


@pytest.fixture
def scenario(bench: Callable[..., Bench]) -> Bench:
    return bench("migrations")


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE b (id int, a int REFERENCES a ON DELETE CASCADE);",
        "create table if not exists shop.b (id int);",
        "ALTER TABLE a ADD COLUMN note text, ADD price numeric(10, 2) NOT NULL DEFAULT 0;",
        "CREATE UNIQUE INDEX CONCURRENTLY i ON a (id);",
        "BEGIN; INSERT INTO a (id) VALUES (1), (2); COMMIT;",
        "-- DROP TABLE a;\nCOMMENT ON TABLE a IS 'DROP TABLE a; it''s a word';",
        "/* nothing\nat all */",
    ],
)
def test_what_only_adds_passes(scenario: Bench, text: str) -> None:
    outcome = scenario.run(FIRST, {"migrations/2_next.sql": text}, [{"use": "migrations/additive"}])
    assert outcome.status is Status.ALLOW, outcome


@pytest.mark.parametrize(
    "text",
    [
        "DROP TABLE a;",
        "ALTER TABLE a ADD COLUMN b int, DROP COLUMN id;",
        "ALTER TABLE a ADD COLUMN b int NOT NULL;",
        "ALTER TABLE a ADD CONSTRAINT c CHECK (id > 0);",
        "ALTER TABLE a ALTER COLUMN id TYPE bigint;",
        "CREATE TABLE b (id int); DELETE FROM a;",
        "CREATE OR REPLACE VIEW v AS SELECT 1;",
        "INSERT INTO a (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 2;",
        "INSERT INTO b WITH gone AS (DELETE FROM a RETURNING id) SELECT id FROM gone;",
        "DO $$ BEGIN DROP TABLE a; END $$;",
        "CREATE TABLE b (id int); -- ' \nINSERT INTO b VALUES ('never closed);",
        "VACUUM FULL a;",
    ],
)
def test_what_may_do_more_blocks(scenario: Bench, text: str) -> None:
    outcome = scenario.run(FIRST, {"migrations/2_next.sql": text}, [{"use": "migrations/additive"}])
    assert outcome.blocked_by("additive").paths == ("migrations/2_next.sql",)


def test_a_pack_may_accept_less(scenario: Bench) -> None:
    rules = [{"use": "migrations/additive", "only": ["index"]}]
    assert scenario.run(FIRST, {"migrations/2.sql": "CREATE INDEX i ON a (id);"}, rules).status is Status.ALLOW
    assert scenario.run(FIRST, {"migrations/2.sql": "CREATE TABLE b (id int);"}, rules).blocked_by("additive")


def test_what_stands_between_quotes_is_no_evidence(scenario: Bench) -> None:
    after = {"migrations/2.sql": "INSERT INTO a VALUES ('s3cret');"}
    proof = scenario.run(FIRST, after, [{"use": "migrations/additive"}]).proof("migrations/new")
    assert "s3cret" not in str(proof)


@pytest.mark.parametrize(
    "after",
    [
        {"migrations/1_first.sql": "CREATE TABLE a (id bigint);\n"},
        {"migrations/1_first.sql": None},
        {"migrations/1_first.sql": None, "migrations/1_start.sql": FIRST["migrations/1_first.sql"]},
    ],
)
def test_what_ran_stays(scenario: Bench, after: dict[str, str | None]) -> None:
    outcome = scenario.run(FIRST, after, [{"use": "migrations/kept"}])
    assert outcome.blocked_by("kept").paths == ("migrations/1_first.sql",)


@pytest.mark.parametrize(
    ("names", "passes"),
    [
        (["2_b.sql"], True),
        (["2_b.sql", "3_c.sql"], True),
        (["V20260105__b.sql"], True),
        (["1_b.sql"], False),
        (["2_b.sql", "2_c.sql"], False),
        (["b.sql"], False),
    ],
)
def test_numbers_only_rise(scenario: Bench, names: list[str], passes: bool) -> None:
    after = {f"migrations/{name}": "CREATE TABLE b (id int);" for name in names}
    outcome = scenario.run(FIRST, after, [{"use": "migrations/ordered"}])
    assert (outcome.status is Status.ALLOW) is passes, outcome


def test_the_command_line_finds_it(bascule_run: Callable[..., CommandOutcome]) -> None:
    rows = {row["name"]: row for row in bascule_run("plugins", "list", "--json").json["plugins"]}
    assert rows["migrations"]["status"] == "ok", rows["migrations"]["reason"]
