"""The `medvirkning` command."""

import json
import logging
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random
from typing import IO, Any
from uuid import UUID

import click
import sqlalchemy.exc

from api import auth, bootstrap, demo, ledgers, openapi, server
from api.app import VERSION, contract
from api.config import Config, from_environment
from api.imports import Importer, Rehearsal
from api.progress import Progress
from api.schemas import UNIT_PATTERN
from api.tokens import ACTOR
from domain import codebook
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


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="medvirkning")
def cli() -> None:
    """The ledger of participation: who was heard, on what, and what came of it."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command; what an operator can mend is said in one line."""
    try:
        cli(arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except bootstrap.OPERATOR_ERRORS as error:
        click.echo(f"medvirkning: {error}", err=True)
        sys.exit(1)
    except (sqlalchemy.exc.OperationalError, OSError) as error:
        told = str(getattr(error, "orig", error)).strip().replace("\n", " ")
        click.echo(f"medvirkning: a store or file cannot be reached: {told}", err=True)
        sys.exit(1)


@contextmanager
def running(config: Config | None = None, **front_door: Any) -> Iterator[bootstrap.Running]:
    """Everything, until the block ends."""
    opened = bootstrap.bootstrap(config or from_environment(), **front_door)
    try:
        yield opened
    finally:
        opened.close()


def _front_door(synthetic: bool, clock: str | None, seed: int | None) -> dict[str, Any]:
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


@cli.command()
def migrate() -> None:
    """Bring every store to this version's format. On PostgreSQL, with the owner's URL."""
    for line in bootstrap.migrate(from_environment()):
        click.echo(line)


@cli.group()
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
    with running(**_front_door(synthetic, clock, seed)) as opened:
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


def _formed(pattern: str) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """Refuses a value that has not the form it has over the API: what is recorded must be readable for ever."""

    def check(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(pattern.strip("^$"), value, re.ASCII):
            raise click.BadParameter("is an opaque id of letters, digits and `.`, `_`, `-`; never a name")
        return value

    return check


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


@cli.group()
def token() -> None:
    """Make, list and revoke bearer tokens."""


@token.command("create")
@click.option("--role", required=True, type=click.Choice(sorted(auth.ROLES)), help="What its holder may do.")
@MUNICIPALITY
@click.option("--unit", default="not_recorded", callback=_formed(UNIT_PATTERN), help="The unit its holder belongs to.")
@click.option("--actor", callback=_formed(ACTOR), help="An opaque id of its holder; never a name. Default: the role.")
@click.option(
    "--client",
    callback=_formed(ACTOR),
    help="Whose command keys it uses, so that a new token keeps them. Default: the actor.",
)
@click.option("--days", default=90, type=click.IntRange(1, 366), help="How long it lives.")
@click.option("--agreement", is_flag=True, help="An agreement lets this system read events about persons on the feed.")
def token_create(
    role: str, number: str, unit: str, actor: str | None, client: str | None, days: int, agreement: bool
) -> None:
    """Make a token. It alone is printed, and only now."""
    with running() as opened:
        ledger_id = opened.ledger_numbered(number)
        try:
            made = demo.token(opened, ledger_id, role, unit, actor, client, days, agreement)
        except ValueError as error:
            raise click.ClickException(str(error)) from error
        click.echo(made)


@token.command("list")
@MUNICIPALITY
def token_list(number: str) -> None:
    """List a ledger's live tokens: id, role, unit, actor."""
    with running() as opened:
        for grant in opened.access.list(opened.ledger_numbered(number), opened.services.clock()):
            click.echo(f"{grant.id} {grant.role} {grant.unit} {grant.actor}")


@token.command("revoke")
@MUNICIPALITY
@click.argument("token_id", type=click.UUID)
def token_revoke(number: str, token_id: UUID) -> None:
    """Revoke a token, at once."""
    with running() as opened:
        ledger_id = opened.ledger_numbered(number)
        if not opened.access.revoke(ledger_id, token_id, opened.services.clock()):
            raise click.ClickException("this ledger has no such live token")


@cli.command()
@click.option("--host", default="127.0.0.1", help="Where to listen; loopback unless you say otherwise.")
@click.option("--port", type=int, help="Default: MEDVIRKNING_PORT, or 8000.")
def serve(host: str, port: int | None) -> None:
    """Serve the API, and feed the views, until told to stop."""
    with running() as opened:
        server.serve(opened, host, opened.config.port if port is None else port)


@cli.command()
def project() -> None:
    """Feed the views of every ledger until told to stop; in production, a process of its own."""
    with running() as opened:
        server.project(opened)


@cli.command()
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


@cli.command("import")
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
        services = replace(services, **_front_door(ledger_services.synthetic, clock, seed))
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


@cli.command()
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


@cli.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Back events, vault and tokens up in one file. The vault's key is not in it: keep that elsewhere."""
    with running() as opened:
        progress = Progress("backup")
        opened.stores().backup(file, progress.add)
        progress.done()
    click.echo(f"{file}: {file.stat().st_size} bytes, without the vault's key")


@cli.command()
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


@cli.command()
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


@cli.command("demo")
@click.option("--port", type=int, help="Default: MEDVIRKNING_PORT, or 8000.")
@click.option("--no-serve", is_flag=True, help="Load, print, and stop.")
def demo_(port: int | None, no_serve: bool) -> None:
    """The golden history in ledger 1504, served: the URL, tokens, and the first three things to try."""
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
        click.echo(demo.prepare(opened, f"http://127.0.0.1:{port}"))
        if not no_serve:
            server.serve(opened, "127.0.0.1", port)


@cli.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def spec(folder: Path) -> None:
    """Write the contract and the catalogue of events, as they are committed."""
    folder.mkdir(parents=True, exist_ok=True)
    documents = {
        "openapi.json": openapi.document(contract(bootstrap.features()), VERSION),
        "events.json": openapi.events(bootstrap.codec().classes),
    }
    for name, document in documents.items():
        text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, default=list)
        folder.joinpath(name).write_text(text + "\n")
        click.echo(folder / name)


if __name__ == "__main__":
    main()
