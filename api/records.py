"""What every record has over REST: a list, a detail, a history, its commands, corrections and retractions."""

import hashlib
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import Any, Literal
from uuid import UUID

import flask
import msgspec
from marshmallow import ValidationError, fields

from api import auth, moments
from api.corrections import RetractionBody, correction_of
from api.differences import DifferenceItem, DifferencesQuery, differences
from api.envelopes import Envelope, acknowledging, envelope, event_of
from api.members import body_of, detail_of, narrowed, row_of
from api.pages import (
    HistoryEntry,
    ListDifferences,
    difference_of,
    differences_page,
    history_entries,
    json_response,
    list_page,
    page_of,
)
from api.problems import NotYet, Unprocessable
from api.rest import Call, Operation
from api.schemas import (
    CommandBody,
    Degrees,
    Detail,
    Filters,
    ListRow,
    Moment,
    Request,
    faults,
)
from domain import errors, records
from domain.aggregate import Aggregate
from domain.codebook import Codebook
from domain.commands import Claim, Command
from domain.degrees import Experienced, Promised
from domain.events import Corrected, Event, Retracted

HistoryPage = page_of(HistoryEntry)
_DEGREES = Degrees()
DifferencesPage = page_of(DifferenceItem)
IMPOSSIBLE = (
    errors.FutureDate,
    errors.ImpossibleCount,
    errors.ImpossibleInterval,
    errors.UnknownCode,
    errors.UnknownReference,
)
"""What a command's body may say that cannot be."""


@dataclass(frozen=True)
class Route:
    """One command: the event it records, where it is sent, and what it is for; its body is made from the event.

    `any_version` is for what adds to a record whatever its version (`If-Match: *`).
    """

    event: type[Event]
    path: str
    summary: str
    _: KW_ONLY
    method: Literal["POST", "PUT"] = "POST"
    any_version: bool = False


DEGREES = (
    Route(Promised, "/promises", "Record what was promised to be open to them"),
    Route(Experienced, "/experiences", "Record how far they say they had a say"),
)
"""The commands of a noun whose degree of participation is promised and experienced; its events name both, too."""


