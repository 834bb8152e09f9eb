"""E: bytes that are not the text, table or document they claim to be."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace

from citysync.simulator.columns import Row, changed
from citysync.simulator.faults import workbooks
from citysync.simulator.faults.fault import Call, Fault
from citysync.simulator.protocols import Answer
from citysync.simulator.province import Province, SimulatedCity

_CSV = frozenset({"csv_unproved", "csv_bom", "csv_gb18030"})
_GBK = frozenset({"csv_gb18030"})
_UTF8 = frozenset({"csv_unproved", "csv_bom"})
_JSONS = frozenset({"pages_get", "pages_form", "pages_json", "links_next", "links_header", "cursor", "json"})
_LINES = frozenset({"jsonl"})
_XLSX = frozenset({"xlsx"})
_XML_BOMB = b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d SYSTEM "file:///etc/hostname">]><l>&c;&d;</l>"""
_DEEP = 100_000
_DIGITS = 5_000


def _first(
    column: str, change: Callable[[str], str], rows: int = 1
) -> Callable[[SimulatedCity, Province], SimulatedCity]:
    """Return a city whose first rows hold a changed value."""

    def put(city: SimulatedCity, _province: Province) -> SimulatedCity:
        return replace(
            city, table=tuple(_changed(row, column, change) if n < rows else row for n, row in enumerate(city.table))
        )

    return put


def _changed(row: Row, column: str, change: Callable[[str], str]) -> Row:
    from citysync.simulator.columns import PLACE  # noqa: PLC0415 - beside its only use

    return changed(row, {column: change(row[PLACE[column]] or "")})


def _recode(encoding: str) -> Callable[[bytes], bytes]:
    return lambda data: _text(data).encode(encoding)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


