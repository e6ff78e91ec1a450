"""Rows true from one ledger position to another and from one day to another: added and closed, never changed."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, Date, Table, Uuid, bindparam, or_

Row = Mapping[str, Any]


def columns() -> tuple[Column[Any], ...]:
    """Whose a row is, and when it is true; null is ever after."""
    return (
        Column("ledger", Uuid, nullable=False),
        Column("record", Uuid, nullable=False),
        Column("from_position", BigInteger, nullable=False),
        Column("to_position", BigInteger),
        Column("on_from", Date, nullable=False),
        Column("on_to", Date),
    )


def standing(table: Table, ledger: UUID, position: int, day: date) -> list[ColumnElement[bool]]:
    """The rows of a ledger that are true as of a position, on a day."""
    columns = table.c
    return [
        columns.ledger == ledger,
        columns.from_position <= position,
        or_(columns.to_position.is_(None), columns.to_position > position),
        columns.on_from <= day,
        or_(columns.on_to.is_(None), columns.on_to > day),
    ]


class Writing:
    """What a page of events adds to a table and closes in it. `key` names the columns an open row is found by."""

    def __init__(self, table: Table, key: tuple[str, ...]) -> None:
        self._table, self._key = table, key
        self._open: dict[tuple[Any, ...], dict[str, Any]] = {}
        self._adding: list[dict[str, Any]] = []
        self._closing: list[dict[str, Any]] = []

    def change(self, position: int, gone: Iterable[Row], new: Iterable[Row]) -> None:
        """At a position these rows are true no longer, and those begin to be."""
        for row in gone:
            # A row both added and closed within the page is written closed.
            if fresh := self._open.pop(self._place(row), None):
                fresh["to_position"] = position
            else:
                self._closing.append({"b_to": position, **{f"b_{name}": row[name] for name in self._key}})
        for row in new:
            self._open[self._place(row)] = added = {**row, "from_position": position, "to_position": None}
            self._adding.append(added)

    def write(self, connection: Connection) -> None:
        """Writes it."""
        columns = self._table.c
        if self._closing:
            found = [columns[name] == bindparam(f"b_{name}") for name in self._key]
            closing = self._table.update().where(*found, columns.to_position.is_(None))
            connection.execute(closing.values(to_position=bindparam("b_to")), self._closing)
        if self._adding:
            connection.execute(self._table.insert(), self._adding)

    def _place(self, row: Row) -> tuple[Any, ...]:
        return tuple(row[name] for name in self._key)
