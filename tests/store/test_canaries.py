"""Nothing personal lies in clear at rest: texts written over HTTP are in no byte of any file, and open with the vault.

The marker is in every text; that the scan would see it is shown by a ledger's name, which is public and lies in clear.
"""

import base64
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from api.bootstrap import Running
from api.participants import FEATURE as PARTICIPANTS
from api.records import Feature, Route
from domain.events import text_fields
from domain.participants import EXTERNAL_IDS
from tests.bodies import smallest
from tests.conftest import Api, open_api

MARKER = f"kanari-{os.urandom(6).hex()}"
ENTRY = str(uuid4())
PUBLIC = f"Kontroll-{os.urandom(6).hex()}"


class Writer:
    """Sends every command of every record, with a canary in every text there is; `told` is all that is read back."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.canaries: list[str] = []
        self.told = ""
        self.etag: str | None = None

    def canary(self, name: str = "") -> str:
        """A text no other is like; of an external id, digits no other has."""
        digits = EXTERNAL_IDS.get(name)
        text = f"{MARKER}-{len(self.canaries):03}"
        self.canaries.append("".join(random.choices("0123456789", k=digits)) if digits else text)
        return self.canaries[-1]

    def body(self, feature: Feature, route: Route) -> dict[str, Any]:
        """A body with every text, and of the other members those that must be there."""
        body = feature.body(route)
        texts = {name: self.canary(name) for name in text_fields(route.event).keys() & body().fields.keys()}
        return self.referring(smallest(body, **texts))

    def referring(self, value: Any) -> Any:
        """The same, every participant in it one that is there, and every entry of a register the same one."""
        match value:
            case dict():
                there = {"participant": self.person, "recipient": lambda: ENTRY}
                return {name: there[name]() if name in there else self.referring(value[name]) for name in value}
            case list():
                return [self.referring(each) for each in value]
        return value

    def person(self) -> str:
        """The id of a participant whom nobody has been told anything of."""
        body = smallest(PARTICIPANTS.body(PARTICIPANTS.opens[1]))
        person: str = self.api.post("/v1/participants/existing", body).json["id"]
        return person

    def send(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Sends a command, and again with its deviations and their reasons if it breaks rules."""
        answer = self.api.send(method, path, body, match=self.etag)
        if answer.status_code == 409:
            deviations = [{"rule": each["rule"], "reason": self.canary()} for each in answer.json["rules"]]
            answer = self.api.send(method, path, {**body, "deviations": deviations}, match=self.etag)
        assert answer.status_code in (200, 201), answer.get_data(as_text=True)
        self.etag = answer.headers["ETag"]
        told: dict[str, Any] = answer.json
        return told

    def write(self, feature: Feature, opening: Route) -> None:
        """Opens a record, sends it every other command, corrects its opening and takes it back."""
        many, self.etag = feature.url, None
        opened = self.body(feature, opening)
        path = f"{many}/{self.send('POST', many + opening.path, opened)['id']}"
        for route in feature.commands:
            self.send(route.method, path + route.path, self.body(feature, route))
        first = self.api.get(f"{path}/history").json["items"][0]["event_id"]
        # A record stays with the person it is about.
        kept = {name: opened[name] for name in ("participant",) if name in opened}
        replacing = {"event_id": first, "reason": self.canary(), "replacement": {**self.body(feature, opening), **kept}}
        self.send("POST", f"{path}/corrections", replacing)
        self.send("POST", f"{path}/retractions", {"event_id": first, "reason": self.canary()})
        self.told += self.api.get(f"{path}/history").get_data(as_text=True)


def files(running: Running, since: float) -> Iterator[bytes]:
    """Every file of the data folder, and of the whole cluster, that was written to since."""
    folders = [running.config.data]
    if not running.config.embedded:
        with running.vault.engine.connect() as owner:
            owner.exec_driver_sql("CHECKPOINT")
            folders.append(Path(owner.exec_driver_sql("SHOW data_directory").scalar_one()))
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            with suppress(FileNotFoundError):  # the cluster's own business
                if path.is_file() and path.stat().st_mtime >= since:
                    yield path.read_bytes()


def test_no_text_and_no_token_lies_in_clear_in_any_file(running: Running, counts: Callable[[int, int], int]) -> None:
    since = counts(int(time.time()) - 5, 0)  # the whole cluster of a whole test run is large
    api = open_api(running, name=PUBLIC)
    writer = Writer(api)
    for feature in running.features:
        for opening in feature.opens:
            writer.write(feature, opening)
    assert len(writer.canaries) >= 50
    assert not [canary for canary in writer.canaries if canary not in writer.told]
    tokens = [api.token(role) for role in ("coordinator", "evaluator", "administrator")]
    running.stores().backup(running.config.data / "backup")

    secret = {
        MARKER,
        *(each for each in writer.canaries if each.isdigit()),
        *tokens,
        *(token.removeprefix("mv_")[24:] for token in tokens),
    }
    forms = {text.encode(encoding) for text in secret for encoding in ("utf-8", "utf-16-le", "utf-16-be")}
    forms |= {base64.urlsafe_b64decode(token.removeprefix("mv_"))[16:] for token in tokens}
    public = 0
    for found in files(running, since):
        assert not [form for form in forms if form in found]
        public += PUBLIC.encode() in found
    assert public >= 2, "the store and the backup hold the ledger's name in clear"
