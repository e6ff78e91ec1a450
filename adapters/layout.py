"""The stored form that proof rests on: a leaf's bytes and the Merkle tree's peaks. It cannot be taken back.

A leaf is the SHA-256 of, integers big-endian and with their length in bytes:

    0x00 | layout 1 | ledger 16 | position 8 | event_id 16 | stream_id 16 | stream_version 8
    | length 4, name | schema_version 4 | recorded_at 8 | key_id 16 | SHA-256(skeleton) 32
    | count 4 | for each part, by n: n 4 | key_id 16 | SHA-256(ciphertext) 32

The tree is RFC 6962's (node = SHA-256(0x01 | left | right), tree index = position - 1); its state is the
peaks, the roots of its perfect subtrees, left to right. PL/pgSQL gives the same bytes; golden vectors stand in
tests/golden/leaf.json.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from struct import Struct
from uuid import UUID

LAYOUT = 1
"""The version of the leaf layout; part of every leaf."""

_HEAD = Struct(">BB16sQ16s16sQI")
_TAIL = Struct(">IQ16s32sI")
_PART = Struct(">I16s32s")


def preimage(
    *,
    ledger: UUID,
    position: int,
    event_id: UUID,
    stream_id: UUID,
    stream_version: int,
    name: str,
    schema_version: int,
    recorded_at: int,
    key_id: UUID,
    skeleton: bytes,
    parts: Iterable[tuple[int, UUID, bytes]] = (),
) -> bytes:
    """The bytes a leaf is the hash of. `skeleton` and each part's ciphertext are as stored; parts by n."""
    encoded = name.encode()
    ordered = sorted(parts)
    return b"".join(
        (
            _HEAD.pack(
                0,
                LAYOUT,
                ledger.bytes,
                position,
                event_id.bytes,
                stream_id.bytes,
                stream_version,
                len(encoded),
            ),
            encoded,
            _TAIL.pack(schema_version, recorded_at, key_id.bytes, sha256(skeleton).digest(), len(ordered)),
            *(_PART.pack(n, part_key.bytes, sha256(text).digest()) for n, part_key, text in ordered),
        )
    )


def leaf(preimage_bytes: bytes) -> bytes:
    """The leaf's hash, 32 bytes."""
    return sha256(preimage_bytes).digest()


def grow(peaks: Sequence[bytes], size: int, new: bytes) -> tuple[bytes, ...]:
    """The peaks, left to right, of a tree of `size` leaves after one more."""
    grown = [*peaks, new]
    while size & 1:
        right, left = grown.pop(), grown.pop()
        grown.append(sha256(b"\x01" + left + right).digest())
        size >>= 1
    return tuple(grown)


def split(stored: bytes) -> tuple[bytes, ...]:
    """The peaks, of their stored form: one after another, 32 bytes each."""
    return tuple(stored[start : start + 32] for start in range(0, len(stored), 32))


def root(peaks: Sequence[bytes]) -> bytes:
    """The tree's root (RFC 6962 §2.1); of no leaves, the hash of nothing."""
    if not peaks:
        return sha256(b"").digest()
    *rest, folded = peaks
    for peak in reversed(rest):
        folded = sha256(b"\x01" + peak + folded).digest()
    return folded
