"""Views made again beside the live ones: nothing is lost or doubled, whoever reads, feeds, rebuilds or dies."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Signal

import pytest
from sqlalchemy import inspect, select, text

from adapters import projections
from adapters.eventstore import LedgerStore
from adapters.projections import LedgerViews
from adapters.rebuilds import SIDE, Overtaken, Rebuild
from adapters.viewstore import OutOfDate, ViewStore
from api import bootstrap
from api.bootstrap import Running
from api.config import Config
from tests.cli.conftest import environment
from tests.conftest import TODAY, Clock, open_api
from tests.store.telling import rows, tell

REBUILD = "from adapters import projections; projections.REBUILD_PAGE = {}; from api.cli import main; main(['rebuild'])"


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projections, "REBUILD_PAGE", 4)


@pytest.fixture
def views(running: Running, store: LedgerStore) -> LedgerViews:
    """The ledger's views, as the command makes them."""
    return running.ledger_views(store.ledger)


def begun(views: LedgerViews) -> int | None:
    """How far a rebuild under way has come."""
    table = views.store.rebuilds
    with views.store.engine.connect() as connection:
        return connection.execute(select(table.c.position).where(table.c.ledger == views.events.ledger)).scalar()


def side_tables(views: LedgerViews) -> set[str]:
    """What rebuilds have beside the live tables."""
    names = inspect(views.store.engine).get_table_names(schema=views.store.schema)
    return {name for name in names if SIDE in name}


def places(views: LedgerViews) -> set[int]:
    """Where the views stand."""
    return {views.position(view.name) for view in views.store.views}


def of_another_version(views: LedgerViews) -> LedgerViews:
    """The same views, as another version of the program would feed and rebuild them."""
    store = ViewStore(views.store.engine.url.render_as_string(hide_password=False), bootstrap.projections())
    store.version = store.version[::-1]
    return LedgerViews(store, views.events)


