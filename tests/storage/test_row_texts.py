"""By which text each row came is kept whole, for these very rows, or counts as nothing; and it is never an error."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from citysync.domain.kept_rows import InHand
from citysync.domain.memory import LastGood
from citysync.domain.row_texts import SENT, TEXTS
from citysync.domain.snapshot import Snapshot
from citysync.storage import row_texts
from tests.connectors.remembering import PLAIN, paged, plain

CODE, RUN = "440300", "20261123T180000-000001"
FILE = Path("clean") / CODE / "rows.texts"


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    """Return what a city sent."""
    return PLAIN.night(paged(plain(12), 5))


def in_force(snapshot: Snapshot, run_id: str = RUN, **changes: pl.DataFrame) -> LastGood:
    return LastGood(run_id, date(2026, 11, 23), InHand(changes.get("rows", snapshot.rows)))


def test_what_was_written_last_is_read(tmp_path: Path, snapshot: Snapshot) -> None:
    row_texts.write(tmp_path, "an earlier run", PLAIN.night(paged(plain(3), 2)))
    row_texts.write(tmp_path, RUN, snapshot)
    found = row_texts.read(tmp_path, CODE, in_force(snapshot))
    assert found is not None
    assert found == replace(snapshot.texts, rows=found.rows)  # type: ignore[type-var]
    assert found.rows.equals(snapshot.texts.rows)  # type: ignore[union-attr]
    assert found.rows[SENT].null_count() == 0
    assert [path for path in (tmp_path / "clean").rglob("*") if path.is_file()] == [tmp_path / FILE]
    assert row_texts.read(tmp_path, "440500", in_force(snapshot)) is None


def test_texts_of_any_other_rows_are_as_good_as_none(tmp_path: Path, snapshot: Snapshot) -> None:
    row_texts.write(tmp_path, RUN, snapshot)
    rows = snapshot.rows
    swapped = pl.concat([rows[1:2], rows[:1], rows[2:]])
    renamed = rows.with_columns(
        pl.when(pl.col("row_no") == 7).then(pl.lit("x")).otherwise("task_name").alias("task_name")
    )
    assert row_texts.read(tmp_path, CODE, in_force(snapshot, "another run")) is None
    for other in (rows[:-1], swapped, renamed):
        assert row_texts.read(tmp_path, CODE, in_force(snapshot, rows=other)) is None
    assert row_texts.read(tmp_path, CODE, in_force(snapshot)) is not None


def test_a_file_torn_anywhere_is_as_good_as_none(tmp_path: Path, snapshot: Snapshot) -> None:
    row_texts.write(tmp_path, RUN, snapshot)
    whole = (tmp_path / FILE).read_bytes()
    for place in range(0, len(whole), 7):
        for data in (whole[:place], whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]):
            (tmp_path / FILE).write_bytes(data)
            assert row_texts.read(tmp_path, CODE, in_force(snapshot)) is None
    (tmp_path / FILE).write_bytes(whole + b"x")
    assert row_texts.read(tmp_path, CODE, in_force(snapshot)) is None


@pytest.mark.parametrize("facts", ["", "[]", "null", "{}", '{"run": "%s"}', '{"run": "%s", "key": 1, "shapes": 7}'])
def test_a_file_that_says_something_else_is_as_good_as_none(tmp_path: Path, snapshot: Snapshot, facts: str) -> None:
    path = tmp_path / "body"
    pl.DataFrame(schema=TEXTS).write_parquet(path, metadata={"citysync.texts": facts.replace("%s", RUN)})
    body = path.read_bytes()
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).write_bytes(hashlib.sha256(body).digest() + body)
    assert row_texts.read(tmp_path, CODE, in_force(snapshot)) is None


def test_a_file_of_another_shape_is_as_good_as_none(tmp_path: Path, snapshot: Snapshot) -> None:
    row_texts.write(tmp_path, RUN, snapshot)
    body = tmp_path / "body"
    body.write_bytes((tmp_path / FILE).read_bytes()[32:])
    rows, facts = pl.read_parquet(body), pl.read_parquet_metadata(body)
    told = {"citysync.texts": facts["citysync.texts"]}
    for other, right in (
        (rows, True),
        (rows.drop(SENT), False),
        (rows.with_columns(pl.col(SENT).cast(pl.String)), False),
    ):
        other.write_parquet(body, metadata=told)
        (tmp_path / FILE).write_bytes(hashlib.sha256(body.read_bytes()).digest() + body.read_bytes())
        assert (row_texts.read(tmp_path, CODE, in_force(snapshot)) is not None) is right


def test_a_file_that_cannot_be_read_is_as_good_as_none(tmp_path: Path, snapshot: Snapshot) -> None:
    (tmp_path / FILE).mkdir(parents=True)
    assert row_texts.read(tmp_path, CODE, in_force(snapshot)) is None


def test_a_snapshot_whose_source_tells_no_texts_leaves_the_file_as_it_is(tmp_path: Path, snapshot: Snapshot) -> None:
    row_texts.write(tmp_path, RUN, snapshot)
    before = (tmp_path / FILE).stat().st_mtime_ns
    row_texts.write(tmp_path, "a later run", replace(snapshot, texts=None))
    assert (tmp_path / FILE).stat().st_mtime_ns == before
