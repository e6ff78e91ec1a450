"""Making, listing and revoking bearer tokens."""

from uuid import UUID

import click

from api import auth, demo
from api.cli.front_door import MUNICIPALITY, formed, running
from api.schemas import UNIT_PATTERN
from api.tokens import ACTOR


@click.group()
def token() -> None:
    """Make, list and revoke bearer tokens."""


@token.command("create")
@click.option("--role", required=True, type=click.Choice(sorted(auth.ROLES)), help="What its holder may do.")
@MUNICIPALITY
@click.option("--unit", default="not_recorded", callback=formed(UNIT_PATTERN), help="The unit its holder belongs to.")
@click.option("--actor", callback=formed(ACTOR), help="An opaque id of its holder; never a name. Default: the role.")
@click.option(
    "--client",
    callback=formed(ACTOR),
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
