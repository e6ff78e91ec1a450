"""Tenancies in lists."""

from typing import Any

from sqlalchemy import Table

from adapters.views.lists import ListView
from domain.tenancies import Tenancy


def _constrained(table: Table, constraint: str) -> Any:
    return table.c.constraints.contains(f" {constraint} ", autoescape=True)


VIEW = ListView(name="tenancies", kind=Tenancy, conditions={"constraint": _constrained})
