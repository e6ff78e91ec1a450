"""Writing the generated contract."""

import json
from pathlib import Path

import click

from api import bootstrap, openapi
from api.app import VERSION, contract


@click.command()
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
