"""The answer of a table over HTTP: its cells by their codes."""

from typing import Any

from tests.conftest import Api

NAME = "participation-events"
PATH = f"/v1/tables/{NAME}/data"
DIMENSIONS = ("record", "form", "arena", "phase", "level", "year")


class Table:
    """A table as JSON-stat. A cell is a number, or the symbol that says why there is none."""

    def __init__(self, api: Api, query: str = "", name: str = NAME, **kwargs: Any) -> None:
        answer = api.get(f"/v1/tables/{name}/data?{query}", **kwargs)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        self.headers, self.body = answer.headers, answer.json

    def codes(self, dimension: str) -> list[str]:
        """The codes of a dimension, in their order."""
        return list(self.body["dimension"][dimension]["category"]["index"])

    def cell(self, **codes: str) -> int | str | None:
        """The number in a cell, or the symbol that stands for none."""
        at = 0
        for name, size in zip(self.body["id"], self.body["size"], strict=True):
            at = at * size + self.body["dimension"][name]["category"]["index"][codes[name]]
        value: int | None = self.body["value"][at]
        symbol: str | None = self.body["status"].get(str(at))
        assert (value is None) == (symbol is not None)
        return symbol if value is None else value
