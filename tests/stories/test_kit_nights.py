"""Nights of a city that runs the kit: what an incremental night says is what a whole one says, in a real ledger."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from citysync.domain.outcome import CityRun
from citysync.domain.run import RULES_VERSION, Run, Trigger
from citysync.domain.verdict import State
from citysync.domain.workdays import calendar
from citysync.storage import ledger, pages
from citysync.storage.engine import Store
from citysync.storage.memory import recall
from citysync.storage.schema import open_store
from connectors._door import Door
from flows.line import Means, sync_city
from flows.replay import payload
from tests.builders import NOW, TODAY, a_master, a_master_item, an_item
from tests.connectors.doors import code
from tests.connectors.kits import Kit, kit_city, running


@dataclass
class Province:
    """A province of one city behind a kit, with a ledger and evidence of its own."""

    store: Store
    folder: Path
    kit: Kit
    keys: dict[str, Any]
    past: int = field(default=0)

    def night(self) -> CityRun:
        """Return what tonight says."""
        now, day = NOW + timedelta(days=self.past), TODAY + timedelta(days=self.past)
        self.past += 1
        city, master = kit_city(self.kit, **self.keys), MASTER
        run = Run(f"20261101T000000-{self.past:06x}", Trigger.NIGHTLY, day, now, master.version, RULES_VERSION)
        ledger.start_run(self.store, run, [(city.code, city.name)])
        door = Door(
            keep=lambda data, number, url: pages.keep(self.folder, data, number, url, now),
            secret=dict[str, str]().__getitem__,
            now=lambda: now,
            monotonic=time.monotonic,
            progress=lambda _text: None,
            read=lambda sha256: pages.read_page(self.folder, sha256),
        )
        memory = recall(self.store, self.folder, city.code, run.run_id)
        walked = sync_city(city, run, master, memory, Means(door, calendar(), lambda _text: None))
        ledger.publish(self.store, run, walked, self.folder)
        ledger.finish_run(self.store, run.run_id, now)
        return walked


CODES = [f"440106{number:06d}" for number in range(1, 41)]
MASTER = a_master(*(a_master_item(catalog_code=each, task_name=f"事项{each}") for each in CODES))


def an_obliged_item(number: int, **changes: str | None) -> dict[str, str | None]:
    return an_item(task_code=code(number), **{"task_name": f"事项{CODES[number - 1]}"} | changes)


def renamed(rows: list[Any]) -> None:
    rows[3] = {**rows[3], "task_name": "另一个名字"}


def withdrawn(rows: list[Any]) -> None:
    del rows[5:7]


def spoilt(rows: list[Any]) -> None:
    rows[8] = {**rows[8], "task_type": "没有这种"}


def mended(rows: list[Any]) -> None:
    rows[3] = an_obliged_item(4)
    rows.append(an_obliged_item(6))


def nothing(_rows: list[Any]) -> None:
    pass


def vanished(rows: list[Any]) -> None:
    del rows[10:35]


NIGHTS: list[Callable[[list[Any]], None]] = [nothing, renamed, withdrawn, nothing, spoilt, mended, vanished, nothing]


@pytest.mark.parametrize("keep", [9, 2])
def test_an_incremental_night_says_what_a_whole_one_says(tmp_path: Path, keep: int) -> None:
    rows: list[Any] = [an_obliged_item(number) for number in range(1, 41)]
    states = []
    with (
        running(rows, keep=keep) as kit,
        open_store(f"sqlite:///{tmp_path / 'a.db'}", write=True) as one,
        open_store(f"sqlite:///{tmp_path / 'b.db'}", write=True) as other,
    ):
        small = Province(one, tmp_path / "a", kit, {"whole_every": 31})
        whole = Province(other, tmp_path / "b", kit, {"whole_every": 1})
        for change in NIGHTS:
            change(kit.origin.rows)
            kit.shelf.look_again()
            if keep == 2:  # a state in between pushes last night's out
                kit.origin.rows[0] = {**kit.origin.rows[0], "task_name": "其间"}
                kit.shelf.look_again()
                kit.origin.rows[0] = an_obliged_item(1)
            tonight, in_full = small.night(), whole.night()
            assert without_pages(tonight) == without_pages(in_full)
            assert tonight.snapshot is not None
            states.append((tonight.verdict.state, tonight.snapshot.notes[0][:4]))
    assert states[0][1] != "增量拉取"
    assert {told for _, told in states[1:]} == {"增量拉取"}
    assert {State.IN_SYNC, State.OUT_OF_SYNC, State.HELD} <= {state for state, _ in states}


def without_pages(run: CityRun) -> Any:
    """Return what is compared: everything a run says but how its rows were asked for, and from which page."""
    said = payload(run)
    certificate = said["verdict"].pop("certificate", None) or {}
    return said, {name: value for name, value in certificate.items() if name not in {"pages", "proof"}}
