"""Numbered migrations of the event store, an SQL file for each back end; what has landed is never edited."""

from collections.abc import Iterator
from importlib import resources

from adapters.recorder import FormatError

FORMAT = 1
"""The format this version keeps: the number of the last migration, the same for both back ends."""


def pending(backend: str, version: int) -> Iterator[tuple[int, str, str]]:
    """The number, name and SQL of each migration a store of a format still needs.

    Raises FormatError if a later version of this program has been there.
    """
    if version > FORMAT:
        raise FormatError(f"the event store has format {version}; this version knows only up to {FORMAT}")
    for number in range(version + 1, FORMAT + 1):
        name = f"{backend}_{number:04d}.sql"
        yield number, name, resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


def check(version: int) -> None:
    """Raises FormatError unless a store's format is this version's; 0 is a store never migrated."""
    if version != FORMAT:
        raise FormatError(
            f"the event store has format {version}, this version keeps {FORMAT}: run `medvirkning migrate`"
        )
