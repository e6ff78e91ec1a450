"""What a command brings with it, whichever record it is for."""

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

import msgspec

from domain.events import Deviation


class Claim(NamedTuple):
    """Something only one record of a ledger may have, such as an external id. `value` is stored as an HMAC."""

    kind: str
    value: str


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, when, and under which key; the same for every command.

    `now` is the ledger's clock in µs. `key` and `digest` make a repeat recognisable; `client` owns the key.
    `acknowledged` are the deviations the sender accepts; `accept_all` accepts any, for an import in bulk.
    """

    now: int
    new_id: Callable[[], UUID]
    client: str
    key: str | None = None
    digest: bytes | None = None
    acknowledged: tuple[Deviation, ...] = ()
    accept_all: bool = False
