"""Participants over HTTP."""

from tests.conftest import Api
from tests.features.conftest import Record, days


def test_a_participant_is_registered(sqlite_api: Api) -> None:
    record = Record(sqlite_api, "participants", "registered", days("02-01"))
    assert record.row() is not None
