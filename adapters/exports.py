"""Export: a ledger's events as JSON Lines with sorted keys, every column decoded but key ids, ciphertexts and leaves.

Two ledgers that were told the same under the same clock and ids give the same bytes, whichever store is below.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from adapters.eventstore import LedgerStore

PAGE = 1_000


def export(store: LedgerStore, *, text: bool = False) -> Iterator[bytes]:
    """The lines, in ledger order. With `text`, the sealed parts are opened, too: handle the file accordingly."""
    position = 0
    while rows := store.recorder.rows(position, PAGE, parts=text):
        # Skeletons as stored, not as today's code would write them: an export stays the same in every later version.
        for row, skeleton in zip(rows, store.mapper.skeletons(rows), strict=True):
            line: dict[str, Any] = {
                "ledger": store.ledger,
                "position": row.position,
                "event_id": row.event_id,
                "stream_id": row.stream_id,
                "stream_version": row.stream_version,
                "name": row.name,
                "schema_version": row.schema_version,
                "recorded_at": row.recorded_at,
                "skeleton": msgspec.Raw(_sorted(skeleton)),
            }
            if text:
                [recorded] = store.mapper.open([row])
                plain = store.codec.encode(recorded.event)
                line["text"] = {name: msgspec.Raw(_sorted(part)) for name, part in plain.parts.items()}
                if plain.persons:
                    line["persons"] = [
                        {"participant": person, "data_class": data_class, "text": msgspec.Raw(_sorted(part))}
                        for (person, data_class), part in plain.persons.items()
                    ]
            yield msgspec.json.encode(line, order="sorted") + b"\n"
        position = rows[-1].position


def _sorted(plaintext: bytes) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(plaintext), order="sorted")
