"""What is seen of a column at a first look saves work and changes nothing: one row's oddity is no other row's."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from citysync.domain import items
from citysync.domain.city import City, Codes
from citysync.domain.items import Kind
from schemas.looks import look
from tests.builders import BODY, a_city, a_snapshot, an_item
from tests.schemas.rows import validated

_TEXTS = (
    "正常",
    " 两边 ",
    "a\u200bb",
    "x\x00y",
    "&nbsp;空",
    "\u202e倒",
    "А许可",
    "锟斤拷",
    "浣犲ソ",
    '{"a":1}',
    "测试 1",
    "\u3000",
)
_CODES = ("440305", "440305000", "440923", "440582", "1.1E+17", "123（数值）", "\x01 1", "１２", "")
_NUMBERS = (
    "1",
    "01",
    "21",
    "1,2",
    "2、1",
    ",",
    "无",
    "/",
    " 30 ",
    "30(工作日)",
    "5.0",
    "7.00",
    "-1",
    "9" * 20,
    "\x012",
)
_DAYS = ("2024-02-09", "20240209", "2024年2月9日", "0000-00-00", "2024-02-30", "x", "\x01")
_SENT = {Kind.TEXT: _TEXTS, Kind.CODE: _CODES, Kind.DATE: _DAYS}
_ODD = {name: _SENT.get(column.kind, _NUMBERS) for name, column in items.COLUMNS.items()}
_CITIES = (
    a_city(),
    a_city(
        values={"task_type": {"01": "01", "1": "01", "21": ""}, "by_law": {"正常": "依据"}, "promise_day": {"1": "5"}}
    ),
    a_city(codes=Codes(scheme="local", pattern=".*")),
)


@st.composite
def an_odd_item(draw: st.DrawFn) -> dict[str, str | None]:
    names = draw(st.lists(st.sampled_from(items.NAMES), max_size=6, unique=True))
    changes: dict[str, Any] = {name: draw(st.sampled_from(_ODD[name])) for name in names}
    own = {"task_code": f"{BODY}3440106043{draw(st.integers(1, 3)):03}"}
    return an_item(**(dict.fromkeys(items.NAMES) | an_item() | own | changes))


@settings(max_examples=60, deadline=None)
@given(st.lists(an_odd_item(), min_size=1, max_size=4), st.lists(an_odd_item(), max_size=4), st.sampled_from(_CITIES))
def test_what_stands_in_other_rows_changes_no_row(
    mine: list[dict[str, str | None]], others: list[dict[str, str | None]], city: City
) -> None:
    for row in others:
        row["task_code"] = f"{BODY}3440106999{len(row['task_code'] or ''):03}"
        row["task_handle_item"] = None
    apart, among = validated(*mine, city=city), validated(*mine, *others, city=city)
    first = pl.col("row_no") <= len(mine)
    assert apart.accepted.equals(among.accepted.filter(first))
    assert apart.rejected.equals(among.rejected.filter(first))
    of_rows = pl.col("check") != "number_decimal"  # the other is told once of a column
    assert set(apart.notes.filter(of_rows).rows()) <= set(among.notes.rows())


def test_a_healthy_directory_has_no_column_that_is_read_text_by_text() -> None:
    rows = a_snapshot([an_item(), an_item(task_type="02", promise_day="7")]).rows
    _, looks = look(rows, a_city())
    assert looks.odd == frozenset()
    assert set(looks.distinct["promise_day"].drop_nulls()) == {"10", "7"}
    assert "task_type" not in looks.distinct.columns
    _, looks = look(rows, a_city(values={"task_type": {"01": "02", "02": "01"}}))
    assert set(looks.distinct["task_type"].drop_nulls()) == {"01", "02"}


def test_a_column_is_odd_by_any_of_its_texts() -> None:
    for text in (*_TEXTS[2:8], "\u3000"):
        _, looks = look(a_snapshot([an_item(), an_item(transact_addr=text)]).rows, a_city())
        assert looks.odd == {"transact_addr"}, text
    _, looks = look(a_snapshot([an_item(), an_item(dept_code="１１")]).rows, a_city())
    assert looks.odd == {"dept_code"}


def test_a_control_character_is_told_by_its_picture_in_every_kind_of_column() -> None:
    rows, looks = look(a_snapshot([an_item(task_type="0\x001", task_name="许\x01可", task_code="\x7f")]).rows, a_city())
    assert rows.select("task_type", "task_name", "task_code").row(0) == ("0␀1", "许␁可", "␡")
    assert looks.distinct["task_type"].to_list() == ["0␀1"]
