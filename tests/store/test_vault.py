"""The vault: a key is stored before it is used, is the same for everybody, and opens with one other key only."""

import base64
import hashlib
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from adapters.vault import KEYS, KeyName, Vault, WrongVaultKey, load_kek
from api.bootstrap import Running, bootstrap, migrate
from api.config import Config
from domain.commands import Command
from domain.errors import Stale
from domain.events import Actor, Meta
from domain.meetings import Invited, Meeting, Minuted, Scheduled
from domain.records import open_record, record
from tests.conftest import open_api
from tests.store.conftest import START

KEK = bytes(range(32))
CLASSES = ("record", "casework", "voice", "identity", "special")


@pytest.fixture(scope="module")
def vaults(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """The URL of a back end's migrated vault; every test has ledgers of its own in it."""
    made: dict[str, str] = {}

    def get(back_end: str) -> str:
        if back_end not in made:
            file = f"sqlite:///{tmp_path_factory.mktemp('vault') / 'vault.db'}"
            made[back_end] = file if back_end == "sqlite" else request.getfixturevalue("databases")("vault")
            vault = Vault(made[back_end], KEK)
            vault.migrate()
            vault.close()
        return made[back_end]

    return get


@pytest.fixture
def url(vaults: Callable[[str], str], back_end: str) -> str:
    """The vault's URL, on each back end in turn."""
    return vaults(back_end)


@pytest.fixture
def open_vault(url: str) -> Iterator[Callable[..., Vault]]:
    """Opens the vault once more, as another process would."""
    opened = []

    def open_(kek: bytes = KEK) -> Vault:
        opened.append(Vault(url, kek))
        return opened[-1]

    yield open_
    for vault in opened:
        vault.close()


def names(count: int) -> list[KeyName]:
    return [KeyName(uuid4(), CLASSES[at % len(CLASSES)], uuid4()) for at in range(count)]


def test_a_key_is_stored_before_it_is_handed_out(open_vault: Callable[..., Vault]) -> None:
    ledger, event = uuid4(), uuid4()
    for key in open_vault().keys(ledger, names(3)).values():
        found = open_vault().open([key.key_id])
        assert found[key.key_id].open(ledger, event, 1, key.seal(ledger, event, 1, b"said")) == b"said"


def test_a_key_is_stored_before_the_event_that_uses_it(running: Running) -> None:
    """Of a command that was refused a key is left that nobody uses, and never an event without its key."""
    store = running.store(open_api(running).ledger)
    command = Command(now=START, new_id=uuid4, client="test")
    meta = Meta(recorded_by=Actor(id="a", role="system", unit="unknown"))
    opened = open_record(store, Meeting, Scheduled(meta=meta, kind="interview"), command)
    record(store, Meeting, opened.id, 1, Invited(meta=meta), command)

    def classes() -> set[str]:
        with running.vault.engine.connect() as connection:
            return set(connection.execute(select(KEYS.c.data_class).where(KEYS.c.record == opened.id)).scalars())

    assert classes() == {"record"}
    with pytest.raises(Stale):
        store.save(opened.record(Minuted(meta=meta, minutes="Enighet"), command), command)
    assert classes() == {"record", "casework"}
    assert store.get(Meeting, opened.id).version == 2


def test_a_name_has_one_key_whoever_asks(open_vault: Callable[..., Vault]) -> None:
    ledger, wanted = uuid4(), names(5)
    first = open_vault()
    keys = first.keys(ledger, wanted)
    assert len({key.key_id for key in keys.values()}) == 5
    for vault in (first, open_vault()):
        assert ids(vault.keys(ledger, [*wanted, *wanted])) == ids(keys)


def ids(keys: dict[KeyName, Any]) -> dict[KeyName, UUID]:
    return {name: key.key_id for name, key in keys.items()}


def test_names_that_differ_in_any_member_have_keys_of_their_own(open_vault: Callable[..., Vault]) -> None:
    vault, name = open_vault(), KeyName(uuid4(), "casework", uuid4())
    near = [name, name._replace(subject=uuid4()), name._replace(data_class="voice"), name._replace(record=uuid4())]
    keys = [*vault.keys(uuid4(), [name]).values(), *vault.keys(uuid4(), near).values()]
    assert len({key.key_id for key in keys}) == 5


def test_two_who_make_the_same_keys_at_once_get_the_same(
    open_vault: Callable[..., Vault], counts: Callable[[int, int], int]
) -> None:
    ledger, vaults = uuid4(), [open_vault() for _ in range(4)]
    barrier = Barrier(len(vaults), timeout=60)

    def make(vault: Vault, wanted: list[KeyName]) -> dict[KeyName, Any]:
        barrier.wait()
        return vault.keys(ledger, wanted)

    with ThreadPoolExecutor(len(vaults)) as pool:
        for _ in range(counts(5, 50)):
            wanted = names(6)
            first, *others = pool.map(lambda vault, wanted=wanted: make(vault, wanted), vaults)  # type: ignore[misc]
            for other in others:
                assert ids(other) == ids(first)
                for name in wanted:
                    sealed = first[name].seal(ledger, ledger, 1, b"said")
                    assert other[name].open(ledger, ledger, 1, sealed) == b"said"


def test_a_key_that_is_gone_is_not_among_those_opened(open_vault: Callable[..., Vault]) -> None:
    vault = open_vault()
    [kept, gone] = vault.keys(uuid4(), names(2)).values()
    with vault.engine.begin() as connection:
        connection.execute(KEYS.delete().where(KEYS.c.key_id == gone.key_id))
    assert open_vault().open([kept.key_id, gone.key_id, uuid4()]).keys() == {kept.key_id}


def test_another_key_encryption_key_says_so(open_vault: Callable[..., Vault]) -> None:
    ledger, [name] = uuid4(), names(1)
    key = open_vault().keys(ledger, [name])[name]
    other = open_vault(bytes(32))
    for attempt in (other.check_format, lambda: other.open([key.key_id]), lambda: other.keys(ledger, [name])):
        with pytest.raises(WrongVaultKey, match=r"vault\.key"):
            attempt()


def test_a_key_does_not_unwrap_in_another_row(open_vault: Callable[..., Vault]) -> None:
    ledger, vault = uuid4(), open_vault()
    [one, other] = vault.keys(ledger, names(2)).values()
    with vault.engine.connect() as connection:
        wrapped = connection.execute(select(KEYS.c.wrapped).where(KEYS.c.key_id == other.key_id)).scalar_one()
    moved: list[dict[str, Any]] = [{"ledger": uuid4()}, {"epoch": 2}, {"wrapped": wrapped}, {"key_id": uuid4()}]
    for change in moved:
        [key] = vault.keys(ledger, names(1)).values()
        with vault.engine.begin() as connection:
            connection.execute(KEYS.update().where(KEYS.c.key_id == key.key_id).values(change))
        with pytest.raises(WrongVaultKey):
            open_vault().open([change.get("key_id", key.key_id)])
    assert open_vault().open([one.key_id]).keys() == {one.key_id}


def test_each_ledger_has_a_secret_of_its_own_that_stays(open_vault: Callable[..., Vault]) -> None:
    here, there = uuid4(), uuid4()
    vault = open_vault()
    assert len(vault.secret(here)) == 32
    assert vault.secret(here) != vault.secret(there)
    assert open_vault().secret(here) == vault.secret(here)


def test_no_key_lies_open_in_the_vault(open_vault: Callable[..., Vault]) -> None:
    ledger, vault = uuid4(), open_vault()
    secret = vault.secret(ledger)
    with vault.engine.connect() as connection:
        stored = b"".join(bytes(row.wrapped) for row in connection.execute(select(KEYS)))
    assert secret not in stored
    assert KEK not in stored


def test_a_missing_key_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "vault.key"
    with pytest.raises(WrongVaultKey, match="there is no"):
        load_kek(path)
    made = load_kek(path, create=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(made) == 32
    assert load_kek(path, create=True) == load_kek(path) == made


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "vault.key"
    load_kek(path, create=True)
    path.chmod(mode)
    with pytest.raises(WrongVaultKey, match="chmod 600"):
        load_kek(path)


@pytest.mark.parametrize("text", ["", "c2hvcnQ=", "not base64 at all", base64.b64encode(bytes(33)).decode()])
def test_what_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "vault.key"
    path.touch(0o600)
    path.write_text(text)
    for value in (text, None):
        with pytest.raises(WrongVaultKey):
            load_kek(path, value)


def test_a_key_may_come_from_the_environment_instead(tmp_path: Path) -> None:
    assert load_kek(tmp_path / "none", base64.b64encode(KEK).decode()) == KEK
    assert not tmp_path.joinpath("none").exists()


def test_an_installation_whose_key_was_lost_does_not_start(config: Config) -> None:
    opened = bootstrap(config)
    open_api(opened)
    opened.close()
    other = base64.b64encode(hashlib.sha256(b"another").digest()).decode()
    with pytest.raises(WrongVaultKey):
        bootstrap(Config(config.data, config.database, config.owner_database, config.vault, other))
    migrate(config)
    bootstrap(config).close()
