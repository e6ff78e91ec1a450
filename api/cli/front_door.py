"""What every command comes in by: the stores, and for a synthetic ledger its clock and ids."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

import click

from api import bootstrap
from api.config import Config, from_environment
from domain.time import microseconds

MUNICIPALITY = click.option(
    "--municipality",
    "number",
    required=True,
    metavar="N",
    help="The municipality's number, or the ledger's id.",
)


CLOCK = click.option("--clock", metavar="INSTANT", help="Synthetic ledgers: a simulated clock, a second a look.")
SEED = click.option("--seed", type=int, help="Synthetic ledgers: ids from this seed.")


@contextmanager
def running(config: Config | None = None, **front_door: Any) -> Iterator[bootstrap.Running]:
    """Everything, until the block ends."""
    opened = bootstrap.bootstrap(config or from_environment(), **front_door)
    try:
        yield opened
    finally:
        opened.close()


def front_door(synthetic: bool, clock: str | None, seed: int | None) -> dict[str, Any]:
    """The clock and ids that were asked for; only a synthetic ledger may have them."""
    if (clock is not None or seed is not None) and not synthetic:
        raise click.ClickException("only a synthetic ledger may have a simulated clock or chosen ids")
    door: dict[str, Any] = {}
    if clock is not None:
        try:
            ticks = count(microseconds(datetime.fromisoformat(clock).astimezone(UTC)), 1_000_000)
        except ValueError as error:
            raise click.BadParameter("is no RFC 3339 instant", param_hint="--clock") from error
        door["clock"] = lambda: next(ticks)
    if seed is not None:
        random = Random(seed)  # noqa: S311 - ids of a synthetic ledger are to be the same each time
        door["new_id"] = lambda: UUID(int=random.getrandbits(128), version=4)
    return door


def formed(pattern: str) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """Refuses a value that has not the form it has over the API: what is recorded must be readable for ever."""

    def check(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(pattern.strip("^$"), value, re.ASCII):
            raise click.BadParameter("is an opaque id of letters, digits and `.`, `_`, `-`; never a name")
        return value

    return check
