"""Tenancies over REST: schema in, one call, schema out."""

from typing import Any

from marshmallow import fields, validate

from api.records import DEGREES, Feature, Route
from api.schemas import Code, CommandBody, Count, Day, Detail, Filters, Id, ListRow, OneToFive, Request, Text, Unit
from domain import tenancy_events as events
from domain.events import NOT_RECORDED
from domain.tenancies import Tenancy


def _codes(list_id: str, **kwargs: Any) -> fields.List[str]:
    return fields.List(Code(list_id), validate=validate.Length(max=50), **kwargs)


class Criterion(Request):
    """What matters in a dwelling, from 1 (would be nice) to 5 (must be so)."""

    code = Code("housing-criteria", required=True)
    weight = OneToFive(load_default=NOT_RECORDED)


class Wished(CommandBody):
    """What they need or wish for, and who says so."""

    criteria = fields.List(fields.Nested(Criterion), load_default=list, validate=validate.Length(max=50))
    voiced_by = Code("voices", load_default=NOT_RECORDED)


class Described(Wished):
    """Whose tenancy it is, and what the household needs."""

    participant = Id(required=True)
    household_size = Count(load_default=NOT_RECORDED)
    rooms_needed = Count(load_default=NOT_RECORDED)
    need = Text(limit=5_000, allow_none=True, load_default=None)


class HousingNeed(Described):
    """A need of a dwelling."""


class HousingPreference(Wished):
    """What they wish for."""

    preferred_tenure = Code("tenures", load_default=NOT_RECORDED)
    preference = Text(limit=5_000, allow_none=True, load_default=None)


class HousingOptions(CommandBody):
    """What there was to choose from, and what kept others out."""

    n_options = Count(load_default=NOT_RECORDED)
    constraints = _codes("housing-constraints", load_default=list)
    options = Text(limit=5_000, allow_none=True, load_default=None)


class HousingChoice(CommandBody):
    """How far the choice was theirs, what limited it, and which of their criteria the dwelling meets."""

    choice = Code("housing-choices", required=True)
    constraints = _codes("housing-constraints", load_default=list)
    criteria_met = _codes("housing-criteria", load_default=list)
    choice_words = Text(limit=5_000, allow_none=True, load_default=None)


class HousingAllocation(CommandBody):
    """By which unit, how they took part, what limited it, and which of their criteria the dwelling meets."""

    allocating_unit = Unit(load_default=NOT_RECORDED)
    participation = Code("housing-participations", load_default=NOT_RECORDED)
    constraints = _codes("housing-constraints", load_default=list)
    criteria_met = _codes("housing-criteria", load_default=list)
    allocation_reasons = Text(limit=5_000, allow_none=True, load_default=None)


class Lease(CommandBody):
    """How long they may stay."""

    lease_months = Count(load_default=NOT_RECORDED)
    term_ends_on = Day(allow_none=True, load_default=None)


class TenancyStart(Lease):
    """The dwelling they moved into, and how many they are there."""

    tenure = Code("tenures", load_default=NOT_RECORDED)
    household_size = Count(load_default=NOT_RECORDED)
    rooms = Count(load_default=NOT_RECORDED)
    kobo_id = Text(limit=200, allow_none=True, load_default=None)


class TenancyTerm(Lease):
    """How long they may stay, and how they took part in settling it."""

    term_participation = Code("housing-participations", load_default=NOT_RECORDED)
    term_reasons = Text(limit=5_000, allow_none=True, load_default=None)


class HousingConditionReport(CommandBody):
    """How the dwelling and its surroundings are, what of them it is about, and who says so."""

    condition = Code("housing-conditions", load_default=NOT_RECORDED)
    condition_about = _codes("housing-criteria", load_default=list)
    reported_by = Code("voices", load_default=NOT_RECORDED)
    condition_report = Text(limit=5_000, allow_none=True, load_default=None)


class SafetyExperience(CommandBody):
    """How safe they feel there, and whether they wish to stay."""

    safety = Code("safety-experiences", load_default=NOT_RECORDED)
    stay_wish = Code("stay-wishes", load_default=NOT_RECORDED)
    safety_words = Text(limit=5_000, allow_none=True, load_default=None)


class PushCareNote(CommandBody):
    """Which tension was noted, which side weighs most, and who says so."""

    tension = Code("tensions", load_default="push_care")
    balance = Code("push-care-balances", load_default=NOT_RECORDED)
    noted_by = Code("voices", load_default=NOT_RECORDED)
    tension_note = Text(limit=5_000, allow_none=True, load_default=None)


class TenancyEnd(CommandBody):
    """Why it ended, and at whose initiative."""

    end_reason = Code("tenancy-end-reasons", load_default=NOT_RECORDED)
    ended_by = Code("initiators", load_default=NOT_RECORDED)
    end_explanation = Text(limit=5_000, allow_none=True, load_default=None)


class ExistingTenancy(Described, TenancyStart):
    """A tenancy from before the ledger, or told of late, in the state it was in."""

    state = Code("tenancy-states", required=True)
    choice = Code("housing-choices", load_default=NOT_RECORDED)
    constraints = _codes("housing-constraints", load_default=list)


