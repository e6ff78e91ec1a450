"""A store that version 0.1.0 wrote opens in this version, and goes on.

tests/golden/store-1 never changes. Its token is for an evaluator, until 90 days after it was written.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.eventstore import LedgerStore
from adapters.exports import export
from adapters.verify import verify
from api import demo
from api.app import application
from api.bootstrap import Running, bootstrap, migrate
from api.config import Config
from tests.conftest import Api, Clock, meeting

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the store, with the mode of its key that git does not keep."""
    copied = tmp_path / "store-1"
    shutil.copytree(GOLDEN / "store-1", copied)
    copied.joinpath("vault.key").chmod(0o600)
    return copied


@pytest.fixture
def golden(folder: Path, clock: Clock) -> Iterator[Running]:
    """The store, opened by today's code."""
    config = Config(data=folder)
    migrate(config)
    running = bootstrap(config, clock=clock)
    yield running
    running.close()


def store_of(running: Running) -> LedgerStore:
    return running.store(running.ledger_numbered(demo.NUMBER))


@pytest.fixture
def golden_api(golden: Running, folder: Path) -> Api:
    """The store over HTTP, with the token that came with it."""
    token = folder.joinpath("token").read_text().strip()
    client = application(golden.services, golden.features).test_client()
    return Api(golden, golden.ledger_numbered(demo.NUMBER), client, {"evaluator": token})


def test_the_golden_store_is_still_whole(golden: Running) -> None:
    assert list(verify(store_of(golden))) == []


def test_the_golden_store_is_exported_byte_for_byte(golden: Running) -> None:
    exported = b"".join(export(store_of(golden), text=True))
    assert exported == GOLDEN.joinpath("store-1.jsonl").read_bytes()


def test_the_golden_stores_texts_corrections_and_token_can_be_read(golden_api: Api) -> None:
    meetings = golden_api.items("/v1/meetings")
    assert len(meetings) == 5
    details = [golden_api.get(f"/v1/meetings/{each['id']}").json for each in meetings]
    assert {detail["title"] for detail in details} >= {
        "Fellesmøtet med kommuneansatte og flyktninger",
        "ett separat møte med flyktningene",
    }
    assert len(golden_api.items("/v1/inputs")) == 11


def test_the_golden_store_goes_on(golden_api: Api) -> None:
    store = store_of(golden_api.running)
    before = b"".join(export(store, text=True))
    made = golden_api.post("/v1/meetings", meeting(title="Neste møte"))
    assert made.status_code == 201
    assert golden_api.get(f"/v1/meetings/{made.json['id']}").json["title"] == "Neste møte"
    assert b"".join(export(store, text=True)).startswith(before)
    assert list(verify(store)) == []


def test_of_the_golden_history_only_what_came_to_it_since_is_new(golden: Running) -> None:
    store = store_of(golden)
    head = store.head()
    for _ in range(2):
        assert demo.load(golden) == store.ledger
        assert [each.name for each in store.page(head, 10)] == ["body.registered_as_existing"]
