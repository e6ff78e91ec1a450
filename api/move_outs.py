"""Move-outs over REST: schema in, one call, schema out."""

from api.records import DEGREES, Feature, Route
from domain import move_outs as of

FEATURE = Feature(
    noun="move_outs",
    aggregate=of.MoveOut,
    filters=(
        "participant",
        "tenancy",
        "state",
        "initiated_by",
        "destination",
        "voluntariness_own",
        "voluntariness_staff",
        "standing",
    ),
    opens=(
        Route(of.Planned, "", "Plan a move out of municipal housing"),
        Route(
            of.RegisteredAsExisting, "/existing", "Register a move-out from before the ledger, in the state it was in"
        ),
    ),
    commands=(
        Route(of.ReadinessAssessed, "/readiness-assessments", "Record whether they are ready for a home of their own"),
        Route(of.ViewingAttended, "/viewings", "Record that they looked at a dwelling", any_version=True),
        Route(of.Moved, "/move", "Record that they moved", method="PUT"),
        Route(of.FollowedUp, "/follow-ups", "Record how it goes after the move", any_version=True),
        Route(
            of.StabilityConfirmed, "/stability-confirmations", "Record that they live stably in the home they moved to"
        ),
        Route(of.Returned, "/return", "Record that they came back to municipal housing", method="PUT"),
        Route(of.LostToFollowUp, "/losses", "Record that nobody knows any longer how they live"),
        Route(of.Abandoned, "/abandonment", "Record that the plan was given up", method="PUT"),
        *DEGREES,
    ),
)
