"""Random commands of every noun, right and wrong, one after another: whatever is sent, the ledger stays whole."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from werkzeug.test import TestResponse

from adapters.verify import verify
from api import ledgers
from api.app import application
from api.bootstrap import Running
from api.records import Feature, Route
from domain.events import Corrected, Retracted
from domain.time import microseconds, oslo_day
from tests.conftest import Api, Ids
from tests.random_bodies import Bodies
from tests.store.telling import rows

BEGINNING = datetime(2026, 1, 5, 12, tzinfo=UTC)
EACH = 500
"""How many commands a ledger is sent."""

DAY = 86_400_000_000
REFUSED = {
    400: {"malformed"},
    409: {"deviation-needed", "taken"},
    412: {"stale"},
    422: {
        "future-date",
        "impossible-correction",
        "impossible-count",
        "impossible-interval",
        "invalid",
        "key-reused",
        "unknown-code",
        "unknown-reference",
        "unprocessable",
    },
    428: {"version-needed"},
}
"""Every answer but what was asked for."""


class Sent(NamedTuple):
    """A command as it was sent, and what it was answered."""

    method: str
    path: str
    body: dict[str, Any]
    match: str | None
    key: str | None
    answer: TestResponse


class Ledger:
    """A ledger that random commands are sent to, and what is known of it by its answers alone."""

    def __init__(self, running: Running, seed: int) -> None:
        self.seed, self.random, self.now = seed, Random(seed), microseconds(BEGINNING)
        services = replace(running.services, clock=self._clock, new_id=Ids(seed))
        told = replace(running, services=services)
        ledger = ledgers.create(told, "1504", "Ålesund", synthetic=True)
        self.api = Api(told, ledger, application(services, running.features).test_client())
        self.store = running.store(ledger)
        self.head = self.store.head()
        self.records: dict[str, list[str]] = defaultdict(list)
        self.bodies = Bodies(self.random, lambda noun: self.records[noun])
        self.last: dict[str, TestResponse] = {}
        self.sent: list[Sent] = []
        self.commands = 0
        self.statuses: Counter[str] = Counter()

    def _clock(self) -> int:
        self.now += 1_000
        return self.now

    @property
    def today(self) -> date:
        return oslo_day(self.now)

    def tell(self, commands: int) -> None:
        """Sends so many commands, and sees to each answer."""
        while self.commands < commands:
            feature = self.random.choice(self.api.running.features)
            there = self.records[feature.aggregate.noun]
            if not there or self.random.random() < 0.15:
                self._open(feature)
                continue
            record = self.random.choice(there[-3:])
            chosen = self.random.random()
            if chosen < 0.7:
                self._record(feature, record)
            elif chosen < 0.9:
                self._mend(feature, record)
            elif self.sent:
                self._again()
            if self.random.random() < 0.1:
                self.now += self.random.randint(1, 30) * DAY
                self.api.tokens.clear()  # they expire

    def _open(self, feature: Feature) -> None:
        route = self.random.choice(feature.opens)
        self._decided(feature, route, feature.url + route.path, None, None)

    def _record(self, feature: Feature, record: str) -> None:
        route = self.random.choice(feature.commands)
        path, version = f"{feature.url}/{record}{route.path}", self.last[record].json["version"]
        chosen = self.random.random()
        if chosen < 0.8:
            self._decided(feature, route, path, record, f'"{version}"')
        elif chosen < 0.9:
            answer = self._sent(feature, route.method, path, self._body(feature, route), record, f'"{version + 1}"')
            self._told(answer.status_code == 412, path, answer)
        elif chosen < 0.95 and not route.any_version:
            answer = self._sent(feature, route.method, path, self._body(feature, route), record, "*")
            self._told(answer.status_code == 400, path, answer)
        elif chosen < 0.95:
            self._decided(feature, route, path, record, "*")
        else:
            answer = self._sent(feature, route.method, path, self._body(feature, route), record, None)
            self._told(answer.status_code == 428, path, answer)

    def _decided(self, feature: Feature, route: Route, path: str, record: str | None, match: str | None) -> None:
        """Sends a command at the right version; one that departs from a rule mostly again, with its deviations."""
        body = self._body(feature, route)
        if self.random.random() < 0.12:
            answer = self._sent(feature, route.method, path, self.bodies.spoilt(body, self.today), record, match)
            self._told(answer.status_code == 422, path, answer)
            return
        answer = self._sent(feature, route.method, path, body, record, match)
        if answer.status_code == 409 and answer.json["type"] == "/problems/deviation-needed":
            rules = {each["rule"] for each in answer.json["rules"]}
            self._told(bool(rules), path, answer)
            if self.random.random() < 0.8:
                body["deviations"] = [{"rule": rule, "reason": "Slik var det."} for rule in sorted(rules)]
                answer = self._sent(feature, route.method, path, body, record, match)
                if answer.status_code != 409:
                    broken = {each["rule"] for each in answer.json["deviations"]}
                    self._told(rules <= broken, path, answer)

    def _mend(self, feature: Feature, record: str) -> None:
        history = self.store.history(UUID(record))
        target = self.random.choice(history)
        path, body = f"{feature.url}/{record}", {"event_id": str(target.event_id), "reason": "Tastefeil."}
        match = f'"{len(history) + (self.random.random() < 0.1)}"'
        own = not isinstance(target.event, Corrected | Retracted)
        if self.random.random() < 0.7:
            replacement = self._body(feature, feature.route(target.name)) if own else {}
            if "participant" in replacement and hasattr(target.event, "participant"):
                replacement["participant"] = str(target.event.participant)
            answer = self._sent(
                feature, "POST", f"{path}/corrections", {**body, "replacement": replacement}, record, match
            )
        else:
            answer = self._sent(feature, "POST", f"{path}/retractions", body, record, match)
        self._told(own or answer.status_code in (412, 422), path, answer)

    def _again(self) -> None:
        """Sends an earlier command once more under its key, or another under that key."""
        one = self.random.choice(self.sent)
        if self.random.random() < 0.3:
            body = {**one.body, "basis": "document" if one.body.get("basis") != "document" else "unknown"}
            answer = self._raw(one.method, one.path, body, one.match, one.key)
            self._told((answer.status_code, answer.json["type"]) == (422, "/problems/key-reused"), one.path, answer)
            return
        answer = self._raw(one.method, one.path, one.body, one.match, one.key)
        same = [(each.status_code, each.get_data(), each.headers["ETag"]) for each in (one.answer, answer)]
        self._told(same[0] == same[1], one.path, answer)

    def _body(self, feature: Feature, route: Route) -> dict[str, Any]:
        return self.bodies.of(feature.body(route), self.today)

    def _sent(
        self, feature: Feature, method: str, path: str, body: dict[str, Any], record: str | None, match: str | None
    ) -> TestResponse:
        """Sends a command. A record it changed has one event more, and so has the ledger; else nothing has."""
        key = f"k-{self.commands}" if self.random.random() < 0.3 else None
        before = self.head
        answer = self._raw(method, path, body, match, key)
        done = answer.status_code == (201 if record is None else 200)
        version = self.last[record].json["version"] if record else 0
        if done:
            self.head += 1
            noun, record = feature.aggregate.noun, answer.json["id"]
            self._told(answer.json["version"] == version + 1, path, answer)
            self._told(answer.headers["ETag"].startswith(f'"{version + 1}.'), path, answer)
            self._told(answer.headers["Position"] == str(answer.json["position"]) == str(before + 1), path, answer)
            named = {
                (each.rule, str(each.event_id or told.event_id))
                for told in self.store.history(UUID(record))
                for each in told.event.meta.deviations
            }
            broken = {(each["rule"], each["event_id"]) for each in answer.json["deviations"]}
            self._told(broken <= named, path, answer)
            if version == 0:
                self.records[noun].append(record)
            self.last[record] = answer
            if key:
                self.sent.append(Sent(method, path, body, match, key, answer))
        else:
            slug = answer.json["type"].removeprefix("/problems/")
            self._told(slug in REFUSED.get(answer.status_code, ()), path, answer)
        self._told(self.store.head() == self.head, path, answer)
        return answer

    def _raw(self, method: str, path: str, body: Any, match: str | None, key: str | None) -> TestResponse:
        self.commands += 1
        answer = self.api.send(method, path, body, match=match, key=key)
        self.statuses[str(answer.status_code)] += 1
        return answer

    def _told(self, holds: bool, path: str, answer: TestResponse) -> None:
        where = f"seed {self.seed}, command {self.commands}: {path}"
        assert holds, f"{where}\n{answer.status_code} {answer.get_data(as_text=True)}"

    def whole(self) -> None:
        """Every record is as it was last answered, in its list, and in a ledger that is sound and can be rebuilt."""
        assert sum(answer.json["version"] for answer in self.last.values()) + 1 == self.head == self.store.head()
        assert list(verify(self.store)) == [], self.seed
        for feature in self.api.running.features:
            listed = {
                row["id"]: (row["version"], row["deviations"]) for row in self.api.items(f"{feature.url}?limit=200")
            }
            expected = {}
            for record in self.records[feature.aggregate.noun]:
                answer = self.api.get(f"{feature.url}/{record}")
                self._told(answer.get_data() == self.last[record].get_data(), record, answer)
                if not answer.json["retracted"]:
                    expected[record] = answer.json["version"], len(answer.json["deviations"])
            assert listed == expected, (self.seed, feature.noun)
        views = self.api.running.ledger_views(self.api.ledger)
        assert not [each for each in views.status() if each["error"]], (self.seed, views.status())
        live = rows(views)
        views.rebuild()
        assert rows(views) == live, self.seed


def judge(running: Running, seed: int, commands: int = EACH) -> Ledger:
    """Sends the random commands of a seed to a ledger of their own, and looks it over."""
    ledger = Ledger(running, seed)
    ledger.tell(commands)
    ledger.whole()
    return ledger


def test_whatever_commands_are_sent_the_ledger_stays_whole(running: Running, counts: Callable[[int, int], int]) -> None:
    """A seed that fails fails alone, too."""
    wanted = counts(300, 10_000)
    statuses: Counter[str] = Counter()
    names: Counter[str] = Counter()
    for seed in range(-(-wanted // EACH)):
        ledger = judge(running, seed, min(EACH, wanted))
        statuses += ledger.statuses
        names.update(each.name for each in ledger.store.page(0, EACH + 1))
    assert {*statuses} == {"200", "201", "400", "409", "412", "422", "428"}, statuses
    assert statuses["200"] + statuses["201"] > statuses.total() / 3, statuses
    if wanted > 5_000:
        every = {
            f"{feature.aggregate.noun}.{event.NAME}"
            for feature in running.features
            for event in (*feature.aggregate.events, Corrected, Retracted)
        }
        assert every - names.keys() == set()
