"""How a synthetic history is told: late, uncertain, with gaps, and put right afterwards, as in a real office."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, NamedTuple, TypeVar

from domain.events import MISSING

T = TypeVar("T")

PROPORTIONS = {
    "late": 0.10,
    "corrected": 0.03,
    "retracted": 0.005,
    "uncertain": 0.06,
    "unknown": 0.08,
    "returned": 0.10,
    "lost": 0.12,
}
"""Of events told: late (20 days to 7 months), corrected, retracted, on uncertain days. Of coded members: unknown. Of
those who move out: returned, lost to follow-up. Deviations come of themselves: nobody's review is held every time."""

_KEPT = frozenset({"participant", "state", "legal_regime", "level", "kind", "plan_type", "scope", "gap", "recipient"})
"""Members that stay: without them there would be nothing to tell."""


class Told(NamedTuple):
    """A line of an import and the day it is told; `turn` keeps what one life tells in order."""

    on: date
    turn: str
    line: dict[str, Any]


class Teller:
    """Tells the lines of one life, or of the municipality. `name` begins every key, `since` and `until` are days."""

    def __init__(self, random: Random, name: str, since: date, until: date) -> None:
        self.random, self.name, self.since, self.until = random, name, since, until
        self.actor = f"k{random.randrange(1, 13):02}"
        self._told: list[Told] = []
        self._opened: dict[str, date] = {}

    def chance(self, share: float) -> bool:
        """True so often."""
        return self.random.random() < share

    def one(self, *choices: T) -> T:
        """One of these."""
        return self.random.choice(choices)

    def some(self, choices: Sequence[T], most: int) -> list[T]:
        """One to so many of these, none twice."""
        return self.random.sample(choices, self.random.randint(1, min(most, len(choices))))

    def days(self, least: int, most: int) -> timedelta:
        """So many days."""
        return timedelta(days=self.random.randint(least, most))

    def open(self, command: str, day: date, ref: str, **body: Any) -> str:
        """Tells of a record's first event; the ref it has from then on."""
        named = f"{self.name}-{ref}"
        self._tell(command, day, {"ref": named}, body, steady=True)
        return named

    def record(self, command: str, day: date, ref: str, **body: Any) -> None:
        """Tells of something that happened to a record: perhaps late, and perhaps not as it was."""
        self._tell(command, day, {"$ref": ref}, body)

    def lines(self) -> list[Told]:
        """Everything that was told."""
        return self._told

    def _tell(
        self, command: str, day: date, about: dict[str, str], body: Mapping[str, Any], *, steady: bool = False
    ) -> None:
        if day > self.until:
            return
        late = not steady and self.chance(PROPORTIONS["late"])
        on = max(day, self.since) + (self.days(20, 210) if late else self.days(0, 0 if steady else 2))
        # The records a line names must have been told of before it.
        on = max([on, *(self._opened[ref] for ref in _refs([about, body]))])
        if "ref" in about:
            self._opened[about["ref"]] = on
        key = f"{self.name}-{len(self._told)}"
        members = {name: self._known(name, value) for name, value in body.items()}
        line = self._line(key, command, day, members, **about)
        self._add(on, line)
        if not steady:
            self._amend(command, key, day, on, members, about)

    def _amend(
        self, command: str, key: str, day: date, on: date, members: dict[str, Any], about: dict[str, str]
    ) -> None:
        noun, chosen = command.partition(".")[0], self.random.random()
        event = {"event_id": {"$key": key}}
        if chosen < PROPORTIONS["corrected"]:
            moved = day - self.days(0, 9)
            replacement = {**members, "occurred": _interval(moved, moved), "basis": "document"}
            body = {**event, "replacement": replacement, "reason": "Feil dato"}
            self._add(on + self.days(1, 120), self._line(f"{key}c", f"{noun}.corrected", None, body, **about))
        elif chosen < PROPORTIONS["corrected"] + PROPORTIONS["retracted"]:
            body = {**event, "reason": "Ført på feil person"}
            self._add(on + self.days(1, 60), self._line(f"{key}r", f"{noun}.retracted", None, body, **about))

    def _line(self, key: str, command: str, day: date | None, body: Any, **about: str) -> dict[str, Any]:
        line = {
            "key": key,
            "command": command,
            **about,
            "actor": {"id": self.actor, "role": "caseworker", "unit": "flyktning"},
            "basis": self.one("first_hand", "first_hand", "document", "memory"),
            "accept_deviations": "*",
            "body": body,
        }
        if day is not None:
            uncertain = self.chance(PROPORTIONS["uncertain"])
            line["occurred"] = _interval(day - self.days(1, 30) if uncertain else day, day)
        return line

    def _add(self, on: date, line: dict[str, Any]) -> None:
        self._told.append(Told(on, f"{self.name}-{len(self._told):06}", line))

    def _known(self, name: str, value: Any) -> Any:
        if name in _KEPT or not isinstance(value, str) or value in MISSING or not self.chance(PROPORTIONS["unknown"]):
            return value
        return value if " " in value or name.endswith(("_on", "due", "deadline")) else self.one("unknown", "not_asked")


def _refs(value: Any) -> Iterator[str]:
    """The refs that a line's body names."""
    if isinstance(value, Mapping):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from _refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _refs(inner)


def _interval(first: date, last: date) -> dict[str, str]:
    return {"from": first.isoformat(), "to": last.isoformat()}
