"""The host's clock is moved in mid-run (K01): the night goes on, its length is real time, and people are told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from citysync.storage import reading, tables
from citysync.storage.schema import open_store
from tests.flows.slow import NONE_LEFT, Started, a_slow_folder, leftovers, slow_city

# Not its MT variant, which holds a lock while it reads the file: a process forked meanwhile hangs (its issue 331).
LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
needs_faketime = pytest.mark.skipif(not LIBRARIES, reason="libfaketime is not installed (apt-get install faketime)")


@needs_faketime
@pytest.mark.parametrize(("moved", "told"), [("-400d", "慢"), ("+3d", "快")])
def test_a_clock_moved_in_mid_run_is_told_and_changes_no_result(tmp_path: Path, moved: str, told: str) -> None:
    clock = tmp_path / "clock"
    clock.write_text("+0")
    env = {
        "LD_PRELOAD": str(LIBRARIES[0]),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # as with a real clock: CLOCK_MONOTONIC is never set
        "DONT_FAKE_MONOTONIC": "1",
    }
    with slow_city() as city:
        folder = a_slow_folder(tmp_path, city)
        started = Started("sync", "--json", folder=folder, env=env)
        assert city.asked.wait(100), started.ended().err
        clock.write_text(moved)
        city.free.set()
        said = started.ended()
    assert said.code == 0, said.err
    assert said.json()["summary"]["in_sync"] == 1
    assert f"系统时钟异常：运行期间系统时钟被拨{told}了" in said.err
    with open_store(f"sqlite:///{folder / 'data' / 'citysync.sqlite3'}", write=False) as store:
        (run,) = reading.runs(store)
        with store.reading() as connection:
            began, ended = connection.execute(sa.select(tables.runs.c.started_at, tables.runs.c.finished_at)).one()
    assert run["status"] == "finished"
    assert timedelta(0) < ended - began < timedelta(minutes=5)
    assert leftovers(folder) == NONE_LEFT
