"""The vault: every data key, wrapped under one key-encryption key, apart from the events.

Only the vault maps a key to a subject and a data class, so a key destroyed here leaves bytes that tell nothing.
Wrapped = nonce(12) ‖ AES-256-GCM under the key-encryption key, bound to key_id(16) ‖ ledger(16) ‖ epoch(4).
"""

import base64
import os
from collections import OrderedDict
from collections.abc import Collection, Iterable
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import (
    Column,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    create_engine,
    event,
    inspect,
    select,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite

from adapters.recorder import FormatError
from adapters.seal import NONCE, Key

FORMAT = 1
KEY_BYTES = 32
CACHE = 100_000
"""Opened keys kept in memory, about 300 bytes each."""
_CHUNK = 400

METADATA = MetaData()
KEYS = Table(
    "keys",
    METADATA,
    Column("key_id", Uuid, primary_key=True),
    Column("ledger", Uuid, nullable=False),
    Column("subject", Uuid, nullable=False),
    Column("data_class", String(16), nullable=False),
    Column("record", Uuid, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    UniqueConstraint("ledger", "subject", "data_class", "record"),
)
VERSION = Table("vault_format", METADATA, Column("version", Integer, primary_key=True))


class KeyName(NamedTuple):
    """What a key is for: a subject's data of one class in one record.

    `data_class` is identity, casework, special, voice, record (a skeleton) or ledger (an HMAC key).
    """

    subject: UUID
    data_class: str
    record: UUID


class WrongVaultKey(Exception):
    """The key-encryption key is not the one this vault was made with, or is no key at all."""


def load_kek(path: Path, value: str | None = None, *, create: bool = False) -> bytes:
    """The key-encryption key, 32 bytes: from `value` in base64, else from the file, mode 0600.

    With `create`, a missing file is made. Raises WrongVaultKey, saying what to do.
    """
    source: str | Path = "MEDVIRKNING_VAULT_KEY"
    told: str | bytes | None = value
    if told is None:
        source = path
        if create and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
                file.flush()
                os.fsync(file.fileno())
        if not path.exists():
            raise WrongVaultKey(f"there is no {path}: put the vault's key there, or in MEDVIRKNING_VAULT_KEY")
        if path.stat().st_mode & 0o077:
            raise WrongVaultKey(f"{path} can be read by others: run `chmod 600 {path}`")
        told = path.read_bytes().strip()
    try:
        key = base64.b64decode(told, validate=True)
    except ValueError as error:
        raise WrongVaultKey(f"{source} is not base64") from error
    if len(key) != KEY_BYTES:
        raise WrongVaultKey(f"the vault's key has {len(key)} bytes, not {KEY_BYTES}")
    return key


class Vault:
    """The data keys. Keys are committed before they are handed out; opened keys are cached in this process."""

    def __init__(self, url: str, kek: bytes) -> None:
        self.engine: Engine = create_engine(url, pool_size=2, max_overflow=30, hide_parameters=True)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", durable)
        self._direct = direct(self.engine)
        dialect = sqlite if self.engine.dialect.name == "sqlite" else postgresql
        insert = dialect.insert(KEYS).on_conflict_do_nothing()
        self._insert = insert.execution_options(preserve_rowcount=True)
        self._kek, self._epoch = AESGCM(kek), 1
        self._lock = Lock()
        self._by_name: OrderedDict[tuple[UUID, KeyName], Key] = OrderedDict()
        self._by_id: OrderedDict[UUID, Key] = OrderedDict()
        self._secrets: dict[UUID, bytes] = {}

    def migrate(self) -> list[str]:
        """Brings the vault to this version's format; returns what it ran."""
        if inspect(self.engine).has_table(VERSION.name):
            self.check_format()
            return []
        METADATA.create_all(self.engine)
        with self.engine.begin() as connection:
            connection.execute(VERSION.insert().values(version=FORMAT))
        return ["vault_0001"]

    def check_format(self) -> None:
        """Raises FormatError unless the vault has this version's format, WrongVaultKey if its key is another."""
        if not inspect(self.engine).has_table(VERSION.name):
            raise FormatError("the vault is empty: run `medvirkning migrate`")
        with self.engine.connect() as connection:
            version = connection.execute(select(VERSION.c.version)).scalar_one()
            if version != FORMAT:
                raise FormatError(f"the vault has format {version}; this version keeps {FORMAT}")
            row = connection.execute(select(KEYS).limit(1)).one_or_none()
        if row is not None:
            self._unwrap(row)

    def keys(self, ledger: UUID, wanted: Collection[KeyName], *, new: bool = False) -> dict[KeyName, Key]:
        """A key for every name; those that are missing are made and committed before this returns.

        Those of a `new` record are made without looking for them first.
        """
        found = {name: key for name in wanted if (key := self._by_name.get((ledger, name)))}
        if len(found) < len(wanted):
            missing = [name for name in dict.fromkeys(wanted) if name not in found]
            stored = {} if new else self._select(ledger, missing)
            absent = [name for name in missing if name not in stored]
            if absent:
                stored |= self._make(ledger, absent)
            with self._lock:
                for name, key in stored.items():
                    _remember(self._by_name, (ledger, name), key)
                    _remember(self._by_id, key.key_id, key)
            found |= stored
        return found

    def open(self, key_ids: Collection[UUID]) -> dict[UUID, Key]:
        """The keys that still exist; one that does not was destroyed, or belongs to another vault."""
        cached = self._by_id
        found = {key_id: key for key_id in key_ids if (key := cached.get(key_id))}
        missing = [key_id for key_id in key_ids if key_id not in found]
        for start in range(0, len(missing), _CHUNK):
            chunk = missing[start : start + _CHUNK]
            with self._direct.connect() as connection:
                rows = connection.execute(select(KEYS).where(KEYS.c.key_id.in_(chunk))).all()
            opened = {row.key_id: Key(row.key_id, self._unwrap(row)) for row in rows}
            with self._lock:
                for key_id, key in opened.items():
                    _remember(self._by_id, key_id, key)
            found |= opened
        return found

    def secret(self, ledger: UUID) -> bytes:
        """The ledger's own HMAC key, 32 bytes."""
        if ledger not in self._secrets:
            name = KeyName(ledger, "ledger", ledger)
            self.keys(ledger, [name])
            self._secrets[ledger] = self._unwrap(self._rows(ledger, [name])[0])
        return self._secrets[ledger]

    def close(self) -> None:
        """Closes every connection and forgets every key."""
        self.engine.dispose()
        self._by_name.clear()
        self._by_id.clear()
        self._secrets.clear()

    def _select(self, ledger: UUID, names: Iterable[KeyName]) -> dict[KeyName, Key]:
        return {
            KeyName(row.subject, row.data_class, row.record): Key(row.key_id, self._unwrap(row))
            for row in self._rows(ledger, list(names))
        }

    def _rows(self, ledger: UUID, names: list[KeyName]) -> list[Any]:
        rows: list[Any] = []
        columns = tuple_(KEYS.c.subject, KEYS.c.data_class, KEYS.c.record)
        with self._direct.connect() as connection:
            for start in range(0, len(names), _CHUNK):
                chunk = names[start : start + _CHUNK]
                rows += connection.execute(select(KEYS).where(KEYS.c.ledger == ledger, columns.in_(chunk)))
        return rows

    def _make(self, ledger: UUID, names: Collection[KeyName]) -> dict[KeyName, Key]:
        made = {name: (uuid4(), AESGCM.generate_key(bit_length=KEY_BYTES * 8)) for name in names}
        values = [
            {
                "key_id": key_id,
                "ledger": ledger,
                **name._asdict(),
                "epoch": self._epoch,
                "wrapped": self._wrap(key_id, ledger, key),
            }
            for name, (key_id, key) in made.items()
        ]
        with self._direct.begin() as connection:
            stood = connection.execute(self._insert, values).rowcount
        if stood < len(made):
            # Another process made one of them at the same time: the first one stands.
            return self._select(ledger, names)
        return {name: Key(key_id, key) for name, (key_id, key) in made.items()}

    def _wrap(self, key_id: UUID, ledger: UUID, key: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._kek.encrypt(nonce, key, _bound(key_id, ledger, self._epoch))

    def _unwrap(self, row: Any) -> bytes:
        wrapped = bytes(row.wrapped)
        try:
            return self._kek.decrypt(wrapped[:NONCE], wrapped[NONCE:], _bound(row.key_id, row.ledger, row.epoch))
        except InvalidTag as error:
            raise WrongVaultKey(
                "the vault does not open with this key: give back the vault.key it was made with"
            ) from error


def direct(engine: Engine) -> Engine:
    """The engine for what is one statement: on PostgreSQL without BEGIN and COMMIT, which are round trips."""
    return engine.execution_options(isolation_level="AUTOCOMMIT") if engine.dialect.name == "postgresql" else engine


def durable(connection: Any, _record: Any) -> None:
    """SQLite as we keep it: a commit is on the disk when it returns, and readers do not wait for writers."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA busy_timeout = 30000")


def _bound(key_id: UUID, ledger: UUID, epoch: int) -> bytes:
    return key_id.bytes + ledger.bytes + epoch.to_bytes(4, "big")


def _remember(cache: OrderedDict[Any, Key], name: Any, key: Key) -> None:
    cache[name] = key
    if len(cache) > CACHE:
        cache.popitem(last=False)
