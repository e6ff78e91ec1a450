"""Many who append at once, through two store objects on one database: one wins, nothing is lost, who waits is woken."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from uuid import uuid4

import pytest

from adapters.postgresql import PostgresStore
from adapters.recorder import Append, ReadConflict, Recorder, StreamConflict
from adapters.verify import verify
from api.bootstrap import Running
from domain.commands import Command
from domain.errors import Stale
from domain.events import Actor, Meta
from domain.meetings import Invited, Meeting, Scheduled
from domain.records import open_record, record
from tests.conftest import open_api
from tests.store.conftest import START, EventStore, an_event, another, open_ledger

THREADS = 8
META = Meta(recorded_by=Actor(id="a", role="system", unit="unknown"))


@pytest.fixture
def recorders(event_store: EventStore) -> Iterator[tuple[Recorder, Recorder]]:
    """One new ledger through two store objects."""
    first, second = open_ledger(event_store), another(event_store)
    yield first, second.recorder(first.ledger)
    second.close()


def at_once(work: Callable[[int], int]) -> int:
    """The sum of what the work of every thread comes to."""
    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(work, range(THREADS)))


def contest(
    rounds: int, read: Callable[[int], int], write: Callable[[int, int], object], refusal: type[Exception]
) -> int:
    """How many writes succeed when in every round all threads have read the same version, and write at one moment."""
    barrier = Barrier(THREADS, timeout=60)

    def work(number: int) -> int:
        won = 0
        for _ in range(rounds):
            version = read(number)
            barrier.wait()
            with suppress(refusal):
                write(number, version)
                won += 1
            barrier.wait()
        return won

    return at_once(work)


@pytest.mark.parametrize("refusal", [StreamConflict, ReadConflict])
def test_one_of_many_who_append_to_one_stream_wins(
    recorders: tuple[Recorder, Recorder], refusal: type[Exception], counts: Callable[[int, int], int]
) -> None:
    stream, rounds = uuid4(), counts(8, 80)

    def read(number: int) -> int:
        return len(recorders[number % 2].stream(stream, parts=False))

    def write(number: int, version: int) -> None:
        reads = {stream: version} if refusal is ReadConflict else {}
        recorders[number % 2].append([an_event(stream, version + 1)], Append(START, reads=reads))

    assert contest(rounds, read, write, refusal) == rounds
    assert [row.stream_version for row in recorders[0].stream(stream)] == list(range(1, rounds + 1))
    assert [row.position for row in recorders[0].rows(0, 10_000)] == list(range(1, rounds + 2))


def test_all_of_many_who_append_to_streams_of_their_own_succeed(
    recorders: tuple[Recorder, Recorder], counts: Callable[[int, int], int]
) -> None:
    each = counts(15, 150)

    def work(number: int) -> int:
        stream = uuid4()
        for version in range(1, each + 1):
            recorders[number % 2].append([an_event(stream, version)], Append(START))
        return each

    stored = at_once(work)
    rows = recorders[0].rows(0, 10_000)
    assert [row.position for row in rows] == list(range(1, stored + 2))
    instants = [row.recorded_at for row in rows]
    assert instants == sorted(set(instants))


def test_who_loses_a_record_to_another_is_told_that_it_is_stale(
    running: Running, counts: Callable[[int, int], int]
) -> None:
    store, rounds = running.store(open_api(running).ledger), counts(5, 50)
    command = Command(now=START, new_id=uuid4, client="test")
    meeting = open_record(store, Meeting, Scheduled(meta=META, kind="interview"), command).id

    def read(number: int) -> int:
        return store.get(Meeting, meeting).version

    def write(number: int, version: int) -> None:
        record(store, Meeting, meeting, version, Invited(meta=META, invited=number), command)

    assert contest(rounds, read, write, Stale) == rounds
    assert store.get(Meeting, meeting).version == 1 + rounds
    assert list(verify(store)) == []


def test_who_waits_is_woken_by_an_append_through_another_store(recorders: tuple[Recorder, Recorder]) -> None:
    waiting, appending = recorders
    with ThreadPoolExecutor() as pool:
        for position in range(1, 6):
            woken = pool.submit(waiting.wait, position, 60)
            appending.append([an_event(uuid4(), 1)], Append(START))
            assert woken.result()


def test_postgresql_tells_who_listens_of_every_append(event_stores: Callable[[str], EventStore]) -> None:
    """Who waits would look for themselves in the end; this is that they need not."""
    listening = another(event_stores("postgresql"))
    assert isinstance(listening, PostgresStore)
    recorder = open_ledger(event_stores("postgresql"))
    listening.listen()
    listening.bell.wait(0, 60)
    for position in range(2, 5):
        heard = listening.bell.rings
        assert recorder.append([an_event(uuid4(), 1)], Append(START)) == [position]
        listening.bell.wait(heard, 60)
        assert listening.bell.rings > heard
    listening.close()


def test_who_waits_for_what_does_not_come_is_told_so(recorders: tuple[Recorder, Recorder]) -> None:
    waiting, _ = recorders
    assert waiting.wait(0, 0)
    assert not waiting.wait(1, 0.05)


def test_who_waits_is_not_taken_in_by_another_ledger(event_store: EventStore) -> None:
    here, there = open_ledger(event_store), open_ledger(event_store)
    with ThreadPoolExecutor() as pool:
        woken = pool.submit(here.wait, 1, 0.3)
        there.append([an_event(uuid4(), 1)], Append(START))
        assert not woken.result()
