"""What is done to whole stores: migrate, export, back up, restore, verify."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import IO

import click

from api import bootstrap
from api.cli.front_door import MUNICIPALITY, running
from api.config import from_environment
from api.progress import Progress


@click.command()
def migrate() -> None:
    """Bring every store to this version's format. On PostgreSQL, with the owner's URL."""
    for line in bootstrap.migrate(from_environment()):
        click.echo(line)


@click.command()
@MUNICIPALITY
@click.option("--text", is_flag=True, help="With the sealed text in clear: handle the file accordingly.")
@click.option("--output", type=click.File("wb", atomic=True), default="-", help="Default: standard output.")
def export(number: str, text: bool, output: IO[bytes]) -> None:
    """Export a ledger's events as JSON Lines."""
    with running() as opened:
        store = opened.store(opened.ledger_numbered(number))
        progress, total = Progress("export"), store.head()
        for done, line in enumerate(bootstrap.export(store, text=text), start=1):
            output.write(line)
            progress(done, total)
        progress.done()


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Back events, vault and tokens up in one file. The vault's key is not in it: keep that elsewhere."""
    with running() as opened:
        progress = Progress("backup")
        opened.stores().backup(file, progress.add)
        progress.done()
    click.echo(f"{file}: {file.stat().st_size} bytes, without the vault's key")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Restore a backup into an empty installation. On PostgreSQL, with the owner's URL."""
    config = from_environment()
    bootstrap.migrate(config)
    if config.owner_database:
        config = replace(config, database=config.owner_database)
    opened = bootstrap.assemble(config)
    try:
        progress = Progress("restore")
        opened.stores().restore(file, progress.add)
        progress.done()
        opened.vault.check_format()
    finally:
        opened.close()
    click.echo("restored; `medvirkning rebuild` makes the views, `medvirkning verify` looks at every event")


@click.command()
@click.option("--municipality", "number", metavar="N", help="One ledger; default: every one.")
def verify(number: str | None) -> None:
    """Look at every event: whole, in order, unchanged, readable."""
    whole = True
    with running() as opened:
        wanted = opened.ledger_numbered(number) if number else None
        for row in opened.events.ledgers():
            if wanted in (None, row.id):
                progress, faults = Progress(row.number), 0
                for fault in bootstrap.verify(opened.store(row.id), progress):
                    faults += 1
                    click.echo(f"{row.number} {row.id}: {fault}")
                progress.done()
                head = opened.store(row.id).recorder.head()
                root = bootstrap.root(head.peaks).hex()
                click.echo(f"{row.number} {row.id}: {head.position} events, root {root}, {faults or 'no'} faults")
                whole = whole and not faults
    if not whole:
        sys.exit(1)
