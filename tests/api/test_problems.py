"""Refusals are problems (RFC 9457): typed, titled in the reader's language, pointing at what is wrong."""

import json
from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from api import problems
from api.rest import MAX_BODY
from tests.conftest import ON, Api, an_input, meeting

MEETINGS = "/v1/meetings"


def is_problem(answer: TestResponse, status: int, slug: str) -> dict[str, Any]:
    """The problem, after what holds for every problem."""
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.get_data(as_text=True)
    body: dict[str, Any] = answer.json
    assert {"type", "title", "status", "detail", "instance"} <= body.keys()
    assert (body["type"], body["status"]) == (f"/problems/{slug}", status)
    assert body["instance"] == answer.headers["X-Correlation-ID"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Traceback" not in answer.get_data(as_text=True)
    return body


def raw(api: Api, body: bytes, key: str | None = None, path: str = MEETINGS, **headers: str) -> TestResponse:
    """A body as it is, as JSON unless a header says otherwise."""
    sent = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return api.send("POST", path, headers=sent, key=key, data=body)


@pytest.mark.parametrize("kind", list(problems.STATUS), ids=lambda kind: kind.__name__)
def test_every_type_can_be_looked_up(kind: Any, shared: Api) -> None:
    explained = shared.get(f"/problems/{problems.slug(kind)}", role=None)
    assert explained.status_code == 200
    assert explained.json["status"] == problems.STATUS[kind]
    assert {*explained.json["title"]} == {"nb", "nn", "en"}


@pytest.mark.parametrize(
    ("asked", "lang"),
    [
        ("nb", "nb"),
        ("nn", "nn"),
        ("en", "en"),
        ("no", "nb"),
        ("nb-NO,en;q=0.5", "nb"),
        ("no,en;q=0.5", "nb"),
        ("en;q=0.2,nn;q=0.9", "nn"),
        ("nn;q=0,no", "nb"),
        ("fr", "en"),
        ("fr,nn;q=0.1", "nn"),
        ("", "en"),
        ("*", "en"),
        ("\x80;;q=x", "en"),
    ],
)
def test_the_title_is_in_the_readers_language(asked: str, lang: str, shared: Api) -> None:
    answer = shared.get(f"{MEETINGS}/{uuid4()}", headers={"Accept-Language": asked})
    body = is_problem(answer, 404, "not-found")
    assert answer.headers["Content-Language"] == lang
    explained = shared.get(body["type"], role=None).json["title"]
    assert body["title"] == explained[lang]


def test_a_broken_rule_is_named_with_its_source(shared: Api) -> None:
    path = f"{MEETINGS}/{shared.post(MEETINGS, meeting()).json['id']}/holding"
    body = {"occurred": ON, "interpreter_need": "not_assessed"}
    answer = shared.put(path, body, match='"1"', headers={"Accept-Language": "nn"})
    [rule] = is_problem(answer, 409, "deviation-needed")["rules"]
    assert rule["rule"] == "meeting.interpreter_need_not_assessed"
    assert rule["source"] == "tolkeloven § 6"
    assert rule["title"].startswith("Tolkebehovet var ikkje")
    assert rule["may_be_recorded"] is True


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"occurred": ON}, ["/kind"]),
        ({"kind": "tea_party", "occurred": ON}, ["/kind"]),
        (meeting(occurred={"from": "2026-02-30", "to": None}), ["/occurred/from"]),
        (meeting(occurred={"from": "20260202", "to": "2026-02-02T00:00:00"}), ["/occurred/from", "/occurred/to"]),
        (meeting(a=1, **{"b/c~d": 2}), ["/a", "/b~1c~0d"]),
        (meeting(units=["ok", "NOT OK"]), ["/units/1"]),
        (meeting(deviations=[{"rule": "meeting.held_after_cancellation", "why": ""}]), ["/deviations/0/why"]),
        (meeting(title="x" * 501), ["/title"]),
        (meeting(title="a\0b"), ["/title"]),
        (meeting(title=1), ["/title"]),
        ([], [""]),
        ("text", [""]),
        (None, [""]),
    ],
    ids=repr,
)
def test_every_wrong_member_is_pointed_at(body: Any, pointers: list[str], shared: Api) -> None:
    answer = raw(shared, json.dumps(body).encode())
    found = is_problem(answer, 422, "unprocessable")["errors"]
    assert sorted(each["pointer"] for each in found) == pointers
    assert all(each["detail"] for each in found)


