"""A synthetic municipality: years of participation told as import lines, each at its own simulated instant.

Nothing in it is real, and its ledger says so in its first event and in every answer. It is made for trying the
product, for teaching and for measuring: with late registrations, corrections, deviations, unknowns and returns in the
proportions of `PROPORTIONS`.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID

import msgspec

from api import ledgers
from api.bootstrap import Running
from api.imports import Importer, Outcome
from api.synthetic import lives, municipality
from api.synthetic.telling import PROPORTIONS as PROPORTIONS
from api.synthetic.telling import Teller, Told
from domain.time import microseconds

NUMBER, NAME = "9999", "Syntetisk kommune (oppdiktet)"
SOURCE = "synthetic"
LEAST, MOST = 50, 100_000


class Progress(NamedTuple):
    """How many lines of how many have been told, and what became of the last."""

    done: int
    total: int
    outcome: Outcome


def history(persons: int, *, years: int, until: date, seed: int) -> list[Told]:
    """Every line of a municipality of so many persons, over the years until a day, in the order they are told."""
    told: list[Told] = []
    since = until - timedelta(days=round(365.25 * years))
    # Each life has a random source of its own: one more person changes nobody else's.
    for number in range(persons):
        told += lives.life(Teller(Random(f"{seed}/{number}"), f"p{number}", since, until))  # noqa: S311
    told += municipality.years(Teller(Random(f"{seed}/municipality"), "m", since, until), persons)  # noqa: S311
    return sorted(each for each in told if each.on <= until)


def generate(
    running: Running,
    persons: int,
    *,
    years: int = 3,
    until: date,
    seed: int = 9999,
    number: str = NUMBER,
) -> Iterator[Progress]:
    """Opens the ledger and tells its history line by line. Raises ValueError if a ledger has the number already."""
    if any(row.number == number for row in running.events.ledgers()):
        raise ValueError(f"there is a ledger {number} already")
    lines = history(persons, years=years, until=until, seed=seed)
    since = until - timedelta(days=round(365.25 * years))
    random = Random(seed)  # noqa: S311 - ids of a synthetic ledger are to be the same each time
    clock = _Clock(since - timedelta(days=1))
    door = replace(running.services, clock=clock, new_id=lambda: UUID(int=random.getrandbits(128), version=4))
    opening = replace(running, services=door)
    ledger = ledgers.create(opening, number, NAME, synthetic=True, recording_from=since)
    importer = Importer(door.ledger(ledger).records, running.features, SOURCE, door.clock, door.new_id)
    for done, outcome in enumerate(importer.run(_told_at(lines, clock.turn)), start=1):
        yield Progress(done, len(lines), outcome)


class _Clock:
    """Stands at the instant of the line that is being told."""

    def __init__(self, day: date) -> None:
        self.now = microseconds(datetime.combine(day, time(8), UTC))

    def turn(self, told: Told) -> None:
        self.now = max(self.now + 1, microseconds(datetime.combine(told.on, time(8), UTC)))

    def __call__(self) -> int:
        self.now += 1_000
        return self.now


def _told_at(lines: list[Told], turn: Callable[[Told], None]) -> Iterator[bytes]:
    for told in lines:
        turn(told)
        yield msgspec.json.encode(told.line)
