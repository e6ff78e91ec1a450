"""Settings, and the only reader of the environment. Every variable begins with MEDVIRKNING_."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_PORT = 8000


@dataclass(frozen=True)
class Config:
    """What the product needs to know of where it runs.

    `data` is the folder of the embedded edition. `database`, when set, is the SQLAlchemy URL of PostgreSQL, as the
    application's role; `owner_database` the owner's, for `migrate` alone. `vault` is the vault's own URL, and
    `vault_key` the key-encryption key in base64, when it is not in the file `vault.key`. `longest_wait` is how many
    seconds a long poll may wait for news; `allowed_frontends` the file that lists the frontends that may be loaded.
    """

    data: Path
    database: str | None = None
    owner_database: str | None = None
    vault: str | None = None
    vault_key: str | None = None
    port: int = DEFAULT_PORT
    threads: int = 8
    longest_wait: int = 25
    allowed_frontends: Path | None = None

    @property
    def frontends(self) -> Path:
        """The list of frontends that may be loaded in this process."""
        return self.allowed_frontends or self.data / "frontends.allowed"

    @property
    def embedded(self) -> bool:
        """Whether the ledger is in SQLite files in `data`."""
        return self.database is None


def from_environment(environment: Mapping[str, str] | None = None) -> Config:
    """The settings the environment gives. Raises ValueError naming the variable that cannot be read."""
    env = os.environ if environment is None else environment

    def number(name: str, default: int) -> int:
        try:
            return int(env.get(name) or default)
        except ValueError as error:
            raise ValueError(f"{name} is not a number") from error

    return Config(
        data=Path(env.get("MEDVIRKNING_DATA") or "data"),
        database=env.get("MEDVIRKNING_DATABASE") or None,
        owner_database=env.get("MEDVIRKNING_OWNER_DATABASE") or None,
        vault=env.get("MEDVIRKNING_VAULT") or None,
        vault_key=env.get("MEDVIRKNING_VAULT_KEY") or None,
        port=number("MEDVIRKNING_PORT", DEFAULT_PORT),
        threads=number("MEDVIRKNING_THREADS", 8),
        longest_wait=number("MEDVIRKNING_LONGEST_WAIT", 25),
        allowed_frontends=Path(named) if (named := env.get("MEDVIRKNING_FRONTENDS")) else None,
    )
