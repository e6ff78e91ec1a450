"""Import: one command a line, told line by line; a second run changes nothing.

A line is `{key, command, ref?, id or $ref, body, occurred, actor: {id, role, unit}, basis, source_recorded_at?,
accept_deviations?}`. `ref` names the record a line opens, within its source, for later lines and later files; a body
may point at it as `{"$ref": …}`, and at the event an earlier line recorded as `{"$key": …}`. Ids are the ledger's own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Literal, NamedTuple, TypeVar
from uuid import UUID

import msgspec
import rfc8785
from marshmallow import ValidationError, fields

from api.envelopes import meta_of
from api.problems import Unprocessable
from api.records import Feature
from api.schemas import Code, Interval, Pattern, Request, Text, Unit, faults
from api.services import Records, Repeat
from domain import errors
from domain.aggregate import Aggregate
from domain.commands import Claim, Command
from domain.events import Actor, Deviation
from domain.history import PENDING, Recorded

A = TypeVar("A", bound=Aggregate)


class LineActor(Request):
    """Who entered the line in its source."""

    id = Pattern("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", required=True)
    role = Code("roles", required=True)
    unit = Unit(required=True)


class Line(Request):
    """One line of an import file."""

    key = Text(least=1, limit=255, required=True)
    command = fields.String(required=True)
    ref = Text(limit=255, load_default=None)
    id = fields.UUID(load_default=None)
    target = Text(limit=255, data_key="$ref", load_default=None)
    body = fields.Dict(required=True)
    occurred = fields.Nested(Interval, load_default=None)
    actor = fields.Nested(LineActor, required=True)
    basis = Code("bases", required=True)
    source_recorded_at = fields.AwareDateTime(load_default=None)
    accept_deviations = fields.Raw(load_default=list)


class Outcome(NamedTuple):
    """What became of a line, counted from 1."""

    line: int
    result: Literal["recorded", "unchanged", "changed", "refused"]
    detail: str
    record: UUID | None = None


class Importer:
    """Carries out the lines of one source. `clock` and `new_id` are the front door's."""

    def __init__(
        self,
        records: Records,
        features: Iterable[Feature],
        source: str,
        clock: Callable[[], int],
        new_id: Callable[[], UUID],
    ) -> None:
        self._records, self._source, self._clock, self._new_id = records, source, clock, new_id
        self._commands = {
            operation.name: (feature, operation)
            for feature in features
            for operation in feature.operations()
            if operation.body is not None
        }

    def run(self, lines: Iterable[bytes]) -> Iterator[Outcome]:
        """What became of each line, as it happens; blank lines are passed over."""
        for number, raw in enumerate(lines, start=1):
            if raw.strip():
                yield self._line(number, raw)

    def _line(self, number: int, raw: bytes) -> Outcome:
        try:
            parsed = msgspec.json.decode(raw)
            line = Line().load(parsed)
        except (msgspec.DecodeError, RecursionError):
            return Outcome(number, "refused", "is not JSON, or too deep")
        except ValidationError as error:
            return Outcome(number, "refused", _told(faults(error)))
        try:
            return self._carry_out(number, line, parsed)
        except errors.KeyReused:
            return Outcome(number, "changed", f"key {line['key']} was imported with other content; not applied")
        except errors.DeviationNeeded as error:
            accept = f"accept it in `accept_deviations` if it is what happened: {', '.join(error.rules)}"
            return Outcome(number, "refused", f"breaks a rule; {accept}")
        except Unprocessable as error:
            return Outcome(number, "refused", _told(error.faults))
        except errors.Invalid as error:
            return Outcome(number, "refused", f"{error.pointer}: {error.detail}")
        except errors.Refusal as error:
            return Outcome(number, "refused", error.detail)

    def _carry_out(self, number: int, line: Mapping[str, Any], parsed: Any) -> Outcome:
        if line["command"] not in self._commands:
            raise Unprocessable([("/command", f"there is no command {line['command']!r}")])
        feature, operation = self._commands[line["command"]]
        command = self._command(line, parsed)
        repeat = self._records.repeat(command)
        if repeat:
            return Outcome(number, "unchanged", f"position {repeat.position}", repeat.record)
        opens = any(operation.name.partition(".")[2] == route.event.NAME for route in feature.opens)
        if line["ref"] is not None and not opens:
            raise Unprocessable([("/ref", "names a record that a line opens; this one opens none")])
        record = None if opens else self._target(line)
        assert operation.body is not None
        body = self._body(line, operation.body)
        actor = Actor(**line["actor"])
        told = line["source_recorded_at"]
        claims: tuple[Claim, ...] = ()
        if opens and line["ref"] is not None:
            claims = (self._claim(line["ref"]),)
        done = feature.execute(
            self._records,
            operation.name,
            record,
            None,
            body,
            lambda members: meta_of(
                members,
                actor,
                source_system=self._source,
                source_ref=line["ref"],
                source_recorded_at=told.isoformat() if told else None,
            ),
            command,
            claims,
        )
        detail = f"position {done.position}" if done.position < PENDING else ""
        return Outcome(number, "recorded", detail, done.id)

    def _command(self, line: Mapping[str, Any], parsed: Any) -> Command:
        accepted = line["accept_deviations"]
        anything = isinstance(accepted, str) and accepted == "*"
        if not anything and not (isinstance(accepted, list) and all(isinstance(rule, str) for rule in accepted)):
            raise Unprocessable([("/accept_deviations", 'is neither "*" nor a list of rule ids')])
        try:
            canonical = rfc8785.dumps(parsed)
        except (rfc8785.CanonicalizationError, RecursionError) as error:
            raise Unprocessable([("", "holds a number that JSON readers do not keep exactly (RFC 8785)")]) from error
        return Command(
            now=self._clock(),
            new_id=self._new_id,
            client=self._source,
            key=line["key"],
            digest=self._records.digest(b"import", canonical),
            acknowledged=() if anything else tuple(Deviation(rule=rule, reason="import") for rule in accepted),
            accept_all=anything,
        )

    def _target(self, line: Mapping[str, Any]) -> UUID:
        record: UUID | None = line["id"]
        if record is None and line["target"] is not None:
            record = self._referred(line["target"], "/$ref")
        if record is None:
            raise Unprocessable([("/id", "a command on an existing record needs its `id` or `$ref`")])
        return record

    def _body(self, line: Mapping[str, Any], schema: type[Request]) -> dict[str, Any]:
        envelope = {"basis": line["basis"]}
        if line["occurred"] is not None:
            days = {"from": line["occurred"]["from_"], "to": line["occurred"]["to"]}
            envelope["occurred"] = {bound: day.isoformat() if day else None for bound, day in days.items()}
        try:
            loaded: dict[str, Any] = schema().load({**self._resolved(line["body"], "/body"), **envelope})
            return loaded
        except ValidationError as error:
            raise Unprocessable(faults(error, "/body")) from error

    def _resolved(self, value: Any, pointer: str) -> Any:
        match value:
            case {"$ref": str(ref)} if len(value) == 1:
                return str(self._referred(ref, pointer))
            case {"$key": str(key)} if len(value) == 1:
                return str(self._recorded(key, pointer))
            case dict():
                return {name: self._resolved(inner, f"{pointer}/{name}") for name, inner in value.items()}
            case list():
                return [self._resolved(inner, f"{pointer}/{i}") for i, inner in enumerate(value)]
        return value

    def _referred(self, ref: str, pointer: str) -> UUID:
        record = self._records.claimed(self._claim(ref))
        if record is None:
            raise errors.UnknownReference(pointer, f"nothing from {self._source} has the ref {ref!r}")
        return record

    def _recorded(self, key: str, pointer: str) -> UUID:
        event = self._records.recorded_by(self._source, key)
        if event is None:
            raise errors.UnknownReference(pointer, f"no line of {self._source} with the key {key!r} was imported")
        return event

    def _claim(self, ref: str) -> Claim:
        return Claim("import-ref", f"{self._source}\0{ref}")


