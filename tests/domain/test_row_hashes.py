"""The hashes by which two nights find what changed: held once, so that no version of a library moves them unseen."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from citysync.domain.row_hashes import HASHES, ITEM, KEY, ROW, content_of, row_hashes

GOLDEN = json.loads((Path(__file__).parent / "row_hashes.json").read_text(encoding="utf-8"))  # of another XXH3
ROWS = pl.DataFrame(GOLDEN["rows"], infer_schema_length=None)
texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
names = ("task_code", "task_handle_item", "task_name", "link_way", "row_guid", "cd_time")
directories = st.lists(st.tuples(*(texts for _ in names)), max_size=6)


def _frame(rows: list[tuple[str | None, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def test_hashes_are_those_another_xxh3_comes_to() -> None:
    hashed = row_hashes(ROWS)
    assert hashed.schema == HASHES
    assert [list(row) for row in hashed.iter_rows()] == GOLDEN["hashes"]
    assert content_of(ROWS.columns, hashed[ROW]) == GOLDEN["content"]


def test_a_directory_without_rows_or_without_columns_has_hashes_of_the_same_shape() -> None:
    for empty in (pl.DataFrame(), ROWS.clear(), pl.DataFrame({"row_no": [1], "page_no": [1]})):
        assert row_hashes(empty).schema == HASHES
        assert row_hashes(empty).height == empty.height


@given(directories, directories)
def test_rows_have_one_hash_exactly_where_they_say_the_same(
    one: list[tuple[str | None, ...]], two: list[tuple[str | None, ...]]
) -> None:
    whole = _frame([*one, *two])
    hashed = row_hashes(whole)
    for name, columns in ((ROW, names), (ITEM, names[:4])):
        said = whole.select(columns).rows()
        numbers = hashed[name].to_list()
        same_text = {(a, b) for a, left in enumerate(said) for b, right in enumerate(said) if left == right}
        same_hash = {(a, b) for a, left in enumerate(numbers) for b, right in enumerate(numbers) if left == right}
        assert same_text == same_hash


@given(directories, st.randoms())
def test_neither_order_nor_paging_nor_an_empty_column_changes_a_hash(
    rows: list[tuple[str | None, ...]], shuffle: Random
) -> None:
    mixed = list(rows)
    shuffle.shuffle(mixed)
    one = _frame(rows)
    other = _frame(mixed).with_columns(page_no=pl.lit(7), fee_basis=pl.lit(None, pl.String))
    assert sorted(row_hashes(one)[ROW]) == sorted(row_hashes(other)[ROW])
    assert content_of(names, row_hashes(one)[ROW]) == content_of(names, row_hashes(other)[ROW])


def test_a_value_in_another_column_is_another_row() -> None:
    one, other = _frame([("a", None, "b", None, None, None)]), _frame([("a", None, None, "b", None, None)])
    assert row_hashes(one)[ITEM][0] != row_hashes(other)[ITEM][0]
    assert row_hashes(one)[KEY][0] == row_hashes(other)[KEY][0]


def test_contents_of_other_columns_or_one_row_twice_differ() -> None:
    hashes = row_hashes(ROWS)[ROW]
    known = content_of(ROWS.columns, hashes)
    assert known != content_of([*ROWS.columns, "fee_basis"], hashes)
    assert known != content_of(ROWS.columns, pl.concat([hashes, hashes[:1]]))
