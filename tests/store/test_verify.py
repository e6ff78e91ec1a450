"""Verification finds nothing in a good ledger, and every single byte that was changed behind its back."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from adapters.eventstore import LedgerStore
from adapters.verify import verify
from api.bootstrap import Running
from api.config import Config
from tests.conftest import ON, an_input, meeting, open_api

TABLES = {
    "events": "ledger position event_id stream_id stream_version name schema_version recorded_at key_id skeleton leaf",
    "parts": "ledger position n key_id ciphertext",
    "head": "ledger position recorded_at peaks",
}
"""Every column of the tables that are verified."""
NARROW = ("n", "schema_version")
"""Integers of 4 bytes; the others have 8."""
TAMPERED = {
    "an event is gone": "DELETE FROM events WHERE position = 3",
    "the last event is gone": "DELETE FROM events WHERE position = 6",
    "every event is gone": "DELETE FROM events",
    "a part is gone": "DELETE FROM parts WHERE position = 4",
    "a part was doubled": "INSERT INTO parts SELECT ledger, position, 2, key_id, ciphertext FROM parts WHERE n = 1",
    "the head is gone": "DELETE FROM head",
    "the head went back": "UPDATE head SET position = 5",
    "the head was cleared": "UPDATE head SET position = 0, recorded_at = 0",
    "two skeletons changed places": "UPDATE events SET skeleton = (SELECT skeleton FROM events AS other "
    "WHERE other.position = 9 - events.position) WHERE position IN (4, 5)",
    "two texts changed places": "UPDATE parts SET ciphertext = (SELECT ciphertext FROM parts AS other "
    "WHERE other.position = 9 - parts.position) WHERE position IN (4, 5)",
    "a version is skipped": "UPDATE events SET stream_version = 7 WHERE position = 6",
    "an instant is repeated": "UPDATE events SET recorded_at = (SELECT max(recorded_at) FROM events)",
}


class Owner:
    """The database's owner, whom neither triggers nor references hold back."""

    def __init__(self, config: Config) -> None:
        self.embedded = config.embedded
        self.connection: Any
        if self.embedded:
            self.connection = sqlite3.connect(config.data / "events.db", isolation_level=None)
            self.connection.text_factory = bytes
            for trigger in ("events_stand", "events_stay", "parts_stand", "parts_stay"):
                self.run(f"DROP TRIGGER {trigger}")
        else:
            assert config.owner_database
            self.connection = psycopg.connect(config.owner_database.replace("+psycopg", ""), autocommit=True)
            self.run("SET session_replication_role = replica")
            self.run("SET search_path = ledger")
        self.kept = {table: self.rows(table) for table in TABLES}

    def run(self, statement: str, *values: Any) -> Any:
        return self.connection.execute(statement if self.embedded else statement.replace("?", "%s"), values)

    def rows(self, table: str) -> list[Any]:
        """Every row of a table, in its order."""
        return sorted(self.run(f"SELECT {TABLES[table].replace(' ', ', ')} FROM {table}").fetchall())

    def write(self, table: str, rows: list[Any]) -> None:
        """Puts rows in the place of a table's own."""
        names = TABLES[table].split()
        marks = ("CAST(? AS TEXT)" if self.embedded and name == "name" else "?" for name in names)
        into = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(marks)})"
        self.run("BEGIN")
        self.run(f"DELETE FROM {table}")
        for row in rows:
            self.run(into, *row)
        self.run("COMMIT")

    def undo(self) -> None:
        """Makes the tables what they were."""
        for table, rows in self.kept.items():
            self.write(table, rows)

    def change(self, chosen: random.Random) -> str:
        """Changes one byte of one value of one row; says which."""
        table = chosen.choice(list(TABLES))
        rows = [list(row) for row in self.kept[table]]
        row, at = chosen.choice(rows), chosen.randrange(len(TABLES[table].split()))
        name = TABLES[table].split()[at]
        before = row[at]
        row[at] = with_another_byte(before, 4 if name in NARROW else 8, chosen)
        self.write(table, rows)
        return f"{table}.{name}: {before!r} became {row[at]!r}"


def with_another_byte(value: Any, width: int, chosen: random.Random) -> Any:
    match value:
        case UUID():
            return UUID(bytes=with_another_byte(value.bytes, width, chosen))
        case int():
            return int.from_bytes(with_another_byte(value.to_bytes(width, "big"), width, chosen), "big", signed=True)
        case str():  # PostgreSQL takes nothing else
            at = chosen.randrange(len(value))
            return value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
    changed = bytearray(value)
    changed[chosen.randrange(len(changed))] ^= chosen.randrange(1, 256)
    return bytes(changed)


@pytest.fixture
def kept(running: Running) -> LedgerStore:
    """A ledger with a meeting that was held, and three inputs raised at it."""
    api = open_api(running)
    made = api.post("/v1/meetings", meeting(title="Fellesmøte", agenda="Boligene")).json
    holding = {"occurred": ON, "interpreter_need": "not_needed"}
    assert api.put(f"/v1/meetings/{made['id']}/holding", holding, match='"1"').status_code == 200
    for said in ("Nærmere skolen", "Nærmere jobben", "Nærmere byen"):
        assert api.post("/v1/inputs", an_input(said=said, source=made["id"])).status_code == 201
    return running.store(api.ledger)


@pytest.fixture
def owner(kept: LedgerStore, config: Config) -> Iterator[Owner]:
    opened = Owner(config)
    yield opened
    opened.connection.close()


def test_a_good_ledger_has_no_faults(kept: LedgerStore) -> None:
    told: list[tuple[int, int]] = []
    assert list(verify(kept, lambda done, total: told.append((done, total)))) == []
    assert told[-1] == (6, 6)


def test_a_changed_byte_is_found_wherever_it_is(
    kept: LedgerStore, owner: Owner, counts: Callable[[int, int], int]
) -> None:
    chosen = random.Random(1504)
    tried = 0
    while tried < counts(10, 50):
        try:
            changed = owner.change(chosen)
        except (sqlite3.IntegrityError, psycopg.errors.UniqueViolation):
            owner.run("ROLLBACK")  # the database itself refuses a position that is taken
            continue
        tried += 1
        assert list(verify(kept)), changed
        owner.undo()
    assert list(verify(kept)) == []


def test_tampering_is_found(kept: LedgerStore, owner: Owner) -> None:
    for tampered, statement in TAMPERED.items():
        owner.run(statement)
        assert list(verify(kept)), tampered
        owner.undo()
    assert list(verify(kept)) == []


def test_every_fault_is_told_with_its_position(kept: LedgerStore, owner: Owner) -> None:
    owner.run("DELETE FROM events WHERE position = 2")
    owner.run("UPDATE events SET recorded_at = -1 WHERE position = 4")
    owner.run("UPDATE events SET name = 'meeting.adjourned' WHERE position = 5")
    owner.run("UPDATE events SET skeleton = leaf WHERE position = 6")
    assert list(verify(kept)) == [
        "position 2 is missing",
        "position 3 skips a version of its record",
        "position 4 was recorded before the one it follows",
        "position 4 is not what was recorded: its leaf differs",
        "position 5 is not what was recorded: its leaf differs",
        "position 5 cannot be read: UnknownEvent",
        "position 6 is not what was recorded: its leaf differs",
        "position 6 cannot be read: Unopenable",
        "the tree differs from the one kept at the head",
    ]
