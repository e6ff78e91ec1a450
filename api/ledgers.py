"""Opening a ledger, by its first event."""

from datetime import date
from uuid import UUID

from api.bootstrap import Running
from domain import codebook
from domain.commands import Command
from domain.events import Actor, Meta
from domain.ledgers import Ledger, Opened
from domain.time import oslo_day

OPERATOR = Actor(id="operator", role="administrator", unit="not_recorded")
"""Who does what is done at the command line of the server itself."""


def create(running: Running, number: str, name: str, *, synthetic: bool, recording_from: date | None = None) -> UUID:
    """Opens a ledger for a municipality number and returns its id."""
    services = running.services
    now, ledger = services.clock(), services.new_id()
    today = oslo_day(now)
    opened = Opened(
        meta=Meta(occurred_from=today, occurred_to=today, recorded_by=OPERATOR, basis="first_hand"),
        id=ledger,
        number=number,
        name=name,
        synthetic=synthetic,
        codebook_version=codebook.VERSION,
        recording_from=recording_from,
    )
    command = Command(now=now, new_id=services.new_id, client="operator")
    running.store(ledger).save(Ledger(ledger).record(opened, command), command)
    return ledger
