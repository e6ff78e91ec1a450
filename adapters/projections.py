"""One mechanism feeds every view: a batch runner per ledger.

A page of events after the view's position is folded, and one transaction writes the rows and moves the position on.
A view that fails stops where it is and says so; the others go on.
"""

import logging
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from threading import Condition, Event
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import Connection, Table

from adapters.histories import PageHistories
from adapters.rebuilds import Rebuild, Rebuilt
from adapters.viewstore import Outrun, View, ViewStore
from domain.history import Recorded
from domain.tables import Among

PAGE = 2_000
REBUILD_PAGE = 5_000
"""A rebuild takes more at a time, so that fewer histories are read again; still larger pages gain nothing, and would
keep who feeds the live views waiting."""

POLL_SECONDS = 0.05
"""How often who waits for a view looks for itself: another process may feed it."""

PACE_SECONDS = 0.05
"""How long it is, at least, from one page to the next: when commands come close together, one page takes many.
The first after a pause is fed at once."""

RETRY_SECONDS = (0.1, 0.5, 2.0, 10.0, 30.0)
"""How long a view that failed rests before each further try."""

log = logging.getLogger("medvirkning.projections")


class Events(Protocol):
    """A ledger's events, as the runner reads them: without their text."""

    ledger: UUID

    def head(self) -> int: ...
    def page(self, after: int, limit: int) -> list[Recorded]: ...
    def histories(self, records: Collection[UUID], upto: int) -> dict[UUID, list[Recorded]]: ...
    def wait(self, after: int, timeout: float) -> bool: ...


class Progress(NamedTuple):
    """How far a rebuild has come, of how many events."""

    position: int
    total: int


@dataclass
class _Resting:
    tries: int
    until: float


