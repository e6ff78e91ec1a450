"""Recipients, the registers of who is heard, over REST: schema in, one call, schema out."""

from api.records import DEGREES, Feature, Route
from domain import recipients as of

FEATURE = Feature(
    noun="recipients",
    aggregate=of.ConsultationRegister,
    filters=("scope", "unit"),
    opens=(
        Route(of.Opened, "", "Open a register of who is heard"),
        Route(
            of.RegisteredAsExisting,
            "/existing",
            "Register a register from before the ledger, with who is on it and its gaps",
        ),
    ),
    commands=(
        Route(of.RecipientAdded, "/additions", "Put a recipient on the list"),
        Route(
            of.RecipientVerified,
            "/verifications",
            "Record that a recipient is there and can be reached",
            any_version=True,
        ),
        Route(of.RecipientRemoved, "/removals", "Take a recipient off the list"),
        Route(of.CoverageGapFlagged, "/gaps", "Flag a kind of group nobody on the list speaks for", any_version=True),
        Route(of.GapClosed, "/gap-closings", "Record that somebody on the list speaks for that kind of group now"),
        *DEGREES,
    ),
)
