"""Meetings over REST: schema in, one call, schema out."""

from api.records import DEGREES, Feature, Route
from domain import meetings as of

FEATURE = Feature(
    noun="meetings",
    aggregate=of.Meeting,
    filters=("state", "kind", "composition", "level", "form", "arena", "phase"),
    opens=(
        Route(of.Scheduled, "", "Schedule a meeting"),
        Route(
            of.RegisteredAsExisting, "/existing", "Register a meeting from before the ledger, in the state it was in"
        ),
    ),
    commands=(
        Route(of.Invited, "/invitations", "Record that people were invited", any_version=True),
        Route(of.Held, "/holding", "Record that the meeting was held", method="PUT"),
        Route(
            of.AttendanceRecorded,
            "/attendance",
            "Record which participants were there, by pseudonym",
            any_version=True,
        ),
        Route(of.Minuted, "/minutes", "Record the minutes", method="PUT"),
        Route(of.Cancelled, "/cancellation", "Record that the meeting was called off", method="PUT"),
        *DEGREES,
    ),
)
