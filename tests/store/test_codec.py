"""Stored events: every version ever stored decodes to what it said, and nothing else passes for an event.

tests/golden/events.json and events/ hold a sample of each; what a release has written there never changes.
"""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.codec import Codec, UnknownEvent
from api.bootstrap import codec, kinds
from domain.aggregate import Aggregate
from domain.events import Actor, Casework, Corrected, Event, Meta, Retracted, person_fields, text_fields
from tests.golden.make_store import event_of, parts_of, samples

CODEC = codec()
SAMPLES = samples()
META = Meta(recorded_by=Actor(id="actor-1", role="system", unit="bolig"))
sampled = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample['name']}.v{sample['schema_version']}")


def decoded(sample: dict[str, Any], known: Codec = CODEC) -> Event:
    parts = [part.encode() for part in sample["parts"].values()]
    parts += [person["text"].encode() for person in sample.get("persons", ())]
    return known.decode(sample["name"], sample["schema_version"], sample["skeleton"].encode(), parts)


@sampled
def test_a_stored_event_says_what_it_said(sample: dict[str, Any]) -> None:
    assert decoded(sample) == event_of(CODEC, sample["name"], sample["event"])


@sampled
def test_a_stored_event_of_todays_version_encodes_to_the_same_bytes(sample: dict[str, Any]) -> None:
    event = decoded(sample)
    if sample["schema_version"] == event.SCHEMA_VERSION:
        plain = CODEC.encode(event)
        assert msgspec.json.encode(known_then(plain.skeleton, sample["skeleton"])).decode() == sample["skeleton"]
        assert parts_of(plain) == {name: sample[name] for name in ("parts", "persons") if name in sample}


def known_then(today: bytes, then: str) -> Any:
    """What is encoded today, without the members that were added since the sample was written."""

    def among(new: Any, old: Any) -> Any:
        if isinstance(new, dict) and isinstance(old, dict):
            return {name: among(value, old[name]) for name, value in new.items() if name in old}
        return new

    return among(msgspec.json.decode(today), msgspec.json.decode(then))


def test_every_event_has_a_sample_of_every_version() -> None:
    wanted = {(name, version) for name, kind in CODEC.classes.items() for version in range(1, kind.SCHEMA_VERSION + 1)}
    assert {(sample["name"], sample["schema_version"]) for sample in SAMPLES} == wanted


@pytest.mark.parametrize("name", CODEC.classes)
def test_some_sample_shows_every_field(name: str) -> None:
    """A field left at its default would be written out, too, but another default would go unnoticed.

    A field that was added later is shown by a sample of its own.
    """
    told = [decoded(sample) for sample in SAMPLES if sample["name"] == name]
    for shown in (told, [event.meta for event in told]):
        for field in msgspec.structs.fields(shown[0]):
            assert any(getattr(each, field.name) != field.default for each in shown), field.name


@sampled
def test_a_stored_event_without_its_parts_is_whole_but_silent(sample: dict[str, Any]) -> None:
    told = decoded(sample)
    silent = decoded({**sample, "parts": {}, "persons": []})
    assert silent == silenced(told)


