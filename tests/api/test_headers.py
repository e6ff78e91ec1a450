"""What comes with every answer: the request's id, how long it may be kept, and which ledger it is of."""

import re
from uuid import UUID

import pytest

from tests.conftest import Api, meeting

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ANSWERS = (
    ("/v1/meetings", "evaluator", 200),
    ("/v1/events", "evaluator", 200),
    ("/v1/tables/participation-events/data", "evaluator", 200),
    ("/v1/codebook", "researcher", 200),
    ("/v1/tokens", "administrator", 200),
    ("/health", "administrator", 200),
    ("/health/live", None, 200),
    ("/problems/stale", None, 200),
    ("/openapi.json", None, 200),
    ("/v1/events", "researcher", 403),
    ("/v1/events", None, 401),
    ("/nothing", None, 404),
    ("/v1/meetings?no=1", "evaluator", 422),
)


@pytest.mark.parametrize(("path", "role", "status"), ANSWERS)
def test_every_answer_has_the_requests_id_and_is_not_sniffed(
    path: str, role: str | None, status: int, shared: Api
) -> None:
    headers = {"X-Correlation-ID": "trail:42_a.b-c", "traceparent": TRACE}
    answer = shared.get(path, role=role, headers=headers)
    assert answer.status_code == status
    assert answer.headers["X-Correlation-ID"] == "trail:42_a.b-c"
    assert answer.headers["traceparent"] == TRACE
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    if status != 200:
        assert answer.json["instance"] == "trail:42_a.b-c"
    if role or status != 200:
        assert answer.headers["Cache-Control"] == "no-store"
    assert (answer.headers.get("Medvirkning-Ledger") == "1504; synthetic") == (role is not None and status != 403)
    assert "Set-Cookie" not in answer.headers
    assert "Server" not in answer.headers


@pytest.mark.parametrize("given", [None, "", "two words", "x" * 129, "a\tb", "<script>", "blåbær", "a/b"])
def test_an_id_of_another_form_is_replaced(given: str | None, shared: Api) -> None:
    sent = "" if given is None else given.encode().decode("latin-1")
    headers = {} if given is None else {"X-Correlation-ID": sent, "traceparent": sent}
    answers = [shared.get("/health/live", role=None, headers=headers) for _ in range(2)]
    ids = [answer.headers["X-Correlation-ID"] for answer in answers]
    assert ids[0] != ids[1]
    assert all(UUID(each).version == 4 for each in ids)
    assert all("traceparent" not in answer.headers for answer in answers)


def test_the_id_stands_in_the_events_it_recorded(shared: Api) -> None:
    headers = {"X-Correlation-ID": "x" * 128}
    path = shared.post("/v1/meetings", meeting(), headers=headers).headers["Location"]
    [entry] = shared.get(f"{path}/history").json["items"]
    assert entry["correlation_id"] == "x" * 128
    assert entry["recorded_by"] == {"id": "coordinator", "role": "coordinator", "unit": "not_recorded"}


def test_a_new_record_says_where_it_is_and_at_which_position(shared: Api) -> None:
    made = shared.post("/v1/meetings", meeting())
    assert re.fullmatch(r"/v1/meetings/[0-9a-f-]{36}", made.headers["Location"])
    assert made.headers["Location"].endswith(made.json["id"])
    assert int(made.headers["Position"]) == made.json["position"]
    again = shared.get(made.headers["Location"])
    assert (again.get_data(), again.headers["ETag"]) == (made.get_data(), made.headers["ETag"])


def test_a_head_request_has_the_headers_and_no_body(shared: Api) -> None:
    path = shared.post("/v1/meetings", meeting()).headers["Location"]
    got, head = shared.get(path), shared.send("HEAD", path)
    assert (head.status_code, head.get_data()) == (200, b"")
    assert {name: head.headers[name] for name in ("ETag", "Position", "Content-Length")} == {
        name: got.headers[name] for name in ("ETag", "Position", "Content-Length")
    }
    assert shared.send("HEAD", path, role=None).status_code == 401
