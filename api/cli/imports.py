"""Importing commands from a file."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from api.cli.front_door import CLOCK, MUNICIPALITY, SEED, front_door, running
from api.imports import Importer, Rehearsal
from api.progress import Progress


@click.command("import")
@MUNICIPALITY
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", help="The source's name: it owns the keys and refs. Default: the file's, without its ending.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and record nothing.")
@click.option("--quiet", is_flag=True, help="Only say what was refused or changed, and the sum.")
@CLOCK
@SEED
def import_(
    number: str,
    file: Path,
    source: str | None,
    dry_run: bool,
    quiet: bool,
    clock: str | None,
    seed: int | None,
) -> None:
    """Import commands, one JSON object a line. A second run changes nothing."""
    with running() as opened:
        ledger_id = opened.ledger_numbered(number)
        services = opened.services
        ledger_services = services.ledger(ledger_id)
        services = replace(services, **front_door(ledger_services.synthetic, clock, seed))
        records: Any = Rehearsal(ledger_services.records) if dry_run else ledger_services.records
        importer = Importer(records, opened.features, source or file.stem, services.clock, services.new_id)
        with file.open("rb") as lines:
            total = sum(1 for line in lines if line.strip())
            lines.seek(0)
            told = _report(importer, lines, total, quiet, "would be " if dry_run else "")
    click.echo(
        ("would be " if dry_run else "")
        + ", ".join(f"{result} {told[result]}" for result in ("recorded", "unchanged", "changed", "refused"))
    )
    if told["changed"] or told["refused"]:
        sys.exit(1)


def _report(importer: Importer, lines: Any, total: int, quiet: bool, would: str) -> dict[str, int]:
    told = dict.fromkeys(("recorded", "unchanged", "changed", "refused"), 0)
    progress = Progress("import")
    for done, outcome in enumerate(importer.run(lines), start=1):
        told[outcome.result] += 1
        if not quiet or outcome.result in ("changed", "refused"):
            record = "" if would else outcome.record or ""
            click.echo(" ".join(f"line {outcome.line}: {would}{outcome.result} {record} {outcome.detail}".split()))
        progress(done, total)
    progress.done()
    return told
