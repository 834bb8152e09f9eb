"""How two sides agree on what a directory holds without sending it: one line a row, a hash a line, a digest a range.

The protocol of ``docs/kit.md`` in one place, pure and of the standard library only; a golden file holds its values. The
line of a row is JSON without blanks: ``[key, value, …]``, the values in the order of the fields, text or null.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

PROTOCOL = 1
PREFIX = "/citysync/v1"
FAN_OUT = 64
MOST_PARTS = 4_096
ROW_BYTES = 16
RANGE_DIGITS = 16
LEAST_DIGITS = 6  # of a range: one in sixteen million that differ looks alike, and costs a whole pull


def line_of(key: str, values: Sequence[str | None]) -> bytes:
    """Return a row as it travels and is hashed: UTF-8 without a line end, half a surrogate pair as its escape."""
    text = json.dumps([key, *values], ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def row_hash(line: bytes) -> bytes:
    """Return the hash of a row: the first 16 bytes of the SHA-256 of its line."""
    return hashlib.sha256(line).digest()[:ROW_BYTES]


def whole_digest(fields: Sequence[str], hashes: Iterable[bytes]) -> str:
    """Return the digest of a whole directory, 64 hex digits: SHA-256 of the line of its fields' hash, then every row's.

    ``hashes``: in the order of the keys (as UTF-8 bytes); one by one, or any number of them joined.
    """
    digest = hashlib.sha256(row_hash(line_of("fields", fields)))
    digest.update(b"".join(hashes))
    return digest.hexdigest()


def range_digest(hashes: Iterable[bytes]) -> str:
    """Return the digest of a range of rows, 16 hex digits; whoever asks may want fewer of them.

    Shorter than the whole's: it only says where to look; the whole digest is the proof.
    """
    return hashlib.sha256(b"".join(hashes)).hexdigest()[:RANGE_DIGITS]


def parts(low: int, high: int, most: int = FAN_OUT) -> list[tuple[int, int]]:
    """Return a range of row numbers cut into at most so many parts of nearly equal size; of so many rows, into rows."""
    count = high - low
    pieces = min(count, most)
    return [(low + count * number // pieces, low + count * (number + 1) // pieces) for number in range(pieces)]