def silenced(event: Event) -> Event:
    members: dict[str, Any] = dict.fromkeys(text_fields(type(event)))
    members |= dict.fromkeys(person_fields(type(event)), ())
    if isinstance(event, Corrected):
        members["replacement"] = silenced(event.replacement)
    return msgspec.structs.replace(event, **members)


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type, as msgspec describes it; personal text begins with `said:`."""
    types = msgspec.inspect
    match kind:
        case types.Metadata(type=inner, extra=extra):
            text = values(inner)
            return text.map(lambda said: said and f"said:{said}") if "data_class" in (extra or {}) else text
        case types.IntType():
            return st.integers(kind.ge or 0, kind.le or 2**53)
        case types.StrType(pattern=str(pattern)):
            return st.from_regex(pattern, fullmatch=True)
        case types.LiteralType():
            return st.sampled_from(kind.values)
        case types.UnionType():
            return st.one_of([values(choice) for choice in kind.types])
        case types.VarTupleType():
            return st.lists(values(kind.item_type), max_size=3).map(tuple)
        case types.StructType():
            return st.builds(kind.cls, **{field.name: values(field.type) for field in kind.fields})
    plain = {
        types.BoolType: st.booleans(),
        types.DateType: st.dates(),
        types.NoneType: st.none(),
        types.StrType: st.text(),
        types.UUIDType: st.uuids(),
    }
    return plain[type(kind)]


def any_event(kind: type[Aggregate]) -> st.SearchStrategy[Event]:
    """Any event of a noun."""
    own = st.one_of([values(msgspec.inspect.type_info(event)) for event in kind.events])
    corrected = values(msgspec.inspect.type_info(Corrected))
    retracted = values(msgspec.inspect.type_info(Retracted))
    replacing = st.builds(lambda event, inner: msgspec.structs.replace(event, replacement=inner), corrected, own)
    return own | retracted | replacing


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.noun)
def test_any_event_comes_back_as_it_was(kind: type[Aggregate], counts: Callable[[int, int], int]) -> None:
    @settings(max_examples=counts(60, 2_000), deadline=None)
    @given(any_event(kind))
    def check(event: Event) -> None:
        plain = CODEC.encode(event)
        name = f"{kind.noun}.{event.NAME}"
        assert (
            CODEC.decode(name, event.SCHEMA_VERSION, plain.skeleton, [*plain.parts.values(), *plain.persons.values()])
            == event
        )
        assert CODEC.decode(name, event.SCHEMA_VERSION, plain.skeleton) == silenced(event)
        assert b"said:" not in plain.skeleton
        personal = {*text_fields(type(event)), *person_fields(type(event))}
        assert not personal & msgspec.json.decode(plain.skeleton).keys()

    check()


def test_what_is_said_at_individual_level_is_casework_and_else_the_persons_own_voice() -> None:
    raised, *_ = [sample for sample in SAMPLES if sample["name"] == "input.raised"]
    event = decoded(raised)
    assert set(CODEC.encode(event).parts) == {"voice"}
    assert set(CODEC.encode(msgspec.structs.replace(event, level="individual")).parts) == {"casework"}


@pytest.mark.parametrize("name", ["meeting.adjourned", "hearing.announced", "meeting", ""])
def test_an_unknown_event_is_refused(name: str) -> None:
    with pytest.raises(UnknownEvent):
        CODEC.decode(name, 1, b"{}")


@sampled
def test_an_event_of_a_later_version_is_refused(sample: dict[str, Any]) -> None:
    later = CODEC.classes[sample["name"]].SCHEMA_VERSION + 1
    with pytest.raises(UnknownEvent):
        decoded({**sample, "schema_version": later})


def test_a_correction_whose_replacement_is_of_a_later_version_is_refused() -> None:
    [corrected] = [sample for sample in SAMPLES if sample["name"] == "meeting.corrected"]
    stored = msgspec.json.decode(corrected["skeleton"])
    stored["replacement"]["schema_version"] += 1
    with pytest.raises(UnknownEvent):
        decoded({**corrected, "skeleton": msgspec.json.encode(stored).decode()})


class Painted(Event, frozen=True, kw_only=True):
    NAME: ClassVar[str] = "painted"
    SCHEMA_VERSION: ClassVar[int] = 3

    colour: str
    coats: int
    story: Casework = None


class Wall(Aggregate):
    noun = "wall"
    events = (Painted,)


def to_2(old: dict[str, Any]) -> dict[str, Any]:
    return {**old, "coats": 1}


def to_3(old: dict[str, Any]) -> dict[str, Any]:
    return {"colour": old.pop("color"), **old}


WALLS = Codec([Wall], {("wall.painted", 1): to_2, ("wall.painted", 2): to_3})


@pytest.mark.parametrize(
    ("version", "members", "coats"),
    [
        (1, {"color": "red"}, 1),
        (2, {"color": "red", "coats": 2}, 2),
        (3, {"colour": "red", "coats": 3}, 3),
    ],
)
def test_an_older_version_is_read_through_every_upcaster_after_it(
    version: int, members: dict[str, Any], coats: int
) -> None:
    skeleton = msgspec.json.encode({"meta": META, **members})
    expected = Painted(meta=META, colour="red", coats=coats, story="long")
    assert WALLS.decode("wall.painted", version, skeleton, [b'{"story":"long"}']) == expected

    replacement = {"name": "wall.painted", "schema_version": version, "event": msgspec.Raw(skeleton)}
    correction = msgspec.json.encode({"meta": META, "target": UUID(int=1), "replacement": replacement})
    corrected = WALLS.decode("wall.corrected", 1, correction, [b'{"replacement":{"story":"long"}}'])
    assert isinstance(corrected, Corrected)
    assert corrected.replacement == expected


def test_an_older_version_that_no_upcaster_knows_is_refused() -> None:
    skeleton = msgspec.json.encode({"meta": META, "color": "red"})
    with pytest.raises(UnknownEvent):
        Codec([Wall], {("wall.painted", 2): to_3}).decode("wall.painted", 1, skeleton)
