"""One night's rows put together from another's: whatever was moved, changed or dropped, they come back as they were."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citysync.domain.assembly import PLACED, Assembly, assembly_of, stretches_of
from citysync.domain.kept_rows import InHand
from citysync.domain.row_hashes import row_hashes

MANY = 40
CODES = [f"11440300007542098E3{440106043000 + number}" for number in range(MANY)]


def rows(names: list[tuple[str, str]], a_page: int = 7) -> pl.DataFrame:
    """Return the rows of (code, name), so many a page."""
    frame = pl.DataFrame(names, schema={"task_code": pl.String, "task_name": pl.String}, orient="row")
    places = pl.int_range(pl.len(), dtype=pl.Int64)
    return frame.select((places + 1).alias("row_no"), (places // a_page + 1).alias("page_no"), pl.all())


FIRST = [(code, f"事项{number}") for number, code in enumerate(CODES)]
STEPS = st.lists(
    st.tuples(st.sampled_from(["change", "drop", "add", "repeat", "move"]), st.integers(0, MANY - 1)),
    max_size=6,
)


def after(steps: list[tuple[str, int]]) -> list[tuple[str, str]]:
    night = list(FIRST)
    for step, number in steps:
        place = number % len(night)
        if step == "change":
            night[place] = (night[place][0], "改")
        elif step == "drop":
            del night[place]
        elif step == "add":
            night.insert(place, (f"{CODES[number][:-1]}X", "新"))
        else:
            night.insert(0, night[place] if step == "repeat" else night.pop(place))
    return night


@settings(deadline=None, max_examples=120)
@given(steps=STEPS, places=st.sets(st.integers(0, MANY)))
def test_rows_come_back_as_they_were(steps: list[tuple[str, int]], places: set[int]) -> None:
    first, now = InHand(rows(FIRST)), InHand(rows(after(steps), a_page=9))
    found = assembly_of(first, now)
    assert found is not None
    made, own = found
    assert made.height == now.height
    whole = made.numbered(made.frame(first.whole.drop(PLACED), own)).select(now.whole.columns)
    assert whole.equals(now.whole)
    assert whole.schema == now.whole.schema
    assert made.frame(first.hashes, row_hashes(own)).equals(now.hashes)
    some = sorted(place for place in places if place < made.height)
    sources = [made.source(place) for place in some]
    texts = [(own if mine else first.whole)["task_name"][place] for mine, place in sources]
    assert texts == now.whole["task_name"][some].to_list()
    assert made.numbered_at(now.whole[some], some).equals(now.whole[some])
    both = [made.places_of(range(side.height), own=mine) for mine, side in ((False, first.whole), (True, own))]
    assert sorted(place for side in both for place, _ in side) == list(range(made.height))


def test_what_is_kept_of_it_reads_back() -> None:
    found = assembly_of(InHand(rows(FIRST)), InHand(rows(after([("move", 9), ("add", 30)]))))
    assert found is not None
    made, _ = found
    assert stretches_of([[int(own), start, length] for own, start, length in made.stretches]) == made.stretches
    assert Assembly(made.stretches, made.pages) == made


@pytest.mark.parametrize(
    "night",
    [
        pytest.param(rows([(code, "都改了") for code, _ in FIRST]), id="all changed"),
        pytest.param(rows(FIRST).drop("task_name"), id="a column less"),
        pytest.param(rows(FIRST).with_columns(row_no=pl.col("row_no") + 1), id="numbered otherwise"),
        pytest.param(rows(FIRST).with_columns(page_no=pl.lit(None, dtype=pl.Int64)), id="without pages"),
        pytest.param(rows([]), id="nothing"),
        pytest.param(rows([FIRST[7 * place % MANY] for place in range(9 * MANY)]), id="in another order"),
    ],
)
def test_a_night_with_little_in_common_is_not_put_together(night: pl.DataFrame) -> None:
    assert assembly_of(InHand(rows(FIRST)), InHand(night)) is None
