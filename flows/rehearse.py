"""A rehearsal: the last good snapshots of all cities through the line, without network and without publishing.

Each is judged twice, as things stand and as they would stand; what differs is due to the change alone. A change of the
master first counts as suspected or in grace, so that a third judgement says where it ends if nobody follows.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import NoReturn

from citysync.config.cities import Cities, load_cities
from citysync.config.settings import Settings
from citysync.domain.catalogue import MasterCatalogue
from citysync.domain.city import City
from citysync.domain.errors import ConfigError
from citysync.domain.memory import Memory
from citysync.domain.outcome import CityRun
from citysync.domain.rehearsal import Rehearsal, Turn
from citysync.domain.run import Run, Trigger
from citysync.domain.snapshot import RawPage, Snapshot
from citysync.domain.workdays import calendar
from citysync.reconciliation.obligations import duties, parents_of
from citysync.storage import rehearsals
from citysync.storage.catalogue import load_master
from citysync.storage.engine import Store
from citysync.storage.kept import read_snapshot
from citysync.storage.memory import recall
from citysync.storage.past import adopted_snapshots
from connectors import names, source_model
from connectors._door import Door
from flows.ledger_at import writable_ledger
from flows.line import Means, judge_snapshot
from flows.master_versions import asked_master
from flows.night import SHANGHAI, chosen

NO_RUN = "rehearsal"  # a run the ledger does not know comes after all it knows


@dataclass(frozen=True)
class Stand:
    """What cities are judged by: a master catalogue and the cities' files."""

    master: MasterCatalogue
    cities: Mapping[str, City]


def rehearse(
    settings: Settings, now: datetime, *, master: str | None, rules: Path | None, on: date | None = None
) -> Rehearsal:
    """Return which verdicts a new master, or other city files, would change; the rehearsal is kept in the ledger.

    ``master``: a version's name or a file; ``rules``: a folder of city files as they would be. Raises ConfigError,
    MasterError, StorageError.
    """
    if master is None and rules is None:
        raise ConfigError("预演什么？请给出 --master 版本名或文件，或 --rules 改过的城市文件目录")
    day = on or now.astimezone(SHANGHAI).date()
    with writable_ledger(settings) as store:
        today = Stand(load_master(store, day), chosen(settings, ()))
        then = Stand(
            today.master if master is None else asked_master(store, settings, master, against=today.master, on=day),
            today.cities if rules is None else _files(rules),
        )
        turns = tuple(_turns(store, settings.data_dir, today, then, day, now))
        done = Rehearsal(now, day, master, None if rules is None else str(rules), then.master, turns)
        rehearsals.record(store, done)
    return done


def _files(folder: Path) -> Cities:
    return load_cities(folder, source_model, names()).pick(())


def _turns(store: Store, folder: Path, today: Stand, then: Stand, on: date, now: datetime) -> Iterator[Turn]:
    for code, city in today.cities.items():
        kept = adopted_snapshots(store, code)
        if not kept or code not in then.cities:
            yield Turn(code, city.name, None, None, None, 0)
            continue
        snapshot = read_snapshot(folder / str(kept[0]["path"]))
        memory = recall(store, folder, code, NO_RUN)
        before = _judged(city, today.master, memory, snapshot, on, now)
        after = _judged(then.cities[code], then.master, memory, snapshot, on, now)
        last = _judged(then.cities[code], *_nobody_followed(then, code, memory, on), snapshot, on, now)
        yield Turn(code, city.name, before.verdict.state, after.verdict.state, last.verdict.state, _more(before, last))


def _more(before: CityRun, after: CityRun) -> int:
    """Return how many findings there would be that there are not today."""
    shared = [name for name in before.findings.columns if name not in {"suspected", "due_on", "hint"}]
    return after.findings.join(before.findings, on=shared, how="anti", nulls_equal=True).height


def _nobody_followed(then: Stand, code: str, memory: Memory, on: date) -> tuple[MasterCatalogue, Memory]:
    """Return the master without grace and the memory of a city in which every absence was seen before."""
    items = then.master.items
    due = duties(items, parents_of(items), then.cities[code], on)
    return replace(then.master, changed={}), replace(
        memory, absent_before=frozenset(due.iter_rows()), looked_before=frozenset()
    )


def _judged(
    city: City, master: MasterCatalogue, memory: Memory, snapshot: Snapshot, on: date, now: datetime
) -> CityRun:
    run = Run(NO_RUN, Trigger.REPLAY, on, now, master.version)
    means = Means(_closed_door(now), calendar(), lambda _text: None)
    return judge_snapshot(city, run, master, memory, snapshot, snapshot.pages, means)


def _closed_door(now: datetime) -> Door:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("a rehearsal asks no city anything")

    def keep(_data: bytes, _number: int, _url: str) -> RawPage:
        refuse()

    def secret(_name: str) -> str:
        refuse()

    return Door(keep=keep, secret=secret, now=lambda: now, monotonic=time.monotonic, progress=lambda _text: None)
