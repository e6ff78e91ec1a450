"""Sealed bytes: golden ones, made once with another implementation of AES-GCM, and what refuses to open.

tests/golden/sealed.json never changes.
"""

import json
import random
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from Crypto.Cipher import AES

from adapters.seal import Key, Unopenable

GOLDEN: list[dict[str, Any]] = json.loads(
    Path(__file__).parents[1].joinpath("golden", "sealed.json").read_text(encoding="utf-8")
)
LEDGER, EVENT = uuid4(), uuid4()


def key_of(golden: dict[str, Any]) -> Key:
    return Key(UUID(golden["key_id"]), bytes.fromhex(golden["key"]), lambda size: bytes.fromhex(golden["nonce"]))


def place_of(golden: dict[str, Any]) -> tuple[UUID, UUID, int]:
    return UUID(golden["ledger"]), UUID(golden["event_id"]), golden["n"]


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: f"n={golden['n']}")
def test_sealing_gives_the_golden_bytes(golden: dict[str, Any]) -> None:
    assert key_of(golden).seal(*place_of(golden), golden["plaintext"].encode()).hex() == golden["stored"]


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: f"n={golden['n']}")
def test_the_golden_bytes_open(golden: dict[str, Any]) -> None:
    assert key_of(golden).open(*place_of(golden), bytes.fromhex(golden["stored"])).decode() == golden["plaintext"]


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: f"n={golden['n']}")
def test_another_implementation_opens_the_golden_bytes(golden: dict[str, Any]) -> None:
    stored = bytes.fromhex(golden["stored"])
    ledger, event, n = place_of(golden)
    cipher = AES.new(bytes.fromhex(golden["key"]), AES.MODE_GCM, nonce=stored[:12])
    cipher.update(ledger.bytes + event.bytes + n.to_bytes(4, "big") + bytes.fromhex(golden["key_id"].replace("-", "")))
    assert cipher.decrypt_and_verify(stored[12:-16], stored[-16:]).decode() == golden["plaintext"]


@pytest.mark.parametrize(
    "place",
    [(uuid4(), EVENT, 1), (LEDGER, uuid4(), 1), (LEDGER, EVENT, 0), (LEDGER, EVENT, 2)],
    ids=["ledger", "event", "skeleton", "part"],
)
def test_sealed_bytes_open_nowhere_but_in_their_own_place(place: tuple[UUID, UUID, int]) -> None:
    key = Key(uuid4(), bytes(32))
    stored = key.seal(LEDGER, EVENT, 1, b"said")
    assert key.open(LEDGER, EVENT, 1, stored) == b"said"
    with pytest.raises(Unopenable):
        key.open(*place, stored)


@pytest.mark.parametrize(
    "other", [Key(uuid4(), bytes(32)), Key(UUID(int=7), bytes(31) + b"\1")], ids=["another id", "other bytes"]
)
def test_sealed_bytes_open_with_no_other_key(other: Key) -> None:
    stored = Key(UUID(int=7), bytes(32)).seal(LEDGER, EVENT, 1, b"said")
    with pytest.raises(Unopenable):
        other.open(LEDGER, EVENT, 1, stored)


def test_no_changed_byte_opens() -> None:
    key = Key(uuid4(), bytes(32))
    stored = key.seal(LEDGER, EVENT, 1, b"what was said")
    for at in range(len(stored)):
        changed = bytearray(stored)
        changed[at] ^= random.Random(at).randrange(1, 256)
        with pytest.raises(Unopenable):
            key.open(LEDGER, EVENT, 1, bytes(changed))


def test_no_cut_bytes_open() -> None:
    key = Key(uuid4(), bytes(32))
    stored = key.seal(LEDGER, EVENT, 1, b"what was said")
    for end in range(len(stored)):
        with pytest.raises(Unopenable):
            key.open(LEDGER, EVENT, 1, stored[:end])


def test_the_same_text_is_never_sealed_to_the_same_bytes() -> None:
    key = Key(uuid4(), bytes(32))
    assert len({key.seal(LEDGER, EVENT, 1, b"said") for _ in range(100)}) == 100
