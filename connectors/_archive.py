"""Whether bytes are a whole, harmless workbook archive: looked at before any reader unpacks it."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator

from citysync.domain.errors import OverBudget, Unreadable
from connectors._sheet import Cells

PACKED = b"PK"
OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0"
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_UNPACKED_CAP = 512 * 2**20
_MEMBERS_CAP = 10_000
_CHUNK = 2**20
_ENCRYPTED = 0x1
_ORDER_OF_SUMS = "xl/calcChain.xml"  # names the cells of all sheets, one place several times
_QUOTED = 3
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})  # all a workbook may use (ECMA-376 Part 2, annex B)
# How zipfile refuses what is cut, of a version it does not know, or points outside of itself; nothing wider, such as
# RuntimeError, which would tell bugs of ours as the city's damage.
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OverflowError, ValueError)


def check_archive(data: bytes) -> None:
    """Raise for what is no XLSX, or not a whole one; nothing is unpacked beyond the sizes its directory states.

    ``Unreadable`` names what it is instead; ``OverBudget`` is a bomb. Every member's length and checksum are proved,
    so a directory that understates a size is found out here and not by a reader's memory.
    """
    if data.startswith(OLD_OR_LOCKED):
        actual = "加密的工作簿" if _LOCKED in data else "旧版 xls 或加密的工作簿"
        raise Unreadable(f"文件实际为{actual}；请另存为未加密的 xlsx")
    if not data.startswith(PACKED):
        actual = "网页（HTML）" if data.lstrip()[:1] == b"<" else "其他格式（如 CSV）"
        raise Unreadable(f"文件实际为{actual}而不是 xlsx；请重新导出")
    with _opened(data) as archive:
        _check_directory(archive.infolist())
        for member in archive.infolist():
            _look_through(archive, member)


def _opened(data: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except _DAMAGED as error:
        raise _damaged() from error


def _look_through(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Read a member once, as far as its end and its checksum; look where its cells stand, a sheet may have any name."""
    cells = None if member.filename == _ORDER_OF_SUMS else Cells()
    for chunk in _chunks(archive, member):
        if cells is not None:
            cells.take(chunk)  # outside of what is held for a damaged file: a bug of ours is not the city's


def _chunks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the bytes of a member. Raises Unreadable where its length or checksum is wrong, or nothing can be read."""
    try:
        with archive.open(member) as part:
            while chunk := part.read(_CHUNK):
                yield chunk
    except zipfile.BadZipFile as error:
        raise Unreadable(f"XLSX 文件不完整（{member.filename[:60]} 的校验和不符）；请重新上传") from error
    except _DAMAGED as error:
        raise _damaged() from error


def _damaged() -> Unreadable:
    return Unreadable("XLSX 文件不完整（ZIP 目录或内容有缺损）；请重新上传")


def _check_directory(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > _MEMBERS_CAP:
        raise OverBudget(f"XLSX 内有 {len(members):,} 个部件，超过上限 {_MEMBERS_CAP:,}；请检查文件")
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise Unreadable("文件实际为加密的压缩包；请去掉密码后重新上传")
    names = [member.filename for member in members]
    if not any(name.startswith("xl/") for name in names):
        inside = "、".join(name[:60] for name in names[:_QUOTED])
        raise Unreadable(f"文件实际为 ZIP 压缩包（内有 {inside}）而不是 xlsx；请解压后逐个上传")
    if strange := [member.filename[:60] for member in members if member.compress_type not in _METHODS]:
        raise Unreadable(f"XLSX 的部件 {'、'.join(strange[:_QUOTED])} 用了工作簿不允许的压缩方法；请用表格软件重新导出")
    unpacked = sum(member.file_size for member in members)
    if unpacked > _UNPACKED_CAP:
        raise OverBudget(f"XLSX 解压后 {unpacked / 2**20:,.0f} MB，超过上限 {_UNPACKED_CAP // 2**20} MB；请检查文件")
