"""Inputs and what came of them over REST: schema in, one call, schema out."""

from api.records import Feature, Route
from api.schemas import Pattern
from domain import inputs as of

CONCERN = Pattern(
    "^[a-z][a-z-]{0,40}(:[A-Za-z0-9_]{1,40})?$",
    metadata={"description": "What it concerns: a codebook list, or one code of it as `forms:f25`."},
)

FEATURE = Feature(
    noun="inputs",
    aggregate=of.Input,
    filters=("state", "kind", "level", "voiced_by", "maturity", "outcome", "source", "hearing"),
    more_filters={"concern": CONCERN},
    opens=(
        Route(of.Raised, "", "Raise an input"),
        Route(of.RegisteredAsExisting, "/existing", "Register an input from before the ledger, in the state it was in"),
    ),
    commands=(
        Route(of.Acknowledged, "/acknowledgements", "Record that they were told who will answer, and by when"),
        Route(of.Assessed, "/assessments", "Record the professional view"),
        Route(of.Answered, "/answers", "Record the answer"),
        Route(of.Decided, "/decisions", "Record what was decided"),
        Route(of.Effected, "/effects", "Record what changed"),
        Route(of.Verified, "/verifications", "Record that somebody looked, and the change is there"),
        Route(of.FeedbackGiven, "/feedback", "Record that they were told what came of it", any_version=True),
        Route(of.FeedbackRated, "/feedback-ratings", "Record what they think of the feedback", any_version=True),
    ),
)
