"""A body as it comes off the wire, decoded under limits. Pure.

Half a gzip stream is taken for a whole one by ``requests`` and ``urllib3``: a cut in the network would become "the
city lost 12,000 items". So the end marker is checked here, and size and ratio while inflating, not after.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import cast

from isal.isal_zlib import Decompress, IsalError, decompressobj

from citysync.domain.errors import OverBudget, Unreadable

PAGE_CAP = 64 * 2**20
_RATIO = 200
_RATIO_COUNTS_FROM = 4 * 2**20
_GZIP = 16 + zlib.MAX_WBITS
_PIECE = 2**18
_MARK = b"\x1f\x8b"
_ERROR = cast("type[Exception]", IsalError)  # its stub takes the class for one of its errors


class Cut(Unreadable):
    """The body ended before its own end marker; another attempt may bring it whole."""

    retryable = True


def whole_body(chunks: Iterable[bytes], encoding: str, cap: int = PAGE_CAP) -> bytes:
    """Return the decoded body; raises ``Cut``, or ``OverBudget`` as soon as a limit is passed."""
    coding = encoding.strip().lower()
    if coding in {"gzip", "x-gzip"}:
        return _inflated(_gathered(chunks), cap)
    if coding not in {"", "identity"}:
        raise Unreadable(f"响应压缩方式 {encoding[:40]} 未曾请求；请改为 gzip 或不压缩")
    return _plain(chunks, cap)


def _plain(chunks: Iterable[bytes], cap: int) -> bytes:
    pieces, size = list[bytes](), 0
    for chunk in chunks:
        pieces.append(chunk)
        size += len(chunk)
        if size > cap:
            raise OverBudget(f"单页响应超过上限 {cap // 2**20} MB；请减小 page_size")
    return b"".join(pieces)


def _gathered(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in larger pieces: most pages are then inflated in one go, and not put together again."""
    waiting, size = list[bytes](), 0
    for chunk in chunks:
        waiting.append(chunk)
        size += len(chunk)
        if size >= _PIECE:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def _inflated(chunks: Iterable[bytes], cap: int) -> bytes:
    stream, pieces, size, packed = _member(b""), list[bytes](), 0, 0
    for chunk in chunks:
        stream = stream if packed else _member(chunk)
        packed += len(chunk)
        rest = chunk
        while rest:
            if stream.eof:  # gzip members may follow one another; anything else is junk
                stream = _member(rest)
            try:
                pieces.append(stream.decompress(rest, cap + 1 - size))
            except _ERROR as error:
                raise _broken() from error
            size += len(pieces[-1])
            _within(size, packed, cap)
            rest = stream.unconsumed_tail or stream.unused_data
    if not stream.eof:
        raise Cut("gzip 流不完整（缺少结束标记）；请检查接口或中间网关")
    return b"".join(pieces)


def _member(begin: bytes) -> Decompress:
    """Return what inflates a gzip member that begins so; isal would wait for ten bytes before it calls it junk."""
    if not begin.startswith(_MARK[: len(begin)]):
        raise _broken()
    return decompressobj(_GZIP)


def _broken() -> Cut:
    return Cut("gzip 流损坏（校验或格式不符）；请检查接口或中间网关")


def _within(size: int, packed: int, cap: int) -> None:
    if size > cap or (size > _RATIO_COUNTS_FROM and size > packed * _RATIO):
        raise OverBudget(
            f"响应解压后超过上限（{packed:,} 字节解压出 {size:,} 字节以上，单页上限 {cap // 2**20} MB）；请市里检查接口"
        )