class TenancyDetail(Detail):
    """One tenancy, as its effective history tells it."""

    participant = Id(required=True, attribute="subject")
    state = Code("tenancy-states", required=True)
    household_size = Count(required=True)
    rooms_needed = Count(required=True)
    criteria = fields.List(fields.Nested(Criterion), required=True)
    voiced_by = Code("voices", required=True)
    need = fields.String(required=True, allow_none=True)
    preferred_tenure = Code("tenures", required=True)
    preference = fields.String(required=True, allow_none=True)
    n_options = Count(required=True)
    constraints = _codes("housing-constraints", required=True)
    options = fields.String(required=True, allow_none=True)
    choice = Code("housing-choices", required=True)
    criteria_met = _codes("housing-criteria", required=True)
    choice_words = fields.String(required=True, allow_none=True)
    allocating_unit = fields.String(required=True)
    participation = Code("housing-participations", required=True)
    allocation_reasons = fields.String(required=True, allow_none=True)
    started_from = fields.Date(required=True, allow_none=True)
    started_to = fields.Date(required=True, allow_none=True)
    tenure = Code("tenures", required=True)
    rooms = Count(required=True)
    lease_months = Count(required=True)
    term_ends_on = fields.Date(required=True, allow_none=True)
    kobo_id = fields.String(required=True, allow_none=True)
    term_participation = Code("housing-participations", required=True)
    term_reasons = fields.String(required=True, allow_none=True)
    condition = Code("housing-conditions", required=True)
    condition_about = _codes("housing-criteria", required=True)
    reported_by = Code("voices", required=True)
    condition_report = fields.String(required=True, allow_none=True)
    safety = Code("safety-experiences", required=True)
    stay_wish = Code("stay-wishes", required=True)
    safety_words = fields.String(required=True, allow_none=True)
    tension = Code("tensions", required=True)
    balance = Code("push-care-balances", required=True)
    noted_by = Code("voices", required=True)
    tension_note = fields.String(required=True, allow_none=True)
    ended_from = fields.Date(required=True, allow_none=True)
    ended_to = fields.Date(required=True, allow_none=True)
    end_reason = Code("tenancy-end-reasons", required=True)
    ended_by = Code("initiators", required=True)
    end_explanation = fields.String(required=True, allow_none=True)


class TenancyRow(ListRow):
    """A tenancy in a list."""

    participant = Id(required=True)
    state = Code("tenancy-states", required=True)
    preferred_tenure = Code("tenures", required=True)
    n_options = fields.Integer(required=True, allow_none=True)
    constraints = _codes("housing-constraints", required=True)
    choice = Code("housing-choices", required=True)
    participation = Code("housing-participations", required=True)
    tenure = Code("tenures", required=True)
    household_size = fields.Integer(required=True, allow_none=True)
    rooms = fields.Integer(required=True, allow_none=True)
    started_from = fields.Date(required=True, allow_none=True)
    started_to = fields.Date(required=True, allow_none=True)
    term_ends_on = fields.Date(required=True, allow_none=True)
    condition = Code("housing-conditions", required=True)
    safety = Code("safety-experiences", required=True)
    stay_wish = Code("stay-wishes", required=True)
    balance = Code("push-care-balances", required=True)
    ended_from = fields.Date(required=True, allow_none=True)
    ended_to = fields.Date(required=True, allow_none=True)
    end_reason = Code("tenancy-end-reasons", required=True)
    ended_by = Code("initiators", required=True)


class TenancyFilters(Filters):
    """What a list of tenancies may be narrowed to."""

    participant = Id()
    state = Code("tenancy-states")
    constraint = Code("housing-constraints")
    choice = Code("housing-choices")
    participation = Code("housing-participations")
    tenure = Code("tenures")
    end_reason = Code("tenancy-end-reasons")


FEATURE = Feature(
    noun="tenancies",
    aggregate=Tenancy,
    detail=TenancyDetail,
    row=TenancyRow,
    filters=TenancyFilters,
    opens=(
        Route(event=events.NeedStated, path="", body=HousingNeed, summary="Record that a dwelling is needed"),
        Route(
            event=events.RegisteredAsExisting,
            path="/existing",
            body=ExistingTenancy,
            summary="Register a tenancy from before the ledger, in the state it was in",
        ),
    ),
    commands=(
        Route(
            event=events.PreferenceRecorded,
            path="/preferences",
            body=HousingPreference,
            summary="Record what they wish for",
            any_version=True,
        ),
        Route(
            event=events.OptionsPresented,
            path="/options",
            body=HousingOptions,
            summary="Record what they were shown to choose from",
        ),
        Route(event=events.Chosen, path="/choices", body=HousingChoice, summary="Record how far they chose"),
        Route(
            event=events.Allocated,
            path="/allocations",
            body=HousingAllocation,
            summary="Record that a dwelling was allocated to them",
        ),
        Route(event=events.Started, path="/start", method="PUT", body=TenancyStart, summary="Record that it began"),
        Route(event=events.TermSet, path="/terms", body=TenancyTerm, summary="Record how long they may stay"),
        Route(event=events.Renewed, path="/renewals", body=TenancyTerm, summary="Record that it was renewed"),
        Route(
            event=events.ConditionReported,
            path="/condition-reports",
            body=HousingConditionReport,
            summary="Record how the dwelling and its surroundings are said to be",
            any_version=True,
        ),
        Route(
            event=events.SafetyExperienceReported,
            path="/safety-experiences",
            body=SafetyExperience,
            summary="Record how safe they feel there, and whether they wish to stay",
            any_version=True,
        ),
        Route(
            event=events.PushCareNoted,
            path="/tensions",
            body=PushCareNote,
            summary="Record a tension, such as that of push and care",
            any_version=True,
        ),
        Route(event=events.Ended, path="/end", method="PUT", body=TenancyEnd, summary="Record that it ended"),
        *DEGREES,
    ),
)
