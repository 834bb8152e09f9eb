"""A run publishes each city exactly once, whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest
import sqlalchemy as sa

from citysync.domain.errors import StorageError
from citysync.domain.findings import FINDINGS, REJECTIONS
from citysync.domain.verdict import State
from citysync.storage import reading, tables
from citysync.storage.engine import Store, connect
from citysync.storage.kept import read_snapshot
from citysync.storage.ledger import fail_run, finish_run, new_run_id, publish, start_run
from citysync.storage.schema import open_store
from tests.builders import NOW
from tests.storage.cast import (
    CITIES,
    a_city_run,
    a_finding,
    a_night,
    a_rejection,
    a_run,
    publish_from_another_process,
)

_OF_A_VERDICT = (tables.verdicts, tables.findings, tables.rejections, tables.pages, tables.snapshots)


def _counts(store: Store) -> dict[str, int]:
    with store.reading() as connection:
        return {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in _OF_A_VERDICT
        }


def test_run_ids_sort_by_time_and_differ_within_a_second() -> None:
    assert new_run_id(NOW, "a1b2c3") == "20261123T173000-a1b2c3"
    assert new_run_id(NOW) < new_run_id(NOW + timedelta(seconds=1))
    assert len({new_run_id(NOW) for _ in range(50)}) == 50


def test_what_is_published_is_read_back_as_it_was(store: Store, tmp_path: Path) -> None:
    run = a_run()
    start_run(store, run, CITIES)
    odd = a_finding(actual="𠮷\x00\n\"'%s\\N", expected="", hint=None)
    result = a_city_run(run, a_finding(), odd, state=State.OUT_OF_SYNC, rejected=(a_rejection(),))
    published = publish(store, run, result, tmp_path)
    assert (published.new, published.before, published.since) == (True, None, result.verdict.judged_at)
    (row,) = reading.verdicts_of(store, run.run_id)
    assert row["code"] == "440300"
    assert row["name"] == "深圳市"
    assert row["state"] == "out_of_sync"
    assert row["axes"]["consistent"] == "failing"
    assert row["reasons"][0]["text"] == "深圳市：1 项与基本目录不一致"
    assert row["counts"] == result.verdict.counts.as_dict()
    assert row["certificate"]["grade"] == row["grade"] == "A"
    assert row["judged_at"] == "2026-11-23T17:35:00+00:00"
    found = reading.findings(store, "440300")
    assert found.run_id == run.run_id
    assert found.rows[0] == {**a_finding(), "due_on": "2026-11-30"}
    assert found.rows[1]["actual"] == "𠮷␀\n\"'%s\\N", "PostgreSQL has no U+0000"
    assert found.rows[1]["expected"] == ""
    assert [tuple(row) for row in found.rows] == [tuple(FINDINGS)] * 2
    (rejected,) = reading.rejections(store, "440300").rows
    assert rejected == a_rejection()
    assert tuple(rejected) == tuple(REJECTIONS)
    assert [page["number"] for page in reading.pages_of(store, "440300", run.run_id)] == [1, 1]


def test_the_snapshot_a_verdict_names_is_there_and_whole(store: Store, tmp_path: Path) -> None:
    run = a_run()
    start_run(store, run, CITIES)
    result = a_city_run(run)
    publish(store, run, result, tmp_path)
    snapshot = reading.snapshot_of(store, "440300", run.run_id)
    assert snapshot is not None
    assert snapshot["adopted"]
    assert result.snapshot is not None
    assert read_snapshot(tmp_path / snapshot["path"]).rows.equals(result.snapshot.rows)


def test_a_city_is_published_once_per_run(store: Store, tmp_path: Path) -> None:
    run = a_run()
    start_run(store, run, CITIES)
    first = publish(store, run, a_city_run(run, a_finding()), tmp_path)
    before = _counts(store)
    again = publish(store, run, a_city_run(run, state=State.HELD), tmp_path)
    assert (first.new, again.new) == (True, False)
    assert again.since == first.since
    assert _counts(store) == before
    assert reading.latest_verdicts(store)[0]["state"] == "in_sync"


def test_since_lasts_until_the_state_changes(store: Store, tmp_path: Path) -> None:
    states = (State.IN_SYNC, State.IN_SYNC, State.OUT_OF_SYNC, State.OUT_OF_SYNC, State.IN_SYNC)
    nights = [a_night(store, tmp_path, serial, state) for serial, state in enumerate(states, start=1)]
    assert [night.since.day for night in nights] == [23, 23, 25, 25, 27]
    assert [night.before for night in nights] == [None, *states[:-1]]


def test_a_clock_that_jumped_back_does_not_change_which_run_is_latest(store: Store, tmp_path: Path) -> None:
    early, late = a_run(1), a_run(2)
    for run, state in ((late, State.IN_SYNC), (early, State.OUT_OF_SYNC)):
        start_run(store, run, CITIES)
        publish(store, run, a_city_run(run, state=state), tmp_path)
    assert [row["state"] for row in reading.latest_verdicts(store)] == ["out_of_sync"]


def test_fifty_thousand_findings_fit_in_one_verdict(store: Store, tmp_path: Path) -> None:
    run = a_run()
    start_run(store, run, CITIES)
    publish(store, run, a_city_run(run, *[a_finding()] * 50_000), tmp_path)
    assert _counts(store)["findings"] == 50_000


def test_children_publish_side_by_side(store: Store, url: str, tmp_path: Path) -> None:
    cities = [(f"4403{number:02}", "某市") for number in range(8)]
    start_run(store, a_run(), cities)
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        jobs = [
            pool.submit(publish_from_another_process, url, str(tmp_path), code, 2_000) for code, _ in cities + cities
        ]
        new = [job.result() for job in jobs]
    assert sum(new) == len(cities), "each city exactly once, though each was published twice"
    assert _counts(store)["findings"] == len(cities) * 2_000


def test_a_publish_cut_at_any_statement_leaves_nothing(store: Store, url: str, tmp_path: Path) -> None:
    run = a_run()
    start_run(store, run, CITIES)
    result = a_city_run(run, a_finding(), rejected=(a_rejection(),))
    cuts = 0
    while True:
        left = cuts

        def cut(*_: object) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise MemoryError

        with connect(sa.make_url(url), write=True) as cutting:
            sa.event.listen(cutting.engine, "before_cursor_execute", cut)
            try:
                assert publish(cutting, run, result, tmp_path).new
                break
            except MemoryError:
                assert set(_counts(store).values()) == {0}
        cuts += 1
    assert cuts > len(_OF_A_VERDICT)
    assert all(_counts(store).values())


_KILLED = """
import os, signal, sys
from pathlib import Path
import sqlalchemy as sa
from citysync.storage.ledger import publish
from citysync.storage.schema import open_store
from tests.storage.cast import a_city_run, a_finding, a_run
with open_store(sys.argv[1], write=True) as store:
    def kill(connection, cursor, statement, *rest):
        if statement.startswith("INSERT INTO pages"):
            os.kill(os.getpid(), signal.SIGKILL)
    sa.event.listen(store.engine, "before_cursor_execute", kill)
    publish(store, a_run(), a_city_run(a_run(), *[a_finding()] * 5000), Path(sys.argv[2]))
