"""Sign-ins to the frontends at rest: of each the token, sealed under a secret that only the browser's cookie holds.

A copy of this database opens nothing: a row's name is a digest of the secret, and the secret is nowhere in it.
"""

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import BigInteger, Column, Engine, LargeBinary, MetaData, Table, inspect

from adapters.recorder import FormatError

_NONCE = 12


class Sessions:
    """The sign-ins of an installation. On PostgreSQL they lie in the schema `access`, beside the tokens."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._schema = None if engine.dialect.name == "sqlite" else "access"
        self.table = Table(
            "sessions",
            MetaData(schema=self._schema),
            Column("id", LargeBinary(32), primary_key=True),
            Column("sealed", LargeBinary, nullable=False),
            Column("expires_at", BigInteger, nullable=False),
        )

    def migrate(self) -> list[str]:
        """Makes the table, if it is not there."""
        if self._made():
            return []
        self.table.create(self._engine)
        return ["access_0002"]

    def check_format(self) -> None:
        """Raises FormatError unless the table is there."""
        if not self._made():
            raise FormatError("there is no table of sessions: run `medvirkning migrate`")

    def open(self, token: str, now_us: int, expires_at: int) -> str:
        """Signs in with a token; the secret it returns is told to the browser alone. Clears away what has expired."""
        secret, nonce = os.urandom(32), os.urandom(_NONCE)
        sealed = nonce + AESGCM(_key(secret)).encrypt(nonce, token.encode(), _id(secret))
        with self._engine.begin() as connection:
            connection.execute(self.table.delete().where(self.table.c.expires_at <= now_us))
            connection.execute(self.table.insert().values(id=_id(secret), sealed=sealed, expires_at=expires_at))
        return secret.hex()

    def token(self, secret: str, now_us: int) -> str | None:
        """The token that was signed in with; None if there is no such sign-in, or no longer."""
        raw = _raw(secret)
        if raw is None:
            return None
        wanted = self.table.select().where(self.table.c.id == _id(raw), self.table.c.expires_at > now_us)
        with self._engine.connect() as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None:
            return None
        try:
            return AESGCM(_key(raw)).decrypt(row.sealed[:_NONCE], row.sealed[_NONCE:], _id(raw)).decode()
        except InvalidTag:
            return None

    def close(self, secret: str) -> None:
        """Signs out."""
        if raw := _raw(secret):
            with self._engine.begin() as connection:
                connection.execute(self.table.delete().where(self.table.c.id == _id(raw)))

    def _made(self) -> bool:
        return inspect(self._engine).has_table("sessions", schema=self._schema)


def _raw(secret: str) -> bytes | None:
    try:
        return bytes.fromhex(secret)
    except ValueError:
        return None


def _id(secret: bytes) -> bytes:
    return hashlib.sha256(b"session\0" + secret).digest()


def _key(secret: bytes) -> bytes:
    return hashlib.sha256(b"session key\0" + secret).digest()