@dataclass(frozen=True, kw_only=True)
class Feature:
    """A noun over REST. `opens` are the commands that open a record, `commands` those on an existing one.

    `noun` is the name it has in every room, such as `individual_plans`; `filters` are the members a list may be
    narrowed by, `more_filters` those that are no member; `refusals` are what its commands may meet beside what every
    command may.
    """

    noun: str
    aggregate: type[Aggregate]
    opens: tuple[Route, ...]
    commands: tuple[Route, ...]
    filters: tuple[str, ...] = ()
    more_filters: Mapping[str, fields.Field[Any]] = field(default_factory=dict)
    refusals: tuple[type[errors.Refusal], ...] = ()

    @cached_property
    def detail(self) -> type[Detail]:
        """The schema of one record."""
        return detail_of(self.aggregate)

    @cached_property
    def row(self) -> type[ListRow]:
        """The schema of a record in a list."""
        return row_of(self.aggregate)

    def _narrowed(self, base: type[Request]) -> type[Request]:
        return narrowed(base, self.aggregate, self.filters, self.more_filters)

    def body(self, route: Route) -> type[CommandBody]:
        """The schema of a command's body."""
        return body_of(self.aggregate, route.event)

    @property
    def url(self) -> str:
        """Where its records are, such as `/v1/individual-plans`."""
        return f"/v1/{self.noun.replace('_', '-')}"

    @cached_property
    def _shown(self) -> Detail:
        """The detail's schema, made once: making it costs more than using it."""
        return self.detail()

    def route(self, name: str) -> Route:
        """The route whose command records the event of that stored name."""
        for route in (*self.opens, *self.commands):
            if f"{self.aggregate.noun}.{route.event.NAME}" == name:
                return route
        raise KeyError(name)

    def operations(self) -> list[Operation]:
        """Every operation of the noun, in the order a reader meets them."""
        many, one = self.url, f"{self.url}/{{record}}"
        refusals: tuple[type[errors.Refusal], ...] = (*IMPOSSIBLE, *self.refusals)
        noun, called = self.aggregate.noun, self.aggregate.noun.replace("_", " ")
        shared: dict[str, Any] = {"tag": self.noun}
        reads = {**shared, "method": "GET", "scope": auth.READ}
        writes = {**shared, "scope": auth.WRITE}
        record: dict[str, Any] = {"headers": ("Position", "ETag")}
        changes = {**writes, **record, "answers": {200: self.detail}, "handler": self._change}
        mends = {**changes, "method": "POST", "refusals": (*refusals, errors.ImpossibleCorrection)}
        return [
            Operation(
                **reads,
                path=many,
                name=f"list_{self.noun}",
                summary=f"List {self.noun.replace('_', ' ')}, newest first",
                query=self._narrowed(Filters),
                answers={200: page_of(self.row)},
                headers=("Position",),
                refusals=(NotYet,),
                handler=self._list,
            ),
            Operation(
                **reads,
                path=many + "/differences",
                name=f"list_{self.noun}_differences",
                summary=f"Which {self.noun.replace('_', ' ')} a list shows otherwise at two moments",
                query=self._narrowed(ListDifferences),
                answers={200: page_of(difference_of(self.row))},
                headers=("Position",),
                refusals=(NotYet,),
                handler=self._list_differences,
            ),
            *(
                Operation(
                    **writes,
                    method=route.method,
                    path=many + route.path,
                    name=f"{noun}.{route.event.NAME}",
                    summary=route.summary,
                    body=self.body(route),
                    answers={201: self.detail},
                    headers=("Position", "ETag", "Location"),
                    refusals=(errors.DeviationNeeded, *refusals),
                    handler=self._open,
                )
                for route in self.opens
            ),
            Operation(
                **reads,
                **record,
                path=one,
                name=f"get_{noun}",
                summary=f"One {called}, as known and as of any day",
                query=Moment,
                answers={200: self.detail},
                handler=self._get,
            ),
            Operation(
                **reads,
                path=one + "/history",
                name=f"get_{noun}_history",
                summary=f"Everything recorded about one {called}, corrections and all",
                query=Moment,
                answers={200: HistoryPage},
                headers=("Position",),
                handler=self._history,
            ),
            Operation(
                **reads,
                path=one + "/differences",
                name=f"get_{noun}_differences",
                summary=f"What the ledger knew otherwise of one {noun} at two moments",
                query=DifferencesQuery,
                answers={200: DifferencesPage},
                headers=("Position",),
                handler=self._differences,
            ),
            *(
                Operation(
                    **changes,
                    method=route.method,
                    path=one + route.path,
                    name=f"{noun}.{route.event.NAME}",
                    summary=route.summary,
                    body=self.body(route),
                    if_match="any" if route.any_version else "version",
                    refusals=refusals,
                )
                for route in self.commands
            ),
            Operation(
                **mends,
                path=one + "/corrections",
                name=f"{noun}.corrected",
                summary=f"Correct the {called}: replace one of its events, whole",
                body=correction_of(self.aggregate, tuple(map(self.body, (*self.opens, *self.commands)))),
                if_match="version",
            ),
            Operation(
                **mends,
                path=one + "/retractions",
                name=f"{noun}.retracted",
                summary=f"Correct the {called}: take one of its events back",
                body=RetractionBody,
                if_match="version",
            ),
        ]

    def execute(
        self,
        store: Any,
        name: str,
        record: UUID | None,
        expected: int | None,
        body: Mapping[str, Any],
        meta: Envelope,
        command: Command,
        claims: tuple[Claim, ...] = (),
    ) -> Aggregate:
        """Carries out the command that records the event of that stored name; HTTP and import come through here."""
        kind = self.aggregate
        if record is None:
            event = event_of(self.route(name).event, body, meta)
            return records.open_record(store, kind, event, command, claims)
        match name.partition(".")[2]:
            case "corrected":
                target = body["event_id"]
                kind_of_event, members = self._replacement(store, record, target, body["replacement"])
                return records.correct(
                    store,
                    kind,
                    record,
                    expected,
                    target=target,
                    replacement=event_of(kind_of_event, members, meta),
                    reason=body["reason"],
                    meta=meta(body),
                    command=acknowledging(command, members),
                )
            case "retracted":
                return records.retract(
                    store,
                    kind,
                    record,
                    expected,
                    target=body["event_id"],
                    reason=body["reason"],
                    meta=meta(body),
                    command=command,
                )
        event = event_of(self.route(name).event, body, meta)
        return records.record(store, kind, record, expected, event, command)

    def _replacement(
        self, store: Any, record: UUID, target: UUID, body: Mapping[str, Any]
    ) -> tuple[type[Event], Mapping[str, Any]]:
        """What kind of event is replaced, and the members of the body that replaces it."""
        original = next((each for each in store.get(self.aggregate, record).history if each.event_id == target), None)
        if original is None or isinstance(original.event, Corrected | Retracted):
            raise errors.ImpossibleCorrection("/event_id", "this record has no such event to correct")
        route = self.route(original.name)
        try:
            return route.event, self.body(route)().load(body)
        except ValidationError as error:
            found = faults(error, "/replacement")
            raise Unprocessable(found) from error

    def _open(self, call: Call) -> flask.Response:
        done = self._once(call, None)
        answer = self._answer(done, 201, moments.book_of({}, call.ledger.records))
        answer.headers["Location"] = f"{self.url}/{done.id}"
        return answer

    def _change(self, call: Call) -> flask.Response:
        if call.ledger.records.noun_of(call.record) != self.aggregate.noun:
            raise errors.NotFound(f"this ledger has no such {self.aggregate.noun}")
        return self._answer(self._once(call, call.record), 200, moments.book_of({}, call.ledger.records))

    def _once(self, call: Call, record: UUID | None) -> Aggregate:
        """Carries the command out, or answers what it did the first time it came."""
        store, command = call.ledger.records, acknowledging(call.command(), call.body)
        if repeat := store.repeat(command):
            return store.get(self.aggregate, repeat.record, as_of=repeat.position)
        try:
            meta = envelope(call.granted)
            return self.execute(store, call.operation.name, record, call.expected, call.body, meta, command)
        except errors.Refusal:
            # The same command may have been carried out meanwhile, and be what this refusal rests on.
            if repeat := store.repeat(command):
                return store.get(self.aggregate, repeat.record, as_of=repeat.position)
            raise

    def _get(self, call: Call) -> flask.Response:
        moment = moments.resolve(call.query, call.ledger.records, call.services.clock())
        return self._answer(self._at(call, moment), 200, moment.book)

    def _at(self, call: Call, moment: moments.Moment) -> Aggregate:
        """The record at a moment. Raises NotFound when there was none."""
        found = call.ledger.records.get(self.aggregate, call.record, as_of=moment.position, on=moment.on)
        if not found.steps and moment.on is not None and not found.retracted:
            raise errors.NotFound(f"nothing had happened to this {self.aggregate.noun} by {moment.on}")
        return found

    def _differences(self, call: Call) -> flask.Response:
        records, now = call.ledger.records, call.services.clock()
        since, until = (moments.resolve(call.query, records, now, member) for member in ("from", "to"))
        after = self._at(call, until)
        try:
            before = self._told(self._at(call, since), since.book)
        except errors.NotFound:
            before = {}
        items = DifferenceItem(many=True).dump(differences(before, self._told(after, until.book)))
        answer = json_response(msgspec.json.encode({"items": items, "next": None}), 200)
        answer.headers["Position"] = str(after.position)
        return answer

    def _told(self, aggregate: Aggregate, book: Codebook) -> dict[str, Any]:
        """What a detail tells of the record."""
        return {**self._shown.dump(aggregate), "degrees": _DEGREES.dump(aggregate.degrees_in(book))}

    def _answer(self, aggregate: Aggregate, status: int, book: Codebook) -> flask.Response:
        body = msgspec.json.encode(self._told(aggregate, book))
        answer = json_response(body, status)
        answer.headers["Position"] = str(aggregate.position)
        etag = f'"{aggregate.version}.{hashlib.sha256(body).hexdigest()[:16]}"'
        answer.headers["ETag"] = etag
        if flask.request.method in ("GET", "HEAD") and flask.request.if_none_match.contains_weak(etag.strip('"')):
            answer.status_code = 304
            answer.set_data(b"")
        return answer

    def _history(self, call: Call) -> flask.Response:
        ledger = call.ledger
        moment = moments.resolve(call.query, ledger.records, call.services.clock())
        found = ledger.records.get(self.aggregate, call.record, as_of=moment.position, on=moment.on)
        effective = {step.event_id: step for step in found.steps}
        items = history_entries(found.history, effective, moment.book)
        body = msgspec.json.encode({"items": HistoryEntry(many=True).dump(items), "next": None})
        answer = json_response(body, 200)
        answer.headers["Position"] = str(found.position)
        return answer

    def _list(self, call: Call) -> flask.Response:
        return list_page(call, self.noun, self.row(many=True))

    def _list_differences(self, call: Call) -> flask.Response:
        return differences_page(call, self.noun, self.row)
