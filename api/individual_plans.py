"""Individual plans over REST: schema in, one call, schema out."""

from api.records import DEGREES, Feature, Route
from domain.individual_plans import IndividualPlan
from domain.individual_plans import events as of

FEATURE = Feature(
    noun="individual_plans",
    aggregate=IndividualPlan,
    filters=("participant", "state", "legal_regime", "plan_kind", "pathway", "closing_reason"),
    opens=(
        Route(of.Initiated, "", "Begin a plan"),
        Route(of.RegisteredAsExisting, "/existing", "Register a plan from before the ledger, in the state it was in"),
    ),
    commands=(
        Route(of.CompetenceMapped, "/mappings", "Record that the participant's competence was mapped"),
        Route(of.CompetenceMappingSupplemented, "/mapping-supplements", "Record that a mapping was added to"),
        Route(of.FinalGoalSet, "/final-goals", "Record the final goal"),
        Route(of.GoalStated, "/stated-goals", "Record a goal the participant stated", any_version=True),
        Route(of.GoalProposed, "/proposed-goals", "Record a goal the contact person proposed", any_version=True),
        Route(of.Drafted, "/drafts", "Record that a draft was written"),
        Route(of.CoAuthored, "/co-authorings", "Record that the plan was drawn up together"),
        Route(of.Decided, "/decisions", "Record that the plan was decided"),
        Route(of.ContractSigned, "/contract", "Record that the integration contract was signed", method="PUT"),
        Route(of.ReviewScheduled, "/review-schedules", "Record the day a review was agreed for"),
        Route(of.Reviewed, "/reviews", "Record a review of the plan"),
        Route(of.ReviewMissed, "/missed-reviews", "Record that a review that was due was not held"),
        Route(of.MaterialLifeChangeRegistered, "/life-changes", "Record a material change in the participant's life"),
        Route(of.Revised, "/revisions", "Record a change of the plan"),
        Route(of.RevisionDecided, "/revision-decisions", "Record that a change of the plan was decided"),
        Route(of.DisagreementRecorded, "/disagreements", "Record what they did not agree about", any_version=True),
        Route(of.DisagreementResolved, "/resolutions", "Record how a disagreement was resolved"),
        Route(of.MeasureAdded, "/measures", "Record a measure", any_version=True),
        Route(of.MeasureCompleted, "/measure-completions", "Record that a measure was completed", any_version=True),
        Route(of.ComplaintFiled, "/complaints", "Record that the participant appealed", any_version=True),
        Route(of.ComplaintDecided, "/complaint-decisions", "Record what came of a complaint"),
        Route(of.Closed, "/closure", "Record that the plan came to its end", method="PUT"),
        *DEGREES,
    ),
)
