"""The `medvirkning` command."""

import logging
import sys
from collections.abc import Sequence

import click
import sqlalchemy.exc

from api import bootstrap
from api.app import VERSION
from api.cli import frontends, generate, imports, ledgers, serving, spec, stores, tokens


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


COMMANDS = (
    stores.migrate,
    ledgers.ledger,
    tokens.token,
    frontends.frontend,
    serving.serve,
    serving.project,
    serving.rebuild,
    imports.import_,
    generate.generate,
    stores.export,
    stores.backup,
    stores.restore,
    stores.verify,
    serving.demo_,
    spec.spec,
)
for command in COMMANDS:
    cli.add_command(command)
