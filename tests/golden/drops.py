"""Every way a dropped file is refused, here and behind SFTP."""

from __future__ import annotations

import io
import os
import sys
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import asyncssh
import xlsxwriter

from citysync.domain.errors import SourceError
from connectors import _drop, _sftp
from connectors._archive import check_archive
from connectors._choice import chosen
from connectors._drop import bytes_of, listed, newest, refuse_size, unfinished
from connectors._files import Leniency, read_records
from connectors._folder import MOST_ENTRIES, Entry, refuse_crowd
from connectors._mapping import plan_for, with_headings
from connectors._sheet import Cells
from connectors._text import decode
from tests.builders import NOW, TODAY, a_city
from tests.connectors.doors import pulled
from tests.golden.refused import Act, Cases, calls, raises

HEAD = "实施编码,事项名称\n"
UTF8, GBK = "公共场所卫生许可\n".encode(), "公共场所卫生许可\n".encode("gb18030")
SHEETS = dict[str, list[list[str]]]


def csv(text: str) -> Act:
    return calls(read_records, text.encode(), "csv", None)


def named(name: str) -> Entry:
    return Entry(f"/drop/{name}", 1, NOW)


def workbook(sheets: SHEETS) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return out.getvalue()


def xlsx(sheets: SHEETS) -> Act:
    return lambda _: read_records(workbook(sheets), "xlsx", None)


def overlapping(_: object) -> object:
    """Read a workbook whose merged cells overlap, in a city that means one value by them."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("一")
        sheet.write_row(0, 0, ["实施编码", "事项名称"])
        sheet.merge_range(1, 0, 2, 0, "1")
        sheet.merge_range(3, 0, 4, 0, "2")
    changed = _with_part(out.getvalue(), "xl/worksheets/sheet1.xml", lambda part: part.replace(b"A4:A5", b"A3:A5"))
    return read_records(changed, "xlsx", None, lenient=Leniency(fill_merged=True))


def _with_part(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as whole, zipfile.ZipFile(out, "w") as changed:
        for each in whole.namelist():
            changed.writestr(each, change(whole.read(each)) if each == name else whole.read(each))
    return out.getvalue()


def archive(change: Callable[[bytes], bytes] = bytes, method: int = zipfile.ZIP_STORED, **members: str) -> Act:
    """Return an act that looks at a ZIP of these members, changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, text in members.items():
            file.writestr(zipfile.ZipInfo(name.replace("__", "/")), text, compress_type=method)
    return calls(check_archive, change(out.getvalue()))


def understated(data: bytes) -> bytes:
    """Change one byte of what is stored, so that its checksum is wrong."""
    return data.replace(b"inside", b"INSIDE")


def locked(data: bytes) -> bytes:
    """Set the flag of encryption in the directory."""
    place = data.index(b"PK\x01\x02") + 8
    return data[:place] + b"\x01" + data[place + 1 :]


def huge(data: bytes) -> bytes:
    """State a size of 4 GB in the directory."""
    place = data.index(b"PK\x01\x02") + 24
    return data[:place] + b"\xf0\xff\xff\xff" + data[place + 4 :]


def crowded(_: Path) -> object:
    with patch("connectors._archive._MEMBERS_CAP", 1):
        return archive(xl__a="1", xl__b="2")(_)


def manifest(text: str) -> Act:
    return calls(listed, "/drop/manifest.json", text.encode())


def long_manifest(_: Path) -> object:
    with patch.object(_drop, "MOST_FILES", 1):
        return manifest('{"files": [{}, {}]}')(_)


def linked(folder: Path) -> object:
    (folder / "link.csv").symlink_to(folder / "elsewhere.csv")
    return bytes_of(folder / "link.csv")


def a_pipe(folder: Path) -> object:
    os.mkfifo(folder / "pipe.csv")
    return bytes_of(folder / "pipe.csv")


def vanishing(folder: Path) -> object:
    """Pull a file that goes away between every look and the reading."""
    with patch("connectors._folder.LocalFolder.entries", return_value=[named("items.csv")]):
        return pulled({"connector": "file_drop", "path": str(folder / "items.csv")})


