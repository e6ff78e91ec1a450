"""The bytes that proof rests on: golden vectors for Python and PL/pgSQL, and trees against RFC 6962 by hand.

tests/golden/leaf.json was computed once from the design's words by code that knew nothing of ours. It never changes.
"""

import json
import random
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import layout
from adapters.recorder import Append, Recorder, Row
from tests.store.conftest import START, EventStore, a_part, an_event

GOLDEN: dict[str, Any] = json.loads(
    Path(__file__).parents[1].joinpath("golden", "leaf.json").read_text(encoding="utf-8")
)
LEAVES = {each["case"]: each for each in GOLDEN["leaves"]}
TREE = GOLDEN["tree"]
UUIDS = ("ledger", "event_id", "stream_id", "key_id")


def golden(case: str) -> dict[str, Any]:
    """What a golden leaf is made of, as Python's values."""
    told = {name: value for name, value in LEAVES[case].items() if name not in ("case", "preimage", "leaf")}
    told |= {name: UUID(told[name]) for name in UUIDS} | {"skeleton": bytes.fromhex(told["skeleton"])}
    parts = [(part["n"], UUID(part["key_id"]), bytes.fromhex(part["ciphertext"])) for part in told["parts"]]
    return {**told, "parts": parts}


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + tree_hash(leaves[:k]) + tree_hash(leaves[k:])).digest()


def tree_peaks(leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    """The hashes of the largest perfect trees that the leaves fall into, left to right."""
    if not leaves:
        return ()
    size = 1 << (len(leaves).bit_length() - 1)
    return (tree_hash(leaves[:size]), *tree_peaks(leaves[size:]))


def leaf_by_hand(ledger: UUID, row: Row) -> bytes:
    """The leaf of a stored event, put together byte by byte as the design says."""
    name = row.name.encode()
    parts = b"".join(
        part.n.to_bytes(4, "big") + part.key_id.bytes + sha256(part.ciphertext).digest() for part in row.parts
    )
    return sha256(
        b"\x00\x01" + ledger.bytes + row.position.to_bytes(8, "big") + row.event_id.bytes + row.stream_id.bytes
        + row.stream_version.to_bytes(8, "big") + len(name).to_bytes(4, "big") + name
        + row.schema_version.to_bytes(4, "big") + row.recorded_at.to_bytes(8, "big") + row.key_id.bytes
        + sha256(row.skeleton).digest() + len(row.parts).to_bytes(4, "big") + parts
    ).digest()  # fmt: skip


def grown(leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    """The peaks that our own tree has after these leaves."""
    peaks: tuple[bytes, ...] = ()
    for size, leaf in enumerate(leaves):
        peaks = layout.grow(peaks, size, leaf)
    return peaks


@pytest.mark.parametrize("case", LEAVES)
def test_python_gives_the_golden_leaf(case: str) -> None:
    preimage = layout.preimage(**golden(case))
    assert preimage.hex() == LEAVES[case]["preimage"]
    assert layout.leaf(preimage).hex() == LEAVES[case]["leaf"]


def test_python_orders_the_parts_itself() -> None:
    told = golden("several parts")
    told["parts"].reverse()
    assert layout.preimage(**told).hex() == LEAVES["several parts"]["preimage"]


@pytest.mark.parametrize("case", LEAVES)
def test_postgresql_gives_the_golden_leaf(case: str, event_stores: Callable[[str], EventStore]) -> None:
    told = golden(case)
    ns, keys, texts = ([part[at] for part in told["parts"]] for at in range(3))
    [(leaf,)] = event_stores("postgresql").query(
        """
        SELECT ledger.leaf(%b, %b::bigint, %b, %b, %b::bigint, %t, %b::integer, %b::bigint, %b, %b,
                           count(n)::integer,
                           coalesce(string_agg(int4send(n) || uuid_send(key) || sha256(text), '' ORDER BY n), ''))
          FROM unnest(%b::integer[], %b::uuid[], %b::bytea[]) AS part (n, key, text)
        """,
        (*(told[name] for name in told if name != "parts"), ns, keys, texts),
    )
    assert leaf.hex() == LEAVES[case]["leaf"]


@pytest.mark.parametrize("tree", TREE["by_size"], ids=lambda tree: str(tree["size"]))
def test_python_gives_the_golden_tree(tree: dict[str, Any]) -> None:
    peaks = grown([bytes.fromhex(leaf) for leaf in TREE["leaves"][: tree["size"]]])
    assert [peak.hex() for peak in peaks] == tree["peaks"]
    assert layout.root(peaks).hex() == tree["root"]
    assert layout.split(b"".join(peaks)) == peaks


def test_the_trees_root_is_that_of_rfc_6962(counts: Callable[[int, int], int]) -> None:
    @settings(max_examples=counts(50, 500), deadline=None)
    @given(st.lists(st.binary(min_size=32, max_size=32), max_size=130))
    def check(leaves: list[bytes]) -> None:
        assert grown(leaves) == tree_peaks(leaves)
        assert layout.root(grown(leaves)) == tree_hash(leaves)

    check()


def test_a_tree_without_leaves_has_the_hash_of_nothing() -> None:
    assert layout.root(()).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_tree_of_one_leaf_has_its_hash() -> None:
    """The leaf of the empty string, RFC 6962's own example."""
    leaf = sha256(b"\x00").digest()
    assert leaf.hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert layout.root(layout.grow((), 0, leaf)) == leaf


def test_what_is_appended_grows_the_tree_of_rfc_6962(recorder: Recorder, counts: Callable[[int, int], int]) -> None:
    chosen = random.Random(6962)
    streams = {uuid4(): 0 for _ in range(5)}
    for _ in range(counts(12, 100)):
        batch = []
        for _ in range(chosen.choice((1, 1, 2, 3, 7))):
            stream = chosen.choice(list(streams))
            streams[stream] += 1
            parts = [a_part(n, chosen.randbytes(n)) for n in range(1, chosen.randrange(1, 5))]
            chosen.shuffle(parts)
            batch.append(
                an_event(
                    stream,
                    streams[stream],
                    topic=chosen.choice(("meeting.held", "høring.åpnet")),
                    state=chosen.randbytes(chosen.randrange(80)),
                    schema_version=chosen.randrange(1, 9),
                    parts=tuple(parts),
                )
            )
        recorder.append(batch, Append(clock=START + chosen.randrange(10**9)))
        rows = recorder.rows(0, 10_000, parts=True)
        leaves = [leaf_by_hand(recorder.ledger, row) for row in rows]
        assert [row.leaf for row in rows] == leaves
        assert recorder.head().peaks == tree_peaks(leaves)
    assert layout.root(recorder.head().peaks) == tree_hash(leaves)
