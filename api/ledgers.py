"""Opening a ledger, by its first event, and the version of the codebook it goes by."""

from datetime import date
from uuid import UUID

from api.bootstrap import Running
from domain import codebook, records
from domain.commands import Command
from domain.events import Actor, Meta
from domain.ledgers import CodebookActivated, Ledger, Opened
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


def activate_codebook(running: Running, ledger: UUID, version: int) -> int:
    """Lets the ledger go by a version of the codebook from now on; the position it does so at.

    Raises UnknownVersion. What was recorded stays as it is; figures are classified by the new version, and by any
    other that is asked for.
    """
    codebook.load(version)
    services = running.services
    now = services.clock()
    today = oslo_day(now)
    meta = Meta(occurred_from=today, occurred_to=today, recorded_by=OPERATOR, basis="first_hand")
    command = Command(now=now, new_id=services.new_id, client="operator")
    activated = CodebookActivated(meta=meta, version=version)
    return records.record(running.store(ledger), Ledger, ledger, None, activated, command).position
