"""Whether the server lives, is ready, and how its views are doing."""

from datetime import UTC, datetime

import pytest

from api.bootstrap import FEATURES, Running
from tests.conftest import Api, Clock, meeting, open_api


@pytest.fixture
def real(sqlite_running: Running) -> Api:
    """A ledger that is not synthetic: its clock is taken at its word."""
    return open_api(sqlite_running, synthetic=False)


def test_the_server_lives_and_is_ready_for_anybody(real: Api) -> None:
    assert real.get("/health/live", role=None).json == {"status": "live"}
    assert real.get("/health/ready", role=None).json == {"status": "ready"}


def test_all_is_well_when_every_view_is_at_the_head(real: Api) -> None:
    real.post("/v1/meetings", meeting())
    health = real.get("/health").json
    assert (health["status"], health["reasons"]) == ("ok", [])
    assert (health["ledger"], health["head"]) == ("1504", 2)
    assert health["clock"].startswith("2026-03-02T09:")
    names = {*FEATURES, "participation-events"}
    assert {view.pop("view") for view in health["views"]} == names
    assert all(view == {"position": 2, "lag": 0, "error": None} for view in health["views"])


def test_a_view_that_lags_is_seen_and_no_alarm(real: Api) -> None:
    real.get("/health")
    real.post("/v1/meetings", meeting())
    headers = {"Authorization": f"Bearer {real.token('administrator')}"}
    health = real.client.get("/health", headers=headers).json
    assert health["status"] == "ok"
    assert {(view["position"], view["lag"]) for view in health["views"]} == {(1, 1)}


def test_a_view_that_stopped_is_named_while_the_others_go_on(real: Api) -> None:
    real.get("/health")
    with real.running.views.engine.begin() as connection:
        real.running.views.tables["meetings"][0].drop(connection)
    real.post("/v1/meetings", meeting())
    health = real.get("/health").json
    assert (health["status"], health["reasons"]) == ("degraded", ["view meetings has stopped"])
    views = {view["view"]: view for view in health["views"]}
    assert views["meetings"] == {"view": "meetings", "position": 1, "lag": 1, "error": "OperationalError"}
    assert (views["inputs"]["lag"], views["inputs"]["error"]) == (0, None)
    assert real.get("/health/ready", role=None).status_code == 200


def test_a_rebuilt_view_is_well_again(real: Api) -> None:
    real.get("/health")
    views = real.running.views
    with views.engine.begin() as connection:
        views.tables["meetings"][0].drop(connection)
    real.post("/v1/meetings", meeting())
    assert real.get("/health").json["status"] == "degraded"
    views.prepare_rebuild()
    real.running.ledger_views(real.ledger).rebuild()
    assert real.get("/health").json["status"] == "ok"
    assert len(real.items("/v1/meetings")) == 1


def test_a_head_ahead_of_the_clock_alarms_and_does_not_stop_the_ledger(real: Api, clock: Clock) -> None:
    real.token("evaluator")
    clock.at(datetime(2026, 3, 2, 12, tzinfo=UTC))
    real.post("/v1/meetings", meeting())
    told = clock.now
    clock.now = told - 50_000_000
    assert real.get("/health").json["status"] == "ok"
    clock.now = told - 120_000_000
    health = real.get("/health").json
    assert health["status"] == "degraded"
    assert health["reasons"] == ["the ledger's head is more than 60 s ahead of the clock"]
    path = real.post("/v1/meetings", meeting()).headers["Location"]
    [entry] = real.get(f"{path}/history").json["items"]
    assert entry["recorded_at"] > "2026-03-02T12:00:00"


def test_a_simulated_clock_is_no_alarm(sqlite_api: Api, clock: Clock) -> None:
    sqlite_api.token("evaluator")
    sqlite_api.post("/v1/meetings", meeting())
    clock.now -= 600_000_000
    assert sqlite_api.get("/health").json["status"] == "ok"