FILES: Cases = {
    "none": calls(newest, "/nowhere/items-*.csv"),
    "none of a pattern": calls(pulled, {"connector": "file_drop", "path": "/nowhere/items-*.csv"}),
    "missing": calls(bytes_of, Path("/nowhere/items.csv")),
    "vanished": vanishing,
    "no permission": lambda folder: bytes_of(folder / ("x" * 256)),
    "a link": linked,
    "a pipe": a_pipe,
    "too large": calls(refuse_size, "items.csv", 600 * 2**20),
    "too many": calls(refuse_crowd, MOST_ENTRIES + 1, "/drop/*"),
    "still written": raises(unfinished("items.csv")),
    "named for tomorrow": calls(chosen, [named("items-20261124.csv")], TODAY),
    "no parts": calls(chosen, [named("items-0of0.csv")], date(2026, 11, 23)),
    "empty": csv(""),
    "manifest without files": manifest("{}"),
    "manifest of too many": long_manifest,
    "manifest with a path": manifest('{"files": [{"name": "../x"}]}'),
    "manifest without digest": manifest('{"files": [{"name": "items.csv"}]}'),
    "two headings for one": lambda _: with_headings(plan_for(a_city(), ["promise_day"]), a_city(), TWICE),
}
TWICE: list[dict[str, object]] = [{"承诺时限": "1", "承诺期限": "2"}]
TEXTS: Cases = {
    "no heading": calls(read_records, "\ufeff".encode(), "csv", None),
    "blank": csv("\n\n"),
    "no known heading": csv("a,b\n1,2\n"),
    "column without heading": csv("实施编码,,事项名称\n1,2,3\n"),
    "heading twice": csv("实施编码,实施编码\n1,2\n"),
    "open quote": csv(f'{HEAD}1,"x\n'),
    "swallowed row": csv(f'{HEAD}1,"x\n{"1" * 31},y"\n'),
    "ragged row": csv(f"{HEAD}1\n"),
    "XLSX called CSV": calls(read_records, workbook({"a": [["实施编码"]]}), "csv", None),
    "broken line": calls(read_records, b'{"a": 1}\n{"a": \n', "jsonl", None),
    "line is no object": calls(read_records, b'{"a": 1}\n[1]\n', "jsonl", None),
    "no whole line": lambda _: read_records(b"a\n1\n", "jsonl", None, lenient=Leniency(keep_going=True)),
    "deep JSON": calls(read_records, b"[" * 100_000, "json", None),
    "cut character": calls(decode, "卫".encode()[:2]),
    "no encoding": calls(decode, b"a\n\xff\xff\n"),
    "no encoding, no line": calls(decode, b"\xff\n\xe5"),
    "GB18030 then UTF-8": calls(decode, GBK + UTF8),
    "UTF-8 then GB18030": calls(decode, UTF8 + GBK),
    "declared GB18030, is UTF-8": calls(decode, UTF8, "gb18030"),
    "declared UTF-8, is GB18030": calls(decode, GBK, "utf-8"),
    "mark against declaration": calls(decode, "\ufeffa".encode("utf-16"), "gb18030"),
}
WORKBOOKS: Cases = {
    "old": calls(check_archive, b"\xd0\xcf\x11\xe0"),
    "locked": calls(check_archive, b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le")),
    "HTML": calls(check_archive, b"<html>"),
    "CSV": calls(check_archive, b"a,b"),
    "cut": calls(check_archive, b"PK\x03\x04"),
    "wrong checksum": archive(understated, xl__a="inside"),
    "many members": crowded,
    "encrypted ZIP": archive(locked, xl__a="1"),
    "other ZIP": archive(a="1"),
    "packed otherwise": archive(method=zipfile.ZIP_LZMA, xl__a="1"),
    "bomb": archive(huge, xl__a="1"),
    "no workbook": lambda _: read_records(_zip("xl/a"), "xlsx", None),
    "far cell": calls(Cells().take, b'<c r="XFD1048576"><v>'),
    "cell twice": calls(Cells().take, b'<c r="A1"><c r="A1"><v>'),
    "cell of no type": calls(Cells().take, b'<c r="A1" t="inlStr"><v>'),
    "cell nowhere": calls(Cells().take, b'<c r="A88888888"><v>'),
    "no heading": xlsx({"说明": [["关于"]]}),
    "two tables": xlsx({"一": [["实施编码", "事项名称"]], "二": [["实施编码", "事项名称"]]}),
    "overlapping cells": overlapping,
    "heading twice": xlsx({"一": [["实施编码", "事项名称", "事项名称"]]}),
}


def _zip(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr(zipfile.ZipInfo(name), "1")
    return out.getvalue()


def remote(error: Exception) -> Act:
    """Return an act that meets an error of the SFTP library."""

    def act(_: Path) -> object:
        folder = _sftp.RemoteFolder("sftp://127.0.0.1:1/drop/*.csv", "city", "canary", "ssh-ed25519 AAAA", 5)
        try:
            said: SourceError = folder._translated(error)
        finally:
            folder._close()
        raise said

    return act


def no_library(_: Path) -> object:
    with patch.dict(sys.modules, {"asyncssh": None}):
        return _sftp._library()


def _refused(kind: Any, text: str = "said") -> Act:
    return remote(kind(text))


SFTP: Cases = {
    "host key": _refused(asyncssh.HostKeyNotVerifiable),
    "account": _refused(asyncssh.PermissionDenied),
    "file rights": _refused(asyncssh.SFTPPermissionDenied),
    "unusable key": _refused(asyncssh.KeyImportError),
    "too slow": remote(TimeoutError()),
    "broken off": remote(ConnectionResetError(104, "Connection reset by peer")),
    "no driver": no_library,
}
