"""Participants over HTTP."""

from tests.conftest import ON, Api


def test_a_participant_is_registered(sqlite_api: Api) -> None:
    answer = sqlite_api.post("/v1/participants", {"occurred": ON})
    assert answer.status_code == 201
    assert answer.json["state"] == "registered"
