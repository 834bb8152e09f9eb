"""Which rows of a city passed validation without a word, on disk: 16 bytes a row, the latest alone.

It only saves work. A file that is gone, damaged or of an older program is as good as none: every row is validated.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from io import BytesIO
from pathlib import Path

import polars as pl

from citysync.domain.clean import CLEAN, Clean
from citysync.storage.pages import write_whole
from citysync.storage.translate import on_disk

FOLDER, NAME = "clean", "rows.checked"
_FACTS = "citysync.clean"  # the Parquet metadata key; its value is JSON
_DIGEST = 64  # hexadecimal digits before the rest, of which they are the SHA-256


def write(folder: Path, city_code: str, clean: Clean) -> None:
    """Keep a city's clean rows in place of those kept before. Raises ``StorageError``."""
    buffer = BytesIO()
    facts = {"rules": clean.rules, "checked_on": clean.checked_on.isoformat()}
    clean.rows.write_parquet(buffer, metadata={_FACTS: json.dumps(facts)}, compression="uncompressed")
    body, path = buffer.getvalue(), _path(folder, city_code)
    with on_disk(path, "保存已校验行的指纹"):
        write_whole(path, hashlib.sha256(body).hexdigest().encode() + body, folder / "unfinished")


def read(folder: Path, city_code: str) -> Clean | None:
    """Return a city's clean rows; None where none are kept, or not as they were written."""
    try:
        data = _path(folder, city_code).read_bytes()
        digest, body = data[:_DIGEST], data[_DIGEST:]
        if hashlib.sha256(body).hexdigest().encode() != digest:
            return None
        facts = json.loads(pl.read_parquet_metadata(BytesIO(body))[_FACTS])
        rows = pl.read_parquet(BytesIO(body))
        return Clean(facts["rules"], date.fromisoformat(facts["checked_on"]), rows) if rows.schema == CLEAN else None
    except (OSError, KeyError, ValueError, pl.exceptions.PolarsError):
        return None


def _path(folder: Path, city_code: str) -> Path:
    return folder / FOLDER / city_code / NAME
