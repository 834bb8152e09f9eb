"""``explain`` for a finding of every kind that a province's cities have: page, row, field, rule, both values, ids."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from citysync.config.settings import Settings
from citysync.domain.memory import FIRST_TIME
from citysync.domain.run import Run, Trigger
from citysync.domain.workdays import calendar
from citysync.reconciliation.checks import all_checks
from citysync.simulator.province import build_province
from citysync.storage import catalogue, ledger, pages, reading
from citysync.storage.schema import open_store
from flows.explain.answer import explain
from flows.explain.rules import SOURCES
from flows.explain.words import lines
from flows.line import Means, sync_city
from tests.builders import NOW
from tests.simulator.walk import Walk, walking

CITIES = ("440300", "440900", "441400", "441700")  # JSON pages, a workbook, codes of its own in a file, a database
ABOUT_THE_SOURCE = {"unknown_field", "column_absent"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return where a night of four cities with every kind of difference lies."""
    folder = tmp_path_factory.mktemp("explained")
    found = Settings(data_dir=folder / "data", cities_dir=folder / "cities")
    found.data_dir.mkdir()
    province = build_province(4, 150, cities=CITIES, differences="all")
    with walking(province, folder) as walk, open_store(found.database, write=True) as store:
        master = walk.master()
        day = master.effective_on
        done = catalogue.save_master(store, master.items, effective_on=day, changed=(), source="m.csv", now=NOW)
        run = Run(ledger.new_run_id(NOW), Trigger.NIGHTLY, province.on, NOW, done.version)
        ledger.start_run(store, run, [(code, walk.cities[code].name) for code in CITIES])
        for code in CITIES:
            means = Means(_keeping(walk, found), calendar(), lambda _step: None)
            judged_by = catalogue.load_version(store, done.version)
            city_run = sync_city(walk.cities[code], run, judged_by, FIRST_TIME, means)
            ledger.publish(store, run, city_run, found.data_dir)
        ledger.finish_run(store, run.run_id, NOW)
    return found


def _keeping(walk: Walk, settings: Settings) -> Any:
    return replace(walk.door(), keep=lambda data, page, url: pages.keep(settings.data_dir, data, page, url, NOW))


def one_of_each(settings: Settings) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return, by check, the city and one finding."""
    with open_store(settings.database, write=False) as store:
        rows = [(code, row) for code in CITIES for row in reading.findings(store, code).rows]
    return {row["check"]: (code, row) for code, row in reversed(rows)}


def test_every_kind_of_finding_leads_back_to_page_row_field_rule_and_decision(settings: Settings) -> None:
    found = one_of_each(settings)
    assert set(all_checks()) - set(found) <= {"recoded"}, "a change of identity needs a person's confirmation"
    for check, (city, finding) in found.items():
        if check in ABOUT_THE_SOURCE:
            continue
        document = explain(settings, city, finding["task_code"] or finding["catalog_code"])
        task, said = document["task"], "\n".join(lines(document))
        told = next(each for each in task["findings"] if all(each[key] == finding[key] for key in finding))
        assert told["rule"]["source"] == SOURCES[check], check
        assert {"expected_normalised", "actual_normalised"} <= set(told), check
        assert f"（{check}）" in said, check
        assert f"；字段 {finding['field']}" in said, check
        assert "结论：" in said, check
        if check == "unclaimed":
            assert all(Path(each["snapshot"]["path"]).is_file() for each in task["absences"])
            continue
        assert any(_leads_to_its_bytes(row) for row in task["rows"]), check


def _leads_to_its_bytes(row: dict[str, Any]) -> bool:
    page = row["page"]
    data = Path(page["path"]).read_bytes()
    return hashlib.sha256(data).hexdigest() == page["sha256"] and bool(row["fields"])


def test_a_note_about_the_whole_source_stands_in_what_explains_the_city(settings: Settings) -> None:
    notes = {check: each for check, each in one_of_each(settings).items() if check in ABOUT_THE_SOURCE}
    assert notes
    for city, finding in notes.values():
        document = explain(settings, city)
        (told,) = (each for each in document["about_source"] if all(each[key] == finding[key] for key in finding))
        said = "\n".join(lines(document))
        assert told["rule"]["source"] in said
        assert str(finding["field"]) in said
