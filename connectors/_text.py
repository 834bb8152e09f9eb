"""Bytes to text, and text to JSON, strictly: nothing is guessed, nothing is lost on the way.

Charset guessing is wrong on short Chinese text, and a fast JSON reader turns a 31-digit code into a float; so the
order of encodings is fixed and numbers stay text.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterable
from html import unescape
from typing import NoReturn

from citysync.domain.errors import Unreadable
from connectors._mixed import refusal, refuse_mixed

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MARK = "\ufeff"
_LINE_END = b"\n"
_SHOWN = (
    {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n\r"}
    | {code: f"\\x{code:02x}" for code in range(0x7F, 0xA0)}
    | {code: f"\\u{code:04x}" for code in (*range(0xD800, 0xE000), *range(0x202A, 0x202F), *range(0x2066, 0x206A))}
)
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,200})", re.IGNORECASE)
_HEAD = 65_536
_BLANKS = "\u00a0\u3000"  # seen, and usual in headings
_BASIC_PLANE = 0xFFFF
_LONGEST_NAME = 120


def decode(data: bytes, encoding: str | None = None, noted: list[str] | None = None) -> str:
    """Return text: by the encoding given, else BOM, strict UTF-8, strict GB18030; else ``Unreadable`` with the place.

    GB18030 also reads what is labelled gb2312 or gbk. A BOM is never part of the text. ``noted``: takes what people
    should know of the choice.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _with_mark(data, name, encoding)
    if encoding is None:
        return _undeclared(data, noted)
    text = _strictly(data, encoding)
    if encoding == "gb18030":
        refuse_mixed(data, encoding)
    return text


def _with_mark(data: bytes, name: str, declared: str | None) -> str:
    shown = name.removesuffix("-sig")
    if declared not in {None, shown}:
        raise Unreadable(f"文件带有 {shown.upper()} 的字节顺序标记，而 source.encoding 写明 {declared}；请核对城市文件")
    return _strictly(data, name).lstrip(_MARK)  # a file put together from two has two


def _undeclared(data: bytes, noted: list[str] | None) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            text = f"文件在一个字的中间结束（第 {error.start:,} 字节）：内容不完整；请重新上传"
            raise Unreadable(text, place=f"第 {data.count(_LINE_END) + 1} 行") from error
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError as error:
        raise refusal(data, "UTF-8、GB18030") from error
    refuse_mixed(data, None)
    if noted is not None:
        noted.append("实际编码为 GB18030，未声明；建议统一以 UTF-8 导出")
    return text


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        row = data[: error.start].decode(encoding, "ignore").count("\n") + 1
        raise Unreadable(
            f"编码不是 {encoding.removesuffix('-sig').upper()}：第 {error.start:,} 字节（第 {row:,} 行）起无法解码；"
            "请统一以 UTF-8 导出，或在 source.encoding 写明编码",
            place=f"第 {row} 行",
        ) from error


def printable(text: str) -> str:
    """Return a text that any screen, log and database takes: what cannot be seen is shown by its number."""
    return text.translate(_SHOWN)


def shown_name(name: str) -> str:
    r"""Return a name somebody else chose, of a field or a table, as one short line that can be seen whole.

    Whatever does not show is written as a city file writes it (``\u0000``); a line of a name is no line of ours.
    """
    shown = "".join(
        letter if letter.isprintable() or letter in _BLANKS else _escape(letter) for letter in name[:_LONGEST_NAME]
    )
    return shown if len(name) <= _LONGEST_NAME else f"{shown}…（共 {len(name):,} 个字符）"


def first_twice(names: Iterable[str]) -> str | None:
    """Return the first name that stands there for the second time, None where each stands once; in one pass."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def read_json(data: bytes, encoding: str | None = None) -> object:
    """Return a JSON document with every number as the text that was sent; objects are dicts.

    Raises ``Unreadable`` for a web page, a cut or malformed document, a key sent twice, NaN, or endless nesting.
    """
    if not data.strip():
        raise Unreadable("空响应：没有任何内容；这不等于没有事项，请检查接口")
    refuse_web_page(data)
    return parse_json(decode(data, encoding))


def refuse_constant(name: str) -> NoReturn:
    """Raise ``Unreadable`` for what some writers put in the place of a number."""
    raise Unreadable(f"JSON 含有 {name}：不是合法的值，请更正接口")


def parse_json(text: str, constant: Callable[[str], object] = refuse_constant) -> object:
    """Return the document a JSON text holds; see ``read_json``. ``constant``: what stands for NaN or an Infinity."""
    try:
        document: object = json.loads(
            text, parse_int=str, parse_float=str, parse_constant=constant, object_pairs_hook=_distinct
        )
    except json.JSONDecodeError as error:
        ending = "不完整" if error.pos >= len(text.rstrip()) - 1 or error.msg.startswith("Unterminated") else "有误"
        raise Unreadable(
            f"JSON {ending}：第 {error.lineno:,} 行第 {error.colno:,} 个字符（共 {len(text):,} 个字符），{error.msg}"
            "；请市里检查接口或文件",
            place=f"第 {error.lineno} 行",
        ) from error
    except RecursionError:
        # The traceback of a document 100,000 levels deep helps nobody.
        raise Unreadable("JSON 嵌套过深，无法读取；请检查接口") from None
    return document


def refuse_web_page(data: bytes) -> None:
    """Raise ``Unreadable`` with the page's title if the bytes are HTML, whatever their label says."""
    head = data[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head.startswith(b"<"):
        return
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        text = head.decode("gb18030", errors="replace")  # a title to quote, never data
    title = _TITLE.search(text)
    shown = " ".join(unescape(title[1]).split()) if title else ""
    raise Unreadable(f"返回的是网页（标题：{shown or '无'}）而不是数据；请检查接口地址与登录凭据")


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    record = dict(pairs)
    if len(record) != len(pairs):
        twice = first_twice(name for name, _ in pairs) or ""
        raise Unreadable(f"JSON 键重复：{shown_name(twice)}；同名的值只能有一个，请更正接口")
    return record


def _escape(letter: str) -> str:
    return f"\\u{ord(letter):04x}" if ord(letter) <= _BASIC_PLANE else f"\\U{ord(letter):08x}"
