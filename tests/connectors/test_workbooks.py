"""Workbooks whose cells stand where no reader should follow: looked at before one is asked to lay them out."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

import pytest

from citysync.domain.errors import OverBudget, Unreadable
from citysync.domain.items import HEADINGS
from connectors._archive import check_archive
from connectors._sheet import Cells
from connectors._xlsx import read_xlsx
from tests.connectors.doors import directory
from tests.connectors.test_file_drop import as_xlsx

ROWS = directory(3)
WHOLE = as_xlsx([list(ROWS[0]), *(list(row.values()) for row in ROWS)])
SHEET = "xl/worksheets/sheet1.xml"
FAR = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'


def repacked(change: Callable[[bytes], bytes], part: str = SHEET) -> bytes:
    """Return the workbook with one part changed, whole and with right checksums."""
    data = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as before, zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(name, change(before.read(name)) if name == part else before.read(name))
    return data.getvalue()


def test_a_workbook_packed_again_reads_the_same() -> None:
    assert read_xlsx(repacked(bytes), HEADINGS) == read_xlsx(WHOLE, HEADINGS)


def test_one_letter_in_the_farthest_cell_is_refused_before_it_is_laid_out() -> None:
    with pytest.raises(OverBudget, match="单元格远至第 1,048,576 行"):
        read_xlsx(repacked(lambda sheet: sheet.replace(b"</sheetData>", FAR)), HEADINGS)


def test_of_two_rows_with_one_number_none_is_dropped_without_a_word() -> None:
    with pytest.raises(Unreadable, match="XLSX 内 A2 出现两次"):
        read_xlsx(repacked(lambda sheet: sheet.replace(b'"A3"', b'"A2"')), HEADINGS)


def test_a_cell_of_a_type_there_is_not_is_refused_because_readers_disagree_about_it() -> None:
    with pytest.raises(Unreadable, match="XLSX 内有单元格的类型是“inlStr”"):
        read_xlsx(repacked(lambda sheet: sheet.replace(b'"A2" t="inlineStr"', b'"A2" t="inlStr"')), HEADINGS)


@pytest.mark.parametrize("place", ["A888888888888888888888881", "2", "AAAA2", ""])
def test_a_cell_at_a_place_there_is_not_is_refused_before_it_is_laid_out(place: str) -> None:
    with pytest.raises(Unreadable, match=f"单元格说自己在“{place or '[?]'}”"):
        read_xlsx(repacked(lambda sheet: sheet.replace(b'r="A2"', f'r="{place}"'.encode())), HEADINGS)


def test_a_cell_may_not_hide_its_place_behind_a_long_attribute() -> None:
    with pytest.raises(Unreadable, match="没有这个位置"):
        read_xlsx(repacked(lambda sheet: sheet.replace(b'<c r="A2"', b'<c x="%s" r="A2"' % (b"1" * 400))), HEADINGS)


def test_a_bug_of_ours_is_not_told_as_a_damaged_file_of_the_city(monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(_cells: Cells, _chunk: bytes) -> None:
        raise ValueError("ours")

    monkeypatch.setattr(Cells, "take", bug)
    with pytest.raises(ValueError, match="ours"):
        read_xlsx(WHOLE, HEADINGS)


def test_a_bug_of_ours_in_reading_a_member_is_not_the_citys_either(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bytes:
        raise RuntimeError("ours")

    monkeypatch.setattr(zipfile.ZipExtFile, "read", broken)
    with pytest.raises(RuntimeError, match="ours"):
        check_archive(WHOLE)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_part_packed_as_no_workbook_may_be_is_refused_by_name_before_it_is_unpacked(method: int) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(Unreadable, match=r"XLSX 的部件 xl/workbook\.xml 用了工作簿不允许的压缩方法"):
        check_archive(data.getvalue())


def small(method: int) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", '<c r="A1"/>' * 4)
        archive.writestr("xl/表.xml", "x" * 20)
    return data.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_whatever_one_byte_of_an_archive_says_it_is_whole_or_refused(method: int) -> None:
    data, refused = small(method), 0
    for place, byte in enumerate(data):
        for other in {0, 8, 12, 14, 99, 0x7F, 0xFF, byte ^ 1, byte ^ 0x40, byte ^ 0x80} - {byte}:
            try:
                check_archive(data[:place] + bytes([other]) + data[place + 1 :])
            except (Unreadable, OverBudget):
                refused += 1
    assert refused > len(data)


@pytest.mark.parametrize("start", [2**40, 2**63, 2**64 - 1])
def test_a_member_that_is_said_to_begin_anywhere_is_refused(start: int) -> None:
    data = small(zipfile.ZIP_DEFLATED)
    place, end = data.index(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    name = place + 46 + int.from_bytes(data[place + 28 : place + 30], "little")
    far = struct.pack("<HHQ", 1, 8, start)
    entry = data[place : place + 30] + struct.pack("<H", len(far)) + data[place + 32 : place + 42] + b"\xff" * 4
    entry += data[place + 46 : name] + far + data[name:end]
    size = struct.pack("<I", len(entry))
    with pytest.raises(Unreadable, match="XLSX 文件不完整"):
        check_archive(data[:place] + entry + data[end : end + 12] + size + data[end + 16 :])


@pytest.mark.parametrize("cut", [0.5, 0.9])
def test_a_sheet_cut_by_its_writer_is_refused_although_every_checksum_fits(cut: float) -> None:
    with pytest.raises(Unreadable, match="不完整或已损坏"):
        read_xlsx(repacked(lambda sheet: sheet[: int(len(sheet) * cut)]), HEADINGS)


@pytest.mark.parametrize("size", [1, 7, 2**20])
def test_the_places_of_cells_are_seen_however_the_bytes_arrive(size: int) -> None:
    sheet = b'<row r="1"><c r="A1"/><x:c s="1" r = \'B1\'/></row><row r="2"><c r="A2"/><f r="A1"/></row>'
    cells = Cells()
    for at in range(0, len(sheet), size):
        cells.take(sheet[at : at + size])
    assert (cells.farthest_row, cells.farthest_column, cells.rows) == (2, 2, {b"1", b"2"})
