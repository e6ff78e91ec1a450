"""The peer of row 5: a plain Flask and SQLAlchemy service that keeps meetings as rows, with an audit row beside.

It validates with our own schema, checks a bearer token in the database, and writes meeting and audit row in one
transaction. It keeps no history, seals nothing, has no command keys and no views. Served like ours, by waitress.

    python -m benchmarks.crud URL
"""

import hashlib
import sys
import time
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import flask
from marshmallow import ValidationError
from sqlalchemy import JSON, BigInteger, create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from adapters.vault import durable
from api.meetings import MeetingDetail, MeetingSchedule
from benchmarks.serving import serve

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

    @property
    def described(self) -> "Meeting":
        """Where our schema looks for what a meeting is."""
        return self


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
    app, schema, detail = flask.Flask("crud", static_folder=None), MeetingSchedule(), MeetingDetail()
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
        version=1,
        state="scheduled",
        interpreter_use="not_recorded",
        tally=_TALLY,
        **{name: value for name, value in members.items() if name not in of_the_command},
    )


if __name__ == "__main__":
    serve(application(sys.argv[1]))
