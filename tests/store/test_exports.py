"""What a ledger was told makes its export, whichever store is below."""

import json
from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any

import pytest

from adapters.eventstore import LedgerStore
from adapters.exports import export
from adapters.recorder import Row
from api import demo
from api.bootstrap import Running, bootstrap, migrate
from api.config import Config
from api.imports import Importer
from tests.conftest import BACK_ENDS, Clock, Ids, open_api

GOLDEN = [
    json.loads(line)
    for line in resources.files("adapters.golden").joinpath("aalesund-2009.jsonl").read_bytes().splitlines()
]
LAST = [line for line in GOLDEN if line["command"].startswith("input.")][-1]
HIDDEN = {"key_id", "skeleton", "leaf", "parts"}
"""Columns that are not exported as they are."""


def told(running: Running) -> LedgerStore:
    """A synthetic ledger that was told the golden history by import, and one correction and one retraction more."""
    api = open_api(running)
    store = running.store(api.ledger)
    services = running.services
    records = services.ledger(api.ledger).records
    importer = Importer(records, running.features, demo.SOURCE, services.clock, services.new_id)

    def run(*lines: dict[str, Any]) -> None:
        outcomes = list(importer.run(json.dumps(line).encode() for line in lines))
        assert {outcome.result for outcome in outcomes} == {"recorded"}, outcomes

    run(*GOLDEN)
    told = [each for each in store.page(1, store.head()) if each.name.startswith(("meeting.", "input."))]
    first, last = told[0].event_id, told[-1].event_id
    line = GOLDEN[0]
    again = {**line["body"], "occurred": line["occurred"], "basis": line["basis"], "title": "Fellesmøtet"}
    del again["performed_by"]
    shared = {"actor": line["actor"], "basis": "document"}
    correction = {"event_id": str(first), "reason": "feil tittel", "replacement": again}
    retraction = {"event_id": str(last), "reason": "ført to ganger"}
    run(
        {**shared, "key": "c", "command": "meeting.corrected", "$ref": line["ref"], "body": correction},
        {**shared, "key": "r", "command": "input.retracted", "$ref": LAST["ref"], "body": retraction},
    )
    return store


@pytest.fixture
def stores(make_config: Callable[..., Config]) -> Iterator[list[LedgerStore]]:
    """The ledger on each back end."""
    opened = []
    for back_end in BACK_ENDS:
        config = make_config(back_end, back_end)
        migrate(config)
        opened.append(bootstrap(config, clock=Clock(), new_id=Ids()))
    yield [told(running) for running in opened]
    for running in opened:
        running.close()


def test_the_same_import_gives_the_same_bytes_from_every_store(stores: list[LedgerStore]) -> None:
    one, other = stores
    for text in (False, True):
        exported = b"".join(export(one, text=text))
        assert exported == b"".join(export(other, text=text))
        assert len(exported.splitlines()) == 1 + len(GOLDEN) + 2


def test_an_export_tells_every_column_with_sorted_keys_and_text_only_when_asked(
    stores: list[LedgerStore],
) -> None:
    for store in stores:
        rows = store.recorder.rows(0, 100)
        silent, full = ([json.loads(line) for line in export(store, text=text)] for text in (False, True))
        for row, line, whole in zip(rows, silent, full, strict=True):
            told = {name: getattr(row, name) for name in Row._fields if name not in HIDDEN}
            as_json = {name: value if isinstance(value, int | str) else str(value) for name, value in told.items()}
            assert line == {**as_json, "ledger": str(store.ledger), "skeleton": line["skeleton"]}
            assert {name: value for name, value in whole.items() if name != "text"} == line
        assert full[1]["text"] == {
            "casework": {**dict.fromkeys(("agenda", "minutes", "place")), "title": GOLDEN[0]["body"]["title"]}
        }
        assert full[-1]["text"] == {"casework": {"reason": "ført to ganger"}}
        for line in export(store, text=True):
            assert (
                line
                == json.dumps(json.loads(line), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
                + b"\n"
            )
