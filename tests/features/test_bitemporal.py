"""Every list, detail, table and work list at any position, on any day, by any codebook: as brute force has it.

A history is one record's: events of every class of its noun, late, on uncertain days, corrected, retracted. Each
ledger holds many, which name one another. Brute force folds each record anew from its events up to the position and
knows nothing of intervals, deltas or block sums.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from adapters.eventstore import LedgerStore
from adapters.projections import LedgerViews
from adapters.views.audit import Audit
from adapters.views.duties import Duties
from adapters.views.facts import FactsView
from adapters.views.lists import ListView
from adapters.viewstore import ViewStore
from api import bootstrap, ledgers
from api.app import application
from api.bootstrap import Running
from api.records import Feature
from domain import codebook, records
from domain.aggregate import Aggregate
from domain.commands import Command
from domain.errors import Refusal
from domain.events import Corrected, Event, Meta, Retracted
from domain.history import Recorded, effective
from domain.participants import Participant
from domain.tables import TABLES
from domain.time import microseconds, oslo_day
from tests.conftest import Api, Ids
from tests.features.histories import BY
from tests.features.random_events import Events
from tests.store.telling import rows

BEGINNING = datetime(2024, 1, 8, 12, tzinfo=UTC)
RECORDS, EACH, MOMENTS, BLOCK = 40, 6, 8, 50
FEATURES = bootstrap.features()


@dataclass
class World:
    """A ledger of random histories, told one event at a time."""

    running: Running
    seed: int
    ledger: UUID = field(init=False)
    refused: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random, self.now, self.ids = Random(self.seed), microseconds(BEGINNING), Ids(self.seed)
        door = replace(self.running.services, clock=lambda: self.now, new_id=self.ids)
        self.running = replace(self.running, services=door)
        self.ledger = ledgers.create(self.running, "1504", "Ålesund", synthetic=True)
        self.store: LedgerStore = self.running.store(self.ledger)
        self.known: dict[str, list[UUID]] = defaultdict(list)
        self.events = Events(self.random, lambda noun: self.known[noun])

    def command(self) -> Command:
        self.now += 1_000_000
        return Command(now=self.now, new_id=self.ids, client="test", accept_all=True)

    def tell(self, histories: int, each: int) -> None:
        """Tells so many histories, about so many events each, in any order; codebook 2 comes into use midway."""
        ledgers.activate_codebook(self.running, self.ledger, 1)
        for _ in range(3):
            self._open(next(feature for feature in FEATURES if feature.aggregate is Participant))
        while sum(map(len, self.known.values())) < histories:
            self._open(self.random.choice(FEATURES))
            for _ in range(each):
                self._go_on()
            if self.random.random() < 0.3:
                self.now += self.random.randint(1, 20) * 86_400_000_000
            if sum(map(len, self.known.values())) == histories // 2:
                ledgers.activate_codebook(self.running, self.ledger, 2)

    def _open(self, feature: Any) -> None:
        route = self.random.choice(feature.opens)
        event = self.events.of(route.event, oslo_day(self.now))
        opened = self._told(lambda: records.open_record(self.store, feature.aggregate, event, self.command()))
        if opened is not None:
            self.known[feature.aggregate.noun].append(opened.id)

    def _go_on(self) -> None:
        nouns = [noun for noun, found in self.known.items() if found]
        if not nouns:
            return
        noun = self.random.choice(nouns)
        feature = next(each for each in FEATURES if each.aggregate.noun == noun)
        kind, record = feature.aggregate, self.random.choice(self.known[noun][-25:])
        chosen, meta = self.random.random(), Meta(recorded_by=BY)
        if chosen < 0.7:
            route = self.random.choice(feature.commands)
            event = self.events.of(route.event, oslo_day(self.now))
            self._told(lambda: records.record(self.store, kind, record, None, event, self.command()))
            return
        originals = [each for each in self.store.history(record) if not isinstance(each.event, Corrected | Retracted)]
        target = self.random.choice(originals)
        asked: dict[str, Any] = {"target": target.event_id, "reason": None, "meta": meta, "command": self.command()}
        if chosen < 0.92:
            event = self.events.of(type(target.event), oslo_day(self.now))
            if hasattr(event, "participant"):
                event = _about(event, target.event)
            self._told(lambda: records.correct(self.store, kind, record, None, replacement=event, **asked))
        else:
            self._told(lambda: records.retract(self.store, kind, record, None, **asked))

    def _told(self, tell: Callable[[], Any]) -> Any:
        try:
            return tell()
        except Refusal as refusal:
            self.refused[type(refusal).__name__] += 1
            return None


def _about(event: Event, before: Event) -> Event:
    return msgspec.structs.replace(event, participant=before.participant)  # type: ignore[attr-defined]


class BruteForce:
    """The answers, from the events up to a position alone."""

    def __init__(self, world: World) -> None:
        self.kinds = {feature.aggregate.noun: feature.aggregate for feature in FEATURES}
        self.histories: dict[UUID, list[Recorded]] = defaultdict(list)
        self.everything = world.store.page(0, 1_000_000)
        for each in self.everything:
            if each.name.partition(".")[0] in self.kinds:
                self.histories[each.stream_id].append(each)

    def until(self, record: UUID, position: int) -> list[Recorded]:
        return [each for each in self.histories[record] if each.position <= position]

    def folded(self, position: int, on: date | None) -> Iterator[tuple[Aggregate, Aggregate]]:
        """Every record that stands at a position: as a whole, and as it stood on a day."""
        for record in list(self.histories):
            history = self.until(record, position)
            if history:
                kind = self.kinds[history[0].name.partition(".")[0]]
                whole = kind(record, history)
                if not whole.retracted:
                    yield whole, kind(record, history, on)

    def rows(self, view: ListView, position: int, day: date) -> list[dict[str, Any]]:
        found = []
        for _, then in self.folded(position, day):
            if isinstance(then, view.kind) and then.steps:
                names = [column.name for column in view.columns()]
                row = dict(zip(names, view.values(then), strict=True))
                shown = {**view.present({**row, "record": then.id, "version": 0})}
                shown.pop("version")
                found.append((then.history[0].position, {**shown, "id": then.id}))
        return [row for _, row in sorted(found, key=lambda each: -each[0])]

    def duties(self, kind: str, position: int, day: date) -> list[tuple[UUID, date]]:
        found = []
        for whole, then in self.folded(position, day):
            first = min((step.ends for step in whole.steps), default=day)
            owed = {(duty.due_on or first, duty.person) for duty in then.duties() if then.steps and duty.kind == kind}
            found += [(due, then.history[0].position, then.id) for due, _ in owed if due <= day]
        return [(record, due) for due, _, record in sorted(found)]

    def cells(self, view: FactsView, position: int, day: date) -> dict[tuple[str, ...], int]:
        sums: Counter[tuple[str, ...]] = Counter()
        standing: Counter[tuple[str, ...]] = Counter()
        for whole, _ in self.folded(position, None):
            if whole.noun in view.nouns:
                _, count = view._counts[whole.noun]
                for fact in count(whole, lambda record: self.until(record, position)):
                    if fact.occurred <= day:
                        times = {"year": fact.year, "month": fact.month}
                        place = (*fact.values, *(times[name] for name in view.table.times))
                        sums[place] += fact.n
                        standing[place] += 1 if fact.n >= 0 else -1
        return {place: n for place, n in sums.items() if standing[place]}

    def entries(self, position: int) -> Iterator[tuple[int, UUID, int | None]]:
        """The audit, newest first: each event, and the first that told of the same anew."""
        recorded = [each for each in self.everything if each.position <= position]
        for at in reversed(range(len(recorded))):
            each = recorded[at]
            about = getattr(each.event, "target", each.event_id)
            later = (other.position for other in recorded[at + 1 :] if getattr(other.event, "target", None) == about)
            yield each.position, each.event_id, next(later, None)


def moments(world: World, force: BruteForce, how_many: int) -> Iterator[tuple[int, date]]:
    """The end of all, and moments at random: most of them on a day something happened on, or the day before."""
    head, today = world.store.head(), oslo_day(world.now)
    days = sorted({step.ends for history in force.histories.values() for step in effective(history)})
    yield head, today
    for _ in range(how_many):
        day = world.random.choice(days) - timedelta(days=world.random.choice((0, 0, 1)))
        yield world.random.choice((head, world.random.randint(0, head))), min(day, today)


def compare(world: World, seen: Counter[str], how_many: int = MOMENTS) -> None:
    """Compares every view of a world with brute force, at moments at random, and rebuilt with live."""
    url = world.running.views.engine.url.render_as_string(hide_password=False)
    store = ViewStore(url, bootstrap.projections(block=BLOCK))
    views, force = LedgerViews(store, world.store), BruteForce(world)
    views.catch_up()
    assert not [each for each in views.status() if each["error"]], (world.seed, list(views.status()))
    for position, day in moments(world, force, how_many):
        where = f"seed {world.seed}, position {position}, day {day}"
        for view in store.views:
            told = f"{view.name}: {where}"
            if isinstance(view, ListView):
                expected = force.rows(view, position, day)
                members = expected[0].keys() if expected else ()
                page = views.rows(view.name, position, day, {}, None, 100_000).rows
                assert [{name: row[name] for name in members} for row in page] == expected, told
            elif isinstance(view, FactsView):
                columns = (*view.table.stored, *view.table.times)
                assert dict(views.cells(view.name, position, day, columns)) == force.cells(view, position, day), told
            elif isinstance(view, Duties):
                for kind in codebook.load().lists["duties"].codes:
                    page = views.rows(view.name, position, day, {"kind": kind, "within": 0}, None, 100_000).rows
                    found = [(row["record"], row["due_on"]) for row in page]
                    assert sorted(found) == sorted(force.duties(kind, position, day)), f"{kind}, {told}"
            elif isinstance(view, Audit):
                page = views.rows(view.name, position, day, {}, None, 100_000).rows
                found = [(row["position"], row["event_id"], row["superseded_by"]) for row in page]
                assert found == list(force.entries(position)), told
            else:
                raise TypeError(f"nobody compares {view.name}")
    live = rows(views)
    views.rebuild()
    assert rows(views) == live, f"rebuilt: seed {world.seed}"
    seen.update(each.name for history in force.histories.values() for each in history)
    store.close()


def over_http(world: World, api: Api, how_many: int) -> None:
    """Details, lists and tables, as the API tells them at moments at random, by both codebooks."""
    force = BruteForce(world)
    for _ in range(how_many):
        [(position, day)] = list(moments(world, force, 1))[1:]
        version = world.random.choice((1, 2))
        at, where = f"as_of={position}&on={day}&codebook={version}", (world.seed, position, day, version)
        feature = world.random.choice([each for each in FEATURES if world.known[each.aggregate.noun]])
        detail_is_folded(api, feature, world.random.choice(world.known[feature.aggregate.noun]), at, where)
        view = next(each for each in api.running.views.views if each.name == feature.noun)
        assert isinstance(view, ListView)
        listed = api.items(f"{feature.url}?{at}&limit=200")
        expected = feature.row(many=True).dump(force.rows(view, position, day))
        told = [{name: value for name, value in row.items() if name != "version"} for row in listed]
        assert told == msgspec.to_builtins(expected), (feature.noun, *where)
        table_is_counted(world, api, force, at, where)


def detail_is_folded(api: Api, feature: Feature, record: UUID, at: str, where: tuple[Any, ...]) -> None:
    _, position, day, version = where
    answer = api.get(f"{feature.url}/{record}?{at}")
    history = [each for each in api.running.store(api.ledger).history(record) if each.position <= position]
    then = feature.aggregate(record, history, day) if history else None
    if then is None or (not then.steps and not then.retracted):
        assert answer.status_code == 404, (record, *where)
    else:
        told = feature._told(then, codebook.load(version))
        assert answer.json == msgspec.json.decode(msgspec.json.encode(told)), (record, *where)


def table_is_counted(world: World, api: Api, force: BruteForce, at: str, where: tuple[Any, ...]) -> None:
    """A table by a few of its dimensions: each stored code is read by the codebook asked for, then added up."""
    _, position, day, version = where
    name, table = world.random.choice(sorted(TABLES.items()))
    asked = set(world.random.sample([each.id for each in table.dimensions], 2))
    answer = api.get(f"/v1/tables/{name}/data?{at}&" + "&".join(f"valuecodes[{each}]=*" for each in asked))
    assert answer.status_code == 200, (name, asked, *where)
    body, stored = answer.json, (*table.stored, *table.times)
    view = next(each for each in api.running.views.views if each.name == table.view)
    assert isinstance(view, FactsView)
    sums: Counter[tuple[str, ...]] = Counter()
    for place, n in force.cells(view, position, day).items():
        codes = dict(zip(stored, place, strict=True))
        shown = (table[each].code(codebook.load(version), codes[table[each].column]) for each in body["id"])
        sums[tuple(shown)] += n
    there = product(*(body["dimension"][each]["category"]["index"] for each in body["id"]))
    numbers = {place: n for place, n in zip(there, body["value"], strict=True) if n is not None}
    assert numbers == sums, (name, asked, *where)


def names(kind: type[Aggregate]) -> set[str]:
    """The stored names of a noun's events."""
    return {f"{kind.noun}.{event.NAME}" for event in (*kind.events, Corrected, Retracted)}


def judge(running: Running, seed: int, seen: Counter[str]) -> None:
    """Tells the random histories of a seed in a ledger of their own and compares it; every fifth over HTTP, too."""
    world = World(running, seed)
    world.tell(RECORDS, EACH)
    compare(world, seen)
    if seed % 5 == 0:
        app = application(world.running.services, FEATURES)
        over_http(world, Api(world.running, world.ledger, app.test_client()), 40)


def test_random_histories_are_told_at_any_time_as_brute_force_has_them(
    running: Running, back_end: str, counts: Callable[[int, int], int]
) -> None:
    """Two in three histories on SQLite, the rest on PostgreSQL. A seed that fails fails alone, too."""
    wanted = counts(40, 1_400 if back_end == "sqlite" else 680)
    seen: Counter[str] = Counter()
    first = 0 if back_end == "sqlite" else 1_000
    for seed in range(first, first + wanted // RECORDS):
        judge(running, seed, seen)
    if wanted > 1_000:
        untold = {name for feature in FEATURES for name in names(feature.aggregate)} - seen.keys()
        assert untold == set()
