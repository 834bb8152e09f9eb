"""A night kept as what differs from an earlier one reads in every way as if it were kept whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citysync.domain.assembly import assembly_of
from citysync.domain.errors import StorageError
from citysync.domain.kept_rows import InHand, OfKept
from citysync.domain.row_hashes import row_hashes
from citysync.domain.snapshot import Snapshot
from citysync.storage import glimpse
from citysync.storage.changes import WHOLE_EVERY, ChangesFile, rests_on
from citysync.storage.kept import SnapshotFile, files_of, open_snapshot, read_snapshot, write_snapshot_and_hashes
from tests.builders import BODY, a_snapshot, an_item

Rows = list[dict[str, Any]]
MANY = 60
FACTS = [field.name for field in fields(Snapshot) if field.name != "rows"]


def item(number: int, **said: Any) -> dict[str, Any]:
    return an_item(task_code=f"{BODY}3{440106043000 + number}", catalog_code=str(440106043000 + number), **said)


def a_night(rows: Rows, pages: Sequence[int] = (), days: int = 0) -> Snapshot:
    """Return a night of these rows, ``pages``: on which page each stands, by default thirty on each."""
    night = a_snapshot(rows)
    on = pl.Series("page_no", list(pages) or [1 + place // 30 for place in range(len(rows))], dtype=pl.Int64)
    return replace(night, rows=night.rows.with_columns(on), taken_at=night.taken_at + timedelta(days=days))


def kept_after(folder: Path, first: Snapshot, *nights: Snapshot) -> list[SnapshotFile | ChangesFile]:
    """Return the files of nights, each kept after the one before it."""
    files = [open_snapshot(write_snapshot_and_hashes(folder, first))]
    for night in nights:
        files.append(open_snapshot(write_snapshot_and_hashes(folder, night, files[-1])))
    return files


FIRST = [item(number, by_law=None if number % 3 else "法") for number in range(MANY)]


def edited(rows: Rows, change: int, vanish: int, appear: int) -> Rows:
    """Return the rows after one was changed, one vanished and one new stands between the others."""
    found = [dict(row) for row in rows]
    found[change % MANY]["task_name"] = "改过的名称"
    del found[vanish % MANY]
    found.insert(appear % MANY, item(900 + appear))
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(edits=st.lists(st.tuples(*[st.integers(0, MANY - 1)] * 3), min_size=1, max_size=2), places=st.data())
def test_whatever_changed_the_night_reads_as_it_was(
    edits: list[tuple[int, int, int]], places: st.DataObject, tmp_path: Path
) -> None:
    rows = FIRST
    nights = [a_night(rows := edited(rows, *edit), days=day) for day, edit in enumerate(edits, start=1)]
    kept = kept_after(tmp_path, a_night(FIRST), *nights)[1:]
    for file, night in zip(kept, nights, strict=True):
        assert isinstance(file, ChangesFile)
        read = read_snapshot(file.path)
        assert read.rows.equals(night.rows)
        assert all(getattr(read, name) == getattr(night, name) for name in FACTS)
        assert file.whole.equals(night.rows)
        assert file.whole.schema == night.rows.schema
        assert (file.height, file.columns) == (night.rows.height, tuple(night.rows.columns))
        assert file.by_key.sort("place").equals(night.in_hand.by_key.sort("place"))
        assert file.by_key["key_hash"].is_sorted()
        assert file.hashes.equals(night.in_hand.hashes)
        again = open_snapshot(file.path)
        names = ["task_name", "page_no", "row_no", "not_sent"]
        assert again.of(names).equals(night.rows.select(names[:3]))
        assert again.of(["row_no"]).equals(night.rows.select("row_no"))
        some = pl.Series(sorted(places.draw(st.sets(st.integers(0, night.rows.height - 1)))), dtype=pl.UInt32)
        assert again.at(some, names).equals(night.rows.select(names[:3])[some.to_list()])


def spliced(night: Snapshot, rows: Rows, last: SnapshotFile | ChangesFile, before: Rows) -> Snapshot:
    """Return a night that knows where its rows stood in the last one, as a kit's does."""
    stood = [before.index(row) if row in before else None for row in rows]
    new = [place for place, at in enumerate(stood) if at is None]
    places = [last.height + new.index(place) if at is None else at for place, at in enumerate(stood)]
    known = OfKept(night.rows, last, night.rows[new], pl.Series(places, dtype=pl.UInt32) if rows != before else None)
    return replace(night, known=known)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(edits=st.lists(st.none() | st.tuples(*[st.integers(0, MANY - 1)] * 3), min_size=1, max_size=3))
