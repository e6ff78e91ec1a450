"""Row 8: a table as of a moment gone by, against the same table now, over few facts, and by a window function."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from random import Random
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Column, Date, Index, MetaData, String, Table, Uuid, func, select

from adapters.views.facts import FactsView
from adapters.viewstore import ViewStore
from benchmarks.measure import Comparison, Contender, Peer
from benchmarks.places import POSTGRESQL, SQLITE, Place, settings_of
from domain import codebook

SMALLER = 100
"""How many times fewer the few facts are."""

_VIEW = "facts of participation-events"
_STORED = ("record", "form", "arena", "phase", "level", "year")
_SHOWN = ("form", "year")
_LISTS = ("forms", "arenas", "phases", "levels")
_BEGAN, _DAYS, _LATE_DAYS = date(2016, 1, 1), 3_650, 60
_CORRECTED = 0.05
_CHUNK = 10_000
_TURN = 40
_WINDOWED = 1 / _TURN


class Moment(NamedTuple):
    """As of when: a position, and the day that is on."""

    position: int
    day: date


class Told(NamedTuple):
    """What a position adds to a table, `n` times (-1: takes away)."""

    position: int
    record: UUID
    codes: tuple[str, ...]
    occurred: date
    n: int


@dataclass(frozen=True)
class Facts:
    """A ledger's facts in the view's own tables; for the window, every version of each record in another."""

    store: ViewStore
    versions: Table
    ledger: UUID
    last: int

    def moments(self, size: int) -> list[Moment]:
        """So many moments of the later half of the ledger's time."""
        positions = [self.last // 2 + (self.last // 2) * turn // size for turn in range(size)]
        return [Moment(position, _day(position, self.last)) for position in positions]

    def now(self, size: int) -> list[Moment]:
        """Now, so many times."""
        return [Moment(self.last, _day(self.last, self.last))] * size

    def sums(self, moments: Sequence[Moment]) -> list[Mapping[tuple[str, ...], int]]:
        """The table as of each moment."""
        with self.store.engine.connect() as connection:
            where = connection, self.store.tables[_VIEW], self.ledger
            return [_view(self.store).query(*where, *moment, _SHOWN) for moment in moments]

    def windows(self, moments: Sequence[Moment]) -> list[Mapping[tuple[str, ...], int]]:
        """The same by a window function: of each record the latest version by then."""
        columns = self.versions.c
        latest = func.row_number().over(partition_by=columns.record_id, order_by=columns.position.desc())
        found: list[Mapping[tuple[str, ...], int]] = []
        with self.store.engine.connect() as connection:
            for position, day in moments:
                ranked = (
                    select(*(columns[name] for name in _SHOWN), columns.occurred, latest.label("place"))
                    .where(columns.ledger == self.ledger, columns.position <= position)
                    .subquery()
                )
                codes = [ranked.c[name] for name in _SHOWN]
                counted = select(*codes, func.count()).where(ranked.c.place == 1, ranked.c.occurred <= day)
                found.append({tuple(row[:-1]): int(row[-1]) for row in connection.execute(counted.group_by(*codes))})
        return found


def on_postgresql(place: Place, size: int) -> AbstractContextManager[Comparison]:
    """Row 8 on PostgreSQL."""
    return _as_of(place, POSTGRESQL, size, settings_of(place.cluster))


def on_sqlite(place: Place, size: int) -> AbstractContextManager[Comparison]:
    """Row 8 on SQLite."""
    return _as_of(place, SQLITE, size, {"sqlite": sqlite3.sqlite_version})


@contextmanager
def _as_of(place: Place, back_end: str, size: int, settings: dict[str, str]) -> Iterator[Comparison]:
    with place.running(back_end) as running:
        versions = _versions_of(running.views)
        many, few = (_filled(running.views, versions, count) for count in (size, max(1, size // SMALLER)))
        [same] = many.moments(1)
        if many.sums([same]) != many.windows([same]):
            raise RuntimeError("the sums of the facts are not what the window function counts")
        yield Comparison(
            row=8,
            work=f"a table as of a moment, of {size:,} facts",
            back_end=back_end,
            unit="tables",
            size=_TURN,
            ours=Contender("ours", many.moments, many.sums),
            peers=(
                Peer(Contender("the same table now", many.now, many.sums), most=1.5),
                Peer(Contender("a window function", many.moments, many.windows, _WINDOWED), goal=50),
                Peer(Contender(f"ours, of {few.last:,} facts", few.moments, few.sums), most=2.0),
            ),
            settings={**settings, "table": f"participation-events by {' and '.join(_SHOWN)}"},
        )


def _view(store: ViewStore) -> FactsView:
    [view] = [each for each in store.views if each.name == _VIEW]
    assert isinstance(view, FactsView)
    return view


def _filled(store: ViewStore, versions: Table, count: int) -> Facts:
    """A ledger of so many positions that each add to the table, one in twenty by a correction."""
    filled, facts = Facts(store, versions, uuid4(), count), store.tables[_VIEW][0]
    told = _history(count)
    while chunk := [*islice(told, _CHUNK)]:
        with store.engine.begin() as connection:
            connection.execute(facts.insert(), [_fact(filled.ledger, each) for each in chunk])
            connection.execute(versions.insert(), [_version(filled.ledger, each) for each in chunk if each.n > 0])
    with store.engine.begin() as connection:
        _view(store).close_blocks(connection, store.tables[_VIEW], filled.ledger, 1, count)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    return filled


def _history(count: int) -> Iterator[Told]:
    random = Random(count)
    lists = [[*codebook.load().lists[name].codes] for name in _LISTS]
    stands: list[Told] = []
    for position in range(1, count + 1):
        occurred = _day(position, count) - timedelta(random.randrange(_LATE_DAYS))
        # Few forms and arenas are common, and most are rare.
        axes = (random.choices(codes, [1 / rank**2 for rank in range(1, len(codes) + 1)])[0] for codes in lists)
        now = Told(position, UUID(int=random.getrandbits(128)), ("meeting", *axes, str(occurred.year)), occurred, 1)
        if stands and random.random() < _CORRECTED:
            at = random.randrange(len(stands))
            before, now = stands[at], now._replace(record=stands[at].record)
            stands[at] = now
            yield before._replace(position=position, n=-1)
        else:
            stands.append(now)
        yield now


def _day(position: int, count: int) -> date:
    return _BEGAN + timedelta(_DAYS * position // count)


def _fact(ledger: UUID, told: Told) -> dict[str, Any]:
    return {
        "ledger": ledger,
        "position": told.position,
        "subject": told.record,
        "subject_noun": "meeting",
        **dict(zip(_STORED, told.codes, strict=True)),
        "occurred": told.occurred,
        "source_record": None,
        "delta": told.n,
        "facts": told.n,
    }


def _version(ledger: UUID, told: Told) -> dict[str, Any]:
    codes = dict(zip(_STORED, told.codes, strict=True))
    place = {"ledger": ledger, "record_id": told.record, "position": told.position, "occurred": told.occurred}
    return {**place, **codes}


def _versions_of(store: ViewStore) -> Table:
    """The table the window function is asked of, with the index it wants."""
    versions = Table(
        "versions",
        MetaData(schema=store.schema),
        Column("ledger", Uuid, nullable=False),
        Column("record_id", Uuid, nullable=False),
        Column("position", BigInteger, nullable=False),
        *(Column(name, String(64), nullable=False) for name in _STORED),
        Column("occurred", Date, nullable=False),
        Index("versions_by_record", "ledger", "record_id", "position"),
    )
    versions.create(store.engine)
    return versions
