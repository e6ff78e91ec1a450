"""Sixteen writers on the same few records: each command is recorded whole or told that it came too late."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random
from typing import Any
from uuid import UUID

from api.bootstrap import verify
from tests.conftest import ON, Api

WRITERS = 16


def test_sixteen_writers_on_shared_records_lose_nothing(api: Api, counts: Callable[[int, int], int]) -> None:
    """Meetings are minuted, inputs go their way, and a hearing that rests on the inputs is declared answered.

    An answer of 200 is an event with a text of its own in the record's history, once; 409 and 412 are none.
    """
    each = counts(8, 500)
    hearing = api.post("/v1/hearings", {"occurred": ON, "plan_type": "thematic_plan"}).json["id"]
    raised = {"occurred": ON, "kind": "wish", "level": "system", "voiced_by": "refugees"}
    inputs = [api.post("/v1/inputs", raised).json["id"] for _ in range(3)]
    meetings = [api.post("/v1/meetings", {"occurred": ON, "kind": "interview"}).json["id"] for _ in range(2)]
    stated = {"occurred": ON, "submitted_by": "refugees", "inputs": inputs}
    assert api.post(f"/v1/hearings/{hearing}/statements", stated, match='"1"').status_code == 200
    api.token("coordinator")
    answered: Counter[int] = Counter()
    said: list[str] = []
    lock = threading.Lock()

    def write(number: int) -> None:
        random, client = Random(number), replace(api, client=api.client.application.test_client())
        for turn in range(each):
            text = f"ord {number}.{turn}"
            path, method, body = random.choice(
                [
                    *((f"/v1/meetings/{one}", "PUT", ("minutes", {"minutes": text})) for one in meetings),
                    *((f"/v1/inputs/{one}", "POST", ("answers", {"answer": text})) for one in inputs),
                    (f"/v1/hearings/{hearing}", "PUT", ("answer", {"answer": text})),
                ]
            )
            record = path.rpartition("/")[2]
            version = len(api.running.store(api.ledger).history(UUID(record)))
            members: dict[str, Any] = {"occurred": ON, **body[1]}
            url = f"{path}/{body[0]}"
            answer = client.send(method, url, members, match=f'"{version}"')
            if answer.status_code == 409:
                members["deviations"] = [{"rule": rule["rule"]} for rule in answer.json["rules"]]
                answer = client.send(method, url, members, match=f'"{version}"')
            with lock:
                answered[answer.status_code] += 1
                if answer.status_code == 200:
                    said.append(text)

    with ThreadPoolExecutor(WRITERS) as pool:
        for done in [pool.submit(write, number) for number in range(WRITERS)]:
            done.result()
    assert answered.keys() <= {200, 409, 412}
    assert answered.total() == WRITERS * each
    assert answered[412], "nobody met anybody"
    store = api.running.store(api.ledger)
    kept = []
    for record in (*meetings, *inputs, hearing):
        history = store.history(UUID(record))
        assert [event.version for event in history] == list(range(1, len(history) + 1))
        kept += [getattr(event.event, "minutes", None) or getattr(event.event, "answer", None) for event in history]
    assert sorted(filter(None, kept)) == sorted(said)
    for declared in store.history(UUID(hearing)):
        if declared.event.NAME == "answered":
            then = [store.history(UUID(one), upto=declared.position) for one in inputs]
            assert declared.event.answered == sum(  # type: ignore[attr-defined]
                any(event.event.NAME == "answered" for event in history) for history in then
            )
    assert list(verify(store)) == []