@pytest.mark.parametrize(
    ("body", "slug", "pointer"),
    [
        (an_input(source="00000000-0000-4000-8000-000000000000"), "unknown-reference", "/source"),
        (an_input(concerns=[{"list": "forms", "code": "nope"}]), "unknown-code", "/concerns/0/code"),
        (an_input(occurred={"from": "2026-03-02", "to": "2026-03-03"}), "future-date", "/occurred/to"),
        (an_input(occurred={"from": "2026-02-02", "to": "2026-02-01"}), "impossible-interval", "/occurred/to"),
    ],
)
def test_what_cannot_be_is_pointed_at(body: Any, slug: str, pointer: str, shared: Api) -> None:
    answer = shared.post("/v1/inputs", body)
    [found] = is_problem(answer, 422, slug)["errors"]
    assert found["pointer"] == pointer


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("colour=red", "/query/colour"),
        ("kind=interview&kind=interview", "/query/kind"),
        ("kind=a%00", "/query/kind"),
        ("as_of=a%00", "/query/as_of"),
        ("cursor=%ED%A0%80", "/query/cursor"),
        ("limit=0", "/query/limit"),
        ("limit=201", "/query/limit"),
        ("limit=1_0", "/query/limit"),
        ("limit=%2B5", "/query/limit"),
        ("limit=" + "9" * 5_000, "/query/limit"),
        ("min_position=-1", "/query/min_position"),
        ("on=2026-2-1", "/query/on"),
        ("%00=1", "/query/\0"),
    ],
)
def test_every_wrong_query_member_is_pointed_at(query: str, pointer: str, shared: Api) -> None:
    found = is_problem(shared.get(f"{MEETINGS}?{query}"), 422, "unprocessable")["errors"]
    assert [each["pointer"] for each in found] == [pointer]


@pytest.mark.parametrize("key", [None, "k-1"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"{'kind': 1}", 400),
        (b'\xef\xbb\xbf{"kind": 1}', 400),
        (b'{"kind": "\xff"}', 400),
        (b'{"kind": NaN}', 400),
        (b"[" * 200_000, 400),
        (b"[" * 50_000 + b"]" * 50_000, 400),
        (b'{"title": "\\ud800"}', 422),
        (b'{"\\udfff": "low surrogate first"}', 422),
        (b'{"title": 1e999}', 422),
        (b'{"title": 1' + b"0" * 4_000 + b"}", 422),
    ],
    ids=range(12),
)
def test_what_is_no_json_is_malformed_and_what_no_reader_keeps_is_refused(
    body: bytes, status: int, key: str | None, shared: Api
) -> None:
    is_problem(raw(shared, body, key), status, "malformed" if status == 400 else "unprocessable")


@pytest.mark.parametrize("key", [None, "k-1"])
@pytest.mark.parametrize("depth", [50, 300, 600, 900])
@pytest.mark.parametrize("number", ["1" + "0" * 30, "9007199254740993", "1e300", "[" * 40 + "]" * 40])
def test_depth_and_size_break_nothing_where_a_body_lies_in_a_body(
    number: str, depth: int, key: str | None, shared: Api
) -> None:
    record = shared.post(MEETINGS, meeting()).json["id"]
    event = shared.get(f"{MEETINGS}/{record}/history").json["items"][0]["event_id"]
    deep = "[" * depth + number + "]" * depth
    body = f'{{"event_id": "{event}", "replacement": {{"kind": {deep}}}}}'.encode()
    answer = raw(shared, body, key, f"{MEETINGS}/{record}/corrections", If_Match='"1"')
    assert answer.status_code in (400, 422)
    is_problem(answer, answer.status_code, "malformed" if answer.status_code == 400 else "unprocessable")


