"""What is known of the rows of a city is kept whole or counts as nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from citysync.domain.clean import CLEAN, Clean
from citysync.storage import clean_rows

ROWS = pl.DataFrame({"key_hash": [1, 2**64 - 1], "row_hash": [3, 4]}, schema=CLEAN)
KNOWN = Clean("rules", date(2026, 11, 23), ROWS)
FILE = Path("clean") / "440300" / "rows.checked"


def test_what_was_written_last_is_read(tmp_path: Path) -> None:
    clean_rows.write(tmp_path, "440300", Clean("older", date(2026, 11, 22), ROWS.head(1)))
    clean_rows.write(tmp_path, "440300", KNOWN)
    found = clean_rows.read(tmp_path, "440300")
    assert found is not None
    assert (found.rules, found.checked_on) == ("rules", date(2026, 11, 23))
    assert found.rows.equals(ROWS)
    assert [path for path in (tmp_path / "clean").rglob("*") if path.is_file()] == [tmp_path / FILE]
    assert clean_rows.read(tmp_path, "440500") is None


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:70] + b"x" + data[71:], lambda _: b""])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, damage: object) -> None:
    clean_rows.write(tmp_path, "440300", KNOWN)
    assert callable(damage)
    (tmp_path / FILE).write_bytes(damage((tmp_path / FILE).read_bytes()))
    assert clean_rows.read(tmp_path, "440300") is None


def test_a_file_of_another_shape_is_as_good_as_none(tmp_path: Path) -> None:
    clean_rows.write(tmp_path, "440300", Clean("rules", date(2026, 11, 23), pl.DataFrame({"row": ["x"]})))
    assert clean_rows.read(tmp_path, "440300") is None
    (tmp_path / FILE).unlink()
    (tmp_path / FILE).mkdir()
    assert clean_rows.read(tmp_path, "440300") is None
