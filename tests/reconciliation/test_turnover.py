"""What changed between two nights: found by hashes, said by text, equal to comparing every text with every other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from citysync.domain import codes, items, vocabulary
from citysync.domain.city import City
from citysync.domain.kept_rows import InHand
from citysync.domain.row_hashes import KEY, folded_keys
from citysync.reconciliation.field_shift import shifts, touched
from citysync.reconciliation.turnover import Turnover, compared, turnover
from tests.builders import BODY, a_city

CITY = a_city(values={"task_state": {"1": "1", "作废": "3"}})
_NOTHING = pl.lit(None, dtype=pl.String)


@dataclass(frozen=True)
class Plain:
    """Two nights side by side, every text of both read: how the guard compared before there were hashes."""

    before: int
    vanished: pl.DataFrame
    appeared: pl.DataFrame
    kept: pl.DataFrame


def plain(before: pl.DataFrame, tonight: pl.DataFrame, city: City) -> Plain:
    old, new = _keyed(before), _keyed(tonight)
    state = pl.col("task_state").replace(city.values.get("task_state", {}))
    declared = old.filter(state == vocabulary.WITHDRAWN).select("key")
    standing = old.join(declared, on="key", how="anti").unique("key", keep="first", maintain_order=True)
    single_old, single_new = old.filter(pl.len().over("key") == 1), new.filter(pl.len().over("key") == 1)
    region = pl.coalesce(codes.folded(pl.col("areacode")).str.head(6), codes.division_part(codes.folded(pl.col("key"))))
    shown = pl.col("key"), pl.col("task_name").alias("name"), region.alias("region")
    return Plain(
        standing.height,
        standing.join(new, on="key", how="anti").select(shown),
        new.unique("key", keep="first", maintain_order=True).join(old, on="key", how="anti").select(shown),
        single_new.join(single_old, on="key", suffix="_before"),
    )


def _keyed(rows: pl.DataFrame) -> pl.DataFrame:
    whole = rows.select((pl.col(name) if name in rows.columns else _NOTHING).alias(name) for name in items.NAMES)
    key = pl.coalesce(codes.folded(pl.col("task_handle_item")), codes.folded(pl.col("task_code")))
    return whole.with_columns(key=key).filter(pl.col("key").is_not_null())


def told_plainly(found: Plain) -> dict[str, tuple[int, ...]]:
    """Return per field how often it was empty before and now, turned empty, changed in meaning."""
    return {
        name: (
            found.kept.get_column(f"{name}_before").null_count(),
            found.kept.get_column(name).null_count(),
            found.kept.filter(pl.col(f"{name}_before").is_not_null() & pl.col(name).is_null()).height,
            found.kept.filter(pl.col(name) != pl.col(f"{name}_before")).height,
        )
        for name in compared()
    }


def sorted_rows(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    return sorted(frame.rows(), key=repr)


def assert_same(before: pl.DataFrame, tonight: pl.DataFrame, hashed: InHand | None = None) -> None:
    """Compare what is found by hashes with what is found by text alone."""
    expected, found = plain(before, tonight, CITY), turnover(hashed or InHand(before), InHand(tonight), CITY)
    assert found.before == expected.before
    assert sorted_rows(found.vanished) == sorted_rows(expected.vanished)
    assert sorted_rows(found.appeared) == sorted_rows(expected.appeared)
    assert found.kept == expected.kept.height
    stayed = expected.kept.select("key", "areacode")
    assert sorted_rows(found.of_kept("areacode")) == sorted_rows(stayed)
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_before")) for name in compared())
    assert touched(found) == expected.kept.filter(differs).height
    assert earlier_of(found) == sorted_rows(_compared_columns(before.filter(folded_keys(before).is_not_null())))
    by_text = told_plainly(expected)
    for shift in shifts(found, 0):
        assert shift.items == expected.kept.height
        before_now = (shift.empty_before, shift.empty_now) if shift.emptied else by_text[shift.field][:2]
        assert (*before_now, shift.emptied) == by_text[shift.field][:3]
        assert shift.changed <= by_text[shift.field][3], "ways of writing do not count"
    moved = {shift.field for shift in shifts(found, 0)}
    assert {name for name, (*_, emptied, _) in by_text.items() if emptied} <= moved


def earlier_of(found: Turnover) -> list[tuple[Any, ...]]:
    return sorted_rows(_compared_columns(found.earlier(compared_with_key())))


def _compared_columns(rows: pl.DataFrame) -> pl.DataFrame:
    """Return every column in which a change counts, null where a night lacks it."""
    absent = [_NOTHING.alias(name) for name in compared_with_key() if name not in rows.columns]
    return rows.with_columns(absent).select(compared_with_key())


def compared_with_key() -> tuple[str, ...]:
    return (*items.KEY, *compared())


def code(serial: int) -> str:
    return f"{BODY}3440106{serial:06d}"


def wide(text: str) -> str:
    return "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in text)


SERIALS = st.integers(0, 5)
CODES = SERIALS.map(code) | SERIALS.map(lambda n: wide(code(n))) | SERIALS.map(lambda n: f" {code(n)}") | st.none()
ROW = st.fixed_dictionaries(
    {
        "task_code": CODES,
        "task_handle_item": st.none() | SERIALS.map(lambda n: f"{code(n)}01"),
        "task_name": st.sampled_from(["甲", "乙", "甲 ", None]),
        "task_state": st.sampled_from(["1", "作废", None]),
        "areacode": st.sampled_from(["440300", "440305", None]),
        "task_version": st.sampled_from(["1", "2"]),
    }
)
NIGHT = st.lists(ROW, max_size=8)
ABSENT = st.sets(st.sampled_from(["task_handle_item", "task_name", "task_state", "areacode", "task_version"]))


def frame(rows: list[dict[str, str | None]], absent: set[str]) -> pl.DataFrame:
    """Return rows as a connector hands them on, without some columns."""
    names = [name for name in ROW_COLUMNS if name not in absent]
    sent = {name: pl.Series([row[name] for row in rows], dtype=pl.String) for name in names}
    numbers = pl.Series(range(1, len(rows) + 1), dtype=pl.Int64)
    return pl.DataFrame({"row_no": numbers, "page_no": numbers, **sent})


ROW_COLUMNS = ("task_code", "task_handle_item", "task_name", "task_state", "areacode", "task_version")


@settings(max_examples=300, deadline=None)
@given(NIGHT, NIGHT, st.integers(0, 8), ABSENT, ABSENT)
def test_what_hashes_find_is_what_every_text_compared_with_every_other_finds(
    old: list[dict[str, str | None]], new: list[dict[str, str | None]], shared: int, less: set[str], fewer: set[str]
) -> None:
    assert_same(frame(old, less), frame(new + old[:shared], fewer))


def test_two_keys_of_one_hash_are_told_apart_by_their_text() -> None:
    before = frame([{**dict.fromkeys(ROW_COLUMNS), "task_code": code(n), "task_name": "甲"} for n in range(4)], set())
    tonight = before.with_columns(task_code=pl.Series([code(0), code(1), code(7), code(8)], dtype=pl.String))
    hashed = InHand(before)
    came = InHand(tonight).hashes.get_column(KEY)
    taken = pl.Series(KEY, [hashed.hashes.get_column(KEY)[0], came[2], came[3], came[3]])
    hashed.__dict__["hashes"] = hashed.hashes.with_columns(taken)
    assert_same(before, tonight, hashed)


def test_a_night_on_which_nothing_changed_reads_no_text() -> None:
    class Unread(InHand):
        def at(self, places: pl.Series, names: Iterable[str]) -> pl.DataFrame:
            assert places.is_empty()
            return super().at(places, names)

    rows = frame([{**dict.fromkeys(ROW_COLUMNS), "task_code": code(n)} for n in range(9)], set())
    found = turnover(Unread(rows), Unread(rows.reverse()), CITY)
    assert (found.before, found.kept, touched(found)) == (9, 9, 0)
    assert found.alike.all()
