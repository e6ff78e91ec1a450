"""Individual plans in lists, and their reviews in the count of how those that were due have gone."""

from collections.abc import Iterator, Mapping

from adapters.views.facts import Count, Fact, Related
from adapters.views.lists import ListView
from domain.individual_plans import IndividualPlan


def count(plan: IndividualPlan, related: Related) -> Iterator[Fact]:
    """A review that was due counts once, in the year of its due day, by how it went: held or not, it was due."""
    for review in plan.reviews:
        codes = (review.kind, plan.legal_regime)
        outcomes, year = list(review.outcomes()), f"{review.due_on.year:04}"
        for at, (outcome, since) in enumerate(outcomes):
            yield Fact((outcome, *codes), since, year)
            if at + 1 < len(outcomes):
                yield Fact((outcome, *codes), outcomes[at + 1][1], year, n=-1)


VIEW = ListView(name="individual_plans", kind=IndividualPlan)
COUNTERS: Mapping[str, Count] = {"review-punctuality": count}
