"""Opening ledgers, listing them, and the codebook they go by."""

from datetime import datetime

import click

from api import ledgers
from api.cli.front_door import CLOCK, MUNICIPALITY, SEED, front_door, running
from domain import codebook


@click.group()
def ledger() -> None:
    """Open ledgers and list them."""


@ledger.command("create")
@MUNICIPALITY
@click.option("--name", required=True, help="The municipality's name.")
@click.option("--synthetic", is_flag=True, help="Nothing in it is real; its clock may be simulated.")
@click.option("--recording-from", type=click.DateTime(["%Y-%m-%d"]), help="From which day an empty cell means none.")
@click.option("--another", is_flag=True, help="Open it although a ledger has that number already.")
@CLOCK
@SEED
def ledger_create(
    number: str,
    name: str,
    synthetic: bool,
    recording_from: datetime | None,
    another: bool,
    clock: str | None,
    seed: int | None,
) -> None:
    """Open a ledger for a municipality; prints its id."""
    if not (len(number) == 4 and number.isdecimal() and number.isascii()):
        raise click.BadParameter("is four digits", param_hint="--municipality")
    with running(**front_door(synthetic, clock, seed)) as opened:
        if not another and any(row.number == number for row in opened.events.ledgers()):
            raise click.ClickException(f"there is a ledger {number} already; --another opens one more all the same")
        day = recording_from.date() if recording_from else None
        click.echo(ledgers.create(opened, number, name, synthetic=synthetic, recording_from=day))


@ledger.command("list")
def ledger_list() -> None:
    """List the ledgers: id, number, name."""
    with running() as opened:
        for row in opened.events.ledgers():
            click.echo(f"{row.id} {row.number} {row.name}{' (synthetic)' if row.synthetic else ''}")


@ledger.command("codebook")
@MUNICIPALITY
@click.option("--activate", "version", type=click.IntRange(1, codebook.VERSION), help="The version to go by from now.")
def ledger_codebook(number: str, version: int | None) -> None:
    """Say which version of the codebook a ledger goes by, or let it go by another from now on."""
    with running() as opened:
        ledger_id = opened.ledger_numbered(number)
        if version is not None and version != opened.store(ledger_id).codebook():
            ledgers.activate_codebook(opened, ledger_id, version)
        click.echo(f"version {opened.store(ledger_id).codebook()}; the newest is {codebook.VERSION}")
