"""Rows that came the night before are not read again, nor believed of any other night; a replay knows nothing of it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from citysync.config.settings import Settings
from citysync.domain.errors import CitySyncError, StorageError
from citysync.domain.run import Trigger
from citysync.domain.verdict import State, Verdict
from citysync.storage import clean_rows, row_texts
from connectors._last_night import WHOLE_EVERY
from flows.master_import import Import, import_master
from flows.night import Asked, begin, closing_well
from flows.replay import replay
from flows.walking import walk_all
from schemas.again import FULL_EVERY_DAYS
from tests.builders import an_item
from tests.connectors.site import Asked as Request
from tests.connectors.site import Sent, site
from tests.inline import inline
from tests.places import MASTER_ITEM, write_master
from tests.reconciliation.cast import a_code

CODE, START = "440300", datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
FILE = f"clean/{CODE}/rows.texts"
Item = dict[str, str | None]


@dataclass
class Portal:
    """A city's numbered pages, written as most servers write them. ``total``: what is declared, if it is a lie."""

    rows: list[Item]
    total: int | None = None
    day: int = 0

    def answer(self, asked: Request) -> Sent:
        start = (int(asked.query["page"]) - 1) * 4
        total = len(self.rows) if self.total is None else self.total
        document = {"code": "200", "data": {"total": total, "list": self.rows[start : start + 4]}}
        return Sent(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())


@dataclass
class Town:
    """One city before a ledger of its own."""

    folder: Path
    portal: Portal
    known: Callable[[], int]

    @property
    def settings(self) -> Settings:
        return Settings(data_dir=self.folder / "data", cities_dir=self.folder / "cities")

    def night(self) -> tuple[str, Verdict, int]:
        """Return the run of the next night, what it said, and how many rows it did not read."""
        self.portal.day += 1
        now = START + timedelta(days=self.portal.day)
        asked = Asked(Trigger.NIGHTLY, business_date=date(2026, 11, 22) + timedelta(days=self.portal.day))
        night = begin(asked, self.settings, now)
        with inline() as crew, closing_well(night, lambda: now):
            walk_all(night, crew, lambda _code, _text: None, lambda: now, 1)
        return night.run.run_id, night.verdicts[CODE], self.known()


@pytest.fixture
def town(tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """Return 深圳市 with twelve items on three pages, as if they were many."""
    monkeypatch.setattr("connectors._last_night.LEAST", 1)
    portal = Portal([an_item(task_code=a_code(f"4401060430{n:02d}"), task_name=f"事项{n}") for n in range(12)])
    with site(portal.answer) as server:
        source = f'[source]\nconnector = "http_pages"\nurl = "{server.url}"\npage_param = "page"\n'
        source += 'items = "data.list"\ntotal = "data.total"\nok = { path = "code", equals = "200" }\n'
        source += "[tolerate]\nmax_missing = 99\nmax_rejected_ratio = 1.0\n"
        (tmp_path / "cities").mkdir()
        text = f'name = "深圳市"\ncode = "{CODE}"\ncounties = []\n{source}'
        (tmp_path / "cities" / f"{CODE}.toml").write_text(text, encoding="utf-8")
        with caplog.at_level(logging.INFO, "citysync.run"):

            def known() -> int:
                pulls = [record.counts for record in caplog.records if "known" in getattr(record, "counts", {})]  # type: ignore[attr-defined]
                return int(pulls[-1]["known"])

            found = Town(tmp_path, portal, known)
            master = write_master(tmp_path, [MASTER_ITEM])
            import_master(Import(master, effective_on=date(2026, 1, 1)), found.settings, START)
            yield found


def test_a_night_reads_what_changed_and_its_replay_which_reads_all_says_the_same(town: Town) -> None:
    first, *_, known = town.night()
    assert known == 0
    town.portal.rows[3] = {**town.portal.rows[3], "task_name": "另名"}
    del town.portal.rows[7]
    second, *_, known = town.night()
    assert known == 10
    town.portal.rows.insert(0, an_item(task_code=a_code("440106043077")))
    third, *_, known = town.night()
    assert known == 11
    assert [replay(town.settings, CODE, run).differences() for run in (first, second, third)] == [[], [], []]


def test_every_row_is_read_every_few_nights(town: Town) -> None:
    assert [town.night()[2] for _ in range(WHOLE_EVERY + 2)] == [0, *[12] * (WHOLE_EVERY - 1), 0, 12]


def test_a_night_that_was_not_adopted_leaves_the_one_before_known(town: Town) -> None:
    town.night()
    before = (town.settings.data_dir / FILE).read_bytes()
    town.portal.total = 99
    _, verdict, _ = town.night()
    assert verdict.state is State.NOT_SYNCED
    assert (town.settings.data_dir / FILE).read_bytes() == before
    town.portal.total = None
    assert town.night()[2] == 12


def test_texts_that_cannot_be_kept_hold_up_no_city(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StorageError("磁盘已满")

    first = town.night()[1]
    with monkeypatch.context() as patch:
        patch.setattr(row_texts, "write", full)
        assert town.night()[1].state is first.state
    assert [town.night()[2], town.night()[2]] == [0, 12]


def test_nothing_is_known_from_a_file_that_was_put_back_from_another_night(town: Town) -> None:
    town.night()
    path = town.settings.data_dir / FILE
    old = path.read_bytes()
    town.portal.rows.reverse()
    town.night()
    path.write_bytes(old)
    run, _, known = town.night()
    assert known == 0
    assert replay(town.settings, CODE, run).differences() == []


def test_a_second_walk_of_a_city_that_its_run_has_published_leaves_the_texts_of_the_first(town: Town) -> None:
    night = begin(Asked(Trigger.NIGHTLY), town.settings, START)
    with inline() as crew, closing_well(night, lambda: START):
        job = night._job(night.cities[CODE])
        first = crew.ask(job, lambda _text: None)
        before = (town.settings.data_dir / FILE).read_bytes()
        town.portal.rows.reverse()
        second = crew.ask(job, lambda _text: None)
    assert isinstance(first, Verdict)
    assert isinstance(second, Verdict)
    assert (town.settings.data_dir / FILE).read_bytes() == before


def test_what_is_known_of_rows_and_wrong_costs_one_night(town: Town) -> None:
    town.portal.rows[1] = an_item(task_code=a_code("440106043001"))
    first, folder = town.night()[1], town.settings.data_dir
    clean = clean_rows.read(folder, CODE)
    assert clean is not None and clean.settled is not None and clean.settled.height == 1  # noqa: PT018
    kinds = clean.settled.kinds.with_columns(online=pl.lit(7, pl.Int64))
    clean_rows.write(folder, CODE, replace(clean, settled=replace(clean.settled, kinds=kinds)))
    town.portal.day += FULL_EVERY_DAYS - 1
    night = begin(Asked(Trigger.NIGHTLY, business_date=date(2026, 11, 30)), town.settings, START)
    with inline() as crew, closing_well(night, lambda: START):
        told = crew.ask(night._job(night.cities[CODE]), lambda _text: None)
    assert isinstance(told, CitySyncError)
    assert "NotProved" in str(told)
    assert clean_rows.read(folder, CODE) is None
    town.portal.day += 1
    assert town.night()[1].state is first.state
    assert clean_rows.read(folder, CODE) is not None
