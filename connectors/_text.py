"""Bytes to text, and text to JSON, strictly: nothing is guessed, nothing is lost on the way.

Charset guessing is wrong on short Chinese text, and a fast JSON reader turns a 31-digit code into a float; so the
order of encodings is fixed and numbers stay text.
"""

from __future__ import annotations

import codecs
import json
import re
from html import unescape
from typing import NoReturn

from citysync.domain.errors import Unreadable

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_TITLE = re.compile(r"<title[^>]*>([^<]{0,200})", re.IGNORECASE)
_HEAD = 65_536


def decode(data: bytes, encoding: str | None = None) -> str:
    """Return text: by the encoding given, else BOM, strict UTF-8, strict GB18030; else ``Unreadable`` with the place.

    GB18030 also reads what is labelled gb2312 or gbk. A BOM is never part of the text.
    """
    if encoding is not None:
        return _strictly(data, (encoding.replace("utf-8", "utf-8-sig"),))
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _strictly(data, (name,))
    return _strictly(data, ("utf-8", "gb18030"))


def _strictly(data: bytes, encodings: tuple[str, ...]) -> str:
    furthest = 0
    for name in encodings:
        try:
            return data.decode(name)
        except UnicodeDecodeError as error:
            furthest = max(furthest, error.start)
    tried = "、".join(name.removesuffix("-sig").upper() for name in encodings)
    row = data.count(b"\n", 0, furthest) + 1
    remedy = "请统一以 UTF-8 导出，或在 source.encoding 写明编码"
    raise Unreadable(
        f"编码不是 {tried}：第 {furthest:,} 字节（第 {row:,} 行）起无法解码；{remedy}",
        place=f"第 {row} 行",
    )


def read_json(data: bytes, encoding: str | None = None) -> object:
    """Return a JSON document with every number as the text that was sent; objects are dicts.

    Raises ``Unreadable`` for a web page, a cut or malformed document, a key sent twice, NaN, or endless nesting.
    """
    if not data.strip():
        raise Unreadable("空响应：没有任何内容；这不等于没有事项，请检查接口")
    refuse_web_page(data)
    return parse_json(decode(data, encoding))


def parse_json(text: str) -> object:
    """Return the document a JSON text holds; see ``read_json``."""
    try:
        document: object = json.loads(
            text, parse_int=str, parse_float=str, parse_constant=_refuse_constant, object_pairs_hook=_distinct
        )
    except json.JSONDecodeError as error:
        ending = "不完整" if error.pos >= len(text.rstrip()) - 1 or error.msg.startswith("Unterminated") else "有误"
        raise Unreadable(
            f"JSON {ending}：第 {error.lineno:,} 行第 {error.colno:,} 个字符（共 {len(text):,} 个字符），{error.msg}",
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
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(f"JSON 键重复：{twice}；同名的值只能有一个，请更正接口")
    return record


def _refuse_constant(name: str) -> NoReturn:
    raise Unreadable(f"JSON 含有 {name}：不是合法的值，请更正接口")
