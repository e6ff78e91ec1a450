"""Serving the API, feeding and rebuilding its views, and the demo."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import click

from api import bootstrap, demo, server, synthetic
from api.cli.front_door import running
from api.config import Config, from_environment
from api.progress import Progress


@click.command()
@click.option("--host", default="127.0.0.1", help="Where to listen; loopback unless you say otherwise.")
@click.option("--port", type=int, help="Default: MEDVIRKNING_PORT, or 8000.")
def serve(host: str, port: int | None) -> None:
    """Serve the API, and feed the views, until told to stop."""
    with running() as opened:
        server.serve(opened, host, opened.config.port if port is None else port)


@click.command()
def project() -> None:
    """Feed the views of every ledger until told to stop; in production, a process of its own."""
    with running() as opened:
        server.project(opened)


@click.command()
@click.option("--municipality", "number", metavar="N", help="One ledger; default: every one.")
def rebuild(number: str | None) -> None:
    """Build the views again from the events, and switch when they have caught up. One that was stopped is resumed."""
    _rebuild(from_environment(), number)


def _rebuild(config: Config, number: str | None = None) -> None:
    opened = bootstrap.assemble(config)
    try:
        wanted = opened.ledger_numbered(number) if number else None
        rows = [row for row in opened.events.ledgers() if wanted in (None, row.id)]
        for row in rows:
            progress, told = Progress(row.number), opened.ledger_views(row.id).build()
            if begun := next(told).position:
                progress.resumed(begun)
            for at in told:
                progress(at.position, at.total)
            progress.done()
        for row in rows:
            for line in _compared(opened.ledger_views(row.id).switch()):
                click.echo(f"{row.number} {line}")
    finally:
        opened.close()


def _compared(views: Sequence[Any]) -> Iterator[str]:
    apart = [each.view for each in views if each.lost is None]
    yield f"rebuilt: {sum(each.rows for each in views)} rows in {len(views)} views"
    if apart:
        yield f"not compared, as the live view stood elsewhere or was of another version: {', '.join(apart)}"
    for each in views:
        if each.lost or each.gained:
            yield f"{each.view} was wrong: {each.lost} rows should not have been live, {each.gained} were missing"


@click.command("demo")
@click.option("--port", type=int, help="Default: MEDVIRKNING_PORT, or 8000.")
@click.option("--persons", default=60, type=click.IntRange(0, synthetic.MOST), help="In the synthetic ledger; 0: none.")
@click.option("--no-serve", is_flag=True, help="Load, print, and stop.")
def demo_(port: int | None, persons: int, no_serve: bool) -> None:
    """The golden history in ledger 1504 and a synthetic municipality in 9999, served: tokens, and what to try first."""
    config = from_environment()
    bootstrap.migrate(config)
    try:
        opened = bootstrap.bootstrap(config)
    except bootstrap.OutOfDate:
        click.echo("the views were built by another version: building them again", err=True)
        _rebuild(config)
        opened = bootstrap.bootstrap(config)
    with closing(opened):
        port = opened.config.port if port is None else port
        url = f"http://127.0.0.1:{port}"
        told = demo.prepare(opened, url)
        if persons:
            progress = Progress(f"a synthetic municipality of {persons}")
            told += demo.tour(opened, demo.beside(opened, persons, progress), url)
            progress.done()
        click.echo(told)
        if not no_serve:
            server.serve(opened, "127.0.0.1", port)
