"""The files a city gets: opened as a spreadsheet opens them, with everything in them that could do harm."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from citysync.domain.errors import ConfigError, StorageError
from citysync.reports.receipt import HEADINGS, ReceiptRow, write_receipt
from citysync.reports.returned import read_back
from citysync.reports.sheets import APPEALS, CUT, MAX_CELL, clean, fitted, guarded, sheet_names, to_csv
from tests.builders import TASK_CODE, TODAY
from tests.reports.test_receipt_rows import a_finding, a_rejection, rows_of

HOSTILE = [
    '=HYPERLINK("http://evil.example","点我")',
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1,2)",
    "\t=1+1",
    "\tx",
    "  =1+1",
    "\n=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
    "'=1+1",
    "{=1+1}",
    "http://evil.example",
    "internal:Sheet1!A1",
    "_x0041_",
    "00123",
    "1E5",
    "TRUE",
    '引号 " 逗号 , 分号 ;\n换行',
    "<b>&amp;</b>",
    "𠮷野家",
]
IN_SYNC = {
    "state": "in_sync",
    "since": "2026-11-20",
    "grade": "A",
    "axes": {"reachable": "ok", "complete": "ok", "valid": "ok", "consistent": "ok", "fresh": "unknown"},
    "reasons": [],
    "counts": {"received": 12, "missing": 0},
    "run_id": "run-1",
    "master_version": "2026-11-20-1",
}
UNREACHABLE = {
    "state": "not_synced",
    "grade": None,
    "axes": {"reachable": "failing"},
    "reasons": [{"code": "unreachable", "fault": "network", "text": "连接 https://x 超时"}],
    "counts": {},
}


def written(folder: Path, rows: list[ReceiptRow], summary: dict[str, Any] = IN_SYNC, **more: Any) -> tuple[Path, Path]:
    xlsx, table, _ = write_receipt(folder, "440300", "深圳市", TODAY, rows, summary, **more)
    return xlsx, table


def sheet_of(path: Path, name: str | None = None) -> list[list[str]]:
    """Return the rows of a sheet; without a name, of all lists under one heading, by their number."""
    book = openpyxl.load_workbook(path)
    try:
        names = [each for each in book.sheetnames if each not in {"说明", "汇总"}] if name is None else [name]
        sheets = [[["" if cell is None else str(cell) for cell in row] for row in book[each].values] for each in names]
    finally:
        book.close()
    if name is not None:
        return sheets[0]
    rows = [row for sheet in sheets for row in sheet[1:]]
    return [sheets[0][0], *sorted(rows, key=lambda row: int(row[0] or 0))]


def table_of(path: Path) -> list[list[str]]:
    text = path.read_bytes().decode("utf-8-sig")
    return [[cell.removeprefix("'") for cell in row] for row in csv.reader(io.StringIO(text, newline=""))]


def hostile_rows() -> list[ReceiptRow]:
    return rows_of(
        [a_finding(field=text, expected=text, actual=text, hint=text, task_code=text) for text in HOSTILE],
        [a_rejection(value=text, field=text, rule=text) for text in HOSTILE],
        names={text: text for text in HOSTILE},
    )


def test_the_files_are_named_by_code_name_and_day(tmp_path: Path) -> None:
    xlsx, table = written(tmp_path / "new" / "folder", [])
    assert xlsx == tmp_path / "new" / "folder" / "440300_深圳市_问题清单_20261123.xlsx"
    assert table.name == "440300_深圳市_问题清单_20261123.csv"
    assert sorted(path.name for path in xlsx.parent.iterdir()) == [table.name, f"{xlsx.stem}.json", xlsx.name]


@pytest.mark.parametrize("name", ["../../etc/x", "深/圳\0市", "CON", "市" * 200, "\u202e", "."])
def test_no_name_of_a_city_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    paths = write_receipt(tmp_path, "440300", name, TODAY, [], IN_SYNC)
    assert all(path.parent == tmp_path and path.is_file() and path.name.startswith("440300_") for path in paths)
    assert all(len(path.name.encode()) < 128 for path in paths)


def test_every_finding_and_rejection_stands_in_both_files_exactly_once(tmp_path: Path) -> None:
    findings = [a_finding(actual=str(number)) for number in range(50)]
    rows = rows_of(findings, [a_rejection(row_no=number) for number in range(50)])
    xlsx, table = written(tmp_path, rows)
    expected = [list(HEADINGS.values()), *(list(row.cells()) for row in rows)]
    assert sheet_of(xlsx) == expected
    assert table_of(table) == expected


def test_rows_beyond_one_sheet_continue_on_the_next(tmp_path: Path) -> None:
    rows = rows_of([a_finding(actual=str(number)) for number in range(25)], [])
    xlsx, _ = written(tmp_path, rows, sheet_rows=10)
    seen = [row for name in ("市本级", "市本级2", "市本级3") for row in sheet_of(xlsx, name)[1:]]
    assert seen == [list(row.cells()) for row in rows]


def test_nothing_hostile_becomes_a_formula_a_link_or_a_number(tmp_path: Path) -> None:
    rows = hostile_rows()
    xlsx, _ = written(tmp_path, rows)
    book = openpyxl.load_workbook(xlsx)
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None]
    book.close()
    assert {cell.data_type for cell in cells} == {"s"}
    assert not [cell for cell in cells if cell.hyperlink is not None]
    with zipfile.ZipFile(xlsx) as parts:
        inside = [parts.read(name) for name in parts.namelist() if "sheet" in name]
        assert not [name for name in parts.namelist() if "external" in name.lower()]
    assert not [part for part in inside if b"<f>" in part or b"<hyperlink" in part]
    assert [row[10] for row in sheet_of(xlsx)[1:]] == [row.expected for row in rows]


def test_nothing_hostile_starts_a_cell_of_the_csv_and_all_of_it_comes_back(tmp_path: Path) -> None:
    rows = hostile_rows()
    _, table = written(tmp_path, rows)
    raw = list(csv.reader(io.StringIO(table.read_bytes().decode("utf-8-sig"), newline="")))
    assert not [cell for row in raw for cell in row if cell.lstrip()[:1] in tuple("=+-@＝＋－＠") or cell[:1] == "\t"]
    assert table_of(table)[1:] == [list(row.cells()) for row in rows]
    assert table.read_bytes().startswith(b"\xef\xbb\xbf")


def test_codes_are_text_and_the_list_is_frozen_filtered_and_offers_appeals(tmp_path: Path) -> None:
    xlsx, _ = written(tmp_path, rows_of([a_finding()], []))
    book = openpyxl.load_workbook(xlsx)
    sheet = book["市本级"]
    cell = sheet["D2"]
    assert (cell.value, cell.data_type, cell.number_format) == (TASK_CODE, "s", "@")
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:Q2")
    [offer] = sheet.data_validations.dataValidation
    assert (str(offer.sqref), offer.formula1, offer.showErrorMessage) == ("Q2", f'"{",".join(APPEALS)}"', False)
    assert book.sheetnames == ["说明", "汇总", "市本级"]
    assert sheet.column_dimensions["D"].width >= len(TASK_CODE)
    book.close()


def test_a_very_long_text_is_cut_in_the_sheet_and_whole_in_the_csv(tmp_path: Path) -> None:
    long = "依据" * 20_000 + "尾"
    xlsx, table = written(tmp_path, rows_of([a_finding(actual=long)], []))
    cell = sheet_of(xlsx)[1][11]
    assert (len(cell), cell[-len(CUT) :]) == (MAX_CELL, CUT)
    assert table_of(table)[1][11] == long


def test_a_text_is_measured_as_excel_measures_it() -> None:
    assert fitted("a" * MAX_CELL) == "a" * MAX_CELL
    for cut in (fitted("𠮷" * 20_000), fitted("a" + "𠮷" * 20_000)):
        assert cut.endswith(CUT)
        assert MAX_CELL - 1 <= len(cut.encode("utf-16-le")) // 2 <= MAX_CELL


def test_control_characters_go_and_turned_directions_are_shown() -> None:
    assert clean("a\x00b\x07c\x1bd\x7fe\x85f\ud800g\uffff") == "abcdefg"
    assert clean("a\r\nb\rc\td") == "a\nb\nc\td"
    assert clean("\u202egnp.exe") == "[U+202E]gnp.exe"


def test_control_characters_reach_neither_file(tmp_path: Path) -> None:
    xlsx, table = written(tmp_path, rows_of([a_finding(actual="许\x00可\x1b\ud800\r=1")], []))
    assert sheet_of(xlsx)[1][11] == "许可\n=1"
    assert table_of(table)[1][11] == "许可\n=1"


@pytest.mark.parametrize("text", ["", "公共服务", "0755-12345", "a=b", "3 - 1", "《法》"])
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert guarded(text) == text


def test_a_leading_return_does_not_hide_a_formula() -> None:
    assert to_csv([["\r=1+1"]]).decode("utf-8-sig") == '"\'\n=1+1"\r\n'


def test_a_city_that_did_not_answer_is_told_so_and_why(tmp_path: Path) -> None:
    xlsx, table = written(tmp_path, [], UNREACHABLE)
    for rows in (sheet_of(xlsx), table_of(table)):
        [row] = rows[1:]
        assert row[0] == "", "no number: it is no finding"
        assert row[7] == "未取得可核对的数据，没有逐条问题"
        assert row[12] == "连接 https://x 超时（网络或环境）"
    assert ["原因", "连接 https://x 超时（网络或环境）"] in sheet_of(xlsx, "汇总")
    assert ["状态", "未同步"] in sheet_of(xlsx, "汇总")
    assert ["完整性等级", "没有取得数据"] in sheet_of(xlsx, "汇总")


def test_a_city_we_could_not_judge_has_nothing_to_do(tmp_path: Path) -> None:
    reasons = [{"code": "master", "fault": "master", "text": "基本目录为空"}]
    xlsx, _ = written(tmp_path, [], {**IN_SYNC, "state": "unknown", "reasons": reasons})
    [row] = sheet_of(xlsx)[1:]
    assert (row[7], row[12]) == ("本次未判定", "基本目录为空（省级基本目录）")
    assert row[15] == "原因不在贵市，无需处理"


def test_only_a_city_in_sync_is_told_that_there_is_no_problem(tmp_path: Path) -> None:
    for state in ("in_sync", "lagging", "out_of_sync", "not_synced", "held", "unknown", "", None):
        xlsx, _ = written(tmp_path, [], {"state": state})
        assert (sheet_of(xlsx)[1][7] == "没有问题") is (state == "in_sync")


def test_the_summary_shows_state_axes_counts_and_tallies(tmp_path: Path) -> None:
    rows = rows_of([a_finding(), a_finding(areacode="440305")], [a_rejection()])
    xlsx, _ = written(tmp_path, rows)
    facts = dict(sheet_of(xlsx, "汇总"))
    assert facts["城市"] == "深圳市（440300）"
    assert (facts["状态"], facts["完整性等级"], facts["运行"]) == ("同步", "A 已证实完整", "run-1")
    assert (facts["可达"], facts["及时"]) == ("正常", "未知")
    assert (facts["收到"], facts["漏领"], facts["应领"]) == ("12", "0", "—")
    assert (facts["本回执共"], facts["按级别：错误"], facts["按县区：南山区"]) == ("3 行", "2", "1")


def test_the_same_receipt_written_again_is_the_same_to_the_byte(tmp_path: Path) -> None:
    rows = hostile_rows()
    first = [path.read_bytes() for path in write_receipt(tmp_path, "440300", "深圳市", TODAY, rows, IN_SYNC)]
    again = write_receipt(tmp_path, "440300", "深圳市", TODAY, rows, IN_SYNC)
    assert [path.read_bytes() for path in again] == first


def test_a_receipt_that_cannot_be_written_leaves_the_old_one_and_no_rubbish(tmp_path: Path) -> None:
    xlsx, table = written(tmp_path, [])
    table.unlink()
    table.mkdir()
    with pytest.raises(StorageError, match=r"回执 .*\.csv 没有写成：.*；检查磁盘空间和文件夹权限后重试"):
        written(tmp_path, hostile_rows())
    assert sorted(tmp_path.iterdir()) == sorted([xlsx, table, xlsx.with_suffix(".json")])
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="没有写成"):
        written(tmp_path / "file", [])


def test_each_county_has_a_sheet_of_its_own_and_rejected_rows_one(tmp_path: Path) -> None:
    rows = rows_of([a_finding(), a_finding(areacode="440305"), a_finding(areacode=None)], [a_rejection()])
    xlsx, _ = written(tmp_path, rows)
    book = openpyxl.load_workbook(xlsx)
    assert book.sheetnames == ["说明", "汇总", "拒收", "问题清单", "南山区", "市本级"]
    book.close()
    assert [row[1] for row in sheet_of(xlsx, "南山区")] == ["县区", "南山区"]


def test_the_names_of_sheets_are_allowed_and_each_its_own() -> None:
    titles = ["汇总", "A[B]:*?/\\C", "abc", "ABC", "区" * 40, "'"]
    named = sheet_names(titles, dict.fromkeys(titles, 2))
    names = [name for group in named.values() for name in group]
    assert len({name.lower() for name in names}) == len(names) == 12
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)
    assert "汇总" not in names


def test_the_json_says_the_same_and_what_would_settle_each_problem(tmp_path: Path) -> None:
    rows = rows_of([a_finding(), a_finding(check="unclaimed", task_code=None)], [a_rejection()])
    *_, document = write_receipt(tmp_path, "440300", "深圳市", TODAY, rows, IN_SYNC)
    told = json.loads(document.read_text(encoding="utf-8"))
    assert [[problem[name] for name in HEADINGS] for problem in told["problems"]] == [list(row.cells()) for row in rows]
    assert {problem["correction"]["do"] for problem in told["problems"]} == {"set", "add", "remove"}
    assert (told["city"], told["run_id"], told["business_date"]) == ("440300", "run-1", "2026-11-23")


def test_a_receipt_read_back_gives_the_same_rows(tmp_path: Path) -> None:
    rows = [*hostile_rows(), *rows_of([a_finding(areacode="440305")], [])]
    numbered = [replace(row, number=str(number)) for number, row in enumerate(rows, start=1)]
    xlsx, _ = written(tmp_path, numbered)
    assert read_back(xlsx.read_bytes()) == numbered


def test_what_a_city_wrote_into_the_last_column_comes_back(tmp_path: Path) -> None:
    xlsx, _ = written(tmp_path, rows_of([a_finding(), a_finding(areacode="440305")], []))
    book = openpyxl.load_workbook(xlsx)
    book["南山区"]["Q2"] = "数据无误，理由：已更名"
    book.save(xlsx)
    book.close()
    assert [row.appeal for row in read_back(xlsx.read_bytes())] == ["数据无误，理由：已更名", ""]


@pytest.mark.parametrize("damage", ["text", "heading"])
def test_what_is_no_receipt_is_refused_with_the_reason(damage: str, tmp_path: Path) -> None:
    xlsx, _ = written(tmp_path, rows_of([a_finding()], []))
    if damage == "text":
        xlsx.write_text("不是表格", encoding="utf-8")
    else:
        book = openpyxl.load_workbook(xlsx)
        book["市本级"]["A1"] = "编号"
        book.save(xlsx)
        book.close()
    with pytest.raises(ConfigError, match={"text": "不是可读的 XLSX 回执", "heading": "表 市本级 的表头"}[damage]):
        read_back(xlsx.read_bytes())


def test_libreoffice_opens_a_receipt_without_a_formula_a_damaged_code_or_mojibake(tmp_path: Path) -> None:
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None and os.environ.get("CITYSYNC_REQUIRE_SERVERS") != "1":
        pytest.skip("no LibreOffice on this machine")
    assert office is not None
    rows = hostile_rows()
    xlsx, _ = written(tmp_path, rows)
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    words = [
        office,
        profile,
        "--headless",
        "--convert-to",
        "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true,false,false,-1",
    ]
    words += ["--outdir", str(tmp_path / "out"), str(xlsx)]
    subprocess.run(words, check=True, capture_output=True, timeout=240)  # noqa: S603 - an office that is installed
    sheets = {path.stem.rpartition("-")[2]: path for path in (tmp_path / "out").glob("*.csv")}
    shown = list(csv.reader(io.StringIO(sheets["市本级"].read_text(encoding="utf-8"), newline="")))
    expected = [row for row in rows if row.county == "市本级"]
    assert [line[10] for line in shown[1:]] == [row.expected.replace("\r\n", "\n") for row in expected]
    assert [line[3] for line in shown[1:]] == [row.task_code for row in expected]
