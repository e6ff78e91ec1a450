"""A ledger that a module's tests share, for those that look at nothing but their own records."""

from collections.abc import Iterator

import pytest

from api.bootstrap import bootstrap, migrate
from api.config import Config
from tests.conftest import Api, Clock, Ids, open_api


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A synthetic ledger on SQLite; what one test records is there for the next."""
    config = Config(data=tmp_path_factory.mktemp("shared"))
    migrate(config)
    running = bootstrap(config, clock=Clock(), new_id=Ids())
    yield open_api(running)
    running.close()
