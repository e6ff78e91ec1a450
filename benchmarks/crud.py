"""The peer of rows 5 and 9: a plain Flask and SQLAlchemy service that keeps meetings as rows, with an audit row beside.

It validates and answers with our own schemas, checks a bearer token in the database, tells an access log what ours
tells it, and writes meeting and audit row in one transaction. It keeps no history, seals nothing, has no command keys
and no views. Served like ours, by waitress.

    python -m benchmarks.crud URL
"""

import hashlib
import logging
import sys
import time
from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import flask
from marshmallow import ValidationError, fields
from sqlalchemy import JSON, BigInteger, create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from adapters.vault import durable
from api.meetings import FEATURE
from benchmarks.serving import serve

log = logging.getLogger("crud.access")

_TALLY = dict.fromkeys(("invited", "attended", "refugees", "staff", "others", "first_time"), "not_recorded")


class Base(DeclarativeBase):
    """The tables."""

    type_annotation_map = {dict[str, Any]: JSON, list[str]: JSON}


class Token(Base):
    """Who may."""

    __tablename__ = "tokens"

    digest: Mapped[str] = mapped_column(primary_key=True)
    actor: Mapped[str]
    role: Mapped[str]
    expires_at: Mapped[int] = mapped_column(BigInteger)


class Meeting(Base):
    """A meeting as it is now; what it was before is gone."""

    __tablename__ = "meetings"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    opened: Mapped[int] = mapped_column(BigInteger, index=True)
    version: Mapped[int]
    state: Mapped[str]
    kind: Mapped[str]
    composition: Mapped[str]
    level: Mapped[str]
    form: Mapped[str]
    arena: Mapped[str]
    phase: Mapped[str]
    units: Mapped[list[str]]
    interpreter_need: Mapped[str]
    interpreter_use: Mapped[str]
    seed_line: Mapped[str | None]
    title: Mapped[str | None]
    place: Mapped[str | None]
    agenda: Mapped[str | None]
    minutes: Mapped[str | None]
    planned_on: Mapped[date | None]
    held_from: Mapped[date | None]
    held_to: Mapped[date | None]
    tally: Mapped[dict[str, Any]]
    group: Mapped[dict[str, Any] | None]
    cancellation_reason: Mapped[str | None]
    cancellation_explanation: Mapped[str | None]

    position = 1
    retracted = False
    deviations = ()
    attendance = None

    @property
    def attended(self) -> int | None:
        """As a list shows it."""
        found: int | str = self.tally["attended"]
        return found if isinstance(found, int) else None

    @property
    def group_n(self) -> int | None:
        """As a list shows it."""
        return self.group["n"] if self.group else None


SCHEDULE = FEATURE.body(FEATURE.opens[0])


class Row(FEATURE.row):  # type: ignore[name-defined,misc]
    """A meeting in a list; it departs from no rules, for there are none."""

    deviations = fields.Integer(required=True, attribute="departures", dump_default=0)


class Audit(Base):
    """Who did what, when, with which members."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str]
    role: Mapped[str]
    action: Mapped[str]
    record: Mapped[UUID]
    members: Mapped[dict[str, Any]]


def application(url: str) -> flask.Flask:
    """The service over a database."""
    app, schema, detail = flask.Flask("crud", static_folder=None), SCHEDULE(), FEATURE.detail()
    rows = Row(many=True)
    engine = create_engine(url, pool_size=2, max_overflow=30)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", durable)
    sessions = sessionmaker(engine, expire_on_commit=False)

    @app.post("/v1/meetings")
    def schedule() -> tuple[flask.Response, int] | flask.Response:
        with sessions() as session:
            token = _token(session)
            if token is None:
                return flask.Response(status=401)
            raw = flask.request.get_json()
            try:
                members = schema.load(raw)
            except ValidationError as error:
                return flask.jsonify(error.messages), 422
            meeting = _meeting(members)
            session.add(meeting)
            session.add(
                Audit(
                    at=time.time_ns() // 1_000,
                    actor=token.actor,
                    role=token.role,
                    action="meeting.scheduled",
                    record=meeting.id,
                    members=raw,
                )
            )
            session.commit()
            return flask.jsonify(detail.dump(meeting)), 201

    @app.get("/v1/meetings/<uuid:meeting>")
    def show(meeting: UUID) -> flask.Response:
        with sessions() as session:
            if _token(session) is None:
                return flask.Response(status=401)
            found = session.get(Meeting, meeting)
            return flask.jsonify(detail.dump(found)) if found else flask.Response(status=404)

    @app.get("/v1/meetings")
    def page() -> flask.Response:
        with sessions() as session:
            if _token(session) is None:
                return flask.Response(status=401)
            limit = flask.request.args.get("limit", 50, int)
            statement = select(Meeting).order_by(Meeting.opened.desc()).limit(limit + 1)
            if before := flask.request.args.get("before", type=int):
                statement = statement.where(Meeting.opened < before)
            found = session.scalars(statement).all()
            following = found[limit - 1].opened if len(found) > limit else None
            return flask.jsonify({"items": rows.dump(found[:limit]), "next": following})

    @app.before_request
    def begin() -> None:
        flask.g.began = time.monotonic()

    @app.after_request
    def finish(answer: flask.Response) -> flask.Response:
        took = (time.monotonic() - flask.g.began) * 1_000
        log.info("%s %s %s %.1fms", flask.request.method, flask.request.url_rule or "-", answer.status_code, took)
        return answer

    return app


def prepare(url: str, token: str) -> None:
    """The tables, and a token of a caseworker in them."""
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        expires = time.time_ns() // 1_000 + 86_400_000_000
        session.add(Token(digest=_digest(token), actor="caseworker-7", role="caseworker", expires_at=expires))
        session.commit()
    engine.dispose()


def fill(url: str, bodies: Iterable[dict[str, Any]], minutes: str) -> list[UUID]:
    """Meetings that were planned so, held and minuted; their ids."""
    engine, schema = create_engine(url), SCHEDULE()
    with Session(engine, expire_on_commit=False) as session:
        meetings = [_meeting(schema.load(each)) for each in bodies]
        for meeting in meetings:
            meeting.state, meeting.minutes = "minuted", minutes
            meeting.tally = {**_TALLY, "invited": 20, "attended": 14}
            meeting.held_from = meeting.held_to = meeting.planned_on
            meeting.group = {"n": 9, "marginals": []}
        session.add_all(meetings)
        session.commit()
    engine.dispose()
    return [meeting.id for meeting in meetings]


def _token(session: Session) -> Token | None:
    scheme, _, given = flask.request.headers.get("Authorization", "").partition(" ")
    found = session.scalar(select(Token).where(Token.digest == _digest(given)))
    return found if scheme == "Bearer" and found and found.expires_at > time.time_ns() // 1_000 else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _meeting(members: dict[str, Any]) -> Meeting:
    of_the_command = ("occurred", "performed_by", "basis", "deviations")
    return Meeting(
        id=uuid4(),
        opened=time.time_ns(),
        version=1,
        state="scheduled",
        interpreter_use="not_recorded",
        tally=_TALLY,
        **{name: value for name, value in members.items() if name not in of_the_command},
    )


if __name__ == "__main__":
    serve(application(sys.argv[1]))
