"""Hearings over REST: schema in, one call, schema out."""

from api.records import DEGREES, Feature, Route
from domain.hearings import Hearing
from domain.hearings import events as of

FEATURE = Feature(
    noun="hearings",
    aggregate=Hearing,
    filters=("state", "plan_type", "responsible_unit", "level", "form", "arena", "phase", "refugee_voice"),
    opens=(
        Route(of.Opened, "", "Open a hearing"),
        Route(
            of.RegisteredAsExisting, "/existing", "Register a hearing from before the ledger, in the state it was in"
        ),
    ),
    commands=(
        Route(
            of.RecipientListFixed,
            "/recipient-list",
            "Record who is invited, as the list is when it is fixed",
            method="PUT",
        ),
        Route(of.InvitationSent, "/invitations", "Record that recipients were told of the hearing", any_version=True),
        Route(of.Extended, "/extensions", "Record a new deadline"),
        Route(of.StatementReceived, "/statements", "Record a statement, in time or late", any_version=True),
        Route(of.Closed, "/closing", "Record that the period ended", method="PUT"),
        Route(of.Summarised, "/summary", "Record the summary of the statements", method="PUT"),
        Route(
            of.Answered,
            "/answer",
            "Record that the hearing is dealt with; the ledger finds how many of its inputs have an answer",
            method="PUT",
        ),
        Route(of.Cancelled, "/cancellation", "Record that the hearing was called off", method="PUT"),
        *DEGREES,
    ),
)