@dataclass
class LedgerViews:
    """One ledger's views: fed here, and read here."""

    store: ViewStore
    events: Events
    _resting: dict[str, _Resting] = field(default_factory=dict)
    _moved: Condition = field(default_factory=Condition)

    def position(self, view: str) -> int:
        """How far a view has come."""
        return self.store.standing(self.events.ledger, view).position

    def wait(self, view: str, position: int, timeout: float) -> bool:
        """Waits until a view covers a position, at most so many seconds; whether it does."""
        until = time.monotonic() + timeout
        while self.position(view) < position:
            left = until - time.monotonic()
            if left <= 0:
                return False
            with self._moved:
                self._moved.wait(min(left, POLL_SECONDS))
        return True

    def status(self) -> Sequence[Mapping[str, Any]]:
        """Every view: its position, and the error it has stopped at, if it has, whoever feeds it."""
        standings = [(view.name, self.store.standing(self.events.ledger, view.name)) for view in self.store.views]
        return [{"view": name, **standing._asdict()} for name, standing in standings]

    def rows(
        self, view: str, position: int, day: date, filters: Mapping[str, Any], after: int | None, limit: int
    ) -> Any:
        """A page of a list."""
        with self._reading(view) as (found, *where):
            return found.query(*where, position, day, filters, after, limit)

    def differences(
        self,
        view: str,
        moments: tuple[tuple[int, date], tuple[int, date]],
        filters: Mapping[str, Any],
        after: int | None,
        limit: int,
    ) -> Any:
        """A page of what differs in a list between two moments, each a position and a day."""
        with self._reading(view) as (found, *where):
            return found.differences(*where, moments, filters, after, limit)

    def cells(self, view: str, position: int, day: date, columns: Sequence[str]) -> Mapping[tuple[str, ...], int]:
        """A table's sums over these stored dimensions."""
        with self._reading(view) as (found, *where):
            sums: Mapping[tuple[str, ...], int] = found.query(*where, position, day, columns)
            return sums

    def members(self, view: str, position: int, day: date, among: Sequence[Among], after: int, limit: int) -> Any:
        """A page of the records behind a cell of a table."""
        with self._reading(view) as (found, *where):
            return found.members(*where, position, day, among, after, limit)

    def counts(self, view: str, position: int, day: date, columns: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        """How many rows of a list have each value of these columns."""
        with self._reading(view) as (found, *where):
            counted: Mapping[str, Mapping[str, int]] = found.counts(*where, position, day, columns)
            return counted

    def run(self, stop: Event) -> None:
        """Feeds every view until told to stop."""
        while not stop.is_set():
            began = time.monotonic()
            try:
                if self.run_once():
                    stop.wait(began + PACE_SECONDS - time.monotonic())
                else:
                    self.events.wait(min(self.position(view.name) for view in self.store.views), 0.5)
            except Exception as error:  # noqa: BLE001 - a database that cannot be reached is tried again
                log.error("the views cannot be fed: %s", type(error).__name__)
                stop.wait(1)
            if self._resting:
                stop.wait(0.1)

    def run_once(self) -> bool:
        """Feeds every view one page; whether any moved."""
        moved = False
        read: dict[int, PageHistories] = {}
        for view in self.store.views:
            resting = self._resting.get(view.name)
            if resting and time.monotonic() < resting.until:
                continue
            try:
                moved |= self._feed(view, read)
                self._resting.pop(view.name, None)
            except Outrun:
                moved = True
            except Exception as error:  # noqa: BLE001 - a view's fault must stop that view alone
                self._rest(view.name, resting.tries + 1 if resting else 0, error)
        if moved:
            with self._moved:
                self._moved.notify_all()
        return moved

    def catch_up(self) -> None:
        """Feeds every view to the head."""
        while self.run_once():
            pass

    def rebuild(self) -> list[Rebuilt]:
        """Builds every view again beside the live one, and switches when it has caught up."""
        for _ in self.build():
            pass
        return self.switch()

    def build(self) -> Iterator[Progress]:
        """Builds every view again beside the live one, reading the log once; tells first where it begins.

        One that was stopped goes on where it had come. Raises Overtaken when another process does the same.
        """
        rebuild = Rebuild(self.store, self.events.ledger)
        position = rebuild.begin()
        yield Progress(position, self.events.head())
        yield from self._build(rebuild, position)

    def switch(self) -> list[Rebuilt]:
        """Puts what was built in the place of what is live; returns how the two compared. Raises Overtaken."""
        rebuild = Rebuild(self.store, self.events.ledger)
        position = self._caught_up(rebuild, rebuild.begin())
        compared = rebuild.compare(position)
        while not rebuild.switch(position, self.events.head()):
            position = self._caught_up(rebuild, position)
        return compared

    def _caught_up(self, rebuild: Rebuild, position: int) -> int:
        for progress in self._build(rebuild, position):
            position = progress.position
        return position

    def _build(self, rebuild: Rebuild, position: int) -> Iterator[Progress]:
        while page := self.events.page(position, REBUILD_PAGE):
            histories, to = PageHistories(self.events, page), page[-1].position
            with rebuild.moving(position, to) as connection:
                for view in self.store.views:
                    self._fold(connection, view, rebuild.tables[view.name], histories)
            position = to
            yield Progress(position, self.events.head())

    @contextmanager
    def _reading(self, view: str) -> Iterator[tuple[Any, ...]]:
        """The view, and where its rows are: connection, tables, ledger."""
        found = next(each for each in self.store.views if each.name == view)
        with self.store.engine.connect() as connection:
            yield found, connection, self.store.tables[view], self.events.ledger

    def _feed(self, view: View, read: dict[int, PageHistories]) -> bool:
        position = self.position(view.name)
        if position not in read:  # as a rule the views stand at one place, and one reading does for all
            read[position] = PageHistories(self.events, self.events.page(position, PAGE))
        histories = read[position]
        if not histories.page:
            return False
        to = histories.page[-1].position
        with self.store.moving(self.events.ledger, view.name, position, to) as connection:
            self._fold(connection, view, self.store.tables[view.name], histories)
        return True

    def _fold(self, connection: Connection, view: View, tables: Sequence[Table], histories: PageHistories) -> None:
        page = histories.page
        histories.read(view.concerned(connection, tables, page))
        view.fold(connection, tables, self.events.ledger, page, histories)

    def _rest(self, view: str, tries: int, error: Exception) -> None:
        pause = RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)]
        self._resting[view] = _Resting(tries, time.monotonic() + pause)
        # The message and the values may hold personal data; the type and the place do not.
        log.error("view %s has stopped: %s; next try in %s s", view, type(error).__name__, pause)
        self.store.stopped(self.events.ledger, view, type(error).__name__)
