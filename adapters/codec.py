"""An event as bytes: the plaintext of its skeleton and of its parts, and back.

Skeleton = msgspec JSON of the event's fields, `meta` among them, without its personal text. A part = JSON object of
the text fields of one data class; or, of one participant among several, of their entries. A correction's replacement
stands in the skeleton with its own name and schema version, its text under `replacement` in the correction's parts.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, get_type_hints
from uuid import UUID

import msgspec

from domain.aggregate import Aggregate
from domain.events import Corrected, Event, Meta, Retracted, person_fields, text_fields

_Persons = dict[tuple[UUID, str], dict[str, Any]]
"""By participant and data class: their entries, by field."""

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


class UnknownEvent(Exception):
    """An event this version of the product does not know by name or schema version."""


class Plain(NamedTuple):
    """An event's plaintext: the skeleton, and the parts in their order.

    First the record's own by data class, in alphabetical order; then each participant's among several, by the
    participant and the data class, in the order they are first named.
    """

    skeleton: bytes
    parts: dict[str, bytes]
    persons: dict[tuple[UUID, str], bytes]


class _Replacement(msgspec.Struct, frozen=True):
    name: str
    schema_version: int
    event: msgspec.Raw


class _Correction(msgspec.Struct, frozen=True):
    meta: Meta
    target: UUID
    replacement: _Replacement


class Codec:
    """Encodes and decodes the events of the nouns it is given; upcasters are keyed by (name, from version)."""

    def __init__(
        self, kinds: Iterable[type[Aggregate]], upcasters: Mapping[tuple[str, int], Upcaster] | None = None
    ) -> None:
        self._upcasters = dict(upcasters or {})
        self.classes: dict[str, type[Event]] = {}
        self.kinds: dict[str, type[Aggregate]] = {}
        for kind in kinds:
            self.kinds[kind.noun] = kind
            declared: tuple[type[Event], ...] = (*kind.events, Corrected, Retracted)
            for event in declared:
                self.classes[f"{kind.noun}.{event.NAME}"] = event
        self._names = {event: name for name, event in self.classes.items() if event not in (Corrected, Retracted)}
        self._text = {event: text_fields(event) for event in self.classes.values()}
        self._persons = {event: person_fields(event) for event in self.classes.values()}
        self._decoders = {
            name: msgspec.json.Decoder(event) for name, event in self.classes.items() if event is not Corrected
        }
        self._correction = msgspec.json.Decoder(_Correction)

    def encode(self, event: Event) -> Plain:
        """The plaintext of an event; a part none of whose fields is set is left out."""
        skeleton, texts, persons = self._split(event)
        if isinstance(event, Corrected):
            inner, inner_texts, inner_persons = self._split(event.replacement)
            persons = {key: {"replacement": entries} for key, entries in inner_persons.items()}
            skeleton["replacement"] = {
                "name": self._names[type(event.replacement)],
                "schema_version": event.replacement.SCHEMA_VERSION,
                "event": inner,
            }
            for data_class, fields in inner_texts.items():
                texts.setdefault(data_class, {})["replacement"] = fields
        parts = {name: msgspec.json.encode(texts[name]) for name in sorted(texts) if _says(texts[name])}
        named = {key: msgspec.json.encode(entries) for key, entries in persons.items()}
        return Plain(msgspec.json.encode(skeleton), parts, named)

    def decode(self, name: str, schema_version: int, skeleton: bytes, parts: Sequence[bytes] = ()) -> Event:
        """The event; with `parts` left out its text fields are None. Raises UnknownEvent."""
        event_class = self.classes.get(name)
        if event_class is None:
            raise UnknownEvent(f"{name}: no feature of this version has such an event")
        if schema_version != event_class.SCHEMA_VERSION:
            skeleton = self._upcast(name, event_class, schema_version, skeleton)
        if event_class is Corrected:
            return self._decode_correction(skeleton, parts)
        event: Event = self._decoders[name].decode(skeleton)
        for part in parts:
            fields = msgspec.json.decode(part)
            for field in self._persons[event_class].keys() & fields.keys():
                fields[field] = (*getattr(event, field), *msgspec.convert(fields[field], _entries(event_class, field)))
            event = msgspec.structs.replace(event, **fields)
        return event

    def _decode_correction(self, skeleton: bytes, parts: Sequence[bytes]) -> Event:
        stored = self._correction.decode(skeleton)
        fields: dict[str, Any] = {}
        replaced: list[bytes] = []
        for part in parts:
            texts = msgspec.json.decode(part, type=dict[str, msgspec.Raw])
            if "replacement" in texts:
                replaced.append(bytes(texts.pop("replacement")))
            fields |= {field: msgspec.json.decode(raw) for field, raw in texts.items()}
        inner = stored.replacement
        replacement = self.decode(inner.name, inner.schema_version, bytes(inner.event), replaced)
        return Corrected(meta=stored.meta, target=stored.target, replacement=replacement, **fields)

    def _upcast(self, name: str, event_class: type[Event], version: int, skeleton: bytes) -> bytes:
        if version > event_class.SCHEMA_VERSION:
            raise UnknownEvent(f"{name}: schema version {version} is newer than this version of the product")
        old: dict[str, Any] = msgspec.json.decode(skeleton)
        for step in range(version, event_class.SCHEMA_VERSION):
            upcaster = self._upcasters.get((name, step))
            if upcaster is None:
                raise UnknownEvent(f"{name}: no upcaster from schema version {step}")
            old = upcaster(old)
        return msgspec.json.encode(old)

    def _split(self, event: Event) -> tuple[dict[str, Any], dict[str, dict[str, Any]], _Persons]:
        skeleton = msgspec.structs.asdict(event)
        texts: dict[str, dict[str, Any]] = {}
        persons: _Persons = {}
        for field, declared in self._text[type(event)].items():
            texts.setdefault(event.data_class(declared, field), {})[field] = skeleton.pop(field)
        for field, data_class in self._persons[type(event)].items():
            for entry in skeleton.pop(field):
                key = entry.participant, data_class
                persons.setdefault(key, {}).setdefault(field, []).append(entry)
        return skeleton, texts, persons


@cache
def _entries(event: type[Event], field: str) -> Any:
    """The type of a field of several participants."""
    return get_type_hints(event)[field]


def _says(fields: dict[str, Any]) -> bool:
    return any(_says(value) if isinstance(value, dict) else value is not None for value in fields.values())
