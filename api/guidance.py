"""Guidance over REST: schema in, one call, schema out."""

from api.records import DEGREES, Feature, Route
from domain import guidance as of

FEATURE = Feature(
    noun="guidance",
    aggregate=of.Guidance,
    filters=("state", "unit", "arena", "phase"),
    opens=(
        Route(of.Assigned, "", "Give a participant a guide"),
        Route(of.RegisteredAsExisting, "/existing", "Register guidance from before the ledger, in the state it was in"),
    ),
    commands=(
        Route(of.SessionHeld, "/sessions", "Record a session"),
        Route(of.MasteryAssessed, "/mastery", "Record what the participant masters, before and after"),
        Route(of.EvaluatedByUser, "/evaluations", "Record how useful the participant says it was", any_version=True),
        Route(of.Closed, "/closing", "Record that the guidance came to its end", method="PUT"),
        *DEGREES,
    ),
)