def test_where_rows_are_known_to_have_stood_nobody_looks_for_them(
    edits: list[tuple[int, int, int] | None], tmp_path: Path
) -> None:
    last, before = kept_after(tmp_path, a_night(FIRST))[0], FIRST
    for day, edit in enumerate(edits, start=1):
        rows = edited(before, *edit) if edit else before
        night = spliced(a_night(rows, days=day), rows, last, before)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("citysync.domain.assembly._sources", lambda *_: pytest.fail("looked for"))
            last, before = open_snapshot(write_snapshot_and_hashes(tmp_path, night, last)), rows
        assert isinstance(last, ChangesFile)
        assert last.whole.equals(night.rows)
        assert last.hashes.equals(row_hashes(night.rows))


def test_rows_that_stand_elsewhere_than_they_are_said_to_are_kept_whole(tmp_path: Path) -> None:
    rows = edited(FIRST, 7, 20, 41)
    first = kept_after(tmp_path, a_night(FIRST))[0]
    night = spliced(a_night(rows, days=1), rows, first, FIRST)
    assert isinstance(night.known, OfKept)
    assert night.known.places is not None
    turned = replace(night, known=replace(night.known, places=night.known.places.reverse()))
    turned.in_hand.__dict__["hashes"] = row_hashes(night.rows)
    file = open_snapshot(write_snapshot_and_hashes(tmp_path, turned, first))
    assert isinstance(file, SnapshotFile)
    assert file.whole.equals(night.rows)


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    rows = edited(FIRST, 7, 20, 41)
    whole, changes = kept_after(tmp_path, a_night(FIRST), a_night(rows, days=1))
    assert isinstance(changes, ChangesFile)
    assert changes.own.height == 2
    assert changes.base.path == whole.path
    assert not changes.path.with_suffix(".hashes").exists()


