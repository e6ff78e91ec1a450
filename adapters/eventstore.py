"""The port `domain.store` over the eventsourcing library: one ledger, sealed on the way in, opened on the way out."""

import hashlib
import hmac
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple, TypeVar
from uuid import UUID

import msgspec
from eventsourcing.application import Application
from eventsourcing.persistence import ApplicationRecorder, JSONTranscoder, Mapper
from eventsourcing.utils import Environment, EnvType

from adapters.codec import Codec
from adapters.recorder import (
    Append,
    ClaimTaken,
    CommandKey,
    CommandRepeated,
    LedgerRow,
    Part,
    ReadConflict,
    Recorder,
    Row,
    SealedEvent,
    StreamConflict,
)
from adapters.recorder import Claim as DigestedClaim
from adapters.seal import Key
from adapters.vault import KeyName, Vault
from domain.aggregate import Aggregate
from domain.commands import Claim, Command
from domain.errors import KeyReused, NotFound, Stale, Taken
from domain.history import Recorded
from domain.ledgers import Ledger, Opened
from domain.store import Moved

A = TypeVar("A", bound=Aggregate)
CODEBOOK_SECONDS = 1.0
"""How long an answer may go by the codebook version last read."""


class Repeat(NamedTuple):
    """What a command did the first time it came: the record, and the position its last event got."""

    record: UUID
    position: int


class SealingMapper(Mapper[UUID]):
    """Seals a recorded event's skeleton under its record's key and each part under its own, and opens them."""

    def __init__(self, ledger: UUID, codec: Codec, vault: Vault) -> None:
        super().__init__(JSONTranscoder())
        self.ledger, self.codec, self.vault = ledger, codec, vault

    def to_stored_event(self, domain_event: Recorded) -> SealedEvent:  # type: ignore[override]
        """The event as stored; the keys it needs are committed before this returns."""
        record, event_id = domain_event.stream_id, domain_event.event_id
        plain = self.codec.encode(domain_event.event)
        subject = domain_event.subject or record
        own = KeyName(subject, "record", record)
        sealed = [(KeyName(subject, data_class, record), text) for data_class, text in plain.parts.items()]
        sealed += [(KeyName(person, data_class, record), text) for (person, data_class), text in plain.persons.items()]
        keys = self.vault.keys(self.ledger, [own, *(name for name, _ in sealed)], new=domain_event.version == 1)
        skeleton_key = keys[own]
        parts = []
        for n, (name, text) in enumerate(sealed, start=1):
            key = keys[name]
            parts.append(Part(n, key.key_id, key.seal(self.ledger, event_id, n, text)))
        return SealedEvent(
            originator_id=record,
            originator_version=domain_event.version,
            topic=domain_event.name,
            state=skeleton_key.seal(self.ledger, event_id, 0, plain.skeleton),
            event_id=event_id,
            schema_version=domain_event.event.SCHEMA_VERSION,
            key_id=skeleton_key.key_id,
            parts=tuple(parts),
        )

    def open(self, rows: Sequence[Row]) -> list[Recorded]:
        """The events of the rows; their parts, too, where the rows have them and the vault the keys."""
        keys = self.vault.open({row.key_id for row in rows} | {part.key_id for row in rows for part in row.parts})
        return [self._open(row, keys) for row in rows]

    def skeletons(self, rows: Sequence[Row]) -> list[bytes]:
        """The plaintext of the rows' skeletons, as it was stored."""
        keys = self.vault.open({row.key_id for row in rows})
        return [keys[row.key_id].open(self.ledger, row.event_id, 0, row.skeleton) for row in rows]

    def _open(self, row: Row, keys: Mapping[UUID, Key]) -> Recorded:
        skeleton = keys[row.key_id].open(self.ledger, row.event_id, 0, row.skeleton)
        parts = [
            keys[part.key_id].open(self.ledger, row.event_id, part.n, part.ciphertext)
            for part in row.parts
            if part.key_id in keys
        ]
        return Recorded(
            event_id=row.event_id,
            stream_id=row.stream_id,
            version=row.stream_version,
            name=row.name,
            event=self.codec.decode(row.name, row.schema_version, skeleton, parts),
            position=row.position,
            recorded_at=row.recorded_at,
        )


class _Library(Application[UUID]):
    """The library's application on our recorder and mapper; it reads nothing from the environment."""

    def __init__(self, recorder: Recorder, mapper: SealingMapper) -> None:
        self._given = recorder, mapper
        super().__init__()

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        return Environment(name, {})

    def construct_mapper(self) -> Mapper[UUID]:
        return self._given[1]

    def construct_recorder(self) -> ApplicationRecorder:
        return self._given[0]


