"""Every line of `make bench` works, at tiny size. How fast anything is, is not judged here."""

import json
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.__main__ import LINES, Line, run
from benchmarks.measure import Comparison, Contender, Peer, Result
from benchmarks.places import BACK_ENDS, Place


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.row}-{line.compare.__name__}")
def test_every_line_of_the_table_is_measured_against_its_peers(line: Line, tmp_path: Path, postgres: str) -> None:
    [result] = run([line], rounds=1, where=Place(tmp_path, postgres, tmp_path / "kept"), quick=True)
    comparison = result.comparison
    assert comparison.row == line.row
    assert comparison.back_end in BACK_ENDS
    assert any(peer.goal or peer.most for peer in comparison.peers)
    for contender in (comparison.ours, *(peer.contender for peer in comparison.peers)):
        assert len(result.rates[contender.name]) == 1
        assert result.rate(contender).least > 0


def test_every_row_and_back_end_that_has_its_peer_is_in_the_table() -> None:
    assert sorted(line.row for line in LINES) == [1, 2, 3, 4, 4, 5, 5, 6, 7, 7, 8, 8, *[9] * 6, 10, 10, 11, 11]


def _result(ours: list[float], theirs: list[float], goal: float | None) -> Result:
    mine, peer = (Contender(name, int, int) for name in ("ours", "a peer"))
    comparison = Comparison(1, "work", "SQLite", "events", 10, mine, [Peer(peer, goal)], {"synchronous": "FULL"})
    return Result(comparison, {"ours": ours, "a peer": theirs})


def test_a_ratio_is_the_median_of_the_ratios_within_rounds() -> None:
    result = _result([100, 30, 80], [100, 10, 100], 0.9)
    assert result.ratio(result.comparison.peers[0]) == (1, 0.8, 3)


@pytest.mark.parametrize(("goal", "verdict"), [(0.9, "met"), (1.5, "short of goal"), (None, "")])
def test_a_row_short_of_its_goal_says_so(goal: float | None, verdict: str) -> None:
    result = _result([100, 100], [100, 100], goal)
    told = report.circumstances(rounds=2, quick=False)
    text = report.table([result], told)
    assert [word for word in ("met", "short of goal") if word in text] == ([verdict] if verdict else [])
    assert told["commit"] in text
    [peer] = json.loads(json.dumps(report.as_json(result)))["peers"]
    assert peer["short_of_goal"] == (verdict == "short of goal")
