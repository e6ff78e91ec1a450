"""The only way in: REST under /v1, generated from the same declarations that parse the requests."""

from importlib.util import find_spec
from pathlib import Path


class MixedInstallation(ImportError):
    """`domain`, `adapters` and `api` come from different places; another distribution uses one of the names."""


def _refuse_mixed_installation() -> None:
    found = {name: find_spec(name) for name in ("domain", "adapters", "api")}
    places = {name: Path(spec.origin).parent if spec and spec.origin else None for name, spec in found.items()}
    if len({place.parent if place else None for place in places.values()}) > 1:
        told = ", ".join(f"{name} from {place}" for name, place in places.items())
        raise MixedInstallation(f"domain, adapters and api must come from one place: {told}")


# Here, before anything is imported from another distribution's `adapters`: that would only say what it lacks.
_refuse_mixed_installation()
