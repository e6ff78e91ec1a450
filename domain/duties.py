"""What is owed and by when: a review, a follow-up, an answer. A duty needs no event to fall due; days do that."""

from datetime import date
from typing import NamedTuple
from uuid import UUID


class Duty(NamedTuple):
    """Something a record owes on an Oslo day (None: from the day it was opened), by the codebook list `duties`.

    `person` is the participant it is owed to, where the record is about one.
    """

    kind: str
    due_on: date | None = None
    person: UUID | None = None