def command(config: Config, page: int) -> "subprocess.Popen[str]":
    """`medvirkning rebuild` in a process of its own, so many events a page."""
    arguments = [sys.executable, "-c", REBUILD.format(page)]
    return subprocess.Popen(
        arguments, env=environment(config), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_rebuild_that_is_killed_is_resumed_where_it_was(
    config: Config, store: LedgerStore, views: LedgerViews, clock: Clock
) -> None:
    tell(store, clock, 40)
    views.catch_up()
    live = rows(views)
    killed = command(config, page=1)
    while not begun(views):
        assert killed.poll() is None, killed.communicate()
        time.sleep(0.001)
    killed.kill()
    killed.communicate()
    reached = begun(views)
    assert reached
    assert 0 < reached < store.head()
    assert rows(views) == live
    resumed = command(config, page=50)
    out, err = resumed.communicate(timeout=120)
    assert resumed.returncode == 0, err
    assert f"1504 resumed at position {reached}\n" in err
    assert out == f"1504 rebuilt: {sum(map(len, live.values()))} rows in {len(views.store.views)} views\n"
    assert rows(views) == live
    assert places(views) == {store.head()}
    assert (begun(views), side_tables(views)) == (None, set())


def test_readers_go_on_while_views_are_rebuilt_and_switched(
    store: LedgerStore, views: LedgerViews, clock: Clock
) -> None:
    tell(store, clock, 6)
    views.catch_up()
    head, stop = store.head(), Signal()
    asked = ("meetings", head, TODAY, {}, None, 200)
    answer, cells = views.rows(*asked), views.cells("facts of participation-events", head, TODAY, ("form",))
    assert len(answer.rows) == 3
    assert cells

    def read() -> int:
        times = 0
        while not stop.is_set():
            assert views.rows(*asked) == answer
            assert views.cells("facts of participation-events", head, TODAY, ("form",)) == cells
            times += 1
        return times

    with ThreadPoolExecutor() as pool:
        reading = [pool.submit(read) for _ in range(2)]
        for _ in range(5):
            views.rebuild()
        stop.set()
        assert all(each.result() for each in reading)


def test_a_rebuild_while_others_append_and_feed_loses_and_doubles_nothing(
    store: LedgerStore, views: LedgerViews, clock: Clock
) -> None:
    stop = Signal()
    with ThreadPoolExecutor() as pool:
        feeding = pool.submit(views.run, stop)
        telling = pool.submit(tell, store, clock, 15)
        while not telling.done():
            views.rebuild()
        telling.result()
        for view in views.store.views:
            assert views.wait(view.name, store.head(), 60)
        stop.set()
        feeding.result()
    live = rows(views)
    assert live["list_meetings"]
    assert live["list_inputs"]
    views.rebuild()
    assert rows(views) == live
    assert not [each for each in views.status() if each["error"] or each["position"] != store.head()]


def test_what_is_told_during_a_rebuild_is_in_it(store: LedgerStore, views: LedgerViews, clock: Clock) -> None:
    tell(store, clock, 2)
    seen = []
    for progress in views.build():
        seen.append(progress)
        if len(seen) < 5:
            tell(store, clock, 1)
    tell(store, clock, 1)
    views.switch()
    assert places(views) == {store.head()}
    rebuilt = rows(views)
    fresh = LedgerViews(views.store, store)
    with views.store.engine.begin() as connection:
        for table in (*(each for tables in views.store.tables.values() for each in tables), views.store.progress):
            connection.execute(table.delete())
    fresh.catch_up()
    assert rows(fresh) == rebuilt
    assert [progress.position for progress in seen] == sorted({progress.position for progress in seen})
    assert all(progress.position <= progress.total for progress in seen)


def test_no_reader_is_taken_back_to_where_the_rebuild_stands(
    store: LedgerStore, views: LedgerViews, clock: Clock
) -> None:
    tell(store, clock, 2)
    [*_] = views.build()
    rebuild = Rebuild(views.store, store.ledger)
    reached = rebuild.begin()
    tell(store, clock, 1)
    views.catch_up()
    live = rows(views)
    assert not rebuild.switch(reached, store.head())
    assert (rows(views), places(views)) == (live, {store.head()})
    views.switch()
    assert (rows(views), places(views)) == (live, {store.head()})


def test_a_view_of_events_the_ledger_does_not_have_is_made_again(
    store: LedgerStore, views: LedgerViews, clock: Clock
) -> None:
    tell(store, clock, 2)
    views.catch_up()
    live = rows(views)
    with views.store.engine.begin() as connection:
        connection.execute(views.store.progress.update().values(position=10_000))
    views.rebuild()
    assert (rows(views), places(views)) == (live, {store.head()})


def test_a_rebuild_tells_how_the_live_views_differ_and_mends_them(
    config: Config, store: LedgerStore, views: LedgerViews, clock: Clock
) -> None:
    tell(store, clock, 4)
    views.catch_up()
    live = rows(views)
    assert {(each.lost, each.gained) for each in views.rebuild()} == {(0, 0)}
    [table] = views.store.tables["meetings"]
    with views.store.engine.begin() as connection:
        first = select(table.c.from_position).order_by(table.c.from_position).limit(1)
        connection.execute(table.delete().where(table.c.from_position == first.scalar_subquery()))
        connection.execute(table.update().where(table.c.state == "held").values(state="scheduled"))
    damaged = rows(views)["list_meetings"]
    wrong, missing = len({*damaged} - {*live["list_meetings"]}), len({*live["list_meetings"]} - {*damaged})
    assert missing > wrong > 0
    out, err = command(config, page=50).communicate(timeout=120)
    assert f"1504 meetings was wrong: {wrong} rows should not have been live, {missing} were missing\n" in out, err
    assert "inputs" not in out
    assert rows(views) == live


def test_a_view_that_stands_elsewhere_is_not_compared(
    config: Config, store: LedgerStore, views: LedgerViews, clock: Clock
) -> None:
    tell(store, clock, 1)
    out, err = command(config, page=50).communicate(timeout=120)
    told = out.partition("1504 not compared, as the live view stood elsewhere or was of another version: ")[2]
    assert {"meetings", "inputs"} <= {*told.splitlines()[0].split(", ")}, (out, err)


def test_a_rebuild_leaves_other_ledgers_and_their_rebuilds_as_they_are(
    running: Running, store: LedgerStore, views: LedgerViews, clock: Clock
) -> None:
    tell(store, clock, 2)
    views.catch_up()
    there = running.store(open_api(running, "0301", "Oslo").ledger)
    tell(there, clock, 2)
    other = running.ledger_views(there.ledger)
    other.catch_up()
    before = rows(views), rows(other)
    steps = views.build()
    assert [next(steps).position for _ in range(3)] == [0, 4, 8]
    other.rebuild()
    assert (begun(views), begun(other)) == (8, None)
    assert (rows(views), rows(other)) == before
    [*_] = steps
    assert {(each.lost, each.gained) for each in views.switch()} == {(0, 0)}
    assert (rows(views), rows(other)) == before
    assert side_tables(views) == set()


def test_of_two_rebuilds_one_stops_and_the_other_has_everything(
    running: Running, store: LedgerStore, views: LedgerViews, clock: Clock
) -> None:
    tell(store, clock, 3)
    views.catch_up()
    live = rows(views)
    steps, second = views.build(), LedgerViews(running.views, store)
    assert [next(steps).position for _ in range(3)] == [0, 4, 8]
    assert next(second.build()).position == 8
    assert {(each.lost, each.gained) for each in second.rebuild()} == {(0, 0)}
    with pytest.raises(Overtaken, match="this one stops"):
        next(steps)
    assert rows(views) == live
    assert (begun(views), side_tables(views)) == (None, set())


def test_a_rebuild_that_finds_a_later_one_at_its_own_position_stops_all_the_same(
    running: Running, store: LedgerStore, views: LedgerViews, clock: Clock
) -> None:
    tell(store, clock, 3)
    views.catch_up()
    first = Rebuild(views.store, store.ledger)
    first.begin()
    views.rebuild()
    with pytest.raises(Overtaken):
        first.compare(0)
    later = LedgerViews(running.views, store).build()
    assert next(later).position == 0
    live = rows(views)
    with pytest.raises(Overtaken):
        first.switch(0, store.head())
    assert rows(views) == live


def test_rebuilds_at_once_never_mix_their_rows(
    running: Running, store: LedgerStore, views: LedgerViews, clock: Clock
) -> None:
    tell(store, clock, 5)
    views.catch_up()
    live = rows(views)
    with ThreadPoolExecutor() as pool:
        racing = [pool.submit(LedgerViews(running.views, store).rebuild) for _ in range(4)]
    ends = [each.exception() for each in racing]
    assert None in ends
    assert {type(end) for end in ends if end} <= {Overtaken}
    assert rows(views) == live


def test_a_rebuild_by_another_version_starts_over_and_the_first_stops(
    store: LedgerStore, views: LedgerViews, clock: Clock
) -> None:
    tell(store, clock, 2)
    views.catch_up()
    live, steps = rows(views), views.build()
    assert [next(steps).position for _ in range(2)] == [0, 4]
    newer = of_another_version(views)
    left = side_tables(views)
    newly = newer.build()
    assert next(newly).position == 0
    assert side_tables(views) & left == set()
    with pytest.raises(Overtaken):
        next(steps)
    [*_] = newly
    assert {each.lost for each in newer.switch()} == {None}
    assert rows(newer) == live
    newer.store.close()


def test_who_is_of_another_version_than_the_rebuilt_views_neither_feeds_nor_starts(
    store: LedgerStore, views: LedgerViews, clock: Clock
) -> None:
    tell(store, clock, 1)
    views.catch_up()
    newer = of_another_version(views)
    newer.rebuild()
    tell(store, clock, 1)
    before, head = rows(views), places(views)
    views.catch_up()
    assert (rows(views), places(views)) == (before, head)
    assert not [each for each in newer.status() if each["error"]]
    with pytest.raises(OutOfDate, match="medvirkning rebuild"):
        views.store.prepare()
    newer.catch_up()
    assert places(newer) == {store.head()}
    newer.store.close()


def test_a_view_with_other_columns_is_read_until_the_switch(
    store: LedgerStore, views: LedgerViews, clock: Clock
) -> None:
    tell(store, clock, 2)
    views.catch_up()
    live = rows(views)
    [table] = views.store.tables["meetings"]
    with views.store.engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} ADD COLUMN former INTEGER"))
        connection.execute(views.store.progress.update().values(version="former"))
    for _ in views.build():
        assert rows(views) == live
    views.switch()
    assert rows(views) == live
    columns = inspect(views.store.engine).get_columns(table.name, schema=table.schema)
    assert [column["name"] for column in columns] == table.c.keys()
