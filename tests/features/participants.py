"""A participant to be about, for the features whose records are about people."""

from tests.conftest import ON, Api


def a_participant(api: Api) -> str:
    """Registers a participant; their id."""
    answer = api.post("/v1/participants", {"occurred": ON})
    assert answer.status_code == 201, answer.get_data(as_text=True)
    participant: str = answer.json["id"]
    return participant
