"""The demonstration: the golden history in ledger 1504, tokens for four roles, and three things to try."""

from collections.abc import Callable
from datetime import timedelta
from importlib import resources
from uuid import UUID

from api import auth, ledgers, synthetic
from api.bootstrap import Running, UnknownLedger
from api.imports import Importer
from domain.time import oslo_day

NUMBER, NAME, SOURCE = "1504", "Ålesund", "golden-history"
ROLES = ("evaluator", "coordinator", "caseworker", "administrator")
DAY = 86_400_000_000


def token(
    running: Running,
    ledger: UUID,
    role: str,
    unit: str = "not_recorded",
    actor: str | None = None,
    client: str | None = None,
    days: int = 90,
    agreement: bool = False,
) -> str:
    """Makes a token of a role in a ledger. Raises ValueError where there is nothing to agree on with the role."""
    now = running.services.clock()
    made, _ = running.access.create(
        ledger=ledger,
        role=role,
        unit=unit,
        actor=actor or role,
        client=client or actor or role,
        scopes=auth.scopes(role, agreement=agreement),
        now_us=now,
        expires_at=now + days * DAY,
    )
    return made


def load(running: Running) -> UUID:
    """The ledger with the golden history in it; loading it again changes nothing."""
    known = any(row.number == NUMBER for row in running.events.ledgers())
    ledger = running.ledger_numbered(NUMBER) if known else ledgers.create(running, NUMBER, NAME, synthetic=False)
    services = running.services
    records = services.ledger(ledger).records
    text = resources.files("adapters.golden").joinpath("aalesund-2009.jsonl").read_bytes()
    importer = Importer(records, running.features, SOURCE, services.clock, services.new_id)
    for outcome in importer.run(text.splitlines()):
        if outcome.result in ("refused", "changed"):
            raise UnknownLedger(
                f"the golden history does not fit ledger {NUMBER}: line {outcome.line}, {outcome.detail}"
            )
    return ledger


def prepare(running: Running, url: str) -> str:
    """Loads the golden history and tells what to do with it."""
    ledger = load(running)
    tokens = {role: token(running, ledger, role) for role in ROLES}
    shown = "\n".join(f"  {role:<14} {made}" for role, made in tokens.items())
    [first] = running.store(ledger).page(0, 1)
    before = oslo_day(first.recorded_at) - timedelta(days=1)
    ask = f'curl -s -H "Authorization: Bearer {tokens["evaluator"]}"'
    table = "/v1/tables/participation-events/data"
    return f"""
Medvirkning: ledger {NUMBER} {NAME}, with the project of 2009 in it.

  {url}    contract: {url}/openapi.json

Tokens, for 90 days, shown this once:
{shown}

Three things to try:
  1. What had happened by the end of 2009?
     {ask} '{url}/v1/meetings?kind=dialogue_meeting&on=2009-12-31'
  2. And what did the ledger know of it the day before it was told? Nothing.
     {ask} '{url}/v1/meetings?as_of={before}'
  3. How many meetings and inputs were there in 2009, and in which arena?
     {ask} -g '{url}{table}?outputFormat=csv&valuecodes[record]=*&valuecodes[arena]=ar16,unknown&valuecodes[year]=2009'
"""


def beside(running: Running, persons: int, tell: Callable[[int, int], None]) -> UUID:
    """The ledger of the synthetic municipality; it is made if it is not there."""
    if not any(row.number == synthetic.NUMBER for row in running.events.ledgers()):
        yesterday = oslo_day(running.services.clock()) - timedelta(days=1)
        for at in synthetic.generate(running, persons, until=yesterday):
            tell(at.done, at.total)
    return running.ledger_numbered(synthetic.NUMBER)


def tour(running: Running, ledger: UUID, url: str) -> str:
    """Tells what to do with the synthetic municipality."""
    made = token(running, ledger, "coordinator")
    ask = f'curl -s -H "Authorization: Bearer {made}"'
    shares = "outputFormat=csv&valuecodes[destination]=*&valuecodes[standing]=*"
    return f"""
Beside it: ledger {synthetic.NUMBER} {synthetic.NAME}. Nothing in it is real.

  coordinator    {made}

  4. Which plan reviews are overdue, and how long?
     {ask} '{url}/v1/work-lists/individual_plan.review?limit=3'
  5. How did it go with those who moved out?
     {ask} -g '{url}/v1/tables/move-outs/data?{shares}'
  6. Who recorded what, with which deviations?
     {ask} '{url}/v1/audit?deviating=true&limit=3'
"""
