"""Many writers at once on the same few records, through two processes' doors: nobody undoes what they have not read."""

from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from adapters.eventstore import LedgerStore
from adapters.verify import verify
from api.app import application
from api.bootstrap import Running, bootstrap
from domain.aggregate import Aggregate
from domain.hearings import Answered, Hearing
from tests.conftest import ON, Api, Clock, Ids, an_input, meeting, open_api

HEARING = {"occurred": ON, "plan_type": "thematic_plan"}


class Command(NamedTuple):
    """What a writer does: where, by which method, and the member that bears the writer's mark."""

    path: str
    method: str
    mark: str
    any_version: bool = False
    members: dict[str, Any] = {}


class Won(NamedTuple):
    """A command that was recorded: on which record, the version it rested on if it said one, and its mark."""

    record: str
    rested_on: int | None
    version: int
    mark: str


class Writer:
    """Sends commands to records that others write to, too; reads again when it was late."""

    def __init__(self, number: int, api: Api, records: dict[str, list[str]]) -> None:
        self.number, self.api, self.random = number, api, Random(number)
        self.seen: dict[str, str] = {}
        self.won: list[Won] = []
        self.statuses: Counter[int] = Counter()
        inputs = [each.rpartition("/")[2] for each in records["inputs"]]
        declaring = [Command(f"{path}/answer", "PUT", "answer") for path in records["hearings"]]
        self.commands = [
            *declaring * 4,
            *(Command(f"{path}/answers", "POST", "answer") for path in records["inputs"]),
            *(Command(f"{path}/feedback", "POST", "feedback", any_version=True) for path in records["inputs"]),
            *(Command(f"{path}/minutes", "PUT", "minutes") for path in records["meetings"]),
            *(
                Command(
                    f"{path}/statements",
                    "POST",
                    "statement",
                    any_version=True,
                    members={"submitted_by": "refugees", "inputs": [each]},
                )
                for path in records["hearings"]
                for each in inputs
            ),
        ]

    def write(self, commands: int) -> None:
        """Sends so many commands, whatever becomes of each; all begin with the same one, so that one of them wins."""
        for at in range(commands):
            chosen = self.random.choice(self.commands) if at else self.commands[0]
            path, mark = chosen.path.rpartition("/")[0], f"{self.number}-{at}"
            if path not in self.seen:
                self.seen[path] = self.api.send("HEAD", path).headers["ETag"]
            match = "*" if chosen.any_version else self.seen[path]
            body = {"occurred": ON, chosen.mark: mark, **chosen.members}
            answer = self.api.send(chosen.method, chosen.path, body, match=match)
            if answer.status_code == 409 and self.random.random() < 0.7:
                body["deviations"] = [{"rule": each["rule"]} for each in answer.json["rules"]]
                answer = self.api.send(chosen.method, chosen.path, body, match=match)
            self.statuses[answer.status_code] += 1
            if answer.status_code == 200:
                self.seen[path] = answer.headers["ETag"]
                rested_on = None if chosen.any_version else int(match.strip('"').partition(".")[0])
                self.won.append(Won(answer.json["id"], rested_on, answer.json["version"], mark))
            elif answer.status_code == 412:
                del self.seen[path]


def test_many_writers_of_the_same_records_lose_no_update(
    running: Running, clock: Clock, counts: Callable[[int, int], int]
) -> None:
    """Sixteen writers send 500 commands each: 50 to each of ten ledgers, so that no record grows beyond all measure."""
    other = bootstrap(running.config, clock=clock, new_id=Ids(2009))
    try:
        statuses = sum(
            (contested(running, other, seed, counts(8, 16), counts(10, 50)) for seed in range(counts(1, 10))),
            Counter[int](),
        )
    finally:
        other.close()
    assert {*statuses} <= {200, 409, 412}, statuses
    assert statuses.total() == counts(8, 16) * counts(10, 500)
    assert statuses[412], "nobody met anybody"


def contested(running: Running, other: Running, seed: int, writers: int, each: int) -> Counter[int]:
    """The answers of so many writers who send so many commands each to the same records of a new ledger."""
    api = open_api(running)
    opened: dict[str, list[str]] = defaultdict(list)
    for noun, body in [("inputs", an_input())] * 3 + [("meetings", meeting())] * 2 + [("hearings", HEARING)]:
        opened[noun].append(api.post(f"/v1/{noun}", body).headers["Location"])
    store = running.store(api.ledger)
    before = store.head()
    apps = [application(door.services, door.features) for door in (running, other)]
    sending = [
        Writer(seed * writers + number, replace(api, client=apps[number % 2].test_client()), opened)
        for number in range(writers)
    ]
    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(lambda writer: writer.write(each), sending))
    statuses = sum((writer.statuses for writer in sending), Counter[int]())
    assert store.head() == before + statuses[200]
    assert list(verify(store)) == []
    every_update_is_kept(store, [won for writer in sending for won in writer.won], opened)
    return statuses


def every_update_is_kept(store: LedgerStore, won: list[Won], opened: dict[str, list[str]]) -> None:
    """What was answered 200 stands in its record at its version, after what its writer had read, and nothing else."""
    told: dict[tuple[str, int], str] = {(each.record, each.version): each.mark for each in won}
    assert len(told) == len(won)
    assert all(each.version == each.rested_on + 1 for each in won if each.rested_on is not None)
    stored = {}
    for path in (path for paths in opened.values() for path in paths):
        record = path.rpartition("/")[2]
        for each in store.history(UUID(record))[1:]:
            texts = (getattr(each.event, name, None) for name in ("answer", "feedback", "minutes", "statement"))
            stored[record, each.version] = next(text for text in texts if text)
    assert stored == told
    for path in opened["hearings"]:
        answers_are_of_what_stood(store, UUID(path.rpartition("/")[2]))


def answers_are_of_what_stood(store: LedgerStore, hearing: UUID) -> None:
    """Each time the hearing was declared answered, the inputs counted were those that had an answer at that moment."""
    history = store.history(hearing)
    answered = [at for at, each in enumerate(history) if isinstance(each.event, Answered)]
    assert answered
    for at in answered:

        def then(noun: str, record: UUID, position: int = history[at].position) -> Aggregate:
            return store.get(store.kind(noun), record, as_of=position)

        untold = msgspec.structs.replace(history[at].event, answered="unknown", of="unknown")
        assert Hearing(hearing, history[:at]).considering(untold, then) == history[at].event
