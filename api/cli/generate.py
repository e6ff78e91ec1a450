"""Making a synthetic municipality."""

import sys
from datetime import datetime

import click

from api import synthetic
from api.cli.front_door import running
from api.progress import Progress
from domain.time import oslo_day


@click.command()
@click.option("--persons", default=200, type=click.IntRange(synthetic.LEAST, synthetic.MOST), help="How many persons.")
@click.option("--years", default=3, type=click.IntRange(1, 10), help="How many years of them.")
@click.option("--seed", default=9999, help="Another seed is another municipality.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Its last day; default: yesterday.")
@click.option("--municipality", "number", default=synthetic.NUMBER, help="The ledger's number.")
def generate(persons: int, years: int, seed: int, until: datetime | None, number: str) -> None:
    """Make a synthetic municipality in a ledger of its own: nothing in it is real, and the ledger says so."""
    with running() as opened:
        today = oslo_day(opened.services.clock())
        last = until.date() if until else today.fromordinal(today.toordinal() - 1)
        if last >= today:
            raise click.BadParameter("has not passed yet", param_hint="--until")
        progress, told, refused = Progress(number), 0, 0
        try:
            for at in synthetic.generate(opened, persons, years=years, until=last, seed=seed, number=number):
                told += at.outcome.result == "recorded"
                if at.outcome.result == "refused":
                    refused += 1
                    click.echo(f"line {at.outcome.line}: {at.outcome.detail}", err=True)
                progress(at.done, at.total)
        except ValueError as error:
            raise click.ClickException(f"{error}; choose another with --municipality") from error
        progress.done()
    click.echo(f"{number}: {told} events of {persons} synthetic persons over {years} years")
    if refused:
        sys.exit(1)
