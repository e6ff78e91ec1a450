"""A story: a day, somebody at the desk, and what they tell; afterwards, what the ledger says of any day."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from api.bootstrap import Running
from tests.conftest import Api, Clock, open_api
from tests.features.conftest import on

DESKS = {
    "a-17": ("caseworker", "flyktning"),
    "a-21": ("caseworker", "bolig"),
    "a-30": ("coordinator", "plan"),
}
"""Who tells: an opaque id, the role and the unit."""

Days = str | tuple[str | None, str | None]
"""When something happened: a day, or the first and the last it may have been."""


class Point(NamedTuple):
    """A point in time: what was known by the end of one day, of what had happened by the end of another."""

    known: str
    on: str

    @property
    def query(self) -> str:
        """As the API asks for it."""
        return f"as_of={self.known}&on={self.on}"


class Story:
    """A ledger whose days pass in order. Records go by their URL; in what is read out, by the name they were given."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self.api, self._clock, self._token = api, clock, ""
        self.names: dict[str, str] = {}

    def day(self, today: str, by: str) -> None:
        """It is noon of that day, and that person is at the desk."""
        self._clock.at(datetime.fromisoformat(today).replace(hour=11, tzinfo=UTC))
        self.api.tokens.clear()
        role, unit = DESKS[by]
        self._token = self.api.token(role, unit=unit, actor=by)

    def open(self, name: str, path: str, days: Days, breaking: tuple[str, ...] = (), **members: Any) -> str:
        """Opens a record and gives it a name; its URL."""
        opened = self._command("POST", path, days, breaking, members)
        self.names[opened["id"]] = name
        return f"{path.removesuffix('/existing')}/{opened['id']}"

    def post(self, path: str, days: Days, breaking: tuple[str, ...] = (), **members: Any) -> dict[str, Any]:
        """Tells what happened then; `breaking` are the rules it is first refused for, and then recorded with."""
        return self._command("POST", path, days, breaking, members)

    def put(self, path: str, days: Days, breaking: tuple[str, ...] = (), **members: Any) -> dict[str, Any]:
        """The same, for what a record has one of."""
        return self._command("PUT", path, days, breaking, members)

    def correct(self, record: str, version: int, reason: str, days: Days, **members: Any) -> dict[str, Any]:
        """Replaces what was told at that version of the record."""
        replacement = {"occurred": _occurred(days), **members}
        return self._mend(record, "corrections", version, reason=reason, replacement=replacement)

    def retract(self, record: str, version: int, reason: str) -> dict[str, Any]:
        """Takes back what was told at that version of the record."""
        return self._mend(record, "retractions", version, reason=reason)

    def event(self, record: str, version: int) -> str:
        """The id of what was told at that version."""
        event_id: str = self.api.items(f"{record}/history")[version - 1]["event_id"]
        return event_id

    def detail(self, record: str, point: Point, *members: str) -> dict[str, Any] | None:
        """These members of the record's detail, each as its list row has it, too; None where there is no record."""
        answer = self.api.get(f"{record}?{point.query}")
        rows = self.api.items(f"{record.rpartition('/')[0]}?{point.query}")
        row = next((row for row in rows if record.endswith(row["id"])), None)
        if answer.status_code == 404:
            assert row is None
            return None
        assert row is not None
        told = {member: answer.json[member] for member in members}
        for member in row.keys() & told:
            # A number that is not known is null in a list, which is sorted and summed.
            assert row[member] == told[member] or (row[member], told[member]) == (None, "not_recorded")
        assert row["deviations"] == len(answer.json["deviations"])
        return {**told, "deviations": [each["rule"] for each in answer.json["deviations"]]}

    def table(self, name: str, point: Point, *dimensions: str) -> dict[tuple[str, ...], int]:
        """The cells of a table that hold a number, by their codes."""
        asked = "&".join(f"valuecodes[{dimension}]=*" for dimension in dimensions)
        text = self.api.get(f"/v1/tables/{name}/data?{asked}&outputFormat=csv&{point.query}").get_data(as_text=True)
        rows = [line.split(",") for line in text.splitlines()[1:]]
        return {tuple(codes): int(value) for *codes, value, _ in rows if value}

    def due(self, kind: str, point: Point) -> list[tuple[str, str]]:
        """A work list: whose, and by which day."""
        return [
            (self.names[item["record"]], item["due_on"])
            for item in self.api.items(f"/v1/work-lists/{kind}?{point.query}")
        ]

    def audit(self, query: str) -> list[dict[str, Any]]:
        """The entries of the audit, the first first."""
        return self.api.items(f"/v1/audit?{query}")[::-1]

    def differences(self, path: str, query: str) -> list[dict[str, Any]]:
        """What differs between two moments, but for how far the ledger had come."""
        items = self.api.items(f"{path}/differences?{query}")
        return [item for item in items if item.get("pointer") not in ("/version", "/position")]

    def _command(
        self, method: str, path: str, days: Days, breaking: tuple[str, ...], members: dict[str, Any]
    ) -> dict[str, Any]:
        body = {"occurred": _occurred(days), **members}
        if breaking:
            refused = self._send(method, path, body)
            assert refused.status_code == 409, refused.get_data(as_text=True)
            assert tuple(each["rule"] for each in refused.json["rules"]) == breaking
            body["deviations"] = [{"rule": rule, "reason": "slik gikk det"} for rule in breaking]
        answer = self._send(method, path, body)
        assert answer.status_code in (200, 201), answer.get_data(as_text=True)
        told: dict[str, Any] = answer.json
        return told

    def _mend(self, record: str, what: str, version: int, **members: Any) -> dict[str, Any]:
        answer = self._send("POST", f"{record}/{what}", {"event_id": self.event(record, version), **members})
        assert answer.status_code == 200, answer.get_data(as_text=True)
        told: dict[str, Any] = answer.json
        return told

    def _send(self, method: str, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._token}"}
        match path.split("/")[3:]:
            case [record, _, *_]:
                one = f"{'/'.join(path.split('/')[:3])}/{record}"
                headers["If-Match"] = self.api.get(one).headers["ETag"]
        return self.api.send(method, path, body, role=None, headers=headers)


def _occurred(days: Days) -> dict[str, str | None]:
    return on(*days) if isinstance(days, tuple) else on(days)


@pytest.fixture
def begin(running: Running, clock: Clock) -> Callable[[str], Story]:
    """Opens a synthetic ledger of Ålesund on a day, on each back end in turn."""

    def beginning(today: str) -> Story:
        clock.at(datetime.fromisoformat(today).replace(hour=7, tzinfo=UTC))
        return Story(open_api(running), clock)

    return beginning
