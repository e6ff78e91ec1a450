"""What stands, stands: the application may append and read, and nothing else."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy.exc import ProgrammingError

from adapters.postgresql import PostgresStore
from adapters.recorder import Append
from adapters.sqlite import SqliteStore
from tests.conftest import app_url
from tests.store.conftest import START, EventStore, a_part, an_event, another, open_ledger

TABLES = {
    "ledgers": "name",
    "head": "position",
    "events": "skeleton",
    "parts": "ciphertext",
    "commands": "digest",
    "claims": "stream",
    "format": "version",
}
"""Every table of the schema, with a column of it."""
FORBIDDEN = [
    *(f"INSERT INTO ledger.{table} SELECT * FROM ledger.{table}" for table in TABLES),
    *(f"UPDATE ledger.{table} SET {column} = {column}" for table, column in TABLES.items()),
    *(f"DELETE FROM ledger.{table}" for table in TABLES),
    *(f"TRUNCATE ledger.{table} CASCADE" for table in TABLES),
    *(f"DROP TABLE ledger.{table} CASCADE" for table in TABLES),
    "ALTER TABLE ledger.events DISABLE TRIGGER ALL",
    "CREATE TABLE ledger.notes (note text)",
    "CREATE OR REPLACE FUNCTION ledger.leaf() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "DROP FUNCTION ledger.append",
    "SET ROLE postgres",
]


@pytest.fixture
def app(event_stores: Callable[[str], EventStore]) -> Iterator[PostgresStore]:
    """PostgreSQL, with connections of its own, as the application's user."""
    store = another(event_stores("postgresql"))
    assert isinstance(store, PostgresStore)
    yield store
    store.close()


def run(store: PostgresStore, statement: str) -> None:
    with store.engine.connect() as connection:
        connection.exec_driver_sql(statement)


def test_every_table_is_tried(app: PostgresStore) -> None:
    found = app.query("SELECT tablename FROM pg_tables WHERE schemaname = 'ledger'")
    assert {table for (table,) in found} == TABLES.keys()


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_applications_user_may_change_nothing(app: PostgresStore, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="InsufficientPrivilege"):
        run(app, statement)


def test_the_applications_user_appends_and_reads(app: PostgresStore) -> None:
    assert app.url.username == "app"
    recorder = open_ledger(app)
    assert recorder.append([an_event(uuid4(), 1, parts=(a_part(1, b"sealed"),))], Append(START)) == [2]
    for table in TABLES:
        run(app, f"SELECT * FROM ledger.{table}")


def test_a_table_by_the_same_name_does_not_lead_the_append_astray(app: PostgresStore) -> None:
    recorder = open_ledger(app)
    run(app, "CREATE TEMPORARY TABLE head AS SELECT * FROM ledger.head")
    assert recorder.append([an_event(uuid4(), 1)], Append(START)) == [2]
    assert recorder.head().position == 2


@pytest.mark.parametrize(
    "statement",
    [
        *(f"SELECT * FROM ledger.{table}" for table in TABLES),
        "SELECT ledger.append(" + ", ".join(["NULL"] * 27) + ")",
        "SELECT ledger.leaf(" + ", ".join(["NULL"] * 12) + ")",
    ],
)
def test_a_user_nobody_let_in_may_not_even_read(app: PostgresStore, statement: str) -> None:
    url = app.url.set(drivername="postgresql", username="postgres").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE ROLE stranger")
        connection.execute("GRANT USAGE ON SCHEMA ledger TO stranger")
        connection.execute("SET LOCAL ROLE stranger")
        with pytest.raises(InsufficientPrivilege):
            connection.execute(statement)
        connection.rollback()


def test_letting_the_application_in_again_changes_nothing(databases: Callable[[str], str]) -> None:
    url = databases("again")
    owner = PostgresStore(url)
    assert owner.migrate() == ["postgresql_0001.sql"]
    owner.admit(app_url(url))
    assert owner.migrate() == []
    assert owner.admit(app_url(url)) == []
    assert owner.admit(url) == []
    owner.close()


@pytest.mark.parametrize("table", ["events", "parts"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET position = position", "DELETE FROM {}"])
def test_the_file_refuses_to_change_what_was_recorded(tmp_path: Path, statement: str, table: str) -> None:
    store = SqliteStore(tmp_path / "events.db")
    store.migrate()
    recorder = open_ledger(store)
    recorder.append([an_event(uuid4(), 1, parts=(a_part(1, b"sealed"),))], Append(START))
    before = recorder.rows(0, 10, parts=True)
    with pytest.raises(sqlite3.IntegrityError, match="never"), store.writing() as connection:
        connection.execute(statement.format(table))
    assert recorder.rows(0, 10, parts=True) == before
    store.close()
