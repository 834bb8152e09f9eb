"""Files as cities really send them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import struct
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from openpyxl import Workbook
from pydantic import ValidationError

from citysync.domain.errors import OverBudget, Unreachable, Unreadable
from citysync.domain.items import label
from citysync.domain.snapshot import Grade
from citysync.domain.verdict import Fault
from connectors._files import read_records
from schemas.validate import validate
from tests.connectors.doors import NOW, Memory, city_of, code, codes, directory, pulled

ROWS = directory(3)
CODE, NAME = label("task_code"), label("task_name")


def as_csv(rows: Sequence[Mapping[str, object]] = ROWS, **options: Any) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), **options)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def as_xlsx(*sheets: Sequence[Sequence[object]]) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    for number, rows in enumerate(sheets, start=1):
        sheet = book.create_sheet(f"表{number}")
        for row in rows:
            sheet.append(list(row))
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def dropped(folder: Path, name: str, data: bytes, **source: Any) -> dict[str, Any]:
    (folder / name).write_bytes(data)
    return {"connector": "file_drop", "path": str(folder / name), **source}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_is_read_in_every_usual_encoding_and_stays_unproved(tmp_path: Path, encoding: str) -> None:
    text = as_csv([row | {"task_name": "镕㐂内办"} for row in ROWS])
    snapshot = pulled(dropped(tmp_path, "items.csv", text.encode(encoding)))
    assert codes(snapshot) == [code(1), code(2), code(3)]
    assert snapshot.rows["task_name"].to_list() == ["镕㐂内办"] * 3
    assert snapshot.rows["fee_basis"].to_list() == [None] * 3
    assert (snapshot.certificate.grade, snapshot.certificate.declared) == (Grade.C, None)
    assert snapshot.unknown_fields == ()


@pytest.mark.parametrize("mark", ["\t", ";", "|", "，"])
def test_another_separator_is_seen_from_the_headings(tmp_path: Path, mark: str) -> None:
    data = as_csv([{CODE: code(1), NAME: "甲,乙"}], delimiter=mark).encode()
    assert pulled(dropped(tmp_path, "items.csv", data)).rows["task_name"].to_list() == ["甲,乙"]


def test_json_lines_are_unproved_and_json_ends_by_its_structure(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS).encode()
    assert pulled(dropped(tmp_path, "a.jsonl", lines)).certificate.grade is Grade.C
    whole = json.dumps({"data": {"list": ROWS}}, ensure_ascii=False).encode("utf-8-sig")
    snapshot = pulled(dropped(tmp_path, "a.json", whole, items="data.list"))
    assert (snapshot.certificate.grade, snapshot.rows.height) == (Grade.B, 3)


def test_xlsx_is_found_below_titles_and_behind_an_empty_sheet(tmp_path: Path) -> None:
    table: list[list[object]] = [
        ["深圳市实施清单"],
        [],
        [CODE, NAME, "到现场次数", "是否收费", "计划生效日期", "备注"],
        [code(1), "事项1", 1, True, datetime(2026, 1, 2), None],  # noqa: DTZ001 — spreadsheets have no zone
        [None, None, None, None, None, None],
        [code(2), "事项2", 0.5, False, date(2026, 1, 3), "x"],
    ]
    snapshot = pulled(dropped(tmp_path, "items.xlsx", as_xlsx([], table)))
    rows = snapshot.rows
    assert snapshot.certificate.grade is Grade.B
    assert rows["task_code"].to_list() == [code(1), code(2)]
    assert rows["limit_scene_num"].to_list() == ["1", "0.5"]
    assert rows["is_fee"].to_list() == ["true", "false"]
    assert rows["plan_effective_date"].to_list() == ["2026-01-02", "2026-01-03"]
    assert snapshot.unknown_fields == ("备注",)


def test_a_code_excel_turned_into_a_number_shows_its_damage(tmp_path: Path) -> None:
    path = tmp_path / "items.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, [CODE, NAME, label("areacode")])
        sheet.write_row(1, 0, [1144030000754110002665298591744, "事项", 440300])
    row = pulled({"connector": "file_drop", "path": str(path)}).rows.row(0, named=True)
    assert row["task_code"] == "1.14403000075411e+30"
    assert row["areacode"] == "440300"


def test_chinese_headings_and_their_aliases_are_known(tmp_path: Path) -> None:
    row = {"实施编码": code(1), "实施事项名称": "甲", "承诺时限": "30(工作日)", "主办处室": "一处"}
    snapshot = pulled(dropped(tmp_path, "a.csv", as_csv([row]).encode("gb18030")))
    assert snapshot.rows.columns == ["row_no", "page_no", "task_code", "task_name", "promise_day"]
    assert snapshot.unknown_fields == ("主办处室",)


def test_two_headings_for_one_column_ask_the_city_file(tmp_path: Path) -> None:
    source = dropped(tmp_path, "a.csv", as_csv([{CODE: code(1), "承诺时限": "1", "承诺期限": "2"}]).encode())
    with pytest.raises(Unreadable, match="表头 承诺时限、承诺期限 都可能是 promise_day"):
        pulled(source)
    snapshot = pulled(source, fields={"promise_day": "承诺期限"}, ignore=("承诺时限",))
    assert snapshot.rows["promise_day"].to_list() == ["2"]
    assert snapshot.unknown_fields == ()


def test_one_field_of_the_city_may_feed_two_columns(tmp_path: Path) -> None:
    source = dropped(tmp_path, "a.csv", as_csv([{"CODE": code(1), "NAME": "甲"}]).encode())
    snapshot = pulled(source, fields={"task_code": "CODE", "task_name": "NAME", "catalog_name": "NAME"})
    assert snapshot.rows.select("task_name", "catalog_name").row(0) == ("甲", "甲")


def test_cells_that_are_numbers_are_no_codes_unless_their_width_is_fixed(tmp_path: Path) -> None:
    headings = [CODE, NAME, label("areacode"), label("catalog_code"), label("dept_code")]
    sheet = as_xlsx([headings, [12345, "甲", 440300, 104002000, 1144030000], [code(1), "乙", None, None, None]])
    rows = pulled(dropped(tmp_path, "a.xlsx", sheet)).rows
    assert rows.drop("row_no", "page_no", "task_name").row(0) == (
        "12345（数值）",
        "000104002000",
        "1144030000（数值）",
        "440300",
    )


def test_a_workbook_of_the_other_calendar_says_the_same_days(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path, {"date_1904": True}) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, [CODE, NAME, "计划生效日期"])
        sheet.write_row(1, 0, [code(1), "甲"])
        sheet.write_datetime(1, 2, datetime(2024, 2, 29), day)  # noqa: DTZ001 — spreadsheets have no zone
        hidden = book.add_worksheet("旧表")
        hidden.write_row(0, 0, [CODE, NAME])
        hidden.hide()
        sheet.set_row(1, None, None, {"hidden": True})  # a filter hides rows, it does not delete them
    snapshot = pulled({"connector": "file_drop", "path": str(path)})
    assert snapshot.rows["plan_effective_date"].to_list() == ["2024-02-29"]
    assert snapshot.notes == ("未读取隐藏的工作表：旧表",)


def merged(folder: Path, *, title: bool = False) -> dict[str, Any]:
    """Return a workbook in which two rows share one cell for their code; with ``title`` one above the heading too."""
    path = folder / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("清单")
        if title:
            sheet.merge_range(0, 0, 1, 1, "事项清单")
        sheet.write_row(2, 0, [CODE, NAME])
        if not title:
            sheet.merge_range(3, 0, 4, 0, code(1))
        sheet.write_column(3, 1, ["甲", "乙", "丙"])
        sheet.write(5, 0, code(2))
    return {"connector": "file_drop", "path": str(path)}


def test_merged_cells_fill_nothing_but_their_first_and_are_told(tmp_path: Path) -> None:
    snapshot = pulled(merged(tmp_path))
    assert snapshot.rows["task_code"].to_list() == [code(1), None, code(2)]
    (note,) = snapshot.notes
    assert "工作表 清单 有 1 处合并单元格（如 A4:A5）" in note
    assert "fill_merged = true" in note


def test_merged_cells_are_filled_down_where_the_city_file_says_so(tmp_path: Path) -> None:
    snapshot = pulled({**merged(tmp_path), "fill_merged": True})
    assert snapshot.rows["task_code"].to_list() == [code(1), code(1), code(2)]
    assert snapshot.notes == ()


def test_a_merged_title_above_the_heading_is_nobodys_concern(tmp_path: Path) -> None:
    snapshot = pulled(merged(tmp_path, title=True))
    assert (snapshot.notes, snapshot.rows["task_code"].to_list()) == ((), [None, None, code(2)])


def test_merged_cells_that_overlap_are_refused_before_they_are_filled(tmp_path: Path) -> None:
    path = Path(merged(tmp_path)["path"])
    twice = b'<mergeCells count="2"><mergeCell ref="A4:A5"/><mergeCell ref="A5:A6"/></mergeCells>'
    with zipfile.ZipFile(path) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = re.sub(rb"<mergeCells.*</mergeCells>", twice, parts[sheet])
    with zipfile.ZipFile(path, "w") as changed:
        for name, data in parts.items():
            changed.writestr(name, data)
    with pytest.raises(Unreadable, match="合并单元格互相重叠"):
        pulled({"connector": "file_drop", "path": str(path), "fill_merged": True})


LINES = [json.dumps(row, ensure_ascii=False) for row in directory(200)]


def broken(number: int, *, ends: bool = True) -> bytes:
    """Return JSON lines of which one is cut in half."""
    lines = [line[:40] if place == number else line for place, line in enumerate(LINES, start=1)]
    return ("\n".join(lines) + ("\n" if ends else "")).encode()


def test_one_bad_line_is_refused_unless_the_city_file_lets_the_others_be_judged(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="第 150 行不是完整的 JSON"):
        pulled(dropped(tmp_path, "a.jsonl", broken(150)))
    source = dropped(tmp_path, "a.jsonl", broken(150), bad_lines="reject")
    snapshot, city = pulled(source), city_of(source)
    validation = validate(snapshot, city, NOW.date())
    (row,) = validation.rejected.iter_rows(named=True)
    assert (row["row_no"], row["rule"], row["task_code"]) == (150, "line_broken", None)
    assert row["value"].startswith('（残行）第 150 行：{"task_code')
    assert (validation.received, validation.accepted.height) == (200, 199)
    assert "第 150 行不是完整的 JSON" in snapshot.notes[0]


def test_a_file_cut_in_its_last_line_is_no_bad_line(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="第 200 行不是完整的 JSON"):
        pulled(dropped(tmp_path, "a.jsonl", broken(200, ends=False), bad_lines="reject"))
    assert pulled(dropped(tmp_path, "a.jsonl", broken(200), bad_lines="reject")).rows.height == 200


def test_a_file_without_one_good_line_is_no_directory(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="没有一行是完整的 JSON 对象"):
        pulled(dropped(tmp_path, "a.jsonl", b"a;b\n1;2\n", bad_lines="reject"))


def test_entities_in_a_workbook_are_never_resolved(tmp_path: Path) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b SYSTEM "file:///etc/passwd">]>'
    with zipfile.ZipFile(io.BytesIO(as_xlsx([[CODE, NAME], [code(1), "&b;"]]))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].replace(b"&amp;b;", b"&b;&a;")
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, part in {**parts, "xl/worksheets/sheet1.xml": bomb + sheet}.items():
            archive.writestr(name, part)
    try:
        said = str(pulled(dropped(tmp_path, "a.xlsx", data.getvalue())).rows.rows())
    except Unreadable as error:
        said = str(error)
    assert "root:" not in said
    assert "lol" not in said


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "0 字节"),
        (b"a,b\n1,2,3\n", "第 2 行有 3 个字段，表头有 2 个"),
        (b"a,b\n1,2\n3\n", "第 3 行有 1 个字段"),
        (b"a,a\n1,2\n", "表头重复：a"),
        (b"a,,c\n1,2,3\n", "第 2 列没有表头"),
        (b"a,b\n1,2\n", "没有认得的表头（a、b）"),
        (f'task_code,task_name\n1,"x\n{code(1)},y"\n'.encode(), "一个字段内含有另一行"),
        (b"PK\x03\x04rest", "XLSX 文件不完整"),
        (as_xlsx([[CODE, NAME]]), "文件实际为 xlsx，而城市文件写明 csv"),
        (b'a,b\n1,"x\n', "引号未闭合"),
        (b"<html><title>404</title>", "返回的是网页"),
        (b"a,b\n1,\xff\xff\n", "第 6 字节（第 2 行）起无法解码"),
        ("编码,名称\n".encode("gb18030") + "甲,乙\n".encode() + b"\xff\n", "第 2 行起编码不一致"),
    ],
)
def test_a_csv_that_cannot_be_whole_is_refused_with_its_place(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        pulled(dropped(tmp_path, "a.csv", data))


def test_trailing_empty_columns_and_blank_lines_are_no_rows(tmp_path: Path) -> None:
    data = f"{CODE},{NAME},,\r\n{code(1)},甲,,\r\n\r\n".encode()
    assert codes(pulled(dropped(tmp_path, "a.csv", data))) == [code(1)]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.jsonl", b'{"a": 1}\n{"a": ', "第 2 行不是完整的 JSON"),
        ("a.jsonl", b"[1]\n", "第 1 行应是 JSON 对象"),
        ("a.json", b'[{"a": 1}', "JSON 不完整"),
        ("a.json", b'{"rows": []}', "文件应是列表，实际是对象"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0rest", "旧版 xls 或加密"),
        ("a.xlsx", b"<html></html>", "文件实际为网页"),
        ("a.xlsx", as_xlsx([[CODE, NAME]])[:-200], "XLSX 文件不完整"),
        ("a.xlsx", as_xlsx([["x", "y"]]), "没有认得的表头（工作表：表1）"),
        ("a.xlsx", as_xlsx([[CODE, NAME]], [[CODE, NAME]]), "多个工作表带表头：表1、表2"),
        ("a.xlsx", as_xlsx([[CODE, NAME, NAME]]), "表头重复"),
    ],
)
def test_other_files_that_cannot_be_whole_are_refused(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        pulled(dropped(tmp_path, name, data))


def claiming(data: bytes, size: int) -> bytes:
    """Return an archive whose directory states another unpacked size for its first member."""
    place = data.index(b"PK\x01\x02") + 24
    return data[:place] + struct.pack("<I", size) + data[place + 4 :]


def test_a_workbook_that_would_unpack_without_end_is_refused_unopened(tmp_path: Path) -> None:
    with pytest.raises(OverBudget, match="解压后 600 MB"):
        pulled(dropped(tmp_path, "a.xlsx", claiming(as_xlsx([[CODE, NAME]]), 600 * 2**20)))


def test_a_directory_that_understates_is_found_out(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="XLSX 文件不完整"):
        pulled(dropped(tmp_path, "a.xlsx", claiming(as_xlsx([[CODE, NAME], [code(1), "甲"]]), 10)))


def test_the_newest_by_name_is_taken_and_links_are_not(tmp_path: Path) -> None:
    for day, rows in (("20261122", ROWS[:1]), ("20261123", ROWS)):
        (tmp_path / f"items_{day}.csv").write_text(as_csv(rows), encoding="utf-8")
    (tmp_path / "items_20261124.csv").symlink_to(tmp_path / "items_20261122.csv")
    memory = Memory()
    snapshot = pulled({"connector": "file_drop", "path": str(tmp_path / "items_*.csv")}, memory)
    assert snapshot.rows.height == 3
    assert memory.kept[0][1] == "items_20261123.csv"
    assert snapshot.source_changed_at == datetime(2026, 11, 23, 16, tzinfo=UTC)  # copied later, still that day's


def test_a_file_that_is_not_there_is_unreachable_and_the_citys(tmp_path: Path) -> None:
    for name in ("a.csv", "*.csv"):
        with pytest.raises(Unreachable, match="深圳市（440300）") as caught:
            pulled({"connector": "file_drop", "path": str(tmp_path / name)})
        assert caught.value.fault is Fault.CITY


def manifest_of(folder: Path, files: Mapping[str, bytes], **wrong: Any) -> dict[str, Any]:
    entries = []
    for name, data in files.items():
        (folder / name).write_bytes(data)
        entries.append({"name": name, "sha256": hashlib.sha256(data).hexdigest(), "rows": 1} | wrong)
    (folder / "manifest.json").write_text(json.dumps({"files": entries}), encoding="utf-8")
    return {"connector": "file_drop", "path": str(folder / "*.csv"), "manifest": str(folder / "manifest.json")}


PARTS = {"b.csv": as_csv(ROWS[:1]).encode(), "a.csv": as_csv(ROWS[1:2]).encode()}


def test_a_manifest_that_fits_proves_a_drop_complete(tmp_path: Path) -> None:
    snapshot = pulled(manifest_of(tmp_path, PARTS))
    assert (snapshot.certificate.grade, snapshot.certificate.declared, snapshot.certificate.pages) == (Grade.A, 2, 2)
    assert codes(snapshot) == [code(1), code(2)]
    assert snapshot.rows["page_no"].to_list() == [1, 2]


@pytest.mark.parametrize(
    ("told", "changed_at"),
    [
        ("2026-11-20T08:00:00+08:00", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2027-01-01", None),
        ("昨天", None),
    ],
)
def test_a_manifest_may_say_when_the_data_changed(told: str, changed_at: datetime | None, tmp_path: Path) -> None:
    source = manifest_of(tmp_path, PARTS)
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "changed_at": told}), encoding="utf-8")
    untold = max((tmp_path / name).stat().st_mtime for name in PARTS)
    assert pulled(source).source_changed_at == (changed_at or datetime.fromtimestamp(untold, UTC))


def test_a_manifest_that_does_not_fit_says_where(tmp_path: Path) -> None:
    source = manifest_of(tmp_path, PARTS, rows=2)
    certificate = pulled(source).certificate
    assert certificate.grade is Grade.X
    assert certificate.problems[0] == "第 1/2 个文件 b.csv 清单写明 2 行，实际 1 行"
    (tmp_path / "b.csv").write_bytes(b"{")
    (tmp_path / "a.csv").unlink()
    certificate = pulled(source).certificate
    assert certificate.problems == ("第 1/2 个文件 b.csv 的 SHA-256 与清单不符", "缺少第 2/2 个文件 a.csv")


@pytest.mark.parametrize("wrong", [{"name": "../a.csv"}, {"name": "/etc/passwd"}, {"sha256": "1"}, {"rows": "many"}])
def test_a_manifest_that_lies_about_its_form_is_unreadable(tmp_path: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(Unreadable, match=r"清单 manifest.json"):
        pulled(manifest_of(tmp_path, PARTS, **wrong))


def test_a_remote_drop_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="不支持 ftp://"):
        city_of({"connector": "file_drop", "path": "ftp://host/items.csv"})
    with pytest.raises(ValidationError, match="看不出格式"):
        city_of({"connector": "file_drop", "path": "items.dat"})


def test_a_master_catalogue_is_read_by_the_same_reader() -> None:
    data = "基本编码,事项名称,事项类型,主项编码\n440106043001,甲,01,\n".encode("gb18030")
    assert read_records(data, "csv", None) == [
        {"基本编码": "440106043001", "事项名称": "甲", "事项类型": "01", "主项编码": ""}
    ]
    sheet = as_xlsx([["catalog_code", "task_name", "applies_to"], ["440106043001", "甲", 440300]])
    assert read_records(sheet, "xlsx", None) == [
        {"catalog_code": "440106043001", "task_name": "甲", "applies_to": "440300"}
    ]