class LedgerStore:
    """One ledger. Implements `domain.store.Store`, and what projections, feed and exports read."""

    def __init__(self, ledger: UUID, recorder: Recorder, codec: Codec, vault: Vault) -> None:
        self.ledger, self.recorder, self.codec, self.vault = ledger, recorder, codec, vault
        self.mapper = SealingMapper(ledger, codec, vault)
        self._library = _Library(recorder, self.mapper)
        self._codebook: tuple[int, float] | None = None

    def get(self, kind: type[A], record: UUID, *, as_of: int | None = None, on: date | None = None) -> A:
        """The record with its text, as the port says."""
        rows = self.recorder.stream(record, upto=as_of)
        if not rows or not rows[0].name.startswith(f"{kind.noun}."):
            raise NotFound(f"this ledger has no such {kind.noun}")
        return kind(record, self.mapper.open(rows), on)

    def find(self, noun: str, record: UUID) -> Aggregate:
        """The record of that noun, as the port says."""
        return self.get(self.kind(noun), record)

    def kind(self, noun: str) -> type[Aggregate]:
        """The kind of record a noun is."""
        return self.codec.kinds[noun]

    def codebook(self) -> int:
        """The version of the codebook the ledger goes by. Another process's activation is seen within a second."""
        cached = self._codebook
        if cached is None or time.monotonic() > cached[1]:
            version = self.get(Ledger, self.ledger).codebook_version
            self._codebook = cached = version, time.monotonic() + CODEBOOK_SECONDS
        return cached[0]

    def noun_of(self, record: UUID) -> str | None:
        """The noun the record was opened as."""
        name = self.recorder.opened_as(record)
        return name.partition(".")[0] if name else None

    def save(
        self,
        aggregate: A,
        command: Command,
        *,
        reads: Mapping[UUID, int] | None = None,
        claims: Iterable[Claim] = (),
    ) -> A:
        """Stores what is pending, as the port says."""
        append = Append(
            clock=command.now,
            command=self._command_key(command),
            reads=dict(reads or {}),
            claims=self._digested(aggregate.id, {*claims, *aggregate.claims} - aggregate.claimed),
            released=self._digested(aggregate.id, aggregate.claimed - aggregate.claims),
            opens=_room(aggregate.pending[0]),
        )
        kind = type(aggregate)
        if kind is Ledger:
            self._codebook = None
        try:
            recordings = self._library.save(*aggregate.pending, append=append)
        except CommandRepeated:
            first = self.repeat(command)
            assert first is not None
            return self.get(kind, first.record, as_of=first.position)
        except ReadConflict as conflict:
            raise Moved from conflict
        except StreamConflict as conflict:
            stale = aggregate.version - len(aggregate.pending)
            raise Stale(stale, self.get(kind, aggregate.id).version) from conflict
        except ClaimTaken as taken:
            raise Taken("another record of this ledger has it already") from taken
        return self._as_stored(aggregate, recordings[-1].notification.id)

    def _as_stored(self, aggregate: A, last: int) -> A:
        """The record with its pending events in their places; within an append, positions and instants run on."""
        told, pending = self.recorder.recorded_at(last), aggregate.pending
        assert told is not None
        stored = [
            msgspec.structs.replace(each, position=last - back, recorded_at=told - back)
            for back, each in zip(reversed(range(len(pending))), pending, strict=True)
        ]
        return type(aggregate)(aggregate.id, (*aggregate.history[: -len(pending)], *stored))

    def repeat(self, command: Command) -> Repeat | None:
        """What this command did before, if its key has been used. Raises KeyReused for other content."""
        key = self._command_key(command)
        row = self.recorder.command(key.client, key.key) if key else None
        if key is None or row is None:
            return None
        if not hmac.compare_digest(row.digest, key.digest):
            raise KeyReused("the key was first used for another request; use a new key for a new request")
        [last] = self.recorder.rows(row.last - 1, 1)
        return Repeat(last.stream_id, row.last)

    def recorded_by(self, client: str, key: str) -> UUID | None:
        """The last event that a command recorded, if its key has been used."""
        row = self.recorder.command(client, key)
        return self.recorder.rows(row.last - 1, 1)[0].event_id if row else None

    def claimed(self, claim: Claim) -> UUID | None:
        """The record that has it."""
        [digested] = self._digested(self.ledger, [claim])
        return self.recorder.claimed(digested.kind, digested.digest)

    def digest(self, *canonical: bytes) -> bytes:
        """HMAC-SHA-256 under the ledger's key, over length-prefixed members; 32 bytes."""
        mac = hmac.new(self.vault.secret(self.ledger), digestmod=hashlib.sha256)
        for member in canonical:
            mac.update(len(member).to_bytes(8, "big") + member)
        return mac.digest()

    def head(self) -> int:
        """The position of the ledger's last event; 0 before the first."""
        return self.recorder.head().position

    def position_at(self, instant: int) -> int:
        """The last position the ledger had at an instant (µs); 0 before the first."""
        return self.recorder.position_at(instant)

    def page(self, after: int, limit: int) -> list[Recorded]:
        """The events after a position, without their text."""
        return self.mapper.open(self.recorder.rows(after, limit))

    def histories(self, records: Collection[UUID], upto: int) -> dict[UUID, list[Recorded]]:
        """The histories of several records up to a position, without their text."""
        histories: dict[UUID, list[Recorded]] = {record: [] for record in records}
        for recorded in self.mapper.open(self.recorder.streams(records, upto=upto)):
            histories[recorded.stream_id].append(recorded)
        return histories

    def history(self, record: UUID, upto: int | None = None) -> list[Recorded]:
        """Everything recorded about one record, with its text."""
        return self.mapper.open(self.recorder.stream(record, upto=upto))

    def wait(self, after: int, timeout: float) -> bool:
        """Waits for an event after a position, at most so many seconds; whether there is one."""
        return self.recorder.wait(after, timeout)

    def _command_key(self, command: Command) -> CommandKey | None:
        if command.key is None or command.digest is None:
            return None
        return CommandKey(command.client, command.key, command.digest)

    def _digested(self, record: UUID, claims: Iterable[Claim]) -> tuple[DigestedClaim, ...]:
        return tuple(
            DigestedClaim(claim.kind, self.digest(b"claim", claim.kind.encode(), claim.value.encode()), record)
            for claim in sorted(claims)
        )


def _room(first: Recorded) -> LedgerRow | None:
    """The room a ledger's first event needs in the store; None for every other event."""
    if isinstance(first.event, Opened):
        opened = first.event
        return LedgerRow(opened.id, opened.number, opened.name, opened.synthetic)
    return None
