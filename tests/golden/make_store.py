"""Writes the golden files that our own code makes: `.venv/bin/python -m tests.golden.make_store`.

It exists for the days before the first release alone and is never run again after it: what a released version wrote
stays as it is, for later versions are tested against it. A later format gets files of its own beside these.

- events.json: the bytes of each sample, from its member `event`, which is written by hand;
- store-1/ and store-1.jsonl: an embedded installation with the golden history, one event corrected, one retracted, and
  its export with text. Its key is public: nothing but the golden history may ever lie there.

leaf.json and sealed.json are not written here: they come from other code than ours.
"""

import base64
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from adapters.codec import Codec, Plain
from api import demo
from api.app import application
from api.bootstrap import bootstrap, codec, export, migrate
from api.config import Config
from domain.events import Corrected, Event
from tests.conftest import Api, Clock, Ids

FOLDER = Path(__file__).parent
EVENTS, STORE, EXPORT = FOLDER / "events.json", FOLDER / "store-1", FOLDER / "store-1.jsonl"


def samples() -> list[dict[str, Any]]:
    """Every sample of a stored event: those of 0.1.0, and what write_samples.py has added for each noun since."""
    found: list[dict[str, Any]] = []
    for path in (EVENTS, *sorted(FOLDER.joinpath("events").glob("*.json"))):
        found += json.loads(path.read_text(encoding="utf-8"))
    return found


def parts_of(plain: Plain) -> dict[str, Any]:
    """The parts of an event, as a sample has them."""
    persons = [
        {"participant": str(person), "data_class": data_class, "text": part.decode()}
        for (person, data_class), part in plain.persons.items()
    ]
    parts = {data_class: part.decode() for data_class, part in plain.parts.items()}
    return {"parts": parts, **({"persons": persons} if persons else {})}


def event_of(codec: Codec, name: str, members: dict[str, Any]) -> Event:
    """The event with these members, text and all, made without the codec's help."""
    kind = codec.classes[name]
    if kind is not Corrected:
        return msgspec.convert(members, kind)
    rest = msgspec.convert({**members, "replacement": {"meta": members["meta"]}}, Corrected)
    inner = members["replacement"]
    return msgspec.structs.replace(rest, replacement=event_of(codec, inner["name"], inner["event"]))


def write_events() -> None:
    known, written = codec(), []
    for sample in json.loads(EVENTS.read_text(encoding="utf-8")):
        event = event_of(known, sample["name"], sample["event"])
        plain = known.encode(event)
        written.append(
            {
                "name": sample["name"],
                "schema_version": event.SCHEMA_VERSION,
                "event": sample["event"],
                "skeleton": plain.skeleton.decode(),
                **parts_of(plain),
            }
        )
    EVENTS.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_store() -> None:
    shutil.rmtree(STORE, ignore_errors=True)
    STORE.mkdir()
    key = STORE / "vault.key"
    key.touch(mode=0o600)
    key.write_bytes(base64.b64encode(b"a public key, for the tests only") + b"\n")
    config = Config(data=STORE)
    migrate(config)
    running = bootstrap(config, clock=Clock(), new_id=Ids())
    api = Api(running, demo.load(running), application(running.services, running.features).test_client())
    change(api)
    STORE.joinpath("token").write_text(api.token("evaluator") + "\n")
    EXPORT.write_bytes(b"".join(export(running.store(api.ledger), text=True)))
    running.close()
    STORE.joinpath("views.db").unlink()
    for name in ("events.db", "vault.db", "access.db"):
        with closing(sqlite3.connect(STORE / name)) as connection:
            connection.execute("VACUUM")


def change(api: Api) -> None:
    """Corrects the title of the first meeting, and retracts the last input."""
    [first, *_, last] = [each for each in api.running.store(api.ledger).page(1, 100) if each.name[:4] != "body"]
    meeting = api.get(f"/v1/meetings/{first.stream_id}")
    written = ("kind", "composition", "level", "form", "arena", "phase", "seed_line", "state")
    replacement = {
        **{member: meeting.json[member] for member in written},
        "occurred": {"from": meeting.json["held_from"], "to": meeting.json["held_to"]},
        "basis": "document",
        "title": "Fellesmøtet med kommuneansatte og flyktninger",
    }
    body = {"event_id": str(first.event_id), "reason": "Tittelen var avkortet", "replacement": replacement}
    answer = api.post(f"/v1/meetings/{first.stream_id}/corrections", body, match='"1"')
    assert answer.status_code == 200, answer.get_data(as_text=True)
    body = {"event_id": str(last.event_id), "reason": "Ført to ganger"}
    answer = api.post(f"/v1/inputs/{last.stream_id}/retractions", body, match='"1"')
    assert answer.status_code == 200, answer.get_data(as_text=True)


if __name__ == "__main__":
    write_events()
    write_store()
