"""Names a city chose, of fields, sheets and files, that no screen, database or city file should take as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from citysync.domain.memory import FIRST_TIME
from citysync.domain.outcome import CityRun
from citysync.domain.workdays import calendar
from citysync.storage import ledger, reading
from citysync.storage.engine import Store
from citysync.storage.schema import open_store
from connectors._text import first_twice, shown_name
from flows.line import Means, sync_city
from tests.connectors.cuts import RUN, a_master_of
from tests.connectors.doors import PAGES, Memory, city_of, directory
from tests.connectors.site import Sent, site
from tests.connectors.test_file_drop import as_csv, as_xlsx
from tests.connectors.test_sql_table import filled, source_of
from tests.servers import postgresql_url

# As sent → as told. Headings are stripped of blanks and marks around them, so what is odd stands inside.
NAMES = {
    "a\x00b": r"a\u0000b",
    "a\x1b[2J": r"a\u001b[2J",
    "a\u202egnp.exe": r"a\u202egnp.exe",
    "行\n二": r"行\u000a二",
    "a\u200b\u2028b": r"a\u200b\u2028b",
    "a\U000e0041b": r"a\U000e0041b",
    "a\x9f\x7fb": r"a\u009f\u007fb",
    "<script>": "<script>",
    "名" * 5_000: "名" * 120 + "…（共 5,000 个字符）",
}
HALVES = {"甲\ud800": r"甲\ud800", "\udfff": r"\udfff"}  # halves of surrogate pairs: JSON can write them
ROWS = directory(2)
SERIAL = count(1)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], scope="module")
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    if request.param == "sqlite":
        with open_store(f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'citysync.db'}", write=True) as opened:
            yield opened
        return
    with postgresql_url() as url, open_store(url, write=True) as opened:
        yield opened


def with_names(names: Mapping[str, str]) -> list[dict[str, str | None]]:
    return [{**row, **dict.fromkeys(names, "值")} for row in ROWS]


def walked(source: dict[str, Any], **changes: Any) -> CityRun:
    run = replace(RUN, run_id=f"{RUN.run_id}-{next(SERIAL)}")
    means = Means(Memory().door(), calendar(), lambda _: None)
    return sync_city(city_of(source, **changes), run, a_master_of(2), FIRST_TIME, means)


def assert_told_and_kept(run: CityRun, names: Mapping[str, str], store: Store, folder: Path) -> None:
    assert run.snapshot is not None, run.verdict.reasons
    assert run.snapshot.rows.height == len(ROWS)
    assert set(run.snapshot.unknown_fields) == set(names.values())
    ledger.start_run(store, replace(RUN, run_id=run.verdict.run_id), [("440300", "深圳市")])
    ledger.publish(store, replace(RUN, run_id=run.verdict.run_id), run, folder)
    listing = reading.findings(store, "440300", run_id=run.verdict.run_id, check="unknown_field")
    assert {row["field"] for row in listing.rows} == set(names.values())


def test_hostile_keys_of_an_answer_are_told_and_kept(store: Store, tmp_path: Path) -> None:
    names = NAMES | HALVES
    document = {"code": 200, "data": {"list": with_names(names), "total": len(ROWS)}}
    answer = Sent(json.dumps(document).encode())
    with site(lambda _: answer) as city:
        assert_told_and_kept(walked({**PAGES, "url": f"{city.url}/items"}), names, store, tmp_path)


@pytest.mark.parametrize("kind", ["csv", "json", "jsonl", "xlsx"])
def test_hostile_headings_of_a_file_are_told_and_kept(store: Store, tmp_path: Path, kind: str) -> None:
    names = NAMES | HALVES if kind.startswith("json") else NAMES
    if kind == "xlsx":
        names = {sent: told for sent, told in NAMES.items() if not set(sent) & set("\x00\x1b")}
    rows = with_names(names)
    data = {
        "csv": lambda: as_csv(rows).encode(),
        "json": lambda: json.dumps(rows).encode(),
        "jsonl": lambda: "\n".join(map(json.dumps, rows)).encode(),
        "xlsx": lambda: as_xlsx([list(rows[0]), *(list(row.values()) for row in rows)]),
    }[kind]()
    (tmp_path / f"a.{kind}").write_bytes(data)
    run = walked({"connector": "file_drop", "path": str(tmp_path / f"a.{kind}")})
    assert_told_and_kept(run, names, store, tmp_path)


def test_hostile_columns_of_a_database_are_told_and_kept(store: Store, tmp_path: Path) -> None:
    names = {sent: told for sent, told in NAMES.items() if "\x00" not in sent}
    url = f"sqlite:///{tmp_path / 'front end.db'}"
    filled(url, [row | {"cd_operation": "i", "cd_time": "2026-11-01 08:00:00"} for row in with_names(names)])
    assert_told_and_kept(walked(source_of(url)), names, store, tmp_path)


def test_a_name_may_be_ignored_as_it_was_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(with_names(NAMES | HALVES)), encoding="utf-8")
    source = {"connector": "file_drop", "path": str(tmp_path / "a.json")}
    as_sent = walked(source, ignore=tuple(NAMES)).snapshot
    as_told = walked(source, ignore=(*NAMES.values(), *HALVES.values())).snapshot
    assert as_sent is not None
    assert as_told is not None
    assert as_sent.unknown_fields == tuple(sorted(HALVES.values()))
    assert as_told.unknown_fields == ()


def test_the_name_of_a_hidden_sheet_is_told_printably(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in [list(ROWS[0]), *(list(row.values()) for row in ROWS)]:
        sheet.append(row)
    book.create_sheet("a\u202eb").sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    run = walked({"connector": "file_drop", "path": str(tmp_path / "a.xlsx")})
    assert run.snapshot is not None
    assert run.snapshot.notes == (r"未读取隐藏的工作表：a\u202eb",)


@pytest.mark.parametrize("name", ["办理结果样本名称", "备\u3000注", "a b", "𠮷", "㎡（元）", ""])
def test_a_usual_name_is_told_as_it_is(name: str) -> None:
    assert shown_name(name) == name


def test_the_first_name_that_comes_again_is_found_in_one_pass() -> None:
    assert first_twice(["a", "b", "c"]) is None
    assert first_twice(["a", "b", "c", "b", "a"]) == "b"


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_hundred_thousand_headings_are_refused_or_read_in_one_pass(tmp_path: Path, kind: str) -> None:
    names = [f"n{number}" for number in range(100_000)] + ["n7"]
    text = f"task_code,{','.join(names)}\n" if kind == "csv" else "[{" + ",".join(f'"{one}":1' for one in names) + "}]"
    (tmp_path / f"a.{kind}").write_text(text, encoding="utf-8")
    run = walked({"connector": "file_drop", "path": str(tmp_path / f"a.{kind}")})
    assert "重复：n7" in run.verdict.reasons[0].text
