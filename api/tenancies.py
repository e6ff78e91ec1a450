"""Tenancies over REST: schema in, one call, schema out."""

from api.records import DEGREES, Feature, Route
from api.schemas import Code
from domain import tenancies as of

FEATURE = Feature(
    noun="tenancies",
    aggregate=of.Tenancy,
    filters=("participant", "state", "choice", "participation", "tenure", "end_reason"),
    more_filters={"constraint": Code("housing-constraints")},
    opens=(
        Route(of.NeedStated, "", "Record that a dwelling is needed"),
        Route(
            of.RegisteredAsExisting,
            "/existing",
            "Register a tenancy from before the ledger, in the state it was in",
        ),
    ),
    commands=(
        Route(of.PreferenceRecorded, "/preferences", "Record what they wish for", any_version=True),
        Route(of.OptionsPresented, "/options", "Record what they were shown to choose from"),
        Route(of.Chosen, "/choices", "Record how far they chose"),
        Route(of.Allocated, "/allocations", "Record that a dwelling was allocated to them"),
        Route(of.Started, "/start", "Record that it began", method="PUT"),
        Route(of.TermSet, "/terms", "Record how long they may stay"),
        Route(of.Renewed, "/renewals", "Record that it was renewed"),
        Route(
            of.ConditionReported,
            "/condition-reports",
            "Record how the dwelling and its surroundings are said to be",
            any_version=True,
        ),
        Route(
            of.SafetyExperienceReported,
            "/safety-experiences",
            "Record how safe they feel there, and whether they wish to stay",
            any_version=True,
        ),
        Route(of.PushCareNoted, "/tensions", "Record a tension, such as that of push and care", any_version=True),
        Route(of.Ended, "/end", "Record that it ended", method="PUT"),
        *DEGREES,
    ),
)
