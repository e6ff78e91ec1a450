"""Bodies over REST: schema in, one call, schema out."""

from api.records import DEGREES, Feature, Route
from domain.bodies import Body, seats
from domain.bodies import events as of

FEATURE = Feature(
    noun="bodies",
    aggregate=Body,
    filters=("state", "kind", "group", "level", "form", "arena", "phase"),
    opens=(
        Route(of.Proposed, "", "Propose a body"),
        Route(of.RegisteredAsExisting, "/existing", "Register a body from before the ledger, in the state it was in"),
    ),
    commands=(
        Route(of.MandateAdopted, "/mandates", "Record the mandate"),
        Route(seats.SeatsDefined, "/seats", "Record which seats there are"),
        Route(seats.Seated, "/seatings", "Record that representatives took seats"),
        Route(seats.Resigned, "/resignations", "Record that representatives left their seats"),
        Route(of.Constituted, "/constitutions", "Record that the body was constituted"),
        Route(of.Sat, "/sittings", "Record that the body sat"),
        Route(of.JointMeetingHeld, "/joint-meetings", "Record that the body met those it is to influence"),
        Route(of.AccountsInspected, "/inspections", "Record that the body saw the accounts"),
        Route(of.PriorityVoted, "/votes", "Record a vote on priorities"),
        Route(of.AdviceGiven, "/advice", "Record the body's advice"),
        Route(
            of.RepresentativenessAssessed,
            "/representativeness",
            "Record how those who sit compare with those they speak for",
        ),
        Route(of.InterimAppointed, "/interims", "Record that an interim council was appointed"),
        Route(of.Dissolved, "/dissolutions", "Record that the body was dissolved"),
        *DEGREES,
    ),
)
