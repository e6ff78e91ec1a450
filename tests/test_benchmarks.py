"""Every row of the benchmark works; what it measures is looked at where it is quiet."""

import json
from pathlib import Path

from click.testing import CliRunner

from benchmarks.__main__ import ROWS, main


def test_every_row_runs_and_says_what_it_is_short_of(postgres: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["--quick", "--json", str(tmp_path / "bench.json")], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    told = json.loads(tmp_path.joinpath("bench.json").read_text(encoding="utf-8"))
    assert [row["row"] for row in told["rows"]] == [row.number for row in ROWS]
    for row in told["rows"]:
        assert all(rate > 0 for rates in row["rates"].values() for rate in rates)
        for peer in row["peers"]:
            assert peer["short_of_goal"] == (peer["goal"] is not None and peer["ratio"]["median"] < peer["goal"])
    assert done.output.count("short of goal") == sum(
        peer["short_of_goal"] for row in told["rows"] for peer in row["peers"]
    )
