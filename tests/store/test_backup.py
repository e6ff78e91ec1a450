"""Backup and restore: into either back end, whole or not at all, and never with the key that opens it."""

import base64
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from adapters.backup import TABLES, NotABackup, NotEmpty
from adapters.exports import export
from adapters.verify import verify
from api import demo, ledgers
from api.app import application
from api.bootstrap import Running, assemble, bootstrap, migrate
from api.config import Config
from tests.conftest import BACK_ENDS, Api, Clock, meeting
from tests.golden.make_store import change

KEK = base64.b64encode(bytes(range(32))).decode()


def installed(make_config: Callable[..., Config], back_end: str, name: str) -> Config:
    config = replace(make_config(back_end, name), vault_key=KEK)
    migrate(config)
    return config


@pytest.fixture
def origin(make_config: Callable[..., Config], back_end: str, clock: Clock) -> Iterator[Api]:
    """The golden history with a correction and a retraction, and another ledger with a meeting; its key is known."""
    running = bootstrap(installed(make_config, back_end, "data"), clock=clock)
    client = application(running.services, running.features).test_client()
    api = Api(running, demo.load(running), client)
    change(api)
    other = Api(running, ledgers.create(running, "0301", "Oslo", synthetic=True), client)
    assert other.post("/v1/meetings", meeting(title="Et annet sted")).status_code == 201
    yield api
    running.close()


def restore(config: Config, file: Path) -> None:
    """Restores as the owner, as the command line does."""
    running = assemble(replace(config, database=config.owner_database))
    try:
        running.stores().restore(file)
    finally:
        running.close()


def exports(running: Running) -> dict[UUID, bytes]:
    return {row.id: b"".join(export(running.store(row.id), text=True)) for row in running.events.ledgers()}


def rows(config: Config) -> int:
    """How many rows the tables of a backup have together."""
    running = assemble(config)
    count = 0
    for table in TABLES:
        engine = {"keys": running.vault, "tokens": running.access}.get(table, running.events).engine
        schema = "" if config.embedded or table == "keys" else "access." if table == "tokens" else "ledger."
        with engine.connect() as connection:
            count += connection.execute(text(f"SELECT count(*) FROM {schema}{table}")).scalar_one()
    running.close()
    return count


@pytest.mark.parametrize("target", BACK_ENDS)
def test_a_restored_installation_is_the_same_and_goes_on(
    origin: Api, target: str, make_config: Callable[..., Config], tmp_path: Path, clock: Clock
) -> None:
    once = origin.post("/v1/meetings", meeting(title="Én gang"), key="once")
    origin.running.stores().backup(tmp_path / "backup")
    config = installed(make_config, target, "restored")
    restore(config, tmp_path / "backup")

    running = bootstrap(config, clock=clock)
    assert exports(running) == exports(origin.running)
    for row in running.events.ledgers():
        assert list(verify(running.store(row.id))) == []
    assert running.events.ledgers() == origin.running.events.ledgers()

    client = application(running.services, running.features).test_client()
    api = Api(running, origin.ledger, client, dict(origin.tokens))
    assert api.items("/v1/meetings", role="coordinator") == origin.items("/v1/meetings", role="coordinator")
    head = running.store(api.ledger).head()
    assert demo.load(running) == origin.ledger
    assert api.post("/v1/meetings", meeting(title="Én gang"), key="once").json == once.json
    assert running.store(api.ledger).head() == head
    assert api.post("/v1/meetings", meeting(title="Neste møte")).status_code == 201
    assert list(verify(running.store(api.ledger))) == []
    running.close()


def test_what_opens_a_backup_is_not_in_it(origin: Api, tmp_path: Path) -> None:
    token, vault = origin.token("coordinator"), origin.running.vault
    origin.running.stores().backup(tmp_path / "backup")
    written = tmp_path.joinpath("backup").read_bytes()
    secrets = [bytes(range(32)), vault.secret(origin.ledger), token.encode()]
    secrets.append(base64.urlsafe_b64decode(token.removeprefix("mv_"))[16:])
    for secret in secrets:
        for form in (secret, secret.hex().encode(), base64.b64encode(secret)):
            assert form not in written
    assert b"Fellesm" not in written


def broken(whole: bytes, count: int) -> Iterator[bytes]:
    """Files that are no whole backup: cut, with a byte changed, or something else altogether."""
    chosen = random.Random(1)
    for end in [0, 7, 8, 31, 32, 33, len(whole) - 33, len(whole) - 32, len(whole) - 1]:
        yield whole[:end]
    for at in [0, 7, 8, len(whole) - 1, *(chosen.randrange(len(whole)) for _ in range(count))]:
        yield whole[:at]
        yield whole[:at] + bytes([whole[at] ^ chosen.randrange(1, 256)]) + whole[at + 1 :]
    yield whole + b"\0"
    yield b'{"events": []}\n' * 100
    yield chosen.randbytes(2_000)


def test_a_cut_or_damaged_backup_is_refused_with_nothing_written(
    origin: Api, back_end: str, make_config: Callable[..., Config], tmp_path: Path, counts: Callable[[int, int], int]
) -> None:
    origin.running.stores().backup(tmp_path / "backup")
    config = installed(make_config, back_end, "restored")
    running = assemble(config)
    for written in broken(tmp_path.joinpath("backup").read_bytes(), counts(10, 100)):
        tmp_path.joinpath("broken").write_bytes(written)
        with pytest.raises(NotABackup):
            running.stores().restore(tmp_path / "broken")
    running.close()
    assert rows(config) == 0
    restore(config, tmp_path / "backup")
    assert rows(config) == rows(origin.running.config)


def test_a_restore_writes_over_nothing(origin: Api, tmp_path: Path) -> None:
    origin.running.stores().backup(tmp_path / "backup")
    before, count = exports(origin.running), rows(origin.running.config)
    with pytest.raises(NotEmpty):
        restore(origin.running.config, tmp_path / "backup")
    assert (exports(origin.running), rows(origin.running.config)) == (before, count)


def test_a_restore_goes_into_no_vault_that_has_a_key(
    origin: Api, make_config: Callable[..., Config], tmp_path: Path
) -> None:
    """Not even an unused one: two vaults are never mixed."""
    origin.running.stores().backup(tmp_path / "backup")
    config = installed(make_config, "sqlite", "restored")
    running = assemble(config)
    running.vault.secret(uuid4())
    running.close()
    with pytest.raises(NotEmpty, match="keys"):
        restore(config, tmp_path / "backup")
    assert rows(config) == 1


def test_a_backup_under_load_is_of_one_moment(
    origin: Api, make_config: Callable[..., Config], tmp_path: Path, clock: Clock
) -> None:
    """Whatever is appended meanwhile: the ledger in the backup is whole, and every event has its key."""
    stores = origin.running.stores()

    def append(table: str, count: int) -> None:
        assert origin.post("/v1/meetings", meeting(title=f"Etter {table}")).status_code == 201

    before = exports(origin.running)[origin.ledger]
    stores.backup(tmp_path / "backup", append)
    after = exports(origin.running)[origin.ledger]
    config = installed(make_config, "sqlite", "restored")
    restore(config, tmp_path / "backup")
    running = bootstrap(config, clock=clock)
    store = running.store(origin.ledger)
    assert list(verify(store)) == []
    restored = b"".join(export(store, text=True))
    assert restored.startswith(before)
    assert after.startswith(restored)
    assert len(after) > len(restored)
    running.close()
