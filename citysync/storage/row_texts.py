"""By which text each row of a city's snapshot in force came, on disk: some 17 bytes a row, the latest alone.

It only saves work, and a list that stood for other rows would be a lie about a city: so it is taken for nothing unless
it is whole, written for the very run whose snapshot is in force, and for rows that are those of the snapshot, in order.
"""

from __future__ import annotations

import hashlib
import json
from io import BytesIO
from pathlib import Path

import polars as pl

from citysync.domain.memory import LastGood
from citysync.domain.row_texts import TEXTS, RowTexts, order_of
from citysync.domain.snapshot import Snapshot
from citysync.storage.clean_rows import FOLDER
from citysync.storage.pages import UNFINISHED, write_whole
from citysync.storage.translate import on_disk

NAME = "rows.texts"
_FACTS = "citysync.texts"  # the Parquet metadata key; its value is JSON
_PROOF = hashlib.sha256().digest_size


def write(folder: Path, run_id: str, snapshot: Snapshot) -> None:
    """Keep the texts of a snapshot a run has published, in place of those kept before. Raises ``StorageError``."""
    texts, path = snapshot.texts, _path(folder, snapshot.city_code)
    if texts is None:
        return
    facts = {
        "run": run_id,
        "rows": str(order_of(snapshot.in_hand.hashes)),
        "key": texts.key,
        "since_whole": texts.since_whole,
        "shapes": [sorted(shape) for shape in texts.shapes],
    }
    buffer = BytesIO()
    texts.rows.write_parquet(buffer, metadata={_FACTS: json.dumps(facts)}, compression="lz4")
    body = buffer.getvalue()
    with on_disk(path, "保存各行来文的指纹"):
        write_whole(path, hashlib.sha256(body).digest() + body, folder / UNFINISHED)


def read(folder: Path, city_code: str, last: LastGood) -> RowTexts | None:
    """Return the texts of the rows in force; None where none are kept, or not of these rows as they were written."""
    try:
        data = _path(folder, city_code).read_bytes()
        proof, body = data[:_PROOF], data[_PROOF:]
        if hashlib.sha256(body).digest() != proof:
            return None
        facts = json.loads(pl.read_parquet_metadata(BytesIO(body))[_FACTS])
        if facts["run"] != last.run_id:
            return None
        rows = pl.read_parquet(BytesIO(body))
        texts = RowTexts(str(facts["key"]), int(facts["since_whole"]), tuple(map(frozenset, facts["shapes"])), rows)
        if rows.schema != TEXTS or rows.height != last.rows.height:
            return None
        return texts if facts["rows"] == str(order_of(last.rows.hashes)) else None
    except (OSError, KeyError, TypeError, ValueError, pl.exceptions.PolarsError):
        return None


def _path(folder: Path, city_code: str) -> Path:
    return folder / FOLDER / city_code / NAME