"""


def test_a_process_killed_while_publishing_leaves_nothing_and_the_next_succeeds(
    store: Store, url: str, tmp_path: Path
) -> None:
    run = a_run()
    start_run(store, run, CITIES)
    ended = subprocess.run([sys.executable, "-c", _KILLED, url, str(tmp_path)], check=False)  # noqa: S603
    assert ended.returncode == -signal.SIGKILL
    assert set(_counts(store).values()) == {0}
    assert publish(store, run, a_city_run(run, a_finding()), tmp_path).new


@pytest.mark.postgresql
def test_a_server_that_drops_the_session_in_the_middle_is_tried_once_more(server_url: str, tmp_path: Path) -> None:
    run = a_run()
    admin = sa.create_engine(server_url, isolation_level="AUTOCOMMIT")
    dropped: list[str] = []

    def drop(connection: sa.Connection, cursor: object, statement: str, *_: object) -> None:
        del cursor
        if statement.startswith("INSERT INTO findings") and not dropped:
            dropped.append(statement)
            pid = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
            with admin.connect() as server:
                server.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    with open_store(server_url, write=True) as store:
        start_run(store, run, CITIES)
        sa.event.listen(store.engine, "before_cursor_execute", drop)
        assert publish(store, run, a_city_run(run, a_finding()), tmp_path).new
        assert len(dropped) == 1
        assert _counts(store)["findings"] == 1
    admin.dispose()


def test_a_closed_run_takes_no_late_results(store: Store, tmp_path: Path) -> None:
    run = a_run()
    start_run(store, run, CITIES)
    publish(store, run, a_city_run(run), tmp_path)
    fail_run(store, run.run_id, NOW, "磁盘\x00空间\udc80不足")
    with pytest.raises(StorageError, match=r"已结束（failed），不能再写入结果"):
        publish(store, run, a_city_run(run, code="440100"), tmp_path)
    with pytest.raises(StorageError, match="早已结束"):
        finish_run(store, run.run_id, NOW)
    found = reading.run_of(store, run.run_id)
    assert found is not None
    assert (found["status"], found["error"]) == ("failed", "磁盘␀空间\\udc80不足")
    assert (found["cities"], found["published"]) == (2, 1)
    assert len(reading.latest_verdicts(store)) == 1, "what was judged before stays judged"


def test_only_known_runs_publish_and_only_cities_they_set_out_to_judge(store: Store, tmp_path: Path) -> None:
    run = a_run()
    with pytest.raises(StorageError, match="没有运行 20261123T173000-000001"):
        publish(store, run, a_city_run(run), tmp_path)
    start_run(store, run, CITIES)
    with pytest.raises(StorageError, match="没有登记城市 440400"):
        publish(store, run, a_city_run(run, code="440400"), tmp_path)
    with pytest.raises(ValueError, match="cannot be published"):
        publish(store, run, a_city_run(a_run(2)), tmp_path)


def test_a_run_is_entered_once(store: Store) -> None:
    start_run(store, a_run(), CITIES)
    with pytest.raises(StorageError, match="互相矛盾"):
        start_run(store, a_run(), CITIES)
    assert len(reading.runs(store)) == 1


def test_a_finished_run_says_when(store: Store) -> None:
    run = a_run()
    start_run(store, run, CITIES)
    finish_run(store, run.run_id, NOW + timedelta(minutes=9))
    found = reading.last_run(store)
    assert found is not None
    assert (found["status"], found["finished_at"]) == ("finished", "2026-11-23T17:39:00+00:00")
    assert found["pid"] == os.getpid()
    assert found["lease_until"] is None


_DISK_FULL = """
import resource, sys
from pathlib import Path
from citysync.domain.errors import StorageError
from citysync.storage.ledger import publish
from citysync.storage.schema import open_store
from tests.storage.cast import a_city_run, a_finding, a_run
with open_store(sys.argv[1], write=True) as store:
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    try:
        publish(store, a_run(), a_city_run(a_run(), *[a_finding()] * 20_000), Path(sys.argv[2]))
    except StorageError as error:
        print(error)
"""


def test_a_disk_that_fills_up_while_publishing_leaves_the_ledger_as_it_was(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'citysync.db'}"
    with open_store(url, write=True) as store:
        start_run(store, a_run(), CITIES)
    said = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", _DISK_FULL, url, str(tmp_path)], capture_output=True, text=True, check=True
    ).stdout
    assert "citysync.db" in said
    assert "磁盘" in said
    with open_store(url, write=True) as store:
        assert set(_counts(store).values()) == {0}
        assert publish(store, a_run(), a_city_run(a_run(), a_finding()), tmp_path).new