class Rehearsed(NamedTuple):
    """What a rehearsed command did."""

    record: UUID
    position: int


class Rehearsal:
    """A ledger a dry run may write to: what is saved is kept in memory, over what the ledger has."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.ledger = records.ledger
        self._kept: dict[UUID, tuple[Recorded, ...]] = {}
        self._kinds: dict[UUID, type[Aggregate]] = {}
        self._claims: dict[Claim, UUID | None] = {}
        self._done: dict[str, tuple[bytes | None, Repeat]] = {}
        self._events: dict[str, UUID] = {}

    def get(self, kind: type[A], record: UUID, *, as_of: int | None = None, on: date | None = None) -> A:
        """The record, as rehearsed so far."""
        if self._kinds.get(record) is kind:
            return kind(record, self._kept[record], on)
        return self._records.get(kind, record, as_of=as_of, on=on)

    def noun_of(self, record: UUID) -> str | None:
        """The noun the record was opened as."""
        return self._kinds[record].noun if record in self._kinds else self._records.noun_of(record)

    def find(self, noun: str, record: UUID) -> Aggregate:
        """The record of that noun, as rehearsed so far."""
        if record in self._kinds:
            return self.get(self._kinds[record], record)
        return self._records.find(noun, record)

    def save(
        self,
        aggregate: A,
        command: Command,
        *,
        reads: Mapping[UUID, int] | None = None,
        claims: Iterable[Claim] = (),
    ) -> A:
        """Keeps the record in memory."""
        self._claims |= dict.fromkeys(aggregate.claimed - aggregate.claims)
        for claim in {*claims, *aggregate.claims} - aggregate.claimed:
            if self.claimed(claim) is not None:
                raise errors.Taken("another record of this ledger has it already")
            self._claims[claim] = aggregate.id
        self._kept[aggregate.id], self._kinds[aggregate.id] = aggregate.history, type(aggregate)
        if command.key is not None:
            self._done[command.key] = command.digest, Rehearsed(aggregate.id, aggregate.position)
            self._events[command.key] = aggregate.pending[-1].event_id
        return aggregate

    def repeat(self, command: Command) -> Repeat | None:
        """What the command did before, rehearsed or real."""
        if command.key not in self._done:
            return self._records.repeat(command)
        digest, repeat = self._done[command.key]
        if digest != command.digest:
            raise errors.KeyReused("an earlier line of the file has the same key and other content")
        return repeat

    def recorded_by(self, client: str, key: str) -> UUID | None:
        """The event a command recorded, rehearsed or real."""
        return self._events.get(key) or self._records.recorded_by(client, key)

    def claimed(self, claim: Claim) -> UUID | None:
        """The record that has it."""
        return self._claims[claim] if claim in self._claims else self._records.claimed(claim)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)


def _told(wrong: Iterable[tuple[str, str]]) -> str:
    return "; ".join(f"{pointer or '/'}: {what}" for pointer, what in wrong)
