"""What happens on the way to an own home and after it, as events; the record is in `domain.move_outs`."""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec

from domain.events import NOT_RECORDED, Casework, Count, Event, Voice, codes
from domain.personal import OfParticipant

TenancyId = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|unknown)$")]
"""The id of the tenancy they move out of, or `unknown`."""


class Described(OfParticipant, frozen=True, kw_only=True):
    """Who is to move out of which tenancy, at whose initiative, and how they took part in planning it."""

    tenancy: TenancyId = "unknown"
    initiated_by: Annotated[str, codes("initiators")] = NOT_RECORDED
    participation: Annotated[str, codes("housing-participations")] = NOT_RECORDED
    planned_on: date | None = None
    plan: Casework = None
    plan_words: Voice = None

    @property
    def left(self) -> UUID | None:
        """The tenancy they move out of, if that is known."""
        return None if self.tenancy == "unknown" else UUID(self.tenancy)


class Planned(Described, frozen=True, kw_only=True):
    """Moving out was planned, for a day if one was set."""

    NAME: ClassVar[str] = "planned"


class ReadinessAssessed(Event, frozen=True, kw_only=True):
    """It was assessed whether they are ready for a home of their own: as staff saw it, and as they say themselves."""

    NAME: ClassVar[str] = "readiness_assessed"

    readiness: Annotated[str, codes("readinesses")] = NOT_RECORDED
    readiness_own: Annotated[str, codes("readinesses")] = NOT_RECORDED
    assessment: Casework = None


class ViewingAttended(Event, frozen=True, kw_only=True):
    """They looked at a dwelling: of which tenure, and what came of it."""

    NAME: ClassVar[str] = "viewing_attended"

    viewed_tenure: Annotated[str, codes("tenures")] = NOT_RECORDED
    viewing_outcome: Annotated[str, codes("viewing-outcomes")] = NOT_RECORDED
    viewing_words: Voice = None


class Moved(Event, frozen=True, kw_only=True):
    """They moved out of the municipal dwelling."""

    NAME: ClassVar[str] = "moved"

    destination: Annotated[str, codes("move-out-destinations")]
    tenure: Annotated[str, codes("tenures")] = NOT_RECORDED
    voluntariness_own: Annotated[str, codes("voluntarinesses")] = NOT_RECORDED
    voluntariness_staff: Annotated[str, codes("voluntarinesses")] = NOT_RECORDED
    move_words: Voice = None


class FollowedUp(Event, frozen=True, kw_only=True):
    """They were followed up after the move: how it goes, what they need, and what they think of having moved.

    `milestone` is the number of months after the move that it is the follow-up of.
    """

    NAME: ClassVar[str] = "followed_up"

    milestone: Count = NOT_RECORDED
    stability: Annotated[str, codes("stabilities")] = NOT_RECORDED
    needs: tuple[str, ...] = ()
    own_view: Annotated[str, codes("move-out-views")] = NOT_RECORDED
    follow_up_words: Voice = None
    follow_up_note: Casework = None


class StabilityConfirmed(Event, frozen=True, kw_only=True):
    """It was confirmed that they live stably in the home they moved to."""

    NAME: ClassVar[str] = "stability_confirmed"

    months_since_move: Count = NOT_RECORDED
    stability_note: Casework = None


class Returned(Event, frozen=True, kw_only=True):
    """They came back to municipal housing."""

    NAME: ClassVar[str] = "returned"

    months_since_move: Count = NOT_RECORDED
    return_reason: Annotated[str, codes("return-reasons")] = NOT_RECORDED
    return_words: Voice = None


class LostToFollowUp(Event, frozen=True, kw_only=True):
    """Nobody knows any longer how they live; who is found again is followed up again."""

    NAME: ClassVar[str] = "lost_to_follow_up"

    lost_reason: Annotated[str, codes("lost-reasons")] = NOT_RECORDED


class Abandoned(Event, frozen=True, kw_only=True):
    """The plan to move out was given up: why, and at whose initiative."""

    NAME: ClassVar[str] = "abandoned"

    abandon_reason: Annotated[str, codes("abandon-reasons")] = NOT_RECORDED
    abandoned_by: Annotated[str, codes("initiators")] = NOT_RECORDED
    abandon_explanation: Casework = None


class RegisteredAsExisting(Described, frozen=True, kw_only=True):
    """A move-out from before the ledger, or told of late, opened in the state it was in.

    When they moved is known of one opened in the state `moved`; of a later state it is not, and nothing falls due.
    """

    NAME: ClassVar[str] = "registered_as_existing"

    state: Annotated[str, codes("move-out-states")]
    destination: Annotated[str, codes("move-out-destinations")] = NOT_RECORDED
    tenure: Annotated[str, codes("tenures")] = NOT_RECORDED
    voluntariness_own: Annotated[str, codes("voluntarinesses")] = NOT_RECORDED
    voluntariness_staff: Annotated[str, codes("voluntarinesses")] = NOT_RECORDED
    move_words: Voice = None
