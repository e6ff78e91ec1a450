"""The table deviations: every rule that a record's effective history departs from, whatever its noun."""

from collections.abc import Iterator, Mapping

from adapters.views.facts import Count, Fact, Related, fact
from domain.aggregate import Aggregate


def count(record: Aggregate, related: Related) -> Iterator[Fact]:
    """A deviation counts on the day the event that departs from the rule happened."""
    steps = {step.event_id: step for step in record.steps}
    for deviation in record.deviations:
        if deviation.event_id is not None:
            yield fact((deviation.rule,), steps[deviation.event_id])


COUNTERS: Mapping[str, Count] = {"deviations": count}
