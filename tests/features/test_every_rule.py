"""Every rule of the codebook refuses what breaks it, and records it once it is said that it is what happened."""

from random import Random
from uuid import uuid4

import msgspec
import pytest

from api import bootstrap
from api.records import Feature
from domain import codebook
from domain.aggregate import Aggregate
from domain.commands import Command
from domain.errors import DeviationNeeded, Refusal
from domain.events import Deviation, Event
from domain.time import oslo_day
from tests.features.random_events import Events

EACH, TRIES = 9, 6_000
"""Events of a record, and records at random until every rule of the noun has been met."""

RULES = codebook.load().lists["rules"].codes


class Asker:
    """Tells records of one noun, and says of each broken rule that it is what happened only when it is asked."""

    def __init__(self, feature: Feature) -> None:
        self.feature, self.random = feature, Random(feature.noun)
        self.now = 1_767_600_000_000_000
        self.events = Events(self.random, lambda noun: [])
        self.refused: set[str] = set()
        self.recorded: set[str] = set()

    def record(self) -> None:
        """One record, from its opening on."""
        aggregate = self._told(self.feature.aggregate(uuid4()), self.random.choice(self.feature.opens).event)
        for _ in range(EACH):
            if aggregate.history:
                self.now += self.random.randint(0, 60) * 86_400_000_000
                aggregate = self._told(aggregate, self.random.choice(self.feature.commands).event)

    def _told(self, aggregate: Aggregate, kind: type[Event]) -> Aggregate:
        self.now += 1_000_000
        event = self.events.of(kind, oslo_day(self.now))
        command = Command(now=self.now, new_id=uuid4, client="test")
        try:
            return self._stored(aggregate.record(event, command))
        except DeviationNeeded as refusal:
            rules = {*refusal.rules}
        except Refusal:
            return aggregate
        told = tuple(Deviation(rule=rule, reason="slik var det") for rule in rules)
        after = aggregate.record(event, msgspec.structs.replace(command, acknowledged=told))
        new = after.pending[0]
        assert {each.rule for each in new.event.meta.deviations if each.event_id is None} == rules
        assert {each.rule for each in after.deviations if each.event_id == new.event_id} == rules
        self.refused |= rules
        self.recorded |= rules
        return self._stored(after)

    def _stored(self, aggregate: Aggregate) -> Aggregate:
        kept = [msgspec.structs.replace(each, position=at) for at, each in enumerate(aggregate.history, start=2)]
        return type(aggregate)(aggregate.id, kept)


@pytest.mark.parametrize("feature", bootstrap.features(), ids=lambda feature: feature.noun)
def test_every_rule_of_a_noun_is_asked_about_and_then_recorded(feature: Feature) -> None:
    rules = {rule for rule in RULES if rule.partition(".")[0] == feature.aggregate.noun}
    asker = Asker(feature)
    for _ in range(TRIES):
        if asker.recorded >= rules:
            break
        asker.record()
    assert asker.refused == asker.recorded == rules


def test_every_rule_belongs_to_a_noun_that_is_asked() -> None:
    nouns = {feature.aggregate.noun for feature in bootstrap.features()}
    assert {rule.partition(".")[0] for rule in RULES} <= nouns