def test_a_night_of_changes_rests_on_the_last_whole_one(tmp_path: Path) -> None:
    nights = [a_night(edited(FIRST, day, day + 10, day + 20), days=day) for day in (1, 2, 3)]
    first, *later = kept_after(tmp_path, a_night(FIRST), *nights)
    assert {rests_on(file.path.name) for file in later} == {first.path.name}


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(FIRST[::-1], id="in another order"),
        pytest.param([item(number, task_name="都改了") for number in range(MANY)], id="all changed"),
        pytest.param([{k: v for k, v in row.items() if k != "by_law"} for row in FIRST], id="a column less"),
        pytest.param([item(number + 500) for number in range(MANY)], id="all new"),
    ],
)
def test_what_has_little_in_common_is_kept_whole(rows: Rows, tmp_path: Path) -> None:
    night = a_night(rows, days=1)
    if rows == FIRST[::-1]:
        night = a_night([rows[place // 2 if place % 2 else -1 - place // 2] for place in range(MANY)] * 5, days=1)
    last = kept_after(tmp_path, a_night(FIRST), night)[-1]
    assert isinstance(last, SnapshotFile)
    assert last.whole.equals(night.rows)


def test_a_whole_night_is_kept_from_time_to_time(tmp_path: Path) -> None:
    days = WHOLE_EVERY.days
    *_, last, after = kept_after(
        tmp_path, a_night(FIRST), *(a_night(edited(FIRST, day, 3, 4), days=day) for day in (days, days + 1, days + 2))
    )
    assert isinstance(last, SnapshotFile)
    assert isinstance(after, ChangesFile)


def test_rows_that_only_share_their_hashes_are_not_taken_for_the_same() -> None:
    first, second = InHand(a_night(FIRST).rows), InHand(a_night(edited(FIRST, 3, 5, 9)).rows)
    assert assembly_of(first, second) is not None
    lying = replace(second)
    lying.__dict__["hashes"] = second.hashes.with_columns(
        row_hash=pl.when(pl.int_range(pl.len()) == 3).then(first.hashes["row_hash"][3]).otherwise("row_hash")
    )
    assert second.hashes["key_hash"][3] == first.hashes["key_hash"][3], "the row that was changed"
    assert assembly_of(first, lying) is None


def test_twins_and_rows_without_a_code_come_back_as_they_were(tmp_path: Path) -> None:
    no_code = {**item(700), "task_code": None}
    twins = [*FIRST, FIRST[0], no_code, no_code, FIRST[0]]
    rows = [*twins[:30], {**twins[30], "task_name": "改"}, *twins[31:], FIRST[0]]
    first, second = a_night(twins), a_night(rows, days=1)
    file = kept_after(tmp_path, first, second)[-1]
    assert isinstance(file, ChangesFile)
    assert file.whole.equals(second.rows)
    assert file.by_key.sort("place").equals(second.in_hand.by_key.sort("place"))


def test_a_page_looks_single_rows_up_in_either_file(tmp_path: Path) -> None:
    rows = edited(FIRST, 7, 20, 41)
    night = a_night(rows, days=1)
    changes = kept_after(tmp_path, a_night(FIRST), night)[-1].path
    whole = write_snapshot_and_hashes(tmp_path / "whole", night)
    assert rests_on(changes.name)
    assert not rests_on(whole.name)
    said = ("task_name", "dept_name")
    for row in (rows[7], rows[41], rows[59], FIRST[20]):
        by_code = [glimpse.rows_of_codes(path, [row["task_code"]], said) for path in (whole, changes)]
        by_item = [glimpse.rows_of_item(path, row["catalog_code"], said) for path in (whole, changes)]
        assert by_code[0] == by_code[1]
        assert by_item[0] == by_item[1]
        assert len(by_code[0]) == (row in rows)
    for text in ("改过", "没有这样的字", ""):
        found = [glimpse.codes_saying(path, text) for path in (whole, changes)]
        assert found[0] == found[1]
        assert bool(found[0]) == (text in "改过的名称")


def test_what_a_night_of_changes_rests_on_is_named_with_it(tmp_path: Path) -> None:
    whole, changes = kept_after(tmp_path, a_night(FIRST), a_night(edited(FIRST, 1, 2, 3), days=1))
    names = [file.path.relative_to(tmp_path).as_posix() for file in (whole, changes)]
    assert set(files_of(names[1])) == {names[1], *files_of(names[0])}
    lie = {path.relative_to(tmp_path).as_posix() for path in whole.path.parent.iterdir()}
    assert {*files_of(names[0]), names[1]} == lie


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-1] + b"!")])
def test_a_damaged_file_of_either_kind_is_told_by_its_name(which: int, harm: Any, tmp_path: Path) -> None:
    files = kept_after(tmp_path, a_night(FIRST), a_night(edited(FIRST, 1, 2, 3), days=1))
    harm(files[which].path)
    with pytest.raises(StorageError, match=files[which].path.name):
        open_snapshot(files[1].path)


def test_a_reader_of_whole_snapshots_takes_no_file_of_changes_for_one(tmp_path: Path) -> None:
    changes = kept_after(tmp_path, a_night(FIRST), a_night(edited(FIRST, 1, 2, 3), days=1))[-1]
    with pytest.raises(pl.exceptions.ComputeError):
        pl.read_parquet(changes.path)
