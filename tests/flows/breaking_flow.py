"""The real flow against a real Prefect API, broken at one point after another; prints what each came to as JSON.

Run by ``test_prefect_night.py`` as a process of its own: ``python -m tests.flows.breaking_flow FOLDER``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from citysync.cli.nightly import run_flow
from citysync.cli.results import published, show
from citysync.config.settings import Settings
from citysync.domain.errors import CitySyncError, MasterError, StorageError
from citysync.storage import reading
from citysync.storage.schema import open_store
from flows import province
from flows.crew import Lost
from flows.master_import import Import, import_master
from tests.builders import an_item
from tests.inline import Answer, Inline, inline
from tests.places import MASTER_ITEM, write_city, write_master


class Answering(Inline):
    """A crew whose one answer is fixed."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer

    def ask(self, *_: Any) -> Answer:
        return self._answer


def crew(made: Inline | None = None) -> AbstractContextManager[Any]:
    return patch.object(province, "crew_of", lambda _size: inline(made))


@contextmanager
def deaf() -> Iterator[None]:
    """Let the API take no artifact."""
    with crew(), patch.object(province, "create_table_artifact", side_effect=ConnectionError("canary")):
        yield


POINTS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "whole": crew,
    "child lost": lambda: crew(Answering(Lost("crashed", "处理进程意外结束（信号 11）"))),
    "disk full": lambda: crew(Answering(StorageError("台账未写入：磁盘空间不足（剩余 0 MB）"))),
    "no master": lambda: crew(Answering(MasterError("基本目录无法读取"))),
    "no artifact": deaf,
    "ledger gone": nullcontext,
}


def came_to(settings: Settings) -> dict[str, Any]:
    """Return the exit code a person would get, and what the ledger and the flow's own state say."""
    states: list[Any] = []
    real = province.run_province

    def kept(asked: Any) -> Any:
        states.append(real(asked))
        return states[-1]

    with patch("flows.nightly.run_province", kept):
        try:
            code = show(published(settings, run_flow(settings, (), None)), json=False)
            error = None
        except CitySyncError as caught:
            code, error = 3, str(caught)
    (state,) = states
    with open_store(settings.database, write=False) as store:
        run = reading.last_run(store) or {}
    told = {"type": state.type.value, "name": state.name, "message": state.message}
    return {"exit": code, "error": error, "state": told, "run": {key: run.get(key) for key in ("run_id", "status")}}


def main(folder: Path) -> None:
    """Walk the points, each in a province of its own."""
    seen = {}
    for point, arrange in POINTS.items():
        place = folder / point.replace(" ", "-")
        place.mkdir()
        write_city(place, [an_item()])
        settings = Settings(data_dir=place / "data", cities_dir=place / "cities")
        import_master(Import(write_master(place, [MASTER_ITEM])), settings, datetime.now(UTC))
        steering = {"CITYSYNC_DATA_DIR": str(settings.data_dir), "CITYSYNC_CITIES_DIR": str(settings.cities_dir)}
        busy = (
            patch.object(province, "begin", side_effect=StorageError("台账只读，写不进去"))
            if point == "ledger gone"
            else nullcontext()
        )
        with patch.dict("os.environ", steering), arrange(), busy:
            seen[point] = came_to(settings)
    sys.stderr.write(f"\nSEEN {json.dumps(seen, ensure_ascii=False)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
