"""What is true of every noun alike: what a command answers, what rows leave out, what is sealed, what is refused."""

import inspect
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from marshmallow import fields
from sqlalchemy import select

from adapters.vault import KEYS
from api.bootstrap import features
from api.records import Feature, Route
from api.schemas import Code, Count, Day, Text
from domain import codebook, members
from domain.events import MISSING, NOT_RECORDED, Event, person_fields, text_fields
from domain.participants import EXTERNAL_IDS
from domain.personal import PersonalRecord
from tests.bodies import a_participant, referring, smallest
from tests.conftest import ON, Api
from tests.features.conftest import Record, days

FEATURES = {feature.noun: feature for feature in features()}
RULES = codebook.load().lists["rules"].codes
ENTRY = str(uuid4())
FIRST = {"recipient_verified": "recipient_added", "recipient_removed": "recipient_added"}
"""What must have been told of the same entry before."""


IMPOSSIBLE: list[tuple[dict[str, Any], str]] = [
    ({"occurred": days("03-03")}, "/occurred/from"),
    ({"occurred": days("02-01", "03-03")}, "/occurred/to"),
    ({"occurred": days("02-10", "02-09")}, "/occurred/to"),
    ({"occurred": days("02-30", None)}, "/occurred/from"),
    ({"occurred": None}, "/occurred"),
    ({"basis": None}, "/basis"),
    ({"address": "Storgata 1"}, "/address"),
]


def commands(*nouns: str, personal: bool = False) -> list[Any]:
    """Every command of these nouns, or of all, by its noun and its event; if `personal`, those with text or people."""
    return [
        pytest.param(feature, route, id=f"{feature.noun}-{route.event.NAME}")
        for feature in map(FEATURES.__getitem__, nouns or FEATURES)
        for route in (*feature.opens, *feature.commands)
        if not personal or text_fields(route.event) or person_fields(route.event)
    ]


def body(api: Api, feature: Feature, route: Route, **members: Any) -> dict[str, Any]:
    """The smallest body of a command and these members, with every rule of its noun acknowledged."""
    rules = [{"rule": rule} for rule in RULES if rule.startswith(f"{feature.aggregate.noun}.")]
    made: dict[str, Any] = referring(api, smallest(feature.body(route), deviations=rules, **members))
    return {**made, "recipient": ENTRY} if "recipient" in made else made


def before(api: Api, feature: Feature, route: Route) -> Record:
    """A record as small as can be, that the command may be sent to."""
    record = Record(api, feature.noun, feature.opens[0].event.NAME, ON, **body(api, feature, feature.opens[0]))
    if first := FIRST.get(route.event.NAME):
        record.tell(first, ON, **body(api, feature, feature.route(f"{feature.aggregate.noun}.{first}")))
    return record


def after(api: Api, feature: Feature, route: Route, **members: Any) -> Record:
    """The record the command was sent to, or that it opened."""
    if route in feature.opens:
        return Record(api, feature.noun, route.event.NAME, ON, **body(api, feature, route, **members))
    record = before(api, feature, route)
    record.tell(route.event.NAME, ON, **body(api, feature, route, **members))
    return record


def words(feature: Feature, route: Route) -> dict[str, str]:
    """Something in each text of a command."""
    texts = [name for name, field in feature.body(route)().fields.items() if isinstance(field, Text)]
    return {name: "7" * EXTERNAL_IDS[name] if name in EXTERNAL_IDS else f"Ord: {name}" for name in texts}


def said(feature: Feature, route: Route) -> dict[str, Any]:
    """Something in each text, coded member, day and count of a command."""
    members: dict[str, Any] = {}
    for name, field in feature.body(route)().fields.items():
        match field:
            case Count():
                members[name] = 2
            case Day():
                members[name] = ON["from"]
            case Code():
                members[name] = known(field)
            case fields.List(inner=Code() as inner):
                members[name] = [known(inner)]
    return {**members, **words(feature, route)}


def known(field: Code) -> str:
    """The last code of a field that is no reason why there is none: the first may be its default."""
    code: str = next(code for code in reversed(field.validate.choices) if code not in MISSING)
    return code


def recorded(api: Api, record: Record) -> Event:
    """The last event of a record, as the store has it."""
    event: Event = api.running.store(api.ledger).history(UUID(record.now["id"]))[-1].event
    return event


@pytest.mark.parametrize(("feature", "route"), commands())
def test_a_command_is_answered_as_the_record_is_read_afterwards_and_listed_without_its_words(
    sqlite_api: Api, feature: Feature, route: Route
) -> None:
    record = after(sqlite_api, feature, route, **said(feature, route))
    assert record.history()[-1]["type"] == f"{feature.aggregate.noun}.{route.event.NAME}"
    detail = record.detail()
    assert detail == record.now

    row = record.row()
    assert row is not None
    assert row["deviations"] == len(detail["deviations"])
    for name in row.keys() & detail.keys() - {"deviations"}:
        unknown_number = row[name] is None and detail[name] in MISSING
        assert unknown_number or row[name] == detail[name], name
    assert words(feature, route).keys() == text_fields(route.event).keys(), "every text is sealed"
    assert not [text for text in words(feature, route).values() if text in str(row)]


