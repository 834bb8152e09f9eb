"""What one city's walk does to our own process stays with that city: a bug of ours (R15), too much memory (R14)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from citysync.cli.exits import exit_code
from citysync.cli.results import published
from citysync.config.settings import Settings
from citysync.domain.run import Trigger
from citysync.domain.verdict import Fault, State, Verdict
from flows.crew import Crew, Job, Lost, crew_of
from flows.line import sync_city
from flows.master_import import Import, import_master
from flows.night import Asked, Night, begin, closing_well
from flows.walking import walk_all
from tests.builders import an_item
from tests.inline import inline
from tests.places import MASTER_ITEM, write_city, write_master

HEALTHY, SICK, LAST = "440300", "440400", "440500"
MORE_MEMORY = 96 * 2**20  # than the child has before it meets the large file


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    for code in (HEALTHY, SICK, LAST):
        write_city(tmp_path, [an_item(areacode=code)], code=code)
    made = Settings(data_dir=tmp_path / "data", cities_dir=tmp_path / "cities")
    import_master(Import(write_master(tmp_path, [MASTER_ITEM])), made, now())
    return made


def walked(settings: Settings, crew: Crew) -> Night:
    night = begin(Asked(Trigger.ON_DEMAND), settings, now())
    with closing_well(night, now):
        walk_all(night, crew, lambda _code, _text: None, now, 1)
    return night


def only_the_sick_one_suffers(night: Night, settings: Settings) -> str:
    """Return what is said of the city whose walk failed, the others being in sync and the run one of ours."""
    states = {code: verdict.state for code, verdict in night.verdicts.items()}
    assert states == {HEALTHY: State.IN_SYNC, SICK: State.UNKNOWN, LAST: State.IN_SYNC}
    (reason,) = night.verdicts[SICK].reasons
    assert (reason.code, reason.fault) == ("crashed", Fault.OURS)
    assert exit_code(published(settings, night.run.run_id).verdicts) == 3
    assert f"请省平台值班查看运行 {night.run.run_id}" in reason.text
    return reason.text


def test_a_bug_met_in_one_city_is_ours_and_can_be_found_in_the_log_by_its_number(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumbles(city: Any, *others: Any) -> Any:
        if city.code == SICK:
            raise KeyError("canary-5f3a of a row")
        return sync_city(city, *others)

    monkeypatch.setattr("flows.child.sync_city", stumbles)
    with inline() as crew:
        text = only_the_sick_one_suffers(walked(settings, crew), settings)
    found = re.search(r"程序错误 KeyError（test_borders.py 第 \d+ 行，追踪号 ([0-9a-f]{8})）", text)
    assert found is not None
    logged = caplog.text
    assert f"追踪号 {found[1]}：KeyError：" in logged
    assert "stumbles < child.py" in re.sub(r"test_borders.py:\d+ |:\d+ \w+", "", logged)
    assert "canary" not in text + logged


class Tight(Crew):
    """A real child that may take only a little more memory once it comes to the sick city."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    def ask(self, job: Job, step: Callable[[str], None]) -> Verdict | Exception | Lost:
        if job.city.code == SICK:
            (busy,) = self._crew._all
            pages = int(Path(f"/proc/{busy.pid}/statm").read_text(encoding="utf-8").split()[0])
            job = replace(job, memory_bytes=pages * 4096 + MORE_MEMORY)
        return self._crew.ask(job, step)


def test_a_city_that_needs_too_much_memory_costs_the_others_nothing(settings: Settings) -> None:
    drop = settings.cities_dir.parent / "drop" / f"{SICK}.json"
    drop.write_text(
        json.dumps([an_item(areacode=SICK, by_law="法" * 40_000_000)], ensure_ascii=False), encoding="utf-8"
    )
    with crew_of(1) as crew:
        text = only_the_sick_one_suffers(walked(settings, Tight(crew)), settings)
    assert re.search("内存超出上限", text), text
