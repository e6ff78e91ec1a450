"""10,000 random histories against brute force, and 100,000 random commands, on both back ends."""

from collections import Counter

from api.bootstrap import Running
from tests.api import test_stateful
from tests.faults.conftest import EachSeed
from tests.features import test_bitemporal
from tests.features.test_bitemporal import RECORDS

HISTORIES, COMMANDS = 10_000, 100_000


def test_random_histories_are_as_brute_force_has_them(running: Running, back_end: str, each_seed: EachSeed) -> None:
    """All of them on SQLite, and one in five on PostgreSQL, too."""
    histories = HISTORIES if back_end == "sqlite" else HISTORIES // 5
    each_seed(histories // RECORDS, lambda seed: test_bitemporal.judge(running, seed, Counter()))


def test_random_commands_leave_the_ledger_whole(running: Running, each_seed: EachSeed) -> None:
    """Half of them on each back end."""
    each_seed(COMMANDS // 2 // test_stateful.EACH, lambda seed: test_stateful.judge(running, seed))
