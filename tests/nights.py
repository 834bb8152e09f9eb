"""One city, night after night: a real file that is pulled, walked along the line and published in a real ledger."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from citysync.domain.catalogue import MasterCatalogue
from citysync.domain.city import City
from citysync.domain.outcome import CityRun
from citysync.domain.run import RULES_VERSION, Run, Trigger
from citysync.domain.snapshot import RawPage, Snapshot
from citysync.domain.workdays import calendar
from citysync.storage import ledger
from citysync.storage.engine import Store
from citysync.storage.memory import recall
from connectors import pull, source_model
from connectors._door import Door
from flows.line import Means, sync_city
from tests.builders import NOW, TODAY, a_city, a_master

Row = Mapping[str, str | None]


@dataclass
class Nights:
    """A city that drops its directory as JSON (grade B) or, without proof, as JSON lines (grade C)."""

    store: Store
    folder: Path
    city: City
    master: MasterCatalogue
    past: int = 0

    def night(
        self,
        rows: Sequence[Row],
        *,
        proved: bool = True,
        trigger: Trigger = Trigger.NIGHTLY,
        on: date | None = None,
        rules: str = RULES_VERSION,
        asked: Callable[[City, Door], Snapshot] = pull,
        **changes: Any,
    ) -> CityRun:
        """Return what the next night says of the rows; ``changes`` are changes of the city's file."""
        self.past += 1
        now = NOW + timedelta(days=self.past - 1)
        day = on or TODAY + timedelta(days=self.past - 1)
        run = Run(f"{now:%Y%m%dT%H%M%S}-{self.past:06x}", trigger, day, now, self.master.version, rules)
        city = self.city.model_copy(update=changes)
        city = city.model_copy(update={"source": _dropped(self.folder, rows, proved=proved)})
        ledger.start_run(self.store, run, [(city.code, city.name)])
        door = Door(_keep, dict[str, str]().__getitem__, lambda: now, time.monotonic, lambda _line: None)
        memory = recall(self.store, self.folder, city.code, run.run_id)
        walked = sync_city(city, run, self.master, memory, Means(door, calendar(), lambda _step: None, asked))
        ledger.publish(self.store, run, walked, self.folder)
        ledger.finish_run(self.store, run.run_id, now)
        return walked


def nights(store: Store, folder: Path, *items: dict[str, Any], **changes: Any) -> Nights:
    """Return 深圳市 before its first night, which a master of these items judges (by default of one item)."""
    return Nights(store, folder, a_city(**changes), replace(a_master(*items), changed={}))


def _dropped(folder: Path, rows: Sequence[Row], *, proved: bool) -> Any:
    name = "directory.json" if proved else "directory.jsonl"
    text = json.dumps(list(rows)) if proved else "".join(f"{json.dumps(row)}\n" for row in rows)
    (folder / name).write_text(text, encoding="utf-8")
    model = source_model("file_drop")
    assert model is not None
    kind = "json" if proved else "jsonl"
    return model.model_validate({"connector": "file_drop", "path": str(folder / name), "format": kind})


def _keep(data: bytes, number: int, url: str) -> RawPage:
    return RawPage(number, url, hashlib.sha256(data).hexdigest(), len(data), NOW)
