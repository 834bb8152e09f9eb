"""Which rows of a city passed validation without a word, on disk: the latest alone.

16 bytes a row, and 32 for one about which the comparison had nothing to say either (``citysync.domain.settled``).

It only saves work. A file that is gone, damaged or of an older program is as good as none: every row is validated.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path

import polars as pl

from citysync.domain.clean import CLEAN, Clean
from citysync.domain.settled import KINDS, SETTLED, Settled
from citysync.storage.pages import write_whole
from citysync.storage.translate import on_disk

FOLDER, NAME = "clean", "rows.checked"
_DIGEST = 64  # hexadecimal digits before the rest, of which they are the SHA-256
_LENGTH = 8  # bytes before each part that say how long it is: the facts as JSON, then an Arrow file for each frame


def write(folder: Path, city_code: str, clean: Clean) -> None:
    """Keep a city's clean rows in place of those kept before. Raises ``StorageError``."""
    facts = {"rules": clean.rules, "checked_on": clean.checked_on.isoformat()}
    frames = [clean.rows]
    if clean.settled is not None:
        facts["basis"] = clean.settled.basis
        frames += [clean.settled.rows, clean.settled.kinds]
    parts = [json.dumps(facts).encode(), *(_packed(frame) for frame in frames)]
    body = b"".join(len(part).to_bytes(_LENGTH, "big") + part for part in parts)
    path = _path(folder, city_code)
    with on_disk(path, "保存已校验行的指纹"):
        write_whole(path, hashlib.sha256(body).hexdigest().encode() + body, folder / "unfinished")


def read(folder: Path, city_code: str) -> Clean | None:
    """Return a city's clean rows; None where none are kept, or not as they were written."""
    try:
        data = _path(folder, city_code).read_bytes()
        digest, body = data[:_DIGEST], data[_DIGEST:]
        if hashlib.sha256(body).hexdigest().encode() != digest:
            return None
        told, *frames = _parts(body)
        facts, (rows, *settled) = json.loads(told), [pl.read_ipc(BytesIO(frame)) for frame in frames]
        if [frame.schema for frame in (rows, *settled)] != [CLEAN, SETTLED, KINDS][: 1 + len(settled)]:
            return None
        kept = Settled(facts["basis"], settled[0], settled[1]) if settled else None
        return Clean(facts["rules"], date.fromisoformat(facts["checked_on"]), rows, kept)
    except (OSError, KeyError, IndexError, TypeError, ValueError, pl.exceptions.PolarsError):
        return None


def forget(folder: Path, city_code: str) -> None:
    """Keep nothing of a city's clean rows: every row is looked at next time. Raises ``StorageError``."""
    path = _path(folder, city_code)
    with on_disk(path, "删除已校验行的指纹"):
        path.unlink(missing_ok=True)


def _packed(frame: pl.DataFrame) -> bytes:
    buffer = BytesIO()
    frame.write_ipc(buffer)
    return buffer.getvalue()


def _parts(body: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(body):
        end = start + _LENGTH + int.from_bytes(body[start : start + _LENGTH], "big")
        yield body[start + _LENGTH : end]
        start = end


def _path(folder: Path, city_code: str) -> Path:
    return folder / FOLDER / city_code / NAME
