"""Bodies in lists."""

from adapters.views.lists import ListView
from domain.bodies import Body

VIEW = ListView(name="bodies", kind=Body)
