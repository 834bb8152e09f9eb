"""The first net: with Prefect dead the watchdog speaks at the first tick of its timer after the limit, once."""

from __future__ import annotations

import configparser
import os
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from citysync.alerts.watch import Limits
from citysync.config.settings import Settings
from citysync.storage.ledger import finish_run, start_run
from citysync.storage.schema import open_store
from flows.missed import caught_up, is_caught_up
from flows.watchdog import keep_watch
from tests.alerts import robots
from tests.alerts.robots import Robot, a_robot
from tests.builders import NOW
from tests.flows.servers import ROOT
from tests.program import citysync
from tests.storage.cast import CITIES, a_run

LIMIT = Limits().run_age
CHANNEL = """[[channel]]
name = "duty"
kind = "wecom"
owner = "王工"
roles = ["duty"]
secret = "CITYSYNC_SECRET_WECOM"
url = "{url}"
"""


def a_place(folder: Path, robot: Robot, finished_at: datetime) -> Settings:
    """Return a folder with one duty channel and a ledger whose last night ended at a moment."""
    settings = Settings(data_dir=folder / "data", cities_dir=folder / "cities")
    settings.data_dir.mkdir()
    settings.cities_dir.mkdir()
    (settings.cities_dir / "_channels.toml").write_text(CHANNEL.format(url=robot.url), encoding="utf-8")
    with open_store(settings.database, write=True) as store:
        start_run(store, a_run(), CITIES)
        finish_run(store, a_run().run_id, finished_at)
    return settings


def every() -> timedelta:
    """Return how often the timer that is shipped looks."""
    timer = configparser.ConfigParser(interpolation=None)
    timer.read(ROOT / "deploy" / "systemd" / "citysync-watchdog.timer", encoding="utf-8")
    (minutes,) = re.findall(r"^\*:0/(\d+)$", timer["Timer"]["OnCalendar"])
    return timedelta(minutes=int(minutes))


def test_the_first_tick_after_the_limit_speaks_and_no_later_one_repeats_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYSYNC_SECRET_WECOM", "key-1")
    with a_robot(robots.wecom) as robot:
        settings = a_place(tmp_path, robot, NOW)
        spoke = []
        for tick in range(12):
            now = NOW + LIMIT - timedelta(minutes=35) + tick * every()
            before = len(robot.taken)
            troubled = bool(keep_watch(settings, now, Limits()).troubles)
            assert troubled == (now - NOW > LIMIT)
            spoke += [now] * (len(robot.taken) - before)
    (moment,) = spoke
    assert timedelta(0) < moment - (NOW + LIMIT) <= every()


def test_with_prefect_dead_the_watchdog_speaks(tmp_path: Path) -> None:
    with a_robot(robots.wecom) as robot:
        a_place(tmp_path, robot, NOW - timedelta(days=400))
        env = {"CITYSYNC_SECRET_WECOM": "key-1", "PREFECT_API_URL": "http://127.0.0.1:9/api"}
        said = citysync("watchdog", folder=tmp_path, env=env)
        assert said.code == 3, said.err
        assert len(robot.taken) == 1


def test_nights_that_were_due_before_the_last_one_began_are_caught_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = a_run().started_at
    assert caught_up(began - timedelta(hours=6), began)
    assert not caught_up(began + timedelta(seconds=1), began)
    assert not caught_up(began, None)
    for name in [name for name in os.environ if name.startswith("CITYSYNC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CITYSYNC_DATA_DIR", str(tmp_path / "data"))
    assert not is_caught_up(began), "before the first run nothing is"
    with a_robot(robots.wecom) as robot:
        a_place(tmp_path, robot, NOW + timedelta(hours=1))
    assert is_caught_up(began - timedelta(days=3))
    assert not is_caught_up(began + timedelta(days=1))