def _mixed(data: bytes) -> bytes:
    """Return the first half in GB18030 and the second in UTF-8."""
    text = _text(data)
    ends = [found.end() for found in re.finditer(r"\n|\},", text)]
    cut = ends[len(ends) // 2] if ends else len(text) // 2
    return text[:cut].encode("gb18030") + text[cut:].encode()


def _mojibake(name: str) -> str:
    return name.encode().decode("gbk", "replace").replace("\ufffd", "锟斤拷")


def _labelled(kind: str) -> Callable[[Call], Answer]:
    return lambda call: replace(call.honest, kind=kind, body=_text(call.honest.body).encode("gb18030"))


def _mislabelled(call: Call) -> Answer:
    return replace(call.honest, kind="text/html")


def _in_first_name(change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    """Return the document whose first name (in whatever field) is written otherwise, JSON escapes allowed."""

    def body(data: bytes) -> bytes:
        text = _text(data)
        return re.sub(
            r'("(?:task_name|TASK_NAME|SXMC|taskName|事项名称)"\s*:\s*")([^"]*)',
            lambda found: found[1] + change(found[2]),
            text,
            count=1,
        ).encode("utf-8")

    return body


def _unclosed(data: bytes) -> bytes:
    lines = data.split(b"\r\n")
    lines[2] = b'"' + lines[2]
    return b"\r\n".join(lines)


def _cells(change: Callable[[list[bytes]], list[bytes]], line: int) -> Callable[[bytes], bytes]:
    def body(data: bytes) -> bytes:
        lines = data.split(b"\r\n")
        lines[line] = b",".join(change(lines[line].split(b",")))
        return b"\r\n".join(lines)

    return body


def _separated(mark: str) -> Callable[[bytes], bytes]:
    def body(data: bytes) -> bytes:
        text = _text(data)
        encoding = "gb18030" if text.encode("gb18030") == data else "utf-8"
        rows = csv.reader(io.StringIO(text, newline=""))
        return "".join(mark.join(f'"{cell}"' for cell in row) + "\r\n" for row in rows).encode(encoding)

    return body


_CODE = r'"(?:[0-9A-Z]{31,33}|[0-9A-Z]{12}-[-0-9A-Z]+)"'


def _numeric_codes(data: bytes) -> bytes:
    """Return the document with every code that is all digits as a number."""
    return re.sub(r'"([1-9][0-9]{11,32})"', r"\1", _text(data)).encode()


def _constant(word: str) -> Callable[[bytes], bytes]:
    return lambda data: re.sub(_CODE, word, _text(data), count=1).encode()


def _twice(data: bytes) -> bytes:
    return re.sub(rf'("[\w.]+"\s*:\s*{_CODE})', r"\1,\1", _text(data), count=1).encode()


def _deep(_data: bytes) -> bytes:
    return b'{"data":' * _DEEP + b"1" + b"}" * _DEEP


def _long_number(data: bytes) -> bytes:
    return _constant("9" * _DIGITS)(data)


def _broken_line(data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    middle = len(lines) // 2
    return b"".join([*lines[:middle], lines[middle][: len(lines[middle]) // 2] + b"\n", *lines[middle + 1 :]])


def _cut(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


FAULTS: tuple[Fault, ...] = (
    Fault("E01", "GBK 正文标为 utf-8", "GB18030 bytes labelled utf-8", body=_recode("gb18030"), dialects=_JSONS),
    Fault(
        "E02",
        "标 gb2312，含镕与四字节字",
        "GB18030 bytes with rare characters labelled gb2312",
        answer=_labelled("application/json; charset=gb2312"),
        city=_first("dept_name", lambda _name: "朱镕㐂𠀀局"),
        dialects=_JSONS - {"json"},
    ),
    Fault(
        "E03",
        "同一文件两种编码",
        "the first half GB18030, the second UTF-8",
        body=_mixed,
        dialects=_CSV | _JSONS | _LINES,
    ),
    Fault("E04", "上游编码错误（锟斤拷）", "the names were UTF-8 read as GBK", city=_first("task_name", _mojibake, 3)),
    Fault(
        "E05", "带 BOM", "a byte order mark before the text", body=_recode("utf-8-sig"), dialects=_CSV | _JSONS | _LINES
    ),
    Fault("E06", "UTF-16 文件", "UTF-16 with its mark", body=_recode("utf-16"), dialects=_CSV | _JSONS | _LINES),
    Fault(
        "E07", "编码中有 NUL", "a NUL inside a code", city=_first("task_code", lambda code: f"{code[:9]}\0{code[9:]}")
    ),
    Fault("E07b", "名称中有 NUL", "a NUL inside a name", city=_first("dept_name", lambda name: f"{name}\0")),
    Fault(
        "E08",
        "JSON 孤立代理项",
        "a lone surrogate in a name",
        body=_in_first_name(lambda name: name + "\\ud800"),
        dialects=_JSONS | _LINES,
    ),
    Fault(
        "E09",
        "GB18030 私用区字符",
        "private-use characters where the standard has others",
        city=_first("dept_name", lambda name: f"{name}\ue81e"),
    ),
    Fault("E10", "CSV 引号未闭合", "a quote that is never closed", body=_unclosed, dialects=_CSV),
    Fault("E11", "CSV 少一列", "a row with too few fields", body=_cells(lambda cells: cells[:-3], 2), dialects=_CSV),
    Fault(
        "E11b", "CSV 多一列", "a row with too many fields", body=_cells(lambda cells: [*cells, b"x"], 2), dialects=_CSV
    ),
    Fault(
        "E12",
        "CSV 表头重复",
        "one heading twice",
        body=_cells(lambda cells: [cells[0], cells[1], cells[1], *cells[3:]], 0),
        dialects=_CSV,
    ),
    Fault("E13", "CSV 分隔符是制表符", "tabs between the fields", body=_separated("\t"), dialects=_CSV),
    Fault(
        "E13b", "CSV 分隔符是全角逗号", "full-width commas between the fields", body=_separated("，"), dialects=_UTF8
    ),
    Fault("E14", "XLSX 编码存成数字", "a code stored as a number", body=workbooks.numeric_code, dialects=_XLSX),
    Fault(
        "E16",
        "XLSX 前导零只是格式",
        "a type stored as a number shown with a leading zero",
        body=workbooks.numeric_type,
        dialects=_XLSX,
    ),
    Fault(
        "E17",
        "XLSX 有标题行与隐藏表",
        "two title rows above the heading, a hidden sheet, a filter",
        body=workbooks.titled,
        dialects=_XLSX,
    ),
    Fault("E17b", "XLSX 有合并单元格", "two cells of a column merged", body=workbooks.merged, dialects=_XLSX),
    Fault(
        "E18",
        "网页改名 xlsx",
        "a web page named .xlsx",
        body=lambda _data: b"<html><title>x</title></html>",
        dialects=_XLSX,
    ),
    Fault(
        "E18b",
        "旧版或加密的工作簿",
        "an OLE container named .xlsx",
        body=lambda _data: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504),
        dialects=_XLSX,
    ),
    Fault("E19", "XLSX 压缩炸弹", "a workbook whose strings unpack to 600 MiB", body=workbooks.bomb, dialects=_XLSX),
    Fault("E20", "XLSX 被截断", "two thirds of a workbook", body=_cut, dialects=_XLSX),
    Fault("E20b", "XLSX 缺少部件", "a workbook without its sheet", body=workbooks.without_sheet, dialects=_XLSX),
    Fault(
        "E21",
        "JSON 编码是 31 位数字",
        "every code that is all digits as a JSON number",
        body=_numeric_codes,
        dialects=_JSONS | _LINES,
    ),
    Fault("E21b", "JSON 含 NaN", "NaN as a value", body=_constant("NaN"), dialects=_JSONS | _LINES),
    Fault("E21c", "JSON 编码写成 1e30", "1e30 as a code", body=_constant("1e30"), dialects=_JSONS | _LINES),
    Fault("E22", "JSON 键重复", "a key sent twice in one object", body=_twice, dialects=_JSONS | _LINES),
    Fault("E23", "JSON 嵌套十万层", "100,000 levels", body=_deep, dialects=_JSONS),
    Fault("E23b", "JSON 五千位整数", "an integer of 5,000 digits", body=_long_number, dialects=_JSONS | _LINES),
    Fault("E24", "JSON lines 坏一行", "one line is cut", body=_broken_line, dialects=_LINES),
    Fault(
        "E25",
        "XML 实体炸弹",
        "an XML document with nested and external entities",
        body=lambda _data: _XML_BOMB,
        dialects=_JSONS | _CSV,
    ),
    Fault("E26", "内容类型标错", "JSON labelled text/html", answer=_mislabelled),
    Fault(
        "E27",
        "名称含转义残留",
        "&nbsp; <br> _x000B_ in a name",
        city=_first("dept_name", lambda name: f"{name}&nbsp;<br>_x000B_"),
    ),
)
