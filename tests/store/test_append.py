"""The append: one order, one instant a position, and all of it or nothing, on both back ends."""

import random
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from adapters.recorder import (
    Append,
    Claim,
    ClaimTaken,
    CommandKey,
    CommandRepeated,
    ReadConflict,
    Recorder,
    StreamConflict,
)
from tests.store.conftest import START, EventStore, a_part, an_event, open_ledger

KEY = CommandKey("client", "key", b"d" * 32)
DIGEST = b"c" * 32
LEDGER_OF = {"ledgers": "id", "head": "ledger", "events": "ledger", "parts": "ledger", "commands": "ledger"}
LEDGER_OF |= {"claims": "ledger"}


def add(recorder: Recorder, stream: UUID, version: int, clock: int = START, **context: Any) -> int:
    """Appends one event with a part; its position."""
    [position] = recorder.append([an_event(stream, version, parts=(a_part(1, b"sealed"),))], Append(clock, **context))
    return position


def everything(store: EventStore, ledger: UUID) -> dict[str, list[str]]:
    """Every row that every table has of a ledger."""
    place, mark, value = ("", "?", ledger.bytes) if store.engine.dialect.name == "sqlite" else ("ledger.", "%s", ledger)
    return {
        table: sorted(map(repr, store.query(f"SELECT * FROM {place}{table} WHERE {column} = {mark}", (value,))))
        for table, column in LEDGER_OF.items()
    }


def test_positions_count_from_1_and_instants_rise_even_when_the_clock_steps_back(
    recorder: Recorder, counts: Callable[[int, int], int]
) -> None:
    chosen = random.Random(1)
    told = [1]
    for _ in range(counts(15, 200)):
        batch = [an_event(uuid4(), 1) for _ in range(chosen.randrange(1, 5))]
        told += recorder.append(batch, Append(clock=START + chosen.randrange(-(10**6), 10**6)))
    rows = recorder.rows(0, 10_000)
    assert told == [row.position for row in rows] == list(range(1, len(rows) + 1))
    instants = [row.recorded_at for row in rows]
    assert instants == sorted(set(instants))
    assert recorder.head()[:2] == (len(rows), instants[-1])


def test_the_instant_is_the_clocks_or_the_next_after_the_head(recorder: Recorder) -> None:
    for clock, told in ((START + 500, START + 500), (START + 400, START + 501), (START + 502, START + 502)):
        assert recorder.recorded_at(add(recorder, uuid4(), 1, clock)) == told


def test_an_instant_names_one_position(recorder: Recorder, counts: Callable[[int, int], int]) -> None:
    chosen = random.Random(2)
    for _ in range(counts(15, 100)):
        add(recorder, uuid4(), 1, START + chosen.randrange(60))
    instants = [row.recorded_at for row in recorder.rows(0, 1_000)]
    for instant in range(START - 2, instants[-1] + 3):
        assert recorder.position_at(instant) == sum(told <= instant for told in instants)


def test_what_was_appended_is_read_as_it_was(recorder: Recorder) -> None:
    stream = uuid4()
    event = an_event(
        stream,
        1,
        topic="høring.åpnet",
        state=bytes(range(256)),
        schema_version=3,
        parts=(a_part(2, b""), a_part(1, bytes(300))),
    )
    [position] = recorder.append([event], Append(START))
    for row in (recorder.rows(position - 1, 1, parts=True)[0], recorder.stream(stream)[0]):
        assert (row.position, row.event_id, row.stream_id, row.stream_version) == (position, event.event_id, stream, 1)
        assert (row.name, row.schema_version, row.key_id) == ("høring.åpnet", 3, event.key_id)
        assert (row.skeleton, row.parts) == (event.state, tuple(sorted(event.parts)))
    assert recorder.rows(position - 1, 1)[0].parts == ()


def test_streams_are_read_together_in_ledger_order_up_to_a_position(recorder: Recorder) -> None:
    one, other = uuid4(), uuid4()
    for version in (1, 2, 3):
        add(recorder, one, version)
        add(recorder, other, version)
        add(recorder, uuid4(), 1)
    many = [*(uuid4() for _ in range(600)), one, other]
    assert [row.position for row in recorder.streams(many)] == [2, 3, 5, 6, 8, 9]
    assert [row.position for row in recorder.streams([other, one], upto=5)] == [2, 3, 5]
    assert recorder.streams([]) == []


def test_a_version_of_a_stream_is_stored_once(recorder: Recorder) -> None:
    stream = uuid4()
    add(recorder, stream, 1)
    with pytest.raises(StreamConflict):
        add(recorder, stream, 1)


def test_an_event_is_stored_once(recorder: Recorder) -> None:
    event = an_event(uuid4(), 1)
    recorder.append([event], Append(START))
    with pytest.raises(StreamConflict):
        recorder.append([an_event(uuid4(), 1, event_id=event.event_id)], Append(START))


@pytest.mark.parametrize("read", [0, 2, 3])
def test_a_decision_that_rests_on_another_version_of_a_stream_is_refused(recorder: Recorder, read: int) -> None:
    stream = uuid4()
    add(recorder, stream, 1)
    with pytest.raises(ReadConflict):
        add(recorder, uuid4(), 1, reads={uuid4(): 0, stream: read})
    assert add(recorder, uuid4(), 1, reads={uuid4(): 0, stream: 1}) == 3


