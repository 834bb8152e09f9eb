"""From the raw page to the verdict: every id an explanation names resolves, on disk, in the page, in the docs."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from citysync.config.cities import load_cities
from citysync.config.settings import Settings
from citysync.domain.approval import Held
from citysync.domain.errors import ConfigError
from citysync.domain.findings import RULE_LABELS
from citysync.domain.run import Run, Trigger
from citysync.domain.workdays import calendar
from citysync.reconciliation.checks import all_checks
from citysync.reconciliation.notes import NOTES
from citysync.storage import catalogue, ledger, pages
from citysync.storage.approvals import Ceiling, approve
from citysync.storage.memory import recall
from citysync.storage.schema import open_store
from connectors import names, source_model
from connectors._door import Door
from flows.explain.answer import explain
from flows.explain.record import record_of
from flows.explain.rules import SOURCES, rule_of
from flows.explain.words import lines
from flows.line import Means, sync_city
from flows.receipts import receipts_of
from tests.builders import BODY, CATALOG_CODE, TASK_CODE, a_master, a_master_item, an_item
from tests.house.pages import DOCS, anchors, rows, section
from tests.places import write_city
from tests.reconciliation.cast import a_code
from tests.reports.test_receipt_files import sheet_of

NOW = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
ABSENT = "440106999001"
TITLES = {"errors": "Errors", "warnings": "Warnings", "rejection-rules": "Rejection rules"}


@dataclass(frozen=True)
class Province:
    """A ledger with nights in it. ``settings``: where; ``runs``: the ids, oldest first."""

    settings: Settings
    runs: tuple[str, ...]


def nights(folder: Path, *each: Sequence[Mapping[str, Any]]) -> Province:
    """Walk 深圳市 along the line night after night and publish what came of it."""
    settings = Settings(data_dir=folder / "data", cities_dir=folder / "cities")
    settings.data_dir.mkdir()
    master = a_master(a_master_item(), a_master_item(catalog_code=ABSENT, task_name="无人认领的许可"))
    with open_store(settings.database, write=True) as store:
        day = date(2026, 11, 20)
        catalogue.save_master(store, master.items, effective_on=day, changed=(), source="m.csv", now=NOW)
        runs = [_night(folder, settings, store, number, sent) for number, sent in enumerate(each)]
    return Province(settings, tuple(runs))


def _night(
    folder: Path,
    settings: Settings,
    store: Any,
    number: int,
    sent: Sequence[Mapping[str, Any]],
    encoding: str = "utf-8",
) -> str:
    write_city(folder, sent, more="[tolerate]\nmax_rejected_ratio = 0.9\n")
    drop = folder / "drop" / "440300.json"
    written = drop.stat().st_mtime
    drop.write_text(drop.read_text(encoding="utf-8"), encoding=encoding)
    os.utime(drop, (written, written))
    city = load_cities(settings.cities_dir, source_model, names())["440300"]
    began = NOW + timedelta(days=number)
    run = Run(ledger.new_run_id(began), Trigger.NIGHTLY, began.date(), began, "2026-11-20-1")
    ledger.start_run(store, run, [(city.code, city.name)])
    door = Door(
        keep=lambda data, page, url: pages.keep(settings.data_dir, data, page, url, began),
        secret=lambda _name: "",
        now=lambda: began,
        monotonic=time.monotonic,
        progress=lambda _text: None,
    )
    memory = recall(store, settings.data_dir, city.code, run.run_id)
    master = catalogue.load_version(store, run.master_version)
    city_run = sync_city(city, run, master, memory, Means(door, calendar(), lambda _text: None))
    ledger.publish(store, run, city_run, settings.data_dir)
    ledger.finish_run(store, run.run_id, began)
    return run.run_id


SENT = [
    an_item(task_name="公共场所卫生许可 （改）", by_law="《公共场所卫生管理条例》 第四条", limit_scene_num="4"),
    an_item(task_code="001234", task_name="编码坏了"),
    an_item(task_code=f"{BODY}3440106888001", task_name="公共场所"),
]


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Province:
    return nights(tmp_path_factory.mktemp("province"), SENT, SENT)


def task(province: Province, asked: str | None = None, row_no: int | None = None) -> dict[str, Any]:
    found: dict[str, Any] = explain(province.settings, "440300", asked, row_no)["task"]
    return found


def test_a_row_is_found_where_its_page_hash_and_byte_say(province: Province) -> None:
    (row,) = task(province, TASK_CODE)["rows"]
    data = Path(row["page"]["path"]).read_bytes()
    assert pages.read_page(province.settings.data_dir, row["page"]["sha256"]) == data
    assert data[row["byte_offset"] :].startswith(TASK_CODE.encode())
    assert json.loads(data)[row["page_row"] - 1]["task_code"] == TASK_CODE
    assert (row["row_no"], row["fate"]) == (1, "accepted")


def test_both_values_are_told_raw_and_normalised(province: Province) -> None:
    found = task(province, TASK_CODE)
    (drift,) = [each for each in found["findings"] if each["check"] == "elements_drift"]
    assert (drift["actual"], drift["actual_normalised"]) == ("公共场所卫生许可 （改）", "公共场所卫生许可(改)")
    assert drift["expected"] == drift["expected_normalised"] == "公共场所卫生许可"
    by_law = next(field for field in found["rows"][0]["fields"] if field["column"] == "by_law")
    assert by_law["sent"] != by_law["master"]
    assert by_law["normalised"] == by_law["master_normalised"]


def test_what_was_found_is_weighed_in_the_verdict(province: Province) -> None:
    document = explain(province.settings, "440300", TASK_CODE)
    assert set(document["task"]["weighs"]) == {"elements_drift", "visits_over_cap", "depth_and_visits"}
    assert set(document["task"]["weighs"]) < {reason["code"] for reason in document["reasons"]}
    assert "elements_drift" in "\n".join(lines(document))


def test_a_rejected_row_is_explained_by_its_number_and_by_its_broken_code(province: Province) -> None:
    by_number, by_code = task(province, row_no=2), task(province, "001234")
    assert by_number["rows"] == by_code["rows"]
    (row,) = by_number["rows"]
    assert row["fate"] == "rejected"
    (rejection,) = row["rejections"]
    assert (rejection["rule"]["name"], rejection["value"]) == ("task_code_malformed", "001234")
    assert "39554" in rejection["rule"]["source"]


def test_an_absence_says_what_was_looked_for_where_with_what_proof_and_since_when(province: Province) -> None:
    found = task(province, ABSENT)
    assert found["rows"] == []
    (absence,) = found["absences"]
    assert ABSENT in absence["looked_for"]
    assert Path(absence["snapshot"]["path"]).is_file()
    assert absence["proof"]
    assert absence["since"] == {"run_id": province.runs[0], "business_date": "2026-11-23", "runs": 2}
    assert found["obliged"] == ["440300"]


def test_one_page_of_a_run_is_looked_at_by_itself_the_later_of_two_of_a_number(province: Province) -> None:
    with open_store(province.settings.database, write=False) as store:
        record = record_of(province.settings, store, "440300", province.runs[-1], None)
        by_number = {page["number"]: page for page in record.pages}
        assert by_number
        assert {number: record.page(number) for number in by_number} == by_number
        assert record.page(len(by_number) + 1) is None


def test_a_code_nobody_ever_heard_of_is_answered_not_guessed(province: Province) -> None:
    found = task(province, f"{BODY}3999999999999")
    assert (found["rows"], found["findings"], found["absences"], found["master"]) == ([], [], [], None)
    assert "3 行中找到 0 行" in found["searched"]


def test_a_city_without_a_snapshot_tells_why_and_names_its_last_good_one(tmp_path: Path) -> None:
    province = nights(tmp_path, [an_item()], [])
    (tmp_path / "drop" / "440300.json").unlink()
    document = explain(province.settings, "440300")
    assert document["run_id"] == province.runs[1]
    assert document["state"] == "held"
    assert document["last_good"]["run_id"] == province.runs[0]
    looked_in = explain(province.settings, "440300", TASK_CODE)["task"]
    assert (looked_in["run_id"], len(looked_in["rows"])) == (province.runs[0], 1)
    assert province.runs[0] in "\n".join(lines({**document, "task": looked_in}))


def test_every_page_of_a_city_is_looked_up_on_disk_and_a_lost_one_is_said_so(tmp_path: Path) -> None:
    province = nights(tmp_path, [an_item()])
    (page,) = explain(province.settings, "440300")["evidence"]["pages"]
    assert page["on_disk"]
    Path(page["path"]).write_bytes(b"damaged")
    (page,) = explain(province.settings, "440300")["evidence"]["pages"]
    assert not page["on_disk"]
    assert "已不在盘上" in "\n".join(lines(explain(province.settings, "440300", CATALOG_CODE)))


def test_how_a_snapshot_came_and_by_whose_leave_is_told(tmp_path: Path) -> None:
    forty = [an_item(task_code=a_code(f"440106{number:06d}"), task_name=f"事项{number}") for number in range(40)]
    settings = nights(tmp_path, forty).settings
    with open_store(settings.database, write=True) as store:
        approve(store, "440300", [Ceiling(Held.VANISHED, 36)], date(2026, 12, 5), "粤府函清理", "wang", NOW)
        _night(tmp_path, settings, store, 1, forty[:4], encoding="gb18030")
    document = explain(settings, "440300")
    told = list(lines(document))
    assert document["approvals"] == document["last_good"]["approvals"]
    assert "  按批准 1 放行（消失）：36 项，上限 36 项，有效到 2026-12-05，wang：粤府函清理" in told
    assert "  取数说明：实际编码为 GB18030，未声明；建议统一以 UTF-8 导出" in told
    assert told.count(next(line for line in told if "按批准" in line)) == 1
    (receipt,) = receipts_of(settings, ("440300",), None)
    assert receipt.document()["notes"] == document["evidence"]["notes"]
    book = next(path for path in receipt.write(tmp_path / "receipts") if path.suffix == ".xlsx")
    assert ["取数说明", *document["evidence"]["notes"]] in sheet_of(book, "汇总")


def test_a_row_a_run_or_a_city_nobody_knows_is_refused(province: Province) -> None:
    for asked in ({"code": "440300", "row_no": 99}, {"code": "440300", "run_id": "never"}, {"code": "449999"}):
        with pytest.raises(ConfigError):
            explain(province.settings, **asked)


@pytest.mark.parametrize("name", [*all_checks(), *NOTES, *RULE_LABELS])
def test_every_rule_resolves_to_its_row_in_the_docs_and_names_its_source(name: str) -> None:
    rule = rule_of(name)
    place, _, anchor = str(rule["documented"]).partition("#")
    text = (DOCS.parent / place).read_text(encoding="utf-8")
    assert anchor in anchors(text)
    title = TITLES.get(anchor, "Differences of writing")
    assert name in {found for found, _ in rows(section(text, title))}
    assert rule["source"]
    assert SOURCES.get(name, rule["source"]) == rule["source"]
