"""Which frontends are installed, and which may be loaded in the server's process."""

import click
import httpx
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from api import bootstrap, frontends, server, shell
from api.config import from_environment


@click.group()
def frontend() -> None:
    """List the frontends that are installed; say which may be loaded."""


@frontend.command("list")
def frontend_list() -> None:
    """Every frontend that is installed, and whether it is on the list as it is now."""
    allowed = frontends.Allowed(from_environment().frontends)
    for found in frontends.installed():
        word = "allowed" if found in allowed else "not allowed"
        click.echo(f"{found.name} {found.distribution} {found.version} sha256:{found.digest[:16]}… {word}")


@frontend.command("allow")
@click.argument("name")
def frontend_allow(name: str) -> None:
    """Put a frontend on the list as it is now: in the server's process it may do anything. Start the server anew."""
    found = _named(name)
    frontends.Allowed(from_environment().frontends).allow(found)
    click.echo(f"{found.distribution} {found.version} may be loaded, unless it changes")


@frontend.command("forbid")
@click.argument("name")
def frontend_forbid(name: str) -> None:
    """Take a frontend off the list. Start the server anew."""
    found = _named(name)
    frontends.Allowed(from_environment().frontends).forbid(found)
    click.echo(f"{found.distribution} is no longer loaded")


@frontend.command("serve")
@click.argument("name")
@click.option("--api", "base", required=True, metavar="URL", help="Where the API is, such as https://ledger.example.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", default=8001, show_default=True, type=int, help="Where to listen; 0: any that is free.")
def frontend_serve(name: str, base: str, host: str, port: int) -> None:
    """Serve a frontend in a process of its own, against an API elsewhere; it need not be on the list there."""
    api = shell.client(httpx.HTTPTransport(), base.rstrip("/"))
    loaded = frontends.load(_named(name), api)
    if loaded.error:
        raise click.ClickException(f"{name} has not loaded: {loaded.error}")
    house = shell.Shell([loaded], api, bootstrap.sessions_apart(from_environment()), bootstrap.now)
    server.serve_wsgi(DispatcherMiddleware(NotFound(), {"/app": house.wsgi}), host, port)


def _named(name: str) -> frontends.Installed:
    installed = {each.name: each for each in frontends.installed()}
    if name not in installed:
        raise click.ClickException(f"no frontend {name} is installed; there are: {', '.join(installed) or 'none'}")
    return installed[name]