def test_a_claim_is_one_streams_until_that_stream_releases_it(recorder: Recorder) -> None:
    owner, other = uuid4(), uuid4()
    claim, wished = Claim("external-id", DIGEST, owner), Claim("external-id", DIGEST, other)
    add(recorder, owner, 1, claims=(claim,))
    for stream, version, wanted in ((other, 1, wished), (owner, 2, claim)):
        with pytest.raises(ClaimTaken):
            add(recorder, stream, version, claims=(wanted,))
    assert recorder.claimed("external-id", DIGEST) == owner

    add(recorder, other, 1, released=(wished,))
    assert recorder.claimed("external-id", DIGEST) == owner
    add(recorder, owner, 2, released=(claim,))
    assert recorder.claimed("external-id", DIGEST) is None
    add(recorder, other, 2, claims=(wished,))
    assert recorder.claimed("external-id", DIGEST) == other


def test_a_claim_passes_from_one_stream_to_another_in_one_append(recorder: Recorder) -> None:
    owner, heir = uuid4(), uuid4()
    add(recorder, owner, 1, claims=(Claim("external-id", DIGEST, owner),))
    passing = {"released": (Claim("external-id", DIGEST, owner),), "claims": (Claim("external-id", DIGEST, heir),)}
    add(recorder, heir, 1, **passing)
    assert recorder.claimed("external-id", DIGEST) == heir


def test_claims_of_another_kind_or_content_do_not_meet(recorder: Recorder) -> None:
    for kind, digest in (("external-id", DIGEST), ("import-ref", DIGEST), ("external-id", b"e" * 32)):
        stream = uuid4()
        add(recorder, stream, 1, claims=(Claim(kind, digest, stream),))
        assert recorder.claimed(kind, digest) == stream


@pytest.mark.parametrize("digest", [KEY.digest, b"e" * 32], ids=["the same request", "another request"])
def test_a_command_key_that_comes_again_tells_what_it_stored(recorder: Recorder, digest: bytes) -> None:
    batch = [an_event(uuid4(), 1) for _ in range(3)]
    recorder.append(batch, Append(START, command=KEY))
    with pytest.raises(CommandRepeated) as told:
        add(recorder, uuid4(), 1, command=CommandKey(KEY.client, KEY.key, digest))
    assert (told.value.first, told.value.last, told.value.digest) == (2, 4, KEY.digest)
    assert recorder.command(KEY.client, KEY.key) == (KEY.digest, 2, 4)
    assert recorder.command("another client", KEY.key) is None


def test_a_command_key_belongs_to_its_client(recorder: Recorder) -> None:
    add(recorder, uuid4(), 1, command=KEY)
    assert add(recorder, uuid4(), 1, command=CommandKey("another", KEY.key, KEY.digest)) == 3
    assert add(recorder, uuid4(), 1, command=CommandKey(KEY.client, "another", KEY.digest)) == 4


def test_a_repeat_is_recognised_before_anything_else_is_judged(recorder: Recorder) -> None:
    stream, claim = uuid4(), Claim("external-id", DIGEST, uuid4())
    whole: dict[str, Any] = {"command": KEY, "reads": {stream: 0}, "claims": (claim,)}
    add(recorder, stream, 1, **whole)
    with pytest.raises(CommandRepeated):
        add(recorder, stream, 1, **whole)


STREAM, OTHER = uuid4(), uuid4()
REFUSED: dict[str, tuple[type[Exception], dict[str, Any], tuple[tuple[UUID, int], ...]]] = {
    "a repeated command": (CommandRepeated, {"command": KEY}, ((OTHER, 1),)),
    "a stream that moved on": (ReadConflict, {"reads": {STREAM: 0}}, ((OTHER, 1),)),
    "a claim that is taken": (ClaimTaken, {"claims": (Claim("external-id", DIGEST, OTHER),)}, ((OTHER, 1),)),
    "a version that is stored": (StreamConflict, {}, ((OTHER, 1), (OTHER, 2), (STREAM, 1))),
    "one version twice": (StreamConflict, {}, ((OTHER, 1), (OTHER, 1))),
}


@pytest.mark.parametrize("refused", REFUSED)
def test_a_refusal_leaves_nothing_behind(event_store: EventStore, recorder: Recorder, refused: str) -> None:
    owned = Claim("external-id", DIGEST, STREAM)
    add(recorder, STREAM, 1, command=KEY, claims=(owned,))
    refusal, context, events = REFUSED[refused]
    if refusal is not ClaimTaken:
        context = {"released": (owned,), "claims": (Claim("import-ref", DIGEST, OTHER),), **context}
    context = {"command": CommandKey("client", "next", DIGEST), **context}
    before = everything(event_store, recorder.ledger)
    assert all(before.values())
    batch = [an_event(stream, version, parts=(a_part(1, b"sealed"),)) for stream, version in events]
    with pytest.raises(refusal):
        recorder.append(batch, Append(START, **context))
    assert everything(event_store, recorder.ledger) == before
    assert add(recorder, OTHER, 1, command=CommandKey("client", "next", DIGEST)) == 3


def test_ledgers_of_one_database_are_blind_to_each_other(event_store: EventStore) -> None:
    here, there = open_ledger(event_store), open_ledger(event_store)
    stream, event_id = uuid4(), uuid4()
    claim = Claim("external-id", DIGEST, stream)
    whole: dict[str, Any] = {"command": KEY, "claims": (claim,), "reads": {stream: 0}}
    here.append([an_event(stream, 1, event_id=event_id)], Append(START, **whole))
    empty = everything(event_store, there.ledger)
    assert there.streams([stream]) == []
    assert there.rows(1, 10) == []
    assert there.head().position == 1
    assert there.command(KEY.client, KEY.key) is None
    assert there.claimed(claim.kind, claim.digest) is None
    assert empty == everything(event_store, there.ledger)

    before = everything(event_store, here.ledger)
    there.append([an_event(stream, 1, event_id=event_id)], Append(START, **whole))
    add(there, stream, 2, released=(claim,))
    assert everything(event_store, here.ledger) == before
