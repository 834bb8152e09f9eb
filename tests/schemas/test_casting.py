"""How texts of cities become numbers, days and codes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import polars as pl
import pytest

from citysync.domain.items import Kind
from schemas import casting


def read(expression: Callable[[pl.Expr], pl.Expr], text: str | None) -> object:
    frame = pl.DataFrame({"text": pl.Series([text, "other"], dtype=pl.String)})
    return frame.select(expression(pl.col("text"))).to_series()[0]


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-09",
        "20240209",
        "2024/2/9",
        "2024/02/09",
        "2024年2月9日",
        "2024年02月09日",
        "2024-02-09 00:00:00",
        "2024-02-09 08:30",
        "2024-02-09T23:59:59.999",
        "2024-02-09T00:00:00+08:00",
        "2024/2/9 0:00:00",
        "2024年2月9日 8:00",
        "20240209 08:30:00",
        "20240209083000",
    ],
)
def test_a_day_is_read_in_the_ways_cities_write_it(text: str) -> None:
    assert read(casting.day, text) == date(2024, 2, 9)


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-30",
        "20240230",
        "2024-2-9",
        "2024-13-01",
        "24-02-09",
        "2024-02",
        "2024.02.09",
        "09/02/2024",
        "２０２４-02-09",
        "2024-02-09 and more",
        "2024-02-08T16:00:00Z",  # in Shanghai this is the next day
        "2024-02-09T00:00:00-05:00",
        "45331",  # a spreadsheet's serial number
        "0000-01-01",
        "长期",
        None,
    ],
)
def test_what_is_no_day_beyond_doubt_is_not_read(text: str | None) -> None:
    assert read(casting.day, text) is None
    assert not read(casting.is_no_day, text)


@pytest.mark.parametrize(
    "text", ["0000-00-00", "00000000", "0000/0/0", "0000-00-00 00:00:00", "9999-12-31", "99991231", "9999年12月31日"]
)
def test_what_databases_write_for_no_day_is_no_day(text: str) -> None:
    assert read(casting.day, text) is None
    assert read(casting.is_no_day, text) is True


def test_days_before_summer_time_and_on_leap_days_stay_themselves() -> None:
    assert read(casting.day, "1988-07-01") == date(1988, 7, 1)
    assert read(casting.day, "2024-02-29") == date(2024, 2, 29)
    assert not isinstance(read(casting.day, "2024-02-29 00:00:00"), datetime)


@pytest.mark.parametrize(
    ("text", "days", "unit"),
    [
        ("30", 30, None),
        ("0", 0, None),
        ("20.0", 20, None),
        ("30(工作日)", 30, "1"),
        ("30（工作日）", 30, "1"),
        ("30 ( 工作日 )", 30, "1"),
        ("20个工作日", 20, "1"),
        ("20 工作日", 20, "1"),
        ("90(自然日)", 90, "2"),
        ("90日历日", 90, "2"),
        ("20天", None, None),
        ("20(工作日", None, None),
        ("20-30", None, None),
        ("-1", None, None),
        ("2.5", None, None),
        ("即办", None, None),
        ("9" * 30, None, None),
        (None, None, None),
    ],
)
def test_days_are_read_with_their_unit(text: str | None, days: int | None, unit: str | None) -> None:
    assert read(casting.days, text) == days
    assert read(casting.day_unit, text) == unit


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("3", 3),
        ("3.0", 3),
        ("003", 3),
        ("3次", None),
        ("-1", None),
        ("1.5", None),
        ("３", None),
        ("9" * 30, None),
    ],
)
def test_whole_numbers_are_read_strictly(text: str, number: int | None) -> None:
    assert read(casting.integer, text) == number


@pytest.mark.parametrize("text", ["", " ", "\u3000", "\u00a0", "\u200b", " \ufeff\t", None])
def test_a_text_without_anything_visible_is_nothing(text: str | None) -> None:
    assert read(casting.stripped, text) is None
    assert read(casting.code, text) is None


def test_a_text_keeps_its_inside() -> None:
    assert read(casting.stripped, " 注册 会计师\u3000") == "注册 会计师"


def test_every_kind_has_a_reader_and_a_type() -> None:
    for kind in Kind:
        typed = pl.DataFrame({"text": ["1"]}).select(casting.typed(kind, pl.col("text"))).to_series()
        assert typed.dtype == casting.DTYPES.get(kind, pl.String())
