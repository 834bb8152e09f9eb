"""Nights of a city that tells what changed: small ones say what whole ones say, in a real ledger, crashes included."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from citysync.config.settings import Settings
from citysync.domain.errors import StorageError
from citysync.domain.outcome import CityRun
from citysync.domain.run import RULES_VERSION, Run, Trigger
from citysync.domain.snapshot import MERGED
from citysync.domain.verdict import State
from citysync.domain.workdays import calendar
from citysync.storage import catalogue, ledger, pages
from citysync.storage.engine import Store
from citysync.storage.memory import recall
from citysync.storage.schema import open_store
from connectors._door import Door
from connectors._tape import Recorder
from flows.line import Means, sync_city
from flows.replay import payload, replay, tape_document
from tests.builders import NOW, TODAY, a_master, a_master_item, an_item
from tests.connectors.changing import Directory, nights
from tests.connectors.doors import code

COUNT = 40
CODES = [f"440106{number:06d}" for number in range(1, COUNT + 1)]
MASTER = a_master(*(a_master_item(catalog_code=each, task_name=f"事项{each}") for each in CODES))


@dataclass
class Province:
    """A province of one city, with a ledger and evidence of its own."""

    store: Store
    folder: Path
    city: Any
    past: int = field(default=0)

    def night(self, *, crashes: bool = False) -> CityRun:
        """Return what tonight says; a night that crashes dies between pull and publish."""
        now, day = NOW + timedelta(days=self.past), TODAY + timedelta(days=self.past)
        self.past += 1
        run = Run(f"20261101T000000-{self.past:06x}", Trigger.NIGHTLY, day, now, MASTER.version, RULES_VERSION)
        ledger.start_run(self.store, run, [(self.city.code, self.city.name)])

        def keep(data: bytes) -> str:
            return pages.keep(self.folder, data, 0, "", now).sha256

        tape = Recorder(keep, lambda: now)
        door = Door(
            keep=lambda data, number, url: pages.keep(self.folder, data, number, url, now),
            secret=dict[str, str]().__getitem__,
            now=tape.now,
            monotonic=time.monotonic,
            progress=lambda _text: None,
            read=lambda sha256: pages.read_page(self.folder, sha256),
            tape=tape,
        )
        memory = recall(self.store, self.folder, self.city.code, run.run_id)
        walked = sync_city(self.city, run, MASTER, memory, Means(door, calendar(), lambda _text: None))
        if not crashes:
            heard = keep(tape_document(self.city, tape.heard, tape.moments))
            ledger.publish(self.store, run, walked, self.folder, tape=heard)
        ledger.finish_run(self.store, run.run_id, now)
        return walked


@contextmanager
def two_provinces(folder: Path) -> Iterator[tuple[Directory, Province, Province]]:
    """Yield a directory that obliges its city, a province that asks for changes, and one that asks for everything."""
    directory = Directory(now=NOW)
    for number, each in enumerate(CODES, start=1):
        directory.put(number, NOW - timedelta(days=30), task_name=f"事项{each}")
    for place in "ab":
        (folder / place).mkdir()
    with (
        nights(directory, whole_every_days=31) as asked,
        open_store(f"sqlite:///{folder / 'a' / 'citysync.sqlite3'}", write=True) as one,
        open_store(f"sqlite:///{folder / 'b' / 'citysync.sqlite3'}", write=True) as other,
    ):
        whole = asked.city.model_copy(update={"source": asked.city.source.model_copy(update={"changes": None})})
        small = Province(one, folder / "a", asked.city)
        yield directory, small, Province(other, folder / "b", whole)


def renamed(directory: Directory) -> None:
    directory.put(4, task_name="另一个名字")


def withdrawn(directory: Directory) -> None:
    directory.remove(6)
    directory.remove(7)


def spoilt(directory: Directory) -> None:
    directory.put(9, task_type="没有这种")
    directory.put(60, areacode="440303")


def mended(directory: Directory) -> None:
    directory.put(4, task_name=f"事项{CODES[3]}")
    directory.put(6, task_name=f"事项{CODES[5]}")
    directory.put(9, task_type=an_item()["task_type"])
    directory.remove(60)


def vanished(directory: Directory) -> None:
    for number in range(10, 35):
        directory.remove(number)


def nothing(_directory: Directory) -> None:
    pass


NIGHTS: list[Callable[[Directory], None]] = [nothing, renamed, withdrawn, nothing, spoilt, mended, vanished, nothing]


def test_a_small_night_says_what_a_whole_one_says(tmp_path: Path) -> None:
    states, small = [], []
    with two_provinces(tmp_path) as (directory, asking, whole):
        for change in NIGHTS:
            change(directory)
            directory.now += timedelta(hours=1)
            tonight, in_full = asking.night(), whole.night()
            directory.now += timedelta(hours=23)
            assert said(tonight) == said(in_full)
            states.append(tonight.verdict.state)
            small.append(MERGED in proof(tonight))
    # the first night has nothing to rest on; after one that was not adopted (too much rejected, held) all is asked for
    assert small == [False, True, True, True, True, False, True, False]
    assert {State.IN_SYNC, State.OUT_OF_SYNC, State.HELD} <= set(states)


def test_a_crash_between_pull_and_publish_moves_nothing(tmp_path: Path) -> None:
    with two_provinces(tmp_path) as (directory, asking, whole):
        for province in (asking, whole):
            province.night()
        renamed(directory)
        directory.now += timedelta(hours=1)
        asking.night(crashes=True)
        whole.night()
        directory.now += timedelta(days=3)
        tonight, in_full = asking.night(), whole.night()
        assert said(tonight) == said(in_full)
        assert MERGED in proof(tonight)
        assert "修改 1 条" in proof(tonight)


@pytest.mark.parametrize("gone", [False, True])
def test_a_small_night_is_replayed_and_needs_the_snapshot_it_rests_on(tmp_path: Path, *, gone: bool) -> None:
    with two_provinces(tmp_path) as (directory, asking, _):
        catalogue.save_master(
            asking.store,
            MASTER.items,
            effective_on=MASTER.effective_on,
            changed=(),
            source="m.csv",
            now=NOW,
            version=MASTER.version,
        )
        first = asking.night()
        renamed(directory)
        directory.now += timedelta(hours=1)
        asking.night()
    settings = Settings(data_dir=tmp_path / "a", cities_dir=tmp_path)
    if gone:
        assert first.snapshot is not None
        pages.write_snapshot(asking.folder, first.snapshot).unlink()
        with pytest.raises(StorageError, match="那份快照已不在") as refused:
            replay(settings, asking.city.code, "20261101T000000-000002")
        assert "规则已经改变" not in str(refused.value)
    else:
        again = replay(settings, asking.city.code, "20261101T000000-000002")
        assert again.differences() == []
        assert again.same


def proof(run: CityRun) -> str:
    return "" if run.snapshot is None else run.snapshot.certificate.proof


def said(run: CityRun) -> Any:
    """Return what is compared: everything a run says but how its rows were asked for, and in what order they came."""
    told = payload(run)
    told["rejections"] = sorted(({**row, "row_no": None} for row in told["rejections"]), key=str)
    certificate = run.snapshot.certificate if run.snapshot is not None else None
    return told, certificate and replace(certificate, pages=0, proof="")


def test_a_code_of_the_city_is_one_of_the_master() -> None:
    assert [code(number)[19:] for number in range(1, COUNT + 1)] == CODES
