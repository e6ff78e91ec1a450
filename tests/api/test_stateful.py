"""Commands at random over HTTP, of every noun: right and wrong versions, repeats, corrections, rules broken or not.

Whatever is sent: never a 5xx, never half an event, and every answer is what the record's own events make of it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID, uuid4

import msgspec
from werkzeug.test import TestResponse

from api import bootstrap
from api.bootstrap import verify
from domain.events import Event
from domain.time import oslo_day
from tests.conftest import Api, Clock
from tests.features.random_events import Events
from tests.store.telling import rows

FEATURES = bootstrap.features()
ALLOWED = {200, 201, 404, 409, 412, 422, 428}


@dataclass
class Sender:
    """Sends commands at random and holds every answer against what it may be."""

    api: Api
    clock: Clock
    random: Random
    records: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    answered: Counter[int] = field(default_factory=Counter)
    versions: Counter[UUID] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.store = self.api.running.store(self.api.ledger)
        self.events = Events(self.random, lambda noun: [UUID(each["id"]) for each in self.records[noun]])
        self.head = self.store.head()

    def once(self) -> None:
        """One command, and perhaps its repeat."""
        feature = self.random.choice(FEATURES)
        noun = feature.aggregate.noun
        if not self.records[noun] or self.random.random() < 0.15:
            route = self.random.choice(feature.opens)
            self._send(feature, "POST", feature.url + route.path, self._body(route.event, route.body), None)
            return
        known = self.random.choice(self.records[noun][-12:])
        path, chosen = f"{feature.url}/{known['id']}", self.random.random()
        if chosen < 0.75:
            route = self.random.choice(feature.commands)
            body = self._body(route.event, route.body)
            self._send(feature, route.method, path + route.path, body, known, additive=route.any_version)
            return
        originals = [each for each in known["history"] if each[1] not in ("corrected", "retracted")]
        event_id, name = self.random.choice(originals)
        if chosen < 0.93:
            route = feature.route(f"{noun}.{name}")
            replacement = self._body(route.event, route.body)
            if "participant" in known and "participant" in replacement:
                replacement["participant"] = known["participant"]
            body = {"event_id": event_id, "replacement": replacement, "reason": "feil"}
            self._send(feature, "POST", f"{path}/corrections", body, known)
        else:
            self._send(feature, "POST", f"{path}/retractions", {"event_id": event_id}, known)

    def _body(self, kind: type[Event], schema: Any) -> dict[str, Any]:
        event = self.events.of(kind, oslo_day(self.clock.now))
        members = msgspec.to_builtins(event)
        meta, allowed = members.pop("meta"), schema._declared_fields
        body = {name: value for name, value in members.items() if name in allowed}
        body["occurred"] = {"from": meta["occurred_from"], "to": meta["occurred_to"]}
        match self.random.random():
            case chance if chance < 0.02:
                body["occurred"]["to"] = "2999-01-01"
            case chance if chance < 0.04 and "participant" in body:
                body["participant"] = str(uuid4())
        return body

    def _send(
        self,
        feature: Any,
        method: str,
        url: str,
        body: dict[str, Any],
        known: dict[str, Any] | None,
        *,
        additive: bool = False,
    ) -> None:
        match: str | None = None
        if known is not None:
            stale = self.random.random() < 0.06
            match = f'"{known["version"] - 1}"' if stale else f'"{known["version"]}"'
            if self.random.random() < 0.02:
                match = None
            elif additive and self.random.random() < 0.3:
                match = "*"
        key = uuid4().hex if self.random.random() < 0.3 else None
        answer = self._judged(self.api.send(method, url, body, match=match, key=key), known, match)
        if answer.status_code == 409 and "rules" in answer.json and self.random.random() < 0.8:
            accepted = [{"rule": each["rule"]} for each in answer.json["rules"]]
            told = body.get("replacement", body)
            told["deviations"] = accepted
            answer = self._judged(self.api.send(method, url, body, match=match, key=key), known, match)
        if answer.status_code in (200, 201):
            self._recorded(feature, answer, known)
            if key:
                again = self.api.send(method, url, body, match=match, key=key)
                assert again.get_data() == answer.get_data()
                assert (again.status_code, self.store.head()) == (answer.status_code, self.head)

    def _judged(self, answer: TestResponse, known: dict[str, Any] | None, match: str | None) -> TestResponse:
        self.answered[answer.status_code] += 1
        assert answer.status_code in ALLOWED, answer.get_data(as_text=True)
        recorded = answer.status_code in (200, 201)
        assert self.store.head() == self.head + recorded, "an event for each success, and none for a refusal"
        self.head += recorded
        if known is not None and match is None:
            assert answer.status_code in (422, 428)
        if answer.status_code == 412:
            assert match != f'"{known["version"]}"' if known else False
        if recorded:
            assert int(answer.headers["Position"]) == answer.json["position"] == self.head
        return answer

    def _recorded(self, feature: Any, answer: TestResponse, known: dict[str, Any] | None) -> None:
        told = answer.json
        assert answer.headers["ETag"].startswith(f'"{told["version"]}.')
        assert told["version"] == (1 if known is None else known["version"] + 1)
        record = UUID(told["id"])
        history = self.store.history(record)
        assert len(history) == told["version"]
        now = {**told, "history": [(str(each.event_id), each.event.NAME) for each in history]}
        if known is None:
            self.records[feature.aggregate.noun].append(now)
        else:
            known.clear()
            known.update(now)
        named = {
            (each.rule, each.event_id or event.event_id) for event in history for each in event.event.meta.deviations
        }
        assert {(each["rule"], UUID(each["event_id"])) for each in told["deviations"]} <= named
        self.versions[record] = told["version"]


def test_random_commands_break_nothing(api: Api, clock: Clock, counts: Callable[[int, int], int]) -> None:
    sender = Sender(api, clock, Random(api.running.config.embedded))
    while sender.answered.total() < counts(300, 10_000):
        sender.once()
        if sender.random.random() < 0.05:
            clock.now += sender.random.randint(0, 2) * 86_400_000_000
            api.tokens.clear()  # a token does not live as long as a history
    assert sender.versions.total() + 1 == sender.store.head()
    assert {200, 201, 409, 412, 422, 428} <= sender.answered.keys()
    assert sum(sender.answered[status] for status in (200, 201)) > sender.answered.total() / 3
    assert list(verify(sender.store)) == []
    views = api.running.ledger_views(api.ledger)
    views.catch_up()
    assert not [each for each in views.status() if each["error"] or each["position"] != sender.head]
    for feature in FEATURES:
        listed = {row["id"]: row for row in api.items(f"{feature.url}?limit=200")}
        known = {each["id"]: each for each in sender.records[feature.aggregate.noun] if not each["retracted"]}
        assert listed.keys() <= {each["id"] for each in sender.records[feature.aggregate.noun]}
        for record, row in listed.items():
            assert row["version"] == known[record]["version"]
            assert row["deviations"] == len(known[record]["deviations"])
            assert row["state"] == known[record]["state"] if "state" in row else True
    live = rows(views)
    views.rebuild()
    assert rows(views) == live
