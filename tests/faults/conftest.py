"""The large runs, seed by seed: a JSON line in `faults.jsonl` for each that fails, and the run goes on.

`MEDVIRKNING_SEEDS=120:250` runs these seeds alone (to go on where a run was stopped), `17:18` one that failed.
"""

import json
import os
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

FAULTS = Path("faults.jsonl")

Judge = Callable[[int], object]
EachSeed = Callable[[int, Judge], None]


@pytest.fixture
def each_seed(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> EachSeed:
    """Judges each seed below a number, or those of `MEDVIRKNING_SEEDS`; fails in the end if any did."""

    def run(seeds: int, judge: Judge) -> None:
        first, _, end = os.environ.get("MEDVIRKNING_SEEDS", f"0:{seeds}").partition(":")
        failed = []
        for seed in range(int(first), int(end or seeds)):
            with capsys.disabled():
                print(f"\r{request.node.name}: seed {seed}, {len(failed)} faults", end="", flush=True)
            try:
                judge(seed)
            except Exception as error:  # noqa: BLE001 - whatever breaks is the fault looked for
                failed.append(seed)
                told = {"test": request.node.nodeid, "seed": seed, "fault": "".join(traceback.format_exception(error))}
                with FAULTS.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(told, ensure_ascii=False) + "\n")
        assert not failed, f"{FAULTS} tells of seeds {failed}"

    return run
