"""No code touches a store of a format it does not know: never migrated, or by a later version."""

from collections.abc import Callable

import pytest
from sqlalchemy import create_engine, text

from adapters.recorder import FormatError
from api.bootstrap import bootstrap, migrate
from api.config import Config
from tests.store.conftest import EventStore


def change(url: str, *statements: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def place(config: Config, what: str) -> str:
    """Where the events or the vault lie, as their owner."""
    if config.embedded:
        return f"sqlite:///{config.data / what}.db"
    url = config.owner_database if what == "events" else config.vault
    assert url
    return url


def start(config: Config) -> None:
    bootstrap(config).close()


def test_stores_that_were_never_migrated_say_what_to_do(
    make_config: Callable[..., Config], back_end: str, event_stores: Callable[[str], EventStore]
) -> None:
    event_stores(back_end)  # the application's user exists
    config = make_config(back_end)
    with pytest.raises(FormatError, match="medvirkning migrate"):
        start(config)
    migrate(config)
    start(config)


def test_migrating_again_changes_nothing(config: Config) -> None:
    assert migrate(config) == []
    start(config)


def test_events_of_a_later_format_are_left_alone(config: Config) -> None:
    statement = "PRAGMA user_version = 2" if config.embedded else "INSERT INTO ledger.format VALUES (2)"
    change(place(config, "events"), statement)
    with pytest.raises(FormatError, match="format 2"):
        start(config)
    with pytest.raises(FormatError, match="format 2"):
        migrate(config)


def test_a_vault_of_a_later_format_is_left_alone(config: Config) -> None:
    change(place(config, "vault"), "UPDATE vault_format SET version = 2")
    with pytest.raises(FormatError, match="format 2"):
        start(config)
    with pytest.raises(FormatError, match="format 2"):
        migrate(config)


def test_a_vault_that_was_never_migrated_says_what_to_do(config: Config) -> None:
    change(place(config, "vault"), "DROP TABLE vault_format")
    with pytest.raises(FormatError, match="medvirkning migrate"):
        start(config)


def test_a_missing_table_of_tokens_says_what_to_do(config: Config) -> None:
    url = f"sqlite:///{config.data / 'access.db'}" if config.embedded else config.owner_database
    assert url
    change(url, "DROP TABLE tokens" if config.embedded else "DROP TABLE access.tokens")
    with pytest.raises(FormatError, match="medvirkning migrate"):
        start(config)
    migrate(config)
    start(config)
