"""Long work tells how far it has come where its errors go, be that a log."""

import pytest

from api import progress


def test_a_log_gets_a_line_when_a_minute_has_gone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = progress.Progress("9999")
    told(1_000, 2_000)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(progress, "SELDOM", 0)
    told(1_500, 2_000)
    line = capsys.readouterr().err
    assert line.startswith("9999  1500 of 2000, ")
    assert line.endswith(" s left\n")
    assert "\r" not in line
