"""The eventsourcing library as it is shipped: its own recorders, made by its own factories."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from eventsourcing.persistence import ApplicationRecorder, InfrastructureFactory, StoredEvent
from eventsourcing.utils import Environment
from psycopg.conninfo import conninfo_to_dict


@contextmanager
def on_postgresql(url: str) -> Iterator[ApplicationRecorder]:
    """PostgresApplicationRecorder, without the database functions that lose events."""
    parts = conninfo_to_dict(url)
    settings = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(parts["dbname"]),
        "POSTGRES_HOST": str(parts["host"]),
        "POSTGRES_USER": str(parts["user"]),
        "POSTGRES_PASSWORD": "",
    }
    with _recorder(settings) as recorder:
        yield recorder


@contextmanager
def on_sqlite(path: Path) -> Iterator[ApplicationRecorder]:
    """SQLiteApplicationRecorder on a file; its driver's default is synchronous = FULL, which is seen to here."""
    settings = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(path)}
    with _recorder(settings) as recorder:
        with recorder.datastore.transaction(commit=False) as cursor:  # type: ignore[attr-defined]
            for pragma, wanted in (("journal_mode", "wal"), ("synchronous", 2)):
                cursor.execute(f"PRAGMA {pragma}")
                found = cursor.fetchone()[0]
                if found != wanted:
                    raise RuntimeError(f"the library's recorder has {pragma} = {found}, not {wanted}")
        yield recorder


@contextmanager
def _recorder(settings: dict[str, str]) -> Iterator[ApplicationRecorder]:
    factory = InfrastructureFactory.construct(Environment("benchmark", settings))
    try:
        yield factory.application_recorder()
    finally:
        factory.close()


def insert_each(recorder: ApplicationRecorder, events: Iterable[StoredEvent]) -> None:
    """Every event in a transaction of its own."""
    for event in events:
        recorder.insert_events([event])