@pytest.mark.parametrize(
    "media",
    ["text/plain", "application/xml", "application/json; charset=latin-1", "application/x-www-form-urlencoded", ""],
)
def test_a_body_of_another_media_type_is_not_read(media: str, shared: Api) -> None:
    body = json.dumps(meeting()).encode()
    is_problem(raw(shared, body, Content_Type=media), 415, "unsupported-media-type")


@pytest.mark.parametrize("media", ["application/json; charset=UTF-8", "Application/JSON"])
def test_json_in_utf_8_is_read_however_it_is_spelt(media: str, shared: Api) -> None:
    assert raw(shared, json.dumps(meeting()).encode(), Content_Type=media).status_code == 201


def test_a_whole_number_may_be_written_with_a_point(shared: Api) -> None:
    path = f"{MEETINGS}/{shared.post(MEETINGS, meeting()).json['id']}/invitations"
    body = b'{"invited": 3.0, "occurred": {"from": null, "to": null}}'
    answer = raw(shared, body, path=path, If_Match="*")
    assert answer.json["tally"]["invited"] == 3


def test_text_is_kept_in_its_composed_form(shared: Api) -> None:
    answer = shared.post(MEETINGS, meeting(title="A\u030alesund"))
    assert answer.json["title"] == "Ålesund"


def test_a_body_of_more_than_a_mebibyte_is_too_large(shared: Api) -> None:
    fitting = b'{"kind": "' + b"x" * (MAX_BODY - 12) + b'"}'
    assert len(fitting) == MAX_BODY
    is_problem(raw(shared, fitting), 422, "unprocessable")
    is_problem(raw(shared, fitting + b" "), 413, "too-large")


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/", "/v1/meetings/", "//v1/meetings", "/v1/nothing", "/V1/meetings"])
def test_an_unknown_address_is_not_found(path: str, shared: Api) -> None:
    is_problem(shared.get(path), 404, "not-found")


@pytest.mark.parametrize("record", ["0", "%00", "x" * 3_000, "00000000-0000-4000-8000-00000000000g", "..", "{record}"])
def test_an_id_of_another_form_is_not_found(record: str, shared: Api) -> None:
    is_problem(shared.get(f"{MEETINGS}/{record}"), 404, "not-found")


def test_a_record_of_another_kind_is_not_found(shared: Api) -> None:
    record = shared.post(MEETINGS, meeting()).json["id"]
    is_problem(shared.get(f"/v1/inputs/{record}"), 404, "not-found")
    is_problem(shared.get(f"{MEETINGS}/{shared.ledger}"), 404, "not-found")
    answer = shared.post(f"/v1/inputs/{record}/answers", {"occurred": ON}, match='"1"')
    is_problem(answer, 404, "not-found")


@pytest.mark.parametrize("slug", ["nothing", "%00", "Not-Found", "refusal"])
def test_an_unknown_problem_type_or_list_is_not_found(slug: str, shared: Api) -> None:
    is_problem(shared.get(f"/problems/{slug}", role=None), 404, "not-found")
    is_problem(shared.get(f"/v1/codebook/{slug}"), 404, "not-found")


def test_another_method_is_told_which_are_allowed(shared: Api) -> None:
    answer = shared.send("DELETE", MEETINGS)
    is_problem(answer, 405, "method-not-allowed")
    assert {*answer.headers["Allow"].split(", ")} == {"GET", "HEAD", "POST", "OPTIONS"}
    assert shared.send("OPTIONS", MEETINGS).headers["Allow"]


@pytest.mark.parametrize("key", ["", " ", "two words", "x" * 256, "é"])
def test_a_key_is_printable_ascii_of_at_most_255_characters(key: str, shared: Api) -> None:
    answer = shared.post(MEETINGS, meeting(), headers={"Idempotency-Key": key.encode().decode("latin-1")})
    is_problem(answer, 400, "malformed")
    assert shared.post(MEETINGS, meeting(), key="x" * 255).status_code == 201
