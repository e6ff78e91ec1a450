"""The table deviations: every rule that a record's effective history departs from, whatever its noun."""

from collections.abc import Iterator, Mapping

from adapters.views.facts import Count, Fact, Related, fact
from domain.aggregate import Aggregate, Broken, judged


def count(record: Aggregate, related: Related) -> Iterator[Fact]:
    """A deviation counts by the event that departs from the rule, on the days it did: later events may mend it."""
    steps = {step.event_id: step for step in record.steps}
    own = judged(record.steps)
    before: set[Broken] = set()
    for day in sorted({step.ends for step in own}):
        then = set(record.broken([step for step in own if step.ends <= day]))
        for broken in before ^ then:
            yield fact((broken.rule,), steps[broken.event_id], since=day, n=1 if broken in then else -1)
        before = then


COUNTERS: Mapping[str, Count] = {"deviations": count}
