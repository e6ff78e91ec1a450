"""Bearer tokens at rest: an HMAC of each, never the token.

A token is `mv_` and the base64url of token id (16 bytes) ‖ secret (32 bytes); it is shown once. Its HMAC is under the
secret of the ledger it is for, so a copy of this database opens nothing.
"""

import base64
import binascii
import hashlib
import hmac
import os
from uuid import UUID

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    Uuid,
    bindparam,
    create_engine,
    event,
    inspect,
    select,
)

from adapters.recorder import FormatError
from adapters.vault import Vault, direct, durable

PREFIX = "mv_"
_ID, _SECRET = 16, 32


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a token grants: a role in a unit of one ledger, until it expires (µs). `actor` is an opaque id."""

    id: UUID
    ledger: UUID
    role: str
    unit: str
    actor: str
    client: str
    scopes: frozenset[str]
    expires_at: int


class Access:
    """The tokens of an installation. On PostgreSQL they lie in the schema `access`."""

    def __init__(self, url: str, vault: Vault) -> None:
        self.engine = create_engine(url, pool_size=2, max_overflow=30, hide_parameters=True)
        self._direct = direct(self.engine)
        self._vault = vault
        embedded = self.engine.dialect.name == "sqlite"
        if embedded:
            event.listen(self.engine, "connect", durable)
        self._metadata = MetaData(schema=None if embedded else "access")
        self.tokens = Table(
            "tokens",
            self._metadata,
            Column("id", Uuid, primary_key=True),
            Column("ledger", Uuid, nullable=False),
            Column("digest", LargeBinary, nullable=False),
            Column("role", String(32), nullable=False),
            Column("unit", String(64), nullable=False),
            Column("actor", String(64), nullable=False),
            Column("client", String(64), nullable=False),
            Column("scopes", String(500), nullable=False),
            Column("created_at", BigInteger, nullable=False),
            Column("expires_at", BigInteger, nullable=False),
            Column("revoked_at", BigInteger),
        )
        self._by_id = select(self.tokens).where(self.tokens.c.id == bindparam("token"))

    def migrate(self) -> list[str]:
        """Makes the tables, if they are not there."""
        if inspect(self.engine).has_table("tokens", schema=self._metadata.schema):
            return []
        self._metadata.create_all(self.engine)
        return ["access_0001"]

    def check_format(self) -> None:
        """Raises FormatError unless the tables are there."""
        if not inspect(self.engine).has_table("tokens", schema=self._metadata.schema):
            raise FormatError("there is no table of tokens: run `medvirkning migrate`")

    def create(
        self,
        *,
        ledger: UUID,
        role: str,
        unit: str,
        actor: str,
        client: str,
        scopes: frozenset[str],
        now_us: int,
        expires_at: int,
    ) -> tuple[str, Grant]:
        """Makes a token; this is the only time it is told."""
        raw = os.urandom(_ID + _SECRET)
        token = PREFIX + base64.urlsafe_b64encode(raw).decode().rstrip("=")
        grant = Grant(
            id=UUID(bytes=raw[:_ID]),
            ledger=ledger,
            role=role,
            unit=unit,
            actor=actor,
            client=client,
            scopes=scopes,
            expires_at=expires_at,
        )
        values = {
            **msgspec.structs.asdict(grant),
            "scopes": " ".join(sorted(scopes)),
            "digest": self._digest(ledger, token),
            "created_at": now_us,
        }
        with self.engine.begin() as connection:
            connection.execute(self.tokens.insert().values(values))
        return token, grant

    def authenticate(self, token: str, now_us: int) -> Grant | None:
        """The grant of a token; None if it is malformed, unknown, expired or revoked, which looks all the same."""
        token_id = _token_id(token)
        if token_id is None:
            return None
        with self._direct.connect() as connection:
            row = connection.execute(self._by_id, {"token": token_id}).one_or_none()
        if row is None or not hmac.compare_digest(row.digest, self._digest(row.ledger, token)):
            return None
        return _grant(row) if row.revoked_at is None and now_us < row.expires_at else None

    def list(self, ledger: UUID, now_us: int) -> list[Grant]:
        """The ledger's tokens that neither expired nor were revoked, oldest first."""
        tokens = self.tokens.c
        live = (tokens.ledger == ledger, tokens.revoked_at.is_(None), tokens.expires_at > now_us)
        with self.engine.connect() as connection:
            rows = connection.execute(select(self.tokens).where(*live).order_by(tokens.created_at, tokens.id))
            return [_grant(row) for row in rows]

    def revoke(self, ledger: UUID, token_id: UUID, now_us: int) -> bool:
        """Revokes a token at once; whether the ledger had such a live token."""
        tokens = self.tokens.c
        revoking = self.tokens.update().where(
            tokens.id == token_id, tokens.ledger == ledger, tokens.revoked_at.is_(None), tokens.expires_at > now_us
        )
        with self.engine.begin() as connection:
            return connection.execute(revoking.values(revoked_at=now_us)).rowcount == 1

    def close(self) -> None:
        """Closes every connection."""
        self.engine.dispose()

    def _digest(self, ledger: UUID, token: str) -> bytes:
        return hmac.new(self._vault.secret(ledger), b"token\0" + token.encode(), hashlib.sha256).digest()


def _token_id(token: str) -> UUID | None:
    encoded = token.removeprefix(PREFIX)
    try:
        raw = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return UUID(bytes=raw[:_ID]) if token.startswith(PREFIX) and len(raw) == _ID + _SECRET else None


def _grant(row: Row[tuple[object, ...]]) -> Grant:
    return Grant(
        id=row.id,
        ledger=row.ledger,
        role=row.role,
        unit=row.unit,
        actor=row.actor,
        client=row.client,
        scopes=frozenset(row.scopes.split()),
        expires_at=row.expires_at,
    )
