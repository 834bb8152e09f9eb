"""Zeros by the hundred million, deflated without ever being made."""

from __future__ import annotations

import zlib

_CHUNK = bytes(2**20)


def deflated_zeros(size: int) -> tuple[bytes, int]:
    """Return a raw deflate stream of that many zeros, and their CRC-32."""
    many, rest = divmod(size, len(_CHUNK))
    stream = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = stream.compress(_CHUNK) + stream.flush(zlib.Z_FULL_FLUSH)
    ending = stream.compress(bytes(rest)) + stream.flush()
    checksum = 0
    for _ in range(many):
        checksum = zlib.crc32(_CHUNK, checksum)
    return block * many + ending, zlib.crc32(bytes(rest), checksum)