@pytest.mark.parametrize(("feature", "route"), commands(personal=True))
def test_what_is_said_is_sealed_under_the_keys_of_who_it_is_about(
    sqlite_api: Api, feature: Feature, route: Route
) -> None:
    people = {name: [{"participant": a_participant(sqlite_api)}] for name in person_fields(route.event)}
    seats = {"taken": [{}]} if "taken" in feature.body(route)().fields else {}
    record = after(sqlite_api, feature, route, **words(feature, route), **people, **seats)
    event = recorded(sqlite_api, record)
    about = record.now.get("participant", record.now["id"]) if feature.aggregate.personal else record.now["id"]
    sealed = {(about, "record")}
    sealed |= {(about, event.data_class(declared, name)) for name, declared in text_fields(route.event).items()}
    for name, data_class in person_fields(route.event).items():
        sealed |= {(str(person.participant), data_class) for person in getattr(event, name)}
    with sqlite_api.running.vault.engine.connect() as connection:
        keys = connection.execute(select(KEYS).where(KEYS.c.record == UUID(record.now["id"]))).all()
    assert {(str(key.subject), key.data_class) for key in keys} == sealed


def unknown_codes(field: Any) -> Iterator[tuple[Any, str]]:
    """Values of a field that are right but for one code, and where that stands."""
    match field:
        case Code():
            yield "no_such_code", ""
        case fields.List():
            yield from (([value], f"/0{pointer}") for value, pointer in unknown_codes(field.inner))
        case fields.Nested():
            for name, inner in field.schema.fields.items():
                for value, pointer in unknown_codes(inner):
                    yield smallest(type(field.schema), **{name: value}), f"/{name}{pointer}"


def impossible(feature: Feature, route: Route) -> Iterator[tuple[dict[str, Any], str]]:
    """Members no command of the route can have, and what is pointed at."""
    yield from IMPOSSIBLE
    for name, field in feature.body(route)().fields.items():
        yield from (({name: value}, f"/{name}{pointer}") for value, pointer in unknown_codes(field))
    nobody = str(uuid4())
    for name in feature.body(route)().fields.keys() & {"participant", "seed_line"}:
        yield {name: nobody}, f"/{name}"
    for name in person_fields(route.event):
        yield {name: [{"participant": nobody}]}, f"/{name}/0/participant"


@pytest.mark.parametrize(("feature", "route"), commands())
def test_the_impossible_is_refused_and_pointed_at_and_nothing_is_recorded(
    sqlite_api: Api, feature: Feature, route: Route
) -> None:
    path, match = feature.url, None
    if route in feature.commands:
        record = before(sqlite_api, feature, route)
        path, match = record.path, f'"{record.now["version"]}"'
    right = body(sqlite_api, feature, route)
    so_far = len(sqlite_api.items("/v1/audit"))
    for wrong, pointer in impossible(feature, route):
        refused = sqlite_api.send(route.method, path + route.path, {**right, **wrong}, match=match)
        assert refused.status_code == 422, (wrong, refused.get_data(as_text=True))
        assert [each["pointer"] for each in refused.json["errors"]] == [pointer], wrong
    assert len(sqlite_api.items("/v1/audit")) == so_far
    assert sqlite_api.send(route.method, path + route.path, right, match=match).status_code in (200, 201)


@pytest.mark.parametrize("feature", FEATURES.values(), ids=FEATURES)
def test_of_a_record_nobody_has_told_of_nothing_is_said(feature: Feature) -> None:
    kind = feature.aggregate
    bare = kind(uuid4())
    for name in {name for event in kind.hears for name in members.fields(event)} & vars(kind).keys():
        assert getattr(bare, name) in (NOT_RECORDED, "unknown", None, ()), name


@pytest.mark.parametrize("feature", FEATURES.values(), ids=FEATURES)
def test_a_member_declared_twice_has_one_type(feature: Feature) -> None:
    kind = feature.aggregate
    declared = inspect.get_annotations(kind)
    for fields_ in map(members.fields, members.own(kind.hears)):
        for name in fields_.keys() & declared.keys():
            assert members.read(fields_[name])[:2] == members.read(declared[name])[:2], name


STATES = [
    pytest.param(feature, route, state, id=f"{feature.noun}-{state}")
    for feature in FEATURES.values()
    for route in feature.opens
    if route.event.NAME == "registered_as_existing" and "state" in feature.body(route)().fields
    for state in feature.body(route)().fields["state"].validate.choices
]


@pytest.mark.parametrize(("feature", "route", "state"), STATES)
def test_a_record_is_registered_as_existing_in_any_state(
    sqlite_api: Api, feature: Feature, route: Route, state: str
) -> None:
    record = after(sqlite_api, feature, route, state=state)
    assert record.detail().items() >= {"state": state, "deviations": []}.items()
    assert record.row(f"?state={state}") is not None


@pytest.mark.parametrize(("feature", "route"), commands("tenancies", "move_outs"))
def test_a_later_event_that_does_not_say_does_not_unsay(sqlite_api: Api, feature: Feature, route: Route) -> None:
    record = after(sqlite_api, feature, route, **said(feature, route))
    told = {name: value for name, value in said(feature, route).items() if name in record.now and name != "state"}
    for later in feature.commands:
        record.tell(later.event.NAME, ON, **body(sqlite_api, feature, later))
        event = recorded(sqlite_api, record)
        told = {name: told[name] for name in told if getattr(event, name, None) in (NOT_RECORDED, None, ())}
        assert {name: record.now[name] for name in told} == told


@pytest.mark.parametrize("noun", [noun for noun in FEATURES if issubclass(FEATURES[noun].aggregate, PersonalRecord)])
def test_a_record_stays_with_the_person_it_is_about(sqlite_api: Api, noun: str) -> None:
    feature = FEATURES[noun]
    record = before(sqlite_api, feature, feature.opens[0])
    replacement = body(sqlite_api, feature, feature.opens[0])
    refused = record.correct(1, ON, **replacement)
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json["errors"]] == ["/replacement/participant"]
    replacement["participant"] = record.now["participant"]
    assert record.correct(1, ON, **replacement).status_code == 200
