"""Where in a file the encoding changes: a file written by two programs, half of it in another encoding. Pure.

GB18030 reads one UTF-8 text in ten without an error (every run of an even number of Chinese characters), so a strict
decoder alone lets half a file through as nonsense. Line by line the difference shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from citysync.domain.errors import Unreadable

_CERTAIN = 4  # Chinese characters of a line that is valid UTF-8: GB18030 does that once in ten million rows
_THREE_BYTES = "\u0800"
_REMEDY = "请整个文件统一以 UTF-8 导出"


def refuse_mixed(data: bytes, declared: str | None) -> None:
    """Raise ``Unreadable`` if GB18030 could read the bytes and yet some lines are UTF-8.

    ``declared``: the encoding a city file names, None where the bytes decide.
    """
    seen = [(row, offset, _certain(line)) for row, offset, line in _lines(data)]
    certain = [(row, offset, encoding) for row, offset, encoding in seen if encoding]
    if all(encoding != "UTF-8" for _, _, encoding in certain):
        return
    for (_, _, before), (row, offset, here) in pairwise(certain):
        if before != here:
            raise _mixed(row, offset, before, here)
    place = f"第 {certain[0][0]} 行"
    raise Unreadable(f"内容实为 UTF-8，而 source.encoding 写明 {declared}；请核对城市文件", place=place)


def refusal(data: bytes, tried: str) -> Unreadable:
    """Return why bytes that are neither whole UTF-8 nor whole GB18030 are refused, with the first place that shows it.

    The error text names the byte (from 0), the row (from 1), and both encodings where two are mixed.
    """
    before: str | None = None
    for row, offset, line in _lines(data):
        reading = _encoding(line)
        if reading is None:
            text = f"编码不是 {tried}：第 {offset + _broken(line):,} 字节（第 {row:,} 行）起无法解码；{_REMEDY}"
            return Unreadable(f"{text}，或在 source.encoding 写明编码", place=f"第 {row} 行")
        if reading and before and reading != before:
            return _mixed(row, offset, before, reading)
        before = reading or before
    return Unreadable(f"编码不是 {tried}；{_REMEDY}")


def _mixed(row: int, offset: int, before: str, here: str) -> Unreadable:
    text = f"编码不是同一种：第 {row:,} 行起编码不一致（第 {offset:,} 字节；前面是 {before}，此处是 {here}）"
    return Unreadable(f"{text}；{_REMEDY}", place=f"第 {row} 行")


def _lines(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (row from 1, offset of its first byte, bytes); no byte of a multi-byte character is a line feed."""
    offset = 0
    for row, line in enumerate(data.split(b"\n"), start=1):
        yield row, offset, line
        offset += len(line) + 1


def _certain(line: bytes) -> str:
    """Return the encoding a line of a file that GB18030 reads is surely in, "" where both read it."""
    if line.isascii():
        return ""
    if _chinese_in_utf8(line) >= _CERTAIN:
        return "UTF-8"
    return "" if _decodes(line, "utf-8") else "GB18030"


def _encoding(line: bytes) -> str | None:
    """Return the encoding a line can only be in, "" for ASCII, None for neither."""
    if line.isascii():
        return ""
    if _chinese_in_utf8(line):
        return "UTF-8"
    return "GB18030" if _decodes(line, "gb18030") else None


def _chinese_in_utf8(line: bytes) -> int:
    """Return how many characters of three bytes or more a line has, 0 if it is no UTF-8."""
    if line.isascii() or not _decodes(line, "utf-8"):
        return 0
    return sum(character >= _THREE_BYTES for character in line.decode("utf-8"))


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _broken(line: bytes) -> int:
    places = []
    for encoding in ("utf-8", "gb18030"):
        try:
            line.decode(encoding)
        except UnicodeDecodeError as error:
            places.append(error.start)
    return max(places, default=0)
