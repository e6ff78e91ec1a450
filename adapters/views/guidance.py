"""Guidance in lists; whom it is about stands in the record alone."""

from adapters.views.lists import ListView
from domain.guidance import Guidance

VIEW = ListView(name="guidance", kind=Guidance)
